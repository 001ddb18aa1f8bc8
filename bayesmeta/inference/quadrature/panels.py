"""Densities on the real line as polynomials on adaptive panels.

`climb` finds the summit of a log density, `outline` lays panels of doubling width to both sides
(these suit tails of any weight), and `resolve` halves the panels on which the polynomial through the
Gauss-Legendre nodes has not converged. Of the resulting `Panels`, integrals are sums over nodes, and
the distribution function is the antiderivative of the polynomials.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev
from numpy.polynomial.legendre import leggauss

from bayesmeta.arrays import Array

LogDensity = Callable[[float], float]

NEGLIGIBLE = 25.0
"""Where the log density lies this far below its summit, panels end."""
FIRST_PANEL = 2.0
"""Width of the innermost panels, in standard deviations."""
MAX_HALVINGS = 50
"""Of a panel; reached only by a density that is not smooth."""
STEEP, FLAT = 1.0, 0.1
"""Between these drops of the log density to its sides a parabola is fitted to the summit."""
SIDES = 2


class Rule(NamedTuple):
    """Gauss-Legendre rule on [-1, 1], and the matrix from values at its nodes to a Chebyshev series."""

    nodes: Array
    weights: Array
    to_coefficients: Array


@cache
def rule(order: int) -> Rule:
    """Return the rule with `order` nodes."""
    nodes, weights = leggauss(order)
    to_coefficients = np.linalg.inv(chebyshev.chebvander(nodes, order - 1))
    return Rule(nodes, weights, np.asarray(to_coefficients, dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Panels:
    """A density at nodes of panels: `lower`, `upper` (panel,), `density` (panel, node)."""

    lower: Array
    upper: Array
    density: Array

    @cached_property
    def nodes(self) -> Array:
        """Nodes, shape (panel, node)."""
        return _nodes(self.lower, self.upper, self.density.shape[1])

    @property
    def weights(self) -> Array:
        """Weights, shape (panel, node): an integral is ``sum(weights * density * f)``."""
        return weights_between(self.lower, self.upper, self.density.shape[1])

    @cached_property
    def coefficients(self) -> Array:
        """Chebyshev coefficients of the density on each panel, shape (node, panel)."""
        return rule(self.density.shape[1]).to_coefficients @ self.density.T

    @cached_property
    def _antiderivative(self) -> Array:
        """Those of its integral from the lower end, in half panels, shape (node + 1, panel)."""
        return np.asarray(chebyshev.chebint(self.coefficients, lbnd=-1, axis=0))

    def mass_below(self, limit: Array) -> Array:
        """Return the integral below each `limit` of shape (point, panel) or (point, 1)."""
        half = (self.upper - self.lower) / 2
        local = np.clip((limit - self.lower) / half - 1, -1, 1)
        masses = half * chebyshev.chebval(local, self._antiderivative, tensor=False)
        return np.asarray(masses.sum(axis=1))


class Summit(NamedTuple):
    """Where a log density is highest, the standard deviation of the normal like it, its value."""

    mode: float
    sd: float
    height: float


def climb(
    log_density: LogDensity, start: float, step: float, support: tuple[float, float]
) -> Summit:
    """Return the summit of the parabola through three points about a standard deviation apart."""
    mode, height, shrinking = start, log_density(start), False
    while True:
        sides = [x for x in (mode - step, mode + step) if support[0] <= x <= support[1]]
        drops = [height - log_density(x) for x in sides]
        if min(drops, default=0.0) < 0:
            mode = sides[drops.index(min(drops))]
            height -= min(drops)
        elif max(drops, default=math.inf) > STEEP:
            step, shrinking = step / 2, True
        elif max(drops) < FLAT and not shrinking:
            step *= 2
        else:
            return _parabola(mode, height, step, drops)


def _parabola(mode: float, height: float, step: float, drops: list[float]) -> Summit:
    """Return the summit of the parabola that is lower than `height` by `drops` a step away."""
    total = sum(drops) if len(drops) == SIDES else 2 * sum(drops)
    if total <= 0:
        return Summit(mode, step, height)
    tilt = drops[0] - drops[-1]
    shift = step * tilt / total / 2
    return Summit(mode + shift, step / math.sqrt(total), height + tilt**2 / total / 8)


def outline(
    log_density: LogDensity, summit: Summit, support: tuple[float, float], growth: LogDensity
) -> Array:
    """Return edges of panels that hold all of a density times exp(`growth`) that counts."""
    edges = [summit.mode]
    for sign in (-1, 1):
        distance = 0.0
        while True:
            distance = 2 * distance or FIRST_PANEL
            edge = summit.mode + sign * distance * summit.sd
            edges.append(min(max(edge, support[0]), support[1]))
            depth = summit.height - log_density(edges[-1]) - growth(edges[-1])
            if depth > NEGLIGIBLE or edges[-1] != edge:
                break
    return np.unique(edges)


def resolve(
    evaluate: Callable[[Array], Array], edges: Array, order: int, tolerance: float
) -> tuple[Array, Array, Array]:
    """Return lower and upper ends of panels, halved until smooth, and values at their nodes.

    `evaluate` returns a row for each point: the log density, and what is carried along. A panel is
    smooth when the last Chebyshev coefficients of the density on it, times its width, are below
    `tolerance` of the whole integral.
    """
    lower, upper = edges[:-1], edges[1:]
    smooth: list[tuple[Array, Array, Array]] = []
    log_smooth = -math.inf
    for left in reversed(range(MAX_HALVINGS)):
        values = evaluate(_nodes(lower, upper, order).ravel()).reshape(lower.size, order, -1)
        log_total = np.logaddexp(log_smooth, log_integral(lower, upper, values[:, :, 0]))
        density = np.exp(values[:, :, 0] - log_total)
        rough = (roughness(lower, upper, density) > tolerance) & (left > 0)
        found = lower[~rough], upper[~rough], values[~rough]
        smooth.append(found)
        log_smooth = np.logaddexp(log_smooth, log_integral(*found[:2], found[2][:, :, 0]))
        if not rough.any():
            break
        middle = (lower[rough] + upper[rough]) / 2
        lower, upper = np.r_[lower[rough], middle], np.r_[middle, upper[rough]]
    lower, upper, values = (np.concatenate(parts) for parts in zip(*smooth, strict=True))
    left_to_right = np.argsort(lower)
    return lower[left_to_right], upper[left_to_right], values[left_to_right]


def roughness(lower: Array, upper: Array, density: Array) -> Array:
    """Return by how much the integral over each panel may be unresolved, shape (panel,)."""
    coefficients = rule(density.shape[1]).to_coefficients @ density.T
    half = (upper - lower) / 2
    return np.asarray(half * np.abs(coefficients[-2:]).max(axis=0))


def log_integral(lower: Array, upper: Array, log_density: Array) -> float:
    """Return the log of the integral over all panels, given log densities at their nodes."""
    peak = log_density.max(initial=-np.inf)
    if not np.isfinite(peak):
        return -math.inf
    inner = np.exp(log_density - peak) @ rule(log_density.shape[1]).weights
    return float(peak + np.log(inner @ (upper - lower) / 2))


def weights_between(lower: Array, upper: Array, order: int) -> Array:
    """Return the weights of the rule on each panel, shape (panel, node)."""
    return np.outer(upper - lower, rule(order).weights) / 2


def _nodes(lower: Array, upper: Array, order: int) -> Array:
    half = (upper - lower) / 2
    return np.outer(half, rule(order).nodes) + (lower + half)[:, None]
