"""Compiled log likelihood of an arm at a linear predictor: values alone, without their coefficient.

The sampler's density has derivatives, too, and sums over patients for the beta-binomial; integrals
need neither.
"""

from math import exp, log, log1p

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.density.links import log_rates

__all__ = ["log_arm"]

LOGIT, BINOMIAL = 0, 0
SMALLEST_RHO = 1e-14
"""Overdispersion below which a beta-binomial is a binomial to every digit."""
ASYMPTOTIC = 12.0
"""Argument from which Stirling's series of three terms is exact to 1e-12."""


@compiled
def log_arm(  # noqa: PLR0917
    likelihood: int, link: int, events: float, n: float, theta: float, rho: float
) -> float:
    """Return the log likelihood of `events` of `n` at linear predictor theta.

    `likelihood` and `link` are the codes of their classes; `rho` is the overdispersion of a
    beta-binomial.
    """
    others = n - events
    if link == LOGIT:
        soft = log1p(exp(-abs(theta)))
        log_rate, log_rest = (-soft, -theta - soft) if theta > 0 else (theta - soft, -soft)
    else:
        log_rate, log_rest = log_rates(link, theta)[:2]
    if likelihood != BINOMIAL and rho > SMALLEST_RHO:
        size = (1 - rho) / rho
        value = _log_rising(events, size, log_rate) + _log_rising(others, size, log_rest)
        return value - _log_rising(n, size, 0.0)
    value = 0.0
    # Nothing is added for no responders or no others, whatever their logarithm.
    if events > 0:
        value += events * log_rate
    if others > 0:
        value += others * log_rest
    return value


@compiled
def _log_rising(count: float, size: float, log_share: float) -> float:
    """Return the log of a (a + 1) ... (a + count - 1) with a = size exp(log_share).

    A difference of log gamma functions would cancel for large a, and its first factor, by itself,
    can't underflow.
    """
    if count == 0:
        return 0.0
    a = size * exp(log_share) + 1
    value, left, product = log(size) + log_share, count - 1, 1.0
    while left > 0 and a < ASYMPTOTIC:
        product *= a
        a += 1
        left -= 1
    value += log(product)
    if left == 0:
        return value
    end = a + left
    value += (a - 0.5) * log1p(left / a) + left * (log(end) - 1)
    return value + _correction(end) - _correction(a)


@compiled
def _correction(x: float) -> float:
    """Return what Stirling's formula lacks of the log gamma function."""
    y = 1 / (x * x)
    return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x
