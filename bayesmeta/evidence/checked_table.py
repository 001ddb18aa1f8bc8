"""What every kind of evidence table is: checked rows, with their name, remarks and labels."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bayesmeta.evidence.findings import Finding
from bayesmeta.labels import Labels


@dataclass(frozen=True, eq=False, repr=False)
class CheckedTable:
    """Rows that passed the checks of their kind of table.

    Parameters
    ----------
    frame : DataFrame
        The checked rows; the index says where each stands in its source.
    name : str
        What messages and provenance call the table.
    remarks : tuple of Finding
        What was taken as missing in columns of text.
    reading : mapping
        The arguments of reading that were given, kept with every selection.
    labels : Labels
        What people call levels and outcomes, kept with every selection.
    """

    frame: pd.DataFrame
    name: str
    remarks: tuple[Finding, ...] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)

    @property
    def hash(self) -> str:
        """SHA-256 of the rows, their columns and their order."""
        text = self.frame.to_csv(index=False, lineterminator="\n")
        return hashlib.sha256(text.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.frame)
