"""The rows of a figure of contrasts: a line of each pair, or two, of studies and of arms of one."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from bayesmeta.estimates.contrast_table import Contrasts
from bayesmeta.estimates.inferred import marked
from bayesmeta.estimates.words import words_of
from bayesmeta.plots.rate_axis import RateScale
from bayesmeta.plots.rows import Column, Rows
from bayesmeta.rounding import interval_of
from bayesmeta.wording import PLAIN, Wording

Row = Mapping[Hashable, Any]

WIDEST = 1000.0
"""Odds ratio, and its inverse, beyond which the axis never reaches."""

WITHIN, BETWEEN, PRIORS = "within studies, too", "between studies only", "priors"
"""What a contrast is known from, which its mark shows."""

ONE_STUDY = ", in one study"
"""End of the label of the second line of a pair."""


def lines_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return the line of each pair, and after it that of arms of one study where there is one.

    Columns: those of the table, `within` (whether the line is of arms of one study), odds ratios of the
    line, and its `basis`.
    """
    lines: list[dict[Hashable, Any]] = []
    for row in table.to_dict("records"):
        lacking = 0 in (row["studies_level"], row["studies_versus"])
        basis = PRIORS if lacking else BETWEEN if row["between_only"] else WITHIN
        lines.append({**row, "within": False, "basis": basis})
        if "conflict" not in row:
            continue
        ratios: dict[Hashable, Any] = {
            name: row[f"within_{name}"]
            for name in ("odds_ratio", "odds_ratio_lower", "odds_ratio_upper")
        }
        basis = WITHIN if row["within_compared"] else PRIORS
        lines.append({**row, **ratios, "within": True, "basis": basis})
    return pd.DataFrame(lines)


def wording_of(contrasts: Contrasts) -> Wording:
    """Return the words of the fit that contrasts are of, as far as it is known."""
    return PLAIN if contrasts.fit is None else words_of(contrasts.fit)


def versus_of(table: pd.DataFrame) -> str:
    """Return the one level that all others are compared with; empty if there are several."""
    return (
        str(table["versus"].iloc[0]) if (table["versus"] == table["versus"].iloc[0]).all() else ""
    )


def pair_rows(contrasts: Contrasts, lines: pd.DataFrame, scale: RateScale) -> Rows:
    """Return the labels of lines and their columns of text."""
    named = partial(wording_of(contrasts).level, contrasts.factor)
    rows = lines.to_dict("records")
    versus, others = versus_of(contrasts.table), _marked(rows[0], "versus", named)
    sure = f"({100 * contrasts.ci_prob:g}% CrI)"
    written: dict[str, Callable[[Row], str]] = {
        f"Difference{scale.rates.per_text}\n{sure}": lambda row: interval_of(
            row, "rate_difference", scale.texts
        ),
        "P(higher)\n%": lambda row: f"{100 * row['probability_higher']:.0f}",
        "Within\n%": lambda row: (
            "none" if pd.isna(row["within_share"]) else f"{100 * row['within_share']:.0f}"
        ),
        "Studies\nof each": lambda row: f"{row['studies_level']}, {row['studies_versus']}",
    }
    if "conflict" in lines:
        written[f"Conflict\n{sure}"] = lambda row: interval_of(row, "conflict").replace(
            "-", "\N{MINUS SIGN}"
        )
    columns = [
        Column(heading, ["" if row["within"] else text(row) for row in rows])
        for heading, text in written.items()
    ]
    ratios = [interval_of(row, "odds_ratio", ratio_texts) for row in rows]
    return Rows(
        heading=f"Against {others}" if versus else "Pair",
        axis="Odds ratio (log axis)",
        labels=[_pair(row, versus, named) for row in rows],
        columns=[Column(f"Odds ratio\n{sure}", ratios), *columns],
    )


def _pair(row: Row, versus: str, named: Callable[[str], str]) -> str:
    """Return the label of a pair: its level, and what it is compared with unless all have that."""
    ends = [_marked(row, end, named) for end in ("level", "versus")]
    pair = ends[0] if versus else " vs ".join(ends)
    return f"{pair}{ONE_STUDY}" if row["within"] else pair


def _marked(row: Row, end: str, named: Callable[[str], str]) -> str:
    """Return the level at one end of a pair, marked where it rests on inferred counts."""
    return marked(named(row[end]), row[f"inferred_{end}"])


def ratio_texts(*values: float) -> list[str]:
    """Return an odds ratio and the ends of its interval; those beyond any axis say so."""
    return list(map(_ratio, values))


def _ratio(value: float) -> str:
    if value >= WIDEST:
        return f"over {WIDEST:g}"
    if value <= 1 / WIDEST:
        return f"under {1 / WIDEST:g}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"  # noqa: PLR2004
