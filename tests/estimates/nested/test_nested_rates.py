"""Rates of nested outcomes against quadrature written apart."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

import bayesmeta as bm
from bayesmeta.estimates.nested_rates import NestedRates, nested_rates
from bayesmeta.inference.lattice import kronecker_sequence

CORRELATION = np.array([[1.0, 0.4, 0.1], [0.4, 1.0, -0.3], [0.1, -0.3, 1.0]])


def exact_means(theta: np.ndarray, tau: float) -> np.ndarray:
    nodes, weights = hermegauss(41)
    grid = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 3)
    weight = np.einsum("i,j,k->ijk", *3 * [weights / weights.sum()]).ravel()
    effects = tau * grid @ np.linalg.cholesky(CORRELATION).T
    return np.asarray(weight @ np.cumprod(expit(theta + effects), axis=-1))


@pytest.mark.parametrize("tau", [0.3, 1.0, 2.0])
def test_mean_rates_are_those_of_quadrature(fit: bm.Fit, tau: float) -> None:
    theta, shape = np.array([0.4, -0.2, 0.7]), (4, 250)
    rates = NestedRates(
        fit,
        np.tile(theta, (*shape, 1)),
        np.full((*shape, 3), tau),
        np.tile(np.linalg.cholesky(CORRELATION), (*shape, 1, 1)),
    )
    found = rates.mean
    expected = exact_means(theta, tau)
    # Each draw errs by another error: their mean is exact, and each is near.
    assert found.mean(axis=(0, 1)) == pytest.approx(expected, abs=3e-4)
    assert np.abs(found - expected).max() < 0.04
    assert rates.new_study.mean(axis=(0, 1, 2)) == pytest.approx(expected, abs=1e-3)


def test_rates_are_nested_in_every_draw(fit: bm.Fit) -> None:
    rates = nested_rates(fit, {"regimen": "b"})
    for found in (rates.typical, rates.mean, rates.new_study):
        # Weights of nodes may add up to a rounding more than 1.
        assert (np.diff(found, axis=-1) <= 1e-12).all()
        assert ((found >= 0) & (found <= 1 + 1e-12)).all()


def test_a_known_study_has_its_own_effects_and_no_others(fit: bm.Fit) -> None:
    rates = nested_rates(fit, {"regimen": "a"}).of_study("s1")
    theta = fit.posterior["mu"].to_numpy() + fit.posterior["u"].sel(study="s1").to_numpy()
    assert rates.new_study.shape[2] == 1
    assert rates.new_study[:, :, 0] == pytest.approx(np.cumprod(expit(theta), axis=-1))


def test_independent_effects_have_no_correlation(
    make_fit: Callable[[bm.ModelSpec], bm.Fit],
) -> None:
    rates = nested_rates(make_fit(bm.ModelSpec(correlation=None)), None)
    assert rates.factor == pytest.approx(np.broadcast_to(np.eye(3), rates.factor.shape))


def test_points_are_even_whatever_the_block() -> None:
    whole = kronecker_sequence(range(20), 16, 3)
    assert whole[7:12] == pytest.approx(kronecker_sequence(range(7, 12), 16, 3), rel=1e-12)
    assert ((whole > 0) & (whole < 1)).all()
    for dim in range(3):
        counts = np.histogram(whole[..., dim], bins=10, range=(0, 1))[0]
        assert np.abs(counts - 32).max() <= 6
