"""From the sampler's unbounded scale to a bounded scalar, with derivatives."""

from math import exp, log

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.kernels import log1pexp, sigmoid

__all__ = ["bounded"]

Array = npt.NDArray[np.float64]


@inlined
def bounded(scale: Array, x: float) -> tuple[float, float, float, float]:
    """Return the scalar at x, its derivative, the log of that, and the derivative of that log.

    `scale` is a row of `DensityData.scales`: bounds and turn. Without bounds the scalar is x;
    between two it is logistic. With a lower one alone it is
    ``low + turn * (2 * log1pexp(x / 2))**2 * exp(-log1pexp(-x)**2 / 2)``. For large values that is the
    square of x: under a prior such as a half-normal one, the density of a logarithm would fall like
    exp(-exp(2 x)), a wall at which trajectories diverge. Towards the bound, where the density of a
    scale is flat, the density of x falls like a normal one instead of exponentially, and chains come
    back.
    """
    low, high, turn = scale[0], scale[1], scale[2]
    if low == -np.inf:
        return x, 1.0, 0.0, 0.0
    if high == np.inf:
        soft, share, root = log1pexp(-x), sigmoid(-x), 2 * log1pexp(x / 2)
        growth = 2 * sigmoid(x / 2) / root
        log_above = log(turn) + 2 * log(root) - 0.5 * soft * soft
        above, rate = exp(log_above), growth + soft * share
        bent = growth * (sigmoid(-x / 2) - growth) / 2 - share * (share + soft * (1 - share))
        return low + above, above * rate, log_above + log(rate), rate + bent / rate
    log_slope = log(high - low) - log1pexp(-x) - log1pexp(x)
    return low + (high - low) * sigmoid(x), exp(log_slope), log_slope, 1 - 2 * sigmoid(x)
