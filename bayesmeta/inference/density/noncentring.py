"""Partial non-centring of an effect, given its scale and its own data: the sampler's geometry.

A study effect u is replaced by z, which stands for where u lies within what is expected of it given
tau: with a and i the study's empirical linear predictor and its information, M the mean linear
predictor of its arms and ``w = tau**2 i / (1 + tau**2 i)``,

    u = w (a - M) + tau / sqrt(1 + tau**2 i) z.

Were the likelihood and the distribution normal, z would be standard normal and independent of mu,
beta and tau: this is partial non-centring (Papaspiliopoulos, Roberts & Sköld 2007,
doi:10.1214/088342307000000014) whose degree follows tau, so that there is neither a funnel near
tau = 0 nor a correlation of mu with large studies. It holds for any a and i; they only decide how
well the sampler moves. Effects of arms about their study are treated likewise.
"""

from math import log, sqrt
from typing import NamedTuple

from bayesmeta.inference.compiled import compiled, inlined

__all__ = ["Noncentred", "log_jacobian", "noncentred", "noncentring_adjoint"]


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
