"""Evidence tables from a file, a DataFrame or the package, and estimates of published reviews."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import pandas as pd

from bayesmeta import bundled
from bayesmeta.errors import EvidenceError, nearest
from bayesmeta.evidence.checked_table import CheckedTable
from bayesmeta.evidence.checks import checked
from bayesmeta.evidence.columns import ARM, STUDY
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.sources import Source, cells_of
from bayesmeta.evidence.table import EvidenceTable
from bayesmeta.evidence.text_files import cells_of_text
from bayesmeta.evidence.values import Notation
from bayesmeta.labels import labels_of_csv


def read_evidence(
    source: Source,
    *,
    columns: Mapping[str, str] | None = None,
    rate: str | None = None,
    sheet: str | None = None,
    missing: Sequence[str] | None = None,
    text: Sequence[str] = (),
    decimal: Literal[".", ","] | None = None,
) -> EvidenceTable:
    """Return a checked evidence table from a file or a frame.

    Parameters
    ----------
    source : path or frame
        A file (CSV, .xlsx, .parquet) or a frame of pandas, polars or pyarrow, with one row per study,
        arm, stratum and outcome. Needed columns: `study`, `events` (responders) and `n` (patients).
        `arm`, `stratum` (``covariate=level``) and `outcome` are optional; so are `label`, `part_of`,
        `overlap_group`, `overlap_rank`, `default_include`, `exclusion_reason` and `derivation`, which
        `EvidenceTable.select` uses, and the rate as printed, with its interval, in percent
        (`percent_reported`, `ci_low_reported`, `ci_high_reported`), which the counts are checked
        against. Every other column is a covariate. Cells of text are separated by commas, semicolons
        or tabs; blanks around a cell do not count. Text is UTF-8, UTF-16 or Latin-1.
    columns : mapping, optional
        Columns of the table that have other names: ``{"events": "xi", "n": "ni"}``, or
        ``{"xi": "events", "ni": "n"}``. Where both names of a pair mean something, the first is the
        meaning.
    rate : str, optional
        Column of percentages, as printed, from which counts are derived in rows without `events`; see
        Notes.
    sheet : str, optional
        Sheet of a workbook. Where None, the only visible sheet that has a column of studies.
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
    A count explains a percentage if it rounds to it at its printed digits. If it is the only one, it is
    marked ``from_percent`` in column `derivation`. If several do, the nearest is taken and marked
    ``inferred``, and `findings` name them; `select` can leave either out. If none does, the table is
    refused. Counts that are given are marked ``reported`` where nothing else is said.

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
    notation = Notation({} if columns is None else columns, missing, text, decimal, rate=rate)
    return read_table(EvidenceTable, source, notation, checked, sheet=sheet)


class Check(Protocol):
    """The checks of one kind of table; see `checks.checked`."""

    def __call__(
        self,
        cells: pd.DataFrame,
        name: str,
        notation: Notation,
        broken_shape: Sequence[Finding] = (),
        /,
    ) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
        """Return `cells` with typed columns, and what was found that is not an error."""
        ...


def read_table[T: CheckedTable](
    kind: type[T],
    source: Source,
    notation: Notation,
    check: Check,
    *,
    sheet: str | None = None,
    **given: Any,
) -> T:
    """Return a table of some kind from a file or a frame; `given` is kept as its reading."""
    cells, name = cells_of(source, sheet, notation.columns.get(STUDY, STUDY))
    own = dict(cells.reading)
    found = notation.with_decimal(own.pop("decimal", None))
    frame, remarks = check(cells.frame, name, found, cells.broken)
    return kind(frame, name, (*cells.remarks, *remarks), notation.given | own | given)


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
    return bundled.evidence_names()


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
    labels = labels_of_csv((bundled.evidence() / name / "labels.csv").read_text(encoding="utf-8"))
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
    """Return the cells of a file of a bundled table as text; see `cells_of_text`."""
    if name not in bundled_evidence():
        raise EvidenceError(
            f"There is no bundled table '{name}'. {nearest(name, bundled_evidence())}"
        )
    return cells_of_text(bundled.evidence() / name / file, file).frame


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
