"""Counts of responders: their binomial probabilities, and the posterior after each."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, betaln, gammaln, softmax, xlog1py, xlogy

from bayesmeta.planning.mixtures import BetaMixture

__all__ = [
    "binomial_pmf",
    "hypergeometric",
    "in_blocks",
    "in_set",
    "log_choose",
    "posterior_tail",
    "posteriors",
]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST_CELLS = 1_000_000
"""Cells of a table that is held at once."""


def posteriors(prior: BetaMixture, n: int) -> tuple[Array, Array, Array]:
    """Return weights, a and b of the posteriors after 0 to n responders, each (n + 1, components)."""
    y = np.arange(n + 1, dtype=np.float64)[:, None]
    a, b = np.array(prior.a), np.array(prior.b)
    with np.errstate(divide="ignore"):
        log_weights = np.log(prior.weights)
    a_after, b_after = a + y, b + n - y
    weights = softmax(log_weights + betaln(a_after, b_after) - betaln(a, b), axis=1)
    return np.asarray(weights, dtype=np.float64), a_after, b_after


def posterior_tail(prior: BetaMixture, n: int, threshold: float, *, above: bool) -> Array:
    """Return P(rate > threshold), or P(rate < threshold), after 0 to n responders of n."""
    weights, a, b = posteriors(prior, n)
    tail = (betaincc if above else betainc)(a, b, threshold)
    return np.asarray((weights * tail).sum(axis=1))


def in_set(counts: Mask, rates: Array) -> Array:
    """Return the binomial probabilities that the count lies in a set, one for each true rate.

    `counts` says of 0 to n whether they are in it. Each run of neighbours is a difference of two
    binomial tails, so that nothing is summed.
    """
    n = len(counts) - 1
    edges = np.flatnonzero(np.diff(np.concatenate([[False], counts, [False]])))
    total = np.zeros_like(rates)
    for first, after in edges.reshape(-1, 2):
        total += _at_least(first, n, rates) - _at_least(after, n, rates)
    return total


def binomial_pmf(n: int, rates: Array) -> Array:
    """Return the probabilities of 0 to n responders, shape (rates, n + 1)."""
    y, rate = np.arange(n + 1), rates[:, None]
    return np.asarray(np.exp(log_choose(n, y) + xlogy(y, rate) + xlog1py(n - y, -rate)))


def hypergeometric(total: int, n: int, events: npt.NDArray[np.integer]) -> Array:
    """Return P(e of the first n respond | r of all respond), shape (total + 1, events) for r and e.

    Given the responders of all patients it does not depend on their true rate.
    """
    r = np.arange(total + 1)[:, None]
    possible = (events <= r) & (r - events <= total - n)
    rest = np.where(possible, r - events, 0)
    log_ways = log_choose(n, events) + log_choose(total - n, rest) - log_choose(total, r)
    return np.where(possible, np.exp(np.where(possible, log_ways, 0.0)), 0.0)


def in_blocks(total: int, n: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield 0 to n in pieces so short that a table of `total` rows and one of them is small."""
    length = max(MOST_CELLS // (total + 1), 1)
    for first in range(0, n + 1, length):
        yield np.arange(first, min(first + length, n + 1))


def log_choose(n: int, y: npt.NDArray[np.integer]) -> Array:
    """Return the logs of binomial coefficients."""
    return np.asarray(gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1))


def _at_least(count: int, n: int, rates: Array) -> Array:
    if count == 0:
        return np.ones_like(rates)
    if count > n:
        return np.zeros_like(rates)
    return np.asarray(betainc(count, n - count + 1, rates))
