"""A table with labels of its levels and outcomes."""

from dataclasses import replace

from bayesmeta.evidence.columns import COUNTS
from bayesmeta.evidence.table import EvidenceTable
from bayesmeta.labels import Labels

__all__ = ["labelled"]


def labelled(table: EvidenceTable, labels: Labels) -> EvidenceTable:
    """Return the table with further labels, which go before those it has.

    Raises
    ------
    SpecError
        If a label is of a column, value or outcome that the table has not.
    """
    columns = [str(name) for name in table.frame.columns if name not in COUNTS]
    labels.check({name: table.frame[name].dropna().astype(str).unique() for name in columns})
    return replace(table, labels=labels.over(table.labels))
