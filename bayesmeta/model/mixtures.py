"""Arms and profiles that are a known mixture of a factor's levels, as weighted parts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import SpecError, listed, nearest
from bayesmeta.evidence.columns import SPLIT_BY, SPLIT_LEVEL, STUDY
from bayesmeta.evidence.splits import shares as shares_of_totals

Shares = Mapping[str, Mapping[str, str]]

ROUNDING = 0.005
"""How far published shares may sum from 1."""


def has_shares(frame: pd.DataFrame, columns: Mapping[str, str]) -> Flags:
    """Return which rows give the shares of a factor, by the columns of its levels."""
    if not set(columns.values()) <= set(frame.columns):
        return np.zeros(len(frame), dtype=bool)
    return frame[list(columns.values())].notna().any(axis=1).to_numpy(dtype=bool)


def check_shares(frame: pd.DataFrame, shares: Shares) -> None:
    """Raise unless the shares of each mixed row are numbers within 0 and 1 that sum to 1."""
    for factor, columns in shares.items():
        for name in columns.values():
            if name not in frame.columns:
                raise SpecError(
                    f"`level_proportions` of '{factor}' name '{name}', which is not a column of the evidence. "
                    f"{nearest(name, map(str, frame.columns))}"
                )
            if frame[name].notna().any() and not pd.api.types.is_numeric_dtype(frame[name]):
                raise SpecError(
                    f"`level_proportions` of '{factor}': column '{name}' must hold numbers within 0 and 1."
                )
        rows = has_shares(frame, columns)
        found = frame.loc[rows, list(columns.values())].astype(float).fillna(0.0).to_numpy()
        good = ((found >= 0) & (found <= 1)).all(axis=1)
        good &= np.abs(found.sum(axis=1) - 1) <= ROUNDING
        if not good.all():
            raise SpecError(
                f"`level_proportions` of '{factor}' must lie within 0 and 1 and sum to 1; not so in "
                f"{listed(frame.loc[rows, STUDY][~good])}. Correct the table."
            )


def mixtures(frame: pd.DataFrame, shares: Shares) -> list[tuple[Array, pd.DataFrame]]:
    """Return `frame` as parts: the share of each row in a part, and the part's rows.

    A row that is not a mixture is the whole of the first part.
    """
    parts = [(np.ones(len(frame)), frame)]
    for factor, columns in shares.items():
        rows = has_shares(frame, columns)
        if rows.any():
            parts = [
                (share * _share(frame, columns, level, rows), _at_level(part, factor, level, rows))
                for share, part in parts
                for level in columns
            ]
    return [half for part in parts for half in _halves(*part)]


def _halves(share: Array, part: pd.DataFrame) -> list[tuple[Array, pd.DataFrame]]:
    """Return a part once for each of the two levels that totals hold; itself where there is none."""
    other = shares_of_totals(part)
    if not other.any():
        return [(share, part)]
    return [(share * (1 - other), part), (share * other, at_other_level(part))]


def at_other_level(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with totals at the second of their levels."""
    names = [name for name in frame[SPLIT_BY].unique() if name]
    moved = {
        name: frame[name].astype(object).mask(frame[SPLIT_BY] == name, frame[SPLIT_LEVEL])
        for name in names
        if name in frame.columns
    }
    return frame.assign(**moved)


def _share(frame: pd.DataFrame, columns: Mapping[str, str], level: str, rows: Flags) -> Array:
    found = frame[list(columns.values())].astype(float).fillna(0.0).to_numpy()
    total = np.where(rows, found.sum(axis=1), 1.0)
    share = found[:, list(columns).index(level)] / total
    return np.where(rows, share, float(level == next(iter(columns))))


def _at_level(part: pd.DataFrame, factor: str, level: str, rows: Flags) -> pd.DataFrame:
    return part.assign(**{factor: part[factor].astype(object).mask(rows, level)})


def parts_of(profile: Mapping[str, Any]) -> list[tuple[float, dict[str, Any]]]:
    """Return a profile as parts of one level per factor, each with its share."""
    parts: list[tuple[float, dict[str, Any]]] = [(1.0, dict(profile))]
    for name, value in profile.items():
        if isinstance(value, Mapping):
            parts = [
                (share * own, {**part, name: level})
                for share, part in parts
                for level, own in value.items()
            ]
    return parts
