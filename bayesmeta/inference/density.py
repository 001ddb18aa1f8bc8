"""The log density of the model family and its gradient, compiled once for every model.

Data, design and priors are arguments, so that another covariate set, prior or selection of
studies costs no compilation. The PyMC model of `bayesmeta.model.build` is the definition; a
contract test holds this to it.

The sampler's coordinates differ from the model's, for geometry alone. Covariate columns are
centred, and the effect of study s is partially non-centred with weight ``w[s]``: with M the mean
linear predictor of the study's arms, ``z ~ Normal(w M, tau**w)`` and ``u = tau**(1 - w) (z - w M)``,
which makes ``u ~ Normal(0, tau)`` for every w (Papaspiliopoulos, Roberts & Skoeld 2007,
doi:10.1214/088342307000000014). Large studies (w near 1) are sampled by their own log-odds, small
ones by their effect.
"""

from math import exp, isfinite, log, log1p
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import carray, cfunc, njit, types

__all__ = ["DensityData", "compiled_copy", "compiled_log_density", "log_density", "pack", "unpack"]

Array = npt.NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


class DensityData(NamedTuple):
    """A model and its evidence as arrays; A arms, S studies (0 without study effects), K covariates.

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
    centred: Array
    """Covariates minus their centre, shape (A, K)."""
    study_mean: Array
    """Mean of `centred` over the arms of each study, shape (S, K)."""
    centre: Array
    """What was subtracted from the covariates, shape (K,)."""
    weight: Array
    """Degree of centring of each study effect, 0 to 1, shape (S,)."""
    priors: Array
    """Kernels of the priors of mu, each beta, and tau where there are studies; five columns."""
    tau_bounds: Array
    """Lower and upper bound of tau, shape (2,)."""


@njit(cache=True)  # type: ignore[misc]
def _log1pexp(x):  # type: ignore[no-untyped-def]
    """Return log(1 + exp(x)) without overflow."""
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


@njit(cache=True)  # type: ignore[misc]
def _sigmoid(x):  # type: ignore[no-untyped-def]
    """Return the inverse logit without overflow."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


@njit(cache=True)  # type: ignore[misc]
def _prior(kernel, x):  # type: ignore[no-untyped-def]
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


@njit(cache=True)  # type: ignore[misc]
def _bounded(bounds, x):  # type: ignore[no-untyped-def]
    """Return tau, its derivative in x and the log of that, at x on the unbounded scale."""
    low, high = bounds[0], bounds[1]
    if high == np.inf:
        return low + exp(x), exp(x), x
    width = high - low
    log_slope = log(width) - _log1pexp(-x) - _log1pexp(x)
    return low + width * _sigmoid(x), exp(log_slope), log_slope


@njit(cache=True)  # type: ignore[misc]
def _arm(events, n, theta):  # type: ignore[no-untyped-def]
    """Return binomial log likelihood without its coefficient, and derivative, at log-odds theta.

    Both are sums of terms of one sign, so nothing cancels however far out theta is.
    """
    value = -events * _log1pexp(-theta) - (n - events) * _log1pexp(theta)
    return value, events * _sigmoid(-theta) - (n - events) * _sigmoid(theta)


@njit(cache=True)  # type: ignore[misc]
def _covariates(q, data, gradient):  # type: ignore[no-untyped-def]
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


@njit(cache=True)  # type: ignore[misc]
def _studies(q, data, gradient, effects):  # type: ignore[no-untyped-def]
    """Return the log prior of tau and z, writing its gradient and the study effects u."""
    covariates, studies = data.centre.size, data.weight.size
    place = 1 + covariates
    tau, slope, log_slope = _bounded(data.tau_bounds, q[place])
    log_tau = log(tau)
    value, derivative = _prior(data.priors[1 + covariates], tau)
    by_log_tau = 0.0
    for s in range(studies):
        w = data.weight[s]
        mean = q[0]
        for k in range(covariates):
            mean += data.study_mean[s, k] * q[1 + k]
        gap = q[place + 1 + s] - w * mean
        effects[s] = exp((1 - w) * log_tau) * gap
        standard = exp(-w * log_tau) * gap
        value -= 0.5 * standard * standard + w * log_tau + _HALF_LOG_TWO_PI
        by_log_tau += w * (standard * standard - 1)
        by_gap = -exp(-w * log_tau) * standard
        gradient[place + 1 + s] = by_gap
        gradient[0] -= w * by_gap
        for k in range(covariates):
            gradient[1 + k] -= w * by_gap * data.study_mean[s, k]
    # d log_slope / dx is 1 without an upper bound, and 1 - 2 sigmoid(x) with one.
    curvature = 1.0 if data.tau_bounds[1] == np.inf else 1 - 2 * _sigmoid(q[place])
    gradient[place] = (derivative + by_log_tau / tau) * slope + curvature
    return value + log_slope


@njit(cache=True)  # type: ignore[misc]
def log_density(q, data, gradient):  # type: ignore[no-untyped-def]
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
    covariates, studies = data.centre.size, data.weight.size
    place = 1 + covariates
    value = _covariates(q, data, gradient)
    effects = np.zeros(max(studies, 1))
    by_effect = np.zeros(max(studies, 1))
    if studies:
        value += _studies(q, data, gradient, effects)
    for i in range(data.events.size):
        s = int(data.study[i]) if studies else 0
        theta = q[0] + effects[s]
        for k in range(covariates):
            theta += data.centred[i, k] * q[1 + k]
        log_likelihood, derivative = _arm(data.events[i], data.n[i], theta)
        value += data.log_coefficient[i] + log_likelihood
        by_effect[s] += derivative
        gradient[0] += derivative
        for k in range(covariates):
            gradient[1 + k] += derivative * data.centred[i, k]
    if studies:
        _through_effects(q, data, gradient, effects, by_effect)
    return value


@njit(cache=True)  # type: ignore[misc]
def _through_effects(q, data, gradient, effects, by_effect):  # type: ignore[no-untyped-def]
    """Add to the gradient what the likelihood says through the study effects."""
    covariates = data.centre.size
    place = 1 + covariates
    tau, slope, _ = _bounded(data.tau_bounds, q[place])
    for s in range(data.weight.size):
        w = data.weight[s]
        by_gap = by_effect[s] * exp((1 - w) * log(tau))
        gradient[place + 1 + s] += by_gap
        gradient[place] += by_effect[s] * (1 - w) * effects[s] / tau * slope
        gradient[0] -= w * by_gap
        for k in range(covariates):
            gradient[1 + k] -= w * by_gap * data.study_mean[s, k]


def pack(data: DensityData) -> Array:
    """Return `data` as one array, sizes first, for the sampler to point at."""
    sizes = [data.events.size, data.weight.size, data.centre.size]
    parts = [np.asarray(part, dtype=np.float64).ravel() for part in data]
    return np.concatenate([np.array([sum(part.size for part in parts), *sizes], dtype=np.float64), *parts])


@njit(cache=True)  # type: ignore[misc]
def unpack(packed):  # type: ignore[no-untyped-def]
    """Return the `DensityData` of `pack`, as views."""
    a, s, k = int(packed[1]), int(packed[2]), int(packed[3])
    rows = 1 + k + (1 if s else 0)
    at = 4
    events = packed[at : at + a]
    at += a
    n = packed[at : at + a]
    at += a
    study = packed[at : at + a]
    at += a
    log_coefficient = packed[at : at + a]
    at += a
    centred = packed[at : at + a * k].reshape((a, k))
    at += a * k
    study_mean = packed[at : at + s * k].reshape((s, k))
    at += s * k
    centre = packed[at : at + k]
    at += k
    weight = packed[at : at + s]
    at += s
    priors = packed[at : at + 5 * rows].reshape((rows, 5))
    at += 5 * rows
    return DensityData(
        events, n, study, log_coefficient, centred, study_mean, centre, weight, priors, packed[at : at + 2]
    )


_LOG_DENSITY = types.int64(
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)
_EXPAND = types.int64(
    types.uint64, types.uint64, types.CPointer(types.double), types.CPointer(types.double), types.voidptr
)

OK, NOT_FINITE = 0, 1
"""What the sampler is told: go on, or count the step as divergent."""


@cfunc(_LOG_DENSITY, cache=True)  # type: ignore[misc]
def compiled_log_density(dim, point, gradient, value, data):  # type: ignore[no-untyped-def]
    """Write value and gradient at `point`; what the sampler calls, without Python."""
    size = carray(data, (1,), np.float64)[0]
    packed = carray(data, (int(size) + 4,), np.float64)
    slope = carray(gradient, (dim,))
    log_posterior = log_density(carray(point, (dim,)), unpack(packed), slope)
    value[0] = log_posterior
    return OK if isfinite(log_posterior) and np.all(np.isfinite(slope)) else NOT_FINITE


@cfunc(_EXPAND, cache=True)  # type: ignore[misc]
def compiled_copy(dim, expanded, point, out, data):  # type: ignore[no-untyped-def]
    """Copy `point`: draws are kept in the sampler's coordinates and translated together."""
    for i in range(dim):
        out[i] = point[i]
    return OK
