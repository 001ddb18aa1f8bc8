"""Survival curves with their bands, over what studies report, and the patients of a new cohort."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.arrays import Array
from bayesmeta.errors import counted
from bayesmeta.estimates.survival_curve_numbers import (
    CURVE,
    LANDMARK,
    MEDIAN_POINT,
    SurvivalCurveNumbers,
    survival_curve_numbers,
)
from bayesmeta.estimates.survival_summary import conditional_note, person_of
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.estimates.words import words_of
from bayesmeta.evidence.survival.outcomes import OutcomeWords
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.plots.fit_text import fit_words
from bayesmeta.plots.months_axis import ARROW, put_time
from bayesmeta.plots.pages import Key, Plot, bare
from bayesmeta.plots.panels import panel_page
from bayesmeta.plots.style import (
    FAINT,
    INK,
    MODEL,
    OBSERVED,
    PREDICTION,
    RANGE,
    house_style,
    symbol,
)
from bayesmeta.plots.ticks import put_ticks

GRAPH = (5.4, 2.9)
"""Size of either graph in inches."""

LARGEST, SMALLEST = 40.0, 8.0
"""Areas of marks in square points: of the arm with the most patients, and the least that can be seen."""

LANE, WIDEST = 1.8, 24.0
"""Of medians that would lie on each other, in percentage points: how far they are moved apart, and how
far all of them together."""

NEW_STUDY = ("new_study_lower", "new_study_upper")

LEAST_WIDTH = 0.015
"""Share of the axis of time that a median without an interval takes up."""

TYPICAL: dict[str, Any] = {"color": MODEL, "linewidth": 1.8}
SHADE: dict[str, Any] = {"color": RANGE, "alpha": 0.55, "linewidth": 0}
BEYOND: dict[str, Any] = {"color": PREDICTION, "alpha": 0.4, "linewidth": 0}

NOTE = (
    "All intervals of the model are those at each time, not of the whole curve. Points are as reported, with "
    "the interval where there is one; their area increases with the number of {people}."
)
APART = "Medians stand at 50%; those that would lie on each other are moved apart, up and down."


def survival_curve(
    fit: Fit,
    *,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    until: float = 24.0,
    cohort: int = 40,
    notes: Sequence[str] = (),
) -> Plot:
    """Return the survival curve of a typical study and a new study, and the patients of a new cohort.

    Above, the typical curve with its credible band, and beyond it the prediction band of a new study,
    over what the studies report: landmarks at their time, and medians at 50% with horizontal
    intervals. Points of arms that are not at the levels of the profile are light. Below, how many
    patients of a new cohort are alive, with the prediction interval at each time.

    Parameters
    ----------
    fit : Fit
        Posterior draws of a model with a `curve`. If their diagnostics fail, the figure says so in its
        first line.
    profile : mapping, optional
        Values of covariates; what is left out is at the reference level or the centre.
    ci_prob : float
        Probability of the intervals of the model.
    until : float
        Months that the curves reach.
    cohort : int
        Patients of the new cohort, 10,000 at most.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per time of the curves, then one per report of the arms (`kind`), with columns
        as of `bayesmeta.estimates.survival_curve_numbers.survival_curve_numbers`; times are in months,
        survival is a probability.

    Raises
    ------
    SettingsError
        If the fit is not of survival, or an argument is out of its range.
    ProfileError
        If the profile cannot be coded.

    References
    ----------
    Riley, Higgins & Deeks 2011, doi:10.1136/bmj.d549 (prediction intervals).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_survival("rr_aml_venetoclax").select(outcome="EFS")
    >>> fit = bm.fit(bm.ModelSpec("efs", curve=bm.WeibullSurvival()), arms, seed=1)
    >>> bm.plots.survival_curve(fit, until=12, cohort=20)
    Plot(survival_curve: 0 to 12 months, 1 landmark and 6 medians)
    """
    numbers = survival_curve_numbers(
        fit, profile=profile, ci_prob=ci_prob, until=until, cohort=cohort
    )
    table, outcome = numbers.table, words_of_outcome(fit.arms)
    said = [conditional_note(fit.arms), *_notes(fit, numbers), *notes]
    words = fit_words(f"{outcome.length.capitalize()} curve", fit, said, [])
    with house_style():
        figure, [upper, lower] = panel_page(words, _keys(numbers), GRAPH, count=2)
        _draw_curve(upper, table[table["kind"] == CURVE])
        _draw_reports(upper, table[table["kind"] != CURVE], numbers.until)
        _draw_cohort(lower, table[table["kind"] == CURVE], numbers)
        _draw_axes(upper, lower, numbers, outcome, person=person_of(fit.arms))
    landmarks, medians = (int((table["kind"] == one).sum()) for one in (LANDMARK, MEDIAN_POINT))
    about = f"{counted(landmarks, 'landmark')} and {counted(medians, 'median')}"
    return Plot("survival_curve", figure, table.copy(), f"0 to {numbers.until:g} months, {about}")


def _notes(fit: Fit, numbers: SurvivalCurveNumbers) -> list[str]:
    table, words = numbers.table, words_of(fit)
    reports = table[table["kind"] != CURVE]
    medians = reports[reports["kind"] == MEDIAN_POINT]
    others = int((~reports["own"]).sum())
    beyond = reports[(reports["kind"] == LANDMARK) & (reports["time"] > numbers.until)]
    curves = f"Curves: {fit.design.curve.words}"
    held = f", at {words.text(numbers.profile)}" if fit.coding.columns else ""
    light = ""
    if others == len(reports):
        light = " No arm is at these levels; all are shown."
    elif others:
        light = f" Light: {counted(others, 'report')} of arms at other levels."
    arrow = " Arrowhead: a median, or its limit, that was not reached, or lies beyond the axis."
    passed = bool((medians[["time", "time_upper"]] > numbers.until).to_numpy().any())
    return [
        f"{curves}{held}. {NOTE.format(people=f'{person_of(fit.arms)}s')}{light}",
        f"{APART}{arrow if passed else ''}" if len(medians) else "",
        f"Not drawn, because later: {counted(len(beyond), 'landmark')}." if len(beyond) else "",
    ]


def _keys(numbers: SurvivalCurveNumbers) -> list[Key]:
    sure = f"{100 * numbers.ci_prob:g}%"
    kinds = set(numbers.table["kind"])
    seen = {"color": OBSERVED, "linewidth": 0.8, "linestyle": "-"}
    keys = [
        Key(TYPICAL, "Typical study; below, the median of a new cohort"),
        Key({**SHADE, "linewidth": 7}, f"Typical study: {sure} credible interval"),
        Key(
            {**BEYOND, "linewidth": 7}, f"New study; below, new cohort: {sure} prediction interval"
        ),
    ]
    if LANDMARK in kinds:
        keys.append(Key(symbol("s", 5, "white", OBSERVED) | seen, "Landmark"))
    if MEDIAN_POINT in kinds:
        keys.append(Key(symbol("o", 5, "white", OBSERVED) | seen, "Median"))
    return keys


def _draw_curve(graph: Axes, curve: pd.DataFrame) -> None:
    shown = 100 * curve.drop(columns=["time"])[["survival", "lower", "upper", *NEW_STUDY]]
    time = curve["time"]
    low, high = (shown[one] for one in NEW_STUDY)
    graph.fill_between(time, low, high, zorder=1, **BEYOND)
    graph.fill_between(time, shown["lower"], shown["upper"], zorder=1.5, **SHADE)
    graph.plot(time, shown["survival"], zorder=2, **TYPICAL)


def _draw_reports(graph: Axes, reports: pd.DataFrame, until: float) -> None:
    """Draw landmarks and medians, those of other levels light and behind."""
    heights = _heights(reports, until)
    here = reports["own"].any()
    rows = reports.assign(
        own=reports["own"] | (not here),
        y=heights,
        area=_areas(reports["n"].to_numpy(dtype=np.float64)),
    )
    for own, colour, over in ((False, FAINT, 3.0), (True, OBSERVED, 4.0)):
        some = rows[rows["own"] == own]
        line: dict[str, Any] = {"color": colour, "linewidth": 0.8, "zorder": over}
        landmarks = some[(some["kind"] == LANDMARK) & (some["time"] <= until)]
        graph.vlines(landmarks["time"], 100 * landmarks["lower"], 100 * landmarks["upper"], **line)
        medians = some[some["kind"] == MEDIAN_POINT]
        right = medians["time_upper"].clip(upper=until)
        graph.hlines(medians["y"], medians["time_lower"].clip(upper=until), right, **line)
        look: dict[str, Any] = {"facecolor": "white", "edgecolor": colour, "linewidth": 0.8}
        look |= {"zorder": over + 0.5, "clip_on": False}
        reached = medians[medians["time"] <= until]
        graph.scatter(landmarks["time"], landmarks["y"], s=landmarks["area"], marker="s", **look)
        graph.scatter(reached["time"], reached["y"], s=reached["area"], marker="o", **look)
        later = medians[(medians["time"] > until) | (medians["time_upper"] > until)]
        ends = [until] * len(later)
        graph.scatter(ends, later["y"], marker=">", color=colour, zorder=over, **ARROW)


def _heights(reports: pd.DataFrame, until: float) -> Array:
    """Return the height of each report in percent; medians that overlap are in lanes about 50%."""
    heights = 100 * reports["survival"].to_numpy(dtype=np.float64)
    medians = np.flatnonzero(reports["kind"] == MEDIAN_POINT)
    lanes: list[list[tuple[float, float]]] = []
    chosen = []
    spare = LEAST_WIDTH * until
    for row in reports.iloc[medians].to_dict("records"):
        start = min(np.fmin(row["time_lower"], row["time"]), until) - spare
        end = min(np.fmax(row["time_upper"], row["time"]), until) + spare
        free = (i for i, lane in enumerate(lanes) if all(end < a or start > b for a, b in lane))
        place = next(free, len(lanes))
        lanes += [[]] if place == len(lanes) else []
        lanes[place].append((start, end))
        chosen.append(place)
    step = min(LANE, WIDEST / max(len(lanes) - 1, 1))
    # From the middle outwards: 0, 1 above, 1 below, 2 above, ...
    moved = [(place + 1) // 2 * (1 if place % 2 else -1) for place in chosen]
    heights[medians] += step * np.array(moved, dtype=np.float64)
    return heights


def _areas(n: Array) -> Array:
    return np.maximum(LARGEST * n / max(n.max(), 1.0), SMALLEST)


def _draw_cohort(graph: Axes, curve: pd.DataFrame, numbers: SurvivalCurveNumbers) -> None:
    ends = curve["alive_lower"], curve["alive_upper"]
    graph.fill_between(curve["time"], *ends, step="mid", zorder=1, **BEYOND)
    graph.step(curve["time"], curve["alive"], where="mid", zorder=2, **TYPICAL)
    graph.set_ylim(0, numbers.cohort)


def _draw_axes(
    upper: Axes, lower: Axes, numbers: SurvivalCurveNumbers, outcome: OutcomeWords, *, person: str
) -> None:
    upper.set_ylim(0, 100)
    upper.set_ylabel(f"{outcome.share.capitalize()} (%)")
    lower.set_ylabel(f"{person.capitalize()}s of {numbers.cohort:,} {outcome.state}")
    for graph in (upper, lower):
        bare(graph)
        put_time(graph.xaxis, numbers.until)
        graph.set_xlabel("Months")
    upper.axhline(50, color=INK, linewidth=0.6, linestyle=":", zorder=0.5)
    put_ticks(upper.yaxis, 5)
    put_ticks(lower.yaxis, 5, whole=True)
