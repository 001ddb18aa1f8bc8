"""Correlations of study effects: partial correlations to the Cholesky factor, with derivatives."""

from math import sqrt

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled

__all__ = ["cholesky_of", "cholesky_rows", "pull_cholesky"]

Array = npt.NDArray[np.float64]


@compiled
def cholesky_of(partial: Array, levels: int) -> Array:
    """Return the lower Cholesky factor of the correlations, shape (L, L).

    `partial` has the partial correlations in rows; none at all stand for no correlation.
    """
    factor = np.eye(levels)
    place = 0
    for i in range(1, levels if partial.size else 0):
        rest = 1.0
        for j in range(i):
            factor[i, j] = partial[place] * sqrt(rest)
            rest *= (1 - partial[place]) * (1 + partial[place])
            place += 1
        factor[i, i] = sqrt(rest)
    return factor


@compiled
def pull_cholesky(partial: Array, factor: Array, by_factor: Array) -> Array:
    """Return the derivatives in the partial correlations from those in the factor's entries."""
    found = np.zeros(partial.size)
    place = 0
    for i in range(1, factor.shape[0] if partial.size else 0):
        rest = 1.0
        for j in range(i):
            r = partial[place]
            found[place] = by_factor[i, j] * sqrt(rest)
            # Every later entry of the row holds sqrt(1 - r**2).
            for m in range(j + 1, i + 1):
                found[place] -= by_factor[i, m] * factor[i, m] * r / ((1 - r) * (1 + r))
            rest *= (1 - r) * (1 + r)
            place += 1
    return found


def cholesky_rows(partial: Array, levels: int) -> Array:
    """Return the Cholesky factors (..., L, L) of many draws of partial correlations (..., P)."""
    factor = np.zeros((*partial.shape[:-1], levels, levels))
    factor[...] = np.eye(levels)
    place = 0
    for i in range(1, levels if partial.shape[-1] else 0):
        rest = np.ones(partial.shape[:-1])
        for j in range(i):
            factor[..., i, j] = partial[..., place] * np.sqrt(rest)
            rest = rest * (1 - partial[..., place] ** 2)
            place += 1
        factor[..., i, i] = np.sqrt(rest)
    return factor
