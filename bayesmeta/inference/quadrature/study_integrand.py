"""What is integrated over one study's effect: its logarithm, slope, mode and cliff.

A study is a tuple of the linear predictors of its arms, `tau`, their events and their patients; see
`bayesmeta.inference.quadrature.rules`. The logarithm of the integrand is concave in the effect u.
"""

import math

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.kernels import sigmoid

__all__ = [
    "TWO_SIDED",
    "Study",
    "cliff",
    "extremes",
    "flat_side",
    "is_straight",
    "log_integrand",
    "log_kernel",
    "mode",
]

Array = npt.NDArray[np.float64]
Study = tuple[Array, float, Array, Array]
"""Linear predictors, tau, events and n, as arguments of `integrated_log_likelihood`."""

MODE_TOLERANCE = 0.01
"""The mode need not be known better than to this many standard deviations."""
MAX_STEPS = 200
"""Of the search for the mode; reached only where it is narrower than the spacing of numbers."""
STRAIGHT = 50.0
"""Log-odds beyond which the log kernel of an arm is a straight line."""
NO_CLIFF, TWO_SIDED = 0, 2
"""What `flat_side` says of a study without patients, and of one with responders and others."""


@compiled
def mode(study: Study) -> tuple[float, float]:
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
    low, high = extremes(study)
    log_odds = math.log((responders + 0.5) / (others + 0.5)) - (low + high) / 2
    spread = 1 / (responders + 0.5) + 1 / (others + 0.5)
    return log_odds / (1 + spread / study[1] ** 2)


@compiled
def _bracket(study: Study) -> tuple[float, float]:
    """Return bounds of the mode: zero, and where the likelihood pulls it to at most."""
    responders, others = _totals(study)
    low, high = extremes(study)
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
def extremes(study: Study) -> tuple[float, float]:
    """Return the smallest and largest linear predictor."""
    low, high = math.inf, -math.inf
    for value in study[0]:
        low, high = min(low, value), max(high, value)
    return low, high


@compiled
def log_integrand(u: float, study: Study) -> float:
    """Return the log of kernel times normal density, without the latter's constant."""
    return log_kernel(u, study) - (u / study[1]) ** 2 / 2


@compiled
def log_kernel(u: float, study: Study) -> float:
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
def flat_side(study: Study) -> int:
    """Return on which side of its cliff the kernel is flat: -1 without responders, 1 if all are."""
    responders, others = _totals(study)
    if responders > 0 and others > 0:
        return TWO_SIDED
    return -1 if others > 0 else int(responders > 0)


@compiled
def cliff(study: Study, side: int) -> float:
    """Return the u at which a one-sided kernel has fallen to about 1/e.

    Without patients there is no cliff, and the fall of the rate itself takes its place.
    """
    low, high = extremes(study)
    if side == NO_CLIFF:
        return -(low + high) / 2
    eta, _, _, n = study
    farthest, total = max(-side * low, -side * high), 0.0
    for i in range(n.size):
        total += n[i] * math.exp(-side * eta[i] - farthest)
    return side * (farthest + math.log(total))


@compiled
def is_straight(u: float, reach: float, study: Study) -> bool:
    """Return whether the log kernels of all arms are straight lines within `reach` of `u`."""
    nearest = math.inf
    for value in study[0]:
        nearest = min(nearest, abs(value + u))
    return nearest > reach + STRAIGHT
