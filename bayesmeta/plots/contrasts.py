"""Levels of a factor against each other: odds ratios on a log axis, and where each level ranks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.contrast_table import Contrasts
from bayesmeta.estimates.inferred import contrast_inferred
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.contrast_rows import (
    BETWEEN,
    PRIORS,
    WIDEST,
    WITHIN,
    lines_of,
    pair_rows,
    versus_of,
    wording_of,
)
from bayesmeta.plots.fit_text import fit_words
from bayesmeta.plots.lettering import put_text, text_width
from bayesmeta.plots.pages import Plot, Words, bare
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.rows import GRAPH, ROW, Column, Rows, draw_panels
from bayesmeta.plots.style import HOLLOW, INK, MODEL, RANGE, SMALL, house_style
from bayesmeta.plots.ticks import kept_apart

NOTE = (
    "Odds ratio above 1: a higher typical rate. Difference: of typical rates, {unit}. Within: share of "
    "the information that compares arms of one study; at 0, only studies are compared, with everything "
    "else in which they differ."
)
SPLIT_NOTE = (
    "First line of a pair: studies at either level, with everything else in which they differ. Second line: arms of "
    "one study. Conflict: log-odds ratio of studies less that of arms."
)
RANKS_NOTE = (
    "Ranks: probability of each (%), by typical rate, 1 the highest. They do not show how large differences "
    "are: one of several levels ranks first even if they hardly differ, or the evidence on them is weak."
)


THICK, MARK = 2.0, 24.0
"""Width of lines in points, and area of marks in square points."""

TICKS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 100, 1000)
LEAST_TICK = 0.36
"""Least distance of ticks in inches."""

SHADES, DARKEST, DARK = "Blues", 0.8, 0.55
"""Shades of cells, the share of them in use, and the probability from which numbers are white."""


def contrasts(
    contrasts: Contrasts,
    *,
    ranks: bool | None = None,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the contrasts between levels of a factor, and the probability of each rank where asked.

    Above, one row per pair: odds ratio of typical rates with its interval on a log axis, rate
    difference, and how much of the information is within studies. A hollow mark is a contrast with
    information between studies only. Of a factor with parts within and between studies, a second line
    has the odds ratio of arms of one study, and a column the conflict of the two. Below, one row per
    level: the darker a cell, the likelier the rank.

    Parameters
    ----------
    contrasts : Contrasts
        Of `contrast`. If diagnostics of the draws failed, the figure says so in its first line.
    ranks : bool, optional
        Whether ranks are shown; as `Contrasts.rankable` says where None.
    scale : RateScale
        What differences of rates are counted per.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the rows of `Contrasts.table` (`kind` ``"pair"``; differences of rates are
        probabilities), then, where shown, those of `Contrasts.ranks` (``"rank"``).

    Raises
    ------
    SettingsError
        If `contrasts` is not a Contrasts, or is of survival.

    References
    ----------
    Salanti, Ades & Ioannidis 2011, doi:10.1016/j.jclinepi.2010.03.016 (ranks, SUCRA).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("regimen"), arms, seed=1)
    >>> bm.plots.contrasts(bm.contrast(fit, against="ven_hma"))
    Plot(contrasts: 7 pairs of 8 levels)
    """
    check_kind("contrasts", contrasts, Contrasts, "contrast")
    if contrasts.time is not None:
        raise SettingsError(
            "The figure of contrasts is of odds ratios; it is not available for survival. "
            "Read the ratios of medians in `contrast`."
        )
    table, shown = contrasts.table, contrasts.rankable if ranks is None else ranks
    lines = lines_of(table)
    ends = _ends(lines)
    panels = [pair_rows(contrasts, lines, scale), *([_levels(contrasts)] if shown else [])]
    said = [
        _note(lines, ends, scale),
        *contrast_inferred(contrasts, wording_of(contrasts)),
        *([RANKS_NOTE] if shown else []),
    ]
    with house_style():
        words = _around(contrasts, said, notes)
        figure, [(upper, heights), *lower] = draw_panels(panels, words)
        _draw_ratios(upper, lines, heights, ends)
        for axes, places in lower:
            _draw_ranks(axes, contrasts.ranks, places)
    drawn = [table.assign(kind="pair"), *([contrasts.ranks.assign(kind="rank")] if shown else [])]
    about = f"{counted(len(table), 'pair')} of {counted(len(contrasts.ranks), 'level')}"
    return Plot("contrasts", figure, pd.concat(drawn, ignore_index=True), about)


def _ends(table: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis of odds ratios: as wide as the intervals, but never too wide."""
    low = float(np.clip(table["odds_ratio_lower"].min() / 1.1, 1 / WIDEST, 0.5))
    return low, float(np.clip(table["odds_ratio_upper"].max() * 1.1, 2, WIDEST))


def _around(contrasts: Contrasts, said: Sequence[str], notes: Sequence[str]) -> Words:
    """Return the text around the figure, with the evidence where the contrasts are of a fit."""
    words, fit = wording_of(contrasts), contrasts.fit
    held = f", at {contrasts.profile}" if contrasts.profile else ""
    title = words.text(f"Contrasts of {words.column(contrasts.factor)}{held}")
    if fit is None:
        return Words(words.labels.about(contrasts.outcome, title), [*said, *notes])
    return fit_words(title, fit, said, notes, outcome=contrasts.outcome or None)


def _levels(contrasts: Contrasts) -> Rows:
    ranks, words = contrasts.ranks, wording_of(contrasts)
    versus = versus_of(contrasts.table)
    return Rows(
        heading=words.labels.column(contrasts.factor),
        axis="Probability of rank (%)",
        labels=[words.level(contrasts.factor, str(level)) for level in ranks["level"]],
        columns=[
            Column("Mean\nrank", [f"{rank:.1f}" for rank in ranks["mean_rank"]]),
            Column("SUCRA\n%", [f"{100 * share:.0f}" for share in ranks["sucra"]]),
        ],
        bold=np.flatnonzero(ranks["level"] == versus).tolist(),
    )


def _note(lines: pd.DataFrame, ends: tuple[float, float], scale: RateScale) -> str:
    found = [NOTE.format(unit=scale.rates.in_points)]
    if "conflict" in lines:
        found.append(SPLIT_NOTE)
    if (lines["basis"] == BETWEEN).any():
        found.append("Hollow: information between studies only.")
    crossed = lines[lines["basis"] == PRIORS]
    if not crossed["within"].all():
        found.append("Cross: a level has no studies, so the contrast depends mostly on the priors.")
    elif len(crossed):
        found.append("Cross: no studies compare such arms, so the contrast depends on the priors.")
    if (lines["odds_ratio_lower"] < ends[0]).any() or (lines["odds_ratio_upper"] > ends[1]).any():
        found.append("Arrowheads: the interval goes on beyond the axis.")
    return " ".join(found)


def _draw_ratios(
    graph: Axes, table: pd.DataFrame, heights: Array, ends: tuple[float, float]
) -> None:
    """Draw each odds ratio with its interval as far as the log axis reaches, and the axis."""
    low, high = (
        np.clip(table[f"odds_ratio_{end}"].to_numpy(), *ends) for end in ("lower", "upper")
    )
    graph.vlines(1, *graph.get_ylim(), color=INK, linewidth=0.8, linestyle=":", zorder=1)
    graph.hlines(heights, low, high, color=RANGE, linewidth=THICK, zorder=2)
    median, basis = table["odds_ratio"].to_numpy(), table["basis"].to_numpy()
    for name, look in (
        (WITHIN, {**HOLLOW, "facecolor": MODEL}),
        (BETWEEN, HOLLOW),
        (PRIORS, {"marker": "x", "color": MODEL, "linewidth": 1.4}),
    ):
        chosen = basis == name
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
    graph.set(xscale="log", xlim=ends, xlabel="Odds ratio of typical rates", yticks=[])
    inside = [tick for tick in TICKS if ends[0] <= tick <= ends[1]]
    nearest = sorted(inside, key=lambda tick: abs(np.log(tick)))
    ticks = kept_apart(nearest, np.log, LEAST_TICK / GRAPH * np.log(ends[1] / ends[0]))
    graph.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    graph.set_xticks([], minor=True)
    bare(graph, grid="x", sides=["bottom"])


def _draw_ranks(graph: Axes, ranks: pd.DataFrame, heights: Array) -> None:
    """Draw a cell for each level and rank, the darker the likelier, with its percentage."""
    number = len(ranks)
    graph.set(xlim=(0.5, number + 0.5), xlabel="Rank", yticks=[])
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
