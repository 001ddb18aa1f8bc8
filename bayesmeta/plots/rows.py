"""A figure of rows: a label, a place in the graph, and numbers, one line for each."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.plots.lettering import printable, put_text, shortened, text_width
from bayesmeta.plots.pages import MARGIN, Words, bare, inch_axes, sheet
from bayesmeta.plots.rate_axis import rate_axis
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.style import BAND, INK, MODEL, PREDICTION
from bayesmeta.plots.ticks import put_ticks

__all__ = [
    "GRAPH",
    "ROW",
    "Rows",
    "draw_axis",
    "draw_panels",
    "draw_rates",
    "draw_rows",
    "rate_cells",
    "rate_columns",
]

Array = npt.NDArray[np.float64]

ROW, HEADER, AXIS, PAD, GAP = 0.19, 0.42, 0.5, 0.06, 0.22
GRAPH, LONGEST_LABEL = 3.2, 2.8
"""Sizes in inches."""

ROUNDING = 1e-6
"""Inches that the longest label may lack of its own width by rounding."""

SPARE = 0.04
"""Share of the range of the numbers that is left free at either end of the axis."""

RATES = ("typical", "typical_lower", "typical_upper", "new_study_lower", "new_study_upper")
"""Columns of the tables of rates (probability)."""

WIDE, THICK, MARK = 5.0, 2.0, 22.0
"""Widths of lines in points: of a new study and of the typical rate; and area of marks."""


@dataclass(frozen=True)
class Rows:
    """The text of the rows: headings of labels, graph and columns, and of each row label and cells.

    A heading of a column has one line or two; a row may be in bold.
    """

    heading: str
    axis: str
    columns: Sequence[str]
    labels: Sequence[str]
    cells: Sequence[tuple[str, ...]]
    bold: Sequence[bool]


def draw_rows(rows: Rows, words: Words) -> tuple[Figure, Axes, Array]:
    """Return a figure with the text of `rows`, its graph, empty as yet, and the height of each row.

    To be called in `house_style`. The graph has inches from the top of the page down.
    """
    figure, [(graph, heights)] = draw_panels([rows], words)
    return figure, graph, heights


def draw_panels(panels: Sequence[Rows], words: Words) -> tuple[Figure, list[tuple[Axes, Array]]]:
    """Return a figure of several rows, one below the other: of each its graph and heights."""
    graph = MARGIN + min(max(map(_longest, panels)), LONGEST_LABEL) + GAP
    edges = [_edges(rows, graph + GRAPH) for rows in panels]
    width = max(each[-1] for each in edges) + MARGIN
    sizes = [HEADER + 2 * PAD + len(rows.labels) * ROW + AXIS for rows in panels]
    figure, page, top = sheet(words, width, sum(sizes))
    drawn = []
    for rows, own, size in zip(panels, edges, sizes, strict=True):
        down, heights = _put_panel(page, rows, (graph, *own), top)
        drawn.append((inch_axes(figure, (graph, graph + GRAPH), down), heights))
        top += size
    return figure, drawn


def _longest(rows: Rows) -> float:
    """Return the width of the longest label."""
    labels = zip(rows.labels, rows.bold, strict=True)
    widths = [text_width(printable(label), bold=bold) for label, bold in labels]
    return max(*widths, text_width(rows.heading, bold=True))


def _put_panel(
    page: Axes, rows: Rows, places: Sequence[float], top: float
) -> tuple[tuple[float, float], Array]:
    """Put rows below `top`, and return where their graph begins and ends, and their heights.

    `places` are the left edge of the graph and the right edges of the columns.
    """
    graph, *edges = places
    rule = top + HEADER
    bottom = rule + PAD + len(rows.labels) * ROW + PAD
    _put_header(page, rows, (graph + GRAPH / 2, *edges), rule)
    heights: Array = rule + PAD + (np.arange(len(rows.labels), dtype=np.float64) + 0.5) * ROW
    for label, cells, bold, y in zip(rows.labels, rows.cells, rows.bold, heights, strict=True):
        room = graph - GAP - MARGIN + ROUNDING
        put_text(page, MARGIN, y, shortened(printable(label), room, bold=bold), bold=bold)
        for edge, text in zip(edges, cells, strict=True):
            put_text(page, edge, y, text, bold=bold, align="right")
    return (rule, bottom), heights


def draw_axis(
    graph: Axes, numbers: Array, label: str, within: tuple[float, float] = (-np.inf, np.inf)
) -> None:
    """Draw the axis of a graph wide enough for all numbers, but not beyond `within`."""
    low, high = float(np.min(numbers)), float(np.max(numbers))
    spare = SPARE * (high - low or 1.0)
    graph.set(xlim=(max(low - spare, within[0]), min(high + spare, within[1])), yticks=[])
    put_ticks(graph.xaxis, 6)
    bare(graph, grid="x", sides=["bottom"])
    graph.set_xlabel(label, labelpad=2)


def _edges(rows: Rows, start: float) -> list[float]:
    """Return the right edge of each column of numbers."""
    edge, found = start, []
    for heading, *cells in zip(rows.columns, *rows.cells, strict=True):
        texts = {*heading.split("\n"), *cells}
        edge += GAP + max(text_width(text, bold=True) for text in texts)
        found.append(edge)
    return found


def _put_header(page: Axes, rows: Rows, places: Sequence[float], rule: float) -> None:
    """Put the headings above a rule across the page; `places` are the graph's and the columns'."""
    lower, upper = rule - 0.1, rule - 0.26
    put_text(page, MARGIN, lower, rows.heading, bold=True)
    put_text(page, places[0], lower, rows.axis, bold=True, align="center")
    for edge, heading in zip(places[1:], rows.columns, strict=True):
        lines = heading.split("\n")
        for y, text in zip((upper, lower)[-len(lines) :], lines, strict=True):
            put_text(page, edge, y, text, bold=True, align="right")
    page.hlines(rule, MARGIN, page.get_xlim()[1] - MARGIN, color=INK, linewidth=0.8)


def rate_columns(table: pd.DataFrame, ci_prob: float, scale: RateScale) -> tuple[str, ...]:
    """Return what stands above the numbers of `rate_cells`: rates, and tau where a table has it."""
    sure = f"{100 * ci_prob:g}%"
    tau = (f"tau\n({sure} CrI)",) if table["tau"].notna().any() else ()
    return f"Typical {scale.unit}\n({sure} CrI)", f"New study {scale.unit}\n({sure} PI)", *tau


def rate_cells(table: pd.DataFrame, scale: RateScale) -> list[tuple[str, ...]]:
    """Return the rates of each row as text, and tau where a table has it; empty where there is none."""
    rows, tau = table.to_dict("records"), bool(table["tau"].notna().any())
    return [(*_rates(row, scale), *([_tau(row)] if tau else [])) for row in rows]


def _rates(row: Mapping[Hashable, Any], scale: RateScale) -> tuple[str, str]:
    if pd.isna(row["typical"]):
        return "", ""
    typical, low, high = scale.texts(*(row[name] for name in RATES[:3]))
    new_low, new_high = scale.texts(*(row[name] for name in RATES[3:]))
    return f"{typical} ({low} to {high})", f"{new_low} to {new_high}"


def _tau(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["tau"]):
        return ""
    median, low, high = (f"{row[f'tau{end}']:.2f}" for end in ("", "_lower", "_upper"))
    return f"{median} ({low} to {high})"


def draw_rates(
    graph: Axes, table: pd.DataFrame, heights: Array, reference: int, *, scale: RateScale
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
