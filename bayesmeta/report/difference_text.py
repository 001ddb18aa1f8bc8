"""What distinguishes two versions of an evidence table, as tables and sentences, and as JSON."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.evidence.columns import ARM, EVENTS, OUTCOME, STRATUM, STUDY, N
from bayesmeta.evidence.difference import EvidenceDiff
from bayesmeta.evidence.row_changes import plain
from bayesmeta.evidence.survival.columns import MEDIAN, SURVIVAL, TIME
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import records

Row = Mapping[Hashable, Any]

SHOWN = (STUDY, ARM, STRATUM, OUTCOME, TIME, EVENTS, N, SURVIVAL, MEDIAN)
"""Columns that are shown of a row."""

CELL = ("column", "old", "new")
"""Columns that say what differs in a row."""

NAMES = {
    "studies": "studies",
    "arms": "arms",
    "patients": "patients",
    "events": "responders",
    "landmarks": "landmarks",
    "medians": "medians",
}

LONGEST = 40
"""Characters of a value that is shown in a table."""


def difference_blocks(found: EvidenceDiff) -> Iterator[Block]:
    """Yield what was added, removed and changed, the counts that differ, and overlapping cohorts."""
    if found.same:
        order = "the same rows in another order" if found.reordered else "no differences"
        yield Text(f"{found.old} to {found.new}: {order}.")
        return
    yield Text(
        f"{found.old} to {found.new}: {counted(len(found.added), 'row')} added, {len(found.removed)} removed, "
        f"{found.rows_changed} changed."
    )
    yield from _columns(found)
    for caption, rows in {"Rows added": found.added, "Rows removed": found.removed}.items():
        if len(rows):
            yield Table(caption, row_cells(rows))
    if len(found.changed):
        yield Table("Cells changed", changed_cells(found.changed))
    yield from _counts(found)
    if len(found.overlaps):
        yield Text("Cohorts that may share patients; of each group select keeps the lowest rank")
        yield Items(tuple(map(_overlap, found.overlaps.to_dict("records"))))
    if found.reordered:
        yield Text("Rows that both have stand in another order.")


def _columns(found: EvidenceDiff) -> Iterator[Block]:
    for word, names in {"added": found.columns_added, "removed": found.columns_removed}.items():
        if names:
            yield Text(f"{counted(len(names), 'column')} {word}: {', '.join(names)}.")


def row_cells(rows: pd.DataFrame, shown: Sequence[str] = SHOWN) -> pd.DataFrame:
    """Return what names each row and what it counts as text, without columns that are blank."""
    cells = rows[[name for name in shown if name in rows]].map(value_text)
    return cells[[name for name in cells if (cells[name] != "").any()]]


def changed_cells(changed: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that differ as text: the row of each, its column, and both values."""
    names = [str(name) for name in changed if name not in CELL]
    return row_cells(changed, names).assign(
        **{name: changed[name].map(value_text) for name in CELL}
    )


def value_text(value: Any) -> str:
    """Return a value as a table shows it: numbers with ten digits at most, long text cut."""
    value = plain(value)
    if value is None:
        return ""
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3].rstrip()}..."


def _counts(found: EvidenceDiff) -> Iterator[Block]:
    table = found.counts
    names = [name for name in NAMES if f"{name}_old" in table]
    differs = [table[f"{name}_old"] != table[f"{name}_new"] for name in names]
    rows = table[pd.concat(differs, axis="columns").any(axis="columns")]
    if rows.empty:
        yield Text("What select takes by default counts as many studies and patients as before.")
        return
    cells = {"outcome": [str(one) or "(none named)" for one in rows["outcome"]]}
    for name in names:
        pairs = zip(rows[f"{name}_old"], rows[f"{name}_new"], strict=True)
        cells[NAMES[name]] = [_before_after(old, new) for old, new in pairs]
    yield Table("What select takes by default, overlapping cohorts once", pd.DataFrame(cells))


def _before_after(old: int, new: int) -> str:
    return f"{old:,}" if old == new else f"{old:,} -> {new:,}"


def _overlap(row: Row) -> str:
    """Return what became of a group of cohorts that may share patients."""
    if row["change"] == "new":
        return f"{row['overlap_group']}: new, with {row['new']}."
    if row["change"] == "removed":
        return f"{row['overlap_group']}: removed; it had {row['old']}."
    first = f"; {row['first_new']} now comes first" if row["first_old"] != row["first_new"] else ""
    return f"{row['overlap_group']}: {row['old']} -> {row['new']}{first}."


def difference_json(found: EvidenceDiff) -> dict[str, Any]:
    """Return the tables of a difference."""
    return {
        "old": found.old,
        "new": found.new,
        "same": found.same,
        "reordered": found.reordered,
        "columns_added": list(found.columns_added),
        "columns_removed": list(found.columns_removed),
        **{name: records(table) for name, table in difference_tables(found).items()},
    }


def difference_tables(found: EvidenceDiff) -> dict[str, pd.DataFrame]:
    """Return the tables of a difference by name."""
    return {name: getattr(found, name) for name in TABLES}


TABLES = ("added", "removed", "changed", "counts", "overlaps")
