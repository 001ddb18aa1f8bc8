"""How much studies differ beyond chance: I-squared on the log-odds scale."""

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from bayesmeta.evidence import Arms

__all__ = [
    "arm_information",
    "i_squared",
    "sampling_variance",
    "study_information",
    "typical_variance",
]

Array = npt.NDArray[np.float64]


def sampling_variance(arms: Arms, theta: Array) -> Array:
    """Return the sampling variance of each arm's log-odds at its posterior mean rate, shape (arm,).

    ``1 / (n p (1 - p))``, infinite for an arm without patients. The posterior rate stands in for
    the observed one, which has no finite variance at 0 and at n responders.

    Parameters
    ----------
    arms : Arms
        The arms.
    theta : array
        Posterior log-odds, dims (chain, draw, arm).
    """
    rate = expit(theta).mean(axis=(0, 1))
    information = arms.n * rate * (1 - rate)
    variance: Array = np.full(len(arms), np.inf)
    return np.divide(1.0, information, out=variance, where=information > 0)


def arm_information(variance: Array) -> Array:
    """Return the inverse of each arm's sampling variance, 0 where that is infinite."""
    return np.asarray(np.where(np.isfinite(variance), 1 / variance, 0.0))


def study_information(arms: Arms, variance: Array) -> Array:
    """Return the information of each study, the sum over its arms, shape (study,)."""
    return np.asarray(np.bincount(arms.study_index, weights=arm_information(variance)))


def typical_variance(variance: Array) -> float:
    """Return the typical one of sampling variances, shape (study,).

    That of Higgins & Thompson 2002 (doi:10.1002/sim.1186).

    With one informative arm it is that arm's variance; without any, infinite.
    """
    weights = 1 / variance[np.isfinite(variance)]
    if weights.size == 0:
        return float("inf")
    if weights.size == 1:
        return float(1 / weights[0])
    return float((weights.size - 1) * weights.sum() / (weights.sum() ** 2 - (weights**2).sum()))


def i_squared(tau: Array, arms: Arms, theta: Array) -> Array:
    """Return draws of I-squared: the share of variance on the log-odds scale that is between studies.

    It rises with the size of the studies, whatever their heterogeneity; tau and the prediction
    interval don't (Higgins & Thompson 2002, doi:10.1002/sim.1186).
    """
    # Arms of a study share its effect: their information counts once, however they are split.
    information = study_information(arms, sampling_variance(arms, theta))
    by_study: Array = np.full(len(information), np.inf)
    np.divide(1.0, information, out=by_study, where=information > 0)
    typical = typical_variance(by_study)
    return np.asarray(tau**2 / (tau**2 + typical), dtype=np.float64)
