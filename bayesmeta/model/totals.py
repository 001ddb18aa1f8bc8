"""Totals over two levels whose rates differ: subgroups of an arm that are reported together."""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from bayesmeta.arrays import Array, Integers
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import SPLIT_COLUMNS, SPLIT_N
from bayesmeta.model.coding import Coding
from bayesmeta.model.mixtures import at_other_level


class Totals(NamedTuple):
    """Arms whose responders are the sum of two binomial counts with predictors of their own.

    The linear predictor `theta` of such an arm is the mean of both, weighted by patients: that of the
    first level is ``theta - share * difference`` and that of the second
    ``theta + (1 - share) * difference``, with ``difference = step @ coefficients``.
    """

    arm: Integers
    """Position of each among the arms, shape (total,)."""
    events: Array
    """Responders at both levels together, shape (total,)."""
    first: Array
    """Patients at the first level, shape (total,)."""
    second: Array
    """Patients at the second level, shape (total,)."""
    step: Array
    """Coded covariates of the second level minus those of the first, dims (total, covariate)."""

    @property
    def share(self) -> Array:
        """Share of the second level among the patients, shape (total,)."""
        return np.asarray(self.second / (self.first + self.second))

    @property
    def rows(self) -> Array:
        """Arm, events, first and second, as the compiled density has them, shape (total, 4)."""
        return np.column_stack(self[:4]).astype(np.float64)

    def predictors(self, theta: Array, coefficients: Array) -> tuple[Array, Array]:
        """Return the predictors of both levels, dims (..., total), from those of arms."""
        mean, difference = theta[..., self.arm], coefficients @ self.step.T
        return mean - self.share * difference, mean + (1 - self.share) * difference

    def mean_rates(self, theta: Array, coefficients: Array) -> Array:
        """Return the rate (probability) of all patients of each total, dims (..., total)."""
        first, second = map(expit, self.predictors(theta, coefficients))
        return np.asarray((1 - self.share) * first + self.share * second)


def totals_of(coding: Coding, arms: Arms) -> Totals:
    """Return the totals over levels that the model tells apart; others are binomial as they stand."""
    if SPLIT_N not in arms.frame or not arms.frame[SPLIT_N].any():
        none = np.zeros(0)
        step = np.zeros((0, len(coding.names) + len(coding.level_names)))
        return Totals(np.zeros(0, np.int64), none, none, none, step)
    split_n = arms.frame[SPLIT_N].to_numpy(np.int64)
    rows = np.flatnonzero(split_n)
    step = _steps(coding, arms, rows)
    differ = step.any(axis=1)
    arm = rows[differ]
    n, second = arms.n[arm].astype(np.float64), split_n[arm].astype(np.float64)
    return Totals(arm, arms.events[arm].astype(np.float64), n - second, second, step[differ])


def _steps(coding: Coding, arms: Arms, rows: Integers) -> Array:
    """Return what the covariates of rows change by from the first level to the second."""
    split = arms.frame.iloc[rows]
    first, second = (
        coding.matrix(part.drop(columns=list(SPLIT_COLUMNS)))
        for part in (split, at_other_level(split))
    )
    return second - first
