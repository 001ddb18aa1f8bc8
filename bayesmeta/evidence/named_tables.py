"""Tables as people name them: a table that is there, the name of a bundled one, or a file."""

from os import PathLike
from pathlib import Path
from typing import Any

from bayesmeta.errors import EvidenceError
from bayesmeta.evidence.checked_table import CheckedTable
from bayesmeta.evidence.reading import load_evidence, read_evidence
from bayesmeta.evidence.sources import Source
from bayesmeta.evidence.survival.reading import load_survival, read_survival
from bayesmeta.evidence.survival.table import SurvivalTable
from bayesmeta.evidence.table import EvidenceTable

AnyTable = EvidenceTable | SurvivalTable


def is_file(source: object) -> bool:
    """Return whether what a person names is a file, and not a bundled table."""
    if not isinstance(source, str):
        return isinstance(source, PathLike)
    return "." in source or "/" in source or Path(source).exists()


def table_of(
    source: "AnyTable | Source", argument: str, *, survival: bool = False, **reading: Any
) -> AnyTable:
    """Return a table as it is, by the name of a bundled one, or read by these arguments.

    Raises
    ------
    EvidenceError
        If it is a table of another kind than asked for, or cannot be read.
    """
    if isinstance(source, CheckedTable):
        kind = SurvivalTable if survival else EvidenceTable
        if not isinstance(source, kind):
            raise EvidenceError(
                f"`{argument}` must be {'of survival' if survival else 'of counts of responders'}, as the other is; got "
                f"{type(source).__name__}. Read it by {'read_survival' if survival else 'read_evidence'}."
            )
        return source
    if isinstance(source, str) and not is_file(source):
        return load_survival(source) if survival else load_evidence(source)
    if survival:
        return read_survival(source, **reading)
    return read_evidence(source, **reading)
