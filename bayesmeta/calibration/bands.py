"""Simultaneous bands of the distribution function of ranks, and how far ranks stray from even.

If every rank is as likely, the number of truths up to each rank is binomial. A band that gives each
of these numbers the same tail probability holds all of them at once with a probability that a
recursion over the ranks gives exactly (Säilynoja, Bürkner & Vehtari 2022,
doi:10.1007/s11222-022-10090-6). Simulations, as in ArviZ, cannot resolve the small probabilities
that many comparisons at once need.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import bdtr, gammaln

from bayesmeta.arrays import Array, Integers

CHAIN_STEPS = 25
"""Steps of the band of chains."""


@dataclass(frozen=True, eq=False)
class Band:
    """Least and greatest number of truths up to each rank but the last, each included."""

    lower: Integers
    upper: Integers


@cache
def band(sets: int, ranks: int, probability: float) -> Band:
    """Return the simultaneous band that holds all numbers of data sets with at least `probability`."""
    low, high = -40.0, 0.0  # logarithm of the tail probability of each number, both tails together
    while high - low > 1e-4:  # noqa: PLR2004
        middle = (low + high) / 2
        low, high = (
            (middle, high)
            if _outside(float(np.exp(middle)), sets, ranks) <= 1 - probability
            else (low, middle)
        )
    inside = _tails(sets, ranks) > np.exp(low)
    return Band(inside.argmax(axis=1), sets - inside[:, ::-1].argmax(axis=1))


def relative_distance(counts: Integers, limits: Band) -> float:
    """Return the greatest deviation from even ranks in units of the band: inside up to 1.

    Where no count at all would leave the band, as at the lowest ranks of few data sets, a deviation
    says nothing and does not count.
    """
    below, expected = _cumulative(counts)
    above = below > expected
    room = np.where(above, limits.upper - expected, expected - limits.lower)
    telling = np.where(above, limits.upper < counts.sum(), limits.lower > 0)
    return float(np.max(telling * np.abs(below - expected) / np.maximum(room, 0.5)))


def p_value(counts: Integers) -> float:
    """Return the probability of ranks that stray as far as these, if all are as likely.

    How far they stray is the least tail probability of the number of truths up to any rank. The
    result is good to about 1e-13; what is less may be 0.
    """
    below, _ = _cumulative(counts)
    tails = _tails(int(counts.sum()), counts.size)
    least = float(tails[np.arange(below.size), below].min())
    return _outside(least * (1 + 1e-12), int(counts.sum()), counts.size)


def _cumulative(counts: Integers) -> tuple[Integers, Array]:
    """Return the number of truths up to each rank but the last, and its mean if ranks are even."""
    below = np.cumsum(counts)[:-1]
    return below, np.arange(1, counts.size) / counts.size * counts.sum()


@cache
def _tails(sets: int, ranks: int) -> Array:
    """Return twice the smaller tail probability of each number up to each rank, (rank, number)."""
    number = np.arange(sets + 1.0)
    share = np.arange(1, ranks)[:, None] / ranks
    # The upper tail as a lower one of the truths above the rank: no difference from 1 to cancel.
    upper = bdtr(sets - number, sets, 1 - share)
    return np.asarray(2 * np.minimum(bdtr(number, sets, share), upper))


def _outside(tail: float, sets: int, ranks: int) -> float:
    """Return the probability that some number up to a rank has a tail probability of at most `tail`.

    The numbers at single ranks are as Poisson numbers given their sum, so that the number up to a
    rank spreads to the next by one convolution.
    """
    inside = _tails(sets, ranks) > tail
    number = np.arange(sets + 1.0)
    mean = sets / ranks
    step = np.exp(number * np.log(mean) - mean - gammaln(number + 1))
    step = step[: int(np.flatnonzero(step > 1e-300)[-1]) + 1]  # noqa: PLR2004
    chance = np.zeros(sets + 1)
    chance[0] = 1.0
    for allowed in inside:
        chance = np.convolve(chance, step)[: sets + 1] * allowed
    total = np.exp(sets * np.log(sets) - sets - gammaln(sets + 1.0))
    at_the_end = np.convolve(chance, step)[sets]
    return float(np.clip(1 - at_the_end / total, 0.0, 1.0))


def chain_band(ess: float, chains: int, draws: int, sure: float) -> tuple[Array, Array]:
    """Return the band that holds the rank differences of all chains with a probability, at even steps.

    A chain has so many draws, which are worth `ess` independent ones.
    """
    effective = max(int(min(ess if ess > 0 else 1.0, draws)), 1)
    # To two digits, so that parameters share bands, which take a while.
    effective = int(float(f"{effective:.1e}"))
    limits = band(effective, CHAIN_STEPS, 1 - (1 - sure) / chains)
    even = np.linspace(0, 1, CHAIN_STEPS + 1)
    lower, upper = (np.array([0, *ends, effective]) for ends in (limits.lower, limits.upper))
    return lower / effective - even, upper / effective - even
