"""Names of a table that are alike but for their spelling: one thing that is taken for two."""

from collections.abc import Iterable, Iterator

import pandas as pd

from bayesmeta.evidence.columns import (
    ALWAYS_TEXT,
    ARM,
    DERIVATION,
    OUTCOME,
    OVERLAP_GROUP,
    STRATUM,
    STUDY,
)
from bayesmeta.evidence.findings import Finding, place_of
from bayesmeta.spelling import alike, differences, shown

__all__ = ["SPELLING", "two_spellings"]

SPELLING = "spelling"
"""The kind of these findings."""

_NAMES = (STUDY, OUTCOME, STRATUM, OVERLAP_GROUP, DERIVATION)
"""Columns besides covariates whose values are compared throughout the table."""

LONGEST_NAME = 80
"""Characters beyond which a text is no name but a remark."""

_REMEDY = "Spell them alike, or rename one if they are two."


def two_spellings(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Return names of columns, studies, arms, outcomes and levels that differ only in spelling.

    The index says where each row stands; arms are compared within their study.
    """
    return tuple([*_columns(frame), *_values(frame), *_arms(frame)])


def _columns(frame: pd.DataFrame) -> Iterator[Finding]:
    for names in alike(map(str, frame.columns)):
        yield Finding(SPELLING, (), f"columns {_joined(map(shown, names))} {_only(names)}", _REMEDY)


def _values(frame: pd.DataFrame) -> Iterator[Finding]:
    for column in map(str, frame.columns):
        compared = column in _NAMES or column not in ALWAYS_TEXT
        if compared and pd.api.types.is_string_dtype(frame[column]):
            yield from _alike(frame[column], f"`{column}`")


def _arms(frame: pd.DataFrame) -> Iterator[Finding]:
    if ARM not in frame.columns:
        return
    several = frame.groupby(STUDY, sort=False)[ARM].transform("nunique") > 1
    for study, arms in frame[several].groupby(STUDY, sort=False)[ARM]:
        yield from _alike(arms, f"`{ARM}` of study {shown(str(study))}")


def _alike(column: "pd.Series[str]", what: str) -> Iterator[Finding]:
    rows = _rows_of_names(column)
    for names in alike(rows):
        spelt = [_spelt(name, rows[name]) for name in names]
        concerned = tuple(row for name in names for row in rows[name])
        yield Finding(SPELLING, concerned, f"{what}: {_joined(spelt)} {_only(names)}", _REMEDY)


def _spelt(name: str, rows: list[str]) -> str:
    # The label of a study's only arm is its name.
    where = "" if rows == [name] else f" ({place_of(rows)})"
    return f"{shown(name)}{where}"


def _rows_of_names(column: "pd.Series[str]") -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for row, name in column.items():
        if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME:
            rows.setdefault(name, []).append(str(row))
    return rows


def _only(names: tuple[str, ...]) -> str:
    return f"differ only in {_joined(differences(names))}"


def _joined(items: Iterable[str]) -> str:
    """Return items as a list in a sentence: a, b and c."""
    *before, last = items
    return f"{', '.join(before)} and {last}" if before else str(last)
