"""Predictions of nested outcomes: coherent, and equal to sums and simulations made apart."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import binom

import bayesmeta as bm
from bayesmeta.estimates.events import parse_event
from bayesmeta.estimates.nested_counts import CountBound, within_bounds

OUTCOMES = ("ORR", "CR_CRi", "CR")


@pytest.fixture(scope="module")
def prediction(fit: bm.Fit) -> bm.Prediction:
    found = bm.predict(fit, n=12, profile={"regimen": "a"}, seed=3)
    assert found.outcomes == OUTCOMES
    return found


def by_enumeration(rates: tuple[float, float, float], n: int, bounds: list[CountBound]) -> float:
    ratios = (rates[0], rates[1] / rates[0], rates[2] / rates[1])
    total = 0.0
    for counts in product(range(n + 1), repeat=3):
        if all(bound.low <= counts[bound.level] <= bound.high for bound in bounds):
            around = (n, *counts[:2])
            terms = [binom.pmf(y, m, r) for y, m, r in zip(counts, around, ratios, strict=True)]
            total += float(np.prod(terms))
    return total


@settings(max_examples=60, deadline=None)
@given(
    ratios=st.tuples(*3 * [st.floats(0.02, 0.98)]),
    bounds=st.lists(
        st.builds(
            lambda level, low, width: CountBound(level, low, min(low + width, 5)),
            st.integers(0, 2),
            st.integers(0, 5),
            st.integers(0, 5),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_counts_within_bounds_are_those_of_enumeration(
    ratios: tuple[float, float, float], bounds: list[CountBound]
) -> None:
    rates = np.cumprod(ratios)
    found = within_bounds(rates[None], 5, bounds)[0]
    assert found == pytest.approx(by_enumeration(tuple(rates), 5, bounds), abs=1e-12)


def test_impossible_and_certain_rates_are_borne() -> None:
    rates = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    assert within_bounds(rates, 4, [CountBound(2, 1, 4)]) == pytest.approx([0.0, 1.0])


def test_one_outcome_is_what_its_own_prediction_says(prediction: bm.Prediction) -> None:
    alone = prediction.of("CR_CRi")
    # Joint probabilities are summed over fewer points of each draw's distribution.
    assert prediction.probability("CR_CRi >= 5") == pytest.approx(
        float(alone.probability(events_at_least=5)), abs=0.005
    )
    rate = alone.probability(rate_above=0.4)
    assert prediction.probability("rate(CR_CRi) > 0.4") == pytest.approx(float(rate), abs=1e-12)


def test_joint_probabilities_are_those_of_simulation(prediction: bm.Prediction) -> None:
    events = prediction.draws["events"].to_numpy().reshape(-1, 3)
    both = (events[:, 1] >= 4) & (events[:, 2] >= 2)
    found = prediction.probability("CR_CRi >= 4 and CR >= 2")
    # 2,000 draws know it to 0.011; a false alarm has odds of 1 to 15,000.
    assert float(found) == pytest.approx(both.mean(), abs=4 * 0.0112)
    assert found.mcse < 0.02
    less = prediction.probability("CR_CRi >= 4 and CR < 2")
    assert float(found + less) == pytest.approx(float(prediction.probability("CR_CRi >= 4")))


def test_draws_are_nested_and_reproducible(fit: bm.Fit, prediction: bm.Prediction) -> None:
    for name in ("rate", "events"):
        assert (prediction.draws[name].diff("outcome") <= 0).all()
    assert prediction.draws["events"].max() <= prediction.n
    again = bm.predict(fit, n=12, profile={"regimen": "a"}, seed=3)
    assert prediction.draws.equals(again.draws)


def test_categories_sum_to_the_cohort(prediction: bm.Prediction) -> None:
    table = prediction.table(0.95)
    assert list(table.index) == ["CR", "CR_CRi, not CR", "ORR, not CR_CRi", "none"]
    assert table["mean"].sum() == pytest.approx(prediction.n)
    assert (table["lower"] <= table["median"]).all()


def test_intervals_are_those_of_each_outcome(prediction: bm.Prediction) -> None:
    table = prediction.interval(0.8)
    for outcome in OUTCOMES:
        own = prediction.of(outcome).interval(0.8)
        pd.testing.assert_frame_equal(table.loc[outcome], own, rtol=1e-12, check_names=False)
    assert repr(prediction).startswith("Prediction(a new study, regimen=a: of 12, ORR ")


def test_a_further_cohort_takes_the_profile_of_its_study(fit: bm.Fit) -> None:
    own = bm.predict(fit, n=10, study="s2", seed=1)
    named = bm.predict(fit, n=10, study="s2", profile={"regimen": "b"}, seed=1)
    assert own.profile == "regimen=b"
    pd.testing.assert_frame_equal(own.interval(0.9), named.interval(0.9), rtol=1e-12)
    with pytest.raises(bm.EvidenceError, match=r"no study 's9'. .*s1"):
        bm.predict(fit, n=10, study="s9", seed=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CRR >= 3", r"there is no outcome 'CRR'. Did you mean 'CR'"),
        ("CR >= 13", r"a count is a whole number from 0 to n = 12, not 13"),
        ("CR >= 1.5", r"a count is a whole number from 0 to n = 12, not 1.5"),
        ("rate(CR) > 2", r"a rate is a probability from 0 to 1, not 2"),
        ("rate(CR) == 0.2", r"A rate is above or below a number"),
        ("CR >= 1.2.3", r"expected a number, got `1.2.3`"),
        ("CR >= 3 and", r"expected `ORR` or `CR_CRi` or `CR`, got the end"),
        ("CR >= 3 or CR_CRi >= 2", r"got `or`. Terms are joined by `and` only"),
        ("CR => 3", r"got `=>`. Write `>=`.(?s:.)* \"CR >= 8\"; join several by `and`"),
        ("rate > 0.2", r"at character 6: expected `\(`, got `>`"),
        ("", r"`event` must be text; got ''"),
    ],
)
def test_events_that_cannot_be_read_are_pointed_at(
    prediction: bm.Prediction, text: str, message: str
) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        prediction.probability(text)


def test_the_place_of_a_fault_is_shown() -> None:
    with pytest.raises(bm.SettingsError) as caught:
        parse_event("CR_CRi >= 5 and CRR >= 2", OUTCOMES, 12)
    _, text, arrow, _ = str(caught.value).split("\n")
    assert text[arrow.index("^") :].startswith("CRR")


def test_an_outcome_that_is_none_is_refused(prediction: bm.Prediction) -> None:
    with pytest.raises(bm.SettingsError, match=r"`outcome`: there is no 'CRi'. Did you mean"):
        prediction.of("CRi")


def test_summary_tells_outcomes_apart(fit: bm.Fit) -> None:
    table = bm.summary(fit, profiles=[{"regimen": "a"}], cohort=20)
    assert table.columns[0] == "outcome"
    assert set(table["outcome"]) == {*OUTCOMES, ""}
    assert set(table.loc[table["outcome"] == "", "scale"]) == {"correlation"}
    rates = table[table["quantity"] == "mean rate"].set_index("outcome")["mean"]
    assert rates["ORR"] > rates["CR_CRi"] > rates["CR"]
    cohort = table[table["quantity"] == "new cohort"]
    assert set(cohort["scale"]) == {"responders of 20"}
    theta = fit.posterior["mu"].sel(outcome="ORR").to_numpy()
    own = table[(table["outcome"] == "ORR") & (table["quantity"] == "mu")]
    assert own["mean"].item() == pytest.approx(theta.mean())


def test_diagnosis_looks_at_every_parameter(fit: bm.Fit) -> None:
    table = bm.diagnose(fit).table
    for label in ("mu[CR]", "tau[ORR]", "correlation[ORR, CR_CRi]", "u[s1, CR]"):
        assert label in table.index
    assert not [label for label in table.index if label.startswith("theta")]


def test_a_prior_of_one_outcome_follows_its_distribution(fit: bm.Fit) -> None:
    prior = bm.map_prior(fit, profile={"regimen": "a"}, outcome="CR", force=True)
    distribution = bm.predict(fit, n=12, profile={"regimen": "a"}, seed=1).of("CR").distribution
    assert prior.mixture.mean == pytest.approx(distribution.rate.mean().value, abs=0.005)
    assert prior.profile == "CR, regimen=a"
    with pytest.raises(bm.SettingsError, match="`outcome` must be one of ORR, CR_CRi, CR"):
        bm.map_prior(fit, profile={"regimen": "a"}, force=True)


def test_the_figure_shows_each_profile(fit: bm.Fit, prediction: bm.Prediction) -> None:
    other = bm.predict(fit, n=12, profile={"regimen": "b"}, seed=3)
    plot = bm.plots.nested_outcomes([prediction, other])
    shares = plot.table[plot.table["kind"] == "category"].groupby("profile")["mean"].sum()
    assert shares.to_numpy() == pytest.approx([12, 12])
    assert repr(plot) == "Plot(nested_outcomes: 2 profiles)"
    assert len(plot.figure.axes[-1].patches) == 8
    with pytest.raises(bm.SettingsError, match="`predictions` must agree in outcomes and patients"):
        bm.plots.nested_outcomes(
            [prediction, bm.predict(fit, n=9, profile={"regimen": "b"}, seed=3)]
        )
    with pytest.raises(bm.SettingsError, match="one Prediction of nested outcomes or several"):
        bm.plots.nested_outcomes([])


def test_notes_name_what_no_study_or_few_inform(fit: bm.Fit) -> None:
    found = " ".join(bm.notes(fit))
    # s2 reports CR_CRi only and s4 ORR only: neither tells anything of CR in regimen b.
    assert "The evidence has no information about regimen[b] of CR" in found
    few = found[found.index("Fewer than 3 studies inform") :].split(":")[0]
    assert "regimen[b] of ORR (2)" in few
    assert "tau of CR (2)" in few


@pytest.mark.parametrize(
    "bounds",
    [
        [CountBound(0, 500, 1000), CountBound(2, 150, 1000)],
        [CountBound(0, 0, 600), CountBound(1, 200, 1000), CountBound(2, 0, 200)],
        [CountBound(2, 300, 1000)],
    ],
)
def test_paths_of_counts_agree_with_their_sum(
    bounds: list[CountBound], monkeypatch: pytest.MonkeyPatch
) -> None:
    odds = np.exp(0.5 * np.random.default_rng(3).standard_normal((1000, 3)))
    rates = np.cumprod(odds / (1 + odds), axis=1)
    summed = within_bounds(rates, 1000, bounds)
    monkeypatch.setattr("bayesmeta.estimates.nested_counts.LARGEST_SUMMED", 999)
    # One path a draw errs by up to 0.5 each, and by 0.0005 on average over 1,000 even paths.
    assert within_bounds(rates, 1000, bounds).mean() == pytest.approx(summed.mean(), abs=0.002)


def test_paths_of_counts_bear_impossible_and_certain_rates() -> None:
    rates = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 0.5, 0.0]])
    bounds = [CountBound(0, 1, 2000), CountBound(1, 1, 2000), CountBound(2, 0, 2000)]
    assert within_bounds(rates, 2000, bounds) == pytest.approx([0.0, 1.0, 1.0])


def test_joint_counts_of_huge_cohorts_are_those_of_their_rates(fit: bm.Fit) -> None:
    large = bm.predict(fit, n=10_000_000, profile={"regimen": "a"}, seed=1)
    counts = large.probability("CR >= 1000000 and ORR >= 3000000")
    # Chance in a cohort of ten million moves nothing but the third decimal.
    assert counts == pytest.approx(
        large.probability("rate(CR) > 0.1 and rate(ORR) > 0.3"), abs=0.01
    )
