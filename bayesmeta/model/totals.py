"""Totals over two levels whose rates differ: subgroups of an arm that are reported together."""

from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincc, betainccinv, betaincinv, expit

from bayesmeta.arrays import Array, Flags, Integers
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import SPLIT_COLUMNS
from bayesmeta.evidence.splits import is_total, of_unknown_sizes, shares
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
    unknown: Flags
    """Which have levels of unknown sizes, any share of which is as probable, shape (total,). Half of
    their patients stand at each level in `first` and `second`, so that `share` is its mean."""

    @property
    def share(self) -> Array:
        """Share of the second level among the patients, shape (total,)."""
        return np.asarray(self.second / (self.first + self.second))

    @property
    def rows(self) -> Array:
        """Arm, events, first, second and unknown, as the compiled density has them, (total, 5)."""
        return np.column_stack([*self[:4], self.unknown]).astype(np.float64)

    def predictors(self, theta: Array, coefficients: Array) -> tuple[Array, Array]:
        """Return the predictors of both levels, dims (..., total), from those of arms."""
        mean, difference = theta[..., self.arm], coefficients @ self.step.T
        return mean - self.share * difference, mean + (1 - self.share) * difference

    def mean_rates(self, theta: Array, coefficients: Array) -> Array:
        """Return the rate (probability) of all patients of each total, dims (..., total)."""
        return self._mean(*self._level_rates(theta, coefficients))

    def arm_rates(self, theta: Array, coefficients: Array, probability: Array) -> Array:
        """Return draws of the rate (probability) of each total given its responders, (..., total).

        Of unknown sizes, it is uniform between the rates of both levels before the responders are known,
        so that given them it has a beta distribution between these; it enters at the quantile of
        `probability`.
        """
        first, second = self._level_rates(theta, coefficients)
        low, high = np.minimum(first, second), np.maximum(first, second)
        shape = self.events + 1, self.first + self.second - self.events + 1
        below, above = (
            inverse(*shape, ends[0] + probability * (ends[1] - ends[0]))
            for inverse, ends in (
                (betaincinv, [betainc(*shape, end) for end in (low, high)]),
                (betainccinv, [betaincc(*shape, end) for end in (low, high)]),
            )
        )
        # Far out in one tail of the distribution, the other has no digits left.
        found = np.where(betainc(*shape, low) > 0.5, above, below)  # noqa: PLR2004
        return np.where(self.unknown, np.clip(found, low, high), self._mean(first, second))

    def _level_rates(self, theta: Array, coefficients: Array) -> tuple[Array, Array]:
        first, second = self.predictors(theta, coefficients)
        return expit(first), expit(second)

    def _mean(self, first: Array, second: Array) -> Array:
        """Return the mean of the rates of both levels, weighted by patients."""
        return np.asarray((1 - self.share) * first + self.share * second)


def totals_of(coding: Coding, arms: Arms) -> Totals:
    """Return the totals over levels that the model tells apart; others are binomial as they stand."""
    rows = np.flatnonzero(is_total(arms.frame))
    if not rows.size:
        none = np.zeros(0)
        step = np.zeros((0, len(coding.names) + len(coding.level_names)))
        return Totals(np.zeros(0, np.int64), none, none, none, step, np.zeros(0, dtype=bool))
    step = _steps(coding, arms, rows)
    differ = step.any(axis=1)
    arm = rows[differ]
    events, n = (counts[arm].astype(np.float64) for counts in (arms.events, arms.n))
    second, unknown = n * shares(arms.frame)[arm], of_unknown_sizes(arms.frame)[arm]
    # Sizes that are known are whole numbers.
    second = np.where(unknown, second, np.round(second))
    return Totals(arm, events, n - second, second, step[differ], unknown)


def _steps(coding: Coding, arms: Arms, rows: Integers) -> Array:
    """Return what the covariates of rows change by from the first level to the second."""
    split = arms.frame.iloc[rows]
    first, second = (
        coding.matrix(part.drop(columns=list(SPLIT_COLUMNS)))
        for part in (split, at_other_level(split))
    )
    return second - first
