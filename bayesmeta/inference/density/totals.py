"""Totals over two levels in the compiled density: sums of two binomial counts, and derivatives.

With k responders at the second level, the probability of r responders of both is the sum over k of
C(n1, r - k) C(n2, k) p1^(r - k) q1^(n1 - r + k) p2^k q2^(n2 - k). On the logit's scale its terms depend
on k through exp(k (theta2 - theta1)) alone. They rise to one mode and fall from there, so that a sum
from the mode outwards is exact to rounding after some standard deviations, however many patients.
"""

from math import exp, log

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.data import DensityData
from bayesmeta.inference.density.likelihoods import LOGIT, log_rates
from bayesmeta.inference.density.unknown_sizes import log_choose, log_total_of_unknown_sizes

NEGLIGIBLE = 1e-18
"""Share of the largest term below which terms are left out; those beyond are smaller still."""
FARTHEST = 700.0
"""Largest exponent; beyond it all responders are at one level anyway."""


@compiled
def log_total(  # noqa: PLR0917
    events: float, first: float, second: float, theta_first: float, theta_second: float
) -> tuple[float, float, float]:
    """Return the log probability of a total, and its derivatives in both linear predictors."""
    mode, log_weight, above = _terms(events, first, second, theta_second - theta_first)
    rate, rest, slope_rate, slope_rest = log_rates(LOGIT, theta_first)
    rate_other, rest_other, slope_rate_other, slope_rest_other = log_rates(LOGIT, theta_second)
    here, missed, missed_other = events - mode, first - events + mode, second - mode
    value = log_weight + here * rate + missed * rest + mode * rate_other + missed_other * rest_other
    by_first = here * slope_rate + missed * slope_rest - above
    by_second = mode * slope_rate_other + missed_other * slope_rest_other + above
    return value, by_first, by_second


@compiled
def _terms(
    events: float, first: float, second: float, difference: float
) -> tuple[float, float, float]:
    """Return the mode, the log of the sum over its term without rates, and the mean above the mode."""
    low, high = max(0.0, events - first), min(events, second)
    mode = _mode(events, first, second, difference, low, high)
    up, down = exp(min(difference, FARTHEST)), exp(min(-difference, FARTHEST))
    total, above = 1.0, 0.0
    term, k = 1.0, mode
    while k < high and term > NEGLIGIBLE:
        term *= up * (second - k) * (events - k) / ((k + 1) * (first - events + k + 1))
        k += 1
        total += term
        above += term * (k - mode)
    term, k = 1.0, mode
    while k > low and term > NEGLIGIBLE:
        term *= down * k * (first - events + k) / ((second - k + 1) * (events - k + 1))
        k -= 1
        total += term
        above += term * (k - mode)
    log_weight = log(total) + log_choose(first, events - mode) + log_choose(second, mode)
    return mode, log_weight, above / total


@compiled
def _mode(  # noqa: PLR0917
    events: float, first: float, second: float, difference: float, low: float, high: float
) -> float:
    """Return the number of responders at the second level from which terms fall on both sides."""
    while low < high:
        k = (low + high) // 2
        ratio = (second - k) * (events - k) / ((k + 1) * (first - events + k + 1))
        if log(ratio) + difference > 0:
            low = k + 1
        else:
            high = k
    return low


@compiled
def log_total_at(row: Array, theta_first: float, theta_second: float) -> tuple[float, float, float]:
    """Return the log probability of a row of totals, and its derivatives in both linear predictors."""
    if row[4] > 0:
        return log_total_of_unknown_sizes(row[1], row[2] + row[3], theta_first, theta_second)
    return log_total(row[1], row[2], row[3], theta_first, theta_second)


@inlined
def log_totals(  # noqa: PLR0917
    d: DensityData, coefficients: Array, theta: Array, by_theta: Array, gradient: Array
) -> float:
    """Return the log probability of totals, adding its derivatives in predictors and coefficients."""
    totals, step, total = d.totals, d.step, 0.0
    for t in range(totals.shape[0]):
        arm, share, difference = (
            int(totals[t, 0]),
            totals[t, 3] / (totals[t, 2] + totals[t, 3]),
            0.0,
        )
        for k in range(step.shape[1]):
            difference += step[t, k] * coefficients[k]
        low, high = theta[arm] - share * difference, theta[arm] + (1 - share) * difference
        value, by_first, by_second = log_total_at(totals[t], low, high)
        total += value
        by_theta[arm] += by_first + by_second
        by_difference = (1 - share) * by_second - share * by_first
        for k in range(step.shape[1]):
            gradient[1 + k] += by_difference * step[t, k]
    return total


@compiled
def log_totals_at(totals: Array, first: Array, second: Array) -> Array:
    """Return the log probability of totals in each draw, given both predictors, dims (draw, total)."""
    found = np.empty(first.shape)
    for i in range(first.shape[0]):
        for t in range(first.shape[1]):
            found[i, t] = log_total_at(totals[t], first[i, t], second[i, t])[0]
    return found
