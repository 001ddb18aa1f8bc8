"""Studies and arms in the compiled density: effects, predictors, likelihoods, and derivatives."""

from math import log
from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.data import DensityData
from bayesmeta.inference.density.effects import (
    LOG_ROOT_TWO_PI,
    log_distribution,
    log_jacobian,
    noncentred,
    noncentring_adjoint,
)
from bayesmeta.inference.density.likelihoods import BINOMIAL, log_likelihood, log_normal_cdf
from bayesmeta.inference.density.scalars import Scalars
from bayesmeta.inference.kernels import log_prior


class Studies(NamedTuple):
    """Where studies lie at a point."""

    mean: Array
    """Mean linear predictor of each study's arms, its effect aside."""
    tau: Array
    """Scale of each study's effect; empty where there are no effects."""
    level: Array
    """Mean and effect together."""


@inlined
def studies_at(  # noqa: PLR0917
    q: Array, mu: float, d: DensityData, pools: int, values: Array, coefficients: Array
) -> Studies:
    """Return where studies lie, given mu at the centre and the values of the scalars."""
    # Independent studies have the prior of mu each, and mu itself has no part in them.
    start = mu if pools else d.priors[0, 1]
    study_mean, information, data = d.study_mean, d.information, d.level
    (studies, covariates), tau_of_study = study_mean.shape, d.tau_of_study
    place = 1 + covariates + values.size
    mean, level = np.empty(studies), np.empty(studies)
    tau = np.empty(tau_of_study.size)
    for s in range(studies):
        mean[s] = start
        for k in range(covariates):
            mean[s] += study_mean[s, k] * coefficients[k]
        level[s] = mean[s]
    for s in range(tau.size):
        tau[s] = values[int(tau_of_study[s])] if pools else d.priors[0, 2]
        level[s] = noncentred(tau[s], information[s], data[s], mean[s], q[place + s]).level
    return Studies(mean, tau, level)


@inlined
def log_effects(  # noqa: PLR0913, PLR0917
    q: Array,
    d: DensityData,
    studies: Studies,
    pools: int,
    distribution: int,
    own: int,
    constant: float,
    scalars: Scalars,
    by_level: Array,
    gradient: Array,
    total: float,
) -> float:
    """Return `total` and the log density of the effects together, adding its gradient.

    What each study's level carries, `by_level`, becomes what its mean carries. `own` is the place
    of the distribution's parameter among the scalars, -1 where it has none.
    """
    (mean, tau, _), (values, _, carried) = studies, scalars
    information, level, tau_of_study, prior = d.information, d.level, d.tau_of_study, d.priors[0]
    published = d.published
    place, parameter = 1 + d.centre.size + values.size, values[own] if own >= 0 else 0.0
    for s in range(tau.size):
        p = noncentred(tau[s], information[s], level[s], mean[s], q[place + s])
        if pools:
            log_effect, score, by_own = log_distribution(
                distribution, p.standard, parameter, constant
            )
            if own >= 0:
                carried[own] += by_own
            if published.shape[0] > 0:
                log_published, slope = log_normal_cdf(
                    published[s, 0] + published[s, 1] * p.standard
                )
                log_effect += log_published - published[s, 2]
                score += published[s, 1] * slope
        else:
            log_effect, score = _log_level(prior, p.standard)
        total += log_effect + log_jacobian(p)
        gradient[place + s], by_level[s], by_log_tau = noncentring_adjoint(p, by_level[s], score)
        if pools:
            carried[int(tau_of_study[s])] += by_log_tau / p.tau
    return total


@compiled
def _log_level(prior: Array, standard: float) -> tuple[float, float]:
    """Return log density and derivative of an independent study's standardised level."""
    value, slope = log_prior(prior, prior[1] + prior[2] * standard)
    return value + log(prior[2]), slope * prior[2]


@inlined
def pull_studies(d: DensityData, pools: int, by_mean: Array, gradient: Array) -> None:
    """Add to the gradient in mu and beta what the mean predictors of studies carry."""
    study_mean = d.study_mean
    for s in range(by_mean.size):
        if pools:
            gradient[0] += by_mean[s]
        for k in range(study_mean.shape[1]):
            gradient[1 + k] += by_mean[s] * study_mean[s, k]


@inlined
def arm_means(d: DensityData, level: Array, coefficients: Array) -> Array:
    """Return the linear predictor of each arm, its own effect and missing values aside."""
    study, deviation = d.study, d.deviation
    mean = np.empty(study.size)
    for i in range(mean.size):
        mean[i] = level[int(study[i])]
        for k in range(deviation.shape[1]):
            mean[i] += deviation[i, k] * coefficients[k]
    return mean


@inlined
def log_arms(  # noqa: PLR0917
    d: DensityData,
    likelihood: int,
    link: int,
    rho: int,
    scalars: Scalars,
    theta: Array,
    by_theta: Array,
) -> float:
    """Return the log likelihood at linear predictors `theta`, and write its derivatives in them.

    `rho` is the place of the overdispersion among the scalars, -1 where there is none.
    """
    events, n, coefficient = d.events, d.n, d.log_coefficient
    values, _, carried = scalars
    overdispersion, total = values[rho] if rho >= 0 else 0.0, 0.0
    for i in range(theta.size):
        value, by_theta[i], by_rho = log_likelihood(
            likelihood, link, events[i], n[i], theta[i], overdispersion
        )
        total += coefficient[i] + value
        if rho >= 0:
            carried[rho] += by_rho
    return total


@inlined
def log_arms_and_effects(  # noqa: PLR0913, PLR0917
    q: Array,
    d: DensityData,
    place: int,
    link: int,
    tau_arm: int,
    scalars: Scalars,
    mean: Array,
    by_mean: Array,
    gradient: Array,
) -> float:
    """Return the same of binomial arms with effects about `mean`, and the log density of these.

    `tau_arm` is the place of their scale among the scalars, `place` that of their coordinates.
    """
    events, n, coefficient = d.events, d.n, d.log_coefficient
    level, information = d.arm_level, d.arm_information
    values, _, carried = scalars
    tau, total = values[tau_arm], 0.0
    for i in range(mean.size):
        p = noncentred(tau, information[i], level[i], mean[i], q[place + i])
        value, by_theta, _ = log_likelihood(BINOMIAL, link, events[i], n[i], p.level, 0.0)
        total += coefficient[i] + value
        total += log_jacobian(p) - 0.5 * p.standard * p.standard - LOG_ROOT_TWO_PI
        gradient[place + i], by_mean[i], by_log_tau = noncentring_adjoint(p, by_theta, -p.standard)
        carried[tau_arm] += by_log_tau / tau
    return total


@inlined
def pull_arms(d: DensityData, by_theta: Array, gradient: Array) -> Array:
    """Return what each study's level carries, adding to the gradient in beta."""
    study, deviation = d.study, d.deviation
    by_level = np.empty(d.level.size)
    for s in range(by_level.size):
        by_level[s] = 0.0
    for i in range(by_theta.size):
        by_level[int(study[i])] += by_theta[i]
        for k in range(deviation.shape[1]):
            gradient[1 + k] += by_theta[i] * deviation[i, k]
    return by_level
