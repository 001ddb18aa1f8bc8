"""Probabilities of nested counts given nested rates, by summing over counts; nothing is simulated."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayesmeta.estimates.mixtures import add_binomial, log_factorials
from bayesmeta.estimates.nested.events import CountBound
from bayesmeta.inference.compiled import compiled

__all__ = ["within_bounds"]

NEGLIGIBLE = 1e-15
"""Probability of a count below which what follows from it is left out."""

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def within_bounds(rates: Array, n: int, bounds: Sequence[CountBound]) -> Array:
    """Return the probability that all counts keep their bounds, shape (draw,).

    Parameters
    ----------
    rates : array
        Nested rates (probability), shape (draw, level).
    n : int
        Patients.
    bounds : sequence of CountBound
        What must hold; outcomes that no bound names don't matter.
    """
    levels = sorted({bound.level for bound in bounds})
    low, high = np.zeros(len(levels), dtype=np.int64), np.full(len(levels), n, dtype=np.int64)
    for bound in bounds:
        place = levels.index(bound.level)
        low[place] = max(low[place], bound.low)
        high[place] = min(high[place], bound.high)
    if (low > high).any():
        return np.zeros(len(rates))
    around = np.concatenate([np.ones((len(rates), 1)), rates[:, levels[:-1]]], axis=1)
    inner = rates[:, levels]
    # Of an outcome that has become impossible, so has every part.
    ratio = np.divide(inner, around, out=np.zeros_like(inner), where=around > 0)
    tiny = np.finfo(np.float64).tiny
    log_odds = np.log(np.maximum(ratio, tiny)) - np.log(np.maximum(1 - ratio, tiny))
    return np.asarray(_chained(np.ascontiguousarray(log_odds), n, low, high))


@compiled
def _chained(log_odds: Array, n: int, low: Counts, high: Counts) -> Array:
    """Return the same from the log-odds of each count's ratio to the one around it."""
    found, factorials = np.empty(log_odds.shape[0]), log_factorials(n)
    for draw in range(log_odds.shape[0]):
        before, now = np.zeros(n + 1), np.zeros(n + 1)
        before[n] = 1.0
        for level in range(low.size):
            now[:] = 0.0
            for around in range(low[level], n + 1):
                if before[around] > NEGLIGIBLE:
                    last = min(high[level], around)
                    add_binomial(
                        log_odds[draw, level],
                        around,
                        low[level],
                        before[around],
                        factorials,
                        now[low[level] : last + 1],
                    )
            before[:] = now
        found[draw] = before.sum()
    return found
