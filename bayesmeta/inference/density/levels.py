"""Coefficients in the compiled density, among them effects of exchangeable levels, and derivatives."""

from math import exp, log, log1p
from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.data import DensityData
from bayesmeta.inference.density.effects import LOG_ROOT_TWO_PI
from bayesmeta.inference.density.likelihoods import log_normal_cdf
from bayesmeta.inference.kernels import log_prior, log_sum

STEPS = 80
CLOSE = 1e-8
"""Newton step, over the smaller scale, after which a quantile of a mixture is exact to rounding."""


class Coefficients(NamedTuple):
    """The coefficients at a point, those of levels last."""

    values: Array
    by_coordinate: Array
    """Derivative of the effect of each level in its coordinate."""
    by_sigma: Array
    """The same in its sigma."""


@inlined
def coefficients_at(q: Array, d: DensityData, values: Array) -> Coefficients:
    """Return the coefficients, given the values of the scalars."""
    levels, size = d.levels, d.centre.size
    number = levels.shape[0]
    found = np.empty(size)
    by_coordinate, by_sigma = np.empty(number), np.empty(number)
    for k in range(size - number):
        found[k] = q[1 + k]
    for r in range(number):
        k = size - number + r
        sigma = values[int(levels[r, 0])]
        found[k], by_coordinate[r], by_sigma[r] = _effect(levels[r], sigma, q[1 + k])
    return Coefficients(found, by_coordinate, by_sigma)


@inlined
def log_levels(  # noqa: PLR0917
    q: Array, d: DensityData, coefficients: Coefficients, carried: Array, gradient: Array
) -> float:
    """Return the log density of standardised effects of levels.

    Turns the gradient in the effects, complete by then, into that in their coordinates, and adds to
    what the scalars carry.
    """
    levels, priors, total = d.levels, d.priors, 0.0
    first = 1 + d.centre.size - levels.shape[0]
    for r in range(levels.shape[0]):
        by_effect = gradient[first + r]
        value, slope = log_prior(priors[first + r], q[first + r])
        total += value
        gradient[first + r] = by_effect * coefficients.by_coordinate[r] + slope
        carried[int(levels[r, 0])] += by_effect * coefficients.by_sigma[r]
    return total


@compiled
def effects_of(levels: Array, scalars: Array, z: Array) -> Array:
    """Return the effects of levels at points, dims (point, level), given their scalars."""
    found = np.empty(z.shape)
    for i in range(z.shape[0]):
        for r in range(z.shape[1]):
            found[i, r], _, _ = _effect(levels[r], scalars[i, int(levels[r, 0])], z[i, r])
    return found


@compiled
def _effect(level: Array, sigma: float, z: float) -> tuple[float, float, float]:
    """Return the effect that z stands for, and its derivatives in z and sigma."""
    probability, loc, scale = level[1], level[2], level[3]
    if probability == 1:
        return sigma * z, sigma, z
    b = _mixture_quantile(level, sigma, z)
    one, other = b / sigma, (b - loc) / scale
    log_one = log(probability) - 0.5 * one * one - log(sigma)
    log_other = log1p(-probability) - 0.5 * other * other - log(scale)
    log_density = log_sum(log_one, log_other)
    return b, exp(-0.5 * z * z - log_density), one * exp(log_one - log_density)


@compiled
def _mixture_quantile(level: Array, sigma: float, z: float) -> float:
    """Return the effect below which a mixture has as much as a standard normal has below z.

    It lies between those of the parts. Logarithms of the smaller tail keep the digits of both ends.
    """
    probability, loc, scale = level[1], level[2], level[3]
    side = -1.0 if z > 0 else 1.0
    target, _ = log_normal_cdf(side * z)
    low, high = min(sigma * z, loc + scale * z), max(sigma * z, loc + scale * z)
    found = (low + high) / 2
    for _ in range(STEPS):
        one, other = found / sigma, (found - loc) / scale
        tail_one, _ = log_normal_cdf(side * one)
        tail_other, _ = log_normal_cdf(side * other)
        tail = log_sum(log(probability) + tail_one, log1p(-probability) + tail_other)
        density = log_sum(
            log(probability) - 0.5 * one * one - log(sigma),
            log1p(-probability) - 0.5 * other * other - log(scale),
        )
        gap = side * (tail - target)
        low, high = (low, found) if gap > 0 else (found, high)
        step = gap * exp(tail - density + LOG_ROOT_TWO_PI)
        if abs(step) <= CLOSE * min(sigma, scale):
            return float(found - step)
        found -= step
        if not low < found < high:
            found = (low + high) / 2
    return float(found)
