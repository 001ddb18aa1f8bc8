"""The study effect integrated out of one study's likelihood, to nearly machine precision; compiled.

For a study whose arms i have linear predictors ``eta[i]`` (log-odds)::

    L = integral of  prod_i p_i**events[i] * (1 - p_i)**(n[i] - events[i])  Normal(u; 0, tau**2) du
    p_i = sigmoid(eta[i] + u)

without the binomial coefficients. The trapezoid rule is laid around the mode of the integrand: for
analytic integrands its error falls exponentially in 1/step. Two things limit the step: the width of
the integrand, and the binomial kernel, whose Fourier transform falls like that of a gamma density
however wide the integrand is.

A study without events (or without failures) has a kernel that is flat on one side of a cliff. With
a large `tau` the integrand is far wider than the cliff is steep. Then u = cliff + 2 sinh(x), with
equal steps of x, takes steps that grow with the distance from the cliff.

References
----------
Trefethen & Weideman 2014, doi:10.1137/130932132 (the trapezoid rule).
"""

import math

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.kernels import sigmoid

Study = tuple[Array, float, Array, Array]
"""Linear predictors, tau, events and n, as arguments of `integrated_log_likelihood`."""
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
MODE_TOLERANCE = 0.01
"""The mode need not be known better than to this many standard deviations."""
MAX_STEPS = 200
"""Of the search for the mode; reached only where it is narrower than the spacing of numbers."""
STRAIGHT = 50.0
"""Log-odds beyond which the log kernel of an arm is a straight line."""
NO_CLIFF, TWO_SIDED = 0, 2
"""What `flat_side` says of a study without patients, and of one with responders and others."""


@compiled
def integrated_log_likelihood(  # noqa: PLR0917 - compiled functions have no keyword-only arguments
    eta: Array, tau: float, events: Array, n: Array, refinement: int = 0
) -> float:
    """Return log L of one study, which is finite unless `eta` or `tau` is not.

    `eta` has no study effect in it; an arm with n = 0 contributes nothing; each unit of
    `refinement` halves the step.
    """
    study = (eta, tau, events, n)
    without_effect = _log_kernel(0.0, study)
    if tau < NO_EFFECT or not math.isfinite(without_effect + tau):
        return without_effect + 0 * tau
    mesh = _mesh(study, 0.5**refinement)
    total = _march(-1, study, mesh) + _march(1, study, mesh)
    return mesh[1] + math.log(mesh[2] * total / tau) - LOG_2_PI / 2


@compiled
def _march(direction: int, study: Study, mesh: Mesh) -> float:
    """Sum the integrand from the centre of the mesh outwards."""
    peak_at, peak, step, centre, stretch = mesh
    total = 0.0
    k = (direction + 1) // 2  # the centre itself belongs to the left
    while True:
        u, log_jacobian = _abscissa(direction * k * step, centre, stretch)
        log_weight = _log_integrand(u, study) + log_jacobian - peak
        if log_weight < -DROP and direction * (u - peak_at) > 0:
            return total
        total += math.exp(log_weight)
        k += 1


@compiled
def _mesh(study: Study, fineness: float) -> Mesh:
    """Return mode, log integrand there, step, centre, and how steps are stretched (0: not)."""
    peak_at, sd = _mode(study)
    peak = _log_integrand(peak_at, study)
    step = 1 / math.sqrt((GAUSSIAN_STEP * sd) ** -2 + KERNEL_STEP**-2)
    if sd < WIDE:
        return peak_at, peak, step * fineness, peak_at, 0.0
    if _is_straight(peak_at, FAR * sd, study):
        return peak_at, peak, GAUSSIAN_STEP * sd * fineness, peak_at, 0.0
    side, (low, high) = _flat_side(study), _extremes(study)
    if side != TWO_SIDED and high - low < SPREAD:
        edge = _cliff(study, side)
        if abs(edge - peak_at) < FAR * sd:
            return peak_at, peak, STRETCHED_STEP * fineness, edge, STRETCH
    return peak_at, peak, step * fineness, peak_at, 0.0


@compiled
def _abscissa(x: float, centre: float, stretch: float) -> tuple[float, float]:
    """Return u at the mesh coordinate `x`, and log du/dx."""
    if stretch > 0:
        return centre + stretch * math.sinh(x), math.log(stretch * math.cosh(x))
    return centre + x, 0.0


@compiled
def _mode(study: Study) -> tuple[float, float]:
    """Return the mode of the integrand, and the standard deviation of the normal like it there."""
    low, high = _bracket(study)
    u, sd = min(max(_guess(study), low), high), 0.0
    for _ in range(MAX_STEPS):
        slope, curvature = _derivatives(u, study)
        sd = 1 / math.sqrt(curvature)
        if slope > 0:
            low = u
        else:
            high = u
        move = slope / curvature
        if min(abs(move), high - low) < MODE_TOLERANCE * sd:
            break
        u = u + move if low < u + move < high else (low + high) / 2
    return u, sd


@compiled
def _guess(study: Study) -> float:
    """Return where the mode would be if the likelihood were normal."""
    responders, others = _totals(study)
    low, high = _extremes(study)
    log_odds = math.log((responders + 0.5) / (others + 0.5)) - (low + high) / 2
    spread = 1 / (responders + 0.5) + 1 / (others + 0.5)
    return log_odds / (1 + spread / study[1] ** 2)


@compiled
def _bracket(study: Study) -> tuple[float, float]:
    """Return bounds of the mode: zero, and where the likelihood pulls it to at most."""
    responders, others = _totals(study)
    low, high = _extremes(study)
    if responders > 0 and others > 0:
        log_odds = math.log(responders / others)
        return min(0.0, log_odds - high), max(0.0, log_odds - low)
    pull = study[1] ** 2 * (responders + others)
    reach = min(max(-low, high) + max(1.0, math.log1p(pull)), pull)
    return (-reach if others > 0 else 0.0), (reach if responders > 0 else 0.0)


@compiled
def _totals(study: Study) -> tuple[float, float]:
    """Return how many responded in all arms, and how many did not."""
    _, _, events, n = study
    responders, others = 0.0, 0.0
    for i in range(n.size):
        responders += events[i]
        others += n[i] - events[i]
    return responders, others


@compiled
def _extremes(study: Study) -> tuple[float, float]:
    """Return the smallest and largest linear predictor."""
    low, high = math.inf, -math.inf
    for value in study[0]:
        low, high = min(low, value), max(high, value)
    return low, high


@compiled
def _log_integrand(u: float, study: Study) -> float:
    """Return the log of kernel times normal density, without the latter's constant."""
    return _log_kernel(u, study) - (u / study[1]) ** 2 / 2


@compiled
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


@compiled
def _derivatives(u: float, study: Study) -> tuple[float, float]:
    """Return the slope of the log integrand, and minus its second derivative."""
    eta, tau, events, n = study
    slope, curvature = -u / tau**2, 1 / tau**2
    for i in range(eta.size):
        rate = sigmoid(eta[i] + u)
        slope += events[i] - n[i] * rate
        curvature += n[i] * rate * sigmoid(-eta[i] - u)
    return slope, curvature


@compiled
def _flat_side(study: Study) -> int:
    """Return on which side of its cliff the kernel is flat: -1 without responders, 1 if all are."""
    responders, others = _totals(study)
    if responders > 0 and others > 0:
        return TWO_SIDED
    return -1 if others > 0 else int(responders > 0)


@compiled
def _cliff(study: Study, side: int) -> float:
    """Return the u at which a one-sided kernel (of no patients, the rate) has fallen to 1/e."""
    low, high = _extremes(study)
    if side == NO_CLIFF:
        return -(low + high) / 2
    eta, _, _, n = study
    farthest, total = max(-side * low, -side * high), 0.0
    for i in range(n.size):
        total += n[i] * math.exp(-side * eta[i] - farthest)
    return side * (farthest + math.log(total))


@compiled
def _is_straight(u: float, reach: float, study: Study) -> bool:
    """Return whether the log kernels of all arms are straight lines within `reach` of `u`."""
    nearest = math.inf
    for value in study[0]:
        nearest = min(nearest, abs(value + u))
    return nearest > reach + STRAIGHT
