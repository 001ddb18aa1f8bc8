"""Levels of a factor against each other: odds ratios on a log axis, and where each level ranks."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.estimates.contrasts import Contrasts
from bayesmeta.estimates.inferred import contrast_inferred, marked
from bayesmeta.estimates.words import words_of
from bayesmeta.plots.checks import check_kind
from bayesmeta.plots.contrast_marks import (
    WIDEST,
    draw_ranks,
    draw_ratio_axis,
    draw_ratios,
    ratio_ends,
)
from bayesmeta.plots.fit_text import warning_of
from bayesmeta.plots.pages import Plot, Words
from bayesmeta.plots.rate_scale import PERCENT, RateScale
from bayesmeta.plots.rows import Rows, draw_panels
from bayesmeta.plots.style import house_style
from bayesmeta.wording import PLAIN, Wording

__all__ = ["contrasts"]

NOTE = (
    "Odds ratio above 1: a higher typical rate. Difference: of typical rates, {unit}. Within: share of the "
    "information that compares arms of one study; at 0, only studies are compared, with everything else in "
    "which they differ."
)
RANKS_NOTE = (
    "Ranks: probability of each (%), by typical rate, 1 the highest. They say nothing about how large "
    "differences are: of levels that hardly differ, or are hardly known, one still ranks first."
)


def contrasts(
    contrasts: Contrasts,
    *,
    ranks: bool | None = None,
    scale: RateScale = RateScale(),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
) -> Plot:
    """Return the contrasts between levels of a factor, and the probability of each rank where asked.

    Above, one row per pair: odds ratio of typical rates with its interval on a log axis, rate
    difference, and how much of the information is within studies. A hollow mark is a contrast that is
    known only between studies. Below, where ranks are shown, one row per level: the darker a cell, the
    likelier the rank.

    Parameters
    ----------
    contrasts : Contrasts
        Of `contrast`. If the draws behind them failed their diagnostics, the figure says so in its
        first line.
    ranks : bool, optional
        Whether ranks are shown; where None, as `Contrasts.rankable` says: of three levels or more, if
        no comparison is between studies only.
    scale : RateScale
        What differences of rates are counted per.
    notes : sequence of str
        Further lines below the figure.

    Returns
    -------
    Plot
        With `figure`, `save(path)` and `table`:
        the rows of `bayesmeta.contrast`: first those of its `table` (`kind` ``"pair"``; odds ratios
        and differences of rates, which are probabilities), then, where shown, those of its `ranks`
        (``"rank"``).

    Raises
    ------
    SettingsError
        If `contrasts` is no Contrasts.

    References
    ----------
    Salanti, Ades & Ioannidis 2011, doi:10.1016/j.jclinepi.2010.03.016 (ranks, SUCRA).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", venetoclax="yes")
    >>> fit = bm.fit(bm.load_model("regimen"), arms, seed=1)
    >>> bm.plots.contrasts(bm.contrast(fit, against="ven_hma"))
    Plot(contrasts: 7 pairs of 8 levels)
    """
    check_kind("contrasts", contrasts, Contrasts, "contrast")
    table, shown = contrasts.table, contrasts.rankable if ranks is None else ranks
    ends = ratio_ends(table)
    with house_style():
        figure, [(upper, heights), *lower] = draw_panels(
            [_pairs(contrasts, scale), *([_levels(contrasts)] if shown else [])],
            Words(
                _title(contrasts),
                [
                    *_notes(table, ends, scale),
                    *contrast_inferred(contrasts, _words(contrasts)),
                    *([RANKS_NOTE] if shown else []),
                    *notes,
                ],
                warning_of(contrasts.fit),
            ),
        )
        draw_ratios(upper, table, heights, ends)
        draw_ratio_axis(upper, ends)
        for axes, places in lower:
            draw_ranks(axes, contrasts.ranks, places)
    drawn = [table.assign(kind="pair")]
    if shown:
        drawn.append(contrasts.ranks.assign(kind="rank"))
    return Plot(
        "contrasts",
        figure,
        pd.concat(drawn, ignore_index=True),
        f"{counted(len(table), 'pair')} of {counted(len(contrasts.ranks), 'level')}",
    )


def _title(contrasts: Contrasts) -> str:
    words = _words(contrasts)
    of = f"{words.outcome(contrasts.outcome)}: " if contrasts.outcome else ""
    held = f", at {contrasts.profile}" if contrasts.profile else ""
    return words.text(f"{of}Contrasts of {words.labels.column(contrasts.factor)}{held}")


def _words(contrasts: Contrasts) -> Wording:
    return PLAIN if contrasts.fit is None else words_of(contrasts.fit)


def _versus(table: pd.DataFrame) -> str:
    """Return the one level that all others are compared with; empty if there are several."""
    return (
        str(table["versus"].iloc[0]) if (table["versus"] == table["versus"].iloc[0]).all() else ""
    )


def _pairs(contrasts: Contrasts, scale: RateScale) -> Rows:
    table = contrasts.table
    versus = _versus(table)
    named = partial(_words(contrasts).level, contrasts.factor)
    labels = _marked(table, "level", named)
    if not versus:
        labels = labels + " vs " + _marked(table, "versus", named)
    sure = f"({100 * contrasts.ci_prob:g}% CrI)"
    points = "" if scale.per == PERCENT else f" {scale.unit}"
    return Rows(
        heading=f"Against {_marked(table, 'versus', named).iloc[0]}" if versus else "Pair",
        axis="Odds ratio (log axis)",
        columns=(
            f"Odds ratio\n{sure}",
            f"Difference{points}\n{sure}",
            "P(higher)\n%",
            "Within\n%",
            "Studies\nof each",
        ),
        labels=labels.tolist(),
        cells=[_pair_cells(row, scale) for row in table.to_dict("records")],
        bold=[False] * len(table),
    )


def _marked(table: pd.DataFrame, end: str, named: Callable[[str], str]) -> "pd.Series[str]":
    """Return the levels at one end of each pair, marked where they rest on inferred counts."""
    found = zip(table[end], table[f"inferred_{end}"], strict=True)
    return pd.Series([marked(named(level), few) for level, few in found])


def _pair_cells(row: Mapping[Hashable, Any], scale: RateScale) -> tuple[str, ...]:
    share = row["within_share"]
    return (
        _interval(row, "odds_ratio", _ratio),
        _difference(row, scale),
        f"{100 * row['probability_higher']:.0f}",
        "none" if pd.isna(share) else f"{100 * share:.0f}",
        f"{row['studies_level']}, {row['studies_versus']}",
    )


def _interval(row: Mapping[Hashable, Any], name: str, written: Any) -> str:
    median, low, high = (written(row[f"{name}{end}"]) for end in ("", "_lower", "_upper"))
    return f"{median} ({low} to {high})"


def _difference(row: Mapping[Hashable, Any], scale: RateScale) -> str:
    ends = (row[f"rate_difference{end}"] for end in ("", "_lower", "_upper"))
    median, low, high = scale.texts(*ends)
    return f"{median} ({low} to {high})"


def _ratio(value: float) -> str:
    if value >= WIDEST:
        return f"over {WIDEST:g}"
    if value <= 1 / WIDEST:
        return f"under {1 / WIDEST:g}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"  # noqa: PLR2004


def _levels(contrasts: Contrasts) -> Rows:
    rows, words = contrasts.ranks.to_dict("records"), _words(contrasts)
    versus = _versus(contrasts.table)
    return Rows(
        heading=words.labels.column(contrasts.factor),
        axis="Probability of rank (%)",
        columns=("Mean\nrank", "SUCRA\n%"),
        labels=[words.level(contrasts.factor, str(row["level"])) for row in rows],
        cells=[(f"{row['mean_rank']:.1f}", f"{100 * row['sucra']:.0f}") for row in rows],
        bold=[row["level"] == versus for row in rows],
    )


def _notes(table: pd.DataFrame, ends: tuple[float, float], scale: RateScale) -> list[str]:
    found = [NOTE.format(unit="in points" if scale.per == PERCENT else scale.unit)]
    if table["between_only"].any():
        found.append("Hollow: known only between studies.")
    if (table["odds_ratio_lower"] < ends[0]).any() or (table["odds_ratio_upper"] > ends[1]).any():
        found.append("Arrowheads: the interval goes on beyond the axis.")
    return [" ".join(found)]
