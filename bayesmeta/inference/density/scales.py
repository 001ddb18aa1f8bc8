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
    between two it is logistic. With a lower one alone ``log((value - low) / turn) =
    x - log1pexp(-x)**2 / 2``: the logarithm for large values, but towards the bound, where the
    density of a scale is flat, the density of x falls like a normal one instead of exponentially,
    and chains come back.
    """
    low, high, turn = scale[0], scale[1], scale[2]
    if low == -np.inf:
        return x, 1.0, 0.0, 0.0
    if high == np.inf:
        soft, share = log1pexp(-x), sigmoid(-x)
        above = turn * exp(x - 0.5 * soft * soft)
        rate = 1 + soft * share
        bend = rate - share * (share + soft * (1 - share)) / rate
        return low + above, above * rate, log(turn) + x - 0.5 * soft * soft + log(rate), bend
    log_slope = log(high - low) - log1pexp(-x) - log1pexp(x)
    return low + (high - low) * sigmoid(x), exp(log_slope), log_slope, 1 - 2 * sigmoid(x)
