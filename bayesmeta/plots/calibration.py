"""The calibration plot: how far the ranks of the truth stray from even, against what chance allows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.calibration import Calibration, CaseResult
from bayesmeta.calibration.bands import band, relative_distance
from bayesmeta.calibration.judging import BAND
from bayesmeta.calibration.trials import RANKS
from bayesmeta.errors import SettingsError, counted, listed, nearest
from bayesmeta.plots.lettering import paragraph, put_paragraphs
from bayesmeta.plots.pages import Plot
from bayesmeta.plots.style import (
    ALARM,
    BAND as SHADE,
    FAINT,
    INK,
    MODEL,
    SMALL,
    TITLE,
    house_style,
)

__all__ = ["RankPlot", "calibration"]

COLUMNS = 3
PANEL = (2.15, 1.35)
"""Width and height of a panel; all in inches."""

GAP, MARGIN = (0.5, 0.62), 0.55
HEAD, FOOT = 0.62, 0.85

THIN, THICK = 0.5, 1.1
"""Widths of lines in points: of cases inside the band, and of those outside."""


class RankPlot(Plot):
    """A calibration plot and the numbers it shows.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it belongs to no pyplot window.
    table : DataFrame
        One row per line: `panel`, `case`, `quantity` and `distance`, the greatest deviation from even
        ranks in units of the band (inside up to 1).

    See Also
    --------
    calibration : Draws one, with an example.
    """

    def __repr__(self) -> str:
        panels = self.table["panel"].nunique()
        return f"RankPlot({counted(len(self.table), 'line')} in {counted(panels, 'panel')})"


def calibration(result: Calibration, *, part: str | None = None) -> RankPlot:
    """Return the distribution functions of ranks minus even ones, one panel for each quantity.

    Each line is a quantity of one case; all coefficients share a panel. The band holds a whole
    line with probability 99% if nothing is wrong. A line that bends up shows draws that are too
    high, down too low; up and then down draws too narrow, down and then up too wide.

    Parameters
    ----------
    result : Calibration
        Results of `bayesmeta.calibrate`.
    part : str, optional
        The part of the model family to show; all where None.

    Returns
    -------
    RankPlot
        With `figure`, `table` and `save(path)`.

    Raises
    ------
    SettingsError
        If there is no such part, or its cases have different numbers of data sets.

    References
    ----------
    Säilynoja, Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     found = bm.calibrate(folder, parts=["distribution-common"], sets=10, seed=1, short=True)
    >>> plot = bm.plots.calibration(found)
    >>> plot
    RankPlot(4 lines in 4 panels)
    >>> bool((plot.table["distance"] <= 1).all())
    True
    """
    results = _chosen(result, part)
    sets = results[0].tally.sets
    table = _table(results)
    panels = list(dict.fromkeys(table["panel"]))
    with house_style():
        title = f"Ranks of the truth among the draws, {part or 'all parts'}"
        figure, page, graphs = _page(len(panels))
        for graph, panel in zip(graphs, panels, strict=True):
            _draw_panel(graph, table[table["panel"] == panel], results, sets)
        _write(page, title, len(results), sets)
    return RankPlot(figure, table)


def _chosen(result: Calibration, part: str | None) -> list[CaseResult]:
    judged = [each for each in result.results if each.judged]
    parts = dict.fromkeys(each.part for each in judged)
    if part is not None and part not in parts:
        raise SettingsError(f"`part` '{part}' is not among the results. {nearest(part, parts)}")
    chosen = [each for each in judged if part in (None, each.part)]
    sizes = sorted({each.tally.sets for each in chosen})
    if len(sizes) != 1:
        raise SettingsError(
            f"The cases shown must have one number of data sets; got {listed(sizes) or 'no case'}. "
            "Run `calibrate` with one, or choose a `part`."
        )
    return chosen


def _table(results: Sequence[CaseResult]) -> pd.DataFrame:
    limits = band(results[0].tally.sets, RANKS, BAND)
    rows = [
        (quantity.split("[")[0], each.name, quantity, relative_distance(np.array(counts), limits))
        for each in results
        for quantity, counts in each.tally.ranks.items()
    ]
    return pd.DataFrame(rows, columns=["panel", "case", "quantity", "distance"])


def _page(panels: int) -> tuple[Figure, Axes, list[Axes]]:
    """Return a figure, axes over all of it in inches from the top down, and those of the panels."""
    rows = -(-panels // COLUMNS)
    width = 2 * MARGIN + COLUMNS * PANEL[0] + (COLUMNS - 1) * GAP[0]
    height = HEAD + rows * (PANEL[1] + GAP[1]) + FOOT
    figure = Figure(figsize=(width, height))
    page = figure.add_axes((0, 0, 1, 1))
    page.set(xlim=(0, width), ylim=(height, 0))
    page.axis("off")
    graphs = []
    for k in range(panels):
        left = MARGIN + (k % COLUMNS) * (PANEL[0] + GAP[0])
        top = HEAD + (k // COLUMNS) * (PANEL[1] + GAP[1]) + GAP[1] / 3
        box = (left, height - top - PANEL[1], *PANEL)
        graphs.append(
            figure.add_axes(
                tuple(v / s for v, s in zip(box, (width, height) * 2, strict=True))  # type: ignore[arg-type]
            )
        )
    return figure, page, graphs


def _draw_panel(graph: Axes, lines: pd.DataFrame, results: Sequence[CaseResult], sets: int) -> None:
    share = np.arange(RANKS + 1) / RANKS
    limits = band(sets, RANKS, BAND)
    lower, upper = (
        np.array([0, *edge, sets]) / sets - share for edge in (limits.lower, limits.upper)
    )
    graph.fill_between(share, lower, upper, color=SHADE, linewidth=0, zorder=0)
    graph.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    counts = {each.name: each.tally.ranks for each in results}
    for row in lines.to_dict("records"):
        below = np.cumsum([0, *counts[row["case"]][row["quantity"]]]) / sets - share
        outside = row["distance"] > 1
        colour, width = (ALARM, THICK) if outside else (MODEL, THIN)
        graph.plot(share, below, color=colour, linewidth=width, zorder=2 + outside)
    outside = int((lines["distance"] > 1).sum())
    graph.set_title(
        f"{lines['panel'].iloc[0]}: {outside} of {len(lines)} outside", size=SMALL + 1, loc="left"
    )
    graph.set(xlim=(0, 1), xticks=[0, 0.5, 1])
    graph.tick_params(labelsize=SMALL, length=2.5, pad=2)
    for side in ("right", "top"):
        graph.spines[side].set_visible(False)


def _write(page: Axes, title: str, cases: int, sets: int) -> None:
    """Write the title above the panels and what they show below."""
    width, height = page.get_xlim()[1], page.get_ylim()[0]
    room = width - 2 * MARGIN
    put_paragraphs(page, MARGIN, 0.16, [paragraph(title, room, size=TITLE, bold=True)])
    notes = (
        "Across: share of the draws below the truth. Upwards: share of data sets up to there, minus "
        "what it is if the fit is right.",
        f"{counted(cases, 'case')} of {counted(sets, 'data set')}. Grey: where a whole line stays with "
        f"probability {100 * BAND:g}% if the fit is right; thick lines leave it, as about one in "
        f"{round(1 / (1 - BAND))} does by chance.",
    )
    below = [paragraph(note, room, size=SMALL, colour=INK) for note in notes]
    put_paragraphs(page, MARGIN, height - FOOT + 0.1, below)
