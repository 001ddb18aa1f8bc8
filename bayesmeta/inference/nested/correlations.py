"""Correlations of study effects: partial correlations to the Cholesky factor, with derivatives.

Near -1 and 1 a correlation has no digits left for its distance from there, on which everything
else rests. So partial correlations come with ``root = sqrt(1 - partial**2)``, computed from the
coordinate x, ``partial = tanh(x / 2)``.
"""

from math import exp, tanh

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.kernels import log1pexp, sigmoid

__all__ = [
    "cholesky_of",
    "cholesky_rows",
    "log_beta_of_logit",
    "partial_correlations",
    "pull_cholesky",
]

Array = npt.NDArray[np.float64]


@compiled
def log_beta_of_logit(kernel: Array, x: float) -> tuple[float, float]:
    """Return log density and derivative at the logit x of what has the beta prior of `kernel`."""
    a, b = kernel[1], kernel[2]
    value = kernel[4] - a * log1pexp(-x) - b * log1pexp(x)
    return value, a * sigmoid(-x) - b * sigmoid(x)


@compiled
def partial_correlations(x: Array) -> tuple[Array, Array]:
    """Return the partial correlations at x, and the root of 1 minus the square of each."""
    partial, root = np.empty(x.size), np.empty(x.size)
    for i in range(x.size):
        partial[i] = tanh(0.5 * x[i])
        root[i] = 2 * exp(-0.5 * (log1pexp(x[i]) + log1pexp(-x[i])))
    return partial, root


@compiled
def cholesky_of(partial: Array, root: Array, levels: int) -> Array:
    """Return the lower Cholesky factor of the correlations, shape (L, L).

    `partial` has the partial correlations in rows; none at all stand for no correlation.
    """
    factor = np.eye(levels)
    place = 0
    for i in range(1, levels if partial.size else 0):
        for j in range(i):
            factor[i, j] = partial[place] * factor[i, i]
            factor[i, i] *= root[place]
            place += 1
    return factor


@compiled
def pull_cholesky(partial: Array, root: Array, factor: Array, by_factor: Array) -> Array:
    """Return the derivatives in x from those in the factor's entries."""
    found = np.zeros(partial.size)
    place = 0
    for i in range(1, factor.shape[0] if partial.size else 0):
        rest = 1.0
        for j in range(i):
            found[place] = 0.5 * by_factor[i, j] * rest * root[place] * root[place]
            # Every later entry of the row holds the root.
            for m in range(j + 1, i + 1):
                found[place] -= 0.5 * by_factor[i, m] * factor[i, m] * partial[place]
            rest *= root[place]
            place += 1
    return found


def cholesky_rows(partial: Array, root: Array, levels: int) -> Array:
    """Return the Cholesky factors (..., L, L) of many draws of partial correlations (..., P)."""
    factor = np.zeros((*partial.shape[:-1], levels, levels))
    factor[...] = np.eye(levels)
    place = 0
    for i in range(1, levels if partial.shape[-1] else 0):
        for j in range(i):
            factor[..., i, j] = partial[..., place] * factor[..., i, i]
            factor[..., i, i] *= root[..., place]
            place += 1
    return factor
