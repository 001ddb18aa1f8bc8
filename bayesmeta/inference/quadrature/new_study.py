"""The rate of a new study: the posterior of `mu` convolved with the study effects."""

import math

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.quadrature.panels import Panels, climb, outline, resolve, rule
from bayesmeta.inference.quadrature.study import integrated_log_likelihood

REACH = 9.0
"""A normal density has nothing left beyond this many standard deviations."""
PIECE = 4.0
"""Widest stretch of a normal density, in standard deviations, that one Gauss-Legendre rule covers."""
NEGLIGIBLE = 1e-17
"""Probability of a panel that is left out."""
TINY = 1e-100
"""Stands for a `tau` of zero."""
ROOT_TWO_PI = math.sqrt(2 * math.pi)
CONVERGED = 1e-8
"""Newton's method has as many digits again after a move of this size."""
MAX_STEPS = 100
PROBIT = 0.35
"""About the ratio of the squared slopes of the logistic and normal distribution functions."""


def new_study_panels(mu: Panels, tau: Array, tolerance: float) -> Panels:
    """Resolve the density of a new study's log-odds; `tau` is that of each panel."""

    def log_density(theta: Array) -> Array:
        return np.log(np.maximum(new_study_density(mu, tau, theta), np.finfo(float).tiny))

    def at(theta: float) -> float:
        return float(log_density(np.array([theta]))[0])

    def growth(theta: float) -> float:
        return math.log(max(abs(theta - summit.mode) / summit.sd, 1.0))

    start = mu.nodes.flat[(mu.weights * mu.density).argmax()]
    summit = climb(at, float(start), 1.0, (-math.inf, math.inf))
    edges = outline(at, summit, (-math.inf, math.inf), growth)
    lower, upper, values = resolve(
        lambda theta: log_density(theta)[:, None], edges, mu.density.shape[1], tolerance
    )
    return Panels(lower, upper, np.exp(values[:, :, 0]))


def new_study_density(mu: Panels, tau: Array, theta: Array) -> Array:
    """Return the density of a new study's log-odds at each `theta`; `tau` is that of each panel."""
    heavy = (mu.weights * mu.density).sum(axis=1) > NEGLIGIBLE
    order = rule(mu.density.shape[1])
    ends = np.column_stack([mu.lower, mu.upper, np.maximum(tau, TINY)])[heavy]
    polynomials = np.ascontiguousarray(mu.coefficients.T[heavy])
    return _convolved(theta, ends, polynomials, order.nodes, order.weights / ROOT_TWO_PI)


@compiled
def _convolved(  # noqa: PLR0917
    theta: Array, panels: Array, polynomials: Array, nodes: Array, weights: Array
) -> Array:
    """Integrate over mu = theta - tau z on each panel, piece by piece of the normal density of z."""
    found = np.zeros(theta.size)
    for i in range(theta.size):
        for p in range(len(panels)):
            lower, upper, tau = panels[p]
            start = max((theta[i] - upper) / tau, -REACH)
            end = min((theta[i] - lower) / tau, REACH)
            if start >= end:
                continue
            pieces = math.ceil((end - start) / PIECE)
            half = (end - start) / pieces / 2
            for k in range(pieces * nodes.size):
                piece, node = divmod(k, nodes.size)
                z = start + half * (2 * piece + 1 + nodes[node])
                mu = theta[i] - tau * z
                local = ((mu - lower) - (upper - mu)) / (upper - lower)
                height = weights[node] * half * math.exp(-z * z / 2)
                found[i] += height * _series(local, polynomials[p])
    return found


@compiled
def _series(x: float, coefficients: Array) -> float:
    """Evaluate a Chebyshev series by Clenshaw's recurrence."""
    current, above = 0.0, 0.0
    for k in range(coefficients.size - 1, 0, -1):
        current, above = coefficients[k] + 2 * x * current - above, current
    value: float = coefficients[0] + x * current - above
    return value


@compiled
def mean_rates(mu: Array, tau: Array) -> tuple[Array, Array]:
    """Return mean and variance of invlogit(mu + u) over u ~ Normal(0, tau**2) at each point."""
    mean, variance = np.empty(mu.size), np.empty(mu.size)
    one = np.ones(1)
    for i in range(mu.size):
        # Means of a small rate and its square are the likelihoods of 1 of 1 and 2 of 2 responders.
        eta = np.full(1, -abs(mu[i]))
        first = math.exp(integrated_log_likelihood(eta, tau[i], one, one))
        second = math.exp(integrated_log_likelihood(eta, tau[i], 2 * one, 2 * one))
        mean[i] = first if mu[i] < 0 else 1 - first
        variance[i] = max(second - first**2, 0.0)
    return mean, variance


@compiled
def mu_for_mean_rate(log_odds: Array, tau: Array) -> Array:
    """Return the `mu` whose mean rate is invlogit(log_odds), shape (point, line)."""
    mu = np.empty((log_odds.size, tau.size))
    for i in range(log_odds.size):
        sign = 1.0 if log_odds[i] < 0 else -1.0
        for j in range(tau.size):
            mu[i, j] = sign * _mu_for_mean_rate(sign * log_odds[i], tau[j])
    return mu


@compiled
def _mu_for_mean_rate(log_odds: float, tau: float) -> float:
    """Return the same for one negative `log_odds`.

    The log of the mean rate is concave and increasing in `mu`, so that Newton's method converges
    from anywhere. The rate's slope is the likelihood of one responder and one other.
    """
    target, one = log_odds - math.log1p(math.exp(log_odds)), np.ones(1)
    mu = np.full(1, log_odds * math.sqrt(1 + PROBIT * tau**2))
    for _ in range(MAX_STEPS):
        value = integrated_log_likelihood(mu, tau, one, one)
        slope = math.exp(integrated_log_likelihood(mu, tau, one, 2 * one) - value)
        move = (target - value) / slope
        mu[0] += move
        if abs(move) <= CONVERGED * (abs(mu[0]) + tau):
            break
    return float(mu[0])
