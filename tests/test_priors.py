"""Priors: SciPy is the truth for each, and text reads back as the same value."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

import bayesmeta as bm
from bayesmeta.priors import FAMILIES, Prior, Shape, parse_prior
from bayesmeta.priors.bounded import Truncated

SCIPY = {
    bm.Normal(0.3, 1.5): stats.norm(0.3, 1.5),
    bm.StudentT(4, -0.5, 2): stats.t(4, -0.5, 2),
    bm.Cauchy(0.1, 2.5): stats.cauchy(0.1, 2.5),
    bm.HalfNormal(0.5): stats.halfnorm(0, 0.5),
    bm.HalfCauchy(0.7): stats.halfcauchy(0, 0.7),
    bm.LogNormal(-1, 0.8): stats.lognorm(s=0.8, scale=np.exp(-1)),
    bm.Exponential(2): stats.expon(scale=1 / 2),
    bm.Uniform(0, 2): stats.uniform(0, 2),
    bm.Gamma(2, 4): stats.gamma(2, scale=1 / 4),
    bm.InverseGamma(3, 1): stats.invgamma(3, scale=1),
    bm.Beta(2, 9): stats.beta(2, 9),
}
"""Every family that SciPy has; it has no half-t."""

HALF_T = bm.HalfStudentT(3, 1)
EXAMPLES = [*SCIPY, HALF_T]
PROBABILITIES = np.concatenate([np.geomspace(1e-12, 0.5, 20), 1 - np.geomspace(1e-6, 0.4, 20)])


def kernel_logpdf(prior: Prior, x: float) -> float:
    """The formula that `Kernel` documents."""
    shape, a, b, c, constant = prior.kernel
    formulas = {
        Shape.NORMAL: lambda: -(((x - a) / b) ** 2) / 2,
        Shape.STUDENT_T: lambda: -(c + 1) / 2 * np.log1p(((x - a) / b) ** 2 / c),
        Shape.LOG_NORMAL: lambda: -np.log(x) - ((np.log(x) - a) / b) ** 2 / 2,
        Shape.GAMMA: lambda: (a - 1) * np.log(x) - b * x,
        Shape.INVERSE_GAMMA: lambda: -(a + 1) * np.log(x) - b / x,
        Shape.UNIFORM: lambda: 0.0,
        Shape.BETA: lambda: (a - 1) * np.log(x) + (b - 1) * np.log1p(-x),
    }
    return constant + formulas[shape]()


def test_every_family_has_an_example() -> None:
    assert {type(prior).__name__ for prior in EXAMPLES} == set(FAMILIES)


@pytest.mark.parametrize("prior", EXAMPLES, ids=repr)
def test_the_kernel_is_the_density(prior: Prior) -> None:
    low, high = prior.interval(0.99)
    for x in np.linspace(low, high, 9)[1:-1]:
        assert kernel_logpdf(prior, x) == pytest.approx(float(prior.logpdf(x)), rel=1e-12)


@pytest.mark.parametrize("prior", EXAMPLES, ids=repr)
def test_the_density_integrates_to_the_interval(prior: Prior) -> None:
    low, high = prior.interval(0.9)
    x = np.linspace(low, high, 20_001)
    assert np.trapezoid(np.exp(prior.logpdf(x)), x) == pytest.approx(0.9, abs=1e-4)


@pytest.mark.parametrize("prior", SCIPY, ids=repr)
def test_tails_and_quantiles_are_those_of_scipy(prior: Prior) -> None:
    truth = SCIPY[prior]
    x = np.array([*truth.ppf(PROBABILITIES), -1.0, 0.0, 1.0, 50.0])
    for name in ("logpdf", "cdf", "sf"):
        found, expected = getattr(prior, name)(x), getattr(truth, name)(x)
        np.testing.assert_allclose(found, expected, rtol=1e-10, err_msg=name)
        assert getattr(prior, name)(0.5).shape == ()
    np.testing.assert_allclose(
        prior.quantile(PROBABILITIES), truth.ppf(PROBABILITIES), rtol=1e-8, atol=1e-12
    )
    assert prior.quantile(0.5).shape == ()


@pytest.mark.parametrize(
    ("prior", "whole", "low"),
    [
        (HALF_T, stats.t(3), 0.0),
        (Truncated(bm.Gamma(2, 0.1), 1), stats.gamma(2, scale=1 / 0.1), 1.0),
    ],
    ids=["HalfStudentT(3, 1)", "Gamma(2, 0.1) above 1"],
)
def test_a_prior_cut_off_below_is_the_rest_of_the_whole(
    prior: Prior, whole: "stats.rv_continuous", low: float
) -> None:
    share = whole.sf(low)
    x = whole.isf(PROBABILITIES * share)
    np.testing.assert_allclose(prior.logpdf(x), whole.logpdf(x) - np.log(share), rtol=1e-10)
    np.testing.assert_allclose(prior.sf(x), PROBABILITIES, rtol=1e-8)
    np.testing.assert_allclose(prior.cdf(x), 1 - PROBABILITIES, atol=1e-12)
    found = prior.quantile(PROBABILITIES)
    np.testing.assert_allclose(found, whole.ppf(whole.cdf(low) + share * PROBABILITIES), rtol=1e-8)
    below = np.nextafter(low, -1)
    assert (prior.logpdf(below), prior.cdf(below), prior.sf(below)) == (-np.inf, 0, 1)


@pytest.mark.parametrize("prior", EXAMPLES, ids=repr)
def test_draws_follow_the_prior(prior: Prior) -> None:
    draws = prior.draw(np.random.default_rng(1), 4000)
    low, high = prior.interval(0.8)
    # Binomial(4000, 0.8): four standard errors are 0.025; false alarm below 1e-4.
    assert np.mean((draws > low) & (draws < high)) == pytest.approx(0.8, abs=0.025)
    assert (draws >= prior.support[0]).all()


@pytest.mark.parametrize("prior", EXAMPLES, ids=repr)
def test_text_reads_back_as_the_same_prior(prior: Prior) -> None:
    assert parse_prior(repr(prior)) == prior


@pytest.mark.parametrize(
    "prior", [prior for prior in EXAMPLES if type(prior) is not bm.Beta], ids=repr
)
@pytest.mark.parametrize("factor", [0.125, 1, 3])
def test_a_scaled_prior_is_that_of_the_scaled_variable(prior: Prior, factor: float) -> None:
    centre = getattr(prior, "loc", 0)
    probability = np.linspace(0.01, 0.99, 25)
    expected = centre + factor * (prior.quantile(probability) - centre)
    np.testing.assert_allclose(prior.scaled(factor).quantile(probability), expected, rtol=1e-12)


@pytest.mark.parametrize("prior", [bm.Beta(2, 9), Truncated(bm.Gamma(2, 0.1), 1)], ids=repr)
def test_a_prior_without_a_scale_says_so(prior: Prior) -> None:
    with pytest.raises(bm.SpecError, match="has no scale that could be changed"):
        prior.scaled(2)


@pytest.mark.parametrize("factor", [0, -1, np.inf, np.nan, True, "2"])
def test_a_factor_is_positive_and_finite(factor: object) -> None:
    with pytest.raises(bm.SpecError, match="`factor` must be a positive, finite number; got"):
        bm.HalfNormal(1).scaled(factor)  # type: ignore[arg-type]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_numbers_survive_the_text(loc: float, scale: float) -> None:
    assert parse_prior(repr(bm.Normal(loc, scale))) == bm.Normal(loc, scale)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Norml(0, 1)", "not a prior family. Did you mean 'Normal'"),
        ("Normal(0)", r"written Normal\(loc, scale\)"),
        ("Normal(0, -1)", "`scale` of Normal must be positive"),
        ("Normal(0, 1e999)", "positive and finite"),
        ("HalfNormal(0)", "positive"),
        ("Uniform(1, 1)", "less than `high`"),
        ("Normal(0, x)", "in numbers"),
        ("Normal(0, True)", "must be a number"),
        ("print(1)", "not a prior family"),
        ("0.5", "written like"),
        ("", "written like"),
        ("().__class__", "written like"),
    ],
)
def test_bad_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(bm.SpecError, match=message):
        parse_prior(text)


@pytest.mark.parametrize("prior", EXAMPLES, ids=repr)
def test_the_ends_of_the_support_are_the_extreme_quantiles(prior: Prior) -> None:
    low, high = (float(bound) for bound in prior.quantile([0.0, 1.0]))
    assert (low, high) == prior.support


@pytest.mark.parametrize("prior", EXAMPLES, ids=repr)
def test_a_zero_has_no_sign(prior: Prior) -> None:
    assert prior.cdf(-0.0) == prior.cdf(0.0)
    assert prior.sf(-0.0) == prior.sf(0.0)
