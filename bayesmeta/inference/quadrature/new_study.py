"""The log-odds of a new study: the posterior of `mu` convolved with the study effects.

The density of `mu` on a line of constant `tau` is a polynomial on each panel. Its product with a
normal density is integrated by a Gauss-Legendre rule where the panel is narrow compared with `tau`,
by a Gauss-Hermite rule, which is exact, where the normal density lies within the panel, and
where it is cut off by an end of the panel, piece by piece. No `tau` is too small or too large.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.polynomial.hermite_e import hermegauss

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.quadrature.panels import rule
from bayesmeta.inference.quadrature.surface import Surface

__all__ = ["REACH", "new_study"]

Array = npt.NDArray[np.float64]

REACH = 9.0
"""A normal density has nothing left beyond this many standard deviations."""
PIECES = 5
"""Of the stretch within `REACH`, each with a Gauss-Legendre rule of its own."""
NARROW = 2.0
"""On a panel at most this many `tau` to either side of its middle, a single rule serves."""
NEGLIGIBLE = 1e-17
"""Probability of a panel that is left out."""
TINY = 1e-100
"""Stands for a `tau` of zero."""
ROOT_HALF, ROOT_TWO_PI = math.sqrt(0.5), math.sqrt(2 * math.pi)


class Grid(NamedTuple):
    """A surface as plain arrays, and the two rules."""

    lower: Array
    upper: Array
    tau: Array
    density: Array
    """Chebyshev coefficients on each panel, shape (panel, order)."""
    mass: Array
    """Those of the integral from the lower end, shape (panel, order + 1)."""
    nodes: Array
    weights: Array
    normal_nodes: Array
    normal_weights: Array


def new_study(surface: Surface, x: Array) -> tuple[Array, Array]:
    """Return distribution function and density of a new study's log-odds at `x`.

    Returns
    -------
    cdf, density : array, shape (point,)
    """
    mu, order = surface.mu, surface.mu.density.shape[1]
    heavy = surface.weights.sum(axis=1) > NEGLIGIBLE
    normal_nodes, normal_weights = hermegauss(order // 2 + 1)
    grid = Grid(
        mu.lower[heavy],
        mu.upper[heavy],
        np.maximum(surface.tau[surface.line[heavy]], TINY),
        np.ascontiguousarray(mu.coefficients.T[heavy]),
        np.ascontiguousarray(mu.antiderivative.T[heavy]),
        rule(order).nodes,
        rule(order).weights,
        normal_nodes,
        normal_weights / ROOT_TWO_PI,
    )
    return _new_study(x, grid)


@compiled
def _new_study(x: Array, grid: Grid) -> tuple[Array, Array]:
    cdf, density = np.zeros(x.size), np.zeros(x.size)
    for i in range(x.size):
        for panel in range(grid.tau.size):
            below, at = _panel_convolved(x[i], panel, grid)
            cdf[i] += below
            density[i] += at
    return cdf, density


@compiled
def _panel_convolved(x: float, panel: int, grid: Grid) -> tuple[float, float]:
    """Return the contribution of one panel to the distribution function and density at `x`."""
    lower, upper, tau = grid.lower[panel], grid.upper[panel], grid.tau[panel]
    low, high = x - REACH * tau, x + REACH * tau
    if lower >= high:
        return 0.0, 0.0
    if upper <= low:
        return _mass_below(upper, panel, grid), 0.0
    if upper - lower <= 2 * NARROW * tau:
        return _piece((x - upper) / tau, (x - lower) / tau, x, (panel, grid))
    if lower <= low and high <= upper:
        return _within(x, panel, grid)
    far, near = max((x - upper) / tau, -REACH), min((x - lower) / tau, REACH)
    cdf, density, width = _mass_below(low, panel, grid), 0.0, (near - far) / PIECES
    for piece in range(PIECES):
        start = far + piece * width
        below, at = _piece(start, start + width, x, (panel, grid))
        cdf += below
        density += at
    return cdf, density


@compiled
def _piece(start: float, end: float, x: float, where: tuple[int, Grid]) -> tuple[float, float]:
    """Integrate over mu = x - tau z, with z from `start` to `end`, by the Gauss-Legendre rule.

    The integrands are the density of mu times the normal distribution function, and times the
    normal density.
    """
    panel, grid = where
    tau, half, cdf, density = grid.tau[panel], (end - start) / 2, 0.0, 0.0
    for k in range(grid.nodes.size):
        z = start + half * (1 + grid.nodes[k])
        height = grid.weights[k] * half * _density(x - tau * z, panel, grid)
        cdf += height * tau * math.erfc(-z * ROOT_HALF) / 2
        density += height * math.exp(-z * z / 2) / ROOT_TWO_PI
    return cdf, density


@compiled
def _within(x: float, panel: int, grid: Grid) -> tuple[float, float]:
    """Return the same where the normal density lies within the panel: means of polynomials."""
    cdf, density = 0.0, 0.0
    for k in range(grid.normal_nodes.size):
        mu = x - grid.tau[panel] * grid.normal_nodes[k]
        cdf += grid.normal_weights[k] * _mass_below(mu, panel, grid)
        density += grid.normal_weights[k] * _density(mu, panel, grid)
    return cdf, density


@compiled
def _density(mu: float, panel: int, grid: Grid) -> float:
    """Return the density of mu."""
    return _series(mu, panel, grid, grid.density[panel])


@compiled
def _mass_below(mu: float, panel: int, grid: Grid) -> float:
    """Return the mass of the panel below mu, which is nothing below its lower end."""
    half = (grid.upper[panel] - grid.lower[panel]) / 2
    mass = _series(max(mu, grid.lower[panel]), panel, grid, grid.mass[panel])
    return float(half * mass)


@compiled
def _series(mu: float, panel: int, grid: Grid, coefficients: Array) -> float:
    """Evaluate a Chebyshev series on a panel by Clenshaw's recurrence."""
    lower, upper = grid.lower[panel], grid.upper[panel]
    x = ((mu - lower) - (upper - mu)) / (upper - lower)
    current, above = 0.0, 0.0
    for k in range(coefficients.size - 1, 0, -1):
        current, above = coefficients[k] + 2 * x * current - above, current
    value: float = coefficients[0] + x * current - above
    return value
