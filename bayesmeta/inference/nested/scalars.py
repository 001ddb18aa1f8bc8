"""Coefficients, tau and correlations in the density of nested outcomes: priors and derivatives."""

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.scales import bounded, located
from bayesmeta.inference.kernels import log_prior
from bayesmeta.inference.nested.correlations import log_beta_of_logit
from bayesmeta.inference.nested.data import NestedData

__all__ = ["locate", "log_coefficients", "log_scalars", "pull_located"]

Array = npt.NDArray[np.float64]


@inlined
def log_coefficients(q: Array, centred: Array, d: NestedData, gradient: Array) -> float:
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
def log_scalars(  # noqa: PLR0917
    q: Array,
    d: NestedData,
    tau: Array,
    slopes: Array,
    by_tau: Array,
    gradient: Array,
    total: float,
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
def locate(q: Array, d: NestedData, mu: Array) -> float:
    """Write mu at the centre, and return the log derivatives in its coordinates together."""
    priors, total = d.priors, 0.0
    for j in range(mu.size):
        mu[j], _, log_slope, _ = located(priors[j], q[j])
        total += log_slope
    return total


@inlined
def pull_located(q: Array, d: NestedData, gradient: Array) -> None:
    """Turn the gradient in mu at the centre into that in its coordinates."""
    priors = d.priors
    for j in range(d.level.shape[1]):
        _, slope, _, bend = located(priors[j], q[j])
        gradient[j] = gradient[j] * slope + bend
