"""The specification curve: the estimates of many fits in order, and which choices each made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.errors import SettingsError, counted, listed
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.plots.checks import check_columns, check_numbers, rows_of_outcome
from bayesmeta.plots.lettering import printable, put_text, shortened, text_width
from bayesmeta.plots.pages import MARGIN, Plot, Words, bare, inch_axes, sheet
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.style import ALARM, BAND, INK, MODEL, RANGE, SMALL, house_style
from bayesmeta.plots.ticks import decimals_of, number_text, put_ticks

__all__ = ["CHOICES", "specification_curve"]

Array = npt.NDArray[np.float64]

CHOICES = ("outcome", "inclusion", "covariates", "study_effects", "prior_tau", "prior_mu")
"""Columns of choices that are drawn where none are named."""

NUMBERS = ["estimate", "lower", "upper"]

CURVE, GRAPH, ROW, HEADING, GAP = 2.3, 5.6, 0.15, 0.2, 0.18
TICK, BELOW_CURVE, AXIS, LEAST_LABEL, LONGEST_LABEL, INDENT = 0.16, 0.16, 0.22, 1.0, 2.2, 0.1
ENDS = (0.45, 1.1)
"""Sizes in inches; the last, of the right ends of the numbers beside the graph."""

FEW, SPACE = 120, 0.35
"""Fits up to which each has a mark of its own, and the share of a column left free between marks."""

POINTS_PER_INCH = 72


@dataclass(frozen=True)
class _Shown:
    """How estimates are written: labels of axis and medians, what follows, unit and decimals."""

    axis: str
    median: str
    suffix: str
    per: float
    places: int

    def text(self, value: float) -> str:
        return number_text(self.per * float(value), self.places, thousands=True)


@dataclass(frozen=True)
class _Line:
    """A heading, which has no fits, or one level of a choice; `y` is its middle below the curve."""

    text: str
    y: float
    made: npt.NDArray[np.bool_] | None = None
    numbers: Sequence[str] = ()


def specification_curve(
    table: pd.DataFrame,
    *,
    outcome: str | None = None,
    choices: Sequence[str] | None = None,
    quantity: str = "Typical rate",
    rates: bool = True,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the estimates of many fits from lowest to highest, and the choices behind each.

    Above, one column per fit: its estimate and interval. Below, in the same column, a mark in the row
    of each choice it made, with the number of fits that made it and the median of their estimates. A
    choice that matters has its marks at one end.

    Parameters
    ----------
    table : DataFrame
        Of `run_grid`, its `curve`: one row per fit with `estimate`, `lower`, `upper`, `ok` (whether
        its diagnostics passed), and a column of text for each choice. A fit without an estimate is
        counted and not drawn.
    outcome : str, optional
        The one outcome whose fits are drawn; where None, all, and the outcome is one of the choices.
    choices : sequence of str, optional
        Columns of the choices, from the top; where None, those of `CHOICES` that the table has.
    quantity : str
        What is estimated.
    rates : bool
        Whether estimates are rates (probability), shown as `scale` says.
    ci_prob : float
        Probability of the intervals in the table, for the captions.
    scale : RateScale
        What rates are counted per.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the fits drawn, from the lowest `estimate` to the highest, as they were given.

    Raises
    ------
    SettingsError
        If the table lacks a column, `choices` names none, or no fit has an estimate.

    References
    ----------
    Simonsohn, Simmons & Nelson 2020, doi:10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> distributions = {"common": bm.CommonEffect(), "normal": bm.NormalEffects()}
    >>> grid = bm.SpecificationGrid(outcomes=["CR"], study_effects=distributions)
    >>> found = bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), seed=1)
    >>> plot = bm.plots.specification_curve(found.curve)
    >>> plot
    Plot(specification_curve: 2 fits)
    >>> plot.table["study_effects"].tolist()
    ['common', 'normal']
    """
    check_ci_prob(ci_prob)
    table = check_columns(table, (*NUMBERS, "ok"))
    if outcome is not None:
        table = rows_of_outcome(table, outcome)
        quantity = f"{outcome}: {quantity}"
    names = [name for name in CHOICES if name in table] if choices is None else list(choices)
    check_columns(table, names)
    if not names:
        raise SettingsError(
            f"`choices` must name a column or more; `table` has none of {', '.join(CHOICES)}."
        )
    known = table[table["estimate"].notna()]
    if not len(known):
        raise SettingsError(
            "`estimate` of `table` is missing in every row, so there is nothing to draw."
        )
    drawn = known.sort_values("estimate", kind="stable", ignore_index=True)
    check_numbers(drawn, NUMBERS, names[0])
    # Levels are drawn in the order of the table given, not of the curve.
    levels = {name: list(dict.fromkeys(known[name].fillna(""))) for name in names}
    varied = {name: found for name, found in levels.items() if len(found) > 1}
    same = [f"{name} {found[0] or 'none'}" for name, found in levels.items() if name not in varied]
    shown = _shown(drawn, quantity, scale if rates else None)
    words = Words(
        f"{quantity}: {counted(len(drawn), 'fit')}",
        [
            _about_curve(drawn, ci_prob, shown),
            f"The same in all fits: {listed(same)}." if same else "",
            _about_failures(table, drawn),
            *notes,
        ],
    )
    with house_style():
        figure = _draw(drawn, varied, words, shown)
    return Plot("specification_curve", figure, drawn, counted(len(drawn), "fit"))


def _shown(table: pd.DataFrame, quantity: str, scale: RateScale | None) -> _Shown:
    """Return how the ends of the narrowest interval are told apart."""
    width = float((table["upper"] - table["lower"]).min())
    if scale is None:
        return _Shown(quantity, "Median", "", 1.0, decimals_of(width, least=2))
    places = scale.places(width, float(table["estimate"].min()))
    return _Shown(scale.label(quantity), f"Median {scale.unit}", scale.suffix, scale.per, places)


def _about_curve(drawn: pd.DataFrame, ci_prob: float, shown: _Shown) -> str:
    low, median, high = (
        f"{shown.text(value)}{shown.suffix}" for value in drawn["estimate"].quantile([0, 0.5, 1])
    )
    return (
        f"Above: estimates (dots) with their {100 * ci_prob:g}% intervals, from lowest to highest: {low} "
        f"to {high}, median {median}. Below: the choices that each fit made, in the same column. On the "
        "right: how many fits made a choice, and the median of their estimates."
    )


def _about_failures(table: pd.DataFrame, drawn: pd.DataFrame) -> str:
    """Return how many fits failed their diagnostics, and how many there is nothing of."""
    unreliable, missing = int((~drawn["ok"].astype(bool)).sum()), len(table) - len(drawn)
    failed = f"{counted(unreliable, 'fit')} failed the diagnostics (marked below the curve): do not use these."
    lost = f"{counted(missing, 'fit')} could not be made and {'is' if missing == 1 else 'are'} not drawn."
    return " ".join(text for text, number in ((failed, unreliable), (lost, missing)) if number)


def _draw(
    table: pd.DataFrame, levels: Mapping[str, Sequence[object]], words: Words, shown: _Shown
) -> Figure:
    """Return the figure of the fits of a table, in its order, given what can be chosen by column."""
    lines = list(_lines(table, levels, shown))
    widths = [text_width(printable(line.text), size=SMALL, bold=True) + INDENT for line in lines]
    room = min(max([*widths, LEAST_LABEL, text_width(shown.axis, bold=True)]), LONGEST_LABEL)
    left = MARGIN + room + GAP
    below = TICK + CURVE + BELOW_CURVE
    body = below + (lines[-1].y + ROW if lines else 0)
    width = left + GRAPH + ENDS[-1] + MARGIN
    figure, page, top = sheet(words, width, body + AXIS)
    put_text(page, MARGIN, top + TICK / 2, shortened(shown.axis, room, bold=True), bold=True)
    graph = inch_axes(figure, (left, left + GRAPH), (top + TICK, top + TICK + CURVE))
    _draw_curve(graph, table, shown.per)
    if lines:
        start = top + below
        for end, heading in zip(ENDS, ("Fits", shown.median), strict=True):
            put_text(page, left + GRAPH + end, start, heading, size=SMALL, bold=True, align="right")
        _put_lines(page, lines, start, room)
        choices = inch_axes(figure, (left, left + GRAPH), (start, top + body))
        _draw_choices(choices, lines, start, len(table))
    return figure


def _lines(
    table: pd.DataFrame, levels: Mapping[str, Sequence[object]], shown: _Shown
) -> Iterable[_Line]:
    """Yield the lines below the curve, `y` counted from its lower end."""
    y = 0.0
    for name, found in levels.items():
        y += HEADING
        yield _Line(name.replace("_", " "), y - HEADING / 2)
        chosen = table[name].fillna("")
        for level in found:
            y += ROW
            made = (chosen == level).to_numpy()
            numbers = f"{made.sum():,}", shown.text(table.loc[made, "estimate"].median())
            yield _Line(str(level) or "none", y - ROW / 2, made, numbers)


def _draw_curve(graph: Axes, table: pd.DataFrame, per: float) -> None:
    estimate, lower, upper = per * table[NUMBERS].to_numpy(dtype=np.float64).T
    place, bad = np.arange(len(table)), ~table["ok"].to_numpy(dtype=bool)
    column = GRAPH / len(table) * POINTS_PER_INCH
    width, size = float(np.clip(column * (1 - SPACE), 0.3, 3)), float(np.clip(column, 1.2, 4.5))
    graph.vlines(place, lower, upper, color=RANGE, linewidth=width, zorder=2)
    graph.plot(place, estimate, "o", color=MODEL, markersize=size, markeredgewidth=0, zorder=3)
    spread = float(upper.max() - lower.min()) or 1.0
    graph.set(
        xlim=(-0.5, len(table) - 0.5),
        ylim=(lower.min() - 0.08 * spread, upper.max() + 0.05 * spread),
        xticks=[],
    )
    put_ticks(graph.yaxis, 9)
    # Marks of unreliable fits are wide enough to be seen among thousands.
    mark: dict[str, Any] = {
        "markersize": 5,
        "markeredgewidth": float(np.clip(column, 0.6, 1.5)),
        "zorder": 4,
    }
    below = np.full(bad.sum(), 0.015)
    graph.plot(place[bad], below, "|", color=ALARM, transform=graph.get_xaxis_transform(), **mark)
    bare(graph, grid="y", sides=["left"])


def _put_lines(page: Axes, lines: Sequence[_Line], start: float, room: float) -> None:
    """Write choices and levels from a height on down, in so much room, and the numbers of levels."""
    right = MARGIN + room + GAP + GRAPH
    for line in lines:
        bold = line.made is None
        indent = 0.0 if bold else INDENT
        text = shortened(printable(line.text), room - indent, size=SMALL, bold=bold)
        put_text(page, MARGIN + indent, start + line.y, text, size=SMALL, bold=bold)
        for end, number in zip(ENDS, line.numbers, strict=False):
            put_text(page, right + end, start + line.y, number, size=SMALL, align="right")


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
        runs = _runs(line.made, merged=not space)
        spans = [(first - 0.5 + space, count - 2 * space) for first, count in runs]
        bars = graph.broken_barh(spans, (y - 0.42 * ROW, 0.84 * ROW), color=INK, linewidth=0)
        # Columns narrower than a dot become grey; fitted to dots, some would vanish.
        bars.set(snap=False, zorder=2)


def _runs(made: npt.NDArray[np.bool_], *, merged: bool) -> list[tuple[int, int]]:
    """Return first position and length of each run of fits that made a choice; singly unless merged."""
    if not merged:
        return [(int(place), 1) for place in np.flatnonzero(made)]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], made, [False]]).astype(np.int8)))
    return [(int(first), int(end - first)) for first, end in edges.reshape(-1, 2)]
