"""Rows of rates: the typical rate as a mark on a thin line, a new study's as a wide, light bar."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.plots.rows import ROW, draw_axis
from bayesmeta.plots.style import BAND, INK, MODEL, PREDICTION
from bayesmeta.plots.tables import percent_or_plain

__all__ = ["RATES", "draw_rates", "rate_cells", "rate_columns", "tau_cell"]

Array = npt.NDArray[np.float64]

RATES = ("typical", "typical_lower", "typical_upper", "new_study_lower", "new_study_upper")
"""Columns of the tables drawn (probability)."""

WIDE, THICK, MARK = 5.0, 2.0, 22.0
"""Widths of lines in points: of a new study and of the typical rate; and area of marks."""


def rate_columns(ci_prob: float) -> tuple[str, str]:
    """Return what stands above the numbers of `rate_cells`."""
    sure = f"{100 * ci_prob:g}%"
    return f"Typical %\n({sure} CrI)", f"New study %\n({sure} PI)"


def rate_cells(row: Mapping[Hashable, Any]) -> tuple[str, str]:
    """Return the numbers of a row as text, in percent; empty where there are none."""
    if pd.isna(row["typical"]):
        return "", ""
    typical, low, high, new_low, new_high = (
        percent_or_plain(row[name], rates=True) for name in RATES
    )
    return f"{typical} ({low} to {high})", f"{new_low} to {new_high}"


def tau_cell(row: Mapping[Hashable, Any]) -> str:
    """Return tau with its interval as text; empty where there is none."""
    if pd.isna(row["tau"]):
        return ""
    median, low, high = (f"{row[f'tau{end}']:.2f}" for end in ("", "_lower", "_upper"))
    return f"{median} ({low} to {high})"


def draw_rates(graph: Axes, table: pd.DataFrame, heights: Array, reference: int) -> None:
    """Draw rows and their axis; the typical rate of row `reference` is a line and band through all.

    Rows without numbers stay empty.
    """
    percent = 100 * table[list(RATES)].to_numpy(dtype=np.float64)
    known = np.isfinite(percent).all(axis=1)
    typical, lower, upper, new_lower, new_upper = percent.T
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
    for some, size, marker, edge in (
        (known & ~chosen, MARK, "o", "white"),
        (known & chosen, 2 * MARK, "D", INK),
    ):
        graph.scatter(
            typical[some], heights[some], s=size, marker=marker, color=MODEL, edgecolor=edge,
            linewidth=0.6, zorder=4,
        )  # fmt: skip
    draw_axis(graph, percent[known], "Typical rate, and rate of a new study (%)", (0.0, 100.0))
