"""Scores of counts: against their definitions, and what they must be whatever the prediction."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.special import expit
from scipy.stats import betabinom, binom, kstest

import bayesmeta as bm
from bayesmeta.comparison.gates import coverage_gate
from bayesmeta.comparison.predictions import predictions_of
from bayesmeta.comparison.scores import arm_scores, count_scores, study_scores
from bayesmeta.estimates.count_distributions import ListedCounts
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.model import Design

Maker = Callable[..., bm.Arms]
CASES = st.tuples(
    st.integers(1, 60), st.floats(0.2, 30), st.floats(0.2, 30), st.floats(0, 1), st.floats(0, 1)
)


@given(CASES)
def test_scores_are_what_they_are_defined_to_be(
    case: tuple[int, float, float, float, float],
) -> None:
    n, a, b, between, where = case
    pmf = betabinom.pmf(np.arange(n + 1), n, a, b)
    y = round(where * n)
    found = count_scores(ListedCounts(pmf), n, y, between)
    counts = np.arange(n + 1)
    # CRPS as the mean distance to the count less half the mean distance of two predictions.
    spread = np.abs(counts[:, None] - counts) @ pmf @ pmf
    assert found["crps"] == pytest.approx(np.abs(counts - y) @ pmf - spread / 2, abs=1e-9)
    assert found["crps_rate"] == pytest.approx(found["crps"] / n)
    assert found["at_most"] == pytest.approx(betabinom.cdf(y, n, a, b), abs=1e-9)
    assert found["at_least"] == pytest.approx(betabinom.sf(y - 1, n, a, b), abs=1e-9)
    assert 1 - found["at_least"] <= found["pit"] + 1e-12 <= found["at_most"] + 2e-12


@given(CASES)
def test_intervals_hold_their_probability_and_grow(
    case: tuple[int, float, float, float, float],
) -> None:
    n, a, b, between, where = case
    pmf = betabinom.pmf(np.arange(n + 1), n, a, b)
    found = count_scores(ListedCounts(pmf), n, round(where * n), between)
    for p in (50, 80, 95):
        low, high = found[f"lower_{p}"], found[f"upper_{p}"]
        assert pmf[low : high + 1].sum() >= p / 100 - 1e-9
        assert found[f"inside_{p}"] == (low <= round(where * n) <= high)
    assert found["lower_95"] <= found["lower_80"] <= found["lower_50"] <= found["median"]
    assert found["median"] <= found["upper_50"] <= found["upper_80"] <= found["upper_95"]


def test_randomised_pits_of_right_predictions_are_uniform() -> None:
    # Kolmogorov-Smirnov at a fixed seed; a right prediction fails it in 1 of 1,000 seeds.
    rng = np.random.default_rng(3)
    pmf = betabinom.pmf(np.arange(13), 12, 2, 3)
    counts = betabinom.rvs(12, 2, 3, size=4000, random_state=rng)
    distribution = ListedCounts(pmf)
    pits = [count_scores(distribution, 12, int(y), rng.random())["pit"] for y in counts]
    assert kstest(pits, "uniform").pvalue > 1e-3


def test_equal_weights_are_no_weights() -> None:
    theta = np.random.default_rng(1).normal(size=(2, 50, 4))
    weights = np.full(100, 1 / 100)
    distribution = DrawnRates(theta)
    assert distribution.counts(9, weights).at_most(range(10)) == pytest.approx(
        np.cumsum(distribution.pmf(9))
    )


def test_a_study_is_scored_over_all_its_arms_together() -> None:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    fit = bm.fit(bm.load_model("regimen"), arms, seed=1, settings=bm.SamplerSettings(draws=500))
    rows = {row["study"]: row for row in study_scores(predictions_of(fit), fit.design)}
    several = arms.frame.groupby("study").size().idxmax()
    own = arms.frame[arms.frame["study"] == several]
    assert rows[several]["arms"] == len(own) > 1
    assert rows[several]["events"] == own["events"].sum()
    # The same by simulation: one study effect for all arms of the study, drawn per posterior draw.
    posterior, rng = fit.posterior, np.random.default_rng(5)
    mu, tau = posterior["mu"].to_numpy().ravel(), posterior["tau"].to_numpy().ravel()
    beta = posterior["beta"].to_numpy().reshape(mu.size, -1)
    rows_of_study = fit.design.matrix[(arms.frame["study"] == several).to_numpy()]
    log_p = np.zeros((400, mu.size))
    u = tau * rng.standard_normal((400, mu.size))
    for x, events, n in zip(rows_of_study, own["events"], own["n"], strict=True):
        theta = mu + beta @ x + u
        binomial = bm.Binomial().log_probability(np.array(float(events)), np.array(float(n)), theta)
        log_p += binomial
    simulated = np.log(np.exp(log_p).mean())
    # 800,000 draws know it to about 0.01.
    assert rows[several]["elpd"] == pytest.approx(simulated, abs=0.05)


def test_arms_without_patients_are_not_scored(make_arms: Maker) -> None:
    arms = make_arms([(3, 10), (5, 20), (0, 0)])
    fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=bm.SamplerSettings(draws=200))
    rows = arm_scores(predictions_of(fit), fit.design, np.random.default_rng(1))
    assert [row["n"] for row in rows] == [10, 20]


@pytest.mark.slow
def test_values_that_an_arm_lacks_are_averaged_over(make_arms: Maker) -> None:
    counts = [(4, 20), (9, 22), (14, 31), (5, 25), (18, 30), (7, 19)]
    arms = make_arms(counts, age=[70.0, 66.0, np.nan, 72.0, 45.0, 50.0])
    covariates = bm.Covariates("age", centre={"age": 60}, impute=["age"])
    spec = bm.ModelSpec("age", covariates=covariates, beta=bm.Normal(0, 0.1))
    fit = bm.fit(spec, arms, seed=1)
    new = make_arms([(6, 15), (8, 15)], studies=["later", "later"], age=[np.nan, 62.0])
    # The same by simulation: an age for the arm without, a study effect for both.
    drawn = {name: fit.posterior[name].to_numpy().ravel() for name in ("mu", "tau", "beta")}
    mean, sd = (fit.posterior[name].to_numpy().ravel() for name in ("x_mean", "x_sd"))
    rng, shape = np.random.default_rng(2), (50, mean.size)
    u = drawn["tau"] * rng.standard_normal(shape)
    ages = np.stack([mean + sd * rng.standard_normal(shape), np.full(shape, 62.0)])
    rates = expit(drawn["mu"] + drawn["beta"] * (ages - 60) + u)
    design = Design(spec, new, fit.coding)
    [row] = study_scores(predictions_of(fit), design)
    both = binom.pmf(6, 15, rates[0]) * binom.pmf(8, 15, rates[1])
    assert row["elpd"] == pytest.approx(np.log(both.mean()), abs=0.02)
    found = arm_scores(predictions_of(fit), design, np.random.default_rng(1))
    for scores, events, rate in zip(found, (6, 8), rates, strict=True):
        assert scores["at_most"] == pytest.approx(binom.cdf(events, 15, rate).mean(), abs=0.005)
    # It matters: ages that are not known spread the first arm's rate.
    assert np.ptp(np.quantile(rates[0], [0.025, 0.975])) > 1.1 * np.ptp(
        np.quantile(rates[1], [0.025, 0.975])
    )


@given(CASES)
def test_whole_counts_are_expected_inside_more_often_than_named(
    case: tuple[int, float, float, float, float],
) -> None:
    n, a, b, between, where = case
    pmf = betabinom.pmf(np.arange(n + 1), n, a, b)
    found = count_scores(ListedCounts(pmf), n, round(where * n), between)
    for p in (50, 80, 95):
        exact = pmf[found[f"lower_{p}"] : found[f"upper_{p}"] + 1].sum()
        assert found[f"expected_{p}"] == pytest.approx(exact, abs=1e-9)
        assert found[f"expected_{p}"] >= p / 100 - 1e-9


def test_the_gate_judges_by_what_is_expected() -> None:
    arms = pd.DataFrame({"inside_95": [True] * 28 + [False] * 4, "expected_95": 0.95})
    assert binom.cdf(28, 32, 0.95) > 0.01
    assert coverage_gate(arms, "model a") == ""
    # The same intervals should have held 99% of the arms.
    message = coverage_gate(arms.assign(expected_95=0.99), "model a")
    assert "which expects 31.7; so few would be with probability" in message
    assert f"{binom.cdf(28, 32, 0.99):.2g}" in message
