"""What is integrated over one study's effect: its logarithm, slope, mode and cliff.

A study is a tuple of the linear predictors of its arms, `tau`, their events and their patients; see
`bayesmeta.inference.quadrature`. The logarithm of the integrand is concave in the effect u.
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
    "flat_side",
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
    eta, tau, events, n = study
    responders, others = np.sum(events) + 0.5, np.sum(n - events) + 0.5
    log_odds = math.log(responders / others) - np.mean(eta)
    return log_odds / (1 + (1 / responders + 1 / others) / tau**2)


@compiled
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
    _, _, events, n = study
    responders, patients = np.sum(events), np.sum(n)
    if patients == 0:
        return NO_CLIFF
    if responders == 0:
        return -1
    return 1 if responders == patients else TWO_SIDED


@compiled
def cliff(study: Study, side: int) -> float:
    """Return the u at which a one-sided kernel has fallen to about 1/e.

    Without patients there is no cliff, and the fall of the rate itself takes its place.
    """
    eta, _, _, n = study
    if side == NO_CLIFF:
        return -np.mean(eta)
    sign = -side
    farthest = np.max(sign * eta)
    return -sign * (farthest + math.log(np.sum(n * np.exp(sign * eta - farthest))))
