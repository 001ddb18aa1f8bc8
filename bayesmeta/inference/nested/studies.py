"""Study effects of nested outcomes: their correlations, where studies lie, and derivatives.

The effects of a study are non-centred one ratio after the other: given those before, an effect is
normal about what they let expect, so that correlated effects are treated as independent ones are.
"""

from math import exp, tanh

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.effects import (
    LOG_ROOT_TWO_PI,
    log_jacobian,
    noncentred,
    noncentring_adjoint,
)
from bayesmeta.inference.kernels import log1pexp, sigmoid
from bayesmeta.inference.nested.data import NestedData


@compiled
def log_beta_of_logit(kernel: Array, x: float) -> tuple[float, float]:
    """Return log density and derivative at the logit x of what has the beta prior of `kernel`."""
    a, b = kernel[1], kernel[2]
    value = kernel[4] - a * log1pexp(-x) - b * log1pexp(x)
    return value, a * sigmoid(-x) - b * sigmoid(x)


@compiled
def partial_correlations(x: Array) -> tuple[Array, Array]:
    """Return the partial correlations at x, and the root of 1 minus the square of each."""
    partial, root = np.empty(x.size), np.empty(x.size)
    for i in range(x.size):
        partial[i] = tanh(0.5 * x[i])
        root[i] = 2 * exp(-0.5 * (log1pexp(x[i]) + log1pexp(-x[i])))
    return partial, root


@compiled
def cholesky_of(partial: Array, root: Array, levels: int) -> Array:
    """Return the lower Cholesky factor of the correlations, shape (L, L).

    `partial` has the partial correlations in rows; none at all stand for no correlation.
    """
    factor = np.eye(levels)
    place = 0
    for i in range(1, levels if partial.size else 0):
        for j in range(i):
            factor[i, j] = partial[place] * factor[i, i]
            factor[i, i] *= root[place]
            place += 1
    return factor


@compiled
def pull_cholesky(partial: Array, root: Array, factor: Array, by_factor: Array) -> Array:
    """Return the derivatives in x from those in the factor's entries."""
    found = np.zeros(partial.size)
    place = 0
    for i in range(1, factor.shape[0] if partial.size else 0):
        rest = 1.0
        for j in range(i):
            found[place] = 0.5 * by_factor[i, j] * rest * root[place] * root[place]
            # Every later entry of the row holds the root.
            for m in range(j + 1, i + 1):
                found[place] -= 0.5 * by_factor[i, m] * factor[i, m] * partial[place]
            rest *= root[place]
            place += 1
    return found


def cholesky_rows(partial: Array, root: Array, levels: int) -> Array:
    """Return the Cholesky factors (..., L, L) of many draws of partial correlations (..., P)."""
    factor = np.zeros((*partial.shape[:-1], levels, levels))
    factor[...] = np.eye(levels)
    place = 0
    for i in range(1, levels if partial.shape[-1] else 0):
        for j in range(i):
            factor[..., i, j] = partial[..., place] * factor[..., i, i]
            factor[..., i, i] *= root[..., place]
            place += 1
    return factor


@inlined
def log_effects(  # noqa: PLR0917
    q: Array, mu: Array, d: NestedData, tau: Array, factor: Array, level: Array, standard: Array
) -> float:
    """Return the log density of the effects; write each study's levels and standardised effects."""
    information, data, study_mean = d.information, d.level, d.study_mean
    (studies, levels), covariates = data.shape, d.centre.size
    place = levels * (1 + covariates) + d.scales.shape[0]
    total = 0.0
    for s in range(studies):
        for j in range(levels):
            p = noncentred(
                tau[j] * factor[j, j],
                information[s, j],
                data[s, j],
                _expected(q, mu, study_mean, tau, factor, standard, s, j),
                q[place + s * levels + j],
            )
            level[s, j], standard[s, j] = p.level, p.standard
            total += log_jacobian(p) - 0.5 * p.standard * p.standard - LOG_ROOT_TWO_PI
    return total


@inlined
def _expected(  # noqa: PLR0917
    q: Array,
    mu: Array,
    study_mean: Array,
    tau: Array,
    factor: Array,
    standard: Array,
    s: int,
    j: int,
) -> float:
    """Return what the predictor of a study's ratio is expected to be, given its ratios before."""
    levels, covariates = tau.size, study_mean.shape[1]
    mean = float(mu[j])
    for k in range(covariates):
        mean += study_mean[s, k] * q[levels + j * covariates + k]
    for m in range(j):
        mean += tau[j] * factor[j, m] * standard[s, m]
    return mean


@inlined
def pull_studies(  # noqa: PLR0913, PLR0917
    q: Array,
    mu: Array,
    d: NestedData,
    tau: Array,
    factor: Array,
    standard: Array,
    by_level: Array,
    by_tau: Array,
    by_factor: Array,
    gradient: Array,
) -> None:
    """Add what effects carry to the gradient, in each study from its last ratio to its first.

    That in mu is the one in mu at the centre.
    """
    information, data, study_mean = d.information, d.level, d.study_mean
    (studies, levels), covariates = data.shape, d.centre.size
    by_standard = np.empty(levels)
    for s in range(studies):
        place = levels * (1 + covariates) + d.scales.shape[0] + s * levels
        for j in range(levels):
            by_standard[j] = 0.0
        for back in range(levels):
            j = levels - 1 - back
            mean = _expected(q, mu, study_mean, tau, factor, standard, s, j)
            p = noncentred(tau[j] * factor[j, j], information[s, j], data[s, j], mean, q[place + j])
            gradient[place + j], by_mean, by_log_scale = noncentring_adjoint(
                p, by_level[s, j], by_standard[j] - p.standard
            )
            by_tau[j] += by_log_scale / tau[j]
            by_factor[j, j] += by_log_scale / factor[j, j]
            for m in range(j):
                by_tau[j] += by_mean * factor[j, m] * standard[s, m]
                by_factor[j, m] += by_mean * tau[j] * standard[s, m]
                by_standard[m] += by_mean * tau[j] * factor[j, m]
            gradient[j] += by_mean
            for k in range(covariates):
                gradient[levels + j * covariates + k] += by_mean * study_mean[s, k]
