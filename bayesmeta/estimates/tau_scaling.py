"""What power-scaling says of tau, by weights alone: cheap enough for every fit."""

import numpy as np
import numpy.typing as npt

from bayesmeta.estimates.log_priors import log_likelihood, log_priors
from bayesmeta.inference.result import Fit

__all__ = ["SENSITIVE", "tau_scaling"]

Array = npt.NDArray[np.float64]

SENSITIVE = 0.05
"""Sensitivity from which on an estimate counts as moved by a part of the model."""

POWERS = (0.99, 1.01)
"""Powers between which the change is measured."""


def tau_scaling(fit: Fit) -> dict[str, tuple[float, float]]:
    """Return how fast each tau moves with all priors together, and with the likelihood.

    The two numbers of `power_scaling`. Powers so near 1 need no smoothing of weights, and so no other
    package. The second is NaN where the first is below `SENSITIVE`, so that it decides nothing, and of a
    fit that kept no draws of arms.

    References
    ----------
    Kallioinen, Paananen, Bürkner & Vehtari 2024, doi:10.1007/s11222-023-10366-5.
    """
    drawn = np.asarray(fit.posterior["tau"])
    levels = fit.design.tau_levels if drawn.ndim > 2 else ("",)  # noqa: PLR2004
    values = drawn.reshape(-1, len(levels)).T
    prior = np.sum(list(log_priors(fit).values()), axis=0).ravel()
    labels = [f"tau[{level}]" if level else "tau" for level in levels]
    moved = [_sensitivity(tau, prior) for tau in values]
    if max(moved) < SENSITIVE or not fit.settings.arm_draws:
        return {label: (found, np.nan) for label, found in zip(labels, moved, strict=True)}
    likelihood = log_likelihood(fit, "`tau_scaling`").ravel()
    return {
        label: (found, _sensitivity(tau, likelihood))
        for label, found, tau in zip(labels, moved, values, strict=True)
    }


def _sensitivity(drawn: Array, log_density: Array) -> float:
    """Return the mean gradient of the distance between draws and reweighted draws per doubling."""
    found = []
    for power in POWERS:
        weight = np.exp((power - 1) * (log_density - log_density.mean()))
        distance = float(np.max([_distance(drawn, weight), _distance(-drawn, weight)]))
        found.append(distance / abs(np.log2(power)))
    return float(np.mean(found))


def _distance(drawn: Array, weight: Array) -> float:
    """Return the cumulative Jensen-Shannon distance of draws from the same draws with weights."""
    order = np.argsort(drawn)
    step, size = np.diff(drawn[order]), drawn.size
    own = np.arange(1, size) / size
    other = np.cumsum(weight[order] / weight.sum())[:-1]
    middle = (own + other) / 2
    both = own * np.log2(own / middle) + other * np.log2(other / middle)
    whole = float(step @ (own + other))
    return float(np.sqrt(max(float(step @ both), 0.0) / whole)) if whole else 0.0
