"""Evidence tables from a file, a DataFrame or the package, and estimates of published reviews."""

from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Protocol

import pandas as pd

from bayesmeta.errors import EvidenceError, nearest
from bayesmeta.evidence.cells import cells_of_csv, cells_of_frame
from bayesmeta.evidence.checked_table import CheckedTable
from bayesmeta.evidence.checks import checked
from bayesmeta.evidence.columns import ARM, STUDY
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.table import EvidenceTable
from bayesmeta.evidence.values import Notation, has_decimal_commas
from bayesmeta.labels import labels_of_csv
from bayesmeta.paths import expanded


def read_evidence(
    source: str | PathLike[str] | pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    missing: Sequence[str] | None = None,
    text: Sequence[str] = (),
    decimal: Literal[".", ","] | None = None,
) -> EvidenceTable:
    """Return a checked evidence table from a CSV file or a DataFrame.

    Parameters
    ----------
    source : path or DataFrame
        One row per study, arm, stratum and outcome. Needed columns: `study`, `events`
        (responders) and `n` (patients). `arm`, `stratum` (``covariate=level``) and `outcome` are
        optional; so are `label`, `part_of`, `overlap_group`, `overlap_rank`, `default_include`,
        `exclusion_reason` and `derivation`, which `EvidenceTable.select` uses. Every other column
        is a covariate. Cells of a file are separated by commas or semicolons; blanks around a cell
        do not count.
    columns : mapping, optional
        Columns of the table that have other names: ``{"events": "xi", "n": "ni"}``.
    missing : sequence of str, optional
        Words that say, in counts and covariates, that a value is not known, in any case of letters;
        NR, ND, n/a and a dash where None. Blank and ``NA`` cells are missing in every column.
    text : sequence of str
        Covariates whose values are names even where they look like numbers or missing values.
    decimal : {".", ","}, optional
        The decimal mark of covariates. Where None, a comma if cells are separated by semicolons and
        numbers have commas throughout; else a point.

    Returns
    -------
    EvidenceTable
        Its `findings` hold what is probably not meant, such as one study spelt in two ways.

    Raises
    ------
    EvidenceError
        If the table cannot be read or breaks rules; the message names rule, row and column.
    SettingsError
        If another argument is not what it must be.

    Notes
    -----
    A covariate holds numbers if more than half of its known values are numbers, in whatever notation:
    ``61,0``, ``35 %``, ``1 200`` or ``62 (45-80)``. A known value that is not a number is then an error.
    Otherwise the covariate is a factor.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayesmeta as bm
    >>> rows = pd.DataFrame({"study": ["a", "b"], "xi": [4, 7], "n": [10, 20], "age": ["61", "NR"]})
    >>> table = bm.read_evidence(rows, columns={"events": "xi"})
    >>> table
    EvidenceTable(DataFrame: 2 studies, 2 arms, 1 outcome, 2 rows)
    >>> table.frame["age"].tolist()
    [61.0, nan]
    """
    notation = Notation({} if columns is None else columns, missing, text, decimal)
    return read_table(EvidenceTable, source, notation, checked)


class Check(Protocol):
    """The checks of one kind of table; see `checks.checked`."""

    def __call__(
        self, cells: pd.DataFrame, name: str, notation: Notation, /
    ) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
        """Return `cells` with typed columns, and words of text columns that were taken as missing."""
        ...


def read_table[T: CheckedTable](
    kind: type[T],
    source: str | PathLike[str] | pd.DataFrame,
    notation: Notation,
    check: Check,
    **given: Any,
) -> T:
    """Return a table of some kind from a CSV file or a DataFrame; `given` is kept as its reading."""
    cells, name, found = _cells_of(source, notation)
    frame, remarks = check(cells, name, found)
    return kind(frame, name, remarks, notation.given | given)


def _cells_of(
    source: str | PathLike[str] | pd.DataFrame, notation: Notation
) -> tuple[pd.DataFrame, str, Notation]:
    """Return the cells of a file or a DataFrame, its name, and how its numbers are written."""
    if isinstance(source, pd.DataFrame):
        return cells_of_frame(source), "DataFrame", notation
    if not isinstance(source, str | PathLike):
        raise EvidenceError(
            f"`source` must be the path of a CSV file or a DataFrame; got {type(source).__name__}."
        )
    cells, separator = cells_of_csv(expanded(source))
    commas = separator == ";" and has_decimal_commas(cells)
    return cells, Path(source).name, notation.with_decimal(",") if commas else notation


BUNDLED_NOTATION = Notation(text=("ref",))
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
    return load_table(EvidenceTable, name, "results.csv", notation=BUNDLED_NOTATION, check=checked)


def load_table[T: CheckedTable](
    kind: type[T], name: str, file: str, *, notation: Notation, check: Check
) -> T:
    """Return a table of some kind from a file of a bundled table, with its labels."""
    frame, _ = check(_bundled_rows(name, file), name, notation)
    labels = labels_of_csv((_data() / name / "labels.csv").read_text(encoding="utf-8"))
    return kind(frame, name, labels=labels)


def _bundled_rows(name: str, file: str) -> pd.DataFrame:
    """Return the cells of a file of a bundled table, joined with the columns of their arm and study."""
    rows, arms, studies = (_bundled_cells(name, one) for one in (file, "arms.csv", "studies.csv"))
    # Rows and studies each say where they stand in their source.
    studies = studies.rename(columns={"locator": "study_locator", "notes": "study_notes"})
    joined = rows.merge(arms, on=[STUDY, ARM], how="left", validate="many_to_one").merge(
        studies, on=STUDY, how="left", validate="many_to_one"
    )
    joined.index = rows.index
    return joined.astype(object).where(joined.notna(), None)


def _bundled_cells(name: str, file: str) -> pd.DataFrame:
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
    cells = _bundled_cells(name, "published_pooled.csv")
    table = cells.astype({"n_studies": "int64", "n_patients": "int64"}).fillna({"notes": ""})
    for percent in _PERCENT:
        # Two more digits than any percentage has: 63.79 / 100 shall be 0.6379.
        table[percent] = (table[percent].astype("float64") / 100).round(6)
    return table.rename(columns=_PERCENT).reset_index(drop=True)
