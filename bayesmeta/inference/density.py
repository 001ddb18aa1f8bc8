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

from math import exp, isfinite, log, log1p, sqrt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import carray, cfunc, types

from bayesmeta.inference.compiled import compiled

__all__ = [
    "TAU_SCALE",
    "DensityData",
    "compiled_copy",
    "compiled_log_density",
    "log_density",
    "pack",
    "unpack",
]

Array = npt.NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)
_HEADER = 5

TAU_SCALE = 0.4
"""Heterogeneity (log-odds) at which the unbounded scale of tau turns; geometry only."""


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
def _log1pexp(x: float) -> float:
    """Return log(1 + exp(x)) without overflow."""
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


@compiled
def _sigmoid(x: float) -> float:
    """Return the inverse logit without overflow."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


@compiled
def _prior(kernel: Array, x: float) -> tuple[float, float]:
    """Return log density and derivative at x of the prior of one row of `DensityData.priors`."""
    shape, a, b, c, constant = int(kernel[0]), kernel[1], kernel[2], kernel[3], kernel[4]
    if shape == 0:  # NORMAL
        z = (x - a) / b
        return constant - 0.5 * z * z, -z / b
    if shape == 1:  # STUDENT_T
        z = (x - a) / b
        return constant - 0.5 * (c + 1) * log1p(z * z / c), -(c + 1) * z / (b * (c + z * z))
    if shape == 2:  # LOG_NORMAL  # noqa: PLR2004
        z = (log(x) - a) / b
        return constant - log(x) - 0.5 * z * z, -(1 + z / b) / x
    if shape == 3:  # GAMMA  # noqa: PLR2004
        return constant + (a - 1) * log(x) - b * x, (a - 1) / x - b
    if shape == 4:  # INVERSE_GAMMA  # noqa: PLR2004
        return constant - (a + 1) * log(x) - b / x, (-(a + 1) + b / x) / x
    return constant, 0.0  # UNIFORM


@compiled
def _tau(bounds: Array, x: float) -> tuple[float, float, float, float]:
    """Return tau at x on the unbounded scale, d tau / dx, its log, and the derivative of that log.

    Without an upper bound ``log(tau / TAU_SCALE) = x - log1pexp(-x)**2 / 2``: the logarithm for
    large tau, but towards 0, where the density of tau is flat, the density of x falls like a
    normal one instead of exponentially, and chains come back.
    """
    low, high = bounds[0], bounds[1]
    if high == np.inf:
        soft, share = _log1pexp(-x), _sigmoid(-x)
        tau = TAU_SCALE * exp(x - 0.5 * soft * soft)
        rate = 1 + soft * share
        bend = rate - share * (share + soft * (1 - share)) / rate
        return tau, tau * rate, log(TAU_SCALE) + x - 0.5 * soft * soft + log(rate), bend
    log_slope = log(high - low) - _log1pexp(-x) - _log1pexp(x)
    return low + (high - low) * _sigmoid(x), exp(log_slope), log_slope, 1 - 2 * _sigmoid(x)


@compiled
def _arm(events: float, n: float, theta: float) -> tuple[float, float]:
    """Return binomial log likelihood without its coefficient, and derivative, at log-odds theta.

    Both are sums of terms of one sign, so nothing cancels however far out theta is.
    """
    value = -events * _log1pexp(-theta) - (n - events) * _log1pexp(theta)
    return value, events * _sigmoid(-theta) - (n - events) * _sigmoid(theta)


@compiled
def _coefficients(q: Array, data: DensityData, gradient: Array) -> float:
    """Return the log prior of mu and beta, writing its gradient."""
    covariates = data.centre.size
    mu = q[0]
    for k in range(covariates):
        mu -= data.centre[k] * q[1 + k]
    value, slope = _prior(data.priors[0], mu)
    gradient[0] = slope
    for k in range(covariates):
        log_prior, derivative = _prior(data.priors[1 + k], q[1 + k])
        value += log_prior
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
        log_likelihood, derivative = _arm(data.events[i], data.n[i], theta)
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
    tau, slope, log_slope, bend = _tau(data.tau_bounds, q[place])
    value, by_tau = _prior(data.priors[place], tau)
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


def pack(data: DensityData) -> Array:
    """Return `data` as one array, sizes first, for the sampler to point at."""
    sizes = [data.events.size, data.log_odds.size, data.centre.size, data.priors.shape[0]]
    parts = [np.asarray(part, dtype=np.float64).ravel() for part in data]
    return np.concatenate(
        [np.array([sum(part.size for part in parts), *sizes], dtype=np.float64), *parts]
    )


@compiled
def unpack(packed: Array) -> DensityData:
    """Return the `DensityData` of `pack`, as views."""
    a, s, k, rows = int(packed[1]), int(packed[2]), int(packed[3]), int(packed[4])
    ends = np.cumsum(np.array([_HEADER, a, a, a, a, a * k, s * k, k, s, s, 5 * rows, 2]))
    return DensityData(
        packed[ends[0] : ends[1]],
        packed[ends[1] : ends[2]],
        packed[ends[2] : ends[3]],
        packed[ends[3] : ends[4]],
        packed[ends[4] : ends[5]].reshape((a, k)),
        packed[ends[5] : ends[6]].reshape((s, k)),
        packed[ends[6] : ends[7]],
        packed[ends[7] : ends[8]],
        packed[ends[8] : ends[9]],
        packed[ends[9] : ends[10]].reshape((rows, 5)),
        packed[ends[10] : ends[11]],
    )


_LOG_DENSITY = types.int64(
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)
_EXPAND = types.int64(
    types.uint64,
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)

OK, NOT_FINITE = 0, 1
"""What the sampler is told: go on, or count the step as divergent."""


@cfunc(_LOG_DENSITY, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def compiled_log_density(  # noqa: PLR0917
    dim: int, point: Any, gradient: Any, value: Any, data: Any
) -> int:
    """Write value and gradient at `point`; what the sampler calls, without Python."""
    size = carray(data, (1,), np.float64)[0]
    packed = carray(data, (int(size) + _HEADER,), np.float64)
    slope = carray(gradient, (dim,))
    log_posterior = log_density(carray(point, (dim,)), unpack(packed), slope)
    value[0] = log_posterior
    return OK if isfinite(log_posterior) and np.all(np.isfinite(slope)) else NOT_FINITE


@cfunc(_EXPAND, cache=True)  # type: ignore[untyped-decorator]
def compiled_copy(  # noqa: PLR0917
    dim: int, expanded: int, point: Any, out: Any, data: Any
) -> int:
    """Copy `point`: draws are kept in the sampler's coordinates and translated together."""
    for i in range(dim):
        out[i] = point[i]
    return OK
