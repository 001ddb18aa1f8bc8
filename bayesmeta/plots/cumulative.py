"""The cumulative forest: what the evidence said as it grew, one row for each year."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from bayesmeta.comparison.cumulative import Cumulative
from bayesmeta.errors import SettingsError
from bayesmeta.plots.lettering import counted
from bayesmeta.plots.pages import Plot
from bayesmeta.plots.rows import ROW, Rows, draw_axis, draw_rows
from bayesmeta.plots.style import BAND, INK, MODEL, PREDICTION, house_style
from bayesmeta.plots.tables import percent_or_plain
from bayesmeta.plots.warning import warning_of_fits

__all__ = ["CumulativePlot", "cumulative"]

Array = npt.NDArray[np.float64]

WIDE, THICK, MARK = 5.0, 2.0, 22.0
"""Widths of lines in points: of a new study and of the typical rate; and area of marks."""

NUMBERS = ("typical", "typical_lower", "typical_upper", "new_study_lower", "new_study_upper")


class CumulativePlot(Plot):
    """A cumulative forest and the numbers it shows; see `Plot`.

    Its table is that of `cumulative`.
    """

    def __repr__(self) -> str:
        return f"CumulativePlot({counted(len(self.table), 'row')})"


def cumulative(result: Cumulative, *, notes: Sequence[str] = ()) -> CumulativePlot:
    """Return the cumulative forest: the typical rate and a new study's, as studies were added.

    Each row is a fit to all studies up to then. The thin, dark line and the mark are the typical
    rate; the wide, light bar is the prediction interval of a new study, which does not shrink to nothing
    however many studies there are. The band through all rows is the last typical rate's interval.

    Parameters
    ----------
    result : Cumulative
        Of `bayesmeta.cumulative`. If draws of a fit failed their diagnostics, the figure says so in
        its first line, and the row is marked with an asterisk.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    CumulativePlot
        With `figure`, `table` (rates as probabilities) and `save(path)`.

    Raises
    ------
    SettingsError
        If `result` is no Cumulative.

    References
    ----------
    Lau et al. 1992, doi:10.1056/NEJM199207233270406.
    """
    if not isinstance(result, Cumulative):
        raise SettingsError(
            f"`result` must be a Cumulative; got {type(result).__name__}. Make one by cumulative."
        )
    table = result.table.reset_index(drop=True)
    last = [False] * (len(table) - 1) + [True]
    rows = Rows(
        heading=f"Up to {result.by}",
        axis="Rate (%)",
        columns=_columns(result),
        labels=[_label(row) for row in table.to_dict("records")],
        cells=[_cells(row, tau=_has_tau(result)) for row in table.to_dict("records")],
        bold=last,
    )
    failed = int((~table["ok"].astype(bool)).sum())
    with house_style():
        figure, graph, heights = draw_rows(
            rows,
            f"Cumulative meta-analysis by {result.by}: {result.profile}",
            [*_notes(result), *notes],
            warning_of_fits(failed, len(table)),
        )
        percent = 100 * table[list(NUMBERS)].to_numpy(dtype=np.float64)
        _draw(graph, percent, heights)
        draw_axis(graph, percent, "Typical rate, and rate of a new study (%)", (0.0, 100.0))
    return CumulativePlot(figure, table)


def _has_tau(result: Cumulative) -> bool:
    return bool(result.table["tau"].notna().any())


def _columns(result: Cumulative) -> tuple[str, ...]:
    sure = f"({100 * result.ci_prob:g}% CrI)"
    tau = (f"tau\n{sure}",) if _has_tau(result) else ()
    return "Studies", "Patients", f"Typical %\n{sure}", f"New study %\n({100 * result.ci_prob:g}% PI)", *tau  # fmt: skip


def _label(row: Mapping[Hashable, Any]) -> str:
    name = "All" if np.isnan(row["year"]) else f"{row['year']:.10g}"
    return name if row["ok"] else f"{name}*"


def _cells(row: Mapping[Hashable, Any], *, tau: bool) -> tuple[str, ...]:
    typical, low, high, new_low, new_high = (
        percent_or_plain(row[name], rates=True) for name in NUMBERS
    )
    found = (
        f"{row['studies']}",
        f"{row['patients']:,}",
        f"{typical} ({low} to {high})",
        f"{new_low} to {new_high}",
    )
    if not tau:
        return found
    median, low, high = (f"{row[f'tau{end}']:.2f}" for end in ("", "_lower", "_upper"))
    return (*found, f"{median} ({low} to {high})")


def _notes(result: Cumulative) -> list[str]:
    found = [
        "Each row: the same model fitted to all studies up to then. Thin, dark lines and marks: typical rate; wide, light "
        "bars: prediction interval of a new study; band: the last row's typical rate. Rows share their studies, so "
        "that an estimate which settles is no test."
    ]
    if result.undated:
        found.append(
            f"{counted(len(result.undated), 'arm')} without {result.by} enter{'s' if len(result.undated) == 1 else ''} "
            "in the last row only."
        )
    if not result.ok:
        found.append("* The draws of this fit failed their diagnostics.")
    return found


def _draw(graph: Axes, percent: Array, heights: Array) -> None:
    """Draw the rows; columns of `percent` as of `NUMBERS`."""
    typical, lower, upper, new_lower, new_upper = percent.T
    ends = heights[0] - ROW / 2, heights[-1] + ROW / 2
    graph.fill_betweenx(ends, lower[-1], upper[-1], color=BAND, linewidth=0, zorder=0.5)
    graph.vlines(typical[-1], *ends, color=MODEL, linewidth=0.8, linestyle=":", zorder=1)
    graph.hlines(heights, new_lower, new_upper, color=PREDICTION, linewidth=WIDE, zorder=2)
    graph.hlines(heights, lower, upper, color=MODEL, linewidth=THICK, zorder=3)
    for rows, size, marker, edge in (
        (slice(None, -1), MARK, "o", "white"),
        (slice(-1, None), 2 * MARK, "D", INK),
    ):
        graph.scatter(
            typical[rows], heights[rows], s=size, marker=marker, color=MODEL, edgecolor=edge,
            linewidth=0.6, zorder=4,
        )  # fmt: skip
