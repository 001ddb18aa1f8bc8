"""Arms in the compiled density: their predictors, likelihoods and own effects, and derivatives."""

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.data import CommonData, OtherData
from bayesmeta.inference.density.distributions import LOG_ROOT_TWO_PI
from bayesmeta.inference.density.likelihoods import BINOMIAL, log_likelihood
from bayesmeta.inference.density.noncentring import log_jacobian, noncentred, noncentring_adjoint
from bayesmeta.inference.density.scalars import Scalars

__all__ = ["arm_means", "log_arms", "log_arms_and_effects", "pull_arms"]

Array = npt.NDArray[np.float64]


@inlined
def arm_means(q: Array, d: CommonData, level: Array) -> Array:
    """Return the linear predictor of each arm, its own effect and missing values aside."""
    study, deviation = d.study, d.deviation
    mean = np.empty(study.size)
    for i in range(mean.size):
        mean[i] = level[int(study[i])]
        for k in range(deviation.shape[1]):
            mean[i] += deviation[i, k] * q[1 + k]
    return mean


@inlined
def log_arms(  # noqa: PLR0917
    d: CommonData,
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
    d: CommonData,
    o: OtherData,
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
    level, information = o.arm_level, o.arm_information
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
def pull_arms(d: CommonData, by_theta: Array, gradient: Array) -> Array:
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
