"""Which rows two frames share, by the columns that name a row, and in which cells these differ."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Key = tuple[Any, ...]

SAME = 1e-12
"""Relative difference of two numbers below which they are one, written in two units."""


@dataclass(frozen=True, eq=False)
class RowChanges:
    """Rows of one frame and another: added and removed ones whole, and the cells that changed.

    `changed` has one row per cell: the columns that name its row, `column`, `old` and `new`; what is not
    known is None.
    """

    added: pd.DataFrame
    removed: pd.DataFrame
    changed: pd.DataFrame

    @property
    def none(self) -> bool:
        """Whether both frames hold the same rows."""
        return not (len(self.added) or len(self.removed) or len(self.changed))


def row_changes(old: pd.DataFrame, new: pd.DataFrame, named_by: Sequence[str]) -> RowChanges:
    """Return what distinguishes two frames in the columns that both have.

    `named_by` are the columns that name a row; in one that a frame lacks, its rows have no value.
    """
    rows = [_by_key(frame, named_by) for frame in (old, new)]
    before, after = rows
    cells = [
        [*key, column, one, other]
        for key, own in before.items()
        if key in after
        for column, one, other in _cells(own, after[key], named_by)
    ]
    return RowChanges(
        new[[key not in before for key in _keys(new, named_by)]].reset_index(drop=True),
        old[[key not in after for key in _keys(old, named_by)]].reset_index(drop=True),
        pd.DataFrame(cells, columns=[*named_by, "column", "old", "new"], dtype=object),
    )


def in_same_order(old: pd.DataFrame, new: pd.DataFrame, named_by: Sequence[str]) -> bool:
    """Return whether the rows that both frames have stand in one order."""
    keys = [_keys(frame, named_by) for frame in (old, new)]
    both = set(keys[0]) & set(keys[1])
    one, other = ([key for key in own if key in both] for own in keys)
    return one == other


def _keys(frame: pd.DataFrame, named_by: Sequence[str]) -> list[Key]:
    nothing = [None] * len(frame)
    columns = (frame[name].tolist() if name in frame else nothing for name in named_by)
    return [tuple(map(_named, key)) for key in zip(*columns, strict=True)]


def _named(value: Any) -> Any:
    """Return a value by which a row is known: a number without the digits that a unit leaves."""
    value = plain(value)
    return float(f"{value:.10g}") if isinstance(value, float) else value


def _by_key(frame: pd.DataFrame, named_by: Sequence[str]) -> dict[Key, dict[str, Any]]:
    names = list(map(str, frame.columns))
    rows = frame.itertuples(index=False, name=None)
    found = (dict(zip(names, row, strict=True)) for row in rows)
    return dict(zip(_keys(frame, named_by), found, strict=True))


def _cells(
    old: dict[str, Any], new: dict[str, Any], named_by: Sequence[str]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the cells of one row that differ."""
    for column, value in old.items():
        if column in new and column not in named_by:
            one, other = plain(value), plain(new[column])
            if not _same(one, other):
                yield column, one, other


def plain(value: Any) -> Any:
    """Return the value of a cell; None where nothing is known, and whole numbers as such."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT or value == "":
        return None
    return None if isinstance(value, float) and math.isnan(value) else value


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=SAME)
    if one is None or other is None:
        return one is other
    # A column of numbers in one table may be one of text in the other.
    return str(one) == str(other)
