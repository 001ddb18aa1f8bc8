"""Convergence of one scalar's draws, dims (chain, draw); NaN where a statistic does not exist."""

import numpy as np
import numpy.typing as npt
from arviz_stats.base import array_stats

__all__ = ["ess_bulk", "ess_tail", "r_hat"]

Array = npt.NDArray[np.float64]

_AXES = {"chain_axis": 0, "draw_axis": 1}
_FEWEST = 4
"""Draws per chain from which on the statistics are defined."""


def r_hat(draws: Array) -> float:
    """Return the rank-normalised split R-hat; it needs two chains."""
    if len(draws) == 1 or _undefined(draws):
        return float("nan")
    return float(array_stats.rhat(draws, method="rank", **_AXES))


def ess_bulk(draws: Array) -> float:
    """Return the effective sample size of the bulk."""
    return (
        float("nan") if _undefined(draws) else float(array_stats.ess(draws, method="bulk", **_AXES))
    )


def ess_tail(draws: Array) -> float:
    """Return the smaller effective sample size of the 5% and 95% quantiles."""
    if _undefined(draws):
        return float("nan")
    return float(array_stats.ess(draws, method="tail", prob=(0.05, 0.95), **_AXES))


def _undefined(draws: Array) -> bool:
    return draws.shape[1] < _FEWEST or bool(np.ptp(draws) == 0)
