"""The rules an evidence table keeps, and the messages that name where it does not."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd

from bayesmeta.errors import EvidenceError, listed, nearest
from bayesmeta.evidence.columns import (
    ALWAYS_TEXT,
    ARM,
    COUNTS,
    DEFAULT_INCLUDE,
    DERIVATION,
    EVENTS,
    KEY,
    OUTCOME,
    OVERLAP_GROUP,
    OVERLAP_RANK,
    PART_OF,
    REQUIRED,
    STRATUM,
    STUDY,
    N,
)
from bayesmeta.evidence.strata import is_stratum

__all__ = ["checked"]

LARGEST_COUNT = 10**9
_WHOLE = re.compile(r"\d+(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def checked(cells: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return `cells` with typed columns, after every rule of an evidence table has been checked.

    Parameters
    ----------
    cells : DataFrame
        Text or values as read, missing ones None; the index says where each row stands.
    name : str
        What messages call the table.

    Raises
    ------
    EvidenceError
        If a rule is broken; the message names rows, column, value and remedy.
    """
    _check_columns(cells, name)
    frame = _with_optional_columns(cells)
    _check_names(frame, name)
    _check_counts_present(frame, name)
    for column in COUNTS:
        frame[column] = _counts(frame, column, name)
    _check_within(frame, name)
    _check_unique(frame, name)
    _check_bookkeeping(frame, name)
    for column in frame.columns:
        if column not in (*COUNTS, OVERLAP_RANK):
            frame[column] = _typed(frame[column], text=column in ALWAYS_TEXT)
    return frame


def _check_columns(cells: pd.DataFrame, name: str) -> None:
    for column in REQUIRED:
        if column not in cells.columns:
            raise EvidenceError(
                f"{name}: column '{column}' is missing. {nearest(column, map(str, cells.columns), label='Found')} "
                "An evidence table needs the columns study, events and n."
            )


def _with_optional_columns(cells: pd.DataFrame) -> pd.DataFrame:
    frame = cells.copy()
    for column in (ARM, STRATUM, OUTCOME):
        if column not in frame.columns:
            frame[column] = None
        frame[column] = [str(value) if value is not None else "" for value in frame[column]]
    return frame


def _refuse(name: str, rule: str, cells: Iterable[tuple[str, object]], remedy: str) -> None:
    """Raise if any cell is given; each is the place of a row and what stands there."""
    offenders = [f"{place}: {_quoted(value)}" for place, value in cells]
    if offenders:
        raise EvidenceError(f"{name}: {rule}; not so in {listed(offenders)}. {remedy}")


def _quoted(value: Any) -> str:
    return "blank" if value is None or value == "" or pd.isna(value) else f"'{value}'"


def _where(column: "pd.Series", rule: Callable[[object], bool]) -> list[tuple[str, object]]:
    """Return place and value of the cells for which `rule` holds."""
    return [(str(place), value) for place, value in column.items() if rule(value)]


def _check_names(frame: pd.DataFrame, name: str) -> None:
    names = [None if value is None else str(value) for value in frame[STUDY]]
    frame[STUDY] = pd.Series(names, index=frame.index, dtype=object)
    _refuse(
        name,
        "`study` must not be blank",
        _where(frame[STUDY], lambda value: value is None or value == ""),
        "Give every row the name of its study.",
    )
    _refuse(
        name,
        "names must be written in one way (Unicode NFC), or one study becomes two",
        _where(frame[STUDY], lambda value: normalize("NFC", str(value)) != value),
        "Retype the name, or normalise the file.",
    )
    _refuse(
        name,
        "names must be text that can be written down",
        _where(frame[STUDY] + frame[ARM], lambda value: not _writable(str(value))),
        "Retype the name.",
    )
    _refuse(
        name,
        f"`{OUTCOME}` must be given in every row or in none",
        _where(frame[OUTCOME], lambda value: not value) if frame[OUTCOME].ne("").any() else (),
        "Name the outcome of each row.",
    )
    _refuse(
        name,
        f"`{STRATUM}` must be written covariate=level, terms joined by ';'",
        _where(frame[STRATUM], lambda value: not is_stratum(str(value))),
        "Write for instance tp53=mut; leave it blank for a whole arm.",
    )


def _writable(text: str) -> bool:
    """Return whether a name has neither NUL nor half of a character."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


def _check_counts_present(frame: pd.DataFrame, name: str) -> None:
    # Evidence that says how each count was had may keep rows whose source prints none.
    if DERIVATION in frame.columns:
        return
    for column in COUNTS:
        _refuse(
            name,
            f"`{column}` must not be missing",
            _where(frame[column], lambda value: value is None),
            "Fill in the count, or drop the row.",
        )


def _counts(frame: pd.DataFrame, column: str, name: str) -> "pd.Series":
    _refuse(
        name,
        f"`{column}` must be a whole number from 0 to {LARGEST_COUNT:,}, without signs or separators",
        _where(frame[column], lambda value: value is not None and _count(value) is None),
        "Correct the count; enter responders and patients, not percentages.",
    )
    values = [pd.NA if value is None else _count(value) for value in frame[column]]
    return pd.Series(values, index=frame.index, dtype="Int64")


def _count(value: object) -> int | None:
    """Return the count that `value` states, or None if it states none."""
    if isinstance(value, str):
        number = float(value) if _WHOLE.fullmatch(value) else None
    elif isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
    else:
        number = None
    if number is None or not number.is_integer() or not 0 <= number <= LARGEST_COUNT:
        return None
    return int(number)


def _check_within(frame: pd.DataFrame, name: str) -> None:
    above = frame[(frame[EVENTS] > frame[N]).fillna(value=False)]
    cells = [
        (f"{place} ({_label(row)})", f"{row[EVENTS]} of {row[N]}")
        for place, row in above.iterrows()
    ]
    _refuse(
        name, "`events` must lie between 0 and `n`", cells, "Correct the counts or drop the row."
    )


def _label(row: "pd.Series") -> str:
    return f"{row[STUDY]}/{row[ARM]}" if row[ARM] else str(row[STUDY])


def _check_unique(frame: pd.DataFrame, name: str) -> None:
    again = frame[frame.duplicated(list(KEY), keep=False)]
    cells = [
        (str(place), ", ".join(f"{column} {row[column]}" for column in KEY if row[column]))
        for place, row in again.iterrows()
    ]
    _refuse(
        name,
        "each study, arm, stratum and outcome must occur once",
        cells,
        "Drop the repeated row, or tell the rows apart in column `arm`.",
    )


def _check_bookkeeping(frame: pd.DataFrame, name: str) -> None:
    """Check the optional columns that selection relies on."""
    if DEFAULT_INCLUDE in frame.columns:
        _refuse(
            name,
            f"`{DEFAULT_INCLUDE}` must be 'yes', 'no' or blank",
            _where(frame[DEFAULT_INCLUDE], lambda value: value not in (None, "yes", "no")),
            "Write yes or no.",
        )
    if PART_OF in frame.columns:
        arms = set(zip(frame[STUDY], frame[ARM], strict=True))
        parts = frame[frame[PART_OF].notna()]
        strangers = [
            (str(place), row[PART_OF])
            for place, row in parts.iterrows()
            if (row[STUDY], row[PART_OF]) not in arms or row[PART_OF] == row[ARM]
        ]
        _refuse(
            name,
            f"`{PART_OF}` must name another arm of the same study",
            strangers,
            "Correct the name.",
        )
        owners = set(zip(parts[STUDY], parts[PART_OF], strict=True))
        nested = [
            (str(place), f"{row[ARM]}, part of {row[PART_OF]}")
            for place, row in parts.iterrows()
            if (row[STUDY], row[ARM]) in owners
        ]
        _refuse(
            name,
            f"an arm that has parts can't be part of another (`{PART_OF}`)",
            nested,
            "Name the whole arm as the owner of the smallest parts.",
        )
    if OVERLAP_GROUP in frame.columns:
        frame[OVERLAP_RANK] = _overlap_ranks(frame, name)


def _overlap_ranks(frame: pd.DataFrame, name: str) -> "pd.Series":
    ranks = (
        frame[OVERLAP_RANK]
        if OVERLAP_RANK in frame.columns
        else pd.Series(None, frame.index, dtype=object)
    )
    grouped = ranks[frame[OVERLAP_GROUP].notna()]
    _refuse(
        name,
        f"`{OVERLAP_RANK}` must be a whole number wherever `{OVERLAP_GROUP}` is given",
        _where(grouped, lambda value: value is None or _count(value) is None),
        "Rank the overlapping studies; the lowest rank is kept.",
    )
    values = [pd.NA if value is None else _count(value) for value in ranks]
    found = pd.Series(values, index=frame.index, dtype="Int64")
    each = frame.assign(rank=found)[[OVERLAP_GROUP, "rank", STUDY]].dropna().drop_duplicates()
    tied = each[each.duplicated([OVERLAP_GROUP, "rank"], keep=False)]
    _refuse(
        name,
        f"studies of one `{OVERLAP_GROUP}` must differ in `{OVERLAP_RANK}`",
        [
            (str(place), f"{row[STUDY]}, rank {row['rank']} of {row[OVERLAP_GROUP]}")
            for place, row in tied.iterrows()
        ],
        "Give each study of the group a rank of its own; the lowest is kept.",
    )
    return found


def _typed(column: "pd.Series", *, text: bool) -> "pd.Series":
    """Return numbers as floats if every known value is one, else text; missing stays missing."""
    known = [value for value in column if value is not None]
    if not text and known and all(_is_number(value) for value in known):
        return column.astype("float64")
    values = [None if value is None else str(value) for value in column]
    filled = ["" if value is None else value for value in values]
    # Columns of names are blank where they say nothing; a covariate is missing.
    return pd.Series(filled if text else values, index=column.index, dtype="str")


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        # '001' is a label: a number keeps no leading zeros.
        return bool(_NUMBER.fullmatch(value)) and np.isfinite(float(value))
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)
