"""A figure of rows: a label, a place in the graph, and columns of text, one line for each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.arrays import Array
from bayesmeta.plots.lettering import (
    POINTS_PER_INCH,
    printable,
    put_text,
    shortened,
    text_width,
)
from bayesmeta.plots.pages import (
    CIRCLE,
    MARGIN,
    STEP,
    Key,
    Sign,
    Words,
    bare,
    inch_axes,
    key_lines,
    put_keys,
    put_sign,
    sheet,
)
from bayesmeta.plots.style import BAND, DOT, INK, MODEL, PREDICTION
from bayesmeta.plots.ticks import put_ticks

ROW, HEADER, AXIS, PAD, GAP = 0.2, 0.42, 0.45, 0.06, 0.22
GRAPH, LONGEST_LABEL, BELOW_KEYS = 3.2, 2.8, 0.08
"""Sizes in inches."""

INDENT, ABOVE, BELOW = 0.1, 0.06, 0.03
"""Of bands, in inches: indent of the labels below them, and free height above and below them."""

ROUNDING = 1e-6
"""Inches that the longest label may lack of its own width by rounding."""

SPARE = 0.04
"""Share of the range of the numbers that is left free at either end of the axis."""

WIDE, THICK, MARK = 5.0, 2.0, 22.0
"""Widths of lines in points: of a new study and of an estimate; and area of marks."""


@dataclass(frozen=True)
class Column:
    """The text or the sign of each row below a heading of one line or two, right of the graph or left.

    `gap` is its distance from what stands on its left, in inches.
    """

    heading: str
    texts: Sequence[str]
    left: bool = False
    signs: Sequence[Sign | None] = ()
    gap: float = GAP

    @property
    def width(self) -> float:
        """Room that it takes in inches."""
        least = CIRCLE / POINTS_PER_INCH if self.signs else 0.0
        texts = {*self.heading.split("\n"), *self.texts}
        return max(least, *(text_width(text, bold=True) for text in texts))


@dataclass(frozen=True)
class Rows:
    """What is written; above a row there may be a band, with text at either end.

    Where there are no labels, `tall` is the height of the graph in inches.
    """

    heading: str
    axis: str
    labels: Sequence[str]
    columns: Sequence[Column]
    bold: Collection[int] = ()
    bands: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    tall: float = 0.0

    @property
    def start(self) -> float:
        """Left edge of the labels in inches."""
        return MARGIN + (INDENT if self.bands else 0.0)

    @property
    def longest(self) -> float:
        """Right edge of the longest label in inches, so far as labels may go."""
        widths = [
            text_width(printable(one), bold=i in self.bold) for i, one in enumerate(self.labels)
        ]
        longest = max([*widths, text_width(self.heading, bold=True)])
        return self.start + min(longest, LONGEST_LABEL)

    @property
    def heights(self) -> Array:
        """Middle of each row in inches below the rule under the headings."""
        bands = np.array([i in self.bands for i in range(len(self.labels))])
        above = np.cumsum(np.where(bands, ABOVE + ROW + BELOW, 0.0))
        found: Array = PAD + above + (np.arange(len(self.labels)) + 0.5) * ROW
        return found

    @property
    def size(self) -> float:
        """Height in inches with the headings, without the axis."""
        return HEADER + (self.heights[-1] + ROW / 2 + PAD if self.labels else self.tall)

    def edges(self, start: float, *, left: bool) -> list[float]:
        """Return the right edges of the columns on one side of the graph, the first after `start`."""
        widths = [column.gap + column.width for column in self.columns if column.left == left]
        return [start + sum(widths[: i + 1]) for i in range(len(widths))]


def draw_rows(rows: Rows, words: Words, keys: Sequence[Key] = ()) -> tuple[Figure, Axes, Array]:
    """Return a figure with text, its graph, empty as yet, and the heights of rows; in `house_style`."""
    figure, [(graph, heights)] = draw_panels([rows], words, keys)
    return figure, graph, heights


def draw_panels(
    panels: Sequence[Rows], words: Words, keys: Sequence[Key] = (), *, graph: float = GRAPH
) -> tuple[Figure, list[tuple[Axes, Array]]]:
    """Return a figure of several rows, one below the other, with graphs so wide, and their heights."""
    labels = max(rows.longest for rows in panels)
    left = max([labels, *(edge for rows in panels for edge in rows.edges(labels, left=True))]) + GAP
    across = (left, left + graph)
    ends = [edge for rows in panels for edge in rows.edges(across[1], left=False)]
    width = max([across[1], *ends]) + MARGIN
    lines = key_lines(keys, width - 2 * MARGIN)
    below = len(lines) * STEP + BELOW_KEYS if lines else 0.0
    body = sum(rows.size + AXIS for rows in panels)
    figure, page, top = sheet(words, width, body + below)
    drawn = []
    for rows in panels:
        heights = _put_panel(page, rows, (labels, *across), top + HEADER)
        drawn.append((inch_axes(figure, across, (top + HEADER, top + rows.size)), heights))
        top += rows.size + AXIS
    put_keys(page, top, lines)
    return figure, drawn


def _put_panel(page: Axes, rows: Rows, ends: tuple[float, float, float], rule: float) -> Array:
    """Put rows about a rule, given where labels end, and the graph starts and ends; return heights."""
    labels, left_edge, right_edge = ends
    heights: Array = rule + rows.heights
    page.hlines(rule, MARGIN, page.get_xlim()[1] - MARGIN, color=INK, linewidth=0.8)
    heading = shortened(rows.heading, labels - MARGIN + ROUNDING, bold=True)
    _put_heading(page, MARGIN, rule, heading, align="left")
    _put_heading(page, (left_edge + right_edge) / 2, rule, rows.axis, align="center")
    for i, (label, y) in enumerate(zip(rows.labels, heights, strict=True)):
        shown = shortened(printable(label), labels - rows.start + ROUNDING, bold=i in rows.bold)
        put_text(page, rows.start, y, shown, bold=i in rows.bold)
    for left, start in ((True, labels), (False, right_edge)):
        columns = [column for column in rows.columns if column.left == left]
        for column, edge in zip(columns, rows.edges(start, left=left), strict=True):
            _put_column(page, column, (edge, rule), heights, bold=rows.bold)
    for i, texts in rows.bands.items():
        _put_band(page, texts, heights[i] - ROW - BELOW)
    return heights


def _put_column(
    page: Axes,
    column: Column,
    corner: tuple[float, float],
    heights: Array,
    *,
    bold: Collection[int],
) -> None:
    """Put a column whose right edge meets the rule at a corner; some of its rows are bold."""
    edge, rule = corner
    if column.signs:
        middle = edge - column.width / 2
        _put_heading(page, middle, rule, column.heading, align="center")
        for sign, y in zip(column.signs, heights, strict=True):
            if sign is not None:
                put_sign(page, middle, y, sign)
        return
    _put_heading(page, edge, rule, column.heading, align="right")
    for i, (text, y) in enumerate(zip(column.texts, heights, strict=True)):
        put_text(page, edge, y, text, bold=i in bold, align="right")


def _put_heading(page: Axes, x: float, rule: float, heading: str, **look: Any) -> None:
    lines = heading.split("\n")
    for y, text in zip((rule - 0.26, rule - 0.1)[-len(lines) :], lines, strict=True):
        put_text(page, x, y, text, bold=True, **look)


def _put_band(page: Axes, texts: tuple[str, str], y: float) -> None:
    """Put a band across the page, with text at either end."""
    ends = MARGIN, page.get_xlim()[1] - MARGIN
    page.fill_between(ends, y - ROW / 2, y + ROW / 2, color=BAND, linewidth=0)
    room = ends[1] - ends[0] - text_width(texts[1]) - GAP - PAD
    put_text(page, ends[0] + PAD, y, shortened(printable(texts[0]), room, bold=True), bold=True)
    put_text(page, ends[1] - PAD, y, texts[1], align="right")


def draw_axis(
    graph: Axes, numbers: Array, label: str, within: tuple[float, float] = (-np.inf, np.inf)
) -> None:
    """Draw the axis of a graph wide enough for all numbers, but not beyond `within`."""
    low, high = float(np.min(numbers)), float(np.max(numbers))
    spare = SPARE * (high - low or 1.0)
    graph.set(xlim=(max(low - spare, within[0]), min(high + spare, within[1])), yticks=[])
    put_ticks(graph.xaxis, 6)
    bare(graph, grid="x", sides=["bottom"])
    graph.set_xlabel(label)


def draw_estimates(
    graph: Axes, heights: Array, places: Array, reference: int, *, wide: Array | None = None
) -> None:
    """Draw marks with intervals (columns) over wide bars; row `reference` is a band through all."""
    mark, lower, upper = places.T
    known, chosen = np.isfinite(lower), np.arange(len(mark)) == reference
    ends = heights[0] - ROW / 2, heights[-1] + ROW / 2
    band = lower[reference], upper[reference]
    graph.fill_betweenx(ends, *band, color=BAND, linewidth=0, zorder=0.5)
    graph.vlines(mark[reference], *ends, color=MODEL, linewidth=0.8, linestyle=":", zorder=1)
    if wide is not None:
        bars = wide[known].T
        graph.hlines(heights[known], *bars, color=PREDICTION, linewidth=WIDE, zorder=2)
    lines = lower[known], upper[known]
    graph.hlines(heights[known], *lines, color=MODEL, linewidth=THICK, zorder=3)
    others = known & ~chosen
    graph.scatter(mark[others], heights[others], s=MARK, zorder=4, **DOT)
    own: dict[str, Any] = {**DOT, "edgecolor": INK, "linewidth": 0.8, "marker": "D"}
    graph.scatter(mark[chosen], heights[chosen], s=2 * MARK, zorder=4, **own)
