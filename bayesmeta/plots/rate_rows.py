"""Rows of rates: the typical rate as a mark on a thin line, a new study's as a wide, light bar."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.plots.rate_axis import rate_axis
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.rows import GRAPH, ROW, draw_axis
from bayesmeta.plots.style import BAND, INK, MODEL, PREDICTION

__all__ = ["PERCENT", "RATES", "draw_rates", "rate_cells", "rate_columns", "tau_cell"]

Array = npt.NDArray[np.float64]

RATES = ("typical", "typical_lower", "typical_upper", "new_study_lower", "new_study_upper")
"""Columns of the tables drawn (probability)."""

WIDE, THICK, MARK = 5.0, 2.0, 22.0
"""Widths of lines in points: of a new study and of the typical rate; and area of marks."""


PERCENT = RateScale()
"""How rates are shown where nothing else is asked."""


def rate_columns(ci_prob: float, scale: RateScale = PERCENT) -> tuple[str, str]:
    """Return what stands above the numbers of `rate_cells`."""
    sure = f"{100 * ci_prob:g}%"
    return f"Typical {scale.unit}\n({sure} CrI)", f"New study {scale.unit}\n({sure} PI)"


def rate_cells(row: Mapping[Hashable, Any], scale: RateScale = PERCENT) -> tuple[str, str]:
    """Return the numbers of a row as text; empty where there are none."""
    if pd.isna(row["typical"]):
        return "", ""
    typical, low, high = scale.texts(*(row[name] for name in RATES[:3]))
    new_low, new_high = scale.texts(*(row[name] for name in RATES[3:]))
    return f"{typical} ({low} to {high})", f"{new_low} to {new_high}"


def tau_cell(row: Mapping[Hashable, Any]) -> str:
    """Return tau with its interval as text; empty where there is none."""
    if pd.isna(row["tau"]):
        return ""
    median, low, high = (f"{row[f'tau{end}']:.2f}" for end in ("", "_lower", "_upper"))
    return f"{median} ({low} to {high})"


def draw_rates(
    graph: Axes, table: pd.DataFrame, heights: Array, reference: int, *, scale: RateScale = PERCENT
) -> None:
    """Draw rows and their axis; the typical rate of row `reference` is a line and band through all.

    Rows without numbers stay empty.
    """
    rates = table[list(RATES)].to_numpy(dtype=np.float64)
    known = np.isfinite(rates).all(axis=1)
    wanted = replace(scale, axis="zoom") if scale.axis == "auto" else scale
    axis = rate_axis(wanted, rates[known], rates[known, 0])
    typical, lower, upper, new_lower, new_upper = axis.places(rates).T
    draw_axis(graph, np.array(axis.limits), scale.label("Typical rate, and rate of a new study"))
    axis.put_on(graph.xaxis, GRAPH)
    ends = heights[0] - ROW / 2, heights[-1] + ROW / 2
    graph.fill_betweenx(
        ends, lower[reference], upper[reference], color=BAND, linewidth=0, zorder=0.5
    )
    graph.vlines(typical[reference], *ends, color=MODEL, linewidth=0.8, linestyle=":", zorder=1)
    rows = heights[known]
    graph.hlines(
        rows, new_lower[known], new_upper[known], color=PREDICTION, linewidth=WIDE, zorder=2
    )
    graph.hlines(rows, lower[known], upper[known], color=MODEL, linewidth=THICK, zorder=3)
    chosen = np.arange(len(table)) == reference
    marks = axis.marks(rates[:, 0])
    for some, size, marker, edge in (
        (known & ~chosen, MARK, "o", "white"),
        (known & chosen, 2 * MARK, "D", INK),
    ):
        graph.scatter(
            marks[some], heights[some], s=size, marker=marker, color=MODEL, edgecolor=edge,
            linewidth=0.6, zorder=4,
        )  # fmt: skip
