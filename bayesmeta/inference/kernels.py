"""The terms of the compiled density: priors, the scale of tau, the binomial; values and derivatives."""

from math import exp, log, log1p

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled

__all__ = ["TAU_SCALE", "bounded_tau", "log1pexp", "log_binomial", "log_prior", "sigmoid"]

Array = npt.NDArray[np.float64]

TAU_SCALE = 0.4
"""Heterogeneity (log-odds) at which the unbounded scale of tau turns; geometry only."""


@compiled
def log1pexp(x: float) -> float:
    """Return log(1 + exp(x)) without overflow."""
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


@compiled
def sigmoid(x: float) -> float:
    """Return the inverse logit without overflow."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


@compiled
def log_prior(kernel: Array, x: float) -> tuple[float, float]:
    """Return log density and derivative at x of the prior of one row of `DensityData.priors`."""
    shape, a, b, c, constant = int(kernel[0]), kernel[1], kernel[2], kernel[3], kernel[4]
    if shape == 0:  # NORMAL
        z = (x - a) / b
        return constant - 0.5 * z * z, -z / b
    if shape == 1:  # STUDENT_T
        z = (x - a) / b
        return constant - 0.5 * (c + 1) * log1p(z * z / c), -(c + 1) * z / (b * (c + z * z))
    if shape == 2:  # LOG_NORMAL  # noqa: PLR2004
        z = (log(x) - a) / b
        return constant - log(x) - 0.5 * z * z, -(1 + z / b) / x
    if shape == 3:  # GAMMA  # noqa: PLR2004
        return constant + (a - 1) * log(x) - b * x, (a - 1) / x - b
    if shape == 4:  # INVERSE_GAMMA  # noqa: PLR2004
        return constant - (a + 1) * log(x) - b / x, (-(a + 1) + b / x) / x
    return constant, 0.0  # UNIFORM


@compiled
def bounded_tau(bounds: Array, x: float) -> tuple[float, float, float, float]:
    """Return tau at x on the unbounded scale, d tau / dx, its log, and the derivative of that log.

    Without an upper bound ``log(tau / TAU_SCALE) = x - log1pexp(-x)**2 / 2``: the logarithm for
    large tau, but towards 0, where the density of tau is flat, the density of x falls like a
    normal one instead of exponentially, and chains come back.
    """
    low, high = bounds[0], bounds[1]
    if high == np.inf:
        soft, share = log1pexp(-x), sigmoid(-x)
        tau = TAU_SCALE * exp(x - 0.5 * soft * soft)
        rate = 1 + soft * share
        bend = rate - share * (share + soft * (1 - share)) / rate
        return tau, tau * rate, log(TAU_SCALE) + x - 0.5 * soft * soft + log(rate), bend
    log_slope = log(high - low) - log1pexp(-x) - log1pexp(x)
    return low + (high - low) * sigmoid(x), exp(log_slope), log_slope, 1 - 2 * sigmoid(x)


@compiled
def log_binomial(events: float, n: float, theta: float) -> tuple[float, float]:
    """Return binomial log likelihood without its coefficient, and derivative, at log-odds theta.

    Both are sums of terms of one sign, so nothing cancels however far out theta is.
    """
    value = -events * log1pexp(-theta) - (n - events) * log1pexp(theta)
    return value, events * sigmoid(-theta) - (n - events) * sigmoid(theta)
