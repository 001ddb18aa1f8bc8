"""The log density of the model family and its gradient, compiled once for every model.

Data, design and priors are arguments, so that another covariate set, prior or selection of
studies costs no compilation. The PyMC model of `bayesmeta.model.build` is the definition; a
contract test holds this to it.

The sampler's coordinates differ from the model's, for geometry alone. Covariate columns are
centred. A study effect u is replaced by z, which stands for where u lies within what is expected of
it given tau: with a and i the study's empirical log-odds and its information, M the mean linear
predictor of its arms and ``w = tau**2 i / (1 + tau**2 i)``,

    u = w (a - M) + tau / sqrt(1 + tau**2 i) z.

Were the likelihood normal, z would be standard normal and independent of mu, beta and tau: this is
partial non-centring (Papaspiliopoulos, Roberts & Skoeld 2007, doi:10.1214/088342307000000014) whose
degree follows tau, so that there is neither a funnel near tau = 0 nor a correlation of mu with large
studies. It holds for any a and i; they only decide how well the sampler moves.
"""

from math import log, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.kernels import bounded_tau, log_binomial, log_prior

__all__ = ["DensityData", "log_density"]

Array = npt.NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


class DensityData(NamedTuple):
    """A model and its evidence as arrays; A arms, S studies, K covariates.

    Coordinates of a point, all unbounded: mu at the centre of the covariates, beta (K), and with
    study effects tau on its unbounded scale and z (S).
    """

    events: Array
    """Responders, shape (A,)."""
    n: Array
    """Patients, shape (A,)."""
    study: Array
    """Position of each arm's study, shape (A,)."""
    log_coefficient: Array
    """Log binomial coefficient of each arm, shape (A,)."""
    deviation: Array
    """Covariates minus their mean over the arms of the study, shape (A, K)."""
    study_mean: Array
    """Mean covariates of each study's arms, minus `centre`, shape (S, K)."""
    centre: Array
    """What was subtracted from the covariates, shape (K,)."""
    log_odds: Array
    """Empirical log-odds of each study, shape (S,); geometry only."""
    information: Array
    """Information on it, the inverse of its variance, shape (S,); geometry only."""
    priors: Array
    """Kernels of the priors of mu, each beta, and tau where there are study effects; five columns."""
    tau_bounds: Array
    """Lower and upper bound of tau, shape (2,)."""


@compiled
def _coefficients(q: Array, data: DensityData, gradient: Array) -> float:
    """Return the log prior of mu and beta, writing its gradient."""
    covariates = data.centre.size
    mu = q[0]
    for k in range(covariates):
        mu -= data.centre[k] * q[1 + k]
    value, slope = log_prior(data.priors[0], mu)
    gradient[0] = slope
    for k in range(covariates):
        value_of_prior, derivative = log_prior(data.priors[1 + k], q[1 + k])
        value += value_of_prior
        gradient[1 + k] = derivative - data.centre[k] * slope
    return value


@compiled
def _arms(  # noqa: PLR0917
    q: Array, data: DensityData, level: Array, gradient: Array, by_level: Array
) -> float:
    """Return the log likelihood given each study's log-odds `level`.

    Writes the derivative in each level, and adds that in beta through the arms' deviations.
    """
    value = 0.0
    for i in range(data.events.size):
        s = int(data.study[i])
        theta = level[s]
        for k in range(data.centre.size):
            theta += data.deviation[i, k] * q[1 + k]
        log_likelihood, derivative = log_binomial(data.events[i], data.n[i], theta)
        value += data.log_coefficient[i] + log_likelihood
        by_level[s] += derivative
        for k in range(data.centre.size):
            gradient[1 + k] += derivative * data.deviation[i, k]
    return value


@compiled
def _pull(data: DensityData, s: int, by_mean: float, gradient: Array) -> None:
    """Add to the gradient in mu and beta what the mean predictor of study s carries."""
    gradient[0] += by_mean
    for k in range(data.centre.size):
        gradient[1 + k] += by_mean * data.study_mean[s, k]


@compiled
def _common(q: Array, data: DensityData, means: Array, gradient: Array) -> float:
    """Return the log likelihood of a model without study effects, adding its gradient."""
    by_level = np.zeros(means.size)
    value = _arms(q, data, means, gradient, by_level)
    for s in range(means.size):
        _pull(data, s, by_level[s], gradient)
    return value


@compiled
def _hierarchical(q: Array, data: DensityData, means: Array, gradient: Array) -> float:
    """Return log likelihood, prior of tau and of the study effects, adding their gradient."""
    place = 1 + data.centre.size
    z = q[place + 1 :]
    tau, slope, log_slope, bend = bounded_tau(data.tau_bounds, q[place])
    value, by_tau = log_prior(data.priors[place], tau)
    level = np.empty(means.size)
    for s in range(means.size):
        q_s = tau * tau * data.information[s]
        rest = 1 / (1 + q_s)
        # (1 - w) M + w a rather than M + w (a - M), which would cancel for large studies.
        level[s] = rest * means[s] + q_s * rest * data.log_odds[s] + tau * sqrt(rest) * z[s]
    by_level = np.zeros(means.size)
    value += _arms(q, data, level, gradient, by_level)
    by_log_tau = 0.0
    for s in range(means.size):
        q_s = tau * tau * data.information[s]
        rest = 1 / (1 + q_s)
        w, w_over_tau, root = q_s * rest, tau * data.information[s] * rest, sqrt(rest)
        gap = data.log_odds[s] - means[s]
        standard = w_over_tau * gap + root * z[s]  # u / tau, standard normal a priori
        value += 0.5 * log(rest) - 0.5 * standard * standard - _HALF_LOG_TWO_PI
        gradient[place + 1 + s] = by_level[s] * tau * root - standard * root
        _pull(data, s, by_level[s] * rest + standard * w_over_tau, gradient)
        by_log_tau += by_level[s] * tau * rest * (2 * w_over_tau * gap + root * z[s])
        by_log_tau -= standard * (w_over_tau * (1 - 2 * w) * gap - w * root * z[s]) + w
    gradient[place] = (by_tau + by_log_tau / tau) * slope + bend
    return value + log_slope


@compiled
def log_density(q: Array, data: DensityData, gradient: Array) -> float:
    """Return the log posterior density (normalised likelihood and priors) at q.

    Parameters
    ----------
    q : array
        Point in the sampler's coordinates; see `DensityData`.
    data : DensityData
        Model and evidence.
    gradient : array
        Written: the gradient at q.
    """
    covariates, studies = data.centre.size, data.log_odds.size
    value = _coefficients(q, data, gradient)
    means = np.empty(studies)
    for s in range(studies):
        means[s] = q[0]
        for k in range(covariates):
            means[s] += data.study_mean[s, k] * q[1 + k]
    if data.priors.shape[0] == 1 + covariates:
        return value + _common(q, data, means, gradient)
    return value + _hierarchical(q, data, means, gradient)
