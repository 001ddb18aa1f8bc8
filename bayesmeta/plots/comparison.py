"""The comparison of models: differences of their predictive scores, with standard errors."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import counted
from bayesmeta.plots.checks import check_columns, check_numbers
from bayesmeta.plots.fit_text import warning_of_fits
from bayesmeta.plots.pages import Plot, Words
from bayesmeta.plots.rows import Column, Rows, draw_axis, draw_rows
from bayesmeta.plots.style import DOT, INK, MODEL, RANGE, house_style

__all__ = ["comparison"]

Array = npt.NDArray[np.float64]

NUMBERS = ("elpd_diff", "dse", "weight")

THIN, THICK, MARK = 0.8, 2.4, 26.0
"""Widths of lines in points, and area of marks in square points."""

NOTE = (
    "Difference in expected log predictive density (elpd) from the best model. Thick lines reach one "
    "standard error to either side, thin ones two. A difference below 4, or below two standard "
    "errors, does not tell two models apart."
)


def comparison(table: pd.DataFrame, *, notes: Sequence[str] = ()) -> Plot:
    """Return the differences of models' predictive scores, with standard errors and weights.

    Parameters
    ----------
    table : DataFrame
        Of `compare`: one row per model with columns `model`, `elpd_diff` (difference of the expected
        log predictive density from the best model's), `dse` (its standard error) and `weight`, from
        0 to 1. Where `fits`, `failed` and `flagged` say that fits failed, so does the first line.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the table that was given, one row per model from the top down.

    Raises
    ------
    SettingsError
        If the table lacks a column or a number.

    References
    ----------
    Sivula, Magnusson, Matamoros & Vehtari 2025, doi:10.1214/25-BA1569 (when differences are
    uncertain).
    Yao, Vehtari, Simpson & Gelman 2018, doi:10.1214/17-BA1091 (stacking weights).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> scores = {"elpd_diff": [0, -3], "dse": [0, 1.5], "weight": [1, 0]}
    >>> table = pd.DataFrame({"model": ["a", "b"]} | scores)
    >>> bm.plots.comparison(table)
    Plot(comparison: 2 models)
    """
    table = check_columns(table, ("model", *NUMBERS)).reset_index(drop=True)
    check_numbers(table, NUMBERS, "model")
    difference, error = (table[name].to_numpy(dtype=np.float64) for name in NUMBERS[:2])
    best = (difference == 0) & (error == 0)
    told = [
        f"{one:.1f} ({own:.1f})".replace("-", "\N{MINUS SIGN}")
        for one, own in zip(difference, error, strict=True)
    ]
    rows = Rows(
        heading="Model",
        axis="Difference in elpd",
        labels=[str(name) for name in table["model"]],
        columns=[
            Column("Difference\n(SE)", np.where(best, "best", told).tolist()),
            Column("Weight\n%", [f"{100 * weight:.0f}" for weight in table["weight"]]),
        ],
        bold=np.flatnonzero(best).tolist(),
    )
    with house_style():
        words = Words("Models by predictive score", [NOTE, *notes], _warning(table))
        figure, graph, heights = draw_rows(rows, words)
        _draw(graph, difference, error, heights)
        ends = np.concatenate([difference - 2 * error, difference + 2 * error, [0.0]])
        draw_axis(graph, ends, "Difference in elpd from the best model")
    return Plot("comparison", figure, table, counted(len(table), "model"))


def _warning(table: pd.DataFrame) -> str:
    counts = ("fits", "failed", "flagged")
    if not all(name in table for name in counts):
        return ""
    fits, failed, flagged = (int(table[name].sum()) for name in counts)
    return warning_of_fits(failed + flagged, fits)


def _draw(graph: Axes, difference: Array, error: Array, heights: Array) -> None:
    graph.axvline(0, color=INK, linewidth=0.8, linestyle=":", zorder=1)
    for reach, width, colour in ((2, THIN, MODEL), (1, THICK, RANGE)):
        ends = difference - reach * error, difference + reach * error
        graph.hlines(heights, *ends, color=colour, linewidth=width, zorder=2)
    graph.scatter(difference, heights, s=MARK, zorder=3, **DOT)
