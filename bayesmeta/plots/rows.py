"""A figure of rows: a label, a place in the graph, and numbers, one line for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.plots.lettering import printable, put_paragraphs, put_text, shortened, text_width
from bayesmeta.plots.pages import MARGIN, inch_axes, notes_of, page_of, title_of
from bayesmeta.plots.style import FAINT, INK, SMALL
from bayesmeta.plots.ticks import put_ticks

__all__ = ["GRAPH", "ROW", "Rows", "draw_axis", "draw_panels", "draw_rows"]

Array = npt.NDArray[np.float64]

ROW, HEADER, AXIS, PAD, GAP = 0.19, 0.42, 0.5, 0.06, 0.22
GRAPH, LONGEST_LABEL = 3.2, 2.8
"""Sizes in inches."""

ROUNDING = 1e-6
"""Inches that the longest label may lack of its own width by rounding."""

SPARE = 0.04
"""Share of the range of the numbers that is left free at either end of the axis."""


@dataclass(frozen=True)
class Rows:
    """The text of the rows.

    Parameters
    ----------
    heading : str
        Above the labels.
    axis : str
        What the graph shows, and its unit.
    columns : sequence of str
        Above the numbers, each in one line or two.
    labels : sequence of str
        Of the rows, from the top.
    cells : sequence of tuples
        Numbers of each row, as text.
    bold : sequence of bool
        Whether a row is in bold.
    """

    heading: str
    axis: str
    columns: Sequence[str]
    labels: Sequence[str]
    cells: Sequence[tuple[str, ...]]
    bold: Sequence[bool]


def draw_rows(
    rows: Rows, title: str, notes: Sequence[str], warning: str = ""
) -> tuple[Figure, Axes, Array]:
    """Return a figure with the text of `rows`, its graph, empty as yet, and the height of each row.

    To be called in `house_style`. The graph has inches from the top of the page down.
    """
    figure, [(graph, heights)] = draw_panels([rows], title, notes, warning)
    return figure, graph, heights


def draw_panels(
    panels: Sequence[Rows], title: str, notes: Sequence[str], warning: str = ""
) -> tuple[Figure, list[tuple[Axes, Array]]]:
    """Return a figure of several rows, one below the other: of each its graph and heights.

    To be called in `house_style`.
    """
    graph = MARGIN + min(max(map(_longest, panels)), LONGEST_LABEL) + GAP
    edges = [_edges(rows, graph + GRAPH) for rows in panels]
    width = max(each[-1] for each in edges) + MARGIN
    above = title_of(title, width - 2 * MARGIN, warning)
    below = notes_of(notes, width - 2 * MARGIN)
    top = MARGIN + sum(each.height for each in above)
    sizes = [HEADER + 2 * PAD + len(rows.labels) * ROW + AXIS for rows in panels]
    foot = top + sum(sizes)
    figure, page = page_of(width, foot + sum(each.height for each in below) + MARGIN)
    put_paragraphs(page, MARGIN, MARGIN, above)
    put_paragraphs(page, MARGIN, foot, below)
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
    graph.tick_params(axis="x", labelsize=SMALL, length=2.5, pad=2)
    graph.grid(axis="x", color=FAINT, linewidth=0.5, zorder=0)
    graph.set_axisbelow(True)
    for side in ("left", "right", "top"):
        graph.spines[side].set_visible(False)
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
