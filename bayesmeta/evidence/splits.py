"""Totals over two levels of a stratum: which rows they are, and how their patients divide."""

from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Flags
from bayesmeta.evidence.columns import SPLIT_BY, SPLIT_N, N

EVEN = 0.5
"""Mean share of the second level where sizes are not known and any share is as probable."""


def is_total(frame: pd.DataFrame) -> Flags:
    """Return which rows are totals over two levels."""
    if SPLIT_BY not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return (frame[SPLIT_BY] != "").to_numpy(dtype=bool)


def of_unknown_sizes(frame: pd.DataFrame) -> Flags:
    """Return which rows are totals over two levels of unknown sizes."""
    if SPLIT_N not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return frame[SPLIT_N].isna().to_numpy(dtype=bool)


def shares(frame: pd.DataFrame) -> Array:
    """Return the share of patients at the second level: 0 of a row of one level, `EVEN` if unknown."""
    if SPLIT_N not in frame.columns:
        return np.zeros(len(frame))
    n = np.maximum(frame[N].to_numpy(dtype=np.float64), 1)
    second = frame[SPLIT_N].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(np.nan_to_num(second / n, nan=EVEN))


def share_of(row: "pd.Series[Any]") -> float:
    """Return the share of patients of one total at the second level, as `shares` does."""
    second = row[SPLIT_N]
    return EVEN if pd.isna(second) else float(second) / max(float(row[N]), 1.0)
