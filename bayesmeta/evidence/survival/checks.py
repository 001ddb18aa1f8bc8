"""The rules that a survival table keeps, and the messages that name where it does not."""

from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from math import inf

import numpy as np
import pandas as pd

from bayesmeta.arrays import Flags
from bayesmeta.errors import nearest
from bayesmeta.evidence.checks import (
    broken_bookkeeping,
    broken_names,
    with_names,
    with_ranks,
    with_types,
)
from bayesmeta.evidence.columns import DERIVATION, OUTCOME, OVERLAP_RANK, STRATUM, STUDY, N
from bayesmeta.evidence.findings import Cell, Finding, broken, check_none
from bayesmeta.evidence.strata import stratum_levels
from bayesmeta.evidence.survival.columns import (
    AT_RISK,
    CI_HIGH,
    CI_LOW,
    CURVE,
    DURATION_OF_RESPONSE,
    LENGTHS,
    LIMITS,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    PATIENTS,
    PROBABILITIES,
    REACHED,
    REPORTED,
    RESPONDERS,
    SURVIVAL,
    TEXTS,
    TIME,
    UNIT,
)
from bayesmeta.evidence.survival.values import (
    MONTHS,
    is_not_reached,
    length_of,
    probability_of,
    unit_of,
)
from bayesmeta.evidence.values import LARGEST_COUNT, Notation, count_of

MAY_BE_UNREACHED = (MEDIAN, MEDIAN_HIGH)

RISE = 1e-9
"""Rise of a survival curve beyond the rounding of a computer's numbers."""


def checked(
    cells: pd.DataFrame, name: str, notation: Notation, time_unit: str | None
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return `cells` with typed columns, lengths of time in months, and what was found beside."""
    named = notation.named(cells, name)
    check_none(name, _missing_columns(list(map(str, named.columns)), time_unit))
    frame, units = _with_units(with_names(_complete(named)), time_unit)
    frame, numbers = _with_numbers(frame, notation)
    frame, ranks = with_ranks(frame, notation)
    rules = [
        *broken_names(frame),
        *units,
        *numbers,
        *broken_bookkeeping(frame),
        *ranks,
        *(_rules(frame) if not numbers else ()),
    ]
    typed = (*REPORTED, OVERLAP_RANK)
    frame, covariates, words = with_types(frame, notation, typed, TEXTS)
    check_none(name, [*rules, *covariates])
    return frame, tuple(words)


def _missing_columns(there: Collection[str], time_unit: str | None) -> list[Finding]:
    def lacking(text: str, remedy: str) -> Finding:
        return Finding("column", (), text, remedy)

    found = []
    if STUDY not in there:
        hint = nearest(STUDY, there, label="Found")
        found.append(lacking(f"column '{STUDY}' is missing. {hint.removesuffix('.')}", "Add it."))
    if SURVIVAL not in there and MEDIAN not in there:
        text = f"columns '{SURVIVAL}' and '{MEDIAN}' are both missing"
        found.append(lacking(text, "Give landmarks (time, survival), medians, or both."))
    if SURVIVAL in there and TIME not in there:
        text = f"column '{TIME}' is missing beside '{SURVIVAL}'"
        found.append(lacking(text, "Add the time of each landmark."))
    if UNIT not in there and time_unit is None:
        text = f"the unit of time is not known: there is no column '{UNIT}'"
        remedy = f"Add the column, or give `time_unit`: {', '.join(MONTHS)}."
        found.append(lacking(text, remedy))
    return found


def _complete(cells: pd.DataFrame) -> pd.DataFrame:
    blank = dict.fromkeys([name for name in (*REPORTED, REACHED) if name not in cells.columns])
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
        (LENGTHS, length_of, "a length of time above 0", "Correct it; leave it blank if it is not known."),
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
            columns[column] = numbers * months if names is LENGTHS else numbers
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
    against = _cells(
        whole.assign(**{REACHED: said}), (said != "") & (said != found), REACHED, MEDIAN
    )
    rule = f"`{REACHED}` must be yes, no or blank, and agree with `{MEDIAN}`"
    return whole, broken("row", rule, against, "Leave one of them blank.")


def _rules(frame: pd.DataFrame) -> Iterator[Finding]:
    yield from _one_kind(frame)
    for estimate, limits in LIMITS.items():
        yield from _within(frame, estimate, limits)
    yield from _known_precision(frame)
    yield from _of_responders(frame)
    yield from _at_risk(frame)
    yield from _falling(frame)
    yield from _repeats(frame)


def _cells(frame: pd.DataFrame, rows: "pd.Series[bool] | Flags", *columns: str) -> list[Cell]:
    """Return place and content of rows, as messages tell them."""
    return [
        (str(place), ", ".join(f"{name} {_shown(row[name])}" for name in columns))
        for place, row in frame[rows].iterrows()
    ]


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "not reached" if value == inf else "blank" if np.isnan(value) else f"{value:.4g}"
    return str(value)


def _one_kind(frame: pd.DataFrame) -> Iterator[Finding]:
    landmark, median = frame[SURVIVAL].notna(), frame[MEDIAN].notna()
    yield from broken(
        "row",
        f"a row must have a landmark (`{TIME}` and `{SURVIVAL}`) or a `{MEDIAN}`, and not both",
        _cells(frame, landmark == median, SURVIVAL, MEDIAN),
        "Write a row for each.",
    )
    yield from broken(
        "row",
        f"`{TIME}` and `{SURVIVAL}` must be given together",
        _cells(frame, landmark != frame[TIME].notna(), TIME, SURVIVAL),
        "Complete the landmark.",
    )


def _within(frame: pd.DataFrame, estimate: str, limits: tuple[str, str]) -> Iterator[Finding]:
    low, high = limits
    outside = (frame[low] > frame[estimate]) | (frame[high] < frame[estimate])
    alone = (frame[low].notna() | frame[high].notna()) & frame[estimate].isna()
    yield from broken(
        "interval",
        f"`{low}` to `{high}` must hold `{estimate}`",
        _cells(frame, outside | alone, estimate, low, high),
        "Correct the estimate or its limits.",
    )


def _known_precision(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield the rows whose precision is not known, unless the table says how each number was derived."""
    if DERIVATION in frame.columns:
        return
    yield from broken(
        "precision",
        f"`{N}` must be given where there is no interval",
        _cells(frame, ~has_precision(frame), SURVIVAL, MEDIAN, N),
        "Fill in the number of patients, or drop the row.",
    )


def has_precision(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows have an interval that has a width, or a number of patients.

    At a survival of 0 or 1 the width of an interval says nothing on the scale of a model.
    """
    low, high = frame[MEDIAN_LOW], frame[MEDIAN_HIGH]
    inside = (frame[SURVIVAL] > 0) & (frame[SURVIVAL] < 1)
    landmark = inside & (frame[CI_LOW] < frame[CI_HIGH])
    median = (low < frame[MEDIAN]) | ((low < high) & (high < inf))
    return landmark | median | frame[N].notna() | frame[AT_RISK].notna()


def _of_responders(frame: pd.DataFrame) -> Iterator[Finding]:
    durations = frame[OUTCOME].str.casefold() == DURATION_OF_RESPONSE.casefold()
    unsaid = frame[STRATUM].map(lambda text: RESPONDERS not in stratum_levels(text))
    yield from broken(
        "responders",
        f"a duration of response is of responders, and `{STRATUM}` must say of which",
        _cells(frame, durations & unsaid, STUDY, STRATUM),
        f"Write {RESPONDERS}=yes, or {RESPONDERS}=CR, with their number in `{N}`.",
    )


def _at_risk(frame: pd.DataFrame) -> Iterator[Finding]:
    yield from broken(
        "patients",
        f"`{AT_RISK}` must not be more than `{N}`",
        _cells(frame, frame[AT_RISK] > frame[N], AT_RISK, N),
        "Correct the numbers of patients.",
    )


def _falling(frame: pd.DataFrame) -> Iterator[Finding]:
    rising: list[Cell] = []
    landmarks = frame[frame[SURVIVAL].notna()].sort_values(TIME, kind="stable")
    for _, curve in landmarks.groupby(list(CURVE), sort=False):
        for (_, before), (place, after) in pairwise(curve.iterrows()):
            if after[SURVIVAL] > before[SURVIVAL] + RISE and after[TIME] > before[TIME]:
                text = (
                    f"{after[STUDY]}, {before[SURVIVAL]:.4g} at {before[TIME]:.4g} months and "
                    f"{after[SURVIVAL]:.4g} at {after[TIME]:.4g}"
                )
                rising.append((str(place), text))
    yield from broken(
        "curve",
        "survival must not rise with time",
        rising,
        "Correct the landmark, or name outcome, arm or stratum where they differ.",
    )


def _repeats(frame: pd.DataFrame) -> Iterator[Finding]:
    again = frame.duplicated([*CURVE, TIME], keep=False)
    yield from broken(
        "repeat",
        "each study, arm, stratum and outcome must have one median, and one landmark at a time",
        _cells(frame, again, *CURVE, TIME),
        "Drop the repeated row, or tell the rows apart in column `arm`.",
    )
