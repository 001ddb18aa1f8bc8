"""`read_evidence`: a CSV file or a DataFrame as a checked evidence table."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Literal

import pandas as pd

from bayesmeta.errors import EvidenceError
from bayesmeta.evidence.cells import cells_of_csv, cells_of_frame
from bayesmeta.evidence.checks import checked
from bayesmeta.evidence.table import EvidenceTable
from bayesmeta.evidence.values import Notation, has_decimal_commas
from bayesmeta.paths import expanded

__all__ = ["read_evidence"]


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
        don't count.
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
        If the table can't be read or breaks rules; the message names, for each rule, file, row and
        column.
    SettingsError
        If another argument is not what it must be.

    Notes
    -----
    A covariate holds numbers if more than half of its known values are numbers, or numbers written
    in another way: with a decimal comma, a percent sign, separated thousands, or their spread,
    such as ``62 (45-80)``. A known value that is no number is then an error. Otherwise the covariate
    is a factor.

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
    given = notation.given
    if isinstance(source, pd.DataFrame):
        cells, name = cells_of_frame(source), "DataFrame"
    elif isinstance(source, str | PathLike):
        cells, separator = cells_of_csv(expanded(source))
        name = Path(source).name
        if separator == ";" and has_decimal_commas(cells):
            notation = notation.with_decimal(",")
    else:
        raise EvidenceError(
            f"`source` must be the path of a CSV file or a DataFrame; got {type(source).__name__}."
        )
    frame, remarks = checked(cells, name, notation)
    return EvidenceTable(frame, name, remarks, given)
