"""Distributions of study effects: quantiles, means over studies, variances and draws, against SciPy."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

import bayesmeta as bm
from bayesmeta.inference.simulation import prior_draws
from bayesmeta.model import make_design
from bayesmeta.model.effects import DISTRIBUTIONS
from bayesmeta.model.links import LINKS

FALSE_ALARM = 1e-3
"""Chance that a right distribution fails a test of its draws; the seed is fixed."""

TAUS = (0.1, 0.5, 3.0, 20.0)
PREDICTORS = np.array([-4.0, -1.0, 0.4, 3.0])


@dataclass(frozen=True)
class Case:
    """A distribution with values of its own parameters, and its distribution at scale 1 written out."""

    distribution: bm.StudyEffects
    own: dict[str, float]
    cdf: Callable[[np.ndarray], np.ndarray]
    pdf: Callable[[float], float]


def mixture(share: float, ratio: float) -> Case:
    usual, outlying = stats.norm(0, 1), stats.norm(0, ratio)
    return Case(
        bm.ContaminatedEffects(outlier_scale=ratio),
        {"outlier_proportion": share},
        lambda x: (1 - share) * usual.cdf(x) + share * outlying.cdf(x),
        lambda x: (1 - share) * usual.pdf(x) + share * outlying.pdf(x),
    )


def student(nu: float) -> Case:
    distribution = stats.t(nu)
    return Case(bm.StudentTEffects(), {"nu": nu}, distribution.cdf, distribution.pdf)


def skewed(skew: float) -> Case:
    distribution = stats.skewnorm(skew, *skew_normal_place(skew))
    return Case(bm.SkewNormalEffects(), {"skew": skew}, distribution.cdf, distribution.pdf)


def skew_normal_place(skew: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Location and scale with which SciPy's distribution has mean 0 and standard deviation 1."""
    mean, sd = stats.skewnorm.mean(skew), stats.skewnorm.std(skew)
    return -mean / sd, 1 / sd


CASES = {
    "normal": Case(bm.NormalEffects(), {}, stats.norm.cdf, stats.norm.pdf),
    "t of 2.2": student(2.2),
    "t of 5": student(5),
    "t of 80": student(80),
    "a tenth contaminated": mixture(0.1, 4),
    "half contaminated": mixture(0.5, 20),
    "hardly contaminated": mixture(1e-6, 100),
    "without slant": skewed(0.0),
    "slanting up": skewed(3.0),
    "steeply down": skewed(-12.0),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def test_every_distribution_with_a_scale_is_here() -> None:
    scaled = {
        name for name, distribution in DISTRIBUTIONS.items() if distribution().tau is not None
    }
    assert {case.distribution.name for case in CASES.values()} == scaled
    assert set(DISTRIBUTIONS) - scaled == {"common", "independent"}


@cases
@pytest.mark.parametrize("tau", TAUS)
def test_quantiles_invert_the_distribution_function(case: Case, tau: float) -> None:
    probability = np.concatenate([[1e-9, 1e-5], np.linspace(0.001, 0.999, 301), [1 - 1e-5]])
    found = case.distribution.quantile(probability, tau, **case.own)
    assert case.cdf(found / tau) == pytest.approx(probability, rel=1e-8, abs=1e-12)


def test_quantiles_of_many_draws_at_once() -> None:
    distribution, rng = bm.ContaminatedEffects(), np.random.default_rng(1)
    share, tau, probability = rng.random((3, 40, 1)), rng.random((40, 1)), rng.random((40, 16))
    together = distribution.quantile(probability, tau[2] * 0 + tau, outlier_proportion=share[0])
    one = distribution.quantile(probability[7], tau[7], outlier_proportion=share[0, 7])
    assert together.shape == (40, 16)
    assert together[7] == pytest.approx(one)


@cases
@pytest.mark.parametrize("tau", TAUS)
def test_nodes_average_rates(case: Case, tau: float) -> None:
    """Means over studies of every link within 1e-5 of adaptive quadrature."""
    expected = mean_rates(case, tau)
    for i, link in enumerate(LINKS.values()):
        effects, weights = case.distribution.nodes(
            np.array([tau]), link().pole, **as_arrays(case.own)
        )
        rates = link().rate(PREDICTORS[:, None] + effects)
        assert (rates * weights).sum(axis=-1) == pytest.approx(expected[i], abs=1e-5)


def mean_rates(case: Case, tau: float) -> np.ndarray:
    """Means by SciPy, dims (link, predictor); pieces begin where the distribution or a rate bends."""
    edges = ppf(case, np.array([1e-7, 1e-4, 0.01, 0.1, 0.5, 0.9, 0.99, 1 - 1e-4, 1 - 1e-7]))
    bends = ((np.array([-6.0, 0, 6])[:, None] - PREDICTORS) / tau).ravel()
    points = np.unique([-np.inf, *edges, *bends, np.inf])

    def integrand(x: float) -> np.ndarray:
        rates = [link().rate(PREDICTORS + tau * x) for link in LINKS.values()]
        return np.array(rates) * case.pdf(x)

    pieces = pairwise(points)
    return sum(integrate.quad_vec(integrand, *piece, epsabs=1e-8)[0] for piece in pieces)


def ppf(case: Case, probability: np.ndarray) -> np.ndarray:
    """Quantiles at scale 1 by searching a table of the distribution function: rough is enough."""
    x = np.sinh(np.linspace(-12, 12, 4001))
    return np.interp(probability, case.cdf(x), x)


def as_arrays(own: dict[str, float]) -> dict[str, np.ndarray]:
    return {name: np.array([value]) for name, value in own.items()}


def test_nodes_of_many_draws_are_those_of_each() -> None:
    tau = np.array([0.05, 0.7, 4.0])
    for case in CASES.values():
        own = {name: np.full(3, value) for name, value in case.own.items()}
        effects, weights = case.distribution.nodes(tau, np.pi, **own)
        weights = np.broadcast_to(weights, effects.shape)
        assert weights.sum(axis=-1) == pytest.approx(1)
        for i, one in enumerate(tau):
            apart, own_weights = case.distribution.nodes(one[None], np.pi, **as_arrays(case.own))
            found = (bm.Logit().rate(effects[i] - 1) * weights[i]).sum()
            expected = (bm.Logit().rate(apart - 1) * own_weights).sum()
            assert found == pytest.approx(expected, abs=1e-6)


@cases
def test_variance_is_that_of_the_distribution(case: Case) -> None:
    def squared(x: float) -> float:
        return x**2 * case.pdf(x)

    edges = (-np.inf, -500, -5, 0, 5, 500, np.inf)
    expected = sum(integrate.quad(squared, a, b, limit=400)[0] for a, b in pairwise(edges))
    assert float(case.distribution.variance(1.0, **case.own)) == pytest.approx(expected, rel=1e-3)
    assert float(case.distribution.variance(0.3, **case.own)) == pytest.approx(
        0.09 * expected, rel=1e-3
    )


@cases
def test_effects_drawn_from_the_prior_follow_the_distribution(case: Case) -> None:
    """Given its parameters each draw's distribution function is uniform: Kolmogorov-Smirnov."""
    counts = [(3, 10), (4, 12), (1, 9), (8, 20), (5, 11), (2, 30)]
    design = make_design(bm.ModelSpec(study_effects=case.distribution), arms_of(counts))
    drawn = prior_draws(design, np.random.default_rng(11), (1, 4000))
    own = {name: drawn[name][0] for name in case.own}
    place = written(case, own, drawn["u"][0, :, 0] / drawn["tau"][0])
    assert stats.kstest(place, "uniform").pvalue > FALSE_ALARM
    tau = stats.halfnorm(0, 1).cdf(drawn["tau"][0])
    assert stats.kstest(tau, "uniform").pvalue > FALSE_ALARM


def written(case: Case, own: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The distribution function of the case's distribution at other values of its parameters."""
    if isinstance(case.distribution, bm.StudentTEffects):
        return stats.t.cdf(x, own["nu"])
    if isinstance(case.distribution, bm.ContaminatedEffects):
        share, outlying = (
            own["outlier_proportion"],
            stats.norm.cdf(x / case.distribution.outlier_scale),
        )
        return (1 - share) * stats.norm.cdf(x) + share * outlying
    if isinstance(case.distribution, bm.SkewNormalEffects):
        return stats.skewnorm.cdf(x, own["skew"], *skew_normal_place(own["skew"]))
    return stats.norm.cdf(x)


def arms_of(counts: list[tuple[int, int]]) -> bm.Arms:
    import pandas as pd

    events, n = zip(*counts, strict=True)
    frame = pd.DataFrame({"study": [f"s{i}" for i in range(len(counts))], "events": events, "n": n})
    return bm.read_evidence(frame).select()


def test_degrees_of_freedom_follow_the_cut_prior() -> None:
    [nu] = bm.StudentTEffects(nu=bm.Gamma(2, 0.5)).parameters.values()
    whole = stats.gamma(2, scale=2)
    x = np.array([2.5, 4, 10])
    above = whole.sf(2)
    assert nu.logpdf(x) == pytest.approx(whole.logpdf(x) - np.log(above))
    assert nu.logpdf([1.9]).tolist() == [-np.inf]
    place = (whole.cdf(nu.draw(np.random.default_rng(3), 4000)) - whole.cdf(2)) / above
    assert stats.kstest(place, "uniform").pvalue > FALSE_ALARM
    assert repr(nu) == "Gamma(2, 0.5) above 2"


def test_the_ends_of_the_scale() -> None:
    """No effects of their own for a new study: none differ, or mu is what is known of it."""
    common, independent = bm.CommonEffect(), bm.IndependentStudies()
    for distribution in (common, independent):
        assert (
            distribution.quantile(np.array([[0.1], [0.9]]), np.zeros(3)).tolist() == [[0] * 3] * 2
        )
        effects, weights = distribution.nodes(np.zeros(3), np.pi)
        assert (effects.shape, weights.tolist()) == ((3, 1), [1])
    assert common.variance(np.zeros(2)).tolist() == [0, 0]
    assert np.isinf(independent.variance(np.zeros(2))).all()


def test_independent_studies_have_the_prior_of_mu() -> None:
    spec = bm.ModelSpec(study_effects=bm.IndependentStudies(), mu=bm.StudentT(4, 0.5, 2))
    drawn = prior_draws(
        make_design(spec, arms_of([(3, 10), (4, 12)])), np.random.default_rng(5), (1, 4000)
    )
    prior = stats.t(4, 0.5, 2)
    for level in (drawn["mu"][0], *drawn["theta"][0].T):
        assert stats.kstest(level, prior.cdf).pvalue > FALSE_ALARM
    first, second = drawn["theta"][0].T
    assert stats.spearmanr(first, second).pvalue > FALSE_ALARM
    assert stats.spearmanr(first, drawn["mu"][0]).pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    ("part", "arguments", "message"),
    [
        (bm.StudentTEffects, {"nu": bm.Normal(5, 1)}, "`nu` is degrees of freedom: .* below 0"),
        (bm.StudentTEffects, {"nu": 4}, "`nu` is degrees of freedom: .* got 4"),
        (
            bm.StudentTEffects,
            {"nu": bm.Uniform(0.5, 1.5)},
            "`nu`: The prior must allow values above 2; got Uniform",
        ),
        (
            bm.ContaminatedEffects,
            {"outlier_proportion": bm.HalfNormal(1)},
            "`outlier_proportion` is a proportion of",
        ),
        (
            bm.ContaminatedEffects,
            {"outlier_proportion": bm.Uniform(-0.1, 1)},
            "must lie within 0 and 1",
        ),
        (
            bm.ContaminatedEffects,
            {"outlier_scale": 1},
            "`outlier_scale` must be a number above 1, at most 100",
        ),
        (
            bm.ContaminatedEffects,
            {"outlier_scale": float("nan")},
            "`outlier_scale` must be a number",
        ),
        (bm.ContaminatedEffects, {"outlier_scale": True}, "`outlier_scale` must be a number"),
        (bm.ContaminatedEffects, {"outlier_scale": "4"}, "`outlier_scale` must be a number"),
        (bm.SkewNormalEffects, {"skew": 3}, "`skew` must be a prior, .* got 3"),
        (bm.SkewNormalEffects, {"tau": bm.Normal(0, 1)}, "`tau` is a standard deviation"),
        (bm.NormalEffects, {"by": ""}, "`by` must name a study-level column; got ''"),
        (bm.NormalEffects, {"by": ["design"]}, "`by` must name a study-level column"),
        (bm.ArmEffects, {"tau_arm": bm.Normal(0, 1)}, "`tau_arm` is a standard deviation"),
        (bm.ArmEffects, {"tau_arm": 0.25}, "`tau_arm` must be a prior"),
    ],
)
def test_arguments_that_make_no_sense(
    part: type, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(bm.SpecError, match=message):
        part(**arguments)


def test_old_names_of_arguments_work_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="is now `outlier_") as warned:
        found = bm.ContaminatedEffects(share=bm.Beta(2, 8), ratio=6)  # type: ignore[call-arg]
    assert found == bm.ContaminatedEffects(outlier_proportion=bm.Beta(2, 8), outlier_scale=6)
    assert len(warned) == 2
    assert {one.filename for one in warned} == {__file__}
