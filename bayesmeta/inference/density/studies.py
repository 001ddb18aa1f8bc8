"""Studies in the compiled density: where they lie, what their effects cost, and derivatives."""

from math import log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.data import CommonData
from bayesmeta.inference.density.distributions import log_distribution
from bayesmeta.inference.density.noncentring import log_jacobian, noncentred, noncentring_adjoint
from bayesmeta.inference.density.scalars import Scalars
from bayesmeta.inference.kernels import log_prior

__all__ = ["Studies", "log_effects", "pull_studies", "studies_at"]

Array = npt.NDArray[np.float64]


class Studies(NamedTuple):
    """Where studies lie at a point."""

    mean: Array
    """Mean linear predictor of each study's arms, its effect aside."""
    tau: Array
    """Scale of each study's effect; empty where there are no effects."""
    level: Array
    """Mean and effect together."""


@inlined
def studies_at(q: Array, mu: float, d: CommonData, pools: int, values: Array) -> Studies:  # noqa: PLR0917
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
            mean[s] += study_mean[s, k] * q[1 + k]
        level[s] = mean[s]
    for s in range(tau.size):
        tau[s] = values[int(tau_of_study[s])] if pools else d.priors[0, 2]
        level[s] = noncentred(tau[s], information[s], data[s], mean[s], q[place + s]).level
    return Studies(mean, tau, level)


@inlined
def log_effects(  # noqa: PLR0913, PLR0917
    q: Array,
    d: CommonData,
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
    place, parameter = 1 + d.centre.size + values.size, values[own] if own >= 0 else 0.0
    for s in range(tau.size):
        p = noncentred(tau[s], information[s], level[s], mean[s], q[place + s])
        if pools:
            log_effect, score, by_own = log_distribution(
                distribution, p.standard, parameter, constant
            )
            if own >= 0:
                carried[own] += by_own
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
def pull_studies(d: CommonData, pools: int, by_mean: Array, gradient: Array) -> None:
    """Add to the gradient in mu and beta what the mean predictors of studies carry."""
    study_mean = d.study_mean
    for s in range(by_mean.size):
        if pools:
            gradient[0] += by_mean[s]
        for k in range(study_mean.shape[1]):
            gradient[1 + k] += by_mean[s] * study_mean[s, k]
