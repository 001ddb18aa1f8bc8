"""The median study of nested outcomes, held to brute force."""

import numpy as np
import pytest
from scipy.special import expit

import bayesmeta as bm
from bayesmeta.estimates.nested_rates import median_rates


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.7])
def test_medians_are_those_of_many_studies(correlation: float) -> None:
    theta, tau = np.array([0.2, -0.5, 0.4]), np.array([2.0, 1.5, 1.0])
    matrix = np.full((3, 3), correlation / 2) + np.eye(3) * (1 - correlation / 2)
    factor = np.linalg.cholesky(matrix)
    effects = np.random.default_rng(1).standard_normal((1_000_000, 3)) @ factor.T * tau
    brute = np.median(np.cumprod(expit(theta + effects), axis=1), axis=0)
    draws = [np.repeat(one[None], 200, axis=0) for one in (theta, tau, factor)]
    found = median_rates(*draws, bm.Logit())
    # A million studies know a median to about 0.0005.
    assert found.mean(axis=0) == pytest.approx(brute, abs=0.002)
    assert found.std(axis=0).max() < 0.01
    # The product of the medians is another number: more studies of low rates lie beside it.
    assert np.cumprod(expit(theta))[2] > brute[2] + 0.01


def test_without_effects_all_studies_are_the_median_one() -> None:
    theta = np.array([[0.3, -0.2], [1.0, 0.5]])
    found = median_rates(theta, np.zeros((2, 2)), np.array([np.eye(2)] * 2), bm.Logit())
    assert found == pytest.approx(np.cumprod(expit(theta), axis=1))


def test_ratios_that_do_not_vary_leave_the_others_medians() -> None:
    theta, tau = np.array([[0.3, -0.2]]), np.array([[0.0, 1.5]])
    found = median_rates(theta, tau, np.eye(2)[None], bm.Logit())
    assert found[0] == pytest.approx(np.cumprod(expit(theta[0])), abs=1e-6)
