"""The log density of nested outcomes and its gradient, as a C function put together from its parts.

Coordinates are those of `NestedData`. Covariates are centred and tau and the partial correlations
stand on unbounded scales, as in the density of one outcome.
"""

from math import exp
from typing import Any

import numpy as np
from numba import carray

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled, compiled_callback, inlined
from bayesmeta.inference.density.callbacks import LOG_DENSITY, state, zeros_at
from bayesmeta.inference.density.likelihoods import log_rates
from bayesmeta.inference.kernels import bounded, located, log_prior, log_sum
from bayesmeta.inference.nested.data import NestedData, unpack_nested
from bayesmeta.inference.nested.studies import (
    cholesky_of,
    log_beta_of_logit,
    log_effects,
    partial_correlations,
    pull_cholesky,
    pull_studies,
)


@inlined
def _log_coefficients(q: Array, centred: Array, d: NestedData, gradient: Array) -> float:
    """Return the log prior of mu, `centred` at the centre, and beta, adding its gradient in these."""
    centre, priors, beta_priors = d.centre, d.priors, d.beta_priors
    levels, covariates = d.level.shape[1], centre.size
    total = 0.0
    for j in range(levels):
        own = levels + j * covariates
        mu = centred[j]
        for k in range(covariates):
            mu -= centre[k] * q[own + k]
        value, slope = log_prior(priors[j], mu)
        total += value
        gradient[j] += slope
        for k in range(covariates):
            value_of_prior, derivative = log_prior(beta_priors[k], q[own + k])
            total += value_of_prior
            gradient[own + k] += derivative - centre[k] * slope
    return total


@inlined
def _log_scalars(  # noqa: PLR0917
    q: Array, d: NestedData, tau: Array, slopes: Array, by_tau: Array, gradient: Array, total: float
) -> float:
    """Return `total` and the log prior of tau and the correlations together, on unbounded scales.

    Writes tau, its derivatives in its coordinates, and those of the prior in tau.
    """
    priors, scales, levels = d.priors, d.scales, tau.size
    first = levels * (1 + d.centre.size)
    for j in range(levels):
        tau[j], slopes[j], log_slope, bend = bounded(scales[j], q[first + j])
        value, by_tau[j] = log_prior(priors[levels + j], tau[j])
        total += value + log_slope
        gradient[first + j] += bend
    for j in range(levels, scales.shape[0]):
        value, slope = log_beta_of_logit(priors[levels + j], q[first + j])
        total += value
        gradient[first + j] += slope
    return total


@inlined
def _locate(q: Array, d: NestedData, mu: Array) -> float:
    """Write mu at the centre, and return the log derivatives in its coordinates together."""
    priors, total = d.priors, 0.0
    for j in range(mu.size):
        mu[j], _, log_slope, _ = located(priors[j], q[j])
        total += log_slope
    return total


@inlined
def _pull_located(q: Array, d: NestedData, gradient: Array) -> None:
    """Turn the gradient in mu at the centre into that in its coordinates."""
    priors = d.priors
    for j in range(d.level.shape[1]):
        _, slope, _, bend = located(priors[j], q[j])
        gradient[j] = gradient[j] * slope + bend


@inlined
def _log_arms(q: Array, d: NestedData, level: Array, by_level: Array, gradient: Array) -> float:  # noqa: PLR0917
    """Return the log likelihood given each study's `level`, adding its derivatives."""
    study, deviation = d.study, d.deviation
    (arms, covariates), levels = deviation.shape, level.shape[1]
    theta, by_theta = np.empty((arms, levels)), np.zeros((arms, levels))
    for i in range(arms):
        for j in range(levels):
            theta[i, j] = level[int(study[i]), j]
            for k in range(covariates):
                theta[i, j] += deviation[i, k] * q[levels + j * covariates + k]
    total = _log_segments(d, theta, by_theta)
    for i in range(arms):
        for j in range(levels):
            by_level[int(study[i]), j] += by_theta[i, j]
            for k in range(covariates):
                gradient[levels + j * covariates + k] += by_theta[i, j] * deviation[i, k]
    return total


@inlined
def _log_segments(d: NestedData, theta: Array, by_theta: Array) -> float:
    """Return the log likelihood of all counts, adding its derivatives."""
    arm, first, last, link = d.arm, d.first, d.last, int(d.link[0])
    events, trials, coefficient = d.events, d.trials, d.log_coefficient
    total = 0.0
    for g in range(arm.size):
        i, others = int(arm[g]), trials[g] - events[g]
        total += coefficient[g]
        total += _log_segment(
            link, int(first[g]), int(last[g]), events[g], others, theta[i], by_theta[i]
        )
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
        log_rest = log_sum(log_rest, log_rate + log_miss)
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


@compiled_callback(LOG_DENSITY)
def nested_density(dim: int, point: Any, slope: Any, value: Any, pointers: Any) -> int:  # noqa: PLR0917
    """Write value and gradient at `point`; what the sampler calls, without Python."""
    q, gradient, d = carray(point, (dim,)), zeros_at(slope, dim), unpack_nested(pointers)
    shape, levels = d.level.shape, d.level.shape[1]
    tau, slopes, by_tau = np.empty(levels), np.empty(levels), np.empty(levels)
    mu = np.empty(levels)
    total = _locate(q, d, mu)
    total += _log_coefficients(q, mu, d, gradient)
    total = _log_scalars(q, d, tau, slopes, by_tau, gradient, total)
    first = levels * (1 + d.centre.size)
    partial, root = partial_correlations(q[first + levels : first + d.scales.shape[0]])
    factor = cholesky_of(partial, root, levels)
    level, standard, by_level = np.empty(shape), np.empty(shape), np.zeros(shape)
    rest = log_effects(q, mu, d, tau, factor, level, standard)
    rest += _log_arms(q, d, level, by_level, gradient)
    by_factor = np.zeros((levels, levels))
    pull_studies(q, mu, d, tau, factor, standard, by_level, by_tau, by_factor, gradient)
    _pull_located(q, d, gradient)
    by_partial = pull_cholesky(partial, root, factor, by_factor)
    for j in range(by_partial.size):
        gradient[first + levels + j] += by_partial[j]
    for j in range(levels):
        gradient[first + j] += by_tau[j] * slopes[j]
    value[0] = total + rest
    return state(value[0], gradient)
