"""Rows of what leaving studies out says: the scores of models, and the influence of each study."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, counted
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.plots.checks import check_columns, check_numbers, said_in
from bayesmeta.plots.fit_text import warning_of_fits
from bayesmeta.plots.pages import Plot, Words
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.rows import Column, Rows, draw_axis, draw_estimates, draw_rows
from bayesmeta.plots.style import DOT, INK, MODEL, RANGE, house_style
from bayesmeta.plots.ticks import number_text, number_texts
from bayesmeta.rounding import interval_text

SCORES = ("elpd_diff", "dse", "weight")
SPREAD = ("weight_lower", "weight_upper")

THIN, THICK, MARK = 0.8, 2.4, 26.0
"""Widths of lines in points, and area of marks in square points."""

NOTE = (
    "Difference in expected log predictive density (elpd) from the best model. Thick lines reach one "
    "standard error to either side, thin ones two. A difference below 4, or below two standard "
    "errors, does not distinguish two models."
)

COLUMNS = ("study", "label", "estimate", "lower", "upper")
ESTIMATE = ("estimate", "lower", "upper")

RATE, MONTHS = "probability", "months"
"""The scales of rates, and of median survival."""


def comparison(table: pd.DataFrame, *, ci_prob: float = 0.95, notes: Sequence[str] = ()) -> Plot:
    """Return the differences of models' predictive scores, with standard errors and weights.

    Parameters
    ----------
    table : DataFrame
        Of `compare`: one row per model with columns `model`, `elpd_diff` (difference of the expected
        log predictive density from the best model's), `dse` (its standard error) and `weight`, from
        0 to 1, with `weight_lower` and `weight_upper` where its interval is to be shown. Where
        `fits`, `failed` and `flagged` say that fits failed, so does the first line.
    ci_prob : float
        Probability of the intervals of weights in the table, for the heading.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the table that was given, one row per model from the top down.

    Raises
    ------
    SettingsError
        If the table lacks a column or a number, or `ci_prob` is not a probability.

    References
    ----------
    Sivula, Magnusson, Matamoros & Vehtari 2025, doi:10.1214/25-BA1569 (when differences are
    uncertain).
    Yao, Vehtari, Simpson & Gelman 2018, doi:10.1214/17-BA1091 (weights).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> scores = {"elpd_diff": [0, -3], "dse": [0, 1.5], "weight": [1, 0]}
    >>> table = pd.DataFrame({"model": ["a", "b"]} | scores)
    >>> bm.plots.comparison(table)
    Plot(comparison: 2 models)
    """
    check_ci_prob(ci_prob)
    table = check_columns(table, ("model", *SCORES)).reset_index(drop=True)
    check_numbers(table, SCORES, "model")
    difference, error = (table[name].to_numpy(dtype=np.float64) for name in SCORES[:2])
    best = (difference == 0) & (error == 0)
    told = [
        f"{number_text(one, 1)} ({own:.1f})" for one, own in zip(difference, error, strict=True)
    ]
    rows = Rows(
        heading="Model",
        axis="Difference in elpd",
        labels=[str(name) for name in table["model"]],
        columns=[
            Column("Difference\n(SE)", np.where(best, "best", told).tolist()),
            _weights(table, ci_prob),
        ],
        bold=np.flatnonzero(best).tolist(),
    )
    with house_style():
        words = Words("Models by predictive score", [NOTE, *notes], _warning(table))
        figure, graph, heights = draw_rows(rows, words)
        _draw_scores(graph, difference, error, heights)
        ends = np.concatenate([difference - 2 * error, difference + 2 * error, [0.0]])
        draw_axis(graph, ends, "Difference in elpd from the best model")
    return Plot("comparison", figure, table, counted(len(table), "model"))


def _weights(table: pd.DataFrame, ci_prob: float) -> Column:
    """Return the weights in per cent, with their intervals where the table has them."""
    if not all(name in table for name in SPREAD):
        return Column("Weight\n%", [f"{100 * weight:.0f}" for weight in table["weight"]])
    check_numbers(table, SPREAD, "model")
    rows = 100 * table[["weight", *SPREAD]].to_numpy(dtype=np.float64)
    told = [f"{own:.0f} ({low:.0f}\N{EN DASH}{high:.0f})" for own, low, high in rows]
    return Column(f"Weight, %\n({100 * ci_prob:g}% interval)", told)


def _warning(table: pd.DataFrame) -> str:
    counts = ("fits", "failed", "flagged")
    if not all(name in table for name in counts):
        return ""
    fits, failed, flagged = (int(table[name].sum()) for name in counts)
    return warning_of_fits(failed + flagged, fits)


def _draw_scores(graph: Axes, difference: Array, error: Array, heights: Array) -> None:
    graph.axvline(0, color=INK, linewidth=0.8, linestyle=":", zorder=1)
    for reach, width, colour in ((2, THIN, MODEL), (1, THICK, RANGE)):
        ends = difference - reach * error, difference + reach * error
        graph.hlines(heights, *ends, color=colour, linewidth=width, zorder=2)
    graph.scatter(difference, heights, s=MARK, zorder=3, **DOT)


def leave_one_out(
    table: pd.DataFrame,
    *,
    quantity: str | None = None,
    rates: bool | None = None,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the forest of a pooled estimate without each study in turn.

    A line and a band through all rows are the estimate and interval of the fit to all studies. A
    study whose row lies off the line is one that the estimate depends on.

    Parameters
    ----------
    table : DataFrame
        Of `influence_on`: one row per study left out, with columns `study`, `label` (what is
        printed), `estimate`, `lower` and `upper`. The row of all studies has the study ``""``.
    quantity : str, optional
        What is estimated; as columns `quantity` and `outcome` say where None, or the typical rate.
    rates : bool, optional
        Whether estimates are rates (probability); as column `scale` says where None, or True.
    ci_prob : float
        Probability of the intervals in the table, for the captions.
    scale : RateScale
        What rates are counted per.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        `table`: the rows given, that of all studies first, and `change`, the difference from it,
        on the scale of the estimate.

    Raises
    ------
    SettingsError
        If the table lacks a column, a number, or its one row of all studies.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import pandas as pd
    >>> rows = {"study": ["", "a"], "label": ["", "A 2020"], "estimate": [0.5, 0.4]}
    >>> table = pd.DataFrame(rows | {"lower": [0.4, 0.3], "upper": [0.6, 0.5]})
    >>> bm.plots.leave_one_out(table)
    Plot(leave_one_out: 1 study left out)
    """
    check_ci_prob(ci_prob)
    table = check_columns(table, COLUMNS)
    check_numbers(table, ESTIMATE, "label")
    what = _quantity(table) if quantity is None else quantity
    rates = said_in(table, "scale", RATE) == RATE if rates is None else rates
    whole = table["study"] == ""
    if whole.sum() != 1:
        raise SettingsError(
            f"`table` must have one row with study '', the fit to all studies; got {whole.sum()}."
        )
    ordered = pd.concat([table[whole], table[~whole]], ignore_index=True)
    ordered["change"] = ordered["estimate"] - ordered["estimate"].iloc[0]
    cells = [_cells(row, scale if rates else None) for row in ordered.to_dict("records")]
    estimates, changes = map(list, zip(*cells, strict=True))
    unit = said_in(table, "scale", RATE)
    unit = unit if unit == MONTHS else ""
    heading = f"Estimate {scale.unit}" if rates else f"Estimate, {unit}".removesuffix(", ")
    rows = Rows(
        heading="Without",
        axis=what,
        labels=["All studies", *ordered["label"].iloc[1:].astype(str)],
        columns=[
            Column(f"{heading}\n({100 * ci_prob:g}% CrI)", estimates),
            Column("Change\n" + (scale.rates.points_short if rates else unit), ["", *changes[1:]]),
        ],
        bold=[0],
    )
    with house_style():
        words = Words(f"{what}, each study left out in turn", notes)
        figure, graph, heights = draw_rows(rows, words)
        scaled = ordered[list(ESTIMATE)].to_numpy(dtype=np.float64) * (scale.per if rates else 1)
        draw_estimates(graph, heights, scaled, 0)
        within = (0.0, float(scale.per)) if rates else (-np.inf, np.inf)
        label = f"{what}, {unit}".removesuffix(", ")
        draw_axis(graph, scaled, scale.label(what) if rates else label, within)
    about = f"{counted(len(ordered) - 1, 'study', 'studies')} left out"
    return Plot("leave_one_out", figure, ordered, about)


def _quantity(table: pd.DataFrame) -> str:
    """Return what is estimated, and of which outcome where the table says so."""
    outcome = said_in(table, "outcome", "")
    quantity = said_in(table, "quantity", "typical rate").capitalize()
    return f"{outcome}: {quantity}" if outcome else quantity


def _cells(row: Mapping[Hashable, Any], scale: RateScale | None) -> tuple[str, str]:
    values = [row[name] for name in ESTIMATE]
    estimate, lower, upper = scale.texts(*values) if scale else number_texts(*values)
    places = len(estimate.partition(".")[2])
    change = f"{(scale.per if scale else 1) * row['change']:+.{places}f}"
    change = change.replace("-", "\N{MINUS SIGN}") if float(change) else change[1:]
    return interval_text(estimate, lower, upper), change
