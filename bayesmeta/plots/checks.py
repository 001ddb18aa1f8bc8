"""What arguments of figures must be, and tables behind them hold."""

from collections.abc import Sequence, Sized

import numpy as np
import pandas as pd

from bayesmeta.errors import SettingsError, listed, nearest
from bayesmeta.plots.style import LINES


def check_kind(name: str, value: object, kind: type | tuple[type, ...], how: str) -> None:
    """Raise unless an argument is of its type; `how` it is made is the remedy."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds):
        wanted = " or ".join(each.__name__ for each in kinds)
        raise SettingsError(
            f"`{name}` must be a {wanted}; got {type(value).__name__}. Make one by {how}."
        )


def check_lines(name: str, lines: Sized) -> None:
    """Raise if there are more lines than looks."""
    if len(lines) > len(LINES):
        raise SettingsError(
            f"`{name}` must have at most {len(LINES)} entries, which is how many lines can be distinguished; got {len(lines)}."
        )


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


def rows_of_outcome(table: pd.DataFrame, outcome: str | None) -> pd.DataFrame:
    """Return the rows of an outcome, which must be named where a table has several, and only there."""
    found = list(dict.fromkeys(table["outcome"])) if "outcome" in table else []
    if outcome is None and len(found) <= 1:
        return table
    if outcome not in found:
        valid = (
            f"one of {listed(found)}, the outcomes of the table"
            if found
            else "left out: there is one"
        )
        raise SettingsError(f"`outcome` must be {valid}; got {outcome!r}.")
    return table[table["outcome"] == outcome].reset_index(drop=True)


def said_in(table: pd.DataFrame, column: str, default: str) -> str:
    """Return the entry of a column in the first row, or the default."""
    return str(table[column].iloc[0]) if column in table and len(table) else default
