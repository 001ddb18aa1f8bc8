"""What trials of one and of two arms share: the counts that succeed, and the certainty they need."""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesmeta.arrays import Array, Flags
from bayesmeta.planning.arguments import check_open
from bayesmeta.planning.success import LEAST_CERTAIN, Success

LEVELS = (0.025, 0.05, 0.1)
"""One-sided type-I errors that trials keep: 2.5%, which is 5% of a two-sided test, is usual of
confirmatory ones, 5% and 10% of single-arm ones of phase II."""

TIE = 1e-12
"""Difference of two posterior probabilities that rounding and quadrature do not tell apart.

One that equals the certainty is not above it, as 0.8704 is P(rate < 0.4) after 0 responders of 3 with a
uniform prior."""

FEWEST_DECIMALS, MOST_DECIMALS = 4, 12


@dataclass(frozen=True)
class Certainty:
    """The smallest certainty at which the type-I error is at most `alpha`.

    Parameters
    ----------
    alpha : float
        Type-I error to keep (one-sided).
    smallest : float or None
        The smallest certainty of the condition that tests the null value, at least that of the other
        conditions; None where only a rule that never succeeds keeps the error.
    rounded : float or None
        It rounded up to four decimals, or to as many as lead to the same decisions; above that of the
        other conditions, so that the rule with it tests the same null value.
    type_one_error : float or None
        The error with it, at most `alpha`: counts are whole, so that it is less, as a rule.
    always : bool
        Whether every certainty from 0.5 will do.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> flat = bm.BetaMixture([1], a=[1], b=[1])
    >>> found = bm.SingleArmTrial(40, flat, "P(rate > 0.35) > 0.9").certainty_for(0.05)
    >>> found.rounded, round(found.type_one_error, 3)
    (0.952, 0.036)
    """

    alpha: float
    smallest: float | None
    rounded: float | None
    type_one_error: float | None
    always: bool


class Trial(ABC):
    """A trial whose counts succeed where the posterior probabilities meet all conditions."""

    success: Success

    @cached_property
    def successes(self) -> Flags:
        """Whether counts succeed: 0 to n responders, shape (n + 1,).

        Of two arms, rows are 0 to n_control responders and columns 0 to n_treated.
        """
        pairs = zip(self._probabilities, self.success.conditions, strict=True)
        return np.all([_exceeds(found, each.certainty) for found, each in pairs], axis=0)

    @cached_property
    @abstractmethod
    def _probabilities(self) -> list[Array]:
        """Posterior probability of each condition, of the shape of `successes`."""

    def _certainty_for(self, alpha: float, error: Callable[[Flags], float]) -> Certainty:
        return _smallest_certainty(
            self.success, self._probabilities, error, check_open("alpha", alpha)
        )


def _smallest_certainty(
    success: Success,
    probabilities: Sequence[Array],
    error: Callable[[Flags], float],
    alpha: float,
) -> Certainty:
    """Return the smallest certainty of the null's condition that keeps the type-I error."""
    at = success.conditions.index(success.null)
    rest = [each for i, each in enumerate(success.conditions) if i != at]
    others = np.ones(probabilities[at].shape, dtype=bool)
    for i, each in enumerate(success.conditions):
        others &= (i == at) | _exceeds(probabilities[i], each.certainty)
    # Above the certainty of the other conditions, so that the null remains the null.
    floor = max([LEAST_CERTAIN, *(each.certainty for each in rest)])
    null = probabilities[at]
    first, last = _steps(null[others & _exceeds(null, floor)])
    # At the last step nothing would succeed.
    levels = np.concatenate([[floor], last[:-1]]) if last.size else np.array([])

    def of(level: float) -> float:
        return error(others & _exceeds(null, level))

    # The error falls as the certainty rises, so that it is sorted with its sign turned.
    found = bisect_left(levels, -alpha, key=lambda level: -of(level))
    if found == len(levels):
        return Certainty(alpha, None, None, None, always=False)
    level = float(levels[found])
    rounded = _rounded_up(level, float(first[found]), beyond=bool(rest) and found == 0)
    return Certainty(alpha, level, rounded, of(level), always=of(LEAST_CERTAIN) <= alpha)


def _steps(values: Array) -> tuple[Array, Array]:
    """Return the smallest and the largest of each run of values that are the same, rising."""
    rising = np.unique(values)
    apart = np.diff(rising) > TIE
    first = np.concatenate([[True], apart])[: rising.size]
    last = np.concatenate([apart, [True]])[: rising.size]
    return rising[first], rising[last]


def _rounded_up(value: float, below: float, *, beyond: bool) -> float:
    """Return the number of four decimals or more from `value`, or beyond it, to less than `below`."""
    for decimals in range(FEWEST_DECIMALS, MOST_DECIMALS):
        steps = np.floor(value * 10**decimals) + 1 if beyond else np.ceil(value * 10**decimals)
        found = round(float(steps) / 10**decimals, decimals)
        if value <= found < below - TIE:
            return float(found)
    return value


def _exceeds(probabilities: Array, certainty: float) -> Flags:
    """Return which probabilities are above a certainty."""
    return np.asarray(probabilities - certainty > TIE)
