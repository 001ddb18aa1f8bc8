"""Where studies and arms seem to lie by their own data, for the geometry of the sampler alone."""

from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array, Integers
from bayesmeta.model import ModelSpec

TYPICAL_TAU_ARM = 0.2
TYPICAL_RHO = 0.05
"""What arms and patients are taken to differ by where effects are non-centred; geometry only."""


class Informed(NamedTuple):
    """Empirical linear predictors, and the information on them, the inverse of their variance."""

    level: Array
    information: Array


def study_means(matrix: Array, n: Array, study: Integers) -> Array:
    """Return each study's mean covariates, weighted by patients."""
    # Half a patient each keeps a study without patients defined.
    weights = n + 0.5
    totals = np.bincount(study, weights=weights)
    sums = [np.bincount(study, weights=weights * column) for column in matrix.T]
    # In rows: another layout of the array would be another compilation of the density.
    return np.ascontiguousarray(
        np.array(sums).reshape(matrix.shape[1], totals.size).T / totals[:, None]
    )


def empirical(events: Array, n: Array, spec: ModelSpec) -> tuple[Array, Array]:
    """Return each row's linear predictor and the information on it, with half a patient each way.

    Where none or all respond in all rows there is none: beyond a bound the likelihood is flat, and mu
    may lie far from where it would put the effects.
    """
    theta = spec.link.theta((events + 0.5) / (n + 1))
    informed = (n > 0) & (0 < events.sum() < n.sum())
    information = np.where(informed, (n + 1) * spec.link.information(theta), 0.0)
    if spec.likelihood.parameters:
        information = information / (1 + np.maximum(n - 1, 0) * TYPICAL_RHO)
    return theta, information


def by_study(level: Array, information: Array, study: Integers, spread: float) -> Informed:
    """Return each study's mean level and the information on it, given what its arms differ by."""
    weights = information / (1 + spread**2 * information)
    total = np.bincount(study, weights=weights)
    sums = np.bincount(study, weights=weights * level)
    return Informed(np.divide(sums, total, out=np.zeros_like(total), where=total > 0), total)
