"""The likelihood of one study given that it is published, its effect integrated out; compiled.

With the standardised effect z, a probit of publication b + k z and one count::

    L = integral of  p**events * (1 - p)**(n - events)  Phi(b + k z)  Normal(z; 0, 1) dz
    p = sigmoid(mu + tau z)

The logarithm of the integrand is concave. The trapezoid rule is laid around its mode, with steps
that resolve the kernel of the count, the normal density and the probit.
"""

import math

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.density.likelihoods import log_normal_cdf
from bayesmeta.inference.kernels import sigmoid
from bayesmeta.inference.quadrature.study import (
    DROP,
    GAUSSIAN_STEP,
    KERNEL_STEP,
    LOG_2_PI,
    MAX_STEPS,
    MODE_TOLERANCE,
)

Study = tuple[float, float, float, float, float, float]
"""mu, tau, events, n, intercept and slope of the probit."""

FINEST = 200.0
"""Steps per standard deviation, at most: more matter only where tau is beyond all evidence."""


@compiled
def published_log_likelihood(  # noqa: PLR0917
    mu: float, tau: float, events: float, n: float, published: Array
) -> float:
    """Return log L over the probability of publication, without the binomial coefficient.

    `published` holds intercept and slope of the probit, and the log probability of publication.
    """
    study = (mu, tau, events, n, published[0], published[1])
    mode, sd = _mode(study)
    peak = _derivatives(mode, study)[0]
    sharpness = 1 / (GAUSSIAN_STEP * sd) ** 2
    sharpness += (study[5] / GAUSSIAN_STEP) ** 2 + (tau / KERNEL_STEP) ** 2
    step = max(1 / math.sqrt(sharpness), sd / FINEST)
    total = 1.0
    for direction in (-1, 1):
        k = 1
        while True:
            fallen = _derivatives(mode + direction * k * step, study)[0] - peak
            if fallen < -DROP:
                break
            total += math.exp(fallen)
            k += 1
    value: float = peak + math.log(step * total) - LOG_2_PI / 2 - published[2]
    return value


@compiled
def _mode(study: Study) -> tuple[float, float]:
    """Return the mode of the integrand, and the standard deviation of the normal like it there."""
    tau, n, intercept, slope = study[1], study[3], study[4], study[5]
    # At the mode z is the pull of the count, at most tau n, and that of the probit; this bounds both.
    reach = tau * n + abs(slope) * (1 + abs(intercept)) + 1
    low, high, z, sd = -reach, reach, 0.0, 1.0
    for _ in range(MAX_STEPS):
        _, steep, curvature = _derivatives(z, study)
        sd = 1 / math.sqrt(curvature)
        if steep > 0:
            low = z
        else:
            high = z
        move = steep / curvature
        if min(abs(move), high - low) < MODE_TOLERANCE * sd:
            break
        z = z + move if low < z + move < high else (low + high) / 2
    return z, sd


@compiled
def _derivatives(z: float, study: Study) -> tuple[float, float, float]:
    """Return the log integrand without its constant, its slope, and minus its second derivative."""
    mu, tau, events, n, intercept, slope = study
    theta = mu + tau * z
    log_published, mills = log_normal_cdf(intercept + slope * z)
    linear = (n - events) * theta if theta > 0 else -events * theta
    value = -linear - n * math.log1p(math.exp(-abs(theta))) - 0.5 * z * z + log_published
    rate = sigmoid(theta)
    steep = tau * (events - n * rate) - z + slope * mills
    bend = slope * slope * mills * (mills + intercept + slope * z)
    return value, steep, 1 + tau * tau * n * rate * sigmoid(-theta) + max(bend, 0.0)
