"""Totals over two levels of unknown sizes in the compiled density.

Any share w of patients at the second level is as probable, and a patient responds with probability
(1 - w) p1 + w p2. The binomial probability of the total is integrated over w by Gauss-Legendre
quadrature where it is not negligible. In w it is log-concave, so that this is one interval.
"""

from math import exp, lgamma, log, sqrt

import numpy as np
from numpy.polynomial.legendre import leggauss

from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.likelihoods import LOGIT, log_rates

_NODES, _WEIGHTS = leggauss(48)

STANDARD_ERRORS, EXPONENT = 8.0, 40.0
"""Standard errors of an observed rate, and fall of a log probability, beyond which it is negligible."""


@compiled
def log_total_of_unknown_sizes(
    events: float, n: float, theta_first: float, theta_second: float
) -> tuple[float, float, float]:
    """Return the log probability of a total, and its derivatives in both linear predictors."""
    rate, rest, slope_rate, slope_rest = log_rates(LOGIT, theta_first)
    rate_other, rest_other, slope_rate_other, slope_rest_other = log_rates(LOGIT, theta_second)
    p, q, p_other, q_other = exp(rate), exp(rest), exp(rate_other), exp(rest_other)
    # Shares are found from the smaller of a rate and its complement, which has all its digits.
    if 2 * events <= n:
        low, high = _bounds(events, n, p, p_other)
    else:
        low, high = _bounds(n - events, n, q, q_other)
    middle, half = (low + high) / 2, (high - low) / 2
    values = np.empty(_NODES.size)
    for k in range(_NODES.size):
        w = middle + half * _NODES[k]
        values[k] = events * log((1 - w) * p + w * p_other) if events > 0 else 0.0
        values[k] += (n - events) * log((1 - w) * q + w * q_other) if events < n else 0.0
    top, total, by_first, by_second = values.max(), 0.0, 0.0, 0.0
    for k in range(_NODES.size):
        w, weight = middle + half * _NODES[k], half * _WEIGHTS[k] * exp(values[k] - top)
        total += weight
        here, missed = (
            events / ((1 - w) * p + w * p_other),
            (n - events) / ((1 - w) * q + w * q_other),
        )
        by_first += weight * (1 - w) * (here * p * slope_rate + missed * q * slope_rest)
        by_second += (
            weight * w * (here * p_other * slope_rate_other + missed * q_other * slope_rest_other)
        )
    value = log_choose(n, events) + top + log(total)
    return value, by_first / total, by_second / total


@compiled
def _bounds(events: float, n: float, first: float, second: float) -> tuple[float, float]:
    """Return the shares of the second level between which the probability is not negligible."""
    low, high = min(first, second), max(first, second)
    observed = events / n
    peak = min(max(observed, low), high)
    width = STANDARD_ERRORS * sqrt(observed * (1 - observed) / n) + EXPONENT / n
    fall = abs(events / max(peak, 1e-300) - (n - events) / max(1 - peak, 1e-300))
    if fall * width > EXPONENT:
        width = EXPONENT / fall
    if width >= high - low:
        return 0.0, 1.0
    ends = (
        (max(peak - width, low) - first) / (second - first),
        (min(peak + width, high) - first) / (second - first),
    )
    return max(min(ends), 0.0), min(max(ends), 1.0)


@inlined
def log_choose(n: float, k: float) -> float:
    """Return the log binomial coefficient."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
