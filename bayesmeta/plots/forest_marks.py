"""The marks of a forest plot: arms as observed and by the model, typical studies, new studies."""

from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.patches import Polygon, Rectangle
from matplotlib.path import Path

from bayesmeta.arrays import Array
from bayesmeta.estimates.forest_table import ARM, NEW_STUDY, ForestNumbers
from bayesmeta.plots.pages import Key, bare
from bayesmeta.plots.rows import GRAPH, ROW
from bayesmeta.plots.style import FAINT, INK, MODEL, OBSERVED, PREDICTION, RANGE, symbol

APART = 0.046
"""How far above the middle of a row the observed mark stands, and the model's below."""

HALF_DIAMOND, HALF_BAR = 0.06, 0.035
"""Half heights; all in inches."""

LARGEST, SMALLEST = 36.0, 9.0
"""Areas of markers in square points: of the largest, and the least that can be seen."""

THIN, THICK, EDGE = 0.8, 2.0, 0.8
"""Widths of lines in points."""

_WIDE_DIAMOND = Path([(-2.2, 0), (0, 1), (2.2, 0), (0, -1), (-2.2, 0)])
_WIDE_BAR = Path([(-2.2, -0.5), (-2.2, 0.5), (2.2, 0.5), (2.2, -0.5), (-2.2, -0.5)])


class ForestAxis(Protocol):
    """An axis of rates or of months."""

    @property
    def label(self) -> str:
        """What it shows, with the unit."""

    @property
    def note(self) -> str:
        """What a reader has to know of it; may be nothing."""

    def places(self, values: Any) -> Any:
        """Return where values lie on the axis; those beyond its ends lie at them."""

    def marks(self, values: Any) -> Any:
        """Return where the marks of values lie: NaN beyond the ends."""

    def put_on(self, axis: Axis, inches: float) -> None:
        """Give an axis of so many inches its scale, ends and ticks."""


def draw_marks(graph: Axes, numbers: ForestNumbers, heights: Array, axis: ForestAxis) -> None:
    """Draw each row of the numbers at its height, and the axis with ticks above and below."""
    axis.put_on(graph.xaxis, GRAPH)
    graph.set(yticks=[])
    bare(graph, grid=None, sides=["bottom"])
    graph.tick_params(axis="x", top=True, labeltop=True)
    graph.set_xlabel(axis.label)
    table = numbers.table.assign(y=heights, estimate=numbers.table[numbers.estimate])
    for _, group in table.groupby("group", sort=False):
        _draw_grid(graph, group, axis, numbers.typical)
    arms = table[table["kind"] == ARM]
    areas = _areas(arms[numbers.sizes].to_numpy(dtype=np.float64))
    seen = arms["observed"].notna()
    _draw_observed(graph, arms[seen], areas[seen], axis)
    _draw_model(graph, arms, areas, axis)
    for row in table.to_dict("records"):
        left, right = axis.places([row["lower"], row["upper"]])
        if row["kind"] == numbers.typical:
            _draw_diamond(graph, (left, float(axis.places(row["estimate"])), right), row["y"])
        if row["kind"] == NEW_STUDY:
            _draw_bar(graph, (left, right), row["y"])


def mark_keys(ci_prob: float) -> list[Key]:
    """Return what each mark means."""
    sure = f"{100 * ci_prob:g}%"
    return keys_of(
        f"Observed rate, exact {sure} confidence interval (CI)",
        f"Model: posterior median rate of the arm, {sure} credible interval (CrI)",
        f"Typical rate, that of the median study (also dotted), {sure} CrI",
        f"New study: {sure} prediction interval of its true rate",
    )


def keys_of(observed: str, model: str, typical: str, new_study: str) -> list[Key]:
    """Return the keys of the marks with these names."""
    seen = {"color": OBSERVED, "linewidth": THIN, "linestyle": "-"}
    told = {"color": RANGE, "linewidth": THICK, "linestyle": "-"}
    return [
        Key(symbol("s", 5, "white", OBSERVED) | seen, observed),
        Key(symbol("o", 6, MODEL, "white") | told, model),
        Key(symbol(_WIDE_DIAMOND, 18, MODEL, INK), typical),
        Key(symbol(_WIDE_BAR, 18, PREDICTION, INK), new_study),
    ]


def _areas(sizes: Array) -> Array:
    """Return areas of markers in proportion to sizes, as long as they can be seen."""
    largest = sizes.max()
    share = sizes / largest if largest > 0 else np.zeros_like(sizes)
    return np.maximum(LARGEST * share, SMALLEST)


def _draw_grid(graph: Axes, group: pd.DataFrame, axis: ForestAxis, kind: str) -> None:
    """Draw the grid behind a group's rows, and its typical study as a line of dots."""
    top, bottom = group["y"].min() - ROW / 2, group["y"].max() + ROW / 2
    ticks = graph.get_xticks()
    graph.vlines(ticks, top, bottom, color=FAINT, linewidth=0.5, clip_on=False, zorder=0)
    typical = axis.marks(group.loc[group["kind"] == kind, "estimate"])
    graph.vlines(typical, top, bottom, color=MODEL, linewidth=0.8, linestyle=":", zorder=1)


def _draw_observed(graph: Axes, arms: pd.DataFrame, areas: Array, axis: ForestAxis) -> None:
    y = arms["y"] - APART
    lower, upper = (axis.places(arms[f"observed_{end}"]) for end in ("lower", "upper"))
    graph.hlines(y, lower, upper, color=OBSERVED, linewidth=THIN, clip_on=False, zorder=2)
    points = graph.scatter(axis.marks(arms["observed"]), y, s=areas, marker="s", zorder=3)
    points.set(facecolor="white", edgecolor=OBSERVED, linewidth=EDGE, clip_on=False)


def _draw_model(graph: Axes, arms: pd.DataFrame, areas: Array, axis: ForestAxis) -> None:
    y = arms["y"] + APART
    lower, upper = (axis.places(arms[end]) for end in ("lower", "upper"))
    graph.hlines(y, lower, upper, color=RANGE, linewidth=THICK, clip_on=False, zorder=4)
    points = graph.scatter(axis.marks(arms["estimate"]), y, s=areas, marker="o", zorder=5)
    points.set(facecolor=MODEL, edgecolor="white", linewidth=EDGE / 2, clip_on=False)


def _draw_diamond(graph: Axes, rates: tuple[float, float, float], y: float) -> None:
    left, middle, right = rates
    corners = [(left, y), (middle, y - HALF_DIAMOND), (right, y), (middle, y + HALF_DIAMOND)]
    diamond = Polygon(corners, closed=True, facecolor=MODEL, edgecolor=INK, linewidth=EDGE)
    diamond.set(clip_on=False, zorder=5)
    graph.add_patch(diamond)


def _draw_bar(graph: Axes, rates: tuple[float, float], y: float) -> None:
    left, right = rates
    bar = Rectangle((left, y - HALF_BAR), right - left, 2 * HALF_BAR)
    bar.set(facecolor=PREDICTION, edgecolor=INK, linewidth=EDGE, clip_on=False, zorder=5)
    graph.add_patch(bar)
