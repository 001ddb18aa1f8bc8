"""Limits of funnel plots: where observed rates lie, given a distribution of true rates.

The quantiles of a count are whole numbers, which would let the limits jump with every patient more:
between two numbers of responders they are interpolated in probability, as Spiegelhalter 2005
(doi:10.1002/sim.1970) proposes; the upper limit as the lower one of patients who don't respond, so
that an arm lies outside exactly if so few responders, or so many, are less probable than the tail.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, ndtri

from bayesmeta.estimates.count_distributions import least_counts

__all__ = ["NODES", "interpolated_limits", "representatives", "residuals"]

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

NODES = 400
"""Rates that stand for a distribution of rates, each as probable as the others."""

LEAST = 1e-300
"""Tail probability below which residuals are no longer told apart, at 37 standard deviations."""


def representatives(rates: Array) -> Array:
    """Return at most `NODES` rates (probability) that stand for many: the middles of even shares."""
    if rates.size <= NODES:
        return rates.ravel()
    return np.asarray(np.quantile(rates, (np.arange(NODES) + 0.5) / NODES))


def interpolated_limits(n: Counts, rates: Array, ci_prob: float) -> tuple[Array, Array]:
    """Return the lower and upper limit of the observed rate (probability) of arms of each size.

    Parameters
    ----------
    n : array
        Patients, 1 or more.
    rates : array
        True rates of equal weight, shape (node,): a single one where arms don't differ.
    ci_prob : float
        Probability within the limits.

    References
    ----------
    Spiegelhalter 2005, doi:10.1002/sim.1970.
    """
    tail = (1 - ci_prob) / 2
    return _lower(n, rates, tail), 1 - _lower(n, 1 - rates, tail)


def residuals(events: Counts, n: Counts, rates: Array) -> Array:
    """Return how far counts lie in the tails of their predictions, as normal quantiles.

    An arm with a tail probability of 2.5% has a residual of 1.96, negative in the lower tail; one whose
    count is the median of its prediction has 0. So an arm lies outside its limits exactly if
    its residual lies beyond the quantile of the tail.

    Parameters
    ----------
    events, n : array
        Responders and patients of arms, shape (arm,).
    rates : array
        True rates of equal weight, shape (node,).

    References
    ----------
    Dunn & Smyth 1996, doi:10.1080/10618600.1996.10474708 (quantile residuals; here not randomised).
    """
    upto = _cumulative(events, n, rates)
    some, size = np.maximum(events, 1)[:, None], n[:, None]
    tails = betainc(some, size - some + 1, rates).mean(axis=1)
    from_on = np.where(events > 0, tails, 1.0)
    nearer = ndtri(np.maximum(np.minimum(upto, from_on), LEAST))
    return np.asarray(np.where(upto < from_on, 1.0, -1.0) * np.minimum(nearer, 0.0) + 0.0)


def _lower(n: Counts, rates: Array, tail: float) -> Array:
    """Return the interpolated quantile at a lower tail of the observed rate."""
    events = least_counts(lambda count: _cumulative(count, n, rates), n, tail)
    upto = _cumulative(events, n, rates)
    before = np.where(events > 0, _cumulative(np.maximum(events - 1, 0), n, rates), 0.0)
    excess = (upto - tail) / np.maximum(upto - before, np.finfo(np.float64).tiny)
    return np.asarray(np.clip((events - excess) / n, 0.0, 1.0))


def _cumulative(events: Counts, n: Counts, rates: Array) -> Array:
    """Return the probability of at most so many responders of n, averaged over the rates."""
    # bdtr is wrong by 0.002 for ten million patients.
    k = np.minimum(events, n - 1)[:, None]
    below = betaincc(k + 1, n[:, None] - k, rates).mean(axis=1)
    return np.where(events < n, below, 1.0)
