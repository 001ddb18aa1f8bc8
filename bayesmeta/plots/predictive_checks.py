"""Checks of predictions against arms held out: are they even, and do intervals hold what they should."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.comparison.predictive_checks import BAND, FEW, coverage_table, pit_table
from bayesmeta.comparison.validation import Validation
from bayesmeta.errors import SettingsError, counted
from bayesmeta.plots.lettering import paragraph, put_paragraphs
from bayesmeta.plots.pages import MARGIN, Plot, inch_axes, notes_of, page_of, title_of
from bayesmeta.plots.style import (
    ALARM,
    BAND as SHADE,
    FAINT,
    INK,
    MODEL,
    RANGE,
    SMALL,
    house_style,
)
from bayesmeta.plots.ticks import put_ticks
from bayesmeta.plots.warning import warning_of_diagnostics, warning_of_fits

__all__ = ["PredictiveChecksPlot", "predictive_checks"]

PANEL, LEFT, GAP, HEAD, AXIS = (2.75, 1.9), 0.5, 0.9, 0.3, 0.46
"""Sizes in inches: width and height of a panel, and what stands beside, between, above and below."""

THICK, MARK, REACH = 2.4, 26.0, 0.28
"""Width of lines in points, area of marks, and half the height of the mark of what is wanted."""

NOTE = (
    "Left: share of arms whose count lies up to a place of their predictive distribution (randomised PIT), "
    f"minus the place. Grey: where the whole line stays with probability {100 * BAND:g}% if predictions are right. Up "
    "and then down: predictions are too narrow; down and then up: too wide; all above: too high; all below: too low. "
    f"Right: share of arms inside their prediction intervals, with exact {100 * BAND:g}% intervals; the upright line "
    "is the share expected under the model, above the nominal one as counts are whole; beside the axis how many arms are inside, in brackets how many are expected. Arms of one study stray together, so "
    "that band and intervals are, if anything, too narrow."
)


class PredictiveChecksPlot(Plot):
    """Predictive checks and the numbers they show.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it belongs to no pyplot window.
    table : DataFrame
        One row per place of the line (`kind` ``"pit"``: `place`, `difference` and the band from
        `lower` to `upper`, shares of arms; `outside`) and per interval (``"coverage"``: `ci_prob`,
        `arms`, `inside`, `share`, `expected`, and its exact interval from `lower` to `upper`).

    See Also
    --------
    predictive_checks : Draws one, with an example.
    """

    def __repr__(self) -> str:
        arms = int(self.table["arms"].max())
        return f"PredictiveChecksPlot({counted(arms, 'arm')})"


def predictive_checks(
    held_out: LeftOut | Validation, *, notes: Sequence[str] = ()
) -> PredictiveChecksPlot:
    """Return how predictions of arms that were held out agree with what was seen.

    Left, the distribution function of the randomised PITs minus an even one, within its
    simultaneous band; right, how many arms lie inside their 50%, 80% and 95% prediction intervals.

    Parameters
    ----------
    held_out : LeftOut or Validation
        Of `leave_one_study_out` or `validate`. If a fit failed, or its draws their diagnostics, the
        figure says so in its first line.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    PredictiveChecksPlot
        With `figure`, `table` and `save(path)`.

    Raises
    ------
    SettingsError
        If `held_out` is neither, or no arm was predicted.

    References
    ----------
    Czado, Gneiting & Held 2009, doi:10.1111/j.1541-0420.2009.01191.x (randomised PIT of counts).
    Säilynoja, Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6 (the band).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> table = bm.load_evidence("rr_aml_venetoclax")
    >>> arms = table.select(outcome="CR", venetoclax="yes", where="n >= 40")
    >>> few = bm.SamplerSettings(chains=2, draws=1000)
    >>> model = bm.load_model("common_effect")
    >>> held_out = bm.leave_one_study_out(model, arms, seed=1, method="psis", settings=few)
    >>> plot = bm.plots.predictive_checks(held_out)
    >>> plot.table.loc[plot.table["kind"] == "coverage", ["ci_prob", "share"]].round(2)
       ci_prob  share
    7     0.50   0.50
    8     0.80   0.83
    9     0.95   0.83
    """
    if not isinstance(held_out, LeftOut | Validation):
        raise SettingsError(
            f"`held_out` must be a LeftOut or Validation; got {type(held_out).__name__}. Make one by "
            "leave_one_study_out or validate."
        )
    if not len(held_out.arms):
        raise SettingsError("`held_out` has no arm that was predicted. Look at its `fits`.")
    pit, coverage = pit_table(held_out.arms), coverage_table(held_out.arms)
    with house_style():
        figure, left, right = _page(
            _title(held_out), [*_about_few(held_out), NOTE, *notes], _warning(held_out)
        )
        _draw_pit(left, pit)
        _draw_coverage(right, coverage)
    table = pd.concat([pit.assign(kind="pit"), coverage.assign(kind="coverage")], ignore_index=True)
    return PredictiveChecksPlot(figure, table)


def _warning(held_out: LeftOut | Validation) -> str:
    if isinstance(held_out, Validation):
        return warning_of_diagnostics(held_out.diagnostics)
    fits = held_out.fits
    return warning_of_fits(int((~(fits["ok"] == True)).sum()), len(fits))  # noqa: E712


def _title(held_out: LeftOut | Validation) -> str:
    arms, studies = counted(len(held_out.arms), "arm"), counted(len(held_out.studies), "study", "studies")  # fmt: skip
    if isinstance(held_out, Validation):
        earlier = counted(len(held_out.fit.arms.studies), "study", "studies")
        return f"Model '{held_out.fit.spec.name}': {arms} of {studies} predicted from {earlier}"
    return f"Model '{held_out.model}': {arms} of {studies}, each study predicted from all others"


def _about_few(held_out: LeftOut | Validation) -> list[str]:
    number = len(held_out.arms)
    if number >= FEW:
        return []
    return [
        f"FEW ARMS: {number}. With fewer than {FEW} only gross errors show; that nothing shows says little."
    ]


def _page(title: str, notes: Sequence[str], warning: str) -> tuple[Figure, Axes, Axes]:
    """Return a figure with its text, and its two panels, empty as yet."""
    first = MARGIN + LEFT
    second = first + PANEL[0] + GAP
    width = second + PANEL[0] + MARGIN
    above = title_of(title, width - 2 * MARGIN, warning)
    below = notes_of(notes, width - 2 * MARGIN)
    top = MARGIN + sum(each.height for each in above) + HEAD
    foot = top + PANEL[1] + AXIS
    figure, page = page_of(width, foot + sum(each.height for each in below) + MARGIN)
    put_paragraphs(page, MARGIN, MARGIN, above)
    put_paragraphs(page, MARGIN, foot, below)
    panels = []
    for left, heading in ((first, "Evenness of predictions"), (second, "Coverage of intervals")):
        head = paragraph(heading, PANEL[0], bold=True)
        put_paragraphs(page, left, top - HEAD + 0.06, [head])
        panel = inch_axes(figure, (left, left + PANEL[0]), (top, top + PANEL[1]))
        panel.tick_params(labelsize=SMALL, length=2.5, pad=2)
        for side in ("right", "top"):
            panel.spines[side].set_visible(False)
        panels.append(panel)
    return figure, panels[0], panels[1]


def _draw_pit(graph: Axes, table: pd.DataFrame) -> None:
    place = table["place"].to_numpy()
    lower, upper, difference = (table[name].to_numpy() for name in ("lower", "upper", "difference"))
    graph.fill_between(place, lower, upper, color=SHADE, linewidth=0, zorder=0)
    graph.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    graph.plot(place, difference, color=MODEL, linewidth=1.4, marker="o", markersize=2.5, zorder=2)
    outside = table["outside"].to_numpy(dtype=bool)
    graph.scatter(
        place[outside],
        difference[outside],
        s=MARK,
        marker="x",
        color=ALARM,
        zorder=3,
        clip_on=False,
    )
    reach = 1.2 * float(np.abs([lower, upper, difference]).max())
    graph.set(xlim=(0, 1), ylim=(-reach, reach), xticks=[0, 0.25, 0.5, 0.75, 1])
    put_ticks(graph.yaxis, 5)
    graph.set_xlabel("Place in the predictive distribution (PIT)", labelpad=2)
    graph.set_ylabel("Share of arms minus place", labelpad=2)


def _draw_coverage(graph: Axes, table: pd.DataFrame) -> None:
    places = np.arange(len(table), dtype=np.float64)
    lower, upper, share, expected = (
        100 * table[name].to_numpy(dtype=np.float64)
        for name in ("lower", "upper", "share", "expected")
    )
    graph.vlines(expected, places - REACH, places + REACH, color=INK, linewidth=1.4, zorder=2)
    graph.hlines(places, lower, upper, color=RANGE, linewidth=THICK, zorder=3)
    graph.scatter(
        share,
        places,
        s=MARK,
        color=MODEL,
        edgecolor="white",
        linewidth=0.4,
        zorder=4,
        clip_on=False,
    )
    graph.set(xlim=(0, 100), ylim=(len(table) - 0.45, -0.65), xticks=range(0, 101, 20))
    graph.set_yticks(places, [_observed(row) for row in table.to_dict("records")])
    graph.grid(axis="x", color=FAINT, linewidth=0.5, zorder=0)
    graph.set_axisbelow(True)
    graph.set_xlabel("Arms inside (%)", labelpad=2)
    graph.set_ylabel("Prediction interval", labelpad=2)


def _observed(row: Mapping[Any, Any]) -> str:
    """Return an interval, and how many arms it holds beside how many it is expected to hold."""
    expected = row["arms"] * row["expected"]
    return f"{100 * row['ci_prob']:g}%\n{row['inside']} of {row['arms']}\n({expected:.1f})"
