"""Counts of responders: their binomial probabilities, and the posterior after each."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, gammaln, softmax
from scipy.stats import binom

from bayesmeta.arrays import Array, Flags, Integers
from bayesmeta.planning.analysis_priors import AnalysisPrior
from bayesmeta.planning.mixtures import log_beta_ratios
from bayesmeta.planning.sam import SamPrior

MOST_CELLS = 1_000_000
"""Cells of a table that is held at once."""


def log_rates(log_odds: Array) -> tuple[Array, Array]:
    """Return the logs of a rate and of one minus it, exact however near to 0 or 1 it lies."""
    return -np.logaddexp(0, -log_odds), -np.logaddexp(0, log_odds)


def posteriors(prior: AnalysisPrior, n: int) -> tuple[Array, Array, Array]:
    """Return weights, a and b of the posteriors after 0 to n responders, each (n + 1, components)."""
    y = np.arange(n + 1, dtype=np.float64)[:, None]
    a, b = np.array(prior.a), np.array(prior.b)
    if isinstance(prior, SamPrior):
        log_weights = prior.log_weights(n)
    else:
        with np.errstate(divide="ignore"):
            log_weights = np.log(prior.weights)
    weights = softmax(log_weights + log_beta_ratios(a, b, n), axis=1)
    return np.asarray(weights, dtype=np.float64), a + y, b + n - y


def posterior_tail(prior: AnalysisPrior, n: int, threshold: float, *, above: bool) -> Array:
    """Return P(rate > threshold), or P(rate < threshold), after 0 to n responders of n."""
    weights, a, b = posteriors(prior, n)
    tail = (betaincc if above else betainc)(a, b, threshold)
    return np.asarray((weights * tail).sum(axis=1))


def in_set(counts: Flags, rates: Array) -> Array:
    """Return the probabilities that a count is one of those marked in `counts`, for each rate."""
    # Each run of neighbours is a difference of two binomial tails, so that nothing is summed.
    edges = np.flatnonzero(np.diff(np.concatenate([[False], counts, [False]])))
    tails = np.asarray(binom.sf(edges.reshape(-1, 2, 1) - 1, len(counts) - 1, rates))
    return np.asarray((tails[:, 0] - tails[:, 1]).sum(axis=0))


def binomial_pmf(n: int, rates: Array) -> Array:
    """Return the probabilities of 0 to n responders, shape (rates, n + 1)."""
    return np.asarray(binom.pmf(np.arange(n + 1), n, rates[:, None]))


def hypergeometric(total: int, n: int, events: npt.NDArray[np.integer]) -> Array:
    """Return P(e of the first n respond | r of all respond), shape (total + 1, events) for r and e."""
    # In logs: `scipy.stats.hypergeom` is thousands of times slower for the largest trials.
    r = np.arange(total + 1)[:, None]
    possible = (events <= r) & (r - events <= total - n)
    rest = np.where(possible, r - events, 0)
    log_ways = _log_choose(n, events) + _log_choose(total - n, rest) - _log_choose(total, r)
    return np.where(possible, np.exp(np.where(possible, log_ways, 0.0)), 0.0)


def in_blocks(total: int, n: int) -> Iterator[Integers]:
    """Yield 0 to n in pieces so short that a table of `total` rows and one of them is small."""
    length = max(MOST_CELLS // (total + 1), 1)
    for first in range(0, n + 1, length):
        yield np.arange(first, min(first + length, n + 1))


def _log_choose(n: int, y: npt.NDArray[np.integer]) -> Array:
    """Return the logs of binomial coefficients."""
    return np.asarray(gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1))
