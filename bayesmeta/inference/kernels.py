"""Compiled terms that several densities share: priors, and the sampler's scales of mu and scalars."""

from math import cosh, exp, log, log1p, sinh, sqrt, tanh

import numpy as np
from scipy.special import expit

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.priors import Kernel, Shape

NORMAL, STUDENT_T, LOG_NORMAL = int(Shape.NORMAL), int(Shape.STUDENT_T), int(Shape.LOG_NORMAL)
GAMMA, INVERSE_GAMMA, BETA = int(Shape.GAMMA), int(Shape.INVERSE_GAMMA), int(Shape.BETA)


@compiled
def log1pexp(x: float) -> float:
    """Return log(1 + exp(x)) without overflow."""
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


@compiled
def log_sum(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    if a == -np.inf:
        return b
    low, high = min(a, b), max(a, b)
    return high + log1p(exp(low - high))


@compiled
def sigmoid(x: float) -> float:
    """Return the inverse logit without overflow."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


@compiled
def log_prior(kernel: Array, x: float) -> tuple[float, float]:  # noqa: PLR0911
    """Return log density and derivative at x of the prior of one row of `DensityData.priors`."""
    shape, a, b, c, constant = int(kernel[0]), kernel[1], kernel[2], kernel[3], kernel[4]
    if shape == NORMAL:
        z = (x - a) / b
        return constant - 0.5 * z * z, -z / b
    if shape == STUDENT_T:
        z = (x - a) / b
        return constant - 0.5 * (c + 1) * log1p(z * z / c), -(c + 1) * z / (b * (c + z * z))
    if shape == LOG_NORMAL:
        z = (log(x) - a) / b
        return constant - log(x) - 0.5 * z * z, -(1 + z / b) / x
    if shape == GAMMA:
        return constant + (a - 1) * log(x) - b * x, (a - 1) / x - b
    if shape == INVERSE_GAMMA:
        return constant - (a + 1) * log(x) - b / x, (-(a + 1) + b / x) / x
    if shape == BETA:
        value = constant + (a - 1) * log(x) + (b - 1) * log1p(-x)
        return value, (a - 1) / x - (b - 1) / (1 - x)
    return constant, 0.0  # UNIFORM


@inlined
def bounded(scale: Array, x: float) -> tuple[float, float, float, float]:
    """Return the scalar at x, its derivative, the log of that, and the derivative of that log.

    `scale` is a row of `DensityData.scales`: bounds and transition scale. Without bounds the scalar
    is x; between two it is logistic. With a lower one alone it is
    ``low + transition * (2 * log1pexp(x / 2))**2 * exp(-log1pexp(-x)**2 / 2)``. For large values that
    is the square of x: under a prior such as a half-normal one, the density of a logarithm would fall
    like exp(-exp(2 x)), a wall at which trajectories diverge. Towards the bound, where the density of
    a scale is flat, the density of x falls like a normal one instead of exponentially, and chains come
    back.
    """
    low, high, transition = scale[0], scale[1], scale[2]
    if low == -np.inf:
        return x, 1.0, 0.0, 0.0
    if high == np.inf:
        soft, share, root = log1pexp(-x), sigmoid(-x), 2 * log1pexp(x / 2)
        growth = 2 * sigmoid(x / 2) / root
        log_above = log(transition) + 2 * log(root) - 0.5 * soft * soft
        above, rate = exp(log_above), growth + soft * share
        bent = growth * (sigmoid(-x / 2) - growth) / 2 - share * (share + soft * (1 - share))
        return low + above, above * rate, log_above + log(rate), rate + bent / rate
    log_slope = log(high - low) - log1pexp(-x) - log1pexp(x)
    return low + (high - low) * sigmoid(x), exp(log_slope), log_slope, 1 - 2 * sigmoid(x)


@inlined
def located(prior: Array, x: float) -> tuple[float, float, float, float]:
    """Return mu at x, its derivative, the log of that, and the derivative of that log.

    `prior` is the row of mu in `DensityData.priors`. Under a normal prior mu is x. Where all or none
    respond, a Student-t prior leaves mu a tail that falls like a power, in which steps that suit the
    bulk get lost. So there ``mu = loc + w * sinh(x / w)``, with ``w = scale * sqrt(df)``: near `loc`
    mu is x, and the prior of x is proportional to ``cosh(x / w)**-df``, whose tails fall
    exponentially.
    """
    if int(prior[0]) != STUDENT_T:
        return x, 1.0, 0.0, 0.0
    width = prior[2] * sqrt(prior[3])
    t = x / width
    slope = cosh(t)
    return prior[1] + width * sinh(t), slope, log(slope), tanh(t) / width


def bounded_values(scales: Array, x: Array) -> Array:
    """Return scalars at x, as `bounded` does for one."""
    values = np.array(x, dtype=np.float64)
    for j, (low, high, transition) in enumerate(scales):
        at = x[..., j]
        if np.isfinite(low) and np.isinf(high):
            root, soft = 2 * np.logaddexp(0, at / 2), np.logaddexp(0, -at)
            values[..., j] = low + transition * np.exp(2 * np.log(root) - soft**2 / 2)
        elif np.isfinite(low):
            values[..., j] = low + (high - low) * expit(at)
    return values


def located_values(prior: Array, x: Array) -> Array:
    """Return mu at x, as `located` does."""
    if not (width := _width(prior)):
        return x
    return np.asarray(prior[1] + width * np.sinh(x / width))


def unlocated(prior: Array, mu: Array) -> Array:
    """Return the x at which `located_values` is mu."""
    if not (width := _width(prior)):
        return mu
    return np.asarray(width * np.arcsinh((mu - prior[1]) / width))


def _width(prior: Array) -> float:
    """Return the width of `located`; 0 where mu is its own coordinate."""
    return float(prior[2] * np.sqrt(prior[3])) if Kernel(*prior).is_student_t else 0.0
