"""The funnel plot: observed rates by size of the arm, within the limits that chance and model set."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bayesmeta.errors import counted, listed
from bayesmeta.estimates.funnel_numbers import ARM, LIMITS, FunnelNumbers, funnel_numbers
from bayesmeta.inference.result import Fit
from bayesmeta.plots.fit_text import about_characters, about_evidence, title_of_fit
from bayesmeta.plots.graph_page import Key
from bayesmeta.plots.pages import Plot
from bayesmeta.plots.panels import Panels, Words, bare, panel_page
from bayesmeta.plots.style import ALARM, INK, MODEL, OBSERVED, house_style
from bayesmeta.plots.warning import warning_of

__all__ = ["FunnelPlot", "funnel"]

GRAPH, MARK, SPARE, APART = (5.4, 3.6), 20.0, 0.04, 0.16
"""Size in inches, area of marks in square points, share of the height left free at the top, and least
distance of labels in inches."""

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

CAVEAT = (
    "Asymmetry has no clear meaning here: the precision of a rate depends on the rate itself, and "
    "large and small single-arm studies differ in patients and treatment. It is no test of "
    "publication bias (Hunter et al. 2014)."
)


class FunnelPlot(Plot):
    """A funnel plot and the numbers it shows.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it belongs to no pyplot window.
    table : DataFrame
        One row per arm (`kind` ``"arm"``), then the limits by size (``"limits"``); rates are
        probabilities. Columns as of `bayesmeta.estimates.funnel_numbers.funnel_numbers`.

    See Also
    --------
    funnel : Draws one, with an example.
    """

    def __repr__(self) -> str:
        arms = self.table[self.table["kind"] == ARM]
        outside = int((arms["outside"] == "model").sum())
        return f"FunnelPlot({counted(len(arms), 'arm')}, {outside} outside the limits of the model)"


def funnel(fit: Fit, *, ci_prob: float = 0.95, notes: Sequence[str] = ()) -> FunnelPlot:
    """Return the funnel plot of a fit: observed rates by the number of patients.

    Solid lines are the limits within which an arm of a size lies with probability `ci_prob` by chance
    alone, if its true rate is the typical one; dashed lines those for a new study of the model, whose
    true rate differs by the heterogeneity. Both are exact binomial limits, interpolated between
    numbers of responders. With covariates in the model they stand at the reference profile.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    ci_prob : float
        Probability that an arm lies within its limits.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    FunnelPlot
        With `figure`, `table` (rates as probabilities; the figure shows percentages) and `save(path)`.

    Raises
    ------
    SettingsError
        If `fit` is no Fit of one outcome, or `ci_prob` is not between 0 and 1.
    EvidenceError
        If no arm has patients.

    References
    ----------
    Spiegelhalter 2005, doi:10.1002/sim.1970 (limits of proportions).
    Hunter et al. 2014, doi:10.1016/j.jclinepi.2014.03.003 (funnel plots of proportions mislead).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> bm.plots.funnel(bm.fit(bm.load_model("pooled"), arms, seed=1))
    FunnelPlot(14 arms, 0 outside the limits of the model)
    """
    numbers = funnel_numbers(fit, ci_prob=ci_prob)
    words = Words(
        warning_of(fit), f"Funnel plot: {title_of_fit(fit)}", [*_notes(fit, numbers), *notes]
    )
    with house_style():
        panels = Panels(count=1, columns=1, size=GRAPH, left=0.55, below=0.45)
        figure, _, [graph] = panel_page(words, _keys(numbers), panels)
        _draw(graph, numbers)
    return FunnelPlot(figure, numbers.table.copy())


def _keys(numbers: FunnelNumbers) -> list[Key]:
    sure = f"{100 * numbers.ci_prob:g}%"
    return [
        Key(_mark(INSIDE), "Arm"),
        Key(_mark(OUTSIDE), "Arm outside the limits of the model"),
        Key(TYPICAL, "Typical rate"),
        Key(CHANCE, f"{sure} of arms by chance alone"),
        Key(HETEROGENEOUS, f"{sure} of arms of new studies by the model"),
    ]


def _mark(look: dict[str, Any]) -> dict[str, Any]:
    """Return the look of a line that shows one mark of a scatter."""
    return {
        "linestyle": "none",
        "marker": look["marker"],
        "markersize": np.sqrt(MARK),
        "markerfacecolor": look["facecolor"],
        "markeredgecolor": look["edgecolor"],
        "markeredgewidth": look["linewidth"],
    }


def _draw(graph: Axes, numbers: FunnelNumbers) -> None:
    table = numbers.table
    limits, arms = table[table["kind"] == LIMITS], table[table["kind"] == ARM]
    top = float(np.sqrt(limits["n"].max()))
    _draw_axes(graph, top)
    graph.axvline(100 * numbers.typical, zorder=1, **TYPICAL)
    heights = np.sqrt(limits["n"].to_numpy(dtype=np.float64))
    for law, look in (("chance", CHANCE), ("model", HETEROGENEOUS)):
        for side in ("lower", "upper"):
            graph.plot(100 * limits[f"{law}_{side}"], heights, zorder=2, clip_on=False, **look)
    beyond = arms["outside"] == "model"
    for rows, look, level in ((arms[~beyond], INSIDE, 3), (arms[beyond], OUTSIDE, 4)):
        y = np.sqrt(rows["n"].to_numpy(dtype=np.float64))
        graph.scatter(100 * rows["rate"], y, s=MARK, zorder=level, clip_on=False, **look)


def _draw_axes(graph: Axes, top: float) -> None:
    """Draw rates across, and patients on a square-root scale upwards."""
    bare(graph)
    graph.set(xlim=(0, 100), ylim=(0, top))
    shown: list[int] = []
    for tick in TICKS:
        last = np.sqrt(shown[-1]) if shown else 0.0
        if last + APART / GRAPH[1] * top <= np.sqrt(tick) <= top:
            shown.append(tick)
    graph.set_yticks(np.sqrt(shown), [f"{tick:,}" for tick in shown])
    graph.set_xlabel("Observed rate (%)", labelpad=2)
    graph.set_ylabel("Patients (square-root scale)", labelpad=3)


def _notes(fit: Fit, numbers: FunnelNumbers) -> list[str]:
    arms = numbers.table[numbers.table["kind"] == ARM]
    beyond = arms.loc[arms["outside"] == "model", "label"]
    at_reference = (
        f"Limits are at {numbers.profile}; an arm of another profile may lie outside for that reason."
        if fit.design.coding.columns
        else ""
    )
    return [
        f"Outside the limits of the model: {listed(beyond)}." if len(beyond) else "",
        at_reference,
        CAVEAT,
        about_characters(beyond.tolist()),
        about_evidence(fit),
    ]
