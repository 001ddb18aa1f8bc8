"""The specification curve: the estimates of many fits in order, and which choices each made."""

from collections.abc import Sequence

import pandas as pd

from bayesmeta.errors import SettingsError, counted, listed
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.plots.checks import check_columns, check_numbers
from bayesmeta.plots.pages import Plot, Words
from bayesmeta.plots.rate_scale import RateScale
from bayesmeta.plots.specification_page import Shown, draw_specifications
from bayesmeta.plots.style import house_style

__all__ = ["CHOICES", "specification_curve"]

CHOICES = ("outcome", "inclusion", "covariates", "study_effects", "prior_tau", "prior_mu")
"""Columns of choices that are drawn where none are named."""

NUMBERS = ("estimate", "lower", "upper")


def specification_curve(
    table: pd.DataFrame,
    *,
    choices: Sequence[str] | None = None,
    quantity: str = "Typical rate",
    rates: bool = True,
    ci_prob: float = 0.95,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the estimates of many fits from lowest to highest, and the choices behind each.

    Above, one column per fit: its estimate and interval. Below, in the same column, a mark in the row of
    each choice it made, with the number of fits that made it and the median of their estimates. A
    choice that matters has its marks at one end.

    Parameters
    ----------
    table : DataFrame
        One row per fit: `estimate`, `lower`, `upper`, `ok` (whether its diagnostics passed), and a
        column of text for each choice. A fit without an estimate is counted and not drawn.
    choices : sequence of str, optional
        Columns of the choices, from the top; where None, those of `CHOICES` that the table has.
    quantity : str
        What is estimated.
    rates : bool
        Whether estimates are rates (probability), shown as `scale` says; else they are shown plainly.
    ci_prob : float
        Probability of the intervals in the table, for the captions.
    scale : RateScale
        What rates are counted per.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        With `figure`, `save(path)` and `table`:
        the fits drawn, from the lowest `estimate` to the highest, with the columns of the table that
        was given.

    Raises
    ------
    SettingsError
        If the table lacks a column, `choices` names none, or no fit has an estimate.

    References
    ----------
    Simonsohn, Simmons & Nelson 2020, doi:10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> distributions = {"common": bm.CommonEffect(), "normal": bm.NormalEffects()}
    >>> grid = bm.SpecificationGrid(outcomes=["CR"], study_effects=distributions)
    >>> found = bm.run_grid(grid, bm.load_evidence("rr_aml_venetoclax"), seed=1)
    >>> plot = bm.plots.specification_curve(found.curve)
    >>> plot
    Plot(specification_curve: 2 fits)
    >>> plot.table["study_effects"].tolist()
    ['common', 'normal']
    """
    check_ci_prob(ci_prob)
    table = check_columns(table, (*NUMBERS, "ok"))
    names = [name for name in CHOICES if name in table] if choices is None else list(choices)
    check_columns(table, names)
    if not names:
        raise SettingsError(
            f"`choices` must name a column or more; `table` has none of {', '.join(CHOICES)}."
        )
    drawn = table[table["estimate"].notna()].sort_values(
        "estimate", kind="stable", ignore_index=True
    )
    if not len(drawn):
        raise SettingsError(
            "`estimate` of `table` is missing in every row, so there is nothing to draw."
        )
    check_numbers(drawn, NUMBERS, names[0])
    # Levels are drawn in the order of the table given, not of the curve.
    levels = {
        name: list(dict.fromkeys(table.loc[table["estimate"].notna(), name].fillna("")))
        for name in names
    }
    varied = {name: found for name, found in levels.items() if len(found) > 1}
    shown = Shown.of(drawn, quantity, scale if rates else None)
    words = Words(
        f"{quantity}: {counted(len(drawn), 'fit')}",
        [
            _about_curve(drawn, ci_prob, shown),
            _about_constants(drawn, [name for name in names if name not in varied]),
            _about_failures(table, drawn),
            *notes,
        ],
    )
    with house_style():
        figure = draw_specifications(drawn, varied, words, shown)
    return Plot("specification_curve", figure, drawn, counted(len(drawn), "fit"))


def _about_curve(drawn: pd.DataFrame, ci_prob: float, shown: Shown) -> str:
    low, median, high = (
        f"{shown.text(value)}{shown.suffix}" for value in drawn["estimate"].quantile([0, 0.5, 1])
    )
    return (
        f"Above: estimates (dots) with their {100 * ci_prob:g}% intervals, from lowest to highest: {low} to {high}, "
        f"median {median}. Below: the choices that each fit made, in the same column; on the right, how many "
        "fits made it and the median of their estimates."
    )


def _about_constants(drawn: pd.DataFrame, names: Sequence[str]) -> str:
    same = [f"{name} {drawn[name].iloc[0] or 'none'}" for name in names]
    return f"The same in all fits: {listed(same)}." if same else ""


def _about_failures(table: pd.DataFrame, drawn: pd.DataFrame) -> str:
    """Return how many fits failed their diagnostics, and how many there is nothing of."""
    unreliable, missing = int((~drawn["ok"].astype(bool)).sum()), len(table) - len(drawn)
    parts = []
    if unreliable:
        parts.append(
            f"{counted(unreliable, 'fit')} failed the diagnostics (marked below the curve): do not use these."
        )
    if missing:
        parts.append(
            f"{counted(missing, 'fit')} could not be made and {'is' if missing == 1 else 'are'} not drawn."
        )
    return " ".join(parts)
