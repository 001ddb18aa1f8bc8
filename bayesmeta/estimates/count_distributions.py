"""The distribution of a cohort's responders: its quantiles, tails and score, and binomial averages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import exp, lgamma, log1p
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled

__all__ = [
    "LARGEST_LISTED",
    "CountDistribution",
    "ListedCounts",
    "add_binomial",
    "binomial_by_draw",
    "binomial_mean",
    "least_counts",
    "log_factorials",
    "range_step",
]

LARGEST_LISTED = 10_000
"""Patients of the largest cohort of which the probability of every count is computed."""

FEWEST_RANGES = 100
"""Fewest ranges by which the counts of a larger cohort are listed; ten times as many at most."""

LEAST = 1e-100
"""Probability below which no further count is listed: of many patients nearly all are that far off."""

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


class CountDistribution(Protocol):
    """The predictive distribution of a number of responders, 0 to n."""

    def at_most(self, events: npt.ArrayLike) -> Array:
        """Return the probabilities of at most so many responders; 0 below none."""

    def quantiles(self, probabilities: npt.ArrayLike) -> Counts:
        """Return the least numbers of responders with at least these probabilities up to them."""

    def crps(self, events: int) -> float:
        """Return the continuous ranked probability score of a count, in responders."""


@dataclass(frozen=True, eq=False)
class ListedCounts:
    """The distribution of a count by the probability of each, shape (n + 1,)."""

    pmf: Array

    @cached_property
    def _cumulative(self) -> Array:
        return np.minimum(np.cumsum(self.pmf), 1.0)

    def at_most(self, events: npt.ArrayLike) -> Array:
        """Return the probabilities of at most so many responders; 0 below none."""
        place = np.asarray(events)
        return np.where(place < 0, 0.0, self._cumulative[np.maximum(place, 0)])

    def quantiles(self, probabilities: npt.ArrayLike) -> Counts:
        """Return the least numbers of responders with at least these probabilities up to them."""
        # The last count takes what is left, however the sum is rounded.
        return np.asarray(np.searchsorted(self._cumulative[:-1], probabilities))

    def crps(self, events: int) -> float:
        """Return the continuous ranked probability score of a count, in responders."""
        seen = np.arange(self.pmf.size) >= events
        return float(((self._cumulative - seen) ** 2).sum())


def least_counts(
    cumulative: Callable[[Counts], Array], most: Counts, probability: float | Array
) -> Counts:
    """Return the least counts from 0 to `most` with at least a probability up to them, by bisection."""
    low, high = np.full(most.shape, -1), most.copy()
    while (high - low > 1).any():
        middle = (low + high) // 2
        enough = cumulative(np.maximum(middle, 0)) >= probability
        moved = high - low > 1
        high = np.where(moved & enough, middle, high)
        low = np.where(moved & ~enough, middle, low)
    return high


def range_step(n: int) -> int:
    """Return how many counts each listed range has: 1, or a power of ten."""
    return 1 if n <= LARGEST_LISTED else int(10 ** np.floor(np.log10(n / FEWEST_RANGES)))


@compiled
def log_factorials(n: int) -> Array:
    """Return the logarithms of 0!, 1!, ..., n!, which binomial coefficients are made of."""
    found = np.empty(n + 1)
    for y in range(n + 1):
        found[y] = lgamma(y + 1.0)
    return found


@compiled
def add_binomial(  # noqa: PLR0917
    theta: float, n: int, first: int, weight: float, factorials: Array, out: Array
) -> None:
    """Add to `out` the probabilities of first, first + 1, ... responders of n at log-odds theta.

    `factorials` are the `log_factorials` of n or more. One exponential at the most probable count
    there, and ratios of neighbours from it to both sides: nothing can underflow that matters.
    """
    last = first + out.size - 1
    odds = exp(theta)
    rate = odds / (1 + odds) if theta < 0 else 1 / (1 + exp(-theta))
    top = min(max(int((n + 1) * rate), first), last)
    softplus_minus = log1p(exp(-theta)) if theta > 0 else -theta + log1p(odds)
    coefficient = factorials[n] - factorials[top] - factorials[n - top]
    peak = weight * exp(coefficient - top * softplus_minus - (n - top) * (softplus_minus + theta))
    probability = peak
    for y in range(top, last + 1):
        out[y - first] += probability
        probability *= (n - y) / (y + 1.0) * odds
        if probability < LEAST:
            break
    probability = peak
    for y in range(top - 1, first - 1, -1):
        probability *= (y + 1.0) / (n - y) / odds
        if probability < LEAST:
            break
        out[y - first] += probability


@compiled
def binomial_mean(theta: Array, n: int, weights: Array) -> Array:
    """Return the probabilities of 0 to n responders, averaged over weighted log-odds, shape (n + 1,)."""
    out, factorials = np.zeros(n + 1), log_factorials(n)
    for i in range(theta.size):
        add_binomial(theta[i], n, 0, weights[i], factorials, out)
    return out


@compiled
def binomial_by_draw(theta: Array, n: int, first: int, last: int) -> Array:
    """Return the probabilities of first to last responders by draw; log-odds have dims (draw, node)."""
    out, factorials = np.zeros((theta.shape[0], last - first + 1)), log_factorials(n)
    for draw in range(theta.shape[0]):
        for node in range(theta.shape[1]):
            add_binomial(theta[draw, node], n, first, 1 / theta.shape[1], factorials, out[draw])
    return out
