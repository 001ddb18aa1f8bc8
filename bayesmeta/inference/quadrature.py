"""The study effect integrated out of one study's likelihood, to nearly machine precision.

For a study whose arms i have linear predictors ``eta[i]`` (log-odds)::

    L = integral of  prod_i p_i**events[i] * (1 - p_i)**(n[i] - events[i])  Normal(u; 0, tau**2) du
    p_i = invlogit(eta[i] + u)

without the binomial coefficients. Everything here is compiled, takes plain numbers and arrays, and
can be called from other compiled functions.

The logarithm of the integrand is concave in u. Its mode is found by Newton steps kept inside a
bracket, and the trapezoid rule is laid around it: for analytic integrands its error falls
exponentially in 1/step [1]_. Two things limit the step: the width of the integrand, and the
binomial kernel, whose Fourier transform falls like that of a gamma density however wide the
integrand is. `_step` respects both.

A study without events (or without failures) has a kernel that is flat on one side of a cliff, so
that with a large `tau` the integrand is far wider than the cliff is steep. Then
u = cliff + 2 sinh(x), with equal steps of x, takes steps that grow with the distance from the
cliff, and some hundred points do for any `tau`.

References
----------
.. [1] Trefethen and Weideman (2014), "The exponentially convergent trapezoidal rule", SIAM Review
   56, 385-458. https://doi.org/10.1137/130932132
"""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["conditional_moments", "integrated_log_likelihood"]

Array = npt.NDArray[np.float64]
Study = tuple[Array, float, Array, Array]
"""Linear predictors, tau, events and n, as arguments of `integrated_log_likelihood`."""
Mesh = tuple[float, float, float, float, bool]
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
"""Standard deviation (log-odds) from which on a one-sided integrand is stretched."""
FAR = 8.0
"""A cliff this many `tau` above zero lies outside the normal density: there is none to see."""
NO_EFFECT = 1e-100
"""Below it `tau` is zero."""
MODE_TOLERANCE = 0.01
"""The mesh need not be centred better than this many standard deviations."""
NO_CLIFF = 0
TWO_SIDED = 2
LOG_2_PI = math.log(2 * math.pi)


@njit(cache=True)  # type: ignore[misc]
def integrated_log_likelihood(
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
        Logarithm of the integral, without binomial coefficients.
    """
    return _integrate((eta, tau, events, n), refinement, eta[:0], eta[:0])[0]  # type: ignore[no-any-return]


@njit(cache=True)  # type: ignore[misc]
def conditional_moments(
    eta: Array, tau: float, events: Array, n: Array, refinement: int = 0
) -> tuple[float, float, float, Array, Array]:
    """Return log L of one study and moments of its effect and rates given its counts.

    Parameters are those of `integrated_log_likelihood`. With n = 0 everywhere the moments are those
    of a study not seen yet.

    Returns
    -------
    log_integral : float
    effect_mean, effect_variance : float
        Of u given the counts, on the log-odds scale.
    rate_mean, rate_variance : array of float, shape (arm,)
        Of invlogit(eta + u) given the counts, on the probability scale.
    """
    rate_mean, rate_variance = np.zeros(eta.size), np.zeros(eta.size)
    study = (eta, tau, events, n)
    log_integral, mean, variance = _integrate(study, refinement, rate_mean, rate_variance)
    return log_integral, mean, variance, rate_mean, rate_variance


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _integrate(
    study: Study, refinement: int, rate_mean: Array, rate_variance: Array
) -> tuple[float, float, float]:
    """Return log L, mean and variance of u; fill in those of the rates unless they are empty."""
    eta, tau, _, _ = study
    if tau < NO_EFFECT:
        for i in range(rate_mean.size):
            rate_mean[i] = _invlogit(eta[i])
        return _log_kernel(0.0, study), 0.0, 0.0
    mesh = _mesh(study, refinement)
    mode, peak, step = mesh[0], mesh[1], mesh[2]
    left = _march(-1, study, mesh, rate_mean, rate_variance)
    right = _march(1, study, mesh, rate_mean, rate_variance)
    total = left[0] + right[0]
    # Moments were summed about the mode, lest the difference of squares cancel.
    shift = (left[1] + right[1]) / total
    for i in range(rate_mean.size):
        difference = rate_mean[i] / total
        rate_mean[i] = _invlogit(eta[i] + mode) + difference
        rate_variance[i] = rate_variance[i] / total - difference**2
    log_integral = peak + math.log(step * total / tau) - LOG_2_PI / 2
    return log_integral, mode + shift, (left[2] + right[2]) / total - shift**2


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _march(
    direction: int, study: Study, mesh: Mesh, rate_sum: Array, square_sum: Array
) -> tuple[float, float, float]:
    """Sum the integrand and its moments about the mode, from the centre of the mesh outwards."""
    eta = study[0]
    mode, peak, step, centre, stretched = mesh
    total, first, second = 0.0, 0.0, 0.0
    k = (direction + 1) // 2  # the centre itself belongs to the left
    while True:
        u, log_jacobian = _abscissa(direction * k * step, centre, stretched)
        log_weight = _log_integrand(u, study) + log_jacobian - peak
        if log_weight < -DROP and direction * (u - mode) > 0:
            return total, first, second
        weight = math.exp(log_weight)
        total += weight
        first += weight * (u - mode)
        second += weight * (u - mode) ** 2
        for i in range(rate_sum.size):
            difference = _invlogit(eta[i] + u) - _invlogit(eta[i] + mode)
            rate_sum[i] += weight * difference
            square_sum[i] += weight * difference**2
        k += 1


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _mesh(study: Study, refinement: int) -> Mesh:
    """Return mode, log integrand there, step, centre, and whether steps are stretched."""
    mode, sd = _mode(study)
    peak = _log_integrand(mode, study)
    halvings = 2.0**-refinement
    side = _flat_side(study)
    cliff = _cliff(study, side)
    if side == TWO_SIDED or sd < WIDE or side * (mode - cliff) < 0:
        step = 1 / math.sqrt((GAUSSIAN_STEP * sd) ** -2 + KERNEL_STEP**-2)
        return mode, peak, step * halvings, mode, False
    if _is_out_of_sight(cliff, side, study[1]):
        return mode, peak, GAUSSIAN_STEP * sd * halvings, mode, False
    return mode, peak, STRETCHED_STEP * halvings, cliff, True


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _abscissa(x: float, centre: float, stretched: bool) -> tuple[float, float]:
    """Return u at the mesh coordinate `x`, and log du/dx."""
    if stretched:
        return centre + STRETCH * math.sinh(x), math.log(STRETCH * math.cosh(x))
    return centre + x, 0.0


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _flat_side(study: Study) -> int:
    """Return on which side of its cliff the kernel is flat: -1 left, 1 right, or none or both."""
    _, _, events, n = study
    responders, patients = np.sum(events), np.sum(n)
    if patients == 0:
        return NO_CLIFF
    if responders == 0:
        return -1
    return 1 if responders == patients else TWO_SIDED


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _cliff(study: Study, side: int) -> float:
    """Return the u at which a one-sided kernel has fallen to about 1/e."""
    eta, _, _, n = study
    if side == NO_CLIFF or side == TWO_SIDED:
        # Without a cliff the fall of the rate itself takes its place.
        return -np.mean(eta)  # type: ignore[no-any-return]
    sign = -side
    farthest = np.max(sign * eta)
    return -sign * (farthest + math.log(np.sum(n * np.exp(sign * eta - farthest))))


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _is_out_of_sight(cliff: float, side: int, tau: float) -> bool:
    """Return whether the cliff is so far on the open side that the integrand is just normal."""
    if side == NO_CLIFF:
        return abs(cliff) > FAR * tau
    return -side * cliff > FAR * tau


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _mode(study: Study) -> tuple[float, float]:
    """Return the mode of the integrand, to a hundredth of its width, and that width."""
    low, high = _bracket(study)
    u = min(max(_guess(study), low), high)
    while True:
        slope, curvature = _derivatives(u, study)
        if slope > 0:
            low = u
        else:
            high = u
        sd = 1 / math.sqrt(curvature)
        move = slope / curvature
        if abs(move) < MODE_TOLERANCE * sd or high - low < MODE_TOLERANCE * sd:
            return u, sd
        u += move
        if not low < u < high:
            u = (low + high) / 2


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _guess(study: Study) -> float:
    """Return the mode if the likelihood were normal."""
    eta, tau, events, n = study
    responders, others = np.sum(events) + 0.5, np.sum(n - events) + 0.5
    log_odds = math.log(responders / others) - np.mean(eta)
    return log_odds / (1 + (1 / responders + 1 / others) / tau**2)  # type: ignore[no-any-return]


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _bracket(study: Study) -> tuple[float, float]:
    """Return bounds of the mode: zero, and where the likelihood pulls it to at most."""
    eta, tau, events, n = study
    responders, others = np.sum(events), np.sum(n - events)
    if responders > 0 and others > 0:
        log_odds = math.log(responders / others)
        return min(0.0, log_odds - np.max(eta)), max(0.0, log_odds - np.min(eta))
    reach = np.max(np.abs(eta)) + max(1.0, math.log1p(tau**2 * (responders + others)))
    reach = min(reach, tau**2 * (responders + others))
    return (-reach if others > 0 else 0.0), (reach if responders > 0 else 0.0)


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _log_integrand(u: float, study: Study) -> float:
    """Return the log of kernel times normal density, without the latter's constant."""
    return _log_kernel(u, study) - (u / study[1]) ** 2 / 2


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _log_kernel(u: float, study: Study) -> float:
    """Return the binomial log likelihood given `u`, without coefficients."""
    eta, _, events, n = study
    total = 0.0
    for i in range(eta.size):
        theta = eta[i] + u
        failures = n[i] - events[i]
        linear = failures * theta if theta > 0 else -events[i] * theta
        total -= linear + n[i] * math.log1p(math.exp(-abs(theta)))
    return total


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _derivatives(u: float, study: Study) -> tuple[float, float]:
    """Return the slope of the log integrand, and minus its second derivative."""
    eta, tau, events, n = study
    slope, curvature = -u / tau**2, 1 / tau**2
    for i in range(eta.size):
        rate = _invlogit(eta[i] + u)
        slope += events[i] - n[i] * rate
        curvature += n[i] * rate * _invlogit(-eta[i] - u)
    return slope, curvature


@njit(cache=True, error_model="numpy")  # type: ignore[misc]
def _invlogit(theta: float) -> float:
    odds = math.exp(-abs(theta))
    return (1.0 if theta > 0 else odds) / (1 + odds)
