"""Studies in the density of nested outcomes: where they lie, what effects cost, and derivatives.

The effects of a study are non-centred one ratio after the other (`inference.density.noncentring`):
given those before, an effect is normal about what they let expect, so that correlated effects are
treated as independent ones are.
"""

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.distributions import LOG_ROOT_TWO_PI
from bayesmeta.inference.density.noncentring import log_jacobian, noncentred, noncentring_adjoint
from bayesmeta.inference.nested.data import NestedData

__all__ = ["log_effects", "pull_studies"]

Array = npt.NDArray[np.float64]


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
