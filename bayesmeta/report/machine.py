"""Tables and values as JSON has them: every number with all its digits, null where there is none."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.evidence import Arms


def arms_json(arms: Arms) -> dict[str, Any]:
    """Return the rows kept, the rows left out, and the selection that decided."""
    return {
        "selection": arms.selection,
        "arms": records(arms.frame),
        "excluded": records(arms.excluded),
        "findings": list(map(asdict, arms.findings)),
    }


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as a list of rows, every number with all its digits; missing values are null."""
    names = list(map(str, table.columns))
    rows = table.itertuples(index=False, name=None)
    return [dict(zip(names, map(plain_value, row), strict=True)) for row in rows]


def by_row(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return a table as its rows by their names, every number with all its digits."""
    return dict(zip(map(str, table.index), records(table), strict=True))


def plain_value(value: Any) -> Any:
    """Return a cell as JSON has it: null where there is no value, or no finite one."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if value is None or value is pd.NA or value is pd.NaT else value
