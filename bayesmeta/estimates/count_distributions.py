"""The distribution of a cohort's responders: by the probability of each count, or by binomial tails."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import exp, lgamma, log1p
from typing import Protocol

import numpy as np
import numpy.typing as npt
from numpy.polynomial.legendre import leggauss
from scipy.special import betaincc

from bayesmeta.arrays import Array, Integers
from bayesmeta.inference.compiled import compiled

LARGEST_LISTED = 10_000
"""Patients of the largest cohort of which the probability of every count is computed."""

FEWEST_RANGES = 100
"""Fewest ranges by which the counts of a larger cohort are listed; ten times as many at most."""

LEAST = 1e-100
"""Probability below which no further count is listed: of many patients nearly all are that far off."""


class CountDistribution(Protocol):
    """The predictive distribution of a number of responders, 0 to n."""

    def at_most(self, events: npt.ArrayLike) -> Array:
        """Return the probabilities of at most so many responders; 0 below none."""

    def quantiles(self, probabilities: npt.ArrayLike) -> Integers:
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

    def quantiles(self, probabilities: npt.ArrayLike) -> Integers:
        """Return the least numbers of responders with at least these probabilities up to them."""
        # The last count takes what is left, however the sum is rounded.
        return np.asarray(np.searchsorted(self._cumulative[:-1], probabilities))

    def crps(self, events: int) -> float:
        """Return the continuous ranked probability score of a count, in responders."""
        seen = np.arange(self.pmf.size) >= events
        return float(((self._cumulative - seen) ** 2).sum())


def least_counts(
    cumulative: Callable[[Integers], Array], most: Integers, probability: float | Array
) -> Integers:
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


CELL = 0.25
"""Width of a cell of rates, in steps: two of them stand for all of a cell, which moves a probability
by 1e-6 at most, and mostly by 1e-8."""

REACH = 12.5
"""Steps from a rate beyond which a count is as good as impossible: by the bound of Hoeffding's kind
``exp(-REACH**2 / 4)``, 1e-17."""

FEW = 64
"""Counts that are summed one by one, and that the ends are away beyond which sums are integrals."""

TOLERANCE = 1e-5
"""Share of a score by which halving a piece of it may change it."""

NODES, WEIGHTS = leggauss(12)

EDGES = (1e-12, 1e-6, 1e-3, 0.025, 0.25)
"""Lower tails, and as many upper ones, between which a distribution function is one smooth piece."""


@dataclass(frozen=True, eq=False)
class MixedCounts:
    """The distribution of the responders of n, of which the true rate is one of many.

    Nothing is listed count by count. On the scale of ``2 asin(sqrt(rate))`` a binomial distribution
    function is a step of width ``1 / sqrt(n)`` wherever it stands, so that only rates near
    ``events / n`` have a tail to be computed, and rates much closer together are taken together.
    """

    n: int
    rates: Array
    weights: Array

    @cached_property
    def _cells(self) -> tuple[Array, Array]:
        """Return angles in order and their weights, two per cell with its first four moments."""
        angle = _angle(self.rates)
        _, place = np.unique(
            np.floor(angle * np.sqrt(self.n) / CELL).astype(np.int64), return_inverse=True
        )
        mass = np.bincount(place, self.weights)
        there = mass > 0
        scale = np.where(there, mass, 1.0)
        mean = np.bincount(place, self.weights * angle) / scale
        off = angle - mean[place]
        variance, third = (np.bincount(place, self.weights * off**k) / scale for k in (2, 3))
        sd = np.sqrt(variance)
        # Of rates that are one but for rounding there is no skewness.
        skew = np.divide(third, sd**3, out=np.zeros_like(sd), where=variance > 1e-20)  # noqa: PLR2004
        root = np.hypot(1.0, skew / 2)
        nodes = np.stack([mean + sd * (skew / 2 - root), mean + sd * (skew / 2 + root)])
        weights = mass * np.stack([1 + skew / (2 * root), 1 - skew / (2 * root)]) / 2
        order = np.argsort(nodes[:, there], axis=None)
        return nodes[:, there].ravel()[order], weights[:, there].ravel()[order]

    def at_most(self, events: npt.ArrayLike) -> Array:
        """Return the probabilities of at most so many responders; 0 below none."""
        asked = np.asarray(events, dtype=np.float64)
        inside = np.clip(asked, -0.5, self.n - 0.5).ravel()
        found = self._smooth(inside).reshape(asked.shape)
        return np.where(asked < 0, 0.0, np.where(asked >= self.n, 1.0, found))

    def _smooth(self, counts: Array) -> Array:
        """Return the distribution function continued between whole counts, shape (count,)."""
        angle, weights = self._cells
        centre, reach = _angle(counts.clip(0) / self.n), REACH / np.sqrt(self.n)
        first = np.searchsorted(angle, centre - reach)
        size = np.searchsorted(angle, centre + reach, "right") - first
        start = np.cumsum(size) - size
        node = np.arange(size.sum()) + np.repeat(first - start, size)
        k = np.repeat(counts, size)
        tails = weights[node] * betaincc(k + 1, self.n - k, np.sin(angle[node] / 2) ** 2)
        total = np.concatenate([[0.0], np.cumsum(weights)])
        own = np.bincount(np.repeat(np.arange(counts.size), size), tails, minlength=counts.size)
        return np.asarray(np.minimum(total[first] + own, 1.0))

    def quantiles(self, probabilities: npt.ArrayLike) -> Integers:
        """Return the least numbers of responders with at least these probabilities up to them."""
        wanted = np.atleast_1d(np.asarray(probabilities, dtype=np.float64))
        return least_counts(self.at_most, np.full(wanted.shape, self.n), wanted)

    def crps(self, events: int) -> float:
        """Return the continuous ranked probability score of a count, in responders.

        The sum over all counts of the squared distance of the distribution function from the step at
        `events`: one by one in short pieces, by Gauss-Legendre rules with the first correction of
        Euler and Maclaurin in long ones, which are halved until that changes nothing.
        """
        edges = self._edges(events)
        starts, ends = edges[:-1], edges[1:]
        sums, found = self._sums(starts, ends, events), 0.0
        wanted = TOLERANCE * float(sums.sum())
        while starts.size:
            middle = (starts + ends) // 2
            parts = [self._sums(starts, middle, events), self._sums(middle, ends, events)]
            both = parts[0] + parts[1]
            done = (np.abs(both - sums) <= wanted) | (ends - starts <= FEW)
            found += float(both[done].sum())
            starts, ends = (
                np.concatenate(halves)[np.tile(~done, 2)]
                for halves in ((starts, middle), (middle, ends))
            )
            sums = np.concatenate(parts)[np.tile(~done, 2)]
        return found

    def _sums(self, starts: Integers, ends: Integers, events: int) -> Array:
        """Return the sums from each start to before each end, none of which crosses `events`."""
        rules = [_rule(start, end) for start, end in zip(starts, ends, strict=True)]
        piece = np.repeat(np.arange(starts.size), [counts.size for counts, _ in rules])
        counts, weights = (np.concatenate(parts) for parts in zip(*rules, strict=True))
        squares = (self.at_most(counts) - (starts >= events)[piece]) ** 2
        return np.bincount(piece, weights * squares, minlength=starts.size)

    def _edges(self, events: int) -> Integers:
        """Return the counts between which the distance from the step is one smooth piece."""
        tails = np.array(EDGES)
        known = self.quantiles([*tails, 0.5, *(1 - tails[::-1])])
        # Near the ends steps are narrow, and the more so the nearer.
        ends = 2 ** np.arange(6, int(np.log2(self.n)))
        low, high = min(known[0], events), max(known[-1], events) + 1
        found = np.unique(np.concatenate([known, ends, self.n + 1 - ends, [events, low, high]]))
        return np.asarray(found[(found >= low) & (found <= high)])


def _angle(rate: Array) -> Array:
    """Return rates (probability) on the scale on which all binomial steps are of one width."""
    return 2 * np.arcsin(np.sqrt(rate))


def _rule(start: int, end: int) -> tuple[Array, Array]:
    """Return points and weights whose sum is that over the counts from `start` to before `end`."""
    if end - start <= FEW:
        each = np.arange(start, end, dtype=np.float64)
        return each, np.ones_like(each)
    half = (end - start) / 2
    counts = [*(start - 0.5 + half * (1 + NODES)), end, end - 1, start, start - 1]
    return np.array(counts), np.array([*(half * WEIGHTS), *(np.array([-1, 1, 1, -1]) / 24)])
