"""Compiled likelihoods of an arm, without their coefficient; values and derivatives."""

from math import exp, log

from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.links import log_rates

__all__ = ["BINOMIAL", "log_likelihood"]

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
    log_rate, log_rest, slope_rate, slope_rest = log_rates(link, theta)
    if likelihood == BINOMIAL:
        return _binomial(events, n - events, log_rate, log_rest, slope_rate, slope_rest)
    return _beta_binomial(events, n - events, log_rate, log_rest, slope_rate, slope_rest, rho)


@inlined
def _binomial(  # noqa: PLR0917
    events: float,
    others: float,
    log_rate: float,
    log_rest: float,
    slope_rate: float,
    slope_rest: float,
) -> tuple[float, float, float]:
    """Return the binomial's; sums of terms of one sign, so nothing cancels however far out."""
    value, slope = 0.0, 0.0
    if events > 0:
        value += events * log_rate
        slope += events * slope_rate
    if others > 0:
        value += others * log_rest
        slope += others * slope_rest
    return value, slope, 0.0


@compiled
def _beta_binomial(  # noqa: PLR0917
    events: float,
    others: float,
    log_rate: float,
    log_rest: float,
    slope_rate: float,
    slope_rest: float,
    rho: float,
) -> tuple[float, float, float]:
    value, slope, by_rho = _rising(events, log_rate, slope_rate, rho)
    value_rest, slope_of_rest, by_rho_rest = _rising(others, log_rest, slope_rest, rho)
    total, by_rho_total = _rising_one(events + others, rho)
    return value + value_rest - total, slope + slope_of_rest, by_rho + by_rho_rest - by_rho_total


@compiled
def _rising(count: float, log_rate: float, slope: float, rho: float) -> tuple[float, float, float]:
    """Return the log of the product of ``rate (1 - rho) + j rho`` over j < count, and derivatives.

    Products of the beta-binomial, which hold for rho = 0 too, where it is the binomial; unlike
    differences of log gamma functions they don't cancel.
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
