"""The page of a forest plot: its groups, labels and columns of text, and its marks."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from matplotlib.path import Path

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.forest_table import ARM, NEW_STUDY, TOTALS, TYPICAL, ForestNumbers
from bayesmeta.estimates.inferred import marked
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.values import value_text
from bayesmeta.plots.lettering import printable, shortened
from bayesmeta.plots.pages import Key, bare
from bayesmeta.plots.rate_axis import RateAxis, RateScale
from bayesmeta.plots.rows import GRAPH, ROW, Column, Rows
from bayesmeta.plots.style import FAINT, INK, MODEL, OBSERVED, PREDICTION, RANGE, symbol
from bayesmeta.rounding import interval_text
from bayesmeta.wording import Wording

Row = Mapping[Any, Any]

COLUMNS = ("events", "observed", "model", "weight")
"""Those of every forest plot, from the left; the graph stands after the first."""

LONGEST = 1.6
"""Width in inches of text from the evidence, at most."""


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


def evidence_columns(columns: Sequence[str]) -> list[str]:
    """Return which of the columns asked for are the evidence's."""
    if isinstance(columns, str) or len(set(columns)) < len(columns):
        raise SettingsError(
            f"`columns` must list names, each once; got {columns!r}. Write [{', '.join(map(repr, COLUMNS))}]."
        )
    return [name for name in columns if name not in COLUMNS]


def forest_rows(
    numbers: ForestNumbers,
    scale: RateScale,
    columns: Sequence[str],
    *,
    labels: Mapping[str, str],
    words: Wording,
) -> Rows:
    """Return the rows of a forest plot with the columns asked for, below a band for each group."""
    table = numbers.table
    rows = table.to_dict("records")
    typical = [i for i, row in enumerate(rows) if row["kind"] == TYPICAL]
    groups = table["group"]
    starts = np.flatnonzero(groups != groups.shift())
    return Rows(
        heading="Study",
        # Ticks stand in the second line.
        axis=f"{scale.label('Rate')}\n",
        labels=[_label(row, numbers.factor, labels, words) for row in rows],
        columns=_columns(numbers, scale, columns, words),
        bold=typical,
        bands={
            int(start): (
                _group(int(start), numbers, labels, words),
                _basis(table[groups == groups.iloc[start]]),
            )
            for start in starts
        },
    )


def _group(start: int, numbers: ForestNumbers, labels: Mapping[str, str], words: Wording) -> str:
    group = str(numbers.table["group"].iloc[start])
    if numbers.factor is None:
        return group.capitalize()
    factor = labels.get(numbers.factor, words.column(numbers.factor))
    if group == NEW:
        return labels.get(group, f"{factor}: a level that no study has")
    if group == TOTALS:
        return labels.get(group, f"{factor}: total of both levels only")
    name = labels.get(group, f"{factor}: {words.level(numbers.factor, group)}")
    exchangeable = bool((numbers.table["group"] == NEW).any())
    return name if start or exchangeable else f"{name} (reference)"


def _basis(group: pd.DataFrame) -> str:
    """Return the studies and patients of a group's arms, for its band."""
    if (group["group"] == NEW).all():
        return ""
    arms = group[group["kind"] == ARM]
    studies = int(arms.loc[arms["n"] > 0, "study"].nunique())
    if not studies and (group["studies"] > 0).any():
        return "in totals only"
    return f"{counted(studies, 'study', 'studies')}, {counted(int(arms['n'].sum()), 'patient')}"


def _label(row: Row, factor: str | None, labels: Mapping[str, str], words: Wording) -> str:
    """Return the label; that of a typical rate says if it rests on a single study."""
    name = labels.get(row["label"], row["label"])
    mixed = f"(mixed {words.column(factor or '')})"
    label = marked(printable(name.replace(f"(mixed {factor})", mixed)), row["inferred"])
    if row["kind"] != TYPICAL or row["studies"] > 1 or row["group"] == NEW:
        return label
    return f"{label} ({counted(row['studies'], 'study', 'studies')})"


def _columns(
    numbers: ForestNumbers, scale: RateScale, columns: Sequence[str], words: Wording
) -> list[Column]:
    """Return the columns asked for; weights that have no meaning are left out."""
    sure = f"{100 * numbers.ci_prob:g}%"
    rate = partial(scale.text, places=_places(numbers.table, scale))
    own: dict[str, tuple[str, Callable[[Row], str]]] = {
        "events": ("Responders\n/ patients", _counts),
        "observed": (
            f"Observed\n{scale.unit} ({sure} CI)",
            lambda row: _observed(row, rate),
        ),
        "model": (f"Model\n{scale.unit} ({sure} CrI)", lambda row: _model(row, rate)),
        "weight": ("Weight\n%", _weight),
    }
    found = []
    for name in columns:
        heading, text = own.get(name, (printable(words.column(name)), _of_evidence(name, words)))
        if name != "weight" or numbers.weighed:
            left = name == "events" or name not in own
            found.append(Column(heading, list(map(text, numbers.table.to_dict("records"))), left))
    return found


def _places(table: pd.DataFrame, scale: RateScale) -> int:
    """Return the decimals that tell the ends of the narrowest interval of the model apart."""
    shown = table[table["kind"] != NEW_STUDY]
    return scale.places((shown["upper"] - shown["lower"]).min(), shown["lower"].min())


def _counts(row: Row) -> str:
    in_totals = row["kind"] == TYPICAL and row["studies"] and not row["n"]
    none = row["kind"] == NEW_STUDY or row["group"] == NEW or in_totals
    return "" if none else f"{row['events']}/{row['n']}"


def _observed(row: Row, text: Callable[[float], str]) -> str:
    if row["kind"] != ARM:
        return ""
    rates = (row[name] for name in ("observed", "observed_lower", "observed_upper"))
    return interval_text(*map(text, rates)) if row["n"] else "no patients"


def _model(row: Row, text: Callable[[float], str]) -> str:
    if row["kind"] == NEW_STUDY:
        return f"({interval_text(text(row['lower']), text(row['upper']))})"
    return interval_text(*(text(row[name]) for name in ("rate", "lower", "upper")))


def _weight(row: Row) -> str:
    known = row["kind"] == ARM or (row["kind"] == TYPICAL and row["studies"])
    return f"{100 * row['weight']:.1f}" if known else ""


def _of_evidence(name: str, words: Wording) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        known = row["kind"] == ARM and not pd.isna(row[name])
        text = words.level(name, value_text(row[name])) if known else ""
        return shortened(printable(text), LONGEST)

    return text


def draw_marks(graph: Axes, numbers: ForestNumbers, heights: Array, axis: RateAxis) -> None:
    """Draw each row of the numbers at its height, and the axis with ticks above and below."""
    axis.put_on(graph.xaxis, GRAPH)
    graph.set(yticks=[])
    bare(graph, grid=None, sides=["bottom"])
    graph.tick_params(axis="x", top=True, labeltop=True)
    graph.set_xlabel(axis.scale.label("Rate"))
    table = numbers.table.assign(y=heights)
    for _, group in table.groupby("group", sort=False):
        _draw_grid(graph, group, axis)
    arms = table[table["kind"] == ARM]
    areas = _areas(arms[numbers.sizes].to_numpy(dtype=np.float64))
    _draw_observed(graph, arms[arms["n"] > 0], areas[arms["n"] > 0], axis)
    _draw_model(graph, arms, areas, axis)
    for row in table.to_dict("records"):
        left, right = axis.places([row["lower"], row["upper"]])
        if row["kind"] == TYPICAL:
            _draw_diamond(graph, (left, float(axis.places(row["rate"])), right), row["y"])
        if row["kind"] == NEW_STUDY:
            _draw_bar(graph, (left, right), row["y"])


def mark_keys(ci_prob: float) -> list[Key]:
    """Return what each mark means."""
    sure = f"{100 * ci_prob:g}%"
    observed = f"Observed rate, exact {sure} confidence interval (CI)"
    model = f"Model: posterior median rate of the arm, {sure} credible interval (CrI)"
    typical = f"Typical rate, that of the median study (also dotted), {sure} CrI"
    new_study = f"New study: {sure} prediction interval of its true rate"
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


def _draw_grid(graph: Axes, group: pd.DataFrame, axis: RateAxis) -> None:
    """Draw the grid behind a group's rows, and its typical rate as a line of dots."""
    top, bottom = group["y"].min() - ROW / 2, group["y"].max() + ROW / 2
    ticks = graph.get_xticks()
    graph.vlines(ticks, top, bottom, color=FAINT, linewidth=0.5, clip_on=False, zorder=0)
    typical = axis.marks(group.loc[group["kind"] == TYPICAL, "rate"])
    graph.vlines(typical, top, bottom, color=MODEL, linewidth=0.8, linestyle=":", zorder=1)


def _draw_observed(graph: Axes, arms: pd.DataFrame, areas: Array, axis: RateAxis) -> None:
    y = arms["y"] - APART
    lower, upper = (axis.places(arms[f"observed_{end}"]) for end in ("lower", "upper"))
    graph.hlines(y, lower, upper, color=OBSERVED, linewidth=THIN, clip_on=False, zorder=2)
    points = graph.scatter(axis.marks(arms["observed"]), y, s=areas, marker="s", zorder=3)
    points.set(facecolor="white", edgecolor=OBSERVED, linewidth=EDGE, clip_on=False)


def _draw_model(graph: Axes, arms: pd.DataFrame, areas: Array, axis: RateAxis) -> None:
    y = arms["y"] + APART
    lower, upper = (axis.places(arms[end]) for end in ("lower", "upper"))
    graph.hlines(y, lower, upper, color=RANGE, linewidth=THICK, clip_on=False, zorder=4)
    points = graph.scatter(axis.marks(arms["rate"]), y, s=areas, marker="o", zorder=5)
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
