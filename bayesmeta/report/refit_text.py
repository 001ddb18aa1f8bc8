"""Estimates of refits, one a row: their rates, the probability asked for, and their errors."""

from collections.abc import Mapping

import pandas as pd

from bayesmeta.rounding import interval_of, probability_text
from bayesmeta.wording import Wording

RATES = {"typical": "typical", "new study": "new_study"}
"""Of each heading, the column of a rate."""


def with_estimates(
    cells: pd.DataFrame,
    table: pd.DataFrame,
    named: Mapping[str, str],
    words: Wording,
    *,
    question: object = None,
) -> pd.DataFrame:
    """Return cells with rates by heading, the probability below its question, and which draws failed."""
    rows = table.to_dict("records")
    for label, name in named.items():
        cells[label] = [interval_of(row, name, words.rates.texts) for row in rows]
    if "probability" in table:
        cells[str(question or "P")] = [probability_cell(row["probability"]) for row in rows]
    if "ok" in table and not table["ok"].all():
        cells["draws"] = ["ok" if row["ok"] else "NOT RELIABLE" for row in rows]
    return cells


def probability_cell(value: float) -> str:
    """Return a probability; nothing where it is not known."""
    return "" if pd.isna(value) else probability_text(value)


def largest_error(table: pd.DataFrame, named: Mapping[str, str]) -> float:
    """Return the largest Monte-Carlo standard error of estimates and of their limits."""
    ends = [f"mcse_{name}{end}" for name in named.values() for end in ("", "_lower", "_upper")]
    return float(table[ends].max().max())


def rates_error(table: pd.DataFrame, named: Mapping[str, str], words: Wording) -> str:
    """Return the same of rates, with its unit."""
    return f"{words.rates.error(largest_error(table, named))} {words.rates.points_short}"
