"""The page of a forest plot: which text stands where, in inches from the top left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.errors import counted
from bayesmeta.estimates.forest_table import TYPICAL, ForestNumbers
from bayesmeta.estimates.inferred import INFERRED_MARK
from bayesmeta.plots.forest_columns import Column, columns_of
from bayesmeta.plots.forest_marks import draw_axis, draw_legend, draw_marks
from bayesmeta.plots.lettering import printable, put_text, shortened, text_width
from bayesmeta.plots.pages import MARGIN, Words, inch_axes, sheet
from bayesmeta.plots.rate_axis import RateAxis
from bayesmeta.plots.style import BAND, INK
from bayesmeta.wording import Wording

__all__ = ["Layout", "draw_forest"]

Row = dict[Any, Any]

HEADING = "heading"

GAP, INDENT, PAD = 0.22, 0.1, 0.04
ROW, BAND_HEIGHT, BETWEEN_GROUPS = 0.21, 0.21, 0.06
HEADER, TITLES, AXIS, LEGEND = 0.42, 0.31, 0.46, 0.46
GRAPH, LONGEST_LABEL, LEAST_PAGE = 3.2, 2.6, 7.8
"""Sizes in inches; the legend needs the least width of a page."""


@dataclass(frozen=True)
class Layout:
    """What the figure shows of the numbers: its axis, its columns, names asked for, and all labels."""

    axis: RateAxis
    columns: Sequence[str]
    labels: Mapping[str, str]
    words: Wording


@dataclass(frozen=True)
class _Line:
    """One line beside the graph: a group's heading, or a row of the table; `y` is its middle."""

    kind: str
    label: str
    cells: tuple[str, ...]
    y: float


@dataclass(frozen=True)
class _Places:
    """Left edge of the graph, right edge of each cell, and width of labels and page."""

    graph: float
    cells: tuple[float, ...]
    labels: float
    page: float

    @property
    def text(self) -> float:
        """Width between the margins."""
        return self.page - 2 * MARGIN


def draw_forest(numbers: ForestNumbers, words: Words, layout: Layout) -> Figure:
    """Return the figure of `numbers` with its text; to be called in `house_style`."""
    columns = columns_of(numbers, layout.axis.scale, layout.columns, layout.words)
    lines = list(_lines(numbers, columns, layout))
    places = _places(columns, lines)
    depth = HEADER + lines[-1].y + ROW / 2 + PAD
    figure, page, top = sheet(words, places.page, depth + AXIS + LEGEND)
    rule, bottom = top + HEADER, top + depth
    _put_header(page, columns, places, rule=rule, rate=layout.axis.scale.label("Rate"))
    for line in lines:
        _put_line(page, line, places, rule + line.y)
    graph = inch_axes(figure, (places.graph, places.graph + GRAPH), (rule, bottom))
    draw_axis(graph, layout.axis, GRAPH)
    heights = [rule + line.y for line in lines if line.kind != HEADING]
    draw_marks(graph, numbers.table, heights, layout.axis, sizes=numbers.sizes)
    draw_legend(page, (MARGIN, bottom + AXIS), numbers.ci_prob)
    return figure


def _lines(numbers: ForestNumbers, columns: Sequence[Column], layout: Layout) -> Iterable[_Line]:
    """Yield the lines from top to bottom, `y` counted from the rule below the header."""
    y = PAD
    for group, rows in numbers.table.groupby("group", sort=False):
        y += BAND_HEIGHT / 2
        yield _Line(HEADING, _group_label(str(group), numbers, layout), (_basis(rows),), y)
        y += BAND_HEIGHT / 2 - ROW / 2 + PAD / 2
        for row in rows.to_dict("records"):
            y += ROW
            cells = tuple(column.text(row) for column in columns)
            yield _Line(str(row["kind"]), _row_label(row, numbers.factor, layout), cells, y)
        y += ROW / 2 + BETWEEN_GROUPS


def _group_label(group: str, numbers: ForestNumbers, layout: Layout) -> str:
    if numbers.factor is None:
        return group.capitalize()
    first = group == numbers.table["group"].iloc[0]
    words = layout.words
    factor = layout.labels.get(numbers.factor, words.column(numbers.factor))
    name = layout.labels.get(group, f"{factor}: {words.level(numbers.factor, group)}")
    return printable(f"{name}{' (reference)' if first else ''}")


def _basis(rows: pd.DataFrame) -> str:
    studies, patients = rows[["studies", "n"]].iloc[-1]
    return f"{counted(studies, 'study', 'studies')}, {counted(patients, 'patient')}"


def _row_label(row: Row, factor: str | None, layout: Layout) -> str:
    """Return the label; that of a typical rate says if it rests on a single study."""
    mixed = f"(mixed {factor})"
    name = layout.labels.get(row["label"], row["label"])
    label = printable(name.replace(mixed, f"(mixed {layout.words.column(factor or '')})"))
    if row["inferred"]:
        label = f"{label} {INFERRED_MARK}"
    if row["kind"] != TYPICAL or row["studies"] > 1:
        return label
    return f"{label} ({counted(row['studies'], 'study', 'studies')})"


def _places(columns: Sequence[Column], lines: Sequence[_Line]) -> _Places:
    rows = [line for line in lines if line.kind != HEADING]
    texts = [(*column.heading, *(row.cells[i] for row in rows)) for i, column in enumerate(columns)]
    widths = [max(text_width(text, bold=True) for text in set(own)) for own in texts]
    longest = max(text_width(row.label, bold=row.kind == TYPICAL) for row in rows)
    rest = MARGIN + INDENT + GRAPH + GAP * (len(widths) + 1) + sum(widths) + MARGIN
    labels = max(min(longest, LONGEST_LABEL), LEAST_PAGE - rest)
    edge, edges, before = MARGIN + INDENT + labels, [], sum(column.left for column in columns)
    for width in widths[:before]:
        edge += GAP + width
        edges.append(edge)
    graph = edge + GAP
    edge = graph + GRAPH
    for width in widths[before:]:
        edge += GAP + width
        edges.append(edge)
    return _Places(graph, tuple(edges), labels, edge + MARGIN)


def _put_header(
    page: Axes, columns: Sequence[Column], places: _Places, *, rule: float, rate: str
) -> None:
    lower, upper = rule - TITLES / 4 - PAD / 2, rule - 3 * TITLES / 4 - PAD / 2
    put_text(page, MARGIN, lower, "Study", bold=True)
    put_text(page, places.graph + GRAPH / 2, upper - PAD / 2, rate, bold=True, align="center")
    for edge, column in zip(places.cells, columns, strict=True):
        for y, text in zip((upper, lower), column.heading, strict=True):
            put_text(page, edge, y, text, bold=True, align="right")
    page.hlines(rule, MARGIN, places.page - MARGIN, color=INK, linewidth=0.8)


def _put_line(page: Axes, line: _Line, places: _Places, y: float) -> None:
    if line.kind == HEADING:
        _put_heading(page, line, places, y)
        return
    bold = line.kind == TYPICAL
    label = shortened(line.label, places.labels, bold=bold)
    put_text(page, MARGIN + INDENT, y, label, bold=bold)
    for edge, text in zip(places.cells, line.cells, strict=True):
        put_text(page, edge, y, text, bold=bold, align="right")


def _put_heading(page: Axes, line: _Line, places: _Places, y: float) -> None:
    """Put a group's label on a band across the page, and at its end what the group rests on."""
    top, bottom = y - BAND_HEIGHT / 2, y + BAND_HEIGHT / 2
    page.fill_between([MARGIN, places.page - MARGIN], top, bottom, color=BAND, linewidth=0)
    [basis] = line.cells
    room = places.text - text_width(basis) - GAP - PAD
    put_text(page, MARGIN + PAD, y, shortened(line.label, room, bold=True), bold=True)
    put_text(page, places.page - MARGIN - PAD, y, basis, align="right")
