"""The distribution of a cohort's responders: its quantiles, tails and score."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["LARGEST_LISTED", "CountDistribution", "ListedCounts", "least_counts", "range_step"]

LARGEST_LISTED = 10_000
"""Patients of the largest cohort of which the probability of every count is computed."""

FEWEST_RANGES = 100
"""Fewest ranges by which the counts of a larger cohort are listed; ten times as many at most."""

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
