"""The calibration plot: how far the ranks of the truth stray from even, against what chance allows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.calibration import Calibration, CaseResult
from bayesmeta.calibration.bands import band, relative_distance
from bayesmeta.calibration.judging import BAND
from bayesmeta.calibration.trials import RANKS
from bayesmeta.errors import SettingsError, counted, listed, nearest
from bayesmeta.plots.pages import Plot, Words, bare
from bayesmeta.plots.panels import draw_band, panel_page
from bayesmeta.plots.style import ALARM, MODEL, house_style
from bayesmeta.plots.ticks import put_ticks

COLUMNS, PANEL, ROOM = 3, (2.15, 1.35), (0.5, 0.1, 0.28, 0.34)
"""Panels beside each other; in inches, the size of one, and what is left, right, above and below it."""

THIN, THICK = 0.5, 1.1
"""Widths of lines in points: of cases inside the band, and of those outside."""


def calibration(result: Calibration, *, part: str | None = None) -> Plot:
    """Return the distribution functions of ranks minus even ones, one panel for each quantity.

    Each line is a quantity of one case; all coefficients share a panel. The band holds a whole line
    with probability 99% if nothing is wrong. A line that bends up shows draws that are too high, down
    too low; up and then down draws too narrow, down and then up too wide.

    Parameters
    ----------
    result : Calibration
        Results of `bayesmeta.calibrate`.
    part : str, optional
        The part of the model family to show; all where None.

    Returns
    -------
    Plot
        `table`: one row per line: `panel`, `case`, `quantity` and `distance`, the greatest deviation
        from even ranks in units of the band (inside up to 1).

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
    Plot(calibration: 4 lines in 4 panels)
    >>> bool((plot.table["distance"] <= 1).all())
    True
    """
    results = _chosen(result, part)
    sets = results[0].tally.sets
    table = _table(results)
    panels = list(dict.fromkeys(table["panel"]))
    with house_style():
        title = f"Ranks of the truth among the draws, {part or 'all parts'}"
        words = Words(title, _notes(len(results), sets))
        headings = [_heading(panel, table) for panel in panels]
        figure, graphs = panel_page(
            words, [], PANEL, count=len(panels), columns=COLUMNS, headings=headings, room=ROOM
        )
        for graph, panel in zip(graphs, panels, strict=True):
            _draw_panel(graph, table[table["panel"] == panel], results, sets)
    about = f"{counted(len(table), 'line')} in {counted(len(panels), 'panel')}"
    return Plot("calibration", figure, table, about)


def _heading(panel: str, table: pd.DataFrame) -> str:
    """Return a quantity, and how many of its lines leave their band."""
    lines = table[table["panel"] == panel]
    return f"{panel}: {int((lines['distance'] > 1).sum())} of {len(lines)} outside"


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


def _draw_panel(graph: Axes, lines: pd.DataFrame, results: Sequence[CaseResult], sets: int) -> None:
    share = np.arange(RANKS + 1) / RANKS
    limits = band(sets, RANKS, BAND)
    lower, upper = (
        np.array([0, *edge, sets]) / sets - share for edge in (limits.lower, limits.upper)
    )
    ranks = {each.name: each.tally.ranks for each in results}
    counts = [ranks[case][one] for case, one in zip(lines["case"], lines["quantity"], strict=True)]
    below = np.cumsum([(0, *each) for each in counts], axis=1) / sets - share
    draw_band(graph, share, (lower, upper), below)
    for line, beyond in zip(below, lines["distance"] > 1, strict=True):
        colour, width = (ALARM, THICK) if beyond else (MODEL, THIN)
        graph.plot(share, line, color=colour, linewidth=width, zorder=2 + beyond)
    graph.set_xticks([0, 0.5, 1])
    put_ticks(graph.yaxis, 4)
    bare(graph, grid=None)


def _notes(cases: int, sets: int) -> list[str]:
    return [
        "Across: share of the draws below the truth. Upwards: share of data sets up to there, minus "
        "what it is if the fit is right.",
        f"{counted(cases, 'case')} of {counted(sets, 'data set')}. Grey: where a whole line stays with "
        f"probability {100 * BAND:g}% if the fit is right; thick lines leave it, as about one in "
        f"{round(1 / (1 - BAND))} does by chance.",
    ]
