"""The log-odds of a new study: the posterior of `mu` convolved with the study effects.

The density of `mu` on a line of constant `tau` is a polynomial on each panel. Where a panel is
narrow compared with `tau`, one Gauss-Legendre rule integrates the product with a normal density;
where it is wide, only the stretch within nine `tau` of the point matters, and that is cut into
pieces on which such a rule does. No `tau` is too small or too large for it.
"""

import math

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.grid_panels import rule
from bayesmeta.inference.grid_surface import Surface

__all__ = ["REACH", "new_study"]

Array = npt.NDArray[np.float64]
Grid = tuple[Array, Array, Array, Array, Array]
"""Lower and upper ends of panels, their coefficients, nodes and weights of the rule."""

REACH = 9.0
"""A normal density has nothing left beyond this many standard deviations."""
PIECES = 5
"""Of the stretch within `REACH`, each with a Gauss-Legendre rule of its own."""
NARROW = 2.0
"""On a panel at most this many `tau` to either side of its middle, the panel's own rule serves."""
TINY = 1e-100
"""Stands for a `tau` of zero."""
ROOT_HALF, ROOT_PI = math.sqrt(0.5), math.sqrt(math.pi)


def new_study(surface: Surface, x: Array) -> tuple[Array, Array]:
    """Return distribution function and density of a new study's log-odds at `x`.

    Parameters
    ----------
    surface : Surface
    x : array, shape (point,)

    Returns
    -------
    cdf, density : array, shape (point,)
    """
    mu, order = surface.mu, rule(surface.mu.density.shape[1])
    grid = (mu.lower, mu.upper, np.ascontiguousarray(mu.coefficients.T), order.nodes, order.weights)
    return _new_study(x, np.maximum(surface.tau[surface.line], TINY), grid)


@compiled
def _new_study(x: Array, tau: Array, grid: Grid) -> tuple[Array, Array]:
    cdf, density = np.zeros(x.size), np.zeros(x.size)
    for i in range(x.size):
        for panel in range(tau.size):
            below, at = _panel_convolved(x[i], tau[panel], panel, grid)
            cdf[i] += below
            density[i] += at
    return cdf, density


@compiled
def _panel_convolved(x: float, tau: float, panel: int, grid: Grid) -> tuple[float, float]:
    """Return the contribution of one panel to the distribution function and density at `x`."""
    lower, upper = grid[0][panel], grid[1][panel]
    half = (upper - lower) / 2
    if lower >= x + REACH * tau:
        return 0.0, 0.0
    if upper <= x - REACH * tau:
        return 2 * half * grid[2][panel, 0], 0.0
    if half <= NARROW * tau:
        return _gauss(((x - upper) / tau, (x - lower) / tau), (x, tau), panel, grid)
    far, near = max((x - upper) / tau, -REACH), min((x - lower) / tau, REACH)
    cdf, density = 0.0, 0.0
    for piece in range(PIECES):
        start = far + (near - far) * piece / PIECES
        part = _gauss((start, start + (near - far) / PIECES), (x, tau), panel, grid)
        cdf += part[0]
        density += part[1]
    return cdf + _mass_below(x - REACH * tau, panel, grid), density


@compiled
def _gauss(
    stretch: tuple[float, float], point: tuple[float, float], panel: int, grid: Grid
) -> tuple[float, float]:
    """Integrate over a stretch of z, where mu = x - tau z, with (x, tau) the point.

    The integrands are the density of mu times the normal distribution function, and times the
    normal density.
    """
    x, tau = point
    cdf, density = 0.0, 0.0
    half = (stretch[1] - stretch[0]) / 2
    for k in range(grid[3].size):
        z = stretch[0] + half * (1 + grid[3][k])
        height = grid[4][k] * half * _density(x - tau * z, panel, grid)
        cdf += height * tau * math.erfc(-z * ROOT_HALF) / 2
        density += height * math.exp(-z * z / 2) * ROOT_HALF / ROOT_PI
    return cdf, density


@compiled
def _mass_below(limit: float, panel: int, grid: Grid) -> float:
    """Return the integral of a panel's density up to `limit`, which lies below its upper end."""
    lower, total = grid[0][panel], 0.0
    half = max(limit - lower, 0.0) / 2
    for k in range(grid[3].size):
        total += grid[4][k] * half * _density(lower + half * (1 + grid[3][k]), panel, grid)
    return total


@compiled
def _density(mu: float, panel: int, grid: Grid) -> float:
    """Evaluate a panel's Legendre series by Clenshaw's recurrence."""
    coefficients = grid[2][panel]
    x = (2 * mu - grid[0][panel] - grid[1][panel]) / (grid[1][panel] - grid[0][panel])
    current, above = 0.0, 0.0
    for k in range(coefficients.size - 1, 0, -1):
        current, above = (
            coefficients[k] + (2 * k + 1) / (k + 1) * x * current - (k + 1) / (k + 2) * above,
            current,
        )
    return float(coefficients[0] + x * current - above / 2)
