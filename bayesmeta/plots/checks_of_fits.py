"""Predictive checks: replicated counts beside those seen, and predictions of arms held out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmeta.arrays import Array
from bayesmeta.comparison.left_out import LeftOut, predicted_word
from bayesmeta.comparison.predictive_checks import (
    BAND,
    FEW,
    PosteriorPredictiveCheck,
    coverage_table,
    pit_table,
)
from bayesmeta.comparison.validation import Validation
from bayesmeta.errors import SettingsError, counted
from bayesmeta.labels import Labels
from bayesmeta.plots.checks import check_kind, rows_of_outcome
from bayesmeta.plots.fit_text import warning_of_diagnostics, warning_of_fits
from bayesmeta.plots.pages import Plot, Words, bare
from bayesmeta.plots.panels import draw_band, panel_page
from bayesmeta.plots.style import ALARM, DOT, FAINT, INK, MODEL, RANGE, house_style
from bayesmeta.plots.ticks import put_ticks

PANEL, ROOM = (2.75, 1.9), (0.6, 0.2, 0.3, 0.5)
"""In inches, the size of a panel, and what is left, right, above and below it."""

LINES, BINS = 50, 40
"""Replicates drawn one by one, and bins of all."""

REPLICATED_HEADINGS = ("Rates of arms", "How much arms differ")

REPLICATED_NOTE = (
    "Each replicate draws the responders of every arm anew, with the effects that one posterior draw has of "
    "these studies and arms. Left: share of arms whose rate is at most this high; pale, 50 replicates; black, "
    "observed. Right: standard deviation of the arms' rates in all replicates; black line, observed. A p "
    "near 0 or 1 is a misfit. Where each study has its own effect, p is near 0.5 whatever the fit."
)

HELD_OUT_HEADINGS = ("Uniformity of PIT values", "Coverage of intervals")

THICK, MARK, REACH = 2.4, 26.0, 0.28
"""Width of lines in points, area of marks, and half the height of the mark of what is wanted."""

HELD_OUT_NOTE = (
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


def posterior_predictive(check: PosteriorPredictiveCheck, *, notes: Sequence[str] = ()) -> Plot:
    """Return replicated rates of arms beside the observed ones, and how much arms differ in both.

    Parameters
    ----------
    check : PosteriorPredictiveCheck
        Of `posterior_predictive_check`.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the statistics of the check; see `PosteriorPredictiveCheck`.

    Raises
    ------
    SettingsError
        If `check` is something else.

    References
    ----------
    Gelman, Meng & Stern 1996, Statistica Sinica 6:733-807.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("pooled"), arms, seed=1)
    >>> bm.plots.posterior_predictive(bm.posterior_predictive_check(fit, seed=1))
    Plot(posterior_predictive: 2 statistics)
    """
    check_kind("check", check, PosteriorPredictiveCheck, "posterior_predictive_check")
    title = f"Model '{check.model}': {counted(len(check.arms), 'arm')}, replicated from the posterior and observed"
    with house_style():
        words = Words(title, [_values(check), REPLICATED_NOTE, *notes])
        figure, [left, right] = _two_panels(words, REPLICATED_HEADINGS)
        _draw_rates(left, check)
        _draw_statistic(right, check)
    return Plot("posterior_predictive", figure, check.table, counted(len(check.table), "statistic"))


def _two_panels(words: Words, headings: Sequence[str]) -> tuple[Figure, list[Axes]]:
    return panel_page(words, [], PANEL, count=2, columns=2, headings=headings, room=ROOM)


def _values(check: PosteriorPredictiveCheck) -> str:
    chi, sd = check.table.to_dict("records")
    return (
        f"Chi-square of arms about their pooled rate {chi['observed']:.1f}, replicated {chi['lower']:.1f} to "
        f"{chi['upper']:.1f} (95%), p {_p(chi['p'])}. Standard deviation of rates {100 * sd['observed']:.1f} "
        f"points, replicated {100 * sd['lower']:.1f} to {100 * sd['upper']:.1f}, p {_p(sd['p'])}. p: share "
        "of replicates that are at least as high."
    )


def _p(value: float) -> str:
    """Return a p-value, of which draws tell no more than three decimals."""
    if value < 0.001:  # noqa: PLR2004
        return "below 0.001"
    return "above 0.999" if value > 0.999 else f"{value:.3f}"  # noqa: PLR2004


def _draw_rates(graph: Axes, check: PosteriorPredictiveCheck) -> None:
    bare(graph, grid=None)
    n = check.arms["n"].to_numpy()
    share = np.arange(len(n) + 1) / len(n)
    # Even steps through the chains rather than the first draws of the first.
    chosen = np.linspace(0, len(check.events) - 1, LINES).astype(int)
    for one in check.events[chosen]:
        _steps(graph, 100 * one / n, share, MODEL, width=0.6, alpha=0.25)
    _steps(graph, 100 * check.arms["events"].to_numpy() / n, share, INK, width=1.6)
    rates = 100 * np.concatenate([check.events[chosen], check.arms[["events"]].to_numpy().T]) / n
    graph.set(xlim=(min(rates.min(), 0), min(1.05 * rates.max(), 100) or 1), ylim=(0, 1.02))
    graph.set(xlabel="Rate of an arm (%)", ylabel="Share of arms")
    put_ticks(graph.xaxis, 5)


def _steps(
    graph: Axes, rates: Array, share: Array, colour: str, *, width: float, alpha: float = 1.0
) -> None:
    places = np.sort(rates)
    graph.step([places[0], *places], share, where="post", color=colour, lw=width, alpha=alpha)


def _draw_statistic(graph: Axes, check: PosteriorPredictiveCheck) -> None:
    bare(graph, grid=None)
    values = 100 * check.statistics["sd of rates"].to_numpy()
    observed = 100 * float(check.table.set_index("statistic")["observed"]["sd of rates"])
    height, _, _ = graph.hist(
        values, bins=BINS, density=True, color=RANGE, edgecolor=FAINT, linewidth=0.3
    )
    reach = 1.05 * max(values.max(), observed) or 1
    graph.set(xlim=(0, reach), xlabel="Standard deviation of rates (points)")
    graph.set(ylim=(0, 1.1 * np.max(height)), yticks=[], ylabel="Density of replicates")
    graph.axvline(observed, color=INK, linewidth=1.6)
    put_ticks(graph.xaxis, 5)


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
    note = HELD_OUT_NOTE.format(**(OF_REPORTS if word == "report" else OF_ARMS))
    studies = arms["study"].nunique() if outcome else len(held_out.studies)
    with house_style():
        words = Words(
            labels.about(outcome, _title(held_out, counted(len(arms), word), studies)),
            [few, note, *notes],
            _warning(held_out),
        )
        figure, [left, right] = _two_panels(words, HELD_OUT_HEADINGS)
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
