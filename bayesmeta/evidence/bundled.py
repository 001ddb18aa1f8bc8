"""The evidence that comes with the package, and pooled estimates of published meta-analyses."""

from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

import pandas as pd

from bayesmeta.errors import EvidenceError, nearest
from bayesmeta.evidence.cells import cells_of_csv
from bayesmeta.evidence.checks import checked
from bayesmeta.evidence.columns import ARM, STUDY
from bayesmeta.evidence.table import EvidenceTable, labelled
from bayesmeta.evidence.values import Notation
from bayesmeta.labels import labels_of_csv

__all__ = ["bundled_cells", "bundled_evidence", "load_evidence", "load_published"]

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
    """Return the cells of a file of a bundled table as text; see `cells_of_csv`."""
    if name not in bundled_evidence():
        raise EvidenceError(
            f"There is no bundled table '{name}'. {nearest(name, bundled_evidence())}"
        )
    with as_file(_data() / name / file) as path:
        return cells_of_csv(path)[0]


def _data() -> Traversable:
    return files("bayesmeta.evidence") / "data"


_PERCENT = {"pooled_pct": "rate", "ci_low": "lower", "ci_high": "upper", "i2_pct": "i_squared"}
"""Columns of the file that are printed as percentages, and their names as shares of one."""


def load_published(name: str) -> pd.DataFrame:
    """Return the pooled estimates that published meta-analyses of a bundled table's question print.

    They are as printed, whatever their faults; none is computed here, and the studies behind them are
    not those of the table.

    Parameters
    ----------
    name : str
        Name of a bundled evidence table; see `load_evidence`.

    Returns
    -------
    DataFrame
        One row per estimate, with columns

        - source: number of the document; `population`: whom it is about;
        - n_studies, n_patients: of the whole review, not of the estimate;
        - outcome: named as in the table;
        - rate, lower, upper: pooled rate and its 95% confidence interval (probability), NaN where
          none is printed;
        - i_squared: I-squared (share of variance), NaN where none is printed;
        - notes: what is odd about the numbers.

    Raises
    ------
    EvidenceError
        If there is no such table.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> published = bm.load_published("rr_aml_venetoclax")
    >>> published.loc[published["outcome"] == "ORR", ["source", "rate", "lower", "upper"]]
      source    rate   lower   upper
    2    002  0.5000  0.4800  0.5300
    8    004  0.6379  0.4967  0.7792
    """
    cells = bundled_cells(name, "published_pooled.csv")
    table = cells.astype({"n_studies": "int64", "n_patients": "int64"}).fillna({"notes": ""})
    for percent in _PERCENT:
        # Two more digits than any percentage has: 63.79 / 100 shall be 0.6379.
        table[percent] = (table[percent].astype("float64") / 100).round(6)
    return table.rename(columns=_PERCENT).reset_index(drop=True)
