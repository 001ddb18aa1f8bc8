"""The bubble plot of a meta-regression: the rate against a numeric covariate, and the arms."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import counted, listed
from bayesmeta.estimates.regression_numbers import (
    ARM,
    CURVE,
    RegressionNumbers,
    regression_numbers,
)
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.plots.fit_text import about_characters, about_evidence, title_of_fit
from bayesmeta.plots.graph_page import Key
from bayesmeta.plots.lettering import printable, shortened
from bayesmeta.plots.pages import Plot
from bayesmeta.plots.panels import Panels, Words, bare, panel_page
from bayesmeta.plots.style import ALARM, MODEL, OBSERVED, RANGE, house_style
from bayesmeta.plots.ticks import put_ticks
from bayesmeta.plots.warning import warning_of

__all__ = ["RegressionPlot", "regression"]

GRAPH = (5.4, 3.4)
"""Size in inches."""

LARGEST, SMALLEST = 260.0, 5.0
"""Areas of bubbles in square points: of the largest arm, and the least that can be seen."""

SPARE, PAST = 0.04, 1.08
"""Share of the covariate's range left free at either end; height in multiples of the highest rate."""

CURVE_LOOK: dict[str, Any] = {"color": MODEL, "linewidth": 1.8}
NEW_STUDY: dict[str, Any] = {"color": ALARM, "linewidth": 1.2, "linestyle": "--"}
SHADE: dict[str, Any] = {"color": RANGE, "alpha": 0.45, "linewidth": 0}
BUBBLE: dict[str, Any] = {"edgecolor": OBSERVED, "facecolor": "none", "linewidth": 0.9}

ECOLOGICAL = (
    "The relation is between arms, not between patients (ecological): it need not hold for patients "
    "of one arm, and whatever else differs between the studies is mixed into it."
)


class RegressionPlot(Plot):
    """A bubble plot and the numbers it shows.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it belongs to no pyplot window.
    table : DataFrame
        One row per arm (`kind` ``"arm"``), then the curve by value of the covariate (``"curve"``),
        which is `x` in its own unit; rates are probabilities. Columns as of
        `bayesmeta.estimates.regression_numbers.regression_numbers`.

    See Also
    --------
    regression : Draws one, with an example.
    """

    def __repr__(self) -> str:
        arms = self.table[self.table["kind"] == ARM]
        low, high = arms["x"].min(), arms["x"].max()
        return f"RegressionPlot({counted(len(arms), 'arm')}, x from {low:g} to {high:g})"


def regression(
    fit: Fit,
    covariate: str,
    *,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    notes: Sequence[str] = (),
) -> RegressionPlot:
    """Return the bubble plot of a meta-regression: the rate against a numeric covariate.

    One bubble per arm, as observed, its area in proportion to its patients. The line is the typical
    rate, the band its credible interval, the dashed lines the prediction interval of the rate of a
    new study. They go from the least to the greatest value among the arms, and no further.

    Parameters
    ----------
    fit : Fit
        Posterior draws of a model with a numeric covariate. If their diagnostics fail, the figure says
        so in its first line.
    covariate : str
        The covariate, drawn in its own unit.
    profile : mapping, optional
        Covariate values, that of `covariate` aside; what is left out stands at the reference level or
        the centre.
    ci_prob : float
        Probability of the intervals.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    RegressionPlot
        With `figure`, `table` (rates as probabilities; the figure shows percentages) and `save(path)`.

    Raises
    ------
    SettingsError
        If `fit` is no Fit of a ModelSpec, `covariate` is no numeric covariate of the model, or
        `ci_prob` is not between 0 and 1.
    ProfileError
        If the profile can't be coded.
    EvidenceError
        If no arm has patients, or of none is the covariate known.

    References
    ----------
    Thompson & Higgins 2002, doi:10.1002/sim.1187 (meta-regression, and what it can't tell).

    Examples
    --------
    Do small arms have other rates than large ones?

    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.ModelSpec("size", covariates="{1 / sqrt(n)}"), arms, seed=1)
    >>> bm.plots.regression(fit, "n")
    RegressionPlot(14 arms, x from 10 to 90)
    """
    numbers = regression_numbers(fit, covariate, profile=profile, ci_prob=ci_prob)
    title = f"Rate by {covariate}: {title_of_fit(fit)}"
    words = Words(warning_of(fit), title, [*_notes(fit, numbers), *notes])
    with house_style():
        panels = Panels(count=1, columns=1, size=GRAPH, below=0.45)
        figure, _, [graph] = panel_page(words, _keys(ci_prob), panels)
        _draw(graph, numbers)
    return RegressionPlot(figure, numbers.table.copy())


def _keys(ci_prob: float) -> list[Key]:
    sure = f"{100 * ci_prob:g}%"
    bubble = {
        "linestyle": "none",
        "marker": "o",
        "markersize": 6.5,
        "markerfacecolor": "none",
        "markeredgecolor": BUBBLE["edgecolor"],
        "markeredgewidth": BUBBLE["linewidth"],
    }
    return [
        Key(bubble, "Arm, as observed"),
        Key(CURVE_LOOK, "Typical rate"),
        Key({**SHADE, "linewidth": 7}, f"its {sure} credible interval"),
        Key(NEW_STUDY, f"{sure} prediction interval of a new study"),
    ]


def _draw(graph: Axes, numbers: RegressionNumbers) -> None:
    table = numbers.table
    curve, arms = table[table["kind"] == CURVE], table[table["kind"] == ARM]
    _draw_axes(graph, numbers)
    x = curve["x"].to_numpy(dtype=np.float64)
    lower, upper = (100 * curve[name].to_numpy(dtype=np.float64) for name in ("lower", "upper"))
    graph.fill_between(x, lower, upper, zorder=1, **SHADE)
    for name in ("new_study_lower", "new_study_upper"):
        graph.plot(x, 100 * curve[name], zorder=2, clip_on=False, **NEW_STUDY)
    graph.plot(x, 100 * curve["rate"], zorder=3, **CURVE_LOOK)
    # The largest first, so that it hides none.
    arms = arms.sort_values("n", ascending=False, kind="stable")
    areas = _areas(arms["n"])
    graph.scatter(arms["x"], 100 * arms["rate"], s=areas, zorder=4, clip_on=False, **BUBBLE)


def _areas(n: "pd.Series[Any]") -> Any:
    patients = n.to_numpy(dtype=np.float64)
    return np.maximum(LARGEST * patients / patients.max(), SMALLEST)


def _draw_axes(graph: Axes, numbers: RegressionNumbers) -> None:
    table = numbers.table
    bare(graph)
    low, high = float(table["x"].min()), float(table["x"].max())
    spare = SPARE * (high - low or 1.0)
    highest = 100 * float(table[["rate", "new_study_upper"]].max().max())
    graph.set(xlim=(low - spare, high + spare), ylim=(0, min(100.0, PAST * highest)))
    put_ticks(graph.xaxis, 8)
    put_ticks(graph.yaxis, 6)
    # So that bubbles at 0 and 100% lie on no number.
    bottom, top = graph.get_ylim()
    graph.set_ylim(bottom - SPARE * top, top + SPARE * top)
    label = shortened(printable(numbers.covariate), GRAPH[0])
    graph.set_xlabel(label, labelpad=2, parse_math=False)
    graph.set_ylabel("Rate (%)", labelpad=3)


def _notes(fit: Fit, numbers: RegressionNumbers) -> list[str]:
    arms = numbers.table[numbers.table["kind"] == ARM]
    fewest, most = (f"{size:,}" for size in (arms["n"].min(), arms["n"].max()))
    held = (
        f"Rates of the model are at {numbers.held}; arms are shown as observed, whatever theirs."
        if numbers.held
        else ""
    )
    unknown = (
        f"Not drawn, because {numbers.covariate} is not known: {listed(numbers.unknown)}."
        if numbers.unknown
        else ""
    )
    return [
        held,
        unknown,
        ECOLOGICAL,
        f"Areas of bubbles are in proportion to patients ({fewest} to {most}), as far as they can be seen.",
        about_characters([numbers.covariate, numbers.held, *numbers.unknown]),
        about_evidence(fit),
    ]
