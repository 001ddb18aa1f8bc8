"""What reports say of any selection: which rows were asked for, and how numbers were derived."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from bayesmeta.errors import listed
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.evidence.columns import DERIVATION, OVERLAP_GROUP
from bayesmeta.model.values import value_text
from bayesmeta.wording import Wording

ORIGIN = (DERIVATION, "source", "ref", "locator", "note")
"""Columns that say how a number was derived and where it stands, as far as a table has them."""

DERIVED = {
    "from_percent": "calculated from a percentage",
    "from_sum": "added up",
    "from_parts": "added up from parts",
    "from_total": "subtracted from a total",
    "inferred": "inferred from other figures",
    "adjudicated": "chosen where the source is ambiguous",
}
"""Ways in which numbers are derived that do not stand in their source as such, in words."""


def wanted_rows(selection: Mapping[str, Any]) -> Iterator[str]:
    """Yield which rows were asked for, by a condition and by the values of columns."""
    where, columns = selection.get("where"), selection.get("columns") or {}
    if isinstance(where, str) and where:
        yield f"Only rows with {where}."
    named = {**(where if isinstance(where, Mapping) else {}), **columns}
    if named:
        parts = [f"{name} {' or '.join(map(str, values))}" for name, values in named.items()]
        yield f"Only rows with {', '.join(parts)}."


def parts_rule(selection: Mapping[str, Any], used: Mapping[str, str]) -> Iterator[str]:
    """Yield what is used of arms that are reported whole and in parts, by the choice that was made."""
    if selection.get("parts") in used:
        yield (
            f"Of an arm that is reported whole and in parts, {used[selection['parts']]}, never both; strata of an arm "
            "are never pooled with it."
        )


def parts_left(excluded: pd.DataFrame) -> Iterator[str]:
    """Yield whose parts are not used, which may have had levels of a covariate of their own."""
    if excluded.empty:
        return
    parts = excluded[excluded["rule"].str.startswith("part: ")]
    if len(parts):
        names = listed(dict.fromkeys(map(str, parts["study"])))
        yield f"Used whole, though reported in parts, too: {names}."


def overlap_rule(arms: Arms) -> Iterator[str]:
    """Yield what was done with cohorts that may share patients, where the table names them."""
    if OVERLAP_GROUP in arms.frame.columns:
        yield (
            "Of cohorts that plausibly share patients, one is used."
            if arms.selection.get("overlaps", "resolve") == "resolve"
            else "Cohorts that plausibly share patients are all kept, so that patients may count twice."
        )


def ways_told(frame: pd.DataFrame) -> str:
    """Return in how many rows a number was derived in each way."""
    ways = texts_of(frame, DERIVATION).replace("", "not stated").value_counts()
    return ", ".join(f"{DERIVED.get(str(way), way)} {k}" for way, k in ways.items())


def derived_rows(frame: pd.DataFrame, what: str) -> Iterator[str]:
    """Yield how many rows, called `what`, do not stand in their source."""
    if DERIVATION not in frame.columns:
        return
    ways = texts_of(frame, DERIVATION).value_counts()
    parts = [f"{DERIVED[str(way)]} {count}" for way, count in ways.items() if way in DERIVED]
    if parts:
        yield f"Of {len(frame)} {what}s, these do not stand in their source as {what}s: {', '.join(parts)}."


def inferred_in(arms: Arms) -> str:
    """Return how many counts, or numbers of survival, are inferred; empty where no table says."""
    if isinstance(arms, SurvivalArms):
        return inferred_sentence(arms.reports, "number")
    return inferred_sentence(arms.frame)


def inferred_sentence(frame: pd.DataFrame, what: str = "count") -> str:
    """Return how many rows, called `what`, are inferred; empty where the table does not say."""
    if DERIVATION not in frame.columns:
        return ""
    inferred = int((texts_of(frame, DERIVATION) == "inferred").sum())
    if not inferred:
        return f"No {what} is inferred from other figures."
    return f"{inferred} of the {len(frame)} {what}s {'is' if inferred == 1 else 'are'} inferred from other figures."


def with_columns(
    cells: pd.DataFrame, frame: pd.DataFrame, names: Iterable[str], words: Wording
) -> pd.DataFrame:
    """Return cells with those columns of a table that hold anything, without arms if none is named."""
    for name in dict.fromkeys(names):
        if name in frame.columns and (texts := texts_of(frame, name)).any():
            heading = words.labels.column(str(name)).replace("_", " ")
            cells[heading] = [words.level(str(name), text) for text in texts]
    return cells if cells["arm"].str.strip().any() else cells.drop(columns="arm")


def texts_of(frame: pd.DataFrame, column: str) -> "pd.Series[str]":
    """Return a column as text, empty where nothing is known."""
    values: pd.Series[str] = frame[column].astype(object).fillna("").map(value_text).str.strip()
    return values
