"""Mixtures fitted to draws are near them, never get less likely, and are always the same."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize
from scipy.special import logit

import bayesmeta as bm
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.planning.counts import log_rates
from bayesmeta.planning.expectation_maximisation import (
    Points,
    expectation_maximisation,
    maximise_betas,
    mean_log_likelihood,
)
from bayesmeta.planning.mixture_fit import rate_sample

TRUTH = bm.BetaMixture([0.7, 0.3], a=[30, 2], b=[90, 5])


def drawn(mixture: bm.BetaMixture, size: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    part = rng.choice(len(mixture.weights), p=mixture.weights, size=size)
    return logit(rng.beta(np.array(mixture.a)[part], np.array(mixture.b)[part]))


def test_a_known_mixture_is_found_again():
    found = bm.fit_mixture(drawn(TRUTH, 40_000, 1), components=2)
    np.testing.assert_allclose(found.mixture.weights, TRUTH.weights, atol=0.02)
    np.testing.assert_allclose(found.mixture.a, TRUTH.a, rtol=0.1)
    np.testing.assert_allclose(found.mixture.b, TRUTH.b, rtol=0.1)
    assert found.ecdf_difference < 0.01
    assert found.kl < 0.005


@pytest.mark.slow
def test_criteria_choose_what_they_say():
    draws = drawn(TRUTH, 4000, 2)
    for criterion in ("aic", "bic"):
        found = bm.fit_mixture(draws, components=criterion)
        assert list(found.table.index) == [1, 2, 3, 4]
        assert len(found.mixture.weights) == found.table[criterion].idxmin()
    row = found.table.loc[2]
    assert row["aic"] == pytest.approx(2 * 5 - 2 * row["log_likelihood"])
    assert row["bic"] == pytest.approx(5 * np.log(4000) - 2 * row["log_likelihood"])
    assert (np.diff(found.table["log_likelihood"]) > -1).all()
    assert found.kl == found.table.loc[2, "kl"]


@pytest.mark.slow
def test_order_of_draws_does_not_matter_and_nodes_do_not_count_as_draws():
    draws = drawn(TRUTH, 4000, 3)
    found = bm.fit_mixture(draws)
    turned = bm.fit_mixture(draws[::-1]).mixture
    for part in ("weights", "a", "b"):
        np.testing.assert_allclose(getattr(turned, part), getattr(found.mixture, part), rtol=1e-6)
    nodes = DrawnRates(np.repeat(draws.reshape(4, 1000, 1), 8, axis=2))
    many = bm.fit_mixture(nodes)
    np.testing.assert_allclose(many.table, found.table, rtol=1e-3, atol=2e-3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.floats(0.5, 400), st.floats(0.5, 400))
def test_likelihood_never_falls(seed, number, a, b):
    rng = np.random.default_rng(seed)
    theta = np.sort(np.r_[rng.normal(-2, 1.5, 150), rng.normal(1, 0.2, 50)])
    points = Points(*log_rates(theta), np.full(200, 1 / 200))
    start = bm.BetaMixture(
        (1 / number,) * number,
        tuple(np.maximum(a * rng.random(number), 1)),
        (max(b, 1.0),) * number,
    )
    path = list(expectation_maximisation(start, points))
    reached = np.array([value for _, value in path])
    assert (np.diff(reached) > -1e-9).all()
    assert mean_log_likelihood(path[-1][0], points) == pytest.approx(reached[-1], abs=1e-10)
    assert min(path[-1][0].a + path[-1][0].b) >= 1 - 1e-12


@pytest.mark.parametrize("distribution", [(0.3, 5), (0.5, 0.5), (1.5, 0.4), (12, 30), (900, 2)])
def test_best_parameters_are_those_of_a_general_optimiser(distribution):
    theta = logit(np.random.default_rng(4).beta(*distribution, 2000))
    means = [each[np.isfinite(theta)].mean() for each in log_rates(theta)]
    found = np.ravel(maximise_betas(*np.reshape(means, (2, 1)), np.ones(1), np.ones(1)))
    points = Points(*np.reshape(means, (2, 1)), np.ones(1))

    def loss(log_ab: np.ndarray) -> float:
        a, b = np.exp(log_ab)
        return -mean_log_likelihood(bm.BetaMixture([1], [a], [b]), points)

    best = minimize(loss, np.log([2, 2]), bounds=[(0, 12)] * 2, tol=1e-12)
    assert loss(np.log(found)) <= best.fun + 1e-9
    np.testing.assert_allclose(found, np.exp(best.x), rtol=1e-2)


@pytest.mark.parametrize("centre", [-40.0, -9.0, 9.0, 40.0])
def test_rates_near_zero_and_one_do_no_harm(centre):
    theta = centre + np.random.default_rng(5).normal(size=2000)
    found = bm.fit_mixture(theta)
    assert found.ecdf_difference < (0.02 if abs(centre) < 30 else 1.0)
    assert np.isfinite(found.table.to_numpy()).all()


def test_groups_keep_every_point():
    sample = rate_sample(np.linspace(-3, 3, 2501))
    log_rate, log_rest, share = sample.grouped()
    assert share.sum() == pytest.approx(1)
    assert share @ log_rate == pytest.approx(log_rates(sample.log_odds)[0].mean())
    assert share @ log_rest == pytest.approx(log_rates(sample.log_odds)[1].mean())
    assert sample.distribution()[1][-1] == 1


@pytest.mark.parametrize("components", ["AIC", 0, 5, True, 2.0, None])
def test_components_are_checked(components):
    with pytest.raises(
        bm.SettingsError, match="`components` must be 'aic', 'bic' or a whole number from 1 to 4"
    ):
        bm.fit_mixture(drawn(TRUTH, 200, 1), components=components)


@pytest.mark.parametrize(
    ("distribution", "message"),
    [
        ([np.nan] * 200, "`distribution` must be finite log-odds"),
        ([0.1] * 99, "`distribution` must have at least 100 draws; got 99"),
        (
            "rates",
            "`distribution` must be that of a prediction or an array of log-odds; got str",
        ),
    ],
)
def test_distributions_are_checked(distribution, message):
    with pytest.raises(bm.SettingsError, match=message):
        bm.fit_mixture(distribution)
