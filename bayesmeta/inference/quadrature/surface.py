"""A posterior density of `mu` and `tau`, known on lines of constant `tau`."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.kernels import sigmoid
from bayesmeta.inference.quadrature.panels import Panels
from bayesmeta.inference.quadrature.rules import conditional_moments, effect_moments

__all__ = ["Surface", "mu_for_mean_rate"]

Array = npt.NDArray[np.float64]

TINY = 1e-100
"""Stands for a `tau` of zero."""
UNSETTLED = 1e-7
"""If the outermost nodes hold more than this share of a moment, its integral does not converge."""
CONVERGED = 1e-8
"""Newton's method has as many digits again after a move of this size."""
MAX_STEPS = 100
PROBIT = 0.35
"""About the ratio of the squared slopes of the logistic and normal distribution functions."""
SMALL = 1e-3
"""Up to this `tau` the slope of the rate at `mu` is near enough to that of the mean rate."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A normalised posterior density of `mu` and `tau`.

    Attributes
    ----------
    mu : Panels
        Density of `mu` on the panels of all lines, each times the weight of its line.
    line : array of int, shape (panel,)
        Index into `tau`.
    tau : array, shape (line,)
        In the order of the nodes of `log_tau`; a single zero for the common-effect model.
    log_tau : Panels or None
        Density of log tau; None for the common-effect model.
    outermost : array of bool, shape (panel, node)
        Nodes next to where the density was cut off, which is not at the ends of its support.
    """

    mu: Panels
    line: npt.NDArray[np.int_]
    tau: Array
    log_tau: Panels | None
    outermost: npt.NDArray[np.bool_]

    @cached_property
    def weights(self) -> Array:
        """Probability at each node, shape (panel, node)."""
        return self.mu.weights * self.mu.density

    @cached_property
    def mean_rate(self) -> tuple[Array, Array]:
        """Mean and variance of invlogit(mu + u) over u ~ Normal(0, tau**2) at each node.

        Both have shape (panel, node) and are on the probability scale.
        """
        shape = self.mu.density.shape
        tau = np.broadcast_to(self.tau[self.line, None], shape)
        mean, variance = _new_rate(self.mu.nodes.ravel(), tau.ravel()).reshape(2, *shape)
        return mean, variance

    def expectation(self, values: Array, variance: Array | float = 0.0) -> tuple[float, float]:
        """Return mean and standard deviation of a quantity.

        Parameters
        ----------
        values : array, shape (panel, node)
            Mean of the quantity given `mu` and `tau`.
        variance : array, shape (panel, node), or float
            Its variance given `mu` and `tau`.

        Returns
        -------
        mean, sd : float
            nan where the integral does not converge.
        """
        mean = float(np.sum(self.weights * values))
        first = self.weights * np.abs(values - mean)
        second = self.weights * ((values - mean) ** 2 + variance)
        settled = [part[self.outermost].sum() <= UNSETTLED * part.sum() for part in (first, second)]
        sd = math.sqrt(second.sum())
        return mean if settled[0] else math.nan, sd if all(settled) else math.nan


@compiled
def _new_rate(mu: Array, tau: Array) -> Array:
    """Return mean and variance of the rate of a study not seen yet, shape (2, point)."""
    found, none = np.empty((2, mu.size)), np.zeros(1)
    for i in range(mu.size):
        _, _, _, rate, spread = conditional_moments(mu[i : i + 1], tau[i], none, none, 0)
        found[0, i], found[1, i] = rate[0], spread[0]
    return found


@compiled
def mu_for_mean_rate(log_odds: Array, tau: Array) -> Array:
    """Return the `mu` whose mean rate over u ~ Normal(0, tau**2) is invlogit(log_odds).

    Returns
    -------
    array, shape (point, line)
    """
    mu = np.empty((log_odds.size, tau.size))
    for i in range(log_odds.size):
        for j in range(tau.size):
            sign = 1.0 if log_odds[i] < 0 else -1.0
            mu[i, j] = sign * _mu_for_mean_rate(sign * log_odds[i], max(tau[j], TINY))
    return mu


@compiled
def _mu_for_mean_rate(log_odds: float, tau: float) -> float:
    """Return the same for one negative `log_odds`.

    The log of the mean rate is concave and increasing in `mu`, so that Newton's method converges
    from anywhere. It is the log likelihood of one event in one patient, and so is its slope.
    """
    target = log_odds - math.log1p(math.exp(log_odds))
    one = np.ones(1)
    mu = np.full(1, log_odds * math.sqrt(1 + PROBIT * tau**2))
    for _ in range(MAX_STEPS):
        value, effect, _ = effect_moments(mu, tau, one, one, 0)
        slope = effect / tau**2 if tau > SMALL else sigmoid(-mu[0])
        move = (target - value) / slope
        mu[0] += move
        if abs(move) <= CONVERGED * (abs(mu[0]) + tau):
            break
    return float(mu[0])
