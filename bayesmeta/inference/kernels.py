"""Compiled terms that several densities share: the logistic function and the priors."""

from math import exp, log, log1p

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled

__all__ = ["log1pexp", "log_prior", "sigmoid"]

Array = npt.NDArray[np.float64]


@compiled
def log1pexp(x: float) -> float:
    """Return log(1 + exp(x)) without overflow."""
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


@compiled
def sigmoid(x: float) -> float:
    """Return the inverse logit without overflow."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


@compiled
def log_prior(kernel: Array, x: float) -> tuple[float, float]:  # noqa: PLR0911
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
    if shape == 6:  # BETA  # noqa: PLR2004
        value = constant + (a - 1) * log(x) + (b - 1) * log1p(-x)
        return value, (a - 1) / x - (b - 1) / (1 - x)
    return constant, 0.0  # UNIFORM
