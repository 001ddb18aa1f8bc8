"""From the sampler's scales to mu and to bounded scalars, with derivatives."""

from math import cosh, exp, log, sinh, sqrt, tanh

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.kernels import log1pexp, sigmoid
from bayesmeta.priors import Shape

__all__ = ["bounded", "located"]

Array = npt.NDArray[np.float64]

STUDENT_T = int(Shape.STUDENT_T)


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
