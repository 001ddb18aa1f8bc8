"""Checks of predictions against arms held out: are they even, and do intervals hold what they should."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.comparison.left_out import LeftOut
from bayesmeta.comparison.predictive_checks import BAND, FEW, coverage_table, pit_table
from bayesmeta.comparison.validation import Validation
from bayesmeta.errors import SettingsError, counted
from bayesmeta.plots.checks import check_kind, rows_of_outcome
from bayesmeta.plots.fit_text import warning_of_diagnostics, warning_of_fits
from bayesmeta.plots.pages import Plot, Words, bare
from bayesmeta.plots.panels import Panels, panel_page
from bayesmeta.plots.style import ALARM, BAND as SHADE, DOT, FAINT, INK, MODEL, RANGE, house_style
from bayesmeta.plots.ticks import put_ticks

__all__ = ["predictive_checks"]

PANELS = Panels(count=2, columns=2, size=(2.75, 1.9), left=0.6, right=0.2, above=0.3)
HEADINGS = ("Evenness of predictions", "Coverage of intervals")

THICK, MARK, REACH = 2.4, 26.0, 0.28
"""Width of lines in points, area of marks, and half the height of the mark of what is wanted."""

NOTE = (
    "Left: share of arms whose count lies up to a place of their predictive distribution (randomised PIT), "
    f"minus the place. Grey: where the whole line stays with probability {100 * BAND:g}% if predictions "
    "are right. Up and then down: predictions are too narrow. Down and then up: too wide. All above: too "
    "high. All below: too low. Right: share of arms inside their prediction intervals, with exact "
    f"{100 * BAND:g}% intervals. The upright line is the share expected under the model, above the nominal "
    "one as counts are whole. Beside the axis: how many arms are inside and, in brackets, how many are "
    "expected. Arms of one study vary together, so band and intervals are, if anything, too narrow."
)


def predictive_checks(
    held_out: LeftOut | Validation, *, outcome: str | None = None, notes: Sequence[str] = ()
) -> Plot:
    """Return how predictions of arms that were held out agree with what was seen.

    Left, the distribution function of the randomised PITs minus an even one, within its simultaneous
    band; right, how many arms lie inside their 50%, 80% and 95% prediction intervals.

    Parameters
    ----------
    held_out : LeftOut or Validation
        Of `leave_one_study_out` or `validate`. The first line says if a fit or its draws failed.
    outcome : str, optional
        Which of several outcomes.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per place of the line (`kind` ``"pit"``: `place`, `difference` and the band
        from `lower` to `upper`, shares of arms; `outside`) and per interval (``"coverage"``: `ci_prob`,
        `arms`, `inside`, `share`, `expected`, and its exact interval from `lower` to `upper`).

    Raises
    ------
    SettingsError
        If `held_out` is neither, `outcome` is not one of its outcomes, or no arm was predicted.

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
    check_kind("held_out", held_out, (LeftOut, Validation), "leave_one_study_out or validate")
    if not len(held_out.arms):
        raise SettingsError("`held_out` has no arm that was predicted. Look at its `fits`.")
    arms = rows_of_outcome(held_out.arms, outcome)
    pit, coverage = pit_table(arms), coverage_table(arms)
    few = (
        f"FEW ARMS: {len(arms)}. With fewer than {FEW} only gross errors show."
        if len(arms) < FEW
        else ""
    )
    of = f"{outcome}: " if outcome else ""
    with house_style():
        words = Words(of + _title(held_out, arms), [few, NOTE, *notes], _warning(held_out))
        figure, [left, right] = panel_page(words, [], PANELS, HEADINGS)
        _draw_pit(left, pit)
        _draw_coverage(right, coverage)
    table = pd.concat([pit.assign(kind="pit"), coverage.assign(kind="coverage")], ignore_index=True)
    return Plot("predictive_checks", figure, table, counted(int(table["arms"].max()), "arm"))


def _warning(held_out: LeftOut | Validation) -> str:
    if isinstance(held_out, Validation):
        return warning_of_diagnostics(held_out.diagnostics)
    fits = held_out.fits
    return warning_of_fits(int((~(fits["ok"] == True)).sum()), len(fits))  # noqa: E712


def _title(held_out: LeftOut | Validation, predicted: pd.DataFrame) -> str:
    arms = counted(len(predicted), "arm")
    studies = counted(predicted["study"].nunique(), "study", "studies")
    if isinstance(held_out, Validation):
        earlier = counted(len(held_out.fit.arms.studies), "study", "studies")
        return f"Model '{held_out.fit.spec.name}': {arms} of {studies} predicted from {earlier}"
    return f"Model '{held_out.model}': {arms} of {studies}, each study predicted from all others"


def _draw_pit(graph: Axes, table: pd.DataFrame) -> None:
    bare(graph, grid=None)
    place = table["place"].to_numpy()
    lower, upper, difference = (table[name].to_numpy() for name in ("lower", "upper", "difference"))
    graph.fill_between(place, lower, upper, color=SHADE, linewidth=0, zorder=0)
    graph.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    graph.plot(place, difference, color=MODEL, linewidth=1.4, marker="o", markersize=2.5, zorder=2)
    outside = table["outside"].to_numpy(dtype=bool)
    beyond: dict[str, Any] = {"marker": "x", "color": ALARM, "clip_on": False}
    graph.scatter(place[outside], difference[outside], s=MARK, zorder=3, **beyond)
    reach = 1.2 * float(np.abs([lower, upper, difference]).max())
    graph.set(xlim=(0, 1), ylim=(-reach, reach), xticks=[0, 0.25, 0.5, 0.75, 1])
    put_ticks(graph.yaxis, 5)
    graph.set_xlabel("Place in the predictive distribution (PIT)", labelpad=2)
    graph.set_ylabel("Share of arms minus place", labelpad=2)


def _draw_coverage(graph: Axes, table: pd.DataFrame) -> None:
    bare(graph, grid="x")
    places = np.arange(len(table), dtype=np.float64)
    lower, upper, share, expected = (
        100 * table[name].to_numpy(dtype=np.float64)
        for name in ("lower", "upper", "share", "expected")
    )
    graph.vlines(expected, places - REACH, places + REACH, color=INK, linewidth=1.4, zorder=2)
    graph.hlines(places, lower, upper, color=RANGE, linewidth=THICK, zorder=3)
    graph.scatter(share, places, s=MARK, zorder=4, clip_on=False, **DOT)
    graph.set(xlim=(0, 100), ylim=(len(table) - 0.45, -0.65), xticks=range(0, 101, 20))
    graph.set_yticks(places, [_observed(row) for row in table.to_dict("records")])
    graph.set_xlabel("Arms inside (%)", labelpad=2)
    graph.set_ylabel("Prediction interval", labelpad=2)


def _observed(row: Mapping[Any, Any]) -> str:
    """Return an interval, and how many arms it holds beside how many it is expected to hold."""
    expected = row["arms"] * row["expected"]
    return f"{100 * row['ci_prob']:g}%\n{row['inside']} of {row['arms']}\n({expected:.1f})"
