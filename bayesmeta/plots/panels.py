"""Pages of panels: graphs of one size in rows, below a key."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.arrays import Array, Flags
from bayesmeta.plots.lettering import put_text, shortened
from bayesmeta.plots.pages import MARGIN, STEP, Key, Words, inch_axes, key_lines, put_keys, sheet
from bayesmeta.plots.style import BAND, FAINT, MODEL, OBSERVED

BELOW_KEY, HEADING = 0.08, 0.15
"""Height of what stands below the key, and of the middle of a heading above its panel, in inches."""

ROOM = (0.5, 0.1, 0.05, 0.5)
"""Left, right, above and below a panel in inches."""

BAR, FEW, HEADROOM = 0.8, 60, 1.06
"""Width of a bar, bars in view up to which they stand apart, and height over that of the highest."""

REACH = 1.15
"""Ends of an axis of deviations in multiples of the largest."""

PAIRED, PAIR_ROOM = (2.75, 1.9), (0.6, 0.2, 0.3, 0.5)
"""Of two panels, in inches: the size of each, and what is left, right, above and below it."""


def panel_page(
    words: Words,
    keys: Sequence[Key],
    size: tuple[float, float],
    *,
    count: int = 1,
    columns: int = 1,
    headings: Sequence[str] = (),
    room: tuple[float, float, float, float] = ROOM,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with its text, and its panels, empty as yet; to be called in `house_style`."""
    (width, tall), (left, right, above, below) = size, room
    across, down = left + width + right, above + tall + below
    lines = key_lines(keys, columns * across)
    head = len(lines) * STEP + BELOW_KEY
    body = head - (-count // columns) * down
    figure, page, top = sheet(words, columns * across + 2 * MARGIN, body)
    put_keys(page, top, lines)
    places = [divmod(number, columns) for number in range(count)]
    corners = [
        (MARGIN + column * across + left, top + head + row * down + above) for row, column in places
    ]
    for heading, (x, y) in zip(headings, corners, strict=bool(headings)):
        put_text(page, x, y - HEADING, shortened(heading, width, bold=True), bold=True)
    return figure, [inch_axes(figure, (x, x + width), (y, y + tall)) for x, y in corners]


def two_panels(words: Words, headings: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Return a page of two panels side by side, without a legend."""
    return panel_page(words, [], PAIRED, count=2, columns=2, headings=headings, room=PAIR_ROOM)


def draw_band(graph: Axes, place: Array, band: tuple[Array, Array], lines: Array) -> None:
    """Draw the band about zero of deviations from even ranks, with room for the lines to come."""
    graph.fill_between(place, *band, color=BAND, linewidth=0, zorder=0)
    graph.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    reach = REACH * max(float(np.abs(each).max()) for each in (*band, lines))
    graph.set(xlim=(0, 1), ylim=(-reach, reach))


def draw_counts(
    graph: Axes, events: Array, probability: Array, chosen: Flags, *, bars: float
) -> None:
    """Draw bars at numbers of responders, those chosen dark; few bars in view stand apart."""
    few, step = bars <= FEW, float(np.median(np.diff(events))) if len(events) > 1 else 1.0
    for own, face, edge in ((~chosen, FAINT, OBSERVED), (chosen, MODEL, MODEL)):
        look: dict[str, Any] = {"facecolor": face, "edgecolor": edge, "zorder": 2}
        look |= {"width": step * BAR, "linewidth": 0.5} if few else {"width": step, "linewidth": 0}
        graph.bar(events[own], 100 * probability[own], **look)
    graph.set(ylim=(0, HEADROOM * 100 * probability.max()), ylabel="Probability (%)")
