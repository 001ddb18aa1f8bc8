"""How a broken rule is told: the rule, each place where it is broken, what stands there, the remedy."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from bayesmeta.errors import listed
from bayesmeta.evidence.findings import Finding

__all__ = ["Cell", "broken", "quoted", "where"]

Cell = tuple[str, object]
"""The place of a row and what stands there."""


def broken(kind: str, rule: str, cells: Sequence[Cell], remedy: str) -> list[Finding]:
    """Return what to tell of a rule that these cells break; nothing if there is none."""
    if not cells:
        return []
    offenders = listed(f"{place}: {quoted(value)}" for place, value in cells)
    return [
        Finding(kind, tuple(place for place, _ in cells), f"{rule}; not so in {offenders}", remedy)
    ]


def where(column: "pd.Series", rule: Callable[[Any], bool]) -> list[Cell]:
    """Return place and value of the cells for which `rule` holds."""
    return [(str(place), value) for place, value in column.items() if rule(value)]


def quoted(value: Any) -> str:
    """Return a cell as a message shows it."""
    return "blank" if value is None or value == "" or pd.isna(value) else f"'{value}'"
