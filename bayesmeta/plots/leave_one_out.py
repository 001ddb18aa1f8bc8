"""The leave-one-out forest: what becomes of a pooled estimate without each study."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.plots.checks import check_columns, check_numbers
from bayesmeta.plots.pages import Plot, Words
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.rows import ROW, Rows, draw_axis, draw_rows
from bayesmeta.plots.style import BAND, INK, MODEL, RANGE, house_style
from bayesmeta.plots.ticks import number_texts

__all__ = ["leave_one_out"]

Array = npt.NDArray[np.float64]

COLUMNS = ("study", "label", "estimate", "lower", "upper")
NUMBERS = ("estimate", "lower", "upper")

RATE = "probability"
"""The scale of rates."""

THICK, MARK = 2.0, 22.0
"""Width of lines in points, and area of marks in square points."""


def leave_one_out(
    table: pd.DataFrame,
    *,
    quantity: str | None = None,
    rates: bool | None = None,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the forest of a pooled estimate without each study in turn.

    A line and a band through all rows are the estimate and interval of the fit to all studies. A study
    whose row lies off the line is one that the estimate rests on.

    Parameters
    ----------
    table : DataFrame
        One row per study left out, in the order in which they are drawn, with columns `study`, `label`
        (what is printed), `estimate`, `lower` and `upper`. The row of all studies has the study ``""``.
    quantity : str, optional
        What is estimated; where None, what column `quantity` of the table says, or else the typical
        rate.
    rates : bool, optional
        Whether estimates are rates (probability), shown as `scale` says; else they are shown plainly.
        Where None, as column `scale` of the table says, or else True.
    ci_prob : float
        Probability of the intervals in the table, for the captions.
    scale : RateScale
        What rates are counted per.
    notes : sequence of str
        Lines below the figure.

    Returns
    -------
    Plot
        With `figure`, `save(path)` and `table`:
        the table that was given, the fit to all studies first: `study`, `label`, `estimate`, `lower`,
        `upper`, and `change`, the difference from that fit, on the scale of the estimate.

    Raises
    ------
    SettingsError
        If the table lacks a column, a number, or its one row of all studies.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> rows = {"study": ["", "a"], "label": ["", "A 2020"], "estimate": [0.5, 0.4]}
    >>> table = pd.DataFrame(rows | {"lower": [0.4, 0.3], "upper": [0.6, 0.5]})
    >>> bm.plots.leave_one_out(table)
    Plot(leave_one_out: 1 study left out)
    """
    check_ci_prob(ci_prob)
    table = check_columns(table, COLUMNS)
    check_numbers(table, NUMBERS, "label")
    quantity = (
        _said(table, "quantity", "typical rate").capitalize() if quantity is None else quantity
    )
    rates = _said(table, "scale", RATE) == RATE if rates is None else rates
    whole = table["study"] == ""
    if whole.sum() != 1:
        raise SettingsError(
            f"`table` must have one row with study '', the fit to all studies; got {whole.sum()}."
        )
    ordered = pd.concat([table[whole], table[~whole]], ignore_index=True)
    ordered["change"] = ordered["estimate"] - ordered["estimate"].iloc[0]
    label = scale.label(quantity) if rates else quantity
    heading = f"Estimate {scale.unit}" if rates else "Estimate"
    rows = Rows(
        heading="Without",
        axis=quantity,
        columns=(
            f"{heading}\n({100 * ci_prob:g}% CrI)",
            "Change\n" + (scale.points if rates else ""),
        ),
        labels=["All studies", *ordered["label"].iloc[1:].astype(str)],
        cells=[_cells(row, scale if rates else None) for row in ordered.to_dict("records")],
        bold=[True] + [False] * (len(ordered) - 1),
    )
    with house_style():
        words = Words(f"{quantity}, each study left out in turn", notes)
        figure, graph, heights = draw_rows(rows, words)
        scaled = ordered[list(NUMBERS)].to_numpy(dtype=np.float64) * (scale.per if rates else 1)
        _draw(graph, scaled, heights)
        within = (0.0, float(scale.per)) if rates else (-np.inf, np.inf)
        draw_axis(graph, scaled, label, within)
    return Plot(
        "leave_one_out",
        figure,
        ordered,
        f"{counted(len(ordered) - 1, 'study', 'studies')} left out",
    )


def _said(table: pd.DataFrame, column: str, default: str) -> str:
    """Return what a column says of all rows, or the default."""
    return str(table[column].iloc[0]) if column in table and len(table) else default


def _cells(row: Mapping[Hashable, Any], scale: RateScale | None) -> tuple[str, str]:
    values = [row[name] for name in NUMBERS]
    estimate, lower, upper = scale.texts(*values) if scale else number_texts(*values)
    places = len(estimate.partition(".")[2])
    change = f"{(scale.per if scale else 1) * row['change']:+.{places}f}"
    change = change.replace("-", "\N{MINUS SIGN}") if float(change) else change[1:]
    return f"{estimate} ({lower}\N{EN DASH}{upper})", "" if row["study"] == "" else change


def _draw(graph: Axes, numbers: Array, heights: Array) -> None:
    """Draw the rows, the first of which is that of all studies; numbers in units of the axis."""
    estimate, lower, upper = numbers.T
    top, bottom = heights[0] - ROW / 2, heights[-1] + ROW / 2
    graph.fill_betweenx([top, bottom], lower[0], upper[0], color=BAND, linewidth=0, zorder=0.5)
    graph.vlines(estimate[0], top, bottom, color=MODEL, linewidth=0.8, linestyle=":", zorder=1)
    graph.hlines(heights, lower, upper, color=RANGE, linewidth=THICK, zorder=2)
    look: dict[str, Any] = {"color": MODEL, "zorder": 3}
    graph.scatter(estimate[1:], heights[1:], s=MARK, edgecolor="white", linewidth=0.4, **look)
    graph.scatter(
        estimate[:1], heights[:1], s=2 * MARK, marker="D", edgecolor=INK, linewidth=0.8, **look
    )
