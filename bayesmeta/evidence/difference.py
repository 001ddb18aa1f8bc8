"""`evidence_diff`: what distinguishes two versions of an evidence table."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayesmeta.errors import EvidenceError, EvidenceWarning, counted
from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.columns import KEY, OUTCOME, OVERLAP_GROUP, OVERLAP_RANK, STUDY
from bayesmeta.evidence.named_tables import AnyTable, table_of
from bayesmeta.evidence.row_changes import RowChanges, in_same_order, row_changes
from bayesmeta.evidence.sources import Source
from bayesmeta.evidence.survival.arms import SurvivalArms
from bayesmeta.evidence.survival.columns import TIME
from bayesmeta.evidence.survival.table import SurvivalTable
from bayesmeta.shown import Shown

COUNTED = ("rows", "studies", "arms", "patients", "events")
COUNTED_OF_SURVIVAL = ("rows", "studies", "arms", "patients", "landmarks", "medians")
"""What is counted of each outcome."""


@dataclass(frozen=True, eq=False, repr=False)
class EvidenceDiff(Shown):
    """What distinguishes two versions of an evidence table.

    Made by `evidence_diff`. A row is known by its study, arm, stratum and outcome; of survival, also by
    the time of its landmark.

    Parameters
    ----------
    old, new : str
        Names of the tables.
    added, removed : DataFrame
        Rows that only the new table has, and that only the old one has.
    changed : DataFrame
        One row per cell that differs: what its row is known by, `column`, `old` and `new`. Columns of
        one table alone are not compared.
    counts : DataFrame
        One row per outcome of either table: `outcome`; `rows` of the table; and the `studies`, `arms`,
        `patients` and `events` (of survival `landmarks` and `medians`) that `select` takes of it by
        default, overlapping cohorts once; each as ``..._old`` and ``..._new``.
    overlaps : DataFrame
        One row per group of cohorts that may share patients and is not the same in both: its
        `overlap_group`; `change` (``"new"``, ``"removed"`` or ``"changed"``); studies with their ranks,
        `old` and `new`; and the study of lowest rank, `first_old` and `first_new`.
    columns_added, columns_removed : tuple of str
        Columns that only the new table has, and that only the old one has.
    reordered : bool
        Whether rows that both have stand in another order.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> old = pd.DataFrame({"study": ["a", "b"], "events": [3, 7], "n": [20, 30]})
    >>> new = pd.DataFrame({"study": ["a", "b", "c"], "events": [3, 8, 5], "n": [20, 30, 15]})
    >>> found = bm.evidence_diff(old, new)
    >>> found
    EvidenceDiff(DataFrame to DataFrame: 1 row added, 0 removed, 1 changed)
    >>> found.changed[["study", "column", "old", "new"]]
      study  column old new
    0     b  events   7   8
    """

    shown = "counts"

    old: str
    new: str
    added: pd.DataFrame
    removed: pd.DataFrame
    changed: pd.DataFrame
    counts: pd.DataFrame
    overlaps: pd.DataFrame
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    reordered: bool = False

    @property
    def same(self) -> bool:
        """Whether both tables hold the same rows and columns, in whatever order."""
        rows = len(self.added) + len(self.removed) + len(self.changed)
        return not (rows or self.columns_added or self.columns_removed)

    @property
    def rows_changed(self) -> int:
        """Number of rows in which a cell differs."""
        return len(self.changed.drop(columns=["column", "old", "new"]).drop_duplicates())

    def __repr__(self) -> str:
        added = counted(len(self.added), "row")
        return (
            f"EvidenceDiff({self.old} to {self.new}: {added} added, {len(self.removed)} removed, "
            f"{self.rows_changed} changed)"
        )


def evidence_diff(old: AnyTable | Source, new: AnyTable | Source) -> EvidenceDiff:
    """Return which rows, counts and overlapping cohorts distinguish two versions of a table.

    Parameters
    ----------
    old, new : EvidenceTable, SurvivalTable, or a source
        Two tables of one kind; or names of bundled tables, files or frames, which are read as
        `read_evidence` reads them, or `read_survival` where the other is a SurvivalTable.

    Returns
    -------
    EvidenceDiff
        Its tables have no rows where nothing differs; `same` says whether that is so.

    Raises
    ------
    EvidenceError
        If the tables are of different kinds, or one cannot be read or breaks rules.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_survival("rr_aml_venetoclax")
    >>> bm.evidence_diff(table, "rr_aml_venetoclax").same
    True
    """
    survival = isinstance(old, SurvivalTable) or isinstance(new, SurvivalTable)
    before, after = (
        table_of(source, name, survival=survival) for name, source in (("old", old), ("new", new))
    )
    named_by = (*KEY, TIME) if survival else KEY
    rows = row_changes(before.frame, after.frame, named_by)
    columns = [tuple(map(str, table.frame.columns)) for table in (before, after)]
    return EvidenceDiff(
        before.name,
        after.name,
        rows.added,
        rows.removed,
        rows.changed,
        pd.DataFrame(_counts(before, after, rows, COUNTED_OF_SURVIVAL if survival else COUNTED)),
        _overlaps(before.frame, after.frame),
        tuple(name for name in columns[1] if name not in columns[0]),
        tuple(name for name in columns[0] if name not in columns[1]),
        not in_same_order(before.frame, after.frame, named_by),
    )


def _counts(
    old: AnyTable, new: AnyTable, rows: RowChanges, names: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    changes = (rows.added, rows.removed, rows.changed)
    # What is blank in a table is not known to those who tell of changes.
    touched = {"" if pd.isna(one) else str(one) for part in changes for one in part[OUTCOME]}
    # Columns of one table alone, such as those of overlap, may change what is taken of any outcome.
    other_columns = set(old.frame.columns) != set(new.frame.columns)
    for outcome in dict.fromkeys([*old.frame[OUTCOME], *new.frame[OUTCOME]]):
        before = _counted(old, str(outcome))
        after = _counted(new, str(outcome)) if other_columns or outcome in touched else before
        each = {"old": before, "new": after}
        numbers = {f"{name}_{end}": one.get(name, 0) for name in names for end, one in each.items()}
        yield {"outcome": str(outcome), **numbers}


def _counted(table: AnyTable, outcome: str) -> dict[str, int]:
    """Return what a table holds of an outcome, and what `select` takes of that by default."""
    found = {"rows": int((table.frame[OUTCOME] == outcome).sum())}
    if not found["rows"]:
        return found
    try:
        with warnings.catch_warnings():
            # Both tables are the same in most of what would be told.
            warnings.simplefilter("ignore", EvidenceWarning)
            arms: Arms = table.select(outcome=outcome)
    except EvidenceError:
        return found
    found |= {"studies": len(arms.studies), "arms": len(arms), "patients": int(arms.n.sum())}
    if isinstance(arms, SurvivalArms):
        return found | {"landmarks": len(arms.landmarks), "medians": len(arms.medians)}
    return found | {"events": int(arms.events.sum())}


def _overlaps(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return the groups of cohorts that may share patients and are not the same in both."""
    before, after = _groups(old), _groups(new)
    rows = [
        {
            OVERLAP_GROUP: group,
            "change": _change(before.get(group), after.get(group)),
            "old": _members(before.get(group, {})),
            "new": _members(after.get(group, {})),
            "first_old": next(iter(before.get(group, {})), ""),
            "first_new": next(iter(after.get(group, {})), ""),
        }
        for group in dict.fromkeys([*before, *after])
        if before.get(group) != after.get(group)
    ]
    names = [OVERLAP_GROUP, "change", "old", "new", "first_old", "first_new"]
    return pd.DataFrame(rows, columns=names)


def _groups(frame: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return the rank of each study of each group, the lowest first."""
    if OVERLAP_GROUP not in frame.columns:
        return {}
    rows = frame[frame[OVERLAP_GROUP] != ""]
    found: dict[str, dict[str, int]] = {}
    each = zip(rows[OVERLAP_GROUP], rows[STUDY], rows[OVERLAP_RANK], strict=True)
    for group, study, rank in each:
        found.setdefault(str(group), {}).setdefault(str(study), int(rank))
    return {
        group: dict(sorted(own.items(), key=lambda one: one[1])) for group, own in found.items()
    }


def _change(old: dict[str, int] | None, new: dict[str, int] | None) -> str:
    return "new" if old is None else "removed" if new is None else "changed"


def _members(studies: dict[str, int]) -> str:
    return ", ".join(f"{study} ({rank})" for study, rank in studies.items())
