"""The rules that a survival table keeps, and the messages that name where it does not."""

from collections.abc import Callable, Collection, Sequence
from math import inf

import numpy as np
import pandas as pd

from bayesmeta.errors import nearest
from bayesmeta.evidence.bookkeeping import broken_bookkeeping, with_ranks
from bayesmeta.evidence.checks import beside_missing, broken_names, with_names, with_types
from bayesmeta.evidence.columns import OVERLAP_RANK, STUDY
from bayesmeta.evidence.findings import Finding, broken, check_none
from bayesmeta.evidence.survival.columns import (
    LENGTHS,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    PATIENTS,
    PROBABILITIES,
    REACHED,
    REPORTED,
    SURVIVAL,
    TEXTS,
    TIME,
    UNIT,
)
from bayesmeta.evidence.survival.rules import broken_rules, cells_of
from bayesmeta.evidence.survival.values import (
    MONTHS,
    is_not_reached,
    length_of,
    probability_of,
    unit_of,
)
from bayesmeta.evidence.values import LARGEST_COUNT, Notation, count_of

MAY_BE_UNREACHED = (MEDIAN, MEDIAN_HIGH)


def checked(
    cells: pd.DataFrame,
    name: str,
    notation: Notation,
    broken_shape: Sequence[Finding] = (),
    *,
    time_unit: str | None = None,
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return `cells` with typed columns, lengths of time in months, and what was found beside."""
    named = notation.named(cells, name)
    missing = _missing_columns(list(map(str, named.columns)), time_unit)
    frame, units = _with_units(with_names(_complete(named)), time_unit)
    frame, numbers = _with_numbers(frame, notation)
    frame, ranks = with_ranks(frame, notation)
    rules = [
        *broken_names(frame),
        *units,
        *numbers,
        *broken_bookkeeping(frame),
        *ranks,
        *(broken_rules(frame) if not numbers else ()),
    ]
    typed = (*REPORTED, OVERLAP_RANK)
    frame, covariates, words = with_types(frame, notation, typed, TEXTS)
    absent = [column for columns in missing for column in columns]
    told = beside_missing(absent, [*rules, *covariates], naming=(STUDY, TIME))
    check_none(name, [*broken_shape, *missing.values(), *told])
    return frame, tuple(words)


def _missing_columns(
    there: Collection[str], time_unit: str | None
) -> dict[tuple[str, ...], Finding]:
    """Return the columns that are missing, each with what to tell."""

    def lacking(text: str, remedy: str) -> Finding:
        return Finding("column", (), text, remedy)

    found: dict[tuple[str, ...], Finding] = {}
    if STUDY not in there:
        hint = nearest(STUDY, there, label="Found")
        text = f"column '{STUDY}' is missing. {hint.removesuffix('.')}"
        found[STUDY,] = lacking(text, "Add it.")
    if SURVIVAL not in there and MEDIAN not in there:
        text = f"columns '{SURVIVAL}' and '{MEDIAN}' are both missing"
        remedy = "Give landmarks (time, survival), medians, or both."
        found[SURVIVAL, MEDIAN] = lacking(text, remedy)
    if SURVIVAL in there and TIME not in there:
        text = f"column '{TIME}' is missing beside '{SURVIVAL}'"
        found[TIME,] = lacking(text, "Add the time of each landmark.")
    if UNIT not in there and time_unit is None:
        text = f"the unit of time is not known: there is no column '{UNIT}'"
        remedy = f"Add the column, or give `time_unit`: {', '.join(MONTHS)}."
        found[UNIT,] = lacking(text, remedy)
    return found


def _complete(cells: pd.DataFrame) -> pd.DataFrame:
    needed = (STUDY, *REPORTED, REACHED)
    blank = dict.fromkeys([name for name in needed if name not in cells.columns])
    return cells.assign(**blank).astype(object)


def _with_units(frame: pd.DataFrame, time_unit: str | None) -> tuple[pd.DataFrame, list[Finding]]:
    given = (
        frame[UNIT] if UNIT in frame.columns else pd.Series(time_unit, frame.index, dtype=object)
    )
    units = [unit_of(str(value)) if value is not None else time_unit for value in given]
    found = pd.Series(units, frame.index, dtype=object)
    remedy = f"Write one of {', '.join(MONTHS)}."
    wrong = [(str(place), given[place]) for place in frame.index[found.isna()]]
    rules = broken("unit", f"`{UNIT}` must be a unit of time", wrong, remedy)
    return frame.assign(**{UNIT: found.fillna("months")}), rules


def _with_numbers(frame: pd.DataFrame, notation: Notation) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows with numbers, lengths of time in months, and the broken rules of cells."""
    months = frame[UNIT].map(MONTHS)
    rules: list[Finding] = []
    columns: dict[str, pd.Series] = {}
    readers: tuple[
        tuple[tuple[str, ...], Callable[[object, Notation], float | None], str, str], ...
    ]
    readers = (
        ((TIME,), length_of, "a length of time above 0", "Write a number, its unit in `unit`."),
        (LENGTHS[1:], length_of, "a length of time above 0", "Write a number, its unit in `unit`; leave it blank if it is not known."),
        (PROBABILITIES, probability_of, "a probability from 0 to 1", "Write 0.74, or 74% with its sign."),
        (PATIENTS, _patients_of, f"a whole number from 1 to {LARGEST_COUNT:,}", "Give the number of patients."),
    )  # fmt: skip
    for names, read, rule, remedy in readers:
        for column in names:
            cells = frame[column]
            values = [_value(cell, read, notation, column) for cell in cells]
            wrong = [
                (str(place), cell)
                for place, cell, value in zip(frame.index, cells, values, strict=True)
                if value is None and not notation.is_missing(cell)
            ]
            rules += broken("number", f"`{column}` must be {rule}", wrong, remedy)
            numbers = pd.Series(values, frame.index, dtype="float64")
            columns[column] = numbers * months if column in LENGTHS else numbers
    frame, reached = _with_reached(frame.assign(**columns), frame[MEDIAN])
    return frame, [*rules, *reached]


def _value(
    cell: object,
    read: Callable[[object, Notation], float | None],
    notation: Notation,
    column: str,
) -> float | None:
    if column in MAY_BE_UNREACHED and is_not_reached(cell):
        return inf
    return None if notation.is_missing(cell) else read(cell, notation)


def _patients_of(cell: object, notation: Notation) -> float | None:
    found = count_of(cell, notation)
    return float(found) if found else None


def _with_reached(frame: pd.DataFrame, medians: "pd.Series") -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows with `reached`, a median that was not reached at infinity, and the broken rule."""
    said = frame[REACHED].map(lambda value: "" if value is None else str(value).strip().casefold())
    unreached = medians.map(is_not_reached) | (said == "no")
    median = frame[MEDIAN].where(~unreached | frame[MEDIAN].notna(), inf)
    found = pd.Series(np.select([median.isna(), np.isinf(median)], ["", "no"], "yes"), frame.index)
    # An interval with a lower limit alone has an upper limit that was not reached.
    high = frame[MEDIAN_HIGH].where(frame[MEDIAN_LOW].isna() | frame[MEDIAN_HIGH].notna(), inf)
    whole = frame.assign(**{MEDIAN: median, MEDIAN_HIGH: high, REACHED: found})
    against = cells_of(
        whole.assign(**{REACHED: said}), (said != "") & (said != found), REACHED, MEDIAN
    )
    rule = f"`{REACHED}` must be yes, no or blank, and agree with `{MEDIAN}`"
    return whole, broken("row", rule, against, "Leave one of them blank.")
