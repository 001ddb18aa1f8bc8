"""Coefficients and scalars in the compiled density: what their priors say, and derivatives."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.data import CommonData
from bayesmeta.inference.density.scales import bounded
from bayesmeta.inference.kernels import log_prior

__all__ = ["Scalars", "log_coefficients", "log_scalars", "new_scalars", "pull_scalars"]

Array = npt.NDArray[np.float64]


class Scalars(NamedTuple):
    """The scalars beside mu and beta at a point."""

    values: Array
    slopes: Array
    """Their derivatives in their coordinates."""
    carried: Array
    """The derivative of the log density in each of them, as far as it is added up."""


@inlined
def new_scalars(d: CommonData) -> Scalars:
    """Return scalars of which nothing is known yet."""
    size = d.scales.shape[0]
    return Scalars(np.empty(size), np.empty(size), np.empty(size))


@inlined
def log_coefficients(q: Array, mu: float, d: CommonData, gradient: Array) -> float:
    """Return the log prior of mu, given as at the centre, and beta, adding its gradient in these."""
    centre, priors = d.centre, d.priors
    for k in range(centre.size):
        mu -= centre[k] * q[1 + k]
    value, slope = log_prior(priors[0], mu)
    gradient[0] += slope
    for k in range(centre.size):
        value_of_prior, derivative = log_prior(priors[1 + k], q[1 + k])
        value += value_of_prior
        gradient[1 + k] += derivative - centre[k] * slope
    return value


@inlined
def log_scalars(q: Array, d: CommonData, scalars: Scalars, gradient: Array) -> float:
    """Return the log prior of the scalars on their unbounded scales, and write `scalars`."""
    values, slopes, carried = scalars
    first, priors, scales = 1 + d.centre.size, d.priors, d.scales
    total = 0.0
    for j in range(values.size):
        values[j], slopes[j], log_slope, bend = bounded(scales[j], q[first + j])
        value, carried[j] = log_prior(priors[first + j], values[j])
        total += value + log_slope
        gradient[first + j] += bend
    return total


@inlined
def pull_scalars(d: CommonData, scalars: Scalars, gradient: Array) -> None:
    """Add to the gradient what the scalars carry."""
    _, slopes, carried = scalars
    first = 1 + d.centre.size
    for j in range(slopes.size):
        gradient[first + j] += carried[j] * slopes[j]
