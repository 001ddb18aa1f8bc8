"""Marginal distributions of a posterior of `mu` and `tau` known on lines of constant `tau`.

`TARGETS` names the quantities; each is one function from a `Surface` to a `Marginal`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import elementwise
from scipy.special import expit, logit

from bayesmeta.errors import SettingsError
from bayesmeta.inference.quadrature.new_study import REACH, new_study
from bayesmeta.inference.quadrature.surface import Surface, mu_for_mean_rate

__all__ = ["TARGETS", "Marginal"]

Array = npt.NDArray[np.float64]


NEGLIGIBLE = 1e-15
"""Probability of a line on which mean rates are not looked up."""
CERTAIN = 700.0
"""Log-odds of the smallest and largest rates that differ from zero and one."""


class Scale(NamedTuple):
    """A quantity, and the coordinate on the whole real line that stands for it."""

    to_value: Callable[[Array], Array]
    to_coordinate: Callable[[Array], Array]


def _log(x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(x, 0.0))


REAL = Scale(np.asarray, np.asarray)
POSITIVE = Scale(np.exp, _log)
RATE = Scale(lambda x: expit(x), lambda rate: logit(np.clip(rate, 0.0, 1.0)))


@dataclass(frozen=True, eq=False)
class Marginal:
    """Posterior distribution of one quantity.

    Attributes
    ----------
    mean, sd : float
        On the quantity's own scale; nan where the integral does not converge.
    scale : Scale
    coordinate_cdf : callable
        Distribution function on the coordinate of `scale`, elementwise.
    bounds : tuple of float
        Coordinates that hold all of the probability.
    """

    mean: float
    sd: float
    scale: Scale
    coordinate_cdf: Callable[[Array], Array]
    bounds: tuple[float, float]

    def cdf(self, x: npt.ArrayLike) -> Array:
        """Return the probability of values up to `x`, of the shape of `x`."""
        coordinate = np.clip(
            self.scale.to_coordinate(np.asarray(x, dtype=np.float64)), *self.bounds
        )
        found = np.clip(self.coordinate_cdf(coordinate.ravel()), 0, 1).reshape(coordinate.shape)
        # The sum over all of the probability may end a rounding below 1.
        return np.where(coordinate == self.bounds[1], 1.0, found)

    def quantile(self, probability: npt.ArrayLike) -> Array:
        """Return the quantiles of `probability`, of its shape."""
        probability = np.asarray(probability, dtype=np.float64)
        if not np.all((probability >= 0) & (probability <= 1)):
            raise SettingsError(f"`probability` must lie between 0 and 1; got {probability}.")
        flat = probability.ravel()
        low, high = (np.full(flat.shape, bound) for bound in self.bounds)

        def excess(x: Array, p: Array) -> Array:
            return self.coordinate_cdf(x) - p

        root = elementwise.find_root(excess, (low, high), args=(flat,))
        # Where no root is bracketed, the probability beyond the bounds has rounded to nothing.
        coordinate = np.where(root.success, root.x, np.where(flat < 1 / 2, low, high))
        return np.asarray(self.scale.to_value(coordinate.reshape(probability.shape)))


def _mu(surface: Surface) -> Marginal:
    mean, sd = surface.expectation(surface.mu.nodes)
    return Marginal(mean, sd, REAL, lambda x: _mu_cdf(surface, x), _mu_bounds(surface))


def _mu_cdf(surface: Surface, x: Array) -> Array:
    return surface.mu.mass_below(x[:, None]).sum(axis=1)


def _mu_bounds(surface: Surface) -> tuple[float, float]:
    return float(surface.mu.lower.min()), float(surface.mu.upper.max())


def _rate_bounds(surface: Surface, reach: float) -> tuple[float, float]:
    """Return log-odds that hold mu, zero and `reach` more, as far as rates can be told apart."""
    low, high = _mu_bounds(surface)
    return max(min(low, 0.0) - reach, -CERTAIN), min(max(high, 0.0) + reach, CERTAIN)


def _typical(surface: Surface) -> Marginal:
    mean, sd = surface.expectation(expit(surface.mu.nodes))
    return Marginal(mean, sd, RATE, lambda x: _mu_cdf(surface, x), _rate_bounds(surface, 0.0))


def _tau(surface: Surface) -> Marginal:
    log_tau = surface.log_tau
    if log_tau is None:
        raise SettingsError("A common-effect model has no `tau`; ask for another target.")
    tau = np.broadcast_to(surface.tau[surface.line, None], surface.mu.density.shape)
    mean, sd = surface.expectation(tau)
    bounds = float(log_tau.lower[0]), float(log_tau.upper[-1])
    return Marginal(
        mean, sd, POSITIVE, lambda x: log_tau.mass_below(x[:, None]).sum(axis=1), bounds
    )


def _mean(surface: Surface) -> Marginal:
    rate, _ = surface.mean_rate
    mean, sd = surface.expectation(rate)

    heavy = np.bincount(surface.line, surface.weights.sum(axis=1)) > NEGLIGIBLE

    def cdf(x: Array) -> Array:
        mu = np.repeat(x[:, None], surface.tau.size, axis=1)
        mu[:, heavy] = mu_for_mean_rate(x, surface.tau[heavy])
        return surface.mu.mass_below(mu[:, surface.line]).sum(axis=1)

    # A mean rate lies nearer one half than the typical rate, so the bounds of that hold it.
    return Marginal(mean, sd, RATE, cdf, _rate_bounds(surface, 0.0))


def _new_study(surface: Surface) -> Marginal:
    rate, variance = surface.mean_rate
    mean, sd = surface.expectation(rate, variance)
    bounds = _rate_bounds(surface, REACH * surface.tau.max())
    return Marginal(mean, sd, RATE, lambda x: new_study(surface, x)[0], bounds)


TARGETS: dict[str, Callable[[Surface], Marginal]] = {
    "mu": _mu,
    "tau": _tau,
    "typical": _typical,
    "mean": _mean,
    "new_study": _new_study,
}
"""Log-odds `mu`; `tau` (log-odds); and the typical, mean and new-study rates (probabilities)."""
