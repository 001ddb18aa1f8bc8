"""The covariates of a table in a few words: their kind, their levels or range, and what is missing."""

from collections.abc import Sequence

import pandas as pd

from bayesmeta.errors import counted, listed, shortened

COLUMNS = ("covariate", "kind", "values", "missing")


def described(frame: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Return one row per covariate: kind, levels with their rows or range of numbers, rows without."""
    rows = [_row(frame[name], name) for name in covariates]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(column: "pd.Series", name: str) -> tuple[str, str, str, int]:
    known = column.dropna()
    missing = len(column) - len(known)
    if known.empty:
        return name, "empty", "", missing
    if pd.api.types.is_numeric_dtype(known):
        return name, "number", f"{known.min():.6g} to {known.max():.6g}", missing
    counts = known.value_counts()
    levels = listed(f"{shortened(str(level))} ({rows})" for level, rows in counts.items())
    kind = "factor" if len(counts) < len(known) else "text"
    return name, kind, f"{counted(len(counts), 'level')}: {levels}", missing
