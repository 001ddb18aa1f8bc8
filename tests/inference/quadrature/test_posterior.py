"""The deterministic posterior: held to brute force, closed forms, identities and its refinement."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings, strategies as st
from scipy.special import expit, gammaln, log_expit, logit, ndtr

import bayesmeta as bm
from bayesmeta.errors import SettingsError
from bayesmeta.inference.quadrature.marginals import TARGETS
from bayesmeta.inference.quadrature.posterior import (
    QuadraturePosterior,
    left_out_scores,
    quadrature_posterior,
)
from bayesmeta.priors import Prior

pytestmark = pytest.mark.stored

Array = npt.NDArray[np.float64]

NORMAL, HALF_NORMAL = bm.Normal(0, 1.5), bm.HalfNormal(0.5)
PROBABILITIES = np.array([0.025, 0.5, 0.975])
RATES = ("typical", "mean", "new_study")


class Case(NamedTuple):
    """A posterior to compute."""

    events: Sequence[int]
    n: Sequence[int]
    mu: Prior = NORMAL
    tau: Prior | None = HALF_NORMAL


def simulated(studies: int, tau: float, seed: int) -> tuple[list[int], list[int]]:
    rng = np.random.default_rng(seed)
    n = rng.integers(8, 90, studies)
    return rng.binomial(n, expit(rng.normal(-0.4, tau, studies))).tolist(), n.tolist()


SIX = simulated(6, 0.5, seed=4)
CASES = {
    "many studies": Case(*simulated(32, 0.5, seed=1)),
    "alike studies": Case(*simulated(10, 0.0, seed=2)),
    "one study": Case([7], [20]),
    "two studies": Case([3, 9], [20, 15]),
    "no events": Case([0, 0, 0], [10, 20, 5]),
    "all events": Case([10, 20, 5], [10, 20, 5]),
    "rates from 0 to 1": Case([0, 20, 1, 19, 10], [20, 20, 20, 20, 20], tau=bm.HalfNormal(5)),
    "an empty study": Case([0, 4, 0], [0, 10, 0]),
    "large studies": Case([30000, 31000, 29500], [100000] * 3),
    "large alike studies": Case([30000, 30010], [100000] * 2),
    "mu Cauchy, no events": Case([0, 0], [10, 20], mu=bm.Cauchy(0, 2.5)),
    "mu vague, no events": Case([0, 0], [10, 20], mu=bm.Normal(0, 100)),
    "mu against its prior": Case([90, 180], [100, 200], mu=bm.Normal(-3, 0.3)),
    "tau HalfCauchy": Case(*SIX, tau=bm.HalfCauchy(0.5)),
    "tau HalfCauchy, no events": Case([0, 0], [10, 20], tau=bm.HalfCauchy(0.5)),
    "tau Uniform": Case(*SIX, tau=bm.Uniform(0, 2)),
    "tau Uniform, away from 0": Case(*SIX, tau=bm.Uniform(0.3, 0.6)),
    "tau Gamma, singular": Case(*SIX, tau=bm.Gamma(0.5, 1)),
    "tau LogNormal": Case(*SIX, tau=bm.LogNormal(-1, 0.75)),
    "tau InverseGamma": Case(*SIX, tau=bm.InverseGamma(2, 1)),
    "common effect": Case(*SIX, tau=None),
    "common effect, no events": Case([0, 0], [10, 20], mu=bm.Cauchy(0, 2.5), tau=None),
}


def posterior_of(case: Case, refinement: int = 0) -> QuadraturePosterior:
    return quadrature_posterior(case.events, case.n, case.mu, case.tau, refinement=refinement)


def targets(case: Case) -> list[str]:
    return [target for target in TARGETS if case.tau is not None or target != "tau"]


def assert_agree(case: Case, coarse: QuadraturePosterior, fine: QuadraturePosterior) -> None:
    """Demand a millionth of each quantity, or of its standard deviation."""
    assert coarse.log_marginal_likelihood == pytest.approx(
        fine.log_marginal_likelihood, rel=0, abs=1e-8
    )
    for target in targets(case):
        found, truth = coarse.marginal(target), fine.marginal(target)
        quantiles = found.quantile(PROBABILITIES)
        spread = found.sd if math.isfinite(found.sd) else float(np.ptp(quantiles))
        assert found.mean == pytest.approx(truth.mean, rel=0, abs=1e-6 * spread, nan_ok=True)
        assert found.sd == pytest.approx(truth.sd, rel=1e-6, nan_ok=True)
        millionth = 1e-6 * np.maximum(np.abs(quantiles), spread if target == "mu" else 0)
        below, above = truth.cdf([quantiles - millionth, quantiles + millionth])
        assert (below < PROBABILITIES).all()
        assert (above > PROBABILITIES).all() or quantiles.max() > 1 - 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_refining_changes_nothing(name: str) -> None:
    case = CASES[name]
    assert_agree(case, posterior_of(case), posterior_of(case, refinement=1))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["two studies", "large studies", "common effect"])
def test_refining_twice_changes_nothing(name: str) -> None:
    case = CASES[name]
    levels = [posterior_of(case, refinement) for refinement in (0, 1, 2)]
    assert_agree(case, levels[1], levels[2])
    pmfs = [posterior.predictive_pmf(12) for posterior in levels]
    np.testing.assert_allclose(pmfs[0], pmfs[2], rtol=0, atol=1e-9)
    np.testing.assert_allclose(pmfs[1], pmfs[2], rtol=0, atol=1e-10)


def panels_of(edges: Sequence[float], order: int = 18) -> tuple[Array, Array]:
    """Return nodes and weights of Gauss-Legendre rules between `edges`."""
    x, w = np.polynomial.legendre.leggauss(order)
    middle, half = np.convolve(edges, [0.5, 0.5], "valid"), np.diff(edges) / 2
    return (middle[:, None] + np.outer(half, x)).ravel(), np.outer(half, w).ravel()


class BruteForce:
    """The posterior on a dense grid of mu and tau, u by 120 Gauss-Hermite nodes."""

    def __init__(self, events: Array, n: Array, tau_prior: Prior, tau_edges: list[float]) -> None:
        z, w = np.polynomial.hermite_e.hermegauss(120)
        mu, mu_weights = panels_of([-10, -6, -4, -2, -1.3, -0.7, 0, 1, 2, 4, 8])
        tau, tau_weights = panels_of(tau_edges)
        self.normal = w / w.sum()
        self.mu, self.tau = np.meshgrid(mu, tau, indexing="ij")
        self.theta = self.mu[..., None] + self.tau[..., None] * z
        self.likelihood = np.array(
            [self.over_u(self.kernel(a, b)) for a, b in zip(events, n, strict=True)]
        )
        prior = np.outer(
            mu_weights * np.exp(NORMAL.logpdf(mu)), tau_weights * np.exp(tau_prior.logpdf(tau))
        )
        joint = prior * self.likelihood.prod(axis=0)
        self.evidence = joint.sum()
        self.weights = joint / self.evidence

    def kernel(self, events: float, n: float) -> Array:
        return np.exp(events * log_expit(self.theta) + (n - events) * log_expit(-self.theta))

    def over_u(self, values: Array) -> Array:
        return values @ self.normal

    def mean(self, values: Array) -> float:
        return float((self.weights * values).sum())

    def sd(self, values: Array, squares: Array | None = None) -> float:
        squares = values**2 if squares is None else squares
        return math.sqrt(self.mean(squares) - self.mean(values) ** 2)


EVENTS, N = np.array([2, 7, 0, 5]), np.array([12, 15, 6, 9])
BRUTE = {
    "HalfNormal": (HALF_NORMAL, [0, 0.1, 0.3, 0.6, 1, 1.6, 2.5, 4.0]),
    "Uniform": (bm.Uniform(0.4, 1.8), [0.4, 0.7, 1, 1.4, 1.8]),
}


@pytest.fixture(scope="module", params=BRUTE)
def pair(request: pytest.FixtureRequest) -> tuple[BruteForce, QuadraturePosterior]:
    prior, edges = BRUTE[request.param]
    return BruteForce(EVENTS, N, prior, edges), quadrature_posterior(EVENTS, N, NORMAL, prior)


def test_brute_force_evidence(pair: tuple[BruteForce, QuadraturePosterior]) -> None:
    brute, grid = pair
    assert grid.log_marginal_likelihood == pytest.approx(math.log(brute.evidence), abs=1e-10)
    left_out = [-math.log(brute.mean(1 / likelihood)) for likelihood in brute.likelihood]
    np.testing.assert_allclose(grid.log_predictive_left_out(), left_out, atol=1e-8)


def test_brute_force_moments(pair: tuple[BruteForce, QuadraturePosterior]) -> None:
    brute, grid = pair
    rate = brute.over_u(expit(brute.theta))
    square = brute.over_u(expit(brute.theta) ** 2)
    expected = {
        "mu": (brute.mean(brute.mu), brute.sd(brute.mu)),
        "tau": (brute.mean(brute.tau), brute.sd(brute.tau)),
        "typical": (brute.mean(expit(brute.mu)), brute.sd(expit(brute.mu))),
        "mean": (brute.mean(rate), brute.sd(rate)),
        "new_study": (brute.mean(rate), brute.sd(rate, square)),
    }
    for target, (mean, sd) in expected.items():
        assert grid.marginal(target).mean == pytest.approx(mean, rel=1e-10)
        assert grid.marginal(target).sd == pytest.approx(sd, rel=1e-9)


def test_brute_force_distribution_functions(pair: tuple[BruteForce, QuadraturePosterior]) -> None:
    """At edges of the dense grid, where its sums are exact."""
    brute, grid = pair
    mu = grid.marginal("mu").cdf(-0.7)
    assert mu == pytest.approx(brute.mean(np.where(brute.mu < -0.7, 1.0, 0.0)), abs=1e-9)
    typical = grid.marginal("typical").cdf(expit(-1.3))
    assert typical == pytest.approx(brute.mean(np.where(brute.mu < -1.3, 1.0, 0.0)), abs=1e-9)
    tau = grid.marginal("tau").cdf(1.0)
    assert tau == pytest.approx(brute.mean(np.where(brute.tau < 1, 1.0, 0.0)), abs=1e-8)
    # With tau near zero the dense grid cannot resolve the step, so less is asked for.
    tolerance = 1e-9 if brute.tau.min() > 0.3 else 1e-4
    for rate in (0.1, 0.3, 0.6):
        expected = brute.mean(ndtr((logit(rate) - brute.mu) / brute.tau))
        assert grid.marginal("new_study").cdf(rate) == pytest.approx(expected, abs=tolerance)


@pytest.mark.slow
def test_brute_force_predictions(pair: tuple[BruteForce, QuadraturePosterior]) -> None:
    brute, grid = pair
    y = np.arange(10)
    coefficients = np.exp(gammaln(10) - gammaln(y + 1) - gammaln(10 - y))
    expected = [brute.mean(brute.over_u(brute.kernel(float(k), 9))) for k in y]
    np.testing.assert_allclose(grid.predictive_pmf(9), coefficients * expected, atol=1e-9)


@pytest.mark.parametrize("target", RATES)
@pytest.mark.parametrize("name", ["two studies", "no events", "common effect"])
def test_distribution_functions_have_the_right_moments(name: str, target: str) -> None:
    """E[X] is the area above the distribution function, E[X^2] twice that of x (1 - F(x))."""
    marginal = posterior_of(CASES[name]).marginal(target)
    inner = np.linspace(-4, 4, 17).tolist()
    theta, weights = panels_of([-24, -16, -10, -6, *inner, 6, 10, 16, 24], 14)
    rate = expit(theta)
    above = (1 - marginal.cdf(rate)) * weights * rate * expit(-theta)
    assert above.sum() == pytest.approx(marginal.mean, abs=1e-7)
    square = marginal.mean**2 + marginal.sd**2
    assert 2 * (rate * above).sum() == pytest.approx(square, abs=1e-7)


PRIORS = [
    bm.HalfNormal(0.5),
    bm.HalfStudentT(3, 1),
    bm.HalfCauchy(0.7),
    bm.LogNormal(-1, 0.8),
    bm.Exponential(2),
    bm.Uniform(0, 2),
    bm.Uniform(0.1, 3),
    bm.Gamma(0.5, 4),
    bm.Gamma(2, 4),
    bm.Gamma(0.1, 1),
    bm.InverseGamma(3, 1),
    bm.LogNormal(0, 8),
    bm.Uniform(3, 1000),
]


@pytest.mark.parametrize(
    ("mu_prior", "tau_prior"),
    [
        *((NORMAL, prior) for prior in PRIORS),
        (bm.Cauchy(0.5, 2), HALF_NORMAL),
        (bm.StudentT(4, 0, 1), HALF_NORMAL),
        (bm.Uniform(-2, 1), HALF_NORMAL),
    ],
    ids=repr,
)
def test_without_patients_the_posterior_is_the_prior(mu_prior: Prior, tau_prior: Prior) -> None:
    posterior = quadrature_posterior([0, 0], [0, 0], mu_prior, tau_prior)
    probabilities = np.array([0.001, 0.2, 0.5, 0.8, 0.999])
    assert posterior.log_marginal_likelihood == pytest.approx(0, abs=1e-9)
    for marginal, prior in (("mu", mu_prior), ("tau", tau_prior)):
        found, expected = (
            posterior.marginal(marginal).quantile(probabilities),
            prior.quantile(probabilities),
        )
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    typical = posterior.marginal("typical").quantile(probabilities)
    np.testing.assert_allclose(
        typical, expit(mu_prior.quantile(probabilities)), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_allclose(posterior.log_predictive_left_out(), 0, atol=1e-9)


def test_the_moments_of_a_prior() -> None:
    posterior = quadrature_posterior([0], [0], NORMAL, bm.Gamma(2, 4))
    mu, tau = posterior.marginal("mu"), posterior.marginal("tau")
    np.testing.assert_allclose([mu.mean, mu.sd], [0, 1.5], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose([tau.mean, tau.sd], [0.5, math.sqrt(0.125)], rtol=1e-9)


def test_moments_that_do_not_exist_are_nan() -> None:
    for name, target in (("common effect, no events", "mu"), ("tau HalfCauchy, no events", "tau")):
        posterior = posterior_of(CASES[name])
        marginal = posterior.marginal(target)
        assert math.isnan(marginal.mean)
        assert math.isnan(marginal.sd)
        assert np.isfinite(marginal.quantile([0.01, 0.99])).all()
    mean_only = quadrature_posterior([0], [0], bm.StudentT(1.9, 0, 1), HALF_NORMAL).marginal("mu")
    assert mean_only.mean == pytest.approx(0, abs=1e-6)
    assert math.isnan(mean_only.sd)


def test_predictions_are_what_exchangeability_says() -> None:
    """The probability of a count in a new study is a ratio of marginal likelihoods."""
    base = quadrature_posterior(EVENTS, N, NORMAL, HALF_NORMAL)
    n_new, pmf = 1000, base.predictive_pmf(1000)
    assert pmf.sum() == pytest.approx(1, abs=1e-10)
    for y in (0, 17, 400, 1000):
        coefficient = gammaln(n_new + 1) - gammaln(y + 1) - gammaln(n_new - y + 1)
        more = quadrature_posterior([*EVENTS, y], [*N, n_new], NORMAL, HALF_NORMAL)
        gain = more.log_marginal_likelihood - base.log_marginal_likelihood
        assert pmf[y] == pytest.approx(math.exp(gain + coefficient), rel=1e-7)


@pytest.mark.parametrize("n_new", [0, 1, 7, 300])
def test_predictive_moments(n_new: int) -> None:
    posterior = posterior_of(CASES["two studies"])
    new, pmf, y = (
        posterior.marginal("new_study"),
        posterior.predictive_pmf(n_new),
        np.arange(n_new + 1),
    )
    variance = n_new * new.mean * (1 - new.mean) + n_new * (n_new - 1) * new.sd**2
    assert pmf.sum() == pytest.approx(1, abs=1e-10)
    assert pmf @ y == pytest.approx(n_new * new.mean, abs=1e-8)
    assert pmf @ y**2 - (pmf @ y) ** 2 == pytest.approx(variance, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(
    "name", ["alike studies", "rates from 0 to 1", "large studies", "one study"]
)
def test_leaving_out_is_refitting(name: str) -> None:
    case = CASES[name]
    coefficients = np.linspace(1, 2, len(case.n))
    full = quadrature_posterior(*case, log_coefficients=coefficients)
    scores = full.log_predictive_left_out()
    for s in range(min(len(case.n), 2)):
        rest = quadrature_posterior(
            np.delete(case.events, s), np.delete(case.n, s), case.mu, case.tau
        )
        # The constants of the others cancel.
        expected = (
            full.log_marginal_likelihood
            - np.delete(coefficients, s).sum()
            - rest.log_marginal_likelihood
        )
        assert scores[s] == pytest.approx(expected, abs=1e-8)


def test_constants_enter_the_evidence_only() -> None:
    plain = quadrature_posterior(*SIX, NORMAL, HALF_NORMAL)
    shifted = quadrature_posterior(*SIX, NORMAL, HALF_NORMAL, log_coefficients=np.arange(6))
    gain = shifted.log_marginal_likelihood - plain.log_marginal_likelihood
    assert gain == pytest.approx(15, abs=1e-12)
    assert shifted.marginal("mu").mean == pytest.approx(plain.marginal("mu").mean, rel=1e-12)


def test_a_tau_of_nearly_zero_is_a_common_effect() -> None:
    common = quadrature_posterior(*SIX, NORMAL, None)
    nearly = quadrature_posterior(*SIX, NORMAL, bm.HalfNormal(1e-6))
    evidence = common.log_marginal_likelihood
    assert nearly.log_marginal_likelihood == pytest.approx(evidence, abs=1e-8)
    expected = common.marginal("mu").quantile(PROBABILITIES)
    np.testing.assert_allclose(nearly.marginal("mu").quantile(PROBABILITIES), expected, rtol=1e-8)
    for target in RATES:
        for posterior in (common, nearly):
            np.testing.assert_allclose(
                posterior.marginal(target).quantile(PROBABILITIES), expit(expected), rtol=1e-8
            )
    np.testing.assert_allclose(nearly.predictive_pmf(30), common.predictive_pmf(30), atol=1e-9)


Studies = Sequence[tuple[int, int]]
counts = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
studies_drawn = st.lists(counts, min_size=1, max_size=4)


def of_studies(studies: Studies, tau: Prior | None = HALF_NORMAL) -> QuadraturePosterior:
    return quadrature_posterior([y for y, _ in studies], [n for _, n in studies], NORMAL, tau)


def summaries(studies: Studies, tau: Prior | None = HALF_NORMAL) -> Array:
    """Everything that is cheap to ask for, in one array."""
    posterior = of_studies(studies, tau)
    mu, typical = posterior.marginal("mu"), posterior.marginal("typical")
    spread = [] if tau is None else [posterior.marginal("tau").mean, posterior.marginal("tau").sd]
    return np.array(
        [
            posterior.log_marginal_likelihood,
            *(mu.mean, mu.sd, *mu.quantile([0.025, 0.5, 0.975]), typical.mean, typical.sd),
            *spread,
        ]
    )


@pytest.mark.slow
@given(studies=studies_drawn, data=st.data())
@settings(max_examples=10, deadline=None)
def test_studies_have_no_order_and_empty_ones_no_weight(
    studies: Studies, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations([*studies, (0, 0)]))
    found, straight = summaries(shuffled), summaries(studies)
    np.testing.assert_allclose(found, straight, rtol=1e-7, atol=1e-7)


@pytest.mark.slow
@given(studies=studies_drawn)
@settings(max_examples=10, deadline=None)
def test_failures_for_events_flip_mu(studies: Studies) -> None:
    found, straight = summaries([(n - y, n) for y, n in studies]), summaries(studies)
    log_evidence, mu_mean, mu_sd, low, middle, high, mean, sd, *tau = straight
    expected = [log_evidence, -mu_mean, mu_sd, -high, -middle, -low, 1 - mean, sd, *tau]
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7)


@given(studies=studies_drawn)
@settings(max_examples=50, deadline=None)
def test_under_a_common_effect_studies_merge(studies: Studies) -> None:
    merged = [(sum(y for y, _ in studies), sum(n for _, n in studies))]
    found = summaries(studies, None)
    np.testing.assert_allclose(found, summaries(merged, None), rtol=1e-7, atol=1e-7)


@pytest.mark.slow
@given(studies=studies_drawn, target=st.sampled_from(list(TARGETS)))
@settings(max_examples=10, deadline=None)
def test_quantiles_invert_the_distribution_function(studies: Studies, target: str) -> None:
    marginal = of_studies(studies).marginal(target)
    probabilities = np.array([[0.01, 0.3], [0.5, 0.98]])
    quantiles = marginal.quantile(probabilities)
    np.testing.assert_allclose(marginal.cdf(quantiles), probabilities, atol=1e-9)
    low, high = marginal.quantile([0, 1])
    assert low < quantiles.min() < quantiles.max() < high


@pytest.mark.slow
@given(studies=st.lists(counts, min_size=3, max_size=8))
@settings(max_examples=8, deadline=None)
def test_left_out_scores_hold_where_they_say_so(studies: Studies) -> None:
    posterior = of_studies(studies)
    scores, settled = left_out_scores(posterior.surface)
    for s in np.flatnonzero(settled)[:2]:
        rest = of_studies([*studies[:s], *studies[s + 1 :]])
        expected = posterior.log_marginal_likelihood - rest.log_marginal_likelihood
        assert scores[s] == pytest.approx(expected, abs=1e-7)


def test_rates_lie_between_certainties() -> None:
    marginal = posterior_of(CASES["no events"]).marginal("new_study")
    np.testing.assert_allclose(marginal.cdf([-1, 0, 1, 2]), [0, 0, 1, 1], atol=1e-12)
    tau = posterior_of(CASES["one study"]).marginal("tau")
    np.testing.assert_allclose(tau.cdf([-1, 0, 1e9]), [0, 0, 1], atol=1e-12)


def test_left_out_scores_are_taken_from_the_panels_where_they_hold() -> None:
    """Most of many studies need no refit: the shortcut is what makes them cheap."""
    case = CASES["many studies"]
    posterior = posterior_of(case)
    _, settled = left_out_scores(posterior.surface)
    assert settled.mean() > 0.8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([1, 2], [3], NORMAL, HALF_NORMAL),
            r"one-dimensional, of one length; .*\(2,\) and \(1,\)",
        ),
        (([4, 1], [3, 2], NORMAL, HALF_NORMAL), r"between 0 and `n`; got 4 of 3\."),
        (([-1], [3], NORMAL, None), r"between 0 and `n`; got -1 of 3\."),
        (([math.nan], [3], NORMAL, None), r"between 0 and `n`; got nan of 3\."),
        (([1], [3], NORMAL, NORMAL), r"positive values only; got Normal\(0, 1\.5\)"),
        (([1], [3], NORMAL, bm.Gamma(0.01, 1)), r"Gamma\(0\.01, 1\) .* too much probability"),
    ],
)
def test_bad_arguments(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        quadrature_posterior(*arguments)  # type: ignore[arg-type]


def test_bad_questions() -> None:
    posterior = posterior_of(CASES["common effect"])
    with pytest.raises(SettingsError, match=r"'median' is not a target. .*'mean'"):
        posterior.marginal("median")
    with pytest.raises(SettingsError, match="common-effect model has no `tau`"):
        posterior.marginal("tau")
    with pytest.raises(SettingsError, match=r"`probability` must lie between 0 and 1; got 97\.5"):
        posterior.marginal("mu").quantile(97.5)
    with pytest.raises(
        SettingsError, match=r"`n_new` must be a whole number, at least 0; got 2\.5"
    ):
        posterior.predictive_pmf(2.5)  # type: ignore[arg-type]
