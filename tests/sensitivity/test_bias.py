"""Elicited biases: the exact posterior against brute force, and identities."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit, log_expit, logsumexp

import bayesmeta as bm

COUNTS = [(4, 12), (9, 22), (14, 41), (3, 15)]
BIAS = {"study00": (0.4, 0.5), "study02": (-0.3, 0.0)}
SPEC = bm.ModelSpec(mu=bm.Normal(0, 1.5), study_effects=bm.NormalEffects(bm.HalfNormal(0.5)))


@pytest.fixture(scope="module")
def exact(make_arms: Callable[..., bm.Arms]) -> bm.QuadratureFit:
    return bm.fit(SPEC, make_arms(COUNTS), method="quadrature")


def test_the_posterior_is_that_of_brute_force(exact: bm.QuadratureFit) -> None:
    """Study effects and biases are integrated one after the other, as two separate sums."""
    nodes, weights = np.polynomial.legendre.leggauss(48)
    mu, tau = np.meshgrid(3.5 * nodes - 0.6, 1.5 * (nodes + 1), indexing="ij")
    each, by_each = np.polynomial.hermite_e.hermegauss(80)
    biases, by_bias = np.polynomial.hermite_e.hermegauss(16)
    logs = -0.5 * (mu / 1.5) ** 2 - 0.5 * (tau / 0.5) ** 2
    for place, (events, n) in enumerate(COUNTS):
        mean, sd = BIAS.get(f"study{place:02d}", (0.0, 0.0))
        theta = mu[..., None, None] + tau[..., None, None] * each[:, None] + mean + sd * biases
        log_count = events * log_expit(theta) + (n - events) * log_expit(-theta)
        logs += logsumexp(log_count, axis=(-2, -1), b=np.outer(by_each, by_bias))
    density = np.exp(logs - logs.max()) * np.outer(weights, weights)
    density /= density.sum()
    found = bm.bias_adjusted(exact, bias=BIAS).posterior
    for name, values in {"mu": mu, "tau": tau, "typical": expit(mu)}.items():
        assert found.marginal(name).mean == pytest.approx(float((density * values).sum()), abs=1e-6)


def test_the_same_bias_of_all_studies_moves_the_result_back(exact: bm.QuadratureFit) -> None:
    flat = bm.ModelSpec(mu=bm.Normal(0, 1000), study_effects=SPEC.study_effects)
    plain = bm.fit(flat, exact.arms, method="quadrature")
    shifted = bm.bias_adjusted(plain, bias={str(one): (0.7, 0.0) for one in exact.arms.studies})
    means = [one.posterior.marginal("mu").mean for one in (plain, shifted)]
    assert means[0] - means[1] == pytest.approx(0.7, abs=1e-5)


def test_a_study_whose_bias_is_unknown_counts_for_nothing(
    exact: bm.QuadratureFit, make_arms: Callable[..., bm.Arms]
) -> None:
    found = bm.bias_adjusted(exact, bias={"study03": (0.0, 1e5)})
    without = bm.fit(SPEC, make_arms(COUNTS[:3]), method="quadrature")
    for name in ("mu", "tau"):
        expected = without.posterior.marginal(name).mean
        assert found.posterior.marginal(name).mean == pytest.approx(expected, abs=1e-4)


def test_refits_keep_the_biases(exact: bm.QuadratureFit) -> None:
    adjusted = bm.bias_adjusted(exact, bias=BIAS)
    again = bm.prior_grid(adjusted, priors={"tau": [bm.HalfNormal(0.3)]})
    narrow = bm.ModelSpec(mu=SPEC.mu, study_effects=bm.NormalEffects(bm.HalfNormal(0.3)))
    direct = bm.bias_adjusted(bm.fit(narrow, exact.arms, method="quadrature"), bias=BIAS)
    expected = float(direct.posterior.marginal("typical").quantile(0.5))
    assert again["typical"][1] == pytest.approx(expected, rel=1e-9)
    changes = bm.marginal_likelihood_sensitivity(adjusted, seed=1)
    [change] = changes.loc[(changes["parameter"] == "tau") & (changes["factor"] == 2.0), "change"]
    wide = bm.ModelSpec(mu=SPEC.mu, study_effects=bm.NormalEffects(bm.HalfNormal(1.0)))
    other = bm.bias_adjusted(bm.fit(wide, exact.arms, method="quadrature"), bias=BIAS)
    expected = other.log_marginal_likelihood - adjusted.log_marginal_likelihood
    assert change == pytest.approx(expected, rel=1e-9)
    with pytest.raises(
        bm.SettingsError, match="`selection` is not available for a fit with biases"
    ):
        bm.selection(adjusted)


@pytest.mark.parametrize(
    ("bias", "message"),
    [
        ({}, "`bias` must map studies to a mean and a standard deviation"),
        ({"study99": (0.1, 0.2)}, "`bias` names 'study99', no study of the arms"),
        ({"study00": 0.2}, "`bias` of 'study00' must be a finite mean"),
        ({"study00": (0.1, -0.2)}, r"`bias` of 'study00' must be .* got \(0.1, -0.2\)"),
        ({"study00": (float("nan"), 0.2)}, "`bias` of 'study00' must be a finite mean"),
    ],
)
def test_what_makes_no_sense_is_refused(exact: bm.QuadratureFit, bias, message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.bias_adjusted(exact, bias=bias)


def test_draws_are_refused(pooled_fit: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match="`fit` must be a QuadratureFit; got Fit"):
        bm.bias_adjusted(pooled_fit, bias=BIAS)  # type: ignore[arg-type]
