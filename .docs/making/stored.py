"""Stored results of other programs, beside those of this one."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

REFERENCE = Path(__file__).parents[2] / "tests" / "reference"


def result(file: str, *keys: str) -> Any:
    """Return what stands in a file of `tests/reference`, under these keys."""
    found = json.loads((REFERENCE / file).read_text(encoding="utf-8"))
    for key in keys:
        found = found[key]
    return found


def beside(
    program: str, rows: dict[str, tuple[float, float, float]], *, digits: int = 4
) -> pd.DataFrame:
    """Return a table of their number, ours and the tolerance; raise where they do not agree."""
    apart = {name: row for name, row in rows.items() if abs(row[0] - row[1]) > row[2]}
    if apart:
        raise ValueError(f"Not as {program} has it: {apart}.")
    return pd.DataFrame(
        [
            {
                "quantity": name,
                program: f"{theirs:.{digits}g}",
                "bayesmeta": f"{ours:.{digits}g}",
                "within": f"{near:.2g}",
            }
            for name, (theirs, ours, near) in rows.items()
        ]
    )
