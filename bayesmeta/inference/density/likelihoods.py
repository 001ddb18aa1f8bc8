"""Compiled links, and likelihoods of an arm without their coefficient; values and derivatives."""

from math import erfc, exp, expm1, log, log1p, pi, sqrt

from bayesmeta.inference.compiled import compiled, inlined

Rates = tuple[float, float, float, float]
"""Log rate, log (1 - rate), and their derivatives in the linear predictor."""

LOGIT = 0
"""Code of the usual link."""

_LOG_ROOT_TWO_PI = 0.5 * log(2 * pi)
_ROOT_TWO = sqrt(2.0)
_FAR = 5.0
_TERMS = 60


@inlined
def log_rates(link: int, theta: float) -> Rates:
    """Return the rates at linear predictor theta; `link` is the code of the link's class."""
    if link == LOGIT:
        return _logit(theta)
    if link == 1:  # probit
        return _probit(theta)
    return _complementary_log_log(theta)


@inlined
def _logit(theta: float) -> Rates:
    smaller = exp(-abs(theta))
    soft, share = log1p(smaller), 1 / (1 + smaller)
    if theta > 0:
        return -soft, -theta - soft, smaller * share, -share
    return theta - soft, -soft, share, -smaller * share


@compiled
def _probit(theta: float) -> Rates:
    below, slope_below = log_normal_cdf(theta)
    above, slope_above = log_normal_cdf(-theta)
    return below, above, slope_below, -slope_above


@compiled
def _complementary_log_log(theta: float) -> Rates:
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


BINOMIAL = 0
"""Code of the usual likelihood."""

_LARGE, _SMALL = 1e200, 1e-200


@inlined
def log_likelihood(  # noqa: PLR0917
    likelihood: int, link: int, events: float, n: float, theta: float, rho: float
) -> tuple[float, float, float]:
    """Return log likelihood and its derivatives in theta and rho.

    `likelihood` and `link` are the codes of their classes.
    """
    rates = log_rates(link, theta)
    if likelihood == BINOMIAL:
        return _binomial(events, n - events, rates)
    return _beta_binomial(events, n - events, rates, rho)


@inlined
def _binomial(events: float, others: float, rates: Rates) -> tuple[float, float, float]:
    """Return the binomial's; sums of terms of one sign, so nothing cancels however far out."""
    log_rate, log_rest, slope_rate, slope_rest = rates
    value, slope = 0.0, 0.0
    if events > 0:
        value += events * log_rate
        slope += events * slope_rate
    if others > 0:
        value += others * log_rest
        slope += others * slope_rest
    return value, slope, 0.0


@compiled
def _beta_binomial(
    events: float, others: float, rates: Rates, rho: float
) -> tuple[float, float, float]:
    log_rate, log_rest, slope_rate, slope_rest = rates
    value, slope, by_rho = _rising(events, log_rate, slope_rate, rho)
    value_rest, slope_of_rest, by_rho_rest = _rising(others, log_rest, slope_rest, rho)
    total, by_rho_total = _rising_one(events + others, rho)
    return value + value_rest - total, slope + slope_of_rest, by_rho + by_rho_rest - by_rho_total


@compiled
def _rising(count: float, log_rate: float, slope: float, rho: float) -> tuple[float, float, float]:
    """Return the log of the product of ``rate (1 - rho) + j rho`` over j < count, and derivatives.

    Products of the beta-binomial, which hold for rho = 0 too, where it is the binomial; unlike
    differences of log gamma functions they do not cancel.
    """
    if count == 0:
        return 0.0, 0.0, 0.0
    rate = exp(log_rate)
    value, by_theta, by_rho = log_rate + log(1 - rho), slope, -1 / (1 - rho)
    by_rate = (1 - rho) * rate * slope
    product = 1.0
    for j in range(1, int(count)):
        term = rate * (1 - rho) + j * rho
        product *= term
        if product > _LARGE or product < _SMALL:
            value += log(product)
            product = 1.0
        by_theta += by_rate / term
        by_rho += (j - rate) / term
    return value + log(product), by_theta, by_rho


@compiled
def _rising_one(count: float, rho: float) -> tuple[float, float]:
    """Return the same at rate 1, with its derivative in rho."""
    value, by_rho = 0.0, 0.0
    product = 1.0
    for j in range(int(count)):
        term = 1 - rho + j * rho
        product *= term
        if product > _LARGE or product < _SMALL:
            value += log(product)
            product = 1.0
        by_rho += (j - 1) / term
    return value + log(product), by_rho
