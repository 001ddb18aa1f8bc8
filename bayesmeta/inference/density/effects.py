"""Compiled study effects: their distributions at scale 1, their coordinates, and derivatives."""

from math import exp, lgamma, log, log1p, pi, sqrt
from typing import NamedTuple

from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.likelihoods import log_normal_cdf

NORMAL = 0
"""Code of the usual distribution."""

LOG_ROOT_TWO_PI = 0.5 * log(2 * pi)


@inlined
def log_distribution(
    distribution: int, x: float, own: float, constant: float
) -> tuple[float, float, float]:
    """Return log density at x, and its derivatives in x and in the distribution's own parameter.

    `distribution` is the code of the distribution's class, `own` its own parameter, and `constant`
    its fixed number.
    """
    if distribution == 1:  # StudentTEffects
        return _student(x, own)
    if distribution == 2:  # ContaminatedEffects  # noqa: PLR2004
        return _contaminated(x, own, constant)
    if distribution == 3:  # SkewNormalEffects  # noqa: PLR2004
        return _skew_normal(x, own)
    return -0.5 * x * x - LOG_ROOT_TWO_PI, -x, 0.0


@compiled
def _student(x: float, nu: float) -> tuple[float, float, float]:
    spread = log1p(x * x / nu)
    value = lgamma((nu + 1) / 2) - lgamma(nu / 2) - 0.5 * log(nu * pi) - (nu + 1) / 2 * spread
    by_nu = 0.5 * (digamma((nu + 1) / 2) - digamma(nu / 2) - 1 / nu - spread)
    by_nu += (nu + 1) * x * x / (2 * nu * (nu + x * x))
    return value, -(nu + 1) * x / (nu + x * x), by_nu


@compiled
def _contaminated(x: float, proportion: float, scale: float) -> tuple[float, float, float]:
    usual = -0.5 * x * x
    outlying = -0.5 * (x / scale) * (x / scale) - log(scale)
    # Relative to the larger, so that neither underflows.
    top = max(usual, outlying)
    part_usual, part_outlying = exp(usual - top), exp(outlying - top)
    total = (1 - proportion) * part_usual + proportion * part_outlying
    slope = (
        -((1 - proportion) * part_usual + proportion * part_outlying / (scale * scale)) * x / total
    )
    return top + log(total) - LOG_ROOT_TWO_PI, slope, (part_outlying - part_usual) / total


@compiled
def _skew_normal(x: float, skew: float) -> tuple[float, float, float]:
    """Return those of the distribution with mean 0 and standard deviation 1."""
    root = 1 / sqrt(1 + skew * skew)
    mean = sqrt(2 / pi) * skew * root
    sd = sqrt(1 - mean * mean)
    y = mean + sd * x
    log_half, slope = log_normal_cdf(skew * y)
    by_y = skew * slope - y
    by_mean = sqrt(2 / pi) * root * root * root
    by_sd = -mean * by_mean / sd
    value = log(2 * sd) - 0.5 * y * y - LOG_ROOT_TWO_PI + log_half
    return value, sd * by_y, by_sd / sd + by_y * (by_mean + by_sd * x) + slope * y


@compiled
def digamma(x: float) -> float:
    """Return the derivative of the log gamma function, for positive x."""
    value = 0.0
    while x < 10:  # noqa: PLR2004
        value -= 1 / x
        x += 1
    # Asymptotic series (Abramowitz & Stegun 6.3.18); the next term is below 1e-14 from 10 on.
    y = 1 / (x * x)
    series = 1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760)))
    return value + log(x) - 0.5 / x - y * (1 / 12 - y * series)


class Noncentred(NamedTuple):
    """An effect about a mean, and what its derivatives need."""

    level: float
    """The mean and the effect together."""
    standard: float
    """The effect over its scale."""
    rest: float
    root: float
    w_over_tau: float
    gap: float
    tau: float
    z: float


@compiled
def noncentred(tau: float, information: float, level: float, mean: float, z: float) -> Noncentred:  # noqa: PLR0917
    """Return the effect that z stands for, about `mean`, with data at `level`."""
    q = tau * tau * information
    rest = 1 / (1 + q)
    root = sqrt(rest)
    w_over_tau = tau * information * rest
    gap = level - mean
    # (1 - w) M + w a rather than M + w (a - M), which would cancel for large studies.
    return Noncentred(
        rest * mean + q * rest * level + tau * root * z,
        w_over_tau * gap + root * z,
        rest,
        root,
        w_over_tau,
        gap,
        tau,
        z,
    )


@inlined
def log_jacobian(p: Noncentred) -> float:
    """Return the log derivative in z of the effect over its scale."""
    return 0.5 * log(p.rest)


@inlined
def noncentring_adjoint(
    p: Noncentred, by_level: float, by_standard: float
) -> tuple[float, float, float]:
    """Return derivatives in z, in the mean and in log tau, `log_jacobian` included.

    `by_level` and `by_standard` are the derivatives of everything else in the level and in the
    standardised effect.
    """
    w = 1 - p.rest
    by_z = (by_level * p.tau + by_standard) * p.root
    by_mean = by_level * p.rest - by_standard * p.w_over_tau
    by_log_tau = by_level * p.tau * p.rest * (2 * p.w_over_tau * p.gap + p.root * p.z)
    by_log_tau += by_standard * (p.w_over_tau * (1 - 2 * w) * p.gap - w * p.root * p.z) - w
    return by_z, by_mean, by_log_tau
