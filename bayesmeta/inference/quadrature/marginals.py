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

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.inference.quadrature.new_study import mu_for_mean_rate
from bayesmeta.inference.quadrature.panels import Panels
from bayesmeta.inference.quadrature.surface import Surface

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
    """Posterior of one quantity; `mean` and `sd` are NaN where the integral does not converge."""

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
        return np.asarray(self.scale.to_value(self.coordinate(probability)))

    def coordinate(self, probability: npt.ArrayLike) -> Array:
        """Return the quantiles of `probability` on the coordinate of `scale`."""
        probability = np.asarray(probability, dtype=np.float64)
        if not np.all((probability >= 0) & (probability <= 1)):
            raise SettingsError(f"`probability` must lie between 0 and 1; got {probability}.")
        flat = probability.ravel()
        low, high = (np.full(flat.shape, bound) for bound in self.bounds)

        def excess(x: Array, p: Array) -> Array:
            return self.coordinate_cdf(x) - p

        root = elementwise.find_root(excess, (low, high), args=(flat,))
        # Where no root is bracketed, the probability beyond the bounds has rounded to nothing.
        found = np.where(root.success, root.x, np.where(flat < 1 / 2, low, high))
        return np.asarray(found.reshape(probability.shape))


def _of_panels(panels: Panels, scale: Scale, moments: tuple[float, float]) -> Marginal:
    """Return the distribution of a quantity whose coordinate has a density on panels."""
    bounds = float(panels.lower.min()), float(panels.upper.max())
    return Marginal(*moments, scale, lambda x: panels.mass_below(x[:, None]), bounds)


def _tau(surface: Surface) -> Marginal:
    if surface.log_tau is None:
        raise SettingsError("A common-effect model has no `tau`; ask for another target.")
    return _of_panels(surface.log_tau, POSITIVE, surface.expectation(surface.tau_of_nodes))


def _mean(surface: Surface) -> Marginal:
    heavy = np.bincount(surface.line, surface.weights.sum(axis=1)) > NEGLIGIBLE

    def cdf(x: Array) -> Array:
        mu = np.repeat(x[:, None], surface.tau.size, axis=1)
        mu[:, heavy] = mu_for_mean_rate(x, surface.tau[heavy])
        return surface.mu.mass_below(mu[:, surface.line])

    # A mean rate lies nearer one half than the typical rate, so the bounds of that hold it.
    low, high = surface.mu.lower.min(), surface.mu.upper.max()
    bounds = max(min(low, 0.0), -CERTAIN), min(max(high, 0.0), CERTAIN)
    return Marginal(*surface.expectation(surface.mean_rate[0]), RATE, cdf, bounds)


TARGETS: dict[str, Callable[[Surface], Marginal]] = {
    "mu": lambda at: _of_panels(at.mu, REAL, at.expectation(at.mu.nodes)),
    "tau": _tau,
    "typical": lambda at: _of_panels(at.mu, RATE, at.expectation(expit(at.mu.nodes))),
    "mean": _mean,
    "new_study": lambda at: _of_panels(at.new_study, RATE, at.expectation(*at.mean_rate)),
}
"""Log-odds `mu`; `tau` (log-odds); and the typical, mean and new-study rates (probabilities)."""
