"""Probabilities of counts of several nested outcomes together, given their rates."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import bdtrik, betaincc

from bayesmeta.arrays import Array, Integers
from bayesmeta.estimates.count_distributions import add_binomial, log_factorials
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.lattice import PRIMES, kronecker_sequence

JOINT_NODES, FEW_NODES = 4, 1
"""Points of each draw over which joint probabilities of counts are summed; and
those in cohorts of more than `LARGE` whose counts are summed, at a cost that grows as their square."""

LARGE = 100
"""Patients of a large cohort."""

LARGEST_SUMMED = 1000
"""Patients of the largest cohort of which counts are summed one by one; its cost is their square."""

NEGLIGIBLE = 1e-15
"""Probability of a count below which what follows from it is left out."""


class CountBound(NamedTuple):
    """From `low` to `high` patients of the cohort have the outcome at a position."""

    level: int
    low: float
    high: float


def some_nodes(nodes: Array, n: int) -> Array:
    """Return the nodes, dims (chain, draw, node, outcome), over which counts of n are summed."""
    wanted = FEW_NODES if LARGE < n <= LARGEST_SUMMED else JOINT_NODES
    # At equal steps: those of one draw are as even taken apart so.
    return nodes[:, :, :: max(1, nodes.shape[2] // wanted)]


def within_bounds(rates: Array, n: int, bounds: Sequence[CountBound]) -> Array:
    """Return the probability that all counts keep their bounds, shape (draw,).

    Above `LARGEST_SUMMED` patients it is right on average over many draws only: each has one path of
    counts.
    """
    levels = sorted({bound.level for bound in bounds})
    low, high = np.zeros(len(levels), dtype=np.int64), np.full(len(levels), n, dtype=np.int64)
    for bound in bounds:
        place = levels.index(bound.level)
        low[place], high[place] = max(low[place], bound.low), min(high[place], bound.high)
    if (low > high).any():
        return np.zeros(len(rates))
    around = np.concatenate([np.ones((len(rates), 1)), rates[:, levels[:-1]]], axis=1)
    inner = rates[:, levels]
    # Of an outcome that has become impossible, so has every part.
    ratio = np.divide(inner, around, out=np.zeros_like(inner), where=around > 0)
    if n > LARGEST_SUMMED:
        return _one_path(ratio, n, low, high)
    tiny = np.finfo(np.float64).tiny
    log_odds = np.log(np.maximum(ratio, tiny)) - np.log(np.maximum(1 - ratio, tiny))
    return np.asarray(_chained(np.ascontiguousarray(log_odds), n, low, high))


def _one_path(ratio: Array, n: int, low: Integers, high: Integers) -> Array:
    """Return the same from one path of counts a draw, each within its bounds, the last by its tails.

    The paths are spread evenly over the draws, by other steps than the effects of new studies; the
    weight of a path is the probability of each bound given the counts before (the method of Geweke,
    Hajivassiliou and Keane: Genz & Bretz 2009, doi:10.1007/978-3-642-01689-9).
    """
    points = kronecker_sequence(range(len(ratio)), 1, len(PRIMES))[:, 0, ::-1]
    held, around = np.ones(len(ratio)), np.full(len(ratio), n)
    for level, rate in enumerate(ratio.T):
        below, upto = (_at_most(count, around, rate) for count in (low[level] - 1, high[level]))
        within = np.maximum(upto - below, 0.0)
        held *= within
        if level < low.size - 1:
            count = _quantile(below + points[:, level] * within, around, rate)
            around = np.clip(count, low[level], np.maximum(np.minimum(high[level], around), 0))
    return held


def _at_most(count: int, n: Integers, rate: Array) -> Array:
    """Return the probabilities of at most `count` of n, shape (draw,)."""
    if count < 0:
        return np.zeros(len(n))
    less = np.minimum(count, n - 1)
    tails = betaincc(np.maximum(less, 0) + 1.0, np.maximum(n - less, 1), rate)
    return np.where(count >= n, 1.0, tails)


def _quantile(probability: Array, n: Integers, rate: Array) -> Integers:
    """Return binomial quantiles, shape (draw,)."""
    chance = (n > 0) & (rate > 0) & (rate < 1)
    some, inner = np.where(chance, n, 1), np.where(chance, rate, 0.5)
    found = np.ceil(bdtrik(np.clip(probability, 1e-300, 1 - 1e-16), some, inner))
    return np.asarray(np.where(chance, found, np.round(n * rate)).astype(np.int64))


@compiled
def _chained(log_odds: Array, n: int, low: Integers, high: Integers) -> Array:
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
