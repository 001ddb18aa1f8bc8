"""The bridge and the coordinates it works in: held to integrals that are known."""

import numpy as np
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.marginal_likelihood.bridge import bridged
from bayesmeta.marginal_likelihood.marginal_likelihood import FACTORS
from bayesmeta.marginal_likelihood.posterior import Coordinate

PRIORS: list[bm.Prior] = [
    bm.Normal(0.2, 1.5),
    bm.HalfNormal(0.5),
    bm.Uniform(0.1, 3),
    bm.Beta(2, 5),
    bm.Gamma(2, 0.1),
]


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_coordinates_go_there_and_back(prior: bm.Prior) -> None:
    one = Coordinate("tau", "tau", prior, transition_scale=0.4)
    x = np.linspace(-8, 12, 401)
    value, log_slope = one.bounded(x)
    low, high = prior.support
    assert np.all((value > low) & (value < high))
    np.testing.assert_allclose(one.unbounded(value)[50:300], x[50:300], rtol=1e-8, atol=1e-8)
    slope = (one.bounded(x + 1e-6)[0] - one.bounded(x - 1e-6)[0]) / 2e-6
    np.testing.assert_allclose(np.exp(log_slope), slope, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_the_density_of_a_coordinate_integrates_to_one(prior: bm.Prior) -> None:
    x = np.linspace(-60, 60, 60_001)
    with np.errstate(all="ignore"):
        value, log_slope = Coordinate("tau", "tau", prior, transition_scale=0.4).bounded(x)
        density = np.nan_to_num(np.exp(prior.logpdf(value) + log_slope))
    assert density.sum() * (x[1] - x[0]) == pytest.approx(1, abs=1e-6)


RESCALED: list[bm.Prior] = [
    bm.Normal(0.2, 1.5),
    bm.StudentT(4, 0.2, 2),
    bm.Cauchy(0.2, 2.5),
    bm.HalfNormal(0.5),
    bm.HalfStudentT(3, 1),
    bm.HalfCauchy(0.7),
    bm.LogNormal(-1, 0.8),
    bm.Exponential(2),
    bm.Gamma(0.5, 4),
    bm.InverseGamma(3, 1),
]


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("prior", RESCALED, ids=str)
def test_a_rescaled_prior_is_as_wide_as_it_says(prior: bm.Prior, factor: float) -> None:
    other = prior.scaled(factor)
    low, middle, high = prior.quantile([0.2, 0.5, 0.7])
    new_low, new_middle, new_high = other.quantile([0.2, 0.5, 0.7])
    assert new_high - new_low == pytest.approx(factor * (high - low))
    assert new_middle == pytest.approx(middle if prior.support[0] < 0 else factor * middle)


@pytest.mark.parametrize("size", [1, 3, 12])
def test_known_integral(size: int) -> None:
    rng = np.random.default_rng(size)
    root = np.tril(rng.normal(size=(size, size))) + 2 * np.eye(size)
    distribution = stats.multivariate_t(np.arange(size), root @ root.T, df=6)
    points = distribution.rvs((4, 1000), random_state=rng).reshape(4, 1000, size)
    found = bridged(lambda x: np.atleast_1d(distribution.logpdf(x)) + 3.7, points, rng)
    # Right to 5 standard errors: wrong once in 1.7 million.
    assert abs(found.value - 3.7) < 5 * found.error < 0.1
    assert 2000 < found.ess < 8000


@pytest.mark.slow
def test_the_stated_error_is_the_spread_of_estimates() -> None:
    z = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        # Skewed, and each draw correlated with the next: what makes errors hard to state.
        normal = rng.standard_normal((4, 400))
        for k in range(1, 400):
            normal[:, k] = 0.6 * normal[:, k - 1] + 0.8 * normal[:, k]
        points = -np.log(-np.log(stats.norm.cdf(normal)))[..., None]
        found = bridged(lambda x: stats.gumbel_r.logpdf(x[..., 0]), points, rng)
        z.append(found.value / found.error)
    # The root mean square of 200 standard normals lies within 0.15 of 1 but once in 300.
    assert np.sqrt(np.mean(np.square(z))) == pytest.approx(1, abs=0.2)
