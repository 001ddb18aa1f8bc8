"""How predictions of arms, or reports, that were held out agree with what was observed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.comparison.left_out import LeftOut, predicted_word
from bayesmeta.comparison.predictive_checks import BAND, FEW, coverage_table, pit_table
from bayesmeta.comparison.validation import Validation
from bayesmeta.errors import SettingsError, counted
from bayesmeta.labels import Labels
from bayesmeta.plots.checks import check_kind, rows_of_outcome
from bayesmeta.plots.fit_text import warning_of_diagnostics, warning_of_fits
from bayesmeta.plots.pages import Plot, Words, bare
from bayesmeta.plots.panels import draw_band, two_panels
from bayesmeta.plots.style import ALARM, DOT, INK, MODEL, RANGE, house_style
from bayesmeta.plots.ticks import put_ticks

HEADINGS = ("Uniformity of PIT values", "Coverage of intervals")

THICK, MARK, REACH = 2.4, 26.0, 0.28
"""Width of lines in points, area of marks, and half the height of the mark of what is wanted."""

NOTE = (
    "Left: share of {rows} whose {value} lies up to a place of their predictive distribution (randomised PIT), "
    f"minus the place. Grey: where the whole line stays with probability {100 * BAND:g}% if predictions "
    "are right. Up and then down: predictions are too narrow. Down and then up: too wide. All above: too "
    "high. All below: too low. Right: share of {rows} inside their prediction intervals, with exact "
    f"{100 * BAND:g}% intervals. The upright line is the share expected under the model, above the nominal "
    "one as {whole}. Beside the axis: how many {rows} are inside and, in brackets, how many are "
    "expected. {dependent} vary together, so band and intervals are, if anything, too narrow."
)

OF_ARMS = {
    "rows": "arms",
    "value": "count",
    "dependent": "Arms of one study",
    "whole": "counts are whole",
}
OF_REPORTS = {
    "rows": "reports",
    "value": "value",
    "dependent": "Reports of one study",
    "whole": "shares of few patients are coarse",
}


def predictive_checks(
    held_out: LeftOut | Validation,
    *,
    outcome: str | None = None,
    labels: Labels = Labels(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
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
    labels : Labels
        Labels of outcomes, in place of their names.
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
    word = predicted_word(arms)
    few = (
        f"FEW {word.upper()}S: {len(arms)}. With fewer than {FEW} only gross errors show."
        if len(arms) < FEW
        else ""
    )
    note = NOTE.format(**(OF_REPORTS if word == "report" else OF_ARMS))
    studies = arms["study"].nunique() if outcome else len(held_out.studies)
    with house_style():
        words = Words(
            labels.about(outcome, _title(held_out, counted(len(arms), word), studies)),
            [few, note, *notes],
            _warning(held_out),
        )
        figure, [left, right] = two_panels(words, HEADINGS)
        _draw_pit(left, pit, word)
        _draw_coverage(right, coverage, word)
    table = pd.concat([pit.assign(kind="pit"), coverage.assign(kind="coverage")], ignore_index=True)
    return Plot("predictive_checks", figure, table, counted(int(table["arms"].max()), word))


def _warning(held_out: LeftOut | Validation) -> str:
    if isinstance(held_out, Validation):
        return warning_of_diagnostics(held_out.diagnostics)
    fits = held_out.fits
    return warning_of_fits(int((~(fits["ok"] == True)).sum()), len(fits))  # noqa: E712


def _title(held_out: LeftOut | Validation, rows: str, studies: int) -> str:
    what = f"{rows} of {counted(studies, 'study', 'studies')}"
    if isinstance(held_out, Validation):
        earlier = counted(len(held_out.fit.arms.studies), "study", "studies")
        return f"Model '{held_out.fit.spec.name}': {what} predicted from {earlier}"
    return f"Model '{held_out.model}': {what}, each study predicted from all others"


def _draw_pit(graph: Axes, table: pd.DataFrame, word: str) -> None:
    bare(graph, grid=None)
    place = table["place"].to_numpy()
    lower, upper, difference = (table[name].to_numpy() for name in ("lower", "upper", "difference"))
    draw_band(graph, place, (lower, upper), difference)
    graph.plot(place, difference, color=MODEL, linewidth=1.4, marker="o", markersize=2.5, zorder=2)
    outside = table["outside"].to_numpy(dtype=bool)
    beyond: dict[str, Any] = {"marker": "x", "color": ALARM, "clip_on": False}
    graph.scatter(place[outside], difference[outside], s=MARK, zorder=3, **beyond)
    graph.set(xticks=[0, 0.25, 0.5, 0.75, 1], xlabel="Place in the predictive distribution (PIT)")
    graph.set_ylabel(f"Share of {word}s minus place")
    put_ticks(graph.yaxis, 5)


def _draw_coverage(graph: Axes, table: pd.DataFrame, word: str) -> None:
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
    graph.set(xlabel=f"{word.capitalize()}s inside (%)", ylabel="Prediction interval")


def _observed(row: Mapping[Any, Any]) -> str:
    """Return an interval, and how many arms it holds beside how many it is expected to hold."""
    expected = row["arms"] * row["expected"]
    return f"{100 * row['ci_prob']:g}%\n{row['inside']} of {row['arms']}\n({expected:.1f})"
