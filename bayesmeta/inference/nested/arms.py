"""Arms in the density of nested outcomes: likelihoods of their counts, and derivatives."""

from math import exp, log1p

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.links import log_rates
from bayesmeta.inference.nested.data import NestedData

__all__ = ["log_arms"]

Array = npt.NDArray[np.float64]


@inlined
def log_arms(q: Array, d: NestedData, level: Array, by_level: Array, gradient: Array) -> float:  # noqa: PLR0917
    """Return the log likelihood given each study's `level`, adding its derivatives."""
    study, deviation = d.study, d.deviation
    (arms, covariates), levels = deviation.shape, level.shape[1]
    theta, by_theta = np.empty((arms, levels)), np.zeros((arms, levels))
    for i in range(arms):
        for j in range(levels):
            theta[i, j] = level[int(study[i]), j]
            for k in range(covariates):
                theta[i, j] += deviation[i, k] * q[levels + j * covariates + k]
    total = _log_segments(d, theta, by_theta)
    for i in range(arms):
        for j in range(levels):
            by_level[int(study[i]), j] += by_theta[i, j]
            for k in range(covariates):
                gradient[levels + j * covariates + k] += by_theta[i, j] * deviation[i, k]
    return total


@inlined
def _log_segments(d: NestedData, theta: Array, by_theta: Array) -> float:
    """Return the log likelihood of all counts, adding its derivatives."""
    arm, first, last, link = d.arm, d.first, d.last, int(d.link[0])
    events, trials, coefficient = d.events, d.trials, d.log_coefficient
    total = 0.0
    for g in range(arm.size):
        i, others = int(arm[g]), trials[g] - events[g]
        total += coefficient[g]
        total += _log_segment(
            link, int(first[g]), int(last[g]), events[g], others, theta[i], by_theta[i]
        )
    return total


@compiled
def _log_segment(  # noqa: PLR0917
    link: int, first: int, last: int, events: float, others: float, theta: Array, by_theta: Array
) -> float:
    """Return the log probability of one count but for its coefficient, adding its derivatives.

    With ratios r of which the rate is the product, 1 - rate is the sum over ratios of r1 r2 ... (1 - r):
    no part of it cancels, however near the rate is to 0 or 1.
    """
    log_rate, log_rest = 0.0, -np.inf
    for j in range(first, last + 1):
        log_ratio, log_miss, _, _ = log_rates(link, theta[j])
        log_rest = _log_sum(log_rest, log_rate + log_miss)
        log_rate += log_ratio
    total = 0.0
    if events > 0:
        total += events * log_rate
    if others > 0:
        total += others * log_rest
    for j in range(first, last + 1):
        log_ratio, log_miss, slope, miss_slope = log_rates(link, theta[j])
        if events > 0:
            by_theta[j] += events * slope
        if others > 0:
            # d(1 - rate) = -rate dlog(ratio); of one ratio alone, (1 - ratio) dlog(1 - ratio).
            by_theta[j] += others * miss_slope * exp(log_miss + log_rate - log_ratio - log_rest)
    return total


@compiled
def _log_sum(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    if a == -np.inf:
        return b
    low, high = min(a, b), max(a, b)
    return high + log1p(exp(low - high))
