"""Marks of the contrasts figure: odds ratios with their axis, and the cells of ranks."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from bayesmeta.plots.lettering import put_text, text_width
from bayesmeta.plots.pages import bare
from bayesmeta.plots.rows import GRAPH, ROW
from bayesmeta.plots.style import HOLLOW, INK, MODEL, RANGE, SMALL

__all__ = ["WIDEST", "draw_ranks", "draw_ratios"]

Array = npt.NDArray[np.float64]

THICK, MARK = 2.0, 24.0
"""Width of lines in points, and area of marks in square points."""

WIDEST = 1000.0
"""Odds ratio, and its inverse, beyond which the axis never reaches."""

TICKS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 100, 1000)
LEAST_TICK = 0.36
"""Least distance of ticks in inches."""

SHADES = "Blues"
DARK = 0.55
"""Probability from which on the numbers in a cell are white."""

DARKEST = 0.8
"""Share of the scale of shades that is used, so that numbers stay legible."""


def draw_ratios(
    graph: Axes, table: pd.DataFrame, heights: Array, ends: tuple[float, float]
) -> None:
    """Draw each odds ratio with its interval as far as the log axis reaches, and the axis."""
    low, high = (
        np.clip(table[f"odds_ratio_{end}"].to_numpy(), *ends) for end in ("lower", "upper")
    )
    graph.vlines(1, *graph.get_ylim(), color=INK, linewidth=0.8, linestyle=":", zorder=1)
    graph.hlines(heights, low, high, color=RANGE, linewidth=THICK, zorder=2)
    between = table["between_only"].to_numpy(dtype=bool)
    median = table["odds_ratio"].to_numpy()
    for chosen, look in ((~between, {**HOLLOW, "facecolor": MODEL}), (between, HOLLOW)):
        graph.scatter(median[chosen], heights[chosen], s=MARK, zorder=4, **look)
    arrow: dict[str, Any] = {"s": MARK, "color": RANGE, "zorder": 3, "clip_on": False}
    for cut, end, marker in (
        (table["odds_ratio_lower"] < ends[0], ends[0], "<"),
        (table["odds_ratio_upper"] > ends[1], ends[1], ">"),
    ):
        rows = heights[cut.to_numpy()]
        graph.scatter(np.full(len(rows), end), rows, marker=marker, **arrow)
    _draw_axis(graph, ends)


def _draw_axis(graph: Axes, ends: tuple[float, float]) -> None:
    """Draw the axis, with 1 and as many other ticks as there is room for."""
    graph.set(xscale="log", xlim=ends, yticks=[])
    apart = LEAST_TICK / GRAPH * np.log(ends[1] / ends[0])
    ticks = [1.0]
    for tick in sorted(TICKS, key=lambda each: abs(np.log(each))):
        inside = ends[0] <= tick <= ends[1]
        if inside and min(abs(np.log(tick / other)) for other in ticks) >= apart:
            ticks.append(tick)
    graph.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    graph.set_xticks([], minor=True)
    bare(graph, grid="x", sides=["bottom"])
    graph.set_xlabel("Odds ratio of typical rates", labelpad=2)


def draw_ranks(graph: Axes, ranks: pd.DataFrame, heights: Array) -> None:
    """Draw a cell for each level and rank, the darker the likelier, with its percentage."""
    number = len(ranks)
    graph.set(xlim=(0.5, number + 0.5), yticks=[])
    shade = colormaps[SHADES]
    wide = GRAPH / number > text_width("100", size=SMALL)
    inch = number / GRAPH
    for row, y in zip(ranks.to_dict("records"), heights, strict=True):
        for rank in range(1, number + 1):
            probability = row[f"rank_{rank}"]
            cell = Rectangle((rank - 0.5, y - ROW / 2), 1, ROW, edgecolor="white", linewidth=1.0)
            cell.set_facecolor(shade(DARKEST * probability))
            graph.add_patch(cell)
            if wide:
                colour, text = "white" if probability >= DARK else INK, f"{100 * probability:.0f}"
                put_text(graph, rank, y, text, size=SMALL, align="center", colour=colour)
    step = max(1, int(np.ceil(LEAST_TICK / 2 * inch)))
    graph.set_xticks(range(1, number + 1, step))
    bare(graph, grid=None, sides=[])
    graph.tick_params(axis="x", length=0)
    graph.set_xlabel("Rank", labelpad=2)
