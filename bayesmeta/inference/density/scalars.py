"""Coefficients, scalars and imputed covariates in the compiled density, and derivatives."""

from math import log
from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.data import DensityData
from bayesmeta.inference.density.effects import LOG_ROOT_TWO_PI
from bayesmeta.inference.kernels import bounded, log_prior


class Scalars(NamedTuple):
    """The scalars beside mu and beta at a point."""

    values: Array
    slopes: Array
    """Their derivatives in their coordinates."""
    carried: Array
    """The derivative of the log density in each of them, as far as it is added up."""


@inlined
def new_scalars(d: DensityData) -> Scalars:
    """Return scalars of which nothing is known yet."""
    size = d.scales.shape[0]
    return Scalars(np.empty(size), np.empty(size), np.empty(size))


@inlined
def log_coefficients(  # noqa: PLR0917
    q: Array, mu: float, d: DensityData, coefficients: Array, gradient: Array
) -> float:
    """Return the log prior of mu, given as at the centre, and beta, adding its gradient in these."""
    centre, priors = d.centre, d.priors
    fixed = centre.size - d.levels.shape[0]
    for k in range(centre.size):
        mu -= centre[k] * coefficients[k]
    value, slope = log_prior(priors[0], mu)
    gradient[0] += slope
    for k in range(fixed):
        value_of_prior, derivative = log_prior(priors[1 + k], q[1 + k])
        value += value_of_prior
        gradient[1 + k] += derivative - centre[k] * slope
    for k in range(fixed, centre.size):
        gradient[1 + k] -= centre[k] * slope
    return value


@inlined
def log_scalars(q: Array, d: DensityData, scalars: Scalars, gradient: Array) -> float:
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
def pull_scalars(d: DensityData, scalars: Scalars, gradient: Array) -> None:
    """Add to the gradient what the scalars carry."""
    _, slopes, carried = scalars
    first = 1 + d.centre.size
    for j in range(slopes.size):
        gradient[first + j] += carried[j] * slopes[j]


@inlined
def log_known(d: DensityData, imputed: int, scalars: Scalars) -> float:
    """Return the log density of the known values."""
    (values, _, carried), known = scalars, d.known
    total = 0.0
    for c in range(known.shape[0]):
        place = imputed + 2 * c
        mean, sd = values[place], values[place + 1]
        number, gap = known[c, 0], known[c, 1] - mean
        squares = known[c, 2] + number * gap * gap
        total += -number * (log(sd) + LOG_ROOT_TWO_PI) - 0.5 * squares / (sd * sd)
        carried[place] += number * gap / (sd * sd)
        carried[place + 1] += squares / (sd * sd * sd) - number / sd
    return total


@inlined
def add_missing(  # noqa: PLR0917
    q: Array,
    d: DensityData,
    place: int,
    imputed: int,
    scalars: Scalars,
    coefficients: Array,
    mean: Array,
) -> None:
    """Add missing values to the linear predictors of their arms."""
    arm, column, slope = d.missing_arm, d.missing_column, d.missing_slope
    values, first = scalars.values, place + d.arm_level.size
    for m in range(arm.size):
        scalar = imputed + 2 * int(column[m])
        x = values[scalar] + values[scalar + 1] * q[first + m]
        for k in range(slope.shape[1]):
            mean[int(arm[m])] += x * slope[m, k] * coefficients[k]


@inlined
def log_missing(  # noqa: PLR0917
    q: Array,
    d: DensityData,
    place: int,
    imputed: int,
    scalars: Scalars,
    coefficients: Array,
    by_theta: Array,
    gradient: Array,
) -> float:
    """Return the log density of missing values, adding the gradient that they carry."""
    arm, column, slope = d.missing_arm, d.missing_column, d.missing_slope
    values, _, carried = scalars
    first, total = place + d.arm_level.size, 0.0
    for m in range(arm.size):
        z, by_arm, by_x = q[first + m], by_theta[int(arm[m])], 0.0
        scalar = imputed + 2 * int(column[m])
        sd = values[scalar + 1]
        x = values[scalar] + sd * z
        for k in range(slope.shape[1]):
            by_x += by_arm * slope[m, k] * coefficients[k]
            gradient[1 + k] += by_arm * slope[m, k] * x
        total += -0.5 * z * z - LOG_ROOT_TWO_PI
        gradient[first + m] += by_x * sd - z
        carried[scalar] += by_x
        carried[scalar + 1] += by_x * z
    return total
