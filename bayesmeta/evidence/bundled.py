"""The evidence that comes with the package."""

from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

import pandas as pd

from bayesmeta.errors import EvidenceError, nearest
from bayesmeta.evidence.cells import cells_of_csv
from bayesmeta.evidence.checks import checked
from bayesmeta.evidence.columns import ARM, STUDY
from bayesmeta.evidence.labelling import labelled
from bayesmeta.evidence.notation import Notation
from bayesmeta.evidence.table import EvidenceTable
from bayesmeta.label_files import labels_of_csv

__all__ = ["bundled_cells", "bundled_evidence", "load_evidence"]

_NOTATION = Notation(text=("ref",))
"""Numbers of references, of which a row may have two."""


def bundled_evidence() -> tuple[str, ...]:
    """Return the names that `load_evidence` knows.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.bundled_evidence()
    ('rr_aml_venetoclax',)
    """
    return tuple(sorted(folder.name for folder in _data().iterdir() if folder.is_dir()))


def load_evidence(name: str) -> EvidenceTable:
    """Return a bundled evidence table: results, joined with the columns of their arm and study.

    Parameters
    ----------
    name : str
        ``"rr_aml_venetoclax"``: venetoclax regimens in relapsed or refractory AML.

    Raises
    ------
    EvidenceError
        If there is no such table.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.load_evidence("rr_aml_venetoclax")
    EvidenceTable(rr_aml_venetoclax: 46 studies, 57 arms, 75 outcomes, 316 rows)
    """
    results, arms, studies = (
        bundled_cells(name, file) for file in ("results.csv", "arms.csv", "studies.csv")
    )
    # Results and studies each say where they stand in their source.
    studies = studies.rename(columns={"locator": "study_locator", "notes": "study_notes"})
    joined = results.merge(arms, on=[STUDY, ARM], how="left", validate="many_to_one").merge(
        studies, on=STUDY, how="left", validate="many_to_one"
    )
    joined.index = results.index
    frame, _ = checked(joined.astype(object).where(joined.notna(), None), name, _NOTATION)
    labels = (_data() / name / "labels.csv").read_text(encoding="utf-8")
    return labelled(EvidenceTable(frame, name), labels_of_csv(labels))


def bundled_cells(name: str, file: str) -> pd.DataFrame:
    """Return the cells of a file of a bundled table as text; see `cells_of_csv`.

    Raises
    ------
    EvidenceError
        If there is no such table.
    """
    if name not in bundled_evidence():
        raise EvidenceError(
            f"There is no bundled table '{name}'. {nearest(name, bundled_evidence())}"
        )
    with as_file(_data() / name / file) as path:
        return cells_of_csv(path)[0]


def _data() -> Traversable:
    return files("bayesmeta.evidence") / "data"
