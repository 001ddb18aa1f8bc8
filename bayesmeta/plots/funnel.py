"""The funnel plot: arms by size, within the limits that chance and model set at their own covariates."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import ndtri

from bayesmeta.errors import counted, listed
from bayesmeta.estimates.funnel_numbers import ARM, LIMITS, FunnelNumbers, funnel_numbers
from bayesmeta.inference.result import Fit
from bayesmeta.plots.fit_text import about_characters, fit_words
from bayesmeta.plots.pages import Key, Plot, bare
from bayesmeta.plots.panels import panel_page
from bayesmeta.plots.rate_axis import RateAxis, RateScale, rate_axis
from bayesmeta.plots.style import ALARM, INK, MODEL, OBSERVED, house_style, symbol
from bayesmeta.plots.ticks import kept_apart, put_ticks

GRAPH, MARK, APART = (5.4, 3.6), 20.0, 0.16
"""Size in inches, area of marks in square points, and least distance of labels in inches."""

LEAST_REACH, WIDEST, HEADROOM = 3.0, 6.0, 1.07
"""Residuals that an axis reaches to, at least and at most; its height over that of the largest arm."""

TICKS = [factor * 10**power for power in range(8) for factor in (1, 2, 5)]

CHANCE: dict[str, Any] = {"color": MODEL, "linewidth": 1.4}
HETEROGENEOUS: dict[str, Any] = {"color": ALARM, "linewidth": 1.4, "linestyle": "--"}
TYPICAL: dict[str, Any] = {"color": MODEL, "linewidth": 0.8, "linestyle": ":"}
INSIDE: dict[str, Any] = {
    "marker": "o",
    "facecolor": "white",
    "edgecolor": OBSERVED,
    "linewidth": 0.9,
}
OUTSIDE: dict[str, Any] = {"marker": "D", "facecolor": INK, "edgecolor": "white", "linewidth": 0.5}

ASYMMETRY = (
    "Asymmetry has no clear meaning here: the precision of a rate depends on the rate itself, and "
    "large and small single-arm studies differ in patients and treatment. It is not a test of "
    "publication bias (Hunter et al. 2014)."
)
RESIDUAL = (
    "Residual: the normal quantile of an arm's count in the prediction for a new study with the arm's own "
    "covariates; 0 where the count is the median. The model is fitted to the same arms, so that residuals "
    "are, if anything, too small. They are not a test of publication bias."
)


def funnel(
    fit: Fit,
    *,
    outcome: str | None = None,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the funnel plot of a fit: arms by number of patients, within their limits.

    Without covariates, solid lines are the limits within which an arm of a size lies with probability
    `ci_prob` by chance alone, if its true rate is the typical one. Dashed lines are those for a new
    study of the model, whose true rate differs by the heterogeneity. Both are exact binomial limits,
    interpolated between numbers of responders.

    With covariates each arm has limits of its own, so residuals are shown in place of rates. That of
    an arm is the normal quantile of its count in the prediction for a new study with its covariates.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    outcome : str, optional
        Which of several outcomes.
    ci_prob : float
        Probability that an arm lies within its limits.
    scale : RateScale
        How rates are shown.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per arm (`kind` ``"arm"``), then the limits by size (``"limits"``), with columns
        as of `bayesmeta.estimates.funnel_numbers.funnel_numbers`; rates are probabilities.

    Raises
    ------
    SettingsError
        If `fit` has no draws, `outcome` is not one of the fit, or `ci_prob` is not between 0 and 1.
    EvidenceError
        If no arm has patients.

    References
    ----------
    Spiegelhalter 2005, doi:10.1002/sim.1970 (limits of proportions).
    Hunter et al. 2014, doi:10.1016/j.jclinepi.2014.03.003 (funnel plots of proportions mislead).
    Dunn & Smyth 1996, doi:10.1080/10618600.1996.10474708 (quantile residuals).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.plots.funnel(bm.fit(bm.load_model("pooled"), arms, seed=1))
    Plot(funnel: 14 arms, 0 outside the limits of the model)
    """
    numbers = funnel_numbers(fit, outcome=outcome, ci_prob=ci_prob)
    axis = _axis(numbers, scale)
    own = numbers.typical is None
    what = "Residuals by size" if own else "Funnel plot"
    words = fit_words(what, fit, _notes(numbers, axis), notes, outcome=outcome)
    with house_style():
        figure, [graph] = panel_page(words, _keys(ci_prob, own=own), GRAPH)
        if own:
            _draw_residuals(graph, numbers)
        else:
            _draw(graph, numbers, axis)
    arms = numbers.table[numbers.table["kind"] == ARM]
    outside = int((arms["outside"] == "model").sum())
    about = f"{counted(len(arms), 'arm')}, {outside} outside the limits of the model"
    return Plot("funnel", figure, numbers.table.copy(), about)


def _axis(numbers: FunnelNumbers, scale: RateScale) -> RateAxis:
    """Return an axis that holds all arms, and the limits of those as large as the smallest arm."""
    table = numbers.table
    arms = table[table["kind"] == ARM]
    limits = table.loc[table["n"] >= arms["n"].min(), "model_lower":"model_upper"]
    rates = [*arms[["rate", "typical"]].to_numpy().ravel(), *limits.to_numpy().ravel()]
    # Arms without responders, which have no log-odds, would part from the limits about them.
    return rate_axis(scale, rates, [] if scale.axis == "auto" else table["typical"])


def _keys(ci_prob: float, *, own: bool) -> list[Key]:
    """Return what marks and lines are, where arms have limits of their own or not."""
    sure = f"{100 * ci_prob:g}% of arms"
    marks = [
        symbol(
            each["marker"], MARK**0.5, each["facecolor"], each["edgecolor"], width=each["linewidth"]
        )
        for each in (INSIDE, OUTSIDE)
    ]
    return [
        Key(marks[0], "Arm"),
        Key(marks[1], "Arm outside the limits of the model"),
        Key(TYPICAL, "Median of its own prediction" if own else "Typical rate"),
        *([] if own else [Key(CHANCE, f"{sure} by chance alone")]),
        Key(HETEROGENEOUS, f"{sure} of new studies by the model"),
    ]


def _draw(graph: Axes, numbers: FunnelNumbers, axis: RateAxis) -> None:
    table = numbers.table
    limits, arms = table[table["kind"] == LIMITS], table[table["kind"] == ARM]
    heights = np.sqrt(limits["n"].to_numpy(dtype=np.float64))
    _draw_sizes(graph, float(heights.max()))
    axis.put_on(graph.xaxis, GRAPH[0])
    graph.set_xlabel(axis.scale.label("Observed rate"))
    graph.axvline(axis.marks(numbers.typical), zorder=1, **TYPICAL)
    for distribution, look in (("chance", CHANCE), ("model", HETEROGENEOUS)):
        for side in ("lower", "upper"):
            graph.plot(axis.scale.per * limits[f"{distribution}_{side}"], heights, zorder=2, **look)
    _draw_arms(graph, arms, axis.marks(arms["rate"]))


def _draw_residuals(graph: Axes, numbers: FunnelNumbers) -> None:
    arms = numbers.table
    _draw_sizes(graph, HEADROOM * float(np.sqrt(arms["n"].max())))
    limit = float(ndtri((1 + numbers.ci_prob) / 2))
    largest = float(arms["residual"].abs().max())
    reach = min(WIDEST, max(LEAST_REACH, 1.08 * limit, 1.08 * largest))
    graph.set(xlim=(-reach, reach), xlabel="Residual (standard deviations)")
    put_ticks(graph.xaxis, 8)
    graph.axvline(0, zorder=1, **TYPICAL)
    for end in (-limit, limit):
        graph.axvline(end, zorder=2, **HETEROGENEOUS)
    _draw_arms(graph, arms, np.clip(arms["residual"].to_numpy(), -reach, reach))


def _draw_arms(graph: Axes, arms: pd.DataFrame, x: Any) -> None:
    beyond = (arms["outside"] == "model").to_numpy()
    y = np.sqrt(arms["n"].to_numpy(dtype=np.float64))
    for rows, look, level in ((~beyond, INSIDE, 3), (beyond, OUTSIDE, 4)):
        graph.scatter(x[rows], y[rows], s=MARK, zorder=level, clip_on=False, **look)


def _draw_sizes(graph: Axes, top: float) -> None:
    """Draw patients on a square-root scale upwards."""
    bare(graph)
    graph.set(ylim=(0, top), ylabel="Patients (square-root scale)")
    inside = [tick for tick in TICKS if tick <= top**2]
    # The end of the axis comes first, and has no label.
    shown = kept_apart([0, *inside], math.sqrt, APART / GRAPH[1] * top)[1:]
    graph.set_yticks(np.sqrt(shown), [f"{tick:,}" for tick in shown])


def _notes(numbers: FunnelNumbers, axis: RateAxis) -> list[str]:
    arms = numbers.table[numbers.table["kind"] == ARM]
    beyond = arms[arms["outside"] == "model"]
    own, unknown = numbers.typical is None, numbers.unknown
    named = [_named(row, axis.scale) for row in beyond.to_dict("records")]
    return [
        f"Outside the limits of the model: {listed(named)}." if named else "",
        f"Not drawn, because a covariate is not known: {listed(unknown)}." if unknown else "",
        RESIDUAL if own else ASYMMETRY,
        "" if own else axis.note,
        about_characters([*beyond["label"], *unknown]),
    ]


def _named(row: dict[Any, Any], scale: RateScale) -> str:
    """Return an arm, its counts and the limits that it lies outside of."""
    low, high = scale.texts(row["model_lower"], row["model_upper"])
    return f"{row['label']} ({row['events']}/{row['n']}; limits {low} to {high}{scale.suffix})"
