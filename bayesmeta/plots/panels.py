"""Pages of graphs: panels in rows below a key, or graphs below each other with a key beside them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.plots.lettering import Paragraph, paragraph, put_paragraphs, put_text, shortened
from bayesmeta.plots.pages import (
    MARGIN,
    SAMPLE,
    SPACE,
    STEP,
    Key,
    Words,
    bare,
    inch_axes,
    key_lines,
    put_keys,
    sheet,
)
from bayesmeta.plots.style import FAINT, MODEL, OBSERVED, SMALL

__all__ = ["HEADROOM", "Panels", "draw_counts", "graphs_page", "panel_page"]

BELOW_KEY, HEADING = 0.08, 0.15
"""Height of what stands below the key, and of the middle of a heading above its panel, in inches."""

GRAPH, LEFT, KEY, GAP, AXIS = (4.0, 2.7), 0.45, 1.9, 0.25, 0.42
"""Of a graph with its key beside it, in inches: its size, then what stands beside and below it."""


BAR, FEW, HEADROOM = 0.8, 60, 1.06
"""Width of a bar, bars in view up to which they stand apart, and height over that of the highest."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panels:
    """How many panels there are, how large each is, and what room it has around it, in inches."""

    count: int
    columns: int
    size: tuple[float, float]
    left: float = 0.5
    right: float = 0.1
    above: float = 0.05
    below: float = 0.5

    @property
    def across(self) -> float:
        """Width of a panel with its room."""
        return self.left + self.size[0] + self.right

    @property
    def down(self) -> float:
        """Height of a panel with its room."""
        return self.above + self.size[1] + self.below

    def corners(self, top: float) -> Iterable[tuple[float, float]]:
        """Yield the left and upper edge of each panel, row by row from `top` down."""
        for number in range(self.count):
            row, column = divmod(number, self.columns)
            yield (MARGIN + column * self.across + self.left, top + row * self.down + self.above)


def panel_page(
    words: Words, keys: Sequence[Key], panels: Panels, headings: Sequence[str] = ()
) -> tuple[Figure, list[Axes]]:
    """Return a figure with its text, and its panels, empty as yet; to be called in `house_style`."""
    room = panels.columns * panels.across
    lines = key_lines(keys, room)
    head = len(lines) * STEP + BELOW_KEY
    rows = -(-panels.count // panels.columns)
    figure, page, top = sheet(words, room + 2 * MARGIN, head + rows * panels.down)
    put_keys(page, top, lines)
    width, tall = panels.size
    corners = list(panels.corners(top + head))
    for heading, (x, y) in zip(headings, corners, strict=bool(headings)):
        put_text(page, x, y - HEADING, shortened(heading, width, bold=True), bold=True)
    return figure, [inch_axes(figure, (x, x + width), (y, y + tall)) for x, y in corners]


def graphs_page(
    words: Words, keys: Sequence[Key], *, heights: Sequence[float] = (GRAPH[1],)
) -> tuple[Figure, list[Axes]]:
    """Return a figure with its text, and graphs below each other with keys; in `house_style`."""
    edge, start = MARGIN + LEFT + GRAPH[0], 0.05
    width = edge + (GAP + KEY if keys else 0) + MARGIN
    entries = [_entry(key) for key in keys]
    body = max(sum(heights) + len(heights) * AXIS, sum(map(_height, entries)))
    figure, page, top = sheet(words, width, start + body)
    _put_entries(page, (edge + GAP, top + start), keys, entries)
    graphs = []
    for i, height in enumerate(heights):
        y = top + start + sum(heights[:i]) + i * AXIS
        graphs.append(inch_axes(figure, (MARGIN + LEFT, edge), (y, y + height)))
        bare(graphs[-1])
    return figure, graphs


def _entry(key: Key) -> list[Paragraph]:
    """Return a name in bold, and below it what there is to say."""
    room = KEY - SAMPLE - SPACE
    more = [paragraph(key.more, room, size=SMALL)] if key.more else []
    return [paragraph(key.name, room, bold=True), *more]


def _height(entry: Sequence[Paragraph]) -> float:
    return sum(each.height for each in entry) + SPACE


def _put_entries(
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


def draw_counts(
    graph: Axes, events: Array, probability: Array, chosen: npt.NDArray[np.bool_], *, bars: float
) -> None:
    """Draw bars at numbers of responders, those chosen dark; few bars in view stand apart."""
    few, step = bars <= FEW, float(np.median(np.diff(events))) if len(events) > 1 else 1.0
    for own, face, edge in ((~chosen, FAINT, OBSERVED), (chosen, MODEL, MODEL)):
        look: dict[str, Any] = {"facecolor": face, "edgecolor": edge, "zorder": 2}
        look |= {"width": step * BAR, "linewidth": 0.5} if few else {"width": step, "linewidth": 0}
        graph.bar(events[own], 100 * probability[own], **look)
    graph.set_ylim(0, HEADROOM * 100 * probability.max())
    graph.set_ylabel("Probability (%)", labelpad=2)
