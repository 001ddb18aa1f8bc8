"""A page with one graph: a title above it, a key of its lines beside it, notes below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.errors import SettingsError
from bayesmeta.plots.lettering import Paragraph, paragraph, put_paragraphs
from bayesmeta.plots.pages import MARGIN, inch_axes, notes_of, page_of, title_of
from bayesmeta.plots.style import (
    ALARM,
    FAINT,
    INK,
    MODEL,
    OBSERVED,
    PREDICTION,
    RANGE,
    SMALL,
)

__all__ = ["LINES", "Key", "check_lines", "graph_page", "graphs_page"]

GRAPH, LEFT, KEY, GAP, AXIS = (4.0, 2.7), 0.45, 1.9, 0.25, 0.42
SAMPLE, SPACE = 0.32, 0.08
"""Sizes in inches: of the graph, then of what stands beside and below it."""

LINES: tuple[dict[str, Any], ...] = (
    {"color": MODEL, "linestyle": "-", "linewidth": 1.8},
    {"color": ALARM, "linestyle": "--", "linewidth": 1.4},
    {"color": INK, "linestyle": ":", "linewidth": 1.6},
    {"color": OBSERVED, "linestyle": "-.", "linewidth": 1.4},
    {"color": RANGE, "linestyle": (0, (7, 2)), "linewidth": 2.2},
    {"color": PREDICTION, "linestyle": (0, (4, 1, 1, 1, 1, 1)), "linewidth": 2.2},
)
"""Looks of lines, told apart by their strokes as well as their colours."""


@dataclass(frozen=True)
class Key:
    """What a line or a bar is: its look, its name, and what else there is to say of it."""

    look: dict[str, Any]
    name: str
    more: str = ""


def check_lines(name: str, lines: object) -> None:
    """Raise if there are more lines than looks."""
    number = len(lines)  # type: ignore[arg-type]
    if number > len(LINES):
        raise SettingsError(
            f"`{name}` must have at most {len(LINES)} entries, which is how many lines can be told apart; got {number}."
        )


def graph_page(title: str, keys: Sequence[Key], notes: Sequence[str]) -> tuple[Figure, Axes]:
    """Return a figure with its text, and its graph, empty as yet; to be called in `house_style`."""
    figure, [graph] = graphs_page(title, keys, notes, heights=[GRAPH[1]])
    return figure, graph


def graphs_page(
    title: str,
    keys: Sequence[Key],
    notes: Sequence[str],
    *,
    heights: Sequence[float],
    warning: str = "",
) -> tuple[Figure, list[Axes]]:
    """Return a figure with its text, and graphs of these heights (inches) one below the other.

    To be called in `house_style`.
    """
    edge = MARGIN + LEFT + GRAPH[0]
    width = edge + (GAP + KEY if keys else 0) + MARGIN
    above = title_of(title, width - 2 * MARGIN, warning)
    below = notes_of(notes, width - 2 * MARGIN)
    top = MARGIN + sum(each.height for each in above) + 0.05
    entries = [_entry(key) for key in keys]
    keys_end = top + sum(_height(entry) for entry in entries)
    starts = [top + sum(heights[:i]) + i * AXIS for i in range(len(heights))]
    foot = max(starts[-1] + heights[-1] + AXIS, keys_end)
    figure, page = page_of(width, foot + sum(each.height for each in below) + MARGIN)
    put_paragraphs(page, MARGIN, MARGIN, above)
    put_paragraphs(page, MARGIN, foot, below)
    _put_keys(page, (edge + GAP, top), keys, entries)
    return figure, [
        _graph(figure, (MARGIN + LEFT, edge), (start, start + height))
        for start, height in zip(starts, heights, strict=True)
    ]


def _graph(figure: Figure, across: tuple[float, float], down: tuple[float, float]) -> Axes:
    graph = inch_axes(figure, across, down)
    graph.tick_params(labelsize=SMALL, length=2.5, pad=2)
    graph.grid(color=FAINT, linewidth=0.5, zorder=0)
    graph.set_axisbelow(True)
    for side in ("right", "top"):
        graph.spines[side].set_visible(False)
    return graph


def _entry(key: Key) -> list[Paragraph]:
    """Return a name in bold, and below it what there is to say."""
    room = KEY - SAMPLE - SPACE
    more = [paragraph(key.more, room, size=SMALL)] if key.more else []
    return [paragraph(key.name, room, bold=True), *more]


def _height(entry: Sequence[Paragraph]) -> float:
    return sum(each.height for each in entry) + SPACE


def _put_keys(
    page: Axes,
    corner: tuple[float, float],
    keys: Sequence[Key],
    entries: Sequence[Sequence[Paragraph]],
) -> None:
    """Put a sample of each look beside its entry, from the top left corner down."""
    left, top = corner
    for key, entry in zip(keys, entries, strict=True):
        y = top + entry[0].step / 2
        page.plot([left, left + SAMPLE], [y, y], solid_capstyle="butt", **key.look)
        put_paragraphs(page, left + SAMPLE + SPACE, top, entry)
        top += _height(entry)
