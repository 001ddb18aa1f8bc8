"""Compiled links: logarithms of the rate and of its complement, with derivatives."""

from math import erfc, exp, expm1, log, log1p, pi, sqrt

from bayesmeta.inference.compiled import compiled, inlined

__all__ = ["LOGIT", "log_normal_cdf", "log_rates"]

LOGIT = 0
"""Code of the usual link."""

_LOG_ROOT_TWO_PI = 0.5 * log(2 * pi)
_ROOT_TWO = sqrt(2.0)
_FAR = 5.0
_TERMS = 60


@inlined
def log_rates(link: int, theta: float) -> tuple[float, float, float, float]:
    """Return log rate, log (1 - rate), and their derivatives at linear predictor theta.

    `link` is the code of the link's class.
    """
    if link == LOGIT:
        return _logit(theta)
    if link == 1:  # probit
        return _probit(theta)
    return _complementary_log_log(theta)


@inlined
def _logit(theta: float) -> tuple[float, float, float, float]:
    smaller = exp(-abs(theta))
    soft, share = log1p(smaller), 1 / (1 + smaller)
    if theta > 0:
        return -soft, -theta - soft, smaller * share, -share
    return theta - soft, -soft, share, -smaller * share


@compiled
def _probit(theta: float) -> tuple[float, float, float, float]:
    below, slope_below = log_normal_cdf(theta)
    above, slope_above = log_normal_cdf(-theta)
    return below, above, slope_below, -slope_above


@compiled
def _complementary_log_log(theta: float) -> tuple[float, float, float, float]:
    hazard = exp(theta)
    if hazard == 0:
        return theta, 0.0, 1.0, 0.0
    return log(-expm1(-hazard)), -hazard, hazard / expm1(hazard), -hazard


@compiled
def log_normal_cdf(x: float) -> tuple[float, float]:
    """Return the log of the normal distribution function, and its derivative."""
    log_density = -0.5 * x * x - _LOG_ROOT_TWO_PI
    if x > -_FAR:
        value = log1p(-0.5 * erfc(x / _ROOT_TWO)) if x > 0 else log(0.5 * erfc(-x / _ROOT_TWO))
        return value, exp(log_density - value)
    # Laplace's continued fraction of Mills' ratio (Abramowitz & Stegun 26.2.14), from far inside.
    fraction = -x
    for k in range(_TERMS, 0, -1):
        fraction = -x + k / fraction
    return log_density - log(fraction), fraction
