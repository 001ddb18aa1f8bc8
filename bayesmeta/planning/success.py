"""Success of a trial: what must be how certain about the rate when its data are in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number

__all__ = ["LEAST_CERTAIN", "Condition", "DifferenceCondition", "Direction", "Success"]

Direction = Literal[">", "<"]

LEAST_CERTAIN = 0.5
"""Least certainty that a condition can demand: for less, its opposite is the more probable."""


@dataclass(frozen=True)
class Condition:
    """What must be how certain about the rate: ``P(rate > threshold) > certainty``.

    Parameters
    ----------
    threshold : float
        Rate (probability) between 0 and 1.
    certainty : float
        Posterior probability that must be exceeded, from 0.5 to below 1.
    direction : {">", "<"}
        Whether the rate must lie above the threshold, as of a trial that succeeds, or below it, as
        of one that is futile.

    Raises
    ------
    SettingsError
        If a number is out of its range, or the direction another.

    Examples
    --------
    >>> print(Condition(0.35, certainty=0.9))
    P(rate > 0.35) > 0.9
    """

    threshold: float
    certainty: float
    direction: Direction = ">"

    subject: ClassVar[str] = "rate"
    lowest: ClassVar[int] = 0

    def __post_init__(self) -> None:
        if not is_number(self.threshold) or not self.lowest < self.threshold < 1:
            raise SettingsError(
                f"`threshold` of a {self.subject} must lie between {self.lowest} and 1, both excluded; "
                f"got {self.threshold!r}. Write 35% as 0.35."
            )
        if not is_number(self.certainty) or not LEAST_CERTAIN <= self.certainty < 1:
            raise SettingsError(
                f"`certainty` must be a probability from 0.5 to below 1; got {self.certainty!r}. "
                "Write 90% as 0.9; for less than 0.5, turn the direction round."
            )
        object.__setattr__(self, "threshold", float(self.threshold))
        object.__setattr__(self, "certainty", float(self.certainty))
        if self.direction not in (">", "<"):
            raise SettingsError(
                f"`direction` must be '>' or '<', for above or below the threshold; got {self.direction!r}."
            )

    def __str__(self) -> str:
        inner = f"{self.subject} {self.direction} {self.threshold:.15g}"
        return f"P({inner}) > {self.certainty:.15g}"


@dataclass(frozen=True)
class DifferenceCondition(Condition):
    """What must be how certain about two arms: ``P(rate - control > threshold) > certainty``.

    Parameters
    ----------
    threshold : float
        Difference of the rates (probability) between -1 and 1.
    certainty : float
        Posterior probability that must be exceeded, from 0.5 to below 1.
    direction : {">", "<"}
        Whether the difference must lie above the threshold or below it.

    Raises
    ------
    SettingsError
        If a number is out of its range, or the direction another.

    Examples
    --------
    >>> print(DifferenceCondition(0.1, certainty=0.8))
    P(rate - control > 0.1) > 0.8
    """

    subject: ClassVar[str] = "rate - control"
    lowest: ClassVar[int] = -1


@dataclass(frozen=True)
class Success:
    """Conditions that must all be met for a trial to succeed.

    Parameters
    ----------
    conditions : sequence of Condition
        One or more, all on the rate, or all on the difference of two arms.

    Raises
    ------
    SettingsError
        If there is none, or they are on both.

    Examples
    --------
    >>> print(Success([Condition(0.35, 0.9), Condition(0.5, 0.5)]))
    P(rate > 0.35) > 0.9 and P(rate > 0.5) > 0.5
    """

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        given = self.conditions
        listed = tuple(given) if isinstance(given, Sequence) else (given,)
        object.__setattr__(self, "conditions", listed)
        if not listed or not all(isinstance(each, Condition) for each in listed):
            raise SettingsError(
                f"`conditions` must be one Condition or more; got {given!r}. Write Condition(0.35, certainty=0.9)."
            )
        if len({each.subject for each in listed}) > 1:
            raise SettingsError(
                f"`conditions` must all be on the rate, or all on rate - control; got both: {self}."
            )

    @property
    def of_two_arms(self) -> bool:
        """Whether it is on the difference of two arms."""
        return isinstance(self.conditions[0], DifferenceCondition)

    @property
    def direction(self) -> Direction | None:
        """The direction of all conditions; None where they differ.

        With one direction, a count that succeeds makes all larger ones succeed, or all smaller ones:
        the posterior law rises with the responders whatever the prior. With both, it does not.
        """
        found = {each.direction for each in self.conditions}
        return found.pop() if len(found) == 1 else None

    @property
    def null_value(self) -> float:
        """The rate, or difference, at which the type-I error is: the hardest threshold of a condition.

        All conditions must hold, so that success is wrong up to the highest threshold, or, where the
        rate is to lie below, down to the lowest. A condition of certainty 0.5 asks where the estimate
        lies and tests nothing: its threshold counts only where there is no other. Where conditions
        of both directions stand together, those on the rate being above count.
        """
        tested = [
            each for each in self.conditions if each.certainty > LEAST_CERTAIN
        ] or self.conditions
        above = [each.threshold for each in tested if each.direction == ">"]
        return max(above) if above else min(each.threshold for each in tested)

    def __str__(self) -> str:
        return " and ".join(map(str, self.conditions))
