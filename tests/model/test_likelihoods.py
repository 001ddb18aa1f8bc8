"""Likelihoods: log probabilities, distributions of the true rate, and draws, against SciPy."""

import numpy as np
import pytest
from scipy import special, stats

import bayesmeta as bm
from bayesmeta.model.likelihoods import LIKELIHOODS, Likelihood
from bayesmeta.model.links import LINKS

ALL = [kind(link=link()) for kind in LIKELIHOODS.values() for link in LINKS.values()]  # type: ignore[call-arg]
likelihoods = pytest.mark.parametrize(
    "likelihood", ALL, ids=lambda one: f"{one.name}-{one.link.name}"
)
links = pytest.mark.parametrize("link", [kind() for kind in LINKS.values()], ids=list(LINKS))
RHO = np.array([0.07])
EVENTS = np.arange(31)
N = np.full(31, 30)


def own(likelihood: Likelihood, rho: np.ndarray = RHO) -> dict[str, np.ndarray]:
    return {"rho": rho} if likelihood.parameters else {}


def shapes(rate: np.ndarray | float, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of the beta distribution of rates with this mean and overdispersion rho."""
    size = 1 / rho - 1
    return np.asarray(rate * size), np.asarray((1 - rate) * size)


@links
@pytest.mark.parametrize("theta", [-3.0, -0.4, 1.1])
def test_binomial_probabilities(link: bm.Link, theta: float) -> None:
    found = bm.Binomial(link).log_probability(EVENTS, N, np.full(31, theta))
    assert found == pytest.approx(stats.binom.logpmf(EVENTS, N, link.rate(theta)), rel=1e-10)


@links
@pytest.mark.parametrize("theta", [-3.0, -0.4, 1.1])
@pytest.mark.parametrize("rho", [0.001, 0.07, 0.6])
def test_beta_binomial_probabilities(link: bm.Link, theta: float, rho: float) -> None:
    found = bm.BetaBinomial(link).log_probability(
        EVENTS, N, np.full(31, theta), rho=np.array([rho])
    )
    alpha, beta = shapes(link.rate(theta), rho)
    assert found == pytest.approx(stats.betabinom.logpmf(EVENTS, N, alpha, beta), rel=1e-9)


@likelihoods
def test_probabilities_sum_to_one(likelihood: Likelihood) -> None:
    for theta in (-5.0, -1.0, 0.0, 1.5):
        found = likelihood.log_probability(EVENTS, N, np.full(31, theta), **own(likelihood))
        assert np.exp(found).sum() == pytest.approx(1, abs=1e-10)


@likelihoods
def test_an_arm_without_patients_says_nothing(likelihood: Likelihood) -> None:
    theta = np.array([-40.0, 0.0, 3.0])
    none = np.zeros(3)
    assert likelihood.log_probability(none, none, theta, **own(likelihood)) == pytest.approx(0)


@pytest.mark.parametrize("events", [0, 30])
@likelihoods
def test_sure_outcomes_are_sure_far_out(likelihood: Likelihood, events: int) -> None:
    theta = np.array([-700.0 if events == 0 else 700.0])
    found = likelihood.log_probability(np.array([events]), np.array([30]), theta, **own(likelihood))
    assert found == pytest.approx(0, abs=1e-6)


def test_the_beta_binomial_tends_to_the_binomial() -> None:
    theta = np.full(31, -0.5)
    near = bm.BetaBinomial().log_probability(EVENTS, N, theta, rho=np.array([1e-7]))
    assert near == pytest.approx(bm.Binomial().log_probability(EVENTS, N, theta), abs=1e-3)


@links
def test_the_rate_of_a_binomial_arm_is_certain(link: bm.Link) -> None:
    theta = np.array([[-1.0], [0.5]])
    found = bm.Binomial(link).rate(theta, np.array([0.1, 0.5, 0.9]))
    assert found.shape == (2, 3)
    assert found == pytest.approx(np.broadcast_to(link.rate(theta), (2, 3)))


@links
def test_rates_of_beta_binomial_arms_follow_a_beta_distribution(link: bm.Link) -> None:
    probability = np.linspace(0.01, 0.99, 33)
    found = bm.BetaBinomial(link).rate(np.array([-0.7]), probability, rho=RHO)
    assert found == pytest.approx(stats.beta(*shapes(link.rate(-0.7), 0.07)).ppf(probability))


@links
def test_known_patients_update_the_distribution_of_the_rate(link: bm.Link) -> None:
    """A beta distribution given 9 responders of 12: conjugate."""
    probability = np.linspace(0.01, 0.99, 33)
    found = bm.BetaBinomial(link).rate(np.array([-0.7]), probability, events=9, n=12, rho=RHO)
    alpha, beta = shapes(link.rate(-0.7), 0.07)
    assert found == pytest.approx(stats.beta(alpha + 9, beta + 3).ppf(probability))


def test_rho_is_the_correlation_of_two_patients() -> None:
    """P(both respond) - rate^2 is rho times rate (1 - rate), in an arm of two."""
    theta, rho = np.full(3, 0.4), np.array([0.23])
    pair = np.exp(bm.BetaBinomial().log_probability(np.arange(3), np.full(3, 2), theta, rho=rho))
    rate = float(special.expit(0.4))
    assert pair[2] - rate**2 == pytest.approx(0.23 * rate * (1 - rate))


@likelihoods
def test_draws_have_the_mean_and_variance_of_the_distribution(likelihood: Likelihood) -> None:
    """Within 5 standard errors, which for variances come from the fourth moment of the draws."""
    draws, theta, n = 40_000, -0.6, 25
    found = likelihood.draw(
        np.random.default_rng(8), np.array([n]), np.full((draws, 1), theta), **own(likelihood)
    )[:, 0]
    rate, rho = float(likelihood.link.rate(theta)), RHO[0] if likelihood.parameters else 0.0
    variance = n * rate * (1 - rate) * (1 + (n - 1) * rho)
    assert abs(found.mean() - n * rate) <= 5 * np.sqrt(variance / draws)
    squares = (found - n * rate) ** 2.0
    assert abs(squares.mean() - variance) <= 5 * squares.std() / np.sqrt(draws)
    assert found.dtype == np.int64
    assert (found.min(), found.max()) >= (0, 0)
    assert found.max() <= n


@pytest.mark.parametrize(
    ("part", "arguments", "message"),
    [
        (bm.Binomial, {"link": "probit"}, r"`link` must be Logit\(\), Probit\(\) or CLogLog\(\)"),
        (bm.Binomial, {"link": bm.Probit}, r"`link` must be Logit\(\)"),
        (bm.BetaBinomial, {"link": None}, r"`link` must be Logit\(\)"),
        (bm.BetaBinomial, {"rho": bm.HalfNormal(1)}, "`rho` is a correlation: .* within 0 and 1"),
        (bm.BetaBinomial, {"rho": bm.Uniform(0, 1.5)}, "within 0 and 1; got Uniform"),
        (bm.BetaBinomial, {"rho": 0.1}, "within 0 and 1; got 0.1"),
    ],
)
def test_arguments_that_make_no_sense(
    part: type, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(bm.SpecError, match=message):
        part(**arguments)
