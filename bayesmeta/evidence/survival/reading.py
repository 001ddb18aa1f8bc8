"""Survival tables from a file, a DataFrame or the package."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from bayesmeta.errors import SettingsError, nearest
from bayesmeta.evidence.reading import BUNDLED_NOTATION, load_table, read_table
from bayesmeta.evidence.sources import Source
from bayesmeta.evidence.survival.checks import checked
from bayesmeta.evidence.survival.columns import MEANINGFUL
from bayesmeta.evidence.survival.table import SurvivalTable
from bayesmeta.evidence.survival.values import MONTHS, unit_of
from bayesmeta.evidence.values import Notation


def read_survival(
    source: Source,
    *,
    time_unit: Literal["days", "weeks", "months", "years"] | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    missing: Sequence[str] | None = None,
    text: Sequence[str] = (),
    decimal: Literal[".", ","] | None = None,
) -> SurvivalTable:
    """Return a checked survival table from a file or a frame.

    Parameters
    ----------
    source : path or frame
        As of `read_evidence`, with one row per landmark or median. A landmark has `time` and `survival`
        (probability, or a percentage with its sign), and `ci_low`, `ci_high` and `at_risk` where known.
        A median has `median`, and `median_low` and `median_high` where known; a median or upper limit
        that was not reached is NR. Other columns: `study` (needed), `arm`, `stratum`, `outcome`, `n`
        (patients), `reached` (yes or no), `followup` (median) and `unit` (days, weeks, months or
        years), and those of `read_evidence`.
    time_unit : {"days", "weeks", "months", "years"}, optional
        Unit of time of rows that name none in column `unit`.
    columns, sheet, missing, text, decimal
        As of `read_evidence`.

    Returns
    -------
    SurvivalTable
        With lengths of time in months: a year has 12, a day 12/365.25. Its `findings` hold what is
        probably not meant, such as a landmark that contradicts the median.

    Raises
    ------
    EvidenceError
        If the table cannot be read or breaks rules; the message names rule, row and column.
    SettingsError
        If another argument is not what it must be.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayesmeta as bm
    >>> rows = pd.DataFrame({"study": ["a", "b"], "time": [1, 26], "survival": ["40%", 0.55],
    ...                      "n": [20, 31], "unit": ["years", "weeks"]})
    >>> bm.read_survival(rows).frame[["study", "time", "survival"]].round(2)
          study   time  survival
    row 1     a  12.00      0.40
    row 2     b   5.98      0.55
    """
    notation = Notation({} if columns is None else columns, missing, text, decimal, MEANINGFUL)
    if time_unit is not None and (not isinstance(time_unit, str) or unit_of(time_unit) is None):
        raise SettingsError(
            f"`time_unit` must be a unit of time; got {time_unit!r}. {nearest(str(time_unit), MONTHS)}"
        )
    given = {} if time_unit is None else {"time_unit": time_unit}
    return read_table(
        SurvivalTable,
        source,
        notation,
        partial(checked, time_unit=time_unit),
        sheet=sheet,
        **given,
    )


def load_survival(name: str) -> SurvivalTable:
    """Return the survival of a bundled evidence table, joined with the columns of arms and studies.

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
    >>> bm.load_survival("rr_aml_venetoclax").outcomes
             landmarks  medians  studies
    outcome
    OS              14       71       29
    DOR              0       12        7
    EFS              1       11        6
    RFS              0        2        2
    """
    notation = replace(BUNDLED_NOTATION, meaningful=MEANINGFUL)
    return load_table(SurvivalTable, name, "survival.csv", notation=notation, check=checked)
