"""The study effect integrated out of one study's likelihood, to nearly machine precision.

For a study whose arms i have linear predictors ``eta[i]`` (log-odds)::

    L = integral of  prod_i p_i**events[i] * (1 - p_i)**(n[i] - events[i])  Normal(u; 0, tau**2) du
    p_i = sigmoid(eta[i] + u)

without the binomial coefficients. Everything here is compiled, takes plain numbers and arrays, and
can be called from other compiled functions.

The trapezoid rule is laid around the mode of the integrand: for analytic integrands its error falls
exponentially in 1/step (Trefethen & Weideman 2014). Two things limit the step: the width of the
integrand, and the binomial kernel, whose Fourier transform falls like that of a gamma density however
wide the integrand is.

A study without events (or without failures) has a kernel that is flat on one side of a cliff, so
that with a large `tau` the integrand is far wider than the cliff is steep. Then
u = cliff + 2 sinh(x), with equal steps of x, takes steps that grow with the distance from the
cliff, and some hundred points do for any `tau`.

References
----------
Trefethen & Weideman 2014, doi:10.1137/130932132 (the trapezoid rule).
"""

import math

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.kernels import sigmoid
from bayesmeta.inference.quadrature.study_integrand import (
    TWO_SIDED,
    Study,
    cliff,
    extremes,
    flat_side,
    is_straight,
    log_integrand,
    log_kernel,
    mode,
)

__all__ = ["conditional_moments", "effect_moments", "integrated_log_likelihood"]

Array = npt.NDArray[np.float64]
Mesh = tuple[float, float, float, float, float]
"""What `_mesh` returns."""

DROP = 36.0
"""The integrand is followed until its logarithm lies this far below the peak."""
GAUSSIAN_STEP = 0.85
"""Step in standard deviations: the error for a normal integrand is below 1e-11."""
KERNEL_STEP = 0.34
"""Step in log-odds: the same for the kernel of a single event among many patients."""
STRETCHED_STEP = 0.09
"""Step of x in u = cliff + 2 sinh(x)."""
STRETCH = 2.0
WIDE = 1.5
"""Standard deviation (log-odds) from which on the integrand is wider than its kernel bends."""
FAR = 8.0
"""What lies this many standard deviations from the mode makes no difference."""
SPREAD = 8.0
"""Arms farther apart than this (log-odds) have cliffs of their own, too far for stretched steps."""
NO_EFFECT = 1e-100
"""Below it `tau` is zero."""
LOG_2_PI = math.log(2 * math.pi)


@compiled
def integrated_log_likelihood(  # noqa: PLR0917 - compiled functions have no keyword-only arguments
    eta: Array, tau: float, events: Array, n: Array, refinement: int = 0
) -> float:
    """Return log L of one study.

    Parameters
    ----------
    eta : array of float, shape (arm,)
        Linear predictors without the study effect, log-odds.
    tau : float
        Standard deviation of the study effect, log-odds; 0 means no effect.
    events, n : array of float, shape (arm,)
        Counts. An arm with n = 0 contributes nothing.
    refinement : int
        Each unit halves the step of the quadrature.

    Returns
    -------
    float
        Logarithm of the integral, without binomial coefficients; not finite only if `eta` or `tau`
        is not.
    """
    return effect_moments(eta, tau, events, n, refinement)[0]


@compiled
def effect_moments(  # noqa: PLR0917
    eta: Array, tau: float, events: Array, n: Array, refinement: int = 0
) -> tuple[float, float, float]:
    """Return log L of one study, and mean and variance of its effect given its counts.

    Returns
    -------
    log_integral : float
    effect_mean, effect_variance : float
        Of u given the counts, on the log-odds scale.
    """
    nothing = eta[:0]
    # A float, lest integers of different kinds be compiled for one by one.
    return _integrate((eta, tau, events, n), 0.5**refinement, nothing, nothing)


@compiled
def conditional_moments(  # noqa: PLR0917
    eta: Array, tau: float, events: Array, n: Array, refinement: int = 0
) -> tuple[float, float, float, Array, Array]:
    """Return log L of one study, and moments of its effect and rates given its counts.

    With n = 0 everywhere the moments are those of a study not seen yet.

    Returns
    -------
    log_integral, effect_mean, effect_variance : float
        As in `effect_moments`.
    rate_mean, rate_variance : array of float, shape (arm,)
        Of invlogit(eta + u) given the counts, on the probability scale.
    """
    rate_mean, rate_variance = np.zeros(eta.size), np.zeros(eta.size)
    study = (eta, tau, events, n)
    log_integral, mean, variance = _integrate(study, 0.5**refinement, rate_mean, rate_variance)
    return log_integral, mean, variance, rate_mean, rate_variance


@compiled
def _integrate(
    study: Study, fineness: float, rate_mean: Array, rate_variance: Array
) -> tuple[float, float, float]:
    """Return log L, mean and variance of u; fill in those of the rates unless they are empty."""
    eta, tau = study[0], study[1]
    without_effect = log_kernel(0.0, study)
    if tau < NO_EFFECT or not math.isfinite(without_effect + tau):
        for i in range(rate_mean.size):
            rate_mean[i] = sigmoid(eta[i])
        return without_effect + 0 * tau, 0.0, 0.0
    mesh = _mesh(study, fineness)
    left = _march(-1, study, mesh, (rate_mean, rate_variance))
    right = _march(1, study, mesh, (rate_mean, rate_variance))
    total = left[0] + right[0]
    # Moments were summed about the mode, lest the difference of squares cancel.
    peak_at, peak, step = mesh[0], mesh[1], mesh[2]
    shift = (left[1] + right[1]) / total
    for i in range(rate_mean.size):
        difference = rate_mean[i] / total
        rate_mean[i] = sigmoid(eta[i] + peak_at) + difference
        rate_variance[i] = rate_variance[i] / total - difference**2
    log_integral = peak + math.log(step * total / tau) - LOG_2_PI / 2
    return log_integral, peak_at + shift, (left[2] + right[2]) / total - shift**2


@compiled
def _march(
    direction: int, study: Study, mesh: Mesh, rate_sums: tuple[Array, Array]
) -> tuple[float, float, float]:
    """Sum the integrand and its moments about the mode, from the centre of the mesh outwards."""
    peak_at, peak, step, centre, stretch = mesh
    total, first, second = 0.0, 0.0, 0.0
    k = (direction + 1) // 2  # the centre itself belongs to the left
    while True:
        u, log_jacobian = _abscissa(direction * k * step, centre, stretch)
        log_weight = log_integrand(u, study) + log_jacobian - peak
        if log_weight < -DROP and direction * (u - peak_at) > 0:
            return total, first, second
        weight = math.exp(log_weight)
        total += weight
        first += weight * (u - peak_at)
        second += weight * (u - peak_at) ** 2
        for i in range(rate_sums[0].size):
            difference = sigmoid(study[0][i] + u) - sigmoid(study[0][i] + peak_at)
            rate_sums[0][i] += weight * difference
            rate_sums[1][i] += weight * difference**2
        k += 1


@compiled
def _mesh(study: Study, fineness: float) -> Mesh:
    """Return mode, log integrand there, step, centre, and how steps are stretched (0: not)."""
    peak_at, sd = mode(study)
    peak = log_integrand(peak_at, study)
    step = 1 / math.sqrt((GAUSSIAN_STEP * sd) ** -2 + KERNEL_STEP**-2)
    if sd < WIDE:
        return peak_at, peak, step * fineness, peak_at, 0.0
    if is_straight(peak_at, FAR * sd, study):
        return peak_at, peak, GAUSSIAN_STEP * sd * fineness, peak_at, 0.0
    side, (low, high) = flat_side(study), extremes(study)
    if side != TWO_SIDED and high - low < SPREAD:
        edge = cliff(study, side)
        if abs(edge - peak_at) < FAR * sd:
            return peak_at, peak, STRETCHED_STEP * fineness, edge, STRETCH
    return peak_at, peak, step * fineness, peak_at, 0.0


@compiled
def _abscissa(x: float, centre: float, stretch: float) -> tuple[float, float]:
    """Return u at the mesh coordinate `x`, and log du/dx."""
    if stretch > 0:
        return centre + stretch * math.sinh(x), math.log(stretch * math.cosh(x))
    return centre + x, 0.0
