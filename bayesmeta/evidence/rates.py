"""Counts of responders from printed percentages: which count explains each, and how it is marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil

import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, listed, nearest
from bayesmeta.evidence.columns import DERIVATION, EVENTS, PERCENT, STUDY, N
from bayesmeta.evidence.findings import Finding, broken
from bayesmeta.evidence.printed import explaining, shown
from bayesmeta.evidence.values import Notation, as_float, blank_column, count_of

FROM_PERCENT, SEVERAL, PRINTED = "from_percent", "inferred", "reported"
"""How a count is marked: the only one that explains the percentage, the nearest of several, printed."""

_PERCENTAGE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%?", re.ASCII)


@dataclass(frozen=True)
class _Printed:
    """A row that has a percentage and no count: of how many patients it is."""

    place: str
    study: object
    n: int
    text: str

    @cached_property
    def counts(self) -> range:
        return explaining(self.text, self.n)

    @property
    def taken(self) -> int:
        """The nearest of the counts; of two that are as near, the lower."""
        return ceil(Fraction(self.text) * self.n / 100 - Fraction(1, 2))

    @property
    def way(self) -> str:
        return FROM_PERCENT if len(self.counts) == 1 else SEVERAL


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
    texts = [percentage_of(value, notation) for value in frame[PERCENT]]
    rows = _rows(frame, texts, notation)
    asked = [row for row in rows if row is not None]
    found = [*_broken(frame, texts, notation), *_shares(texts, asked), *_unexplained(asked)]
    before = frame.get(DERIVATION, blank_column(frame))
    numbers = [None if text is None else float(text) for text in texts]
    events = [row.taken if row and row.counts else own for row, own in zip(rows, frame[EVENTS], strict=True)]  # fmt: skip
    ways = [
        row.way if row and row.counts else _stated(own, old, notation)
        for row, own, old in zip(rows, frame[EVENTS], before, strict=True)
    ]
    columns = {EVENTS: events, PERCENT: numbers, DERIVATION: ways}
    typed = {column: pd.Series(values, frame.index, dtype=object) for column, values in columns.items()}  # fmt: skip
    return frame.assign(**typed), found, [_several(row) for row in asked if len(row.counts) > 1]


def _stated(events: object, before: object, notation: Notation) -> object:
    """Return the derivation of a count that no percentage gave."""
    return PRINTED if before is None and not notation.is_missing(events) else before


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
    return cells.rename(columns={rate: PERCENT})


def percentage_of(value: object, notation: Notation) -> str | None:
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


def _shares(texts: list[str | None], rows: list[_Printed]) -> Iterator[Finding]:
    """Yield that values look like shares, where no count explains some of them as percentages."""
    numbers = [float(text) for text in texts if text is not None]
    unexplained = not all(row.counts for row in rows)
    if unexplained and max(numbers) <= 1 and any(0 < one < 1 for one in numbers):
        text = f"the column that `rate` names holds values from {min(numbers):g} to {max(numbers):g}, which look like shares"
        yield Finding("rate", (), text, "Write percentages, from 0 to 100.")


def _rows(
    frame: pd.DataFrame, texts: list[str | None], notation: Notation
) -> list[_Printed | None]:
    """Return the rows that have a percentage and no count; None in place of the others."""
    # Not by iterrows, which makes NaN of None.
    cells = zip(frame.index, frame[STUDY], frame[EVENTS], frame[N], texts, strict=True)
    rows: list[_Printed | None] = []
    for place, study, events, patients, text in cells:
        n = count_of(patients, notation) if notation.is_missing(events) else None
        if n is None or text is None:
            rows.append(None)
        else:
            rows.append(_Printed(str(place), study, n, text))
    return rows


def _several(row: _Printed) -> Finding:
    text = (
        f"{row.study} ({row.place}): {row.text}% of {row.n} may be {row.counts[0]} to {row.counts[-1]}; {row.taken} is "
        f"taken, and marked '{SEVERAL}'"
    )
    return Finding("rate", (row.place,), text, "Enter the count, if the source prints it.")


def _unexplained(rows: list[_Printed]) -> Iterator[Finding]:
    """Yield the rows whose percentage no count of their patients explains."""
    wrong = [row for row in rows if not row.counts]
    if wrong:
        each = listed(
            f"{row.place}: {row.study}, {row.text}% of {row.n} ({_around(row)})" for row in wrong
        )
        text = f"a percentage must be that of a whole number of patients; not so in {each}"
        remedy = "Compare both numbers with the source: the percentage may be of other patients."
        yield Finding("rate", tuple(row.place for row in wrong), text, remedy)


def _around(row: _Printed) -> str:
    below = int(Fraction(row.text) * row.n / 100)
    pair = (one for one in (below, below + 1) if one <= row.n)
    return " and ".join(f"{one} are {100 * one / row.n:.2f}%" for one in pair)
