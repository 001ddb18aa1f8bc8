"""The page of a specification curve: the curve above, the choices of each fit below."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.plots.lettering import printable, put_text, shortened, text_width
from bayesmeta.plots.pages import MARGIN, Words, bare, inch_axes, sheet
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.style import ALARM, BAND, INK, MODEL, RANGE, SMALL
from bayesmeta.plots.ticks import decimals_of, put_ticks

__all__ = ["Shown", "draw_specifications"]

Array = npt.NDArray[np.float64]

CURVE, GRAPH, ROW, HEADING, GAP = 2.3, 5.6, 0.15, 0.2, 0.18
BELOW_CURVE, AXIS, LEAST_LABEL, LONGEST_LABEL, INDENT = 0.16, 0.22, 1.0, 2.2, 0.1
TICK = 0.16
COLUMNS = (0.45, 1.1)
"""Sizes in inches; the last, of the right ends of the numbers beside the graph."""

FEW = 120
"""Fits up to which each has a mark of its own with space about it."""

SPACE = 0.35
"""Share of a column that is left free between the marks of few fits."""

POINTS_PER_INCH = 72


@dataclass(frozen=True)
class Shown:
    """What is estimated, and how it is written: as rates of a scale, or plainly where it is None."""

    quantity: str
    scale: RateScale | None
    places: int

    @classmethod
    def of(cls, table: pd.DataFrame, quantity: str, scale: RateScale | None) -> "Shown":
        """Return what tells the ends of the narrowest interval apart."""
        width = float((table["upper"] - table["lower"]).min())
        if scale is None:
            return cls(quantity, None, decimals_of(width, least=2))
        return cls(quantity, scale, scale.places(width, float(table["estimate"].min())))

    @property
    def axis(self) -> str:
        """What the axis shows, with its unit."""
        return self.quantity if self.scale is None else self.scale.label(self.quantity)

    @property
    def per(self) -> float:
        """Units of the axis in 1."""
        return 1.0 if self.scale is None else float(self.scale.per)

    @property
    def suffix(self) -> str:
        """What follows an estimate in a sentence."""
        return "" if self.scale is None else self.scale.suffix

    @property
    def heading(self) -> str:
        """What stands above medians."""
        return "Median" if self.scale is None else f"Median {self.scale.unit}"

    def text(self, value: float) -> str:
        """Return an estimate as text."""
        if self.scale is not None:
            return self.scale.text(value, self.places)
        # Adding 0 makes a negative zero positive.
        rounded = round(float(value), self.places) + 0.0
        return f"{rounded:.{self.places}f}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class _Line:
    """A heading, which has no fits, or one level of a choice; `y` is the middle of its line."""

    text: str
    y: float
    made: npt.NDArray[np.bool_] | None = None


def draw_specifications(
    table: pd.DataFrame, levels: Mapping[str, Sequence[object]], words: Words, shown: Shown
) -> Figure:
    """Return the figure of the fits of a table, in its order; to be called in `house_style`.

    `levels` are what can be chosen, by column of the table.
    """
    lines = list(_lines(table, levels))
    room = max(_label_width(lines), min(text_width(shown.axis, bold=True), LONGEST_LABEL))
    left = MARGIN + room + GAP
    below = TICK + CURVE + BELOW_CURVE
    body = below + (lines[-1].y + ROW if lines else 0)
    width = left + GRAPH + COLUMNS[-1] + MARGIN
    figure, page, top = sheet(words, width, body + AXIS)
    put_text(page, MARGIN, top + TICK / 2, shortened(shown.axis, room, bold=True), bold=True)
    graph = inch_axes(figure, (left, left + GRAPH), (top + TICK, top + TICK + CURVE))
    _draw_curve(graph, table, shown.per)
    if lines:
        start = top + below
        _put_levels(page, lines, (start, room))
        _put_numbers(page, lines, (left + GRAPH, start), table["estimate"].to_numpy(), shown=shown)
        choices = inch_axes(figure, (left, left + GRAPH), (start, top + body))
        _draw_choices(choices, lines, start, len(table))
    return figure


def _label_width(lines: Sequence[_Line]) -> float:
    """Return the room that the names of choices take, in inches."""
    widths = [text_width(printable(line.text), size=SMALL, bold=True) + INDENT for line in lines]
    return min(max([*widths, LEAST_LABEL]), LONGEST_LABEL)


def _lines(table: pd.DataFrame, levels: Mapping[str, Sequence[object]]) -> Iterable[_Line]:
    """Yield the lines below the curve, `y` counted from its lower end."""
    y = 0.0
    for name, found in levels.items():
        y += HEADING
        yield _Line(name.replace("_", " "), y - HEADING / 2)
        chosen = table[name].fillna("")
        for level in found:
            y += ROW
            yield _Line(str(level) or "none", y - ROW / 2, (chosen == level).to_numpy())


def _draw_curve(graph: Axes, table: pd.DataFrame, scale: float) -> None:
    estimate, lower, upper = (
        scale * table[name].to_numpy(dtype=np.float64) for name in ("estimate", "lower", "upper")
    )
    place, bad = np.arange(len(table)), ~table["ok"].to_numpy(dtype=bool)
    column = GRAPH / len(table) * POINTS_PER_INCH
    graph.vlines(
        place,
        lower,
        upper,
        color=RANGE,
        linewidth=float(np.clip(column * (1 - SPACE), 0.3, 3)),
        zorder=2,
    )
    size = float(np.clip(column, 1.2, 4.5))
    graph.plot(place, estimate, "o", color=MODEL, markersize=size, markeredgewidth=0, zorder=3)
    spread = float(upper.max() - lower.min()) or 1.0
    graph.set(
        xlim=(-0.5, len(table) - 0.5),
        ylim=(lower.min() - 0.08 * spread, upper.max() + 0.05 * spread),
        xticks=[],
    )
    put_ticks(graph.yaxis, 9)
    # Marks of unreliable fits are wide enough to be seen among thousands.
    graph.plot(
        place[bad],
        np.full(bad.sum(), 0.015),
        "|",
        color=ALARM,
        markersize=5,
        markeredgewidth=max(0.6, min(column, 1.5)),
        transform=graph.get_xaxis_transform(),
        zorder=4,
    )
    bare(graph, grid="y", sides=["left"])


def _put_levels(page: Axes, lines: Sequence[_Line], place: tuple[float, float]) -> None:
    """Write the names of choices and levels, from a height on down, in so much room."""
    start, room = place
    for line in lines:
        bold = line.made is None
        indent = 0.0 if bold else INDENT
        text = shortened(printable(line.text), room - indent, size=SMALL, bold=bold)
        put_text(page, MARGIN + indent, start + line.y, text, size=SMALL, bold=bold)


def _put_numbers(
    page: Axes,
    lines: Sequence[_Line],
    place: tuple[float, float],
    estimates: Array,
    *,
    shown: Shown,
) -> None:
    """Write how many fits made each choice and the median of their estimates, right of a place."""
    left, start = place
    ends = [left + column for column in COLUMNS]
    for end, heading in zip(ends, ("Fits", shown.heading), strict=True):
        put_text(page, end, start, heading, size=SMALL, bold=True, align="right")
    for line in lines:
        if line.made is None:
            continue
        median = shown.text(float(np.median(estimates[line.made])))
        for end, text in zip(ends, (f"{line.made.sum():,}", median), strict=True):
            put_text(page, end, start + line.y, text, size=SMALL, align="right")


def _draw_choices(graph: Axes, lines: Sequence[_Line], start: float, fits: int) -> None:
    """Mark in each row the fits that made its choice."""
    graph.set(xlim=(-0.5, fits - 0.5))
    graph.axis("off")
    space = SPACE / 2 if fits <= FEW else 0.0
    for line in lines:
        if line.made is None:
            continue
        y = start + line.y
        graph.axhspan(y - 0.42 * ROW, y + 0.42 * ROW, color=BAND, linewidth=0, zorder=0)
        spans = [
            (first - 0.5 + space, count - 2 * space)
            for first, count in _runs(line.made, merged=not space)
        ]
        bars = graph.broken_barh(spans, (y - 0.42 * ROW, 0.84 * ROW), color=INK, linewidth=0)
        # Columns narrower than a dot become grey; fitted to dots, some would vanish.
        bars.set(snap=False, zorder=2)


def _runs(made: npt.NDArray[np.bool_], *, merged: bool) -> list[tuple[int, int]]:
    """Return first position and length of each run of fits that made a choice; singly unless merged."""
    if not merged:
        return [(int(place), 1) for place in np.flatnonzero(made)]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], made, [False]]).astype(np.int8)))
    return [(int(first), int(end - first)) for first, end in edges.reshape(-1, 2)]
