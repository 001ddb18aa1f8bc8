"""Coefficients in the compiled density, among them effects of exchangeable levels, and derivatives.

The coordinate z of a level's effect is its standardised effect times ``sqrt(1 + sigma**2 * I)``, with
the information I of the evidence on the effect. So z has about the same spread where sigma is large
and the evidence tells the effect, as where sigma is small and tells it alone. With I = 0, z is the
standardised effect.
"""

from math import exp, log, log1p, sqrt
from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.data import DensityData
from bayesmeta.inference.density.effects import LOG_ROOT_TWO_PI
from bayesmeta.inference.density.likelihoods import log_normal_cdf
from bayesmeta.inference.density.scalars import Scalars
from bayesmeta.inference.kernels import log_prior, log_sum

STEPS = 80
CLOSE = 1e-8
"""Newton step, over the smaller scale, after which a quantile of a mixture is exact to rounding."""


class Coefficients(NamedTuple):
    """The coefficients at a point, those of levels last."""

    values: Array
    standard: Array
    """Standardised effect of each level."""
    by_standard: Array
    """Derivative of the effect of each level in it."""
    by_sigma: Array
    """The same in its sigma, the standardised effect being held."""


@inlined
def coefficients_at(q: Array, d: DensityData, values: Array) -> Coefficients:
    """Return the coefficients, given the values of the scalars."""
    levels, size = d.levels, d.centre.size
    number = levels.shape[0]
    found = np.empty(size)
    standard, by_standard, by_sigma = np.empty(number), np.empty(number), np.empty(number)
    for k in range(size - number):
        found[k] = q[1 + k]
    for r in range(number):
        k = size - number + r
        sigma = values[int(levels[r, 0])]
        standard[r] = _root(levels[r], sigma) * q[1 + k]
        found[k], by_standard[r], by_sigma[r] = _effect(levels[r], sigma, standard[r])
    return Coefficients(found, standard, by_standard, by_sigma)


@inlined
def log_levels(
    d: DensityData, coefficients: Coefficients, scalars: Scalars, gradient: Array
) -> float:
    """Return the log density of effects of levels in their coordinates.

    Turns the gradient in the effects, complete by then, into that in their coordinates, and adds to
    what the scalars carry.
    """
    (values, _, carried), levels, priors, total = scalars, d.levels, d.priors, 0.0
    first = 1 + d.centre.size - levels.shape[0]
    for r in range(levels.shape[0]):
        by_effect, place, standard = (
            gradient[first + r],
            int(levels[r, 0]),
            coefficients.standard[r],
        )
        sigma, root = values[place], _root(levels[r], values[place])
        value, slope = log_prior(priors[first + r], standard)
        total += value + log(root)
        by_standard = by_effect * coefficients.by_standard[r] + slope
        gradient[first + r] = by_standard * root
        # The root falls with sigma, and with it the standardised effect that z stands for.
        fall = sigma * levels[r, 4] * root * root
        carried[place] += by_effect * coefficients.by_sigma[r] - fall * (by_standard * standard + 1)
    return total


@compiled
def effects_of(levels: Array, scalars: Array, z: Array) -> Array:
    """Return the effects of levels at points, dims (point, level), given their scalars."""
    found = np.empty(z.shape)
    for i in range(z.shape[0]):
        for r in range(z.shape[1]):
            sigma = scalars[i, int(levels[r, 0])]
            found[i, r], _, _ = _effect(levels[r], sigma, _root(levels[r], sigma) * z[i, r])
    return found


@compiled
def _root(level: Array, sigma: float) -> float:
    """Return the standardised effect that a coordinate of 1 stands for."""
    return 1 / sqrt(1 + sigma * sigma * level[4])


@compiled
def _effect(level: Array, sigma: float, z: float) -> tuple[float, float, float]:
    """Return the effect whose standardised one is z, and its derivatives in z and sigma."""
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
