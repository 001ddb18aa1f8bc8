"""Totals over two levels: density, definition and integrated likelihood, held to sums over all ways."""

import numpy as np
import numpy.typing as npt
import pytest
from family import DIVIDED, divided_arms, divided_design
from formulas import derivative, log_posterior
from scipy.special import expit, logsumexp
from scipy.stats import binom
from test_contract import assert_contract

import bayesmeta as bm
from bayesmeta.errors import InapplicableError
from bayesmeta.inference.density.coordinates import density_data, size, starting_point
from bayesmeta.inference.density.log_density import density_of, family_density, log_density
from bayesmeta.inference.density.totals import log_total
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.inference.simulation import (
    draw_events,
    log_likelihood,
    prior_effects,
    prior_parameters,
)
from bayesmeta.model import make_design

Array = npt.NDArray[np.float64]

EFFECTS: list[bm.StudyEffects] = [bm.NormalEffects(), bm.StudentTEffects(), bm.CommonEffect()]


def brute_force(r: int, first: int, second: int, low: float, high: float) -> float:
    k = np.arange(max(0, r - first), min(r, second) + 1)
    parts = binom.logpmf(r - k, first, expit(low)) + binom.logpmf(k, second, expit(high))
    return float(logsumexp(parts))


def test_the_probability_of_a_total_is_the_sum_over_all_ways() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        first, second = map(int, rng.integers(1, 60, 2))
        r, (low, high) = int(rng.integers(0, first + second + 1)), rng.normal(0, 3, 2)
        found = log_total(float(r), float(first), float(second), low, high)[0]
        assert found == pytest.approx(brute_force(r, first, second, low, high), rel=1e-11)


def test_probabilities_of_all_totals_add_up_to_one() -> None:
    logs = [log_total(float(r), 40.0, 25.0, -0.4, 1.1)[0] for r in range(66)]
    assert logsumexp(logs) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("low", "high"), [(-0.3, 0.2), (-3.0, 3.0), (0.5, 0.5)])
def test_a_total_of_two_hundred_thousand_patients_is_exact(low: float, high: float) -> None:
    r, n = 93_000, 100_000
    found = log_total(float(r), float(n), float(n), low, high)
    k = np.arange(r + 1)
    parts = binom.logpmf(r - k, n, expit(low)) + binom.logpmf(k, n, expit(high))
    assert found[0] == pytest.approx(logsumexp(parts), rel=1e-11)
    # The slopes are the expected responders of either level, given the total, less those of its rate.
    second = np.exp(parts - logsumexp(parts)) @ k
    assert found[1] == pytest.approx(r - second - n * expit(low), rel=1e-7, abs=1e-5)
    assert found[2] == pytest.approx(second - n * expit(high), rel=1e-7, abs=1e-5)


def test_the_largest_counts_are_summed_about_their_mode() -> None:
    # 10^9 patients at either level: a sum over all ways would take minutes.
    r, n, low, high = 900_000_000, 1_000_000_000, -0.3, -0.1
    p, q = expit(low), expit(high)
    mean, variance = n * (p + q), n * (p * (1 - p) + q * (1 - q))
    near = round(mean)
    found = log_total(float(near), float(n), float(n), low, high)[0]
    # The local limit theorem: the density of a normal distribution, to a part in 10^4.
    assert found == pytest.approx(-0.5 * np.log(2 * np.pi * variance), abs=1e-4)
    assert log_total(float(r), float(n), float(n), low, high)[0] < found - 50


@pytest.mark.parametrize("difference", [-800.0, 800.0])
def test_levels_infinitely_far_apart(difference: float) -> None:
    value, *slopes = log_total(9.0, 7.0, 9.0, 0.0, difference)
    # All patients of the higher level respond before any of the lower.
    expected = (
        binom.logpmf(0, 7, 0.5)
        if difference > 0
        else binom.logpmf(7, 7, 0.5) - 2 * 800 + np.log(36)
    )
    assert value == pytest.approx(expected, rel=1e-12)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize("effects", EFFECTS, ids=lambda one: one.name)
@pytest.mark.parametrize("covariates", DIVIDED, ids=lambda one: one.formula)
def test_value_and_gradient_against_formulas(
    covariates: bm.Covariates, effects: bm.StudyEffects
) -> None:
    if "study)" in covariates.formula and not effects.is_normal:
        effects = bm.NormalEffects(bm.HalfCauchy(1))
    data = density_data(divided_design(covariates, study_effects=effects))
    assert density_of(data) is family_density
    rng = np.random.default_rng(2)
    for _ in range(6):
        q = starting_point(data, rng) + rng.normal(size=size(data))
        gradient = np.empty_like(q)
        value = log_density(q, data, gradient)
        assert value == pytest.approx(np.real(log_posterior(q.astype(complex), data)), rel=1e-10)
        expected = derivative(lambda at: log_posterior(at, data), q)
        assert np.abs(gradient - expected).max() <= 1e-10 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("covariates", DIVIDED[:1] + DIVIDED[2:3], ids=lambda one: one.formula)
def test_the_density_agrees_with_the_definition(covariates: bm.Covariates) -> None:
    assert_contract(divided_design(covariates))


@pytest.mark.parametrize("effects", EFFECTS, ids=lambda one: one.name)
@pytest.mark.parametrize("covariates", DIVIDED[:2], ids=lambda one: one.formula)
def test_integrated_likelihood_against_simulated_effects(
    covariates: bm.Covariates, effects: bm.StudyEffects
) -> None:
    design, draws = divided_design(covariates, study_effects=effects), 20_000
    candidates = prior_parameters(design, np.random.default_rng(3), (25,))
    best = int(np.argmax(study_log_likelihood(design, candidates).sum(axis=-1)))
    one = {name: value[best] for name, value in candidates.items()}
    many = {name: np.broadcast_to(value, (draws, *value.shape)) for name, value in one.items()}
    drawn = many | prior_effects(design, many, np.random.default_rng(4), (draws,))
    by_arm, index = log_likelihood(design, drawn), design.arms.study_index
    by_study = np.stack([by_arm[:, index == s].sum(axis=-1) for s in range(5)], axis=-1)
    ratio = np.exp(by_study - study_log_likelihood(design, one))
    error = ratio.std(axis=0) / np.sqrt(draws) + 1e-9
    assert np.all(np.abs(ratio.mean(axis=0) - 1) < 5 * error)


def test_totals_are_drawn_with_the_probabilities_that_they_have() -> None:
    design, draws = divided_design(DIVIDED[0], study_effects=bm.CommonEffect()), 40_000
    one = {"mu": np.full(draws, -0.4), "beta": np.full((draws, 1), 1.3)}
    theta = -0.4 + 1.3 * design.matrix[:, 0] + np.zeros((draws, 1))
    events = draw_events(design, {**one, "theta": theta}, np.random.default_rng(5))
    place = list(design.arms.frame["study"]).index("s2")
    share = np.bincount(events[:, place], minlength=9) / draws
    exact = np.exp([brute_force(r, 3, 5, -0.4, 0.9) for r in range(9)])
    assert np.abs(share - exact).max() < 5 * np.sqrt(0.25 / draws)


def test_a_total_whose_levels_are_alike_is_binomial() -> None:
    spec = bm.ModelSpec(covariates="age")
    plain = divided_arms()
    whole = bm.Arms(
        plain.frame.drop(columns=["split_by", "split_level", "split_n"]), plain.excluded
    )
    designs = [make_design(spec, arms, warn=False) for arms in (plain, whole)]
    assert designs[0].totals.arm.size == 0
    data = [density_data(design) for design in designs]
    q = starting_point(data[0], np.random.default_rng(6))
    values = [log_density(q, one, np.empty_like(q)) for one in data]
    assert values[0] == pytest.approx(values[1], rel=1e-15)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"likelihood": bm.BetaBinomial()},
            "a likelihood other than the binomial.*sum of two beta-binomial",
        ),
        ({"likelihood": bm.Binomial(bm.Probit())}, "a link other than the logit.*Use Logit"),
        (
            {"arm_effects": bm.ArmEffects()},
            "`arm_effects` is not available for totals over levels of 'prior'",
        ),
    ],
)
def test_what_totals_do_not_combine_with(parts: dict[str, object], message: str) -> None:
    spec = bm.ModelSpec(covariates=DIVIDED[0], **parts)  # type: ignore[arg-type]
    with pytest.raises(InapplicableError, match=message):
        make_design(spec, divided_arms())


def test_slopes_by_study_are_normal_beside_normal_effects() -> None:
    spec = bm.ModelSpec(covariates=DIVIDED[2], study_effects=bm.StudentTEffects())
    with pytest.raises(
        InapplicableError,
        match=r"slopes by study.*got student_t study effects\. Use NormalEffects",
    ):
        make_design(spec, divided_arms())


@pytest.mark.parametrize(
    "formula", ["x + (1 | study)", "x + (x | study)", "x + (0 + x | a / study)"]
)
def test_studies_have_slopes_alone(formula: str) -> None:
    with pytest.raises(bm.SpecError, match=r"uses 'study'.*write \(0 \+ column \| study\)"):
        bm.Covariates(formula)
