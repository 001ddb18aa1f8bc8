"""Success of a trial: what must be how certain about the rate when its data are in.

As text a condition is ``P(term) > certainty``, the term an event on the rate or, of two arms, on
``rate - control`` (`bayesmeta.estimates.event_text`). Several are joined by ``and``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NamedTuple

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.event_text import Reader
from bayesmeta.numeric import is_number

Direction = Literal[">", "<"]

LEAST_CERTAIN = 0.5
"""Least certainty that a condition can demand: for less, its opposite is the more probable."""

FORM = 'Write it such as "P(rate > 0.35) > 0.9"; join several by `and`.'

NULL, DECISION = "null", "decision value"
"""Names of thresholds, as in dual-criterion designs."""


class Threshold(NamedTuple):
    """A rate, or difference, that conditions name: its `name`, null or decision value, and `value`."""

    name: str
    value: float


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
        Whether the rate must lie above or below the threshold; below it for futility.

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
                "Write 90% as 0.9; for less than 0.5, reverse the direction."
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

    Parameters and errors are those of `Condition`; `threshold` is a difference between -1 and 1.

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

    References
    ----------
    Roychoudhury, Scheuer & Neuenschwander 2018, doi:10.1177/1740774518770661 (a null and a decision
    value together).

    Examples
    --------
    >>> print(Success([Condition(0.35, 0.9), Condition(0.5, 0.5)]))
    P(rate > 0.35) > 0.9 and P(rate > 0.5) > 0.5
    >>> Success([Condition(0.35, 0.9), Condition(0.5, 0.5)]).null_value
    0.35
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

        With one direction, all counts larger, or smaller, than one that succeeds succeed, too.
        """
        found = {each.direction for each in self.conditions}
        return found.pop() if len(found) == 1 else None

    @property
    def null(self) -> Condition:
        """The condition that tests: the most certain one.

        Of several as certain, it is the hardest: that of the highest threshold, or, where all are
        "<", of the lowest. Where both directions are as certain, ">" counts.
        """
        return max(self.conditions, key=_hardness)

    @property
    def null_value(self) -> float:
        """The rate, or difference, at which the type-I error is: the threshold of `null`."""
        return self.null.threshold

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """All thresholds, each once: the null value, then the decision values in rising order.

        A decision value is a rate that the estimate must reach besides, such as a clinically relevant
        one. The probability of success there is no type-I error.
        """
        others = {each.threshold for each in self.conditions} - {self.null_value}
        decisions = (Threshold(DECISION, value) for value in sorted(others))
        return (Threshold(NULL, self.null_value), *decisions)

    def with_certainty(self, certainty: float) -> "Success":
        """Return the conditions with another certainty of `null`.

        Raises
        ------
        SettingsError
            If `certainty` is not from 0.5 to below 1.
        """
        null = self.null
        changed = replace(null, certainty=certainty)
        return Success(tuple(changed if each is null else each for each in self.conditions))

    def __str__(self) -> str:
        return " and ".join(map(str, self.conditions))


def _hardness(condition: Condition) -> tuple[float, bool, float]:
    """Return the sort key of conditions, the one that tests last."""
    above = condition.direction == ">"
    return condition.certainty, above, condition.threshold if above else -condition.threshold


def as_success(success: object) -> Success:
    """Return a `Success`, from one, from a condition, or from text."""
    if isinstance(success, Success):
        return success
    if isinstance(success, Condition):
        return Success((success,))
    if isinstance(success, str):
        return parse_success(success)
    raise SettingsError(
        f"`success` must be text or a Success; got {type(success).__name__}. {FORM}"
    )


def parse_success(text: str) -> Success:
    """Return the success conditions that a text states.

    Parameters
    ----------
    text : str
        Conditions such as ``P(rate > 0.35) > 0.9``, or ``P(rate - control > 0.1) > 0.9`` for two
        arms, joined by ``and``.

    Returns
    -------
    Success
        The conditions as values.

    Raises
    ------
    SettingsError
        If the text cannot be read, with the place under it; or if a number is out of its range.

    Examples
    --------
    >>> parse_success("P(rate < 0.2) > 0.8").conditions
    (Condition(threshold=0.2, certainty=0.8, direction='<'),)
    """
    reader = Reader("success", text, FORM)
    found = [_condition(reader)]
    while reader.take("and", "").word:
        found.append(_condition(reader))
    return Success(tuple(found))


def _condition(reader: Reader) -> Condition:
    """Return the condition that comes next."""
    for word in ("P", "(", "rate"):
        reader.take(word)
    kind = DifferenceCondition if reader.tokens[0].word == "-" else Condition
    for word in ("-", "control") if kind is DifferenceCondition else ():
        reader.take(word)
    direction: Direction = ">" if reader.sign("rate").startswith(">") else "<"
    threshold, first = reader.number()
    for word in (")", ">"):
        reader.take(word)
    certainty, second = reader.number()
    if not kind.lowest < threshold < 1:
        rule = (
            f"a {kind.subject} is compared with a number between {kind.lowest} and 1, both excluded"
        )
        raise reader.fault(first, f"{rule}; got {threshold:g}. Write 35% as 0.35.")
    if not LEAST_CERTAIN <= certainty < 1:
        rule = "the certainty is a probability from 0.5 to below 1"
        raise reader.fault(second, f"{rule}; got {certainty:g}. Write 90% as 0.9.")
    return kind(threshold, certainty, direction)
