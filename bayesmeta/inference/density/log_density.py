"""The log density of the model family and its gradient, compiled once for every model.

Data, design, priors and parts are arguments, so that another covariate set, prior, law or selection
of studies costs no compilation. The PyMC model of `bayesmeta.model.build` is the definition; a
contract test holds this to it.

The sampler's coordinates differ from the model's, for geometry alone: covariate columns are centred,
scalars stand on an unbounded scale (`scales`), and effects are replaced by where they lie within what
is expected of them given tau and their own data (`placement`).
"""

from math import log

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.data import DensityData, Parts
from bayesmeta.inference.density.laws import log_law
from bayesmeta.inference.density.likelihoods import log_likelihood
from bayesmeta.inference.density.placement import log_jacobian, placed, pulled
from bayesmeta.inference.density.scales import bounded
from bayesmeta.inference.kernels import log_prior

__all__ = ["log_density", "parts_of"]

Array = npt.NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)
COMMON, INDEPENDENT = 0, 4


@inlined
def parts_of(data: DensityData) -> Parts:
    """Return the parts of the model."""
    p = data.parts
    return Parts(
        int(p[0]), int(p[1]), int(p[2]), int(p[3]), int(p[4]), int(p[5]), int(p[6]), int(p[7]), p[8]
    )


@inlined
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
    parts = parts_of(data)
    scalars = data.scales.shape[0]
    values, slopes, by_scalar = np.empty(scalars), np.empty(scalars), np.zeros(scalars)
    gradient[:] = 0.0
    value = _coefficients(q, data, gradient)
    value += _scalars(q, data, values, slopes, by_scalar, gradient)
    value += _known(data, parts, values, by_scalar)
    value += _studies(q, data, parts, values, by_scalar, gradient)
    first = 1 + data.centre.size
    for j in range(scalars):
        gradient[first + j] += by_scalar[j] * slopes[j]
    return value


@inlined
def _coefficients(q: Array, data: DensityData, gradient: Array) -> float:
    """Return the log prior of mu and beta, adding its gradient."""
    covariates = data.centre.size
    mu = q[0]
    for k in range(covariates):
        mu -= data.centre[k] * q[1 + k]
    value, slope = log_prior(data.priors[0], mu)
    gradient[0] += slope
    for k in range(covariates):
        value_of_prior, derivative = log_prior(data.priors[1 + k], q[1 + k])
        value += value_of_prior
        gradient[1 + k] += derivative - data.centre[k] * slope
    return value


@inlined
def _scalars(  # noqa: PLR0917
    q: Array, data: DensityData, values: Array, slopes: Array, by_scalar: Array, gradient: Array
) -> float:
    """Return the log prior of the scalars on their unbounded scales; write values and slopes."""
    first = 1 + data.centre.size
    total = 0.0
    for j in range(values.size):
        values[j], slopes[j], log_slope, bend = bounded(data.scales[j], q[first + j])
        value, by_scalar[j] = log_prior(data.priors[first + j], values[j])
        total += value + log_slope
        gradient[first + j] += bend
    return total


@inlined
def _known(data: DensityData, parts: Parts, values: Array, by_scalar: Array) -> float:
    """Return the log density of the known values of imputed covariates."""
    total = 0.0
    for c in range(data.known.shape[0]):
        place = parts.imputed + 2 * c
        mean, sd = values[place], values[place + 1]
        number, gap = data.known[c, 0], data.known[c, 1] - mean
        squares = data.known[c, 2] + number * gap * gap
        total += -number * (log(sd) + _HALF_LOG_TWO_PI) - 0.5 * squares / (sd * sd)
        by_scalar[place] += number * gap / (sd * sd)
        by_scalar[place + 1] += squares / (sd * sd * sd) - number / sd
    return total


@inlined
def _studies(  # noqa: PLR0917
    q: Array, data: DensityData, parts: Parts, values: Array, by_scalar: Array, gradient: Array
) -> float:
    """Return log likelihood and log density of the effects, adding their gradient."""
    studies = data.level.size
    mean, tau = _study_means(q, data, parts), _study_taus(data, parts, values)
    place = 1 + data.centre.size + values.size
    level, by_level = mean.copy(), np.zeros(studies)
    for s in range(studies if tau.size else 0):
        p = placed(tau[s], data.information[s], data.level[s], mean[s], q[place + s])
        level[s] = p.level
    value = _arms(q, data, parts, values, level, by_level, by_scalar, gradient)
    own = values[parts.own] if parts.own >= 0 else 0.0
    for s in range(studies if tau.size else 0):
        p = placed(tau[s], data.information[s], data.level[s], mean[s], q[place + s])
        if parts.law == INDEPENDENT:
            log_effect, score = _log_level(data.priors[0], p.standard)
        else:
            log_effect, score, by_own = log_law(parts.law, p.standard, own, parts.constant)
            if parts.own >= 0:
                by_scalar[parts.own] += by_own
        value += log_effect + log_jacobian(p)
        gradient[place + s], by_level[s], by_log_tau = pulled(p, by_level[s], score)
        if parts.law != INDEPENDENT:
            by_scalar[int(data.tau_of_study[s])] += by_log_tau / p.tau
    _pull(data, parts, by_level, gradient)
    return value


@inlined
def _study_means(q: Array, data: DensityData, parts: Parts) -> Array:
    """Return the mean linear predictor of each study's arms, its effect aside."""
    # Independent studies have the prior of mu each, and mu itself has no part in them.
    mean = np.full(data.level.size, data.priors[0, 1] if parts.law == INDEPENDENT else q[0])
    for s in range(mean.size):
        for k in range(data.centre.size):
            mean[s] += data.study_mean[s, k] * q[1 + k]
    return mean


@inlined
def _study_taus(data: DensityData, parts: Parts, values: Array) -> Array:
    """Return the scale of each study's effect; empty where there are no effects."""
    if parts.law == COMMON:
        return np.zeros(0)
    if parts.law == INDEPENDENT:
        return np.full(data.level.size, data.priors[0, 2])
    tau = np.empty(data.level.size)
    for s in range(tau.size):
        tau[s] = values[int(data.tau_of_study[s])]
    return tau


@inlined
def _log_level(prior: Array, standard: float) -> tuple[float, float]:
    """Return log density and derivative of an independent study's standardised level."""
    value, slope = log_prior(prior, prior[1] + prior[2] * standard)
    return value + log(prior[2]), slope * prior[2]


@inlined
def _pull(data: DensityData, parts: Parts, by_mean: Array, gradient: Array) -> None:
    """Add to the gradient in mu and beta what the mean predictors of studies carry."""
    for s in range(by_mean.size):
        if parts.law != INDEPENDENT:
            gradient[0] += by_mean[s]
        for k in range(data.centre.size):
            gradient[1 + k] += by_mean[s] * data.study_mean[s, k]


@inlined
def _arms(  # noqa: PLR0917
    q: Array,
    data: DensityData,
    parts: Parts,
    values: Array,
    level: Array,
    by_level: Array,
    by_scalar: Array,
    gradient: Array,
) -> float:
    """Return the log likelihood given each study's `level`, and the density of arm effects.

    Writes the derivative in each level, and adds that in everything else.
    """
    mean = _arm_means(q, data, parts, values, level)
    with_arms = parts.tau_arm >= 0
    place, tau_arm = _arm_place(data, values), values[parts.tau_arm] if with_arms else 0.0
    rho = values[parts.rho] if parts.rho >= 0 else 0.0
    by_arm, total = np.empty(mean.size), 0.0
    for i in range(mean.size):
        theta = mean[i]
        if with_arms:
            p = placed(tau_arm, data.arm_information[i], data.arm_level[i], theta, q[place + i])
            theta = p.level
        value, by_arm[i], by_rho = log_likelihood(
            parts.likelihood, parts.link, data.events[i], data.n[i], theta, rho
        )
        total += data.log_coefficient[i] + value
        if parts.rho >= 0:
            by_scalar[parts.rho] += by_rho
        if with_arms:
            total += log_jacobian(p) - 0.5 * p.standard * p.standard - _HALF_LOG_TWO_PI
            gradient[place + i], by_arm[i], by_log_tau = pulled(p, by_arm[i], -p.standard)
            by_scalar[parts.tau_arm] += by_log_tau / tau_arm
        by_level[int(data.study[i])] += by_arm[i]
        for k in range(data.centre.size):
            gradient[1 + k] += by_arm[i] * data.deviation[i, k]
    return total + _missing(q, data, parts, values, by_arm, by_scalar, gradient)


@inlined
def _arm_place(data: DensityData, values: Array) -> int:
    """Return the position of the first coordinate after those of the study effects."""
    effects = 0 if data.parts[2] == COMMON else data.level.size
    return 1 + data.centre.size + values.size + effects


@inlined
def _arm_means(  # noqa: PLR0917
    q: Array, data: DensityData, parts: Parts, values: Array, level: Array
) -> Array:
    """Return the linear predictor of each arm, its own effect aside."""
    mean = np.empty(data.events.size)
    for i in range(mean.size):
        mean[i] = level[int(data.study[i])]
        for k in range(data.centre.size):
            mean[i] += data.deviation[i, k] * q[1 + k]
    place = _arm_place(data, values) + data.arm_level.size
    for m in range(data.missing_arm.size):
        scalar = parts.imputed + 2 * int(data.missing_column[m])
        x = values[scalar] + values[scalar + 1] * q[place + m]
        for k in range(data.centre.size):
            mean[int(data.missing_arm[m])] += x * data.missing_slope[m, k] * q[1 + k]
    return mean


@inlined
def _missing(  # noqa: PLR0917
    q: Array,
    data: DensityData,
    parts: Parts,
    values: Array,
    by_arm: Array,
    by_scalar: Array,
    gradient: Array,
) -> float:
    """Return the log density of missing values, adding the gradient that they carry."""
    total = 0.0
    place = _arm_place(data, values) + data.arm_level.size
    for m in range(data.missing_arm.size):
        z = q[place + m]
        scalar = parts.imputed + 2 * int(data.missing_column[m])
        sd = values[scalar + 1]
        x = values[scalar] + sd * z
        by_theta = by_arm[int(data.missing_arm[m])]
        by_x = 0.0
        for k in range(data.centre.size):
            by_x += by_theta * data.missing_slope[m, k] * q[1 + k]
            gradient[1 + k] += by_theta * data.missing_slope[m, k] * x
        total += -0.5 * z * z - _HALF_LOG_TWO_PI
        gradient[place + m] += by_x * sd - z
        by_scalar[scalar] += by_x
        by_scalar[scalar + 1] += by_x * z
    return total
