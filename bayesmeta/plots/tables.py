"""What the tables behind figures must hold."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesmeta.errors import SettingsError, listed, nearest

__all__ = ["check_columns", "check_numbers"]


def check_columns(table: object, columns: Sequence[str]) -> pd.DataFrame:
    """Return the table, after checking that it is one, has rows, and these columns."""
    if not isinstance(table, pd.DataFrame):
        raise SettingsError(f"`table` must be a DataFrame; got {type(table).__name__}.")
    if not len(table):
        raise SettingsError(
            "`table` has no rows, so there is nothing to draw. Give one row or more."
        )
    for name in columns:
        if name not in table.columns:
            raise SettingsError(
                f"`table` lacks the column '{name}'. It has: {listed(map(str, table.columns))}. "
                f"{nearest(name, map(str, table.columns))}"
            )
    return table


def check_numbers(table: pd.DataFrame, columns: Sequence[str], label: str) -> None:
    """Raise unless all of these columns are finite numbers; `label` names the rows in a message."""
    for name in columns:
        numbers = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)
        wrong = ~np.isfinite(numbers)
        if wrong.any():
            raise SettingsError(
                f"`{name}` of `table` must be finite numbers; not so of {listed(table.loc[wrong, label])}. "
                "Leave out those rows."
            )
