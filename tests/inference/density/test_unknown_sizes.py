"""Totals over levels of unknown sizes, held to sums over all sizes, each of which is as probable."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from family import DIVIDED, divided_arms
from formulas import derivative, log_posterior
from scipy.special import expit, logsumexp
from scipy.stats import binom
from test_contract import assert_contract

import bayesmeta as bm
from bayesmeta.errors import InapplicableError
from bayesmeta.inference.density.coordinates import density_data, size, starting_point
from bayesmeta.inference.density.log_density import log_density
from bayesmeta.inference.density.unknown_sizes import log_total_of_unknown_sizes
from bayesmeta.inference.simulation import draw_events
from bayesmeta.model import Design, make_design

Array = npt.NDArray[np.float64]

UNKNOWN = ("s3", "s4")


def unknown_arms() -> bm.Arms:
    """The arms of `divided_arms`, of two totals of which the sizes are not known."""
    arms = divided_arms()
    sizes = arms.frame["split_n"].astype("Int64").mask(arms.frame["study"].isin(UNKNOWN))
    return bm.Arms(arms.frame.assign(split_n=sizes), arms.excluded)


def unknown_design(covariates: bm.Covariates = DIVIDED[0], **parts: object) -> Design:
    spec = bm.ModelSpec(covariates=covariates, **parts)  # type: ignore[arg-type]
    return make_design(spec, unknown_arms(), warn=False)


def over_all_sizes(r: int, n: int, low: float, high: float) -> float:
    """Return the log mean, over every number of patients at the second level, of sums over all ways."""
    logs = []
    for second in range(n + 1):
        k = np.arange(max(0, r - n + second), min(r, second) + 1)
        parts = binom.logpmf(r - k, n - second, expit(low)) + binom.logpmf(k, second, expit(high))
        logs.append(logsumexp(parts))
    return float(logsumexp(logs) - np.log(n + 1))


@pytest.mark.slow
def test_the_probability_is_the_mean_over_all_sizes() -> None:
    rng = np.random.default_rng(1)
    for _ in range(150):
        n = int(rng.integers(1, 120))
        r, (low, high) = int(rng.integers(0, n + 1)), rng.normal(0, 3, 2)
        found = log_total_of_unknown_sizes(float(r), float(n), low, high)[0]
        assert found == pytest.approx(over_all_sizes(r, n, low, high), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("n", [5, 90, 3000])
def test_probabilities_of_all_totals_add_up_to_one(n: int) -> None:
    logs = [log_total_of_unknown_sizes(float(r), float(n), -2.4, 1.9)[0] for r in range(n + 1)]
    assert logsumexp(logs) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("n", [1, 40, 5000, 10**8])
def test_levels_that_never_and_always_respond_make_every_total_as_probable(n: int) -> None:
    for r in (0, n // 3, n):
        found = log_total_of_unknown_sizes(float(r), float(n), -60.0, 60.0)[0]
        assert found == pytest.approx(-np.log(n + 1), rel=1e-6)


def test_levels_that_are_alike_are_binomial() -> None:
    found = log_total_of_unknown_sizes(7.0, 30.0, -0.4, -0.4)
    assert found[0] == pytest.approx(binom.logpmf(7, 30, expit(-0.4)), rel=1e-12)
    # By symmetry each level has half of the slope.
    assert found[1:] == pytest.approx([(7 - 30 * expit(-0.4)) / 2] * 2, rel=1e-10)


def test_slopes_are_those_of_the_probability() -> None:
    rng, step = np.random.default_rng(2), 1e-5
    for _ in range(60):
        n = int(rng.choice([3, 40, 700]))
        r, (low, high) = int(rng.integers(0, n + 1)), rng.normal(0, 2, 2)
        _, *slopes = log_total_of_unknown_sizes(float(r), float(n), low, high)
        for slope, (a, b) in zip(slopes, [(step, 0.0), (0.0, step)], strict=True):
            up = log_total_of_unknown_sizes(float(r), float(n), low + a, high + b)[0]
            down = log_total_of_unknown_sizes(float(r), float(n), low - a, high - b)[0]
            assert slope == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("covariates", DIVIDED, ids=lambda one: one.formula)
def test_value_and_gradient_against_formulas(covariates: bm.Covariates) -> None:
    data = density_data(unknown_design(covariates))
    rng = np.random.default_rng(3)
    for _ in range(2):
        q = starting_point(data, rng) + rng.normal(size=size(data)) / 2
        gradient = np.empty_like(q)
        value = log_density(q, data, gradient)
        assert value == pytest.approx(np.real(log_posterior(q.astype(complex), data)), rel=1e-9)
        expected = derivative(lambda at: log_posterior(at, data), q)
        assert np.abs(gradient - expected).max() <= 1e-8 * max(1.0, np.abs(expected).max())


@pytest.mark.slow
def test_the_density_agrees_with_the_definition() -> None:
    assert_contract(unknown_design(DIVIDED[2]))


def test_totals_are_drawn_with_the_probabilities_that_they_have() -> None:
    design, draws = unknown_design(study_effects=bm.CommonEffect()), 40_000
    place = list(design.arms.frame["study"]).index("s3")
    [total] = np.flatnonzero(design.totals.arm == place)
    one = {"mu": np.full(draws, -0.4), "beta": np.full((draws, 1), 1.3)}
    theta = -0.4 + 1.3 * design.matrix[:, 0] + np.zeros((draws, 1))
    low, high = (float(part[0, total]) for part in design.totals.predictors(theta, one["beta"]))
    assert (low, high) == pytest.approx((-0.4, 0.9))
    events = draw_events(design, {**one, "theta": theta}, np.random.default_rng(5))
    share = np.bincount(events[:, place], minlength=13) / draws
    exact = np.exp([over_all_sizes(r, 12, low, high) for r in range(13)])
    assert np.abs(share - exact).max() < 5 * np.sqrt(0.25 / draws)


@pytest.mark.parametrize(("low", "high"), [(-1.2, 0.9), (0.9, -1.2), (2.0, 4.0), (-9.0, -7.0)])
def test_the_rate_of_a_total_is_that_given_its_responders(low: float, high: float) -> None:
    design = unknown_design()
    [total] = np.flatnonzero(design.totals.arm == list(design.arms.frame["study"]).index("s4"))
    one, draws = {"beta": np.full((4001, 1), high - low)}, 4001
    theta = np.full((draws, len(design.arms)), (low + high) / 2)
    probability = np.linspace(0, 1, draws)[:, None] + np.zeros(design.totals.arm.size)
    found = np.sort(design.totals.arm_rates(theta, one["beta"], probability)[:, total])
    w = (np.arange(20_000) + 0.5) / 20_000
    rates = np.sort((1 - w) * expit(low) + w * expit(high))
    weight = binom.pmf(41, 90, rates)
    mean = float((weight * rates).sum() / weight.sum())
    assert np.trapezoid(found, np.linspace(0, 1, draws)) == pytest.approx(mean, rel=1e-4)
    assert rates[0] * (1 - 1e-3) <= found[0] <= found[-1] <= rates[-1] * (1 + 1e-3)


@pytest.mark.slow
def test_the_posterior_is_that_of_quadrature() -> None:
    rows = [("a", 14, 20, "no", 0), ("b", 4, 25, "yes", 0), ("c", 30, 60, "no", None)]
    frame = pd.DataFrame(rows, columns=["study", "events", "n", "prior", "split_n"])
    frame = frame.assign(
        arm="", stratum="", split_n=frame["split_n"].astype("Int64"),
        split_by=["", "", "prior"], split_level=["", "", "yes"],
    )  # fmt: skip
    arms = bm.Arms(frame, frame.iloc[:0].assign(rule=""))
    spec = bm.ModelSpec(
        mu=bm.Normal(0, 1.5), beta=bm.Normal(0, 1), study_effects=bm.CommonEffect(),
        covariates=bm.Covariates("prior", {"prior": "no"}),
    )  # fmt: skip
    fit = bm.fit(spec, arms, seed=1, settings=bm.SamplerSettings(draws=4000))
    mu, beta = np.meshgrid(np.linspace(-1.5, 3, 181), np.linspace(-5, 2, 181), indexing="ij")
    log = -0.5 * (mu / 1.5) ** 2 - 0.5 * beta**2
    log += binom.logpmf(14, 20, expit(mu)) + binom.logpmf(4, 25, expit(mu + beta))
    shares = (np.arange(400) + 0.5) / 400
    mixed = sum(
        binom.pmf(30, 60, (1 - w) * expit(mu) + w * expit(mu + beta)) for w in shares
    )  # midpoints: exact to 1e-5
    weight = np.exp(log - log.max()) * mixed
    weight /= weight.sum()
    for name, values in (("mu", mu), ("beta", beta)):
        drawn = np.asarray(fit.posterior[name]).reshape(4, -1)
        mean = float((weight * values).sum())
        sd = float(np.sqrt((weight * (values - mean) ** 2).sum()))
        error = sd / np.sqrt(drawn.size / 6)
        assert abs(drawn.mean() - mean) < 4 * error
        assert drawn.std() == pytest.approx(sd, rel=0.05)


def test_studies_cannot_be_left_out() -> None:
    arms = unknown_arms()
    spec = bm.ModelSpec(covariates=DIVIDED[0])
    message = r"Studies cannot be left out: study effects cannot be integrated out of totals over levels of unknown sizes \(s3, s4\); leave them out by unknown_sizes='drop'"  # fmt: skip
    for ask in (bm.leave_one_study_out, bm.leave_one_level_out):
        more = {"column": "regimen"} if ask is bm.leave_one_level_out else {}
        with pytest.raises(InapplicableError, match=message):
            ask(spec, arms, seed=1, **more)  # type: ignore[operator]
    with pytest.raises(InapplicableError, match=message):
        bm.compare([spec, bm.ModelSpec("other")], arms, seed=1)
