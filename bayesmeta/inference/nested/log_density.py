"""The log density of nested outcomes and its gradient, compiled.

Coordinates are those of `NestedData`. Covariates are centred and tau and the partial correlations
stand on unbounded scales, as in the density of one outcome. The effects of a study are placed one
ratio after the other (`bayesmeta.inference.density.placement`): given those before, an effect is
normal about what they let expect, so that correlated effects are placed as independent ones are.
"""

from math import exp, log1p

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.links import log_rates
from bayesmeta.inference.density.placement import log_jacobian, placed, pulled
from bayesmeta.inference.density.scales import bounded
from bayesmeta.inference.kernels import log_prior
from bayesmeta.inference.nested.correlations import (
    cholesky_of,
    log_beta_of_logit,
    partial_correlations,
    pull_cholesky,
)
from bayesmeta.inference.nested.data import NestedData

__all__ = ["log_density"]

Array = npt.NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


@inlined
def log_density(q: Array, data: NestedData, gradient: Array) -> float:
    """Return the log posterior density (normalised likelihood and priors) at q.

    Parameters
    ----------
    q : array
        Point in the sampler's coordinates; see `NestedData`.
    data : NestedData
        Model and evidence.
    gradient : array
        Written: the gradient at q.
    """
    levels, covariates = data.level.shape[1], data.centre.size
    tau, slopes, by_tau = np.empty(levels), np.empty(levels), np.zeros(levels)
    gradient[:] = 0.0
    value = _coefficients(q, data, gradient)
    first = levels * (1 + covariates)
    for j in range(levels):
        tau[j], slopes[j], log_slope, bend = bounded(data.scales[j], q[first + j])
        log_value, by_tau[j] = log_prior(data.priors[levels + j], tau[j])
        value += log_value + log_slope
        gradient[first + j] += bend
    for j in range(levels, data.scales.shape[0]):
        log_value, slope = log_beta_of_logit(data.priors[levels + j], q[first + j])
        value += log_value
        gradient[first + j] += slope
    value += _studies(q, data, tau, by_tau, gradient)
    for j in range(levels):
        gradient[first + j] += by_tau[j] * slopes[j]
    return value


@inlined
def _coefficients(q: Array, data: NestedData, gradient: Array) -> float:
    """Return the log prior of mu and beta, adding its gradient."""
    levels, covariates = data.level.shape[1], data.centre.size
    total = 0.0
    for j in range(levels):
        own = levels + j * covariates
        mu = q[j]
        for k in range(covariates):
            mu -= data.centre[k] * q[own + k]
        value, slope = log_prior(data.priors[j], mu)
        total += value
        gradient[j] += slope
        for k in range(covariates):
            value_of_prior, derivative = log_prior(data.beta_priors[k], q[own + k])
            total += value_of_prior
            gradient[own + k] += derivative - data.centre[k] * slope
    return total


@inlined
def _studies(q: Array, data: NestedData, tau: Array, by_tau: Array, gradient: Array) -> float:  # noqa: PLR0917
    """Return log likelihood and log density of the effects, adding their gradient."""
    studies, levels = data.level.shape
    place = levels * (1 + data.centre.size) + data.scales.shape[0]
    first = levels * (2 + data.centre.size)
    partial, root = partial_correlations(q[first:place])
    factor = cholesky_of(partial, root, levels)
    level, standard = np.empty((studies, levels)), np.empty((studies, levels))
    total = 0.0
    for s in range(studies):
        for j in range(levels):
            p = placed(
                tau[j] * factor[j, j],
                data.information[s, j],
                data.level[s, j],
                _expected(q, data, tau, factor, standard, s, j),
                q[place + s * levels + j],
            )
            level[s, j], standard[s, j] = p.level, p.standard
            total += log_jacobian(p) - 0.5 * p.standard * p.standard - _HALF_LOG_TWO_PI
    by_level = np.zeros((studies, levels))
    total += _arms(q, data, level, by_level, gradient)
    by_factor = np.zeros((levels, levels))
    for s in range(studies):
        _pull_study(q, data, tau, factor, standard, by_level, by_tau, by_factor, gradient, s)
    gradient[first:place] += pull_cholesky(partial, root, factor, by_factor)
    return total


@inlined
def _expected(  # noqa: PLR0917
    q: Array, data: NestedData, tau: Array, factor: Array, standard: Array, s: int, j: int
) -> float:
    """Return what the predictor of a study's ratio is expected to be, given its ratios before."""
    levels, covariates = data.level.shape[1], data.centre.size
    mean = float(q[j])
    for k in range(covariates):
        mean += data.study_mean[s, k] * q[levels + j * covariates + k]
    for m in range(j):
        mean += tau[j] * factor[j, m] * standard[s, m]
    return mean


@inlined
def _pull_study(  # noqa: PLR0913, PLR0917
    q: Array,
    data: NestedData,
    tau: Array,
    factor: Array,
    standard: Array,
    by_level: Array,
    by_tau: Array,
    by_factor: Array,
    gradient: Array,
    s: int,
) -> None:
    """Add what a study's effects carry to the gradient, from its last ratio to its first."""
    levels, covariates = data.level.shape[1], data.centre.size
    place = levels * (1 + covariates) + data.scales.shape[0] + s * levels
    by_standard = np.zeros(levels)
    for back in range(levels):
        j = levels - 1 - back
        scale = tau[j] * factor[j, j]
        mean = _expected(q, data, tau, factor, standard, s, j)
        p = placed(scale, data.information[s, j], data.level[s, j], mean, q[place + j])
        gradient[place + j], by_mean, by_log_scale = pulled(
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
            gradient[levels + j * covariates + k] += by_mean * data.study_mean[s, k]


@inlined
def _arms(q: Array, data: NestedData, level: Array, by_level: Array, gradient: Array) -> float:  # noqa: PLR0917
    """Return the log likelihood given each study's `level`, adding its derivatives."""
    arms, (levels, covariates) = data.study.size, (data.level.shape[1], data.centre.size)
    theta, by_theta = np.empty((arms, levels)), np.zeros((arms, levels))
    for i in range(arms):
        for j in range(levels):
            theta[i, j] = level[int(data.study[i]), j]
            for k in range(covariates):
                theta[i, j] += data.deviation[i, k] * q[levels + j * covariates + k]
    total = 0.0
    for g in range(data.arm.size):
        i = int(data.arm[g])
        total += data.log_coefficient[g]
        total += _log_segment(
            int(data.link[0]),
            int(data.first[g]),
            int(data.last[g]),
            data.events[g],
            data.trials[g] - data.events[g],
            theta[i],
            by_theta[i],
        )
    for i in range(arms):
        for j in range(levels):
            by_level[int(data.study[i]), j] += by_theta[i, j]
            for k in range(covariates):
                gradient[levels + j * covariates + k] += by_theta[i, j] * data.deviation[i, k]
    return total


@compiled
def _log_segment(  # noqa: PLR0917
    link: int, first: int, last: int, events: float, others: float, theta: Array, by_theta: Array
) -> float:
    """Return the log probability of one count but for its coefficient, adding its derivatives.

    With ratios r of which the rate is the product, 1 - rate is the sum over ratios of r1 r2 ... (1 - r):
    no part of it cancels, however near the rate is to 0 or 1.
    """
    log_rate, log_rest = 0.0, -np.inf
    for j in range(first, last + 1):
        log_ratio, log_miss, _, _ = log_rates(link, theta[j])
        log_rest = _log_sum(log_rest, log_rate + log_miss)
        log_rate += log_ratio
    total = 0.0
    if events > 0:
        total += events * log_rate
    if others > 0:
        total += others * log_rest
    for j in range(first, last + 1):
        log_ratio, log_miss, slope, miss_slope = log_rates(link, theta[j])
        if events > 0:
            by_theta[j] += events * slope
        if others > 0:
            # d(1 - rate) = -rate dlog(ratio); of one ratio alone, (1 - ratio) dlog(1 - ratio).
            by_theta[j] += others * miss_slope * exp(log_miss + log_rate - log_ratio - log_rest)
    return total


@compiled
def _log_sum(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    if a == -np.inf:
        return b
    low, high = min(a, b), max(a, b)
    return high + log1p(exp(low - high))
