"""What a cell of a survival table states: a length of time, a probability, or "not reached"."""

from math import inf

from bayesmeta.evidence.values import Notation, number_of

MONTHS = {"days": 12 / 365.25, "weeks": 7 * 12 / 365.25, "months": 1.0, "years": 12.0}
"""Months in each unit of time."""

_SHORT = {"d": "days", "w": "weeks", "wk": "weeks", "m": "months", "mo": "months", "y": "years", "yr": "years"}  # fmt: skip

_NOT_REACHED = frozenset({"nr", "ne", "not reached", "not estimable", "inf"})


def unit_of(text: str) -> str | None:
    """Return the unit that a word stands for, or None."""
    word = text.strip().casefold()
    word = _SHORT.get(word, _SHORT.get(word.removesuffix("s"), word))
    return next((unit for unit in MONTHS if word in (unit, unit.removesuffix("s"))), None)


def is_not_reached(value: object) -> bool:
    """Return whether a cell says that a median, or a limit of it, was not reached."""
    return value == inf or (isinstance(value, str) and value.strip().casefold() in _NOT_REACHED)


def length_of(value: object, notation: Notation) -> float | None:
    """Return the length of time that a cell states, in its own unit, if it is above 0; or None."""
    found = number_of(value, notation)
    return found if found is not None and found > 0 else None


def probability_of(value: object, notation: Notation) -> float | None:
    """Return the probability that a cell states, as such or as a percentage with its sign, or None."""
    percent = isinstance(value, str) and value.strip().endswith("%")
    found = number_of(str(value).strip()[:-1].strip() if percent else value, notation)
    if found is None:
        return None
    # A percentage has at most so many digits that its hundredth shall have two more.
    found = round(found / 100, 12) if percent else found
    return found if 0 <= found <= 1 else None
