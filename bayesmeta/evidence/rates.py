"""Counts of responders from printed percentages: which count explains each, and how it is marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, listed, nearest
from bayesmeta.evidence.columns import DERIVATION, EVENTS, PERCENT, STUDY, N
from bayesmeta.evidence.findings import Finding, broken
from bayesmeta.evidence.printed import explaining, shown
from bayesmeta.evidence.values import Notation, as_float, blank_column, count_of

FROM_PERCENT, SEVERAL, PRINTED = "from_percent", "inferred", "reported"
"""How a count is marked: the only one that explains the percentage, the nearest of several, printed."""

_PERCENTAGE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%?", re.ASCII)


def with_rates(
    cells: pd.DataFrame, name: str, notation: Notation
) -> tuple[pd.DataFrame, list[Finding], list[Finding]]:
    """Return the rows with counts from percentages, broken rules, and counts that are not unique.

    A count that is given stands; a row without one takes the count that rounds to the percentage at
    its printed digits.
    """
    if notation.rate is None:
        return cells, [], []
    frame = _named(cells, name, notation.rate)
    texts = [_text(value, notation) for value in frame[PERCENT]]
    found = list(_broken(frame, texts, notation))
    rows = _rows(frame, texts, notation)
    derived, remarks = _derived(rows)
    found += _unexplained(rows)
    given = [not notation.is_missing(value) for value in frame[EVENTS]]
    events = [own if kept else way[0] for own, kept, way in zip(frame[EVENTS], given, derived, strict=True)]  # fmt: skip
    before = frame.get(DERIVATION, blank_column(frame))
    ways = [
        way if way else old if old is not None else PRINTED if kept else None
        for (_, way), old, kept in zip(derived, before, given, strict=True)
    ]
    numbers = [None if text is None else float(text) for text in texts]
    columns = {EVENTS: events, PERCENT: numbers, DERIVATION: ways}
    typed = {column: pd.Series(values, frame.index, dtype=object) for column, values in columns.items()}  # fmt: skip
    return frame.assign(**typed), found, remarks


def _named(cells: pd.DataFrame, name: str, rate: str) -> pd.DataFrame:
    there = list(map(str, cells.columns))
    if rate not in there:
        raise EvidenceError(
            f"{name}: `rate` names '{rate}', which is not a column. {nearest(rate, there)}"
        )
    if rate != PERCENT and PERCENT in there:
        raise EvidenceError(
            f"{name} has a column '{PERCENT}' besides '{rate}', which `rate` names. Leave one out."
        )
    if rate in (STUDY, EVENTS, N):
        raise SettingsError(f"`rate` must name a column of percentages; got '{rate}'.")
    frame = cells.rename(columns={rate: PERCENT})
    return frame if EVENTS in there else frame.assign(**{EVENTS: blank_column(frame)})


def _text(value: object, notation: Notation) -> str | None:
    """Return a percentage as it is printed, with a decimal point; None if it is none, or above 100."""
    printed = getattr(value, "text", value)
    if not isinstance(printed, str):
        # A number has lost the zeros at its end.
        number = as_float(printed)
        printed = "" if number is None else shown(number)
    if notation.decimal == "," and "." not in printed:
        printed = printed.replace(",", ".")
    found = _PERCENTAGE.fullmatch(printed.strip())
    return found[1] if found and float(found[1]) <= 100 else None  # noqa: PLR2004 - percent


def _broken(frame: pd.DataFrame, texts: list[str | None], notation: Notation) -> Iterator[Finding]:
    wrong = [
        (str(place), getattr(value, "text", value))
        for place, value, text in zip(frame.index, frame[PERCENT], texts, strict=True)
        if text is None and not notation.is_missing(value)
    ]
    yield from broken(
        "rate",
        "the column that `rate` names must hold percentages from 0 to 100",
        wrong,
        "Correct the value; leave it blank if it is not known.",
    )
    numbers = [float(text) for text in texts if text is not None]
    if numbers and max(numbers) <= 1 and any(0 < one < 1 for one in numbers):
        text = f"the column that `rate` names holds values from {min(numbers):g} to {max(numbers):g}, which look like shares"
        yield Finding("rate", (), text, "Write percentages, from 0 to 100.")


Derived = tuple[int | None, str | None]
"""A count and its derivation."""


@dataclass(frozen=True)
class _Printed:
    """A row as far as its percentage goes; `n` is missing where it is no count or events are known."""

    place: str
    study: object
    n: int | None
    text: str | None

    @property
    def counts(self) -> range:
        return range(0) if self.text is None or not self.n else explaining(self.text, self.n)


def _rows(frame: pd.DataFrame, texts: list[str | None], notation: Notation) -> list[_Printed]:
    # Not by iterrows, which makes NaN of None.
    cells = zip(frame.index, frame[STUDY], frame[EVENTS], frame[N], texts, strict=True)
    return [
        _Printed(
            str(place), study, count_of(n, notation) if notation.is_missing(events) else None, text
        )
        for place, study, events, n, text in cells
    ]


def _derived(rows: list[_Printed]) -> tuple[list[Derived], list[Finding]]:
    found: list[Derived] = []
    remarks = []
    for row in rows:
        if not row.counts:
            found.append((None, None))
        elif len(row.counts) == 1:
            found.append((row.counts[0], FROM_PERCENT))
        else:
            middle = Fraction(row.text or 0) * (row.n or 0) / 100
            taken = min(row.counts, key=lambda count, at=middle: abs(count - at))  # type: ignore[misc]
            found.append((taken, SEVERAL))
            remarks.append(_several(row, taken))
    return found, remarks


def _several(row: _Printed, taken: int) -> Finding:
    text = (
        f"{row.study} ({row.place}): {row.text}% of {row.n} may be {row.counts[0]} to {row.counts[-1]}; {taken} is "
        f"taken, and marked '{SEVERAL}'"
    )
    return Finding("rate", (row.place,), text, "Enter the count, if the source prints it.")


def _unexplained(rows: list[_Printed]) -> Iterator[Finding]:
    """Yield the rows whose percentage no count of their patients explains."""
    wrong = [row for row in rows if row.text is not None and row.n and not row.counts]
    if wrong:
        each = listed(
            f"{row.place}: {row.study}, {row.text}% of {row.n} ({_around(row)})" for row in wrong
        )
        text = f"a percentage must be that of a whole number of patients; not so in {each}"
        remedy = "Compare both numbers with the source: the percentage may be of other patients."
        yield Finding("rate", tuple(row.place for row in wrong), text, remedy)


def _around(row: _Printed) -> str:
    n = row.n or 1
    below = int(Fraction(row.text or 0) * n / 100)
    return " and ".join(f"{one} are {100 * one / n:.2f}%" for one in (below, below + 1) if one <= n)
