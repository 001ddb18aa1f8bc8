"""Pooled estimates of published meta-analyses, for comparison."""

import pandas as pd

from bayesmeta.evidence.bundled import bundled_cells

__all__ = ["load_published"]

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
