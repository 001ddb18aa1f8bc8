"""Densities on the real line as polynomials on adaptive panels.

`climb` finds where a log density has its summit and how wide it is there, `outline` lays panels
of doubling width to both sides until nothing is left, `resolve` evaluates the density at the
Gauss-Legendre nodes of each panel and halves those panels on which the polynomial through
the nodes has not converged. Doubling widths suit tails of any weight: a power law falls by the same
factor on each panel. What is left is a `Panels` value: integrals are sums over its nodes, and the
distribution function is the antiderivative of its polynomials.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.polynomial import legendre

__all__ = ["Panels", "Summit", "climb", "outline", "resolve"]

Array = npt.NDArray[np.float64]
LogDensity = Callable[[float], float]

NEGLIGIBLE = 30.0
"""A log density this far below its summit, in units of the summit's width, is dropped."""
MAX_HALVINGS = 50


class Rule(NamedTuple):
    """Gauss-Legendre rule on [-1, 1], and the matrix from values at its nodes to coefficients."""

    nodes: Array
    weights: Array
    to_coefficients: Array


@cache
def rule(order: int) -> Rule:
    """Return the rule with `order` nodes."""
    nodes, weights = legendre.leggauss(order)
    basis = legendre.legvander(nodes, order - 1)
    scale = np.arange(order) + 0.5
    return Rule(nodes, weights, scale[:, None] * (basis * weights[:, None]).T)


@dataclass(frozen=True, eq=False)
class Panels:
    """A density on panels of the real line.

    Attributes
    ----------
    lower, upper : array, shape (panel,)
        Ends of the panels.
    density : array, shape (panel, node)
        Values at the Gauss-Legendre nodes.
    """

    lower: Array
    upper: Array
    density: Array

    @property
    def nodes(self) -> Array:
        """Nodes, shape (panel, node)."""
        return _nodes(self.lower, self.upper, self.density.shape[1])

    @property
    def weights(self) -> Array:
        """Weights of the rule, shape (panel, node): integrals are ``sum(weights * density * f)``."""
        return np.outer(self.upper - self.lower, rule(self.density.shape[1]).weights) / 2

    @property
    def coefficients(self) -> Array:
        """Legendre coefficients of the density on each panel, shape (node, panel)."""
        return rule(self.density.shape[1]).to_coefficients @ self.density.T

    def mass_below(self, limit: Array) -> Array:
        """Return the integral of each panel's density up to `limit`, shape (..., panel).

        `limit` has one value for each panel in its last dimension, or a single one for all.
        """
        half = (self.upper - self.lower) / 2
        local = np.clip((limit - self.lower) / half - 1, -1, 1)
        integral = legendre.legint(self.coefficients, lbnd=-1, axis=0)
        return half * np.asarray(legendre.legval(local, integral, tensor=False))


class Summit(NamedTuple):
    """Where a log density is highest, how far from there it has dropped by about one, and its value."""

    mode: float
    width: float
    height: float


def climb(
    log_density: LogDensity, start: float, width: float, support: tuple[float, float]
) -> Summit:
    """Climb to the summit of `log_density`, from `start` in steps of about `width`.

    The mode is found to within `width` only: it centres panels, no more is needed.
    """
    mode, height = start, log_density(start)
    while True:
        sides = [x for x in (mode - width, mode + width) if support[0] <= x <= support[1]]
        values = [log_density(x) for x in sides]
        best = max(values, default=-math.inf)
        if best > height:
            mode, height = sides[values.index(best)], best
            width *= 2
        elif height - min(values, default=-math.inf) > 1:
            width /= 2
        elif height - min(values) < 1 / 5:
            width *= 2
        else:
            return Summit(mode, width, height)
