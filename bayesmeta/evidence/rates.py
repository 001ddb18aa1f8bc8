"""Counts of responders from printed percentages: which count explains each, and how it is marked."""

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, listed, nearest
from bayesmeta.evidence.columns import DERIVATION, EVENTS, PERCENT, STUDY, N
from bayesmeta.evidence.findings import Finding, broken, quoted
from bayesmeta.evidence.printed import explaining, shown
from bayesmeta.evidence.values import LARGEST_COUNT, Notation, as_float, blank_column, count_of

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
    derived, remarks = _derived(frame, texts, notation)
    found += _unexplained(frame, texts, derived)
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
"""A count and how it was had."""


def _derived(
    frame: pd.DataFrame, texts: list[str | None], notation: Notation
) -> tuple[list[Derived], list[Finding]]:
    found: list[Derived] = []
    remarks = []
    for (_, row), text in zip(frame.iterrows(), texts, strict=True):
        counts = _counts(row, text, notation)
        if not counts:
            found.append((None, None))
        elif len(counts) == 1:
            found.append((counts[0], FROM_PERCENT))
        else:
            n = count_of(row[N], notation) or 0
            nearest_one = min(counts, key=lambda count: abs(100 * count - float(text or 0) * n))
            found.append((nearest_one, SEVERAL))
            remarks.append(_several(row, text, counts, nearest_one))
    return found, remarks


def _counts(row: Any, text: str | None, notation: Notation) -> range:
    n = count_of(row[N], notation)
    if text is None or not n or n > LARGEST_COUNT or not notation.is_missing(row[EVENTS]):
        return range(0)
    return explaining(text, n)


def _several(row: Any, text: str | None, counts: range, taken: int) -> Finding:
    place = str(row.name)
    return Finding(
        "rate",
        (place,),
        f"{row[STUDY]} ({place}): {text}% of {row[N]} may be {counts[0]} to {counts[-1]}; {taken} is taken, and marked "
        f"'{SEVERAL}'",
        "Enter the count, if the source prints it.",
    )


def _unexplained(
    frame: pd.DataFrame, texts: list[str | None], derived: list[Derived]
) -> Iterator[Finding]:
    """Yield the rows whose percentage no count of their patients explains."""
    wrong = []
    for (place, row), text, (count, _) in zip(frame.iterrows(), texts, derived, strict=True):
        if text is None or count is not None or row[EVENTS] is not None or row[N] is None:
            continue
        n = str(row[N])
        if not n.isdecimal() or int(n) == 0 or explaining(text, int(n)):
            continue
        below = int(float(text) * int(n) / 100)
        around = " and ".join(
            f"{one} are {100 * one / int(n):.2f}%" for one in (below, below + 1) if one <= int(n)
        )
        wrong.append((str(place), f"{quoted(row[STUDY])}, {text}% of {n}: {around}"))
    if wrong:
        text = "a percentage must be that of a whole number of patients; not so in " + listed(f"{place} ({why})" for place, why in wrong)  # fmt: skip
        remedy = "Compare percentage and number of patients with the source: the percentage may be of others."
        yield Finding("rate", tuple(place for place, _ in wrong), text, remedy)
