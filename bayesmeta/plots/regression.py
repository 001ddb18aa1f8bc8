"""The bubble plot of a meta-regression: the rate against a numeric covariate, and the arms."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.errors import counted, listed
from bayesmeta.estimates.regression_numbers import ARM, CURVE, RegressionNumbers, regression_numbers
from bayesmeta.estimates.words import words_of
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.plots.fit_text import about_characters, fit_words
from bayesmeta.plots.lettering import printable, shortened
from bayesmeta.plots.pages import Key, Plot, bare
from bayesmeta.plots.panels import panel_page
from bayesmeta.plots.rate_axis import RateAxis, RateScale, rate_axis
from bayesmeta.plots.style import (
    ALARM,
    FAINT,
    LEVELS,
    LINES,
    MODEL,
    OBSERVED,
    RANGE,
    house_style,
    symbol,
)
from bayesmeta.plots.ticks import put_ticks
from bayesmeta.wording import Wording

GRAPH = (5.4, 3.4)
"""Size in inches."""

LARGEST, SMALLEST = 260.0, 5.0
"""Areas of bubbles in square points: of the largest arm, and the least that can be seen."""

SPARE, PALE = 0.04, 0.14
"""Share of an axis left free at either end; opacity of the bands of several curves."""

CURVE_LOOK: dict[str, Any] = {"color": MODEL, "linewidth": 1.8}
NEW_STUDY: dict[str, Any] = {"color": ALARM, "linewidth": 1.2, "linestyle": "--"}
SHADE: dict[str, Any] = {"color": RANGE, "alpha": 0.45, "linewidth": 0}
BUBBLE: dict[str, Any] = {"edgecolor": OBSERVED, "facecolor": "none", "linewidth": 0.9}

ECOLOGICAL = (
    "The relation is between arms, not between patients (ecological). It need not hold for patients of "
    "one arm, and is confounded with whatever else differs between the studies."
)


def regression(
    fit: Fit,
    covariate: str,
    *,
    outcome: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
    unit: str = "",
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the bubble plot of a meta-regression: the rate against a numeric covariate.

    One bubble per arm, as observed, its area in proportion to its patients. The line is the typical
    rate, the band its credible interval, the dashed lines the prediction interval of a new study.
    They go from the least to the greatest value among the arms.

    In a model with factors, each level of the first has a colour, a line and a band; of more than
    six, those with the most patients. A profile that gives a factor has one line, at that level.

    Parameters
    ----------
    fit : Fit
        Posterior draws. If their diagnostics fail, the figure says so in its first line.
    covariate : str
        The covariate, drawn in its own unit.
    outcome : str, optional
        Which of several outcomes.
    profile : mapping, optional
        Values of the other covariates; what is left out is at the reference level or the centre.
    ci_prob : float
        Probability of the intervals.
    unit : str
        Unit of the covariate, such as ``"years"``, for the axis.
    scale : RateScale
        How rates are shown.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: one row per arm (`kind` ``"arm"``), then the curve by value `x` of the covariate
        (``"curve"``), with columns as of `bayesmeta.estimates.regression_numbers.regression_numbers`;
        rates are probabilities.

    Raises
    ------
    SettingsError
        If `covariate` is not a numeric covariate of the model, or an argument is out of its range.
    ProfileError
        If the profile cannot be coded.
    EvidenceError
        If no arm has patients and a known covariate.

    References
    ----------
    Thompson & Higgins 2002, doi:10.1002/sim.1187 (meta-regression, and what it cannot tell).

    Examples
    --------
    Do small arms have other rates than large ones?

    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> fit = bm.fit(bm.ModelSpec("size", covariates="{1 / sqrt(n)}"), arms, seed=1)
    >>> bm.plots.regression(fit, "n")
    Plot(regression: 14 arms, x from 10 to 90)
    """
    numbers = regression_numbers(fit, covariate, outcome=outcome, profile=profile, ci_prob=ci_prob)
    axis, looks = _axis(numbers.table, scale), _looks(numbers)
    said = words_of(fit)
    name = said.column(covariate)
    words = fit_words(
        f"Rate by {name}", fit, _notes(fit, numbers, axis, looks), notes, outcome=outcome
    )
    with house_style():
        figure, [graph] = panel_page(words, _keys(numbers, looks, said), GRAPH)
        _draw_axes(graph, numbers, axis, f"{name} ({unit})" if unit else name)
        _draw_curves(graph, numbers.table, axis, looks)
        _draw_arms(graph, numbers.table, axis, looks)
    arms = numbers.table[numbers.table["kind"] == ARM]
    about = f"{counted(len(arms), 'arm')}, x from {arms['x'].min():g} to {arms['x'].max():g}"
    return Plot("regression", figure, numbers.table.copy(), about)


def _looks(numbers: RegressionNumbers) -> dict[str, dict[str, Any]]:
    """Return the look of the line of each level; of several, those with the most patients."""
    if len(numbers.levels) <= 1:
        return dict.fromkeys(numbers.levels or ("",), CURVE_LOOK)
    arms = numbers.table[numbers.table["kind"] == ARM]
    patients = arms.groupby("level")["n"].sum().sort_values(ascending=False, kind="stable")
    shown = patients.index[: len(LINES)]
    strokes = [{**look, "color": colour} for look, colour in zip(LINES, LEVELS, strict=True)]
    return dict(zip([one for one in numbers.levels if one in shown], strokes, strict=False))


def _keys(
    numbers: RegressionNumbers, looks: dict[str, dict[str, Any]], words: Wording
) -> list[Key]:
    sure = f"{100 * numbers.ci_prob:g}%"
    bubble = Key(symbol("o", 6.5, "none", OBSERVED, width=BUBBLE["linewidth"]), "Arm, as observed")
    if len(looks) == 1:
        return [
            bubble,
            Key(CURVE_LOOK, "Typical rate"),
            Key({**SHADE, "linewidth": 7}, f"its {sure} credible interval"),
            Key(NEW_STUDY, f"{sure} prediction interval of a new study"),
        ]
    pale = {"color": OBSERVED, "alpha": 2 * PALE, "linewidth": 7}
    band = Key(pale, f"{sure} credible interval of a typical rate")
    named = {level: words.level(numbers.factor or "", level) for level in looks}
    return [*(Key(look, named[level]) for level, look in looks.items()), bubble, band]


def _axis(table: pd.DataFrame, scale: RateScale) -> RateAxis:
    rates = table[["rate", "lower", "upper", "new_study_lower", "new_study_upper"]]
    return rate_axis(scale, rates, table["rate"])


def _draw_curves(
    graph: Axes, table: pd.DataFrame, axis: RateAxis, looks: dict[str, dict[str, Any]]
) -> None:
    for level, look in looks.items():
        curve = table[(table["kind"] == CURVE) & (table["level"] == level)]
        x = curve["x"].to_numpy(dtype=np.float64)
        lower, upper = (axis.places(curve[name]) for name in ("lower", "upper"))
        shade = SHADE if len(looks) == 1 else {**SHADE, "color": look["color"], "alpha": PALE}
        graph.fill_between(x, lower, upper, zorder=1, **shade)
        for name in ("new_study_lower", "new_study_upper"):
            graph.plot(x, axis.places(curve[name]), zorder=2, clip_on=False, **NEW_STUDY)
        graph.plot(x, axis.marks(curve["rate"]), zorder=3, **look)


def _draw_arms(
    graph: Axes, table: pd.DataFrame, axis: RateAxis, looks: dict[str, dict[str, Any]]
) -> None:
    """Draw a bubble for each arm, the largest first, so that it hides none."""
    arms = table[table["kind"] == ARM].sort_values("n", ascending=False, kind="stable")
    colours = {level: look["color"] for level, look in looks.items()} if len(looks) > 1 else {}
    others = FAINT if colours else BUBBLE["edgecolor"]
    look = {**BUBBLE, "edgecolor": [colours.get(level, others) for level in arms["level"]]}
    rates = axis.marks(arms["rate"])
    graph.scatter(arms["x"], rates, s=_areas(arms["n"]), zorder=4, clip_on=False, **look)


def _areas(n: "pd.Series[Any]") -> Any:
    patients = n.to_numpy(dtype=np.float64)
    return np.maximum(LARGEST * patients / patients.max(), SMALLEST)


def _draw_axes(graph: Axes, numbers: RegressionNumbers, axis: RateAxis, label: str) -> None:
    x = numbers.table["x"]
    bare(graph)
    low, high = float(x.min()), float(x.max())
    spare = SPARE * (high - low or 1.0)
    graph.set(
        xlim=(low - spare, high + spare),
        xlabel=shortened(printable(label), GRAPH[0]),
        ylabel=axis.scale.label("Rate"),
    )
    put_ticks(graph.xaxis, 8, whole=bool((x[numbers.table["kind"] == ARM] % 1 == 0).all()))
    # So that bubbles at 0 and 100% lie on no number.
    axis.put_on(graph.yaxis, GRAPH[1], room=SPARE)


def _notes(
    fit: Fit, numbers: RegressionNumbers, axis: RateAxis, looks: dict[str, dict[str, Any]]
) -> list[str]:
    arms, words = numbers.table[numbers.table["kind"] == ARM], words_of(fit)
    fewest, most = (f"{size:,}" for size in (arms["n"].min(), arms["n"].max()))
    held = f"Rates of the model are at {words.text(numbers.held)}. Arms are shown as observed."
    lost = f"Not drawn, because {words.column(numbers.covariate)} is not known: {listed(numbers.unknown)}."
    return [
        _about_levels(numbers, looks, words),
        held if numbers.held else "",
        lost if numbers.unknown else "",
        ECOLOGICAL,
        f"Areas of bubbles are in proportion to patients ({fewest} to {most}), down to the least visible.",
        axis.note,
        about_characters([numbers.covariate, numbers.held, *numbers.levels, *numbers.unknown]),
    ]


def _about_levels(
    numbers: RegressionNumbers, looks: dict[str, dict[str, Any]], words: Wording
) -> str:
    """Return what the colours are, and which levels have none."""
    if len(looks) == 1:
        return ""
    factor = numbers.factor or ""
    others = [words.level(factor, level) for level in numbers.levels if level not in looks]
    rest = f" Grey, without a line: {listed(others)}." if others else ""
    return f"Colours: {words.column(factor)}. Each line is the typical rate at that level.{rest}"
