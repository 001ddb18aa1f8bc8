"""What a terminal shows of contrasts, ranks and notes: they format, they compute nothing."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesmeta.estimates.contrasts import LEAST_RANKED, Contrasts
from bayesmeta.report.text import inferred_words, marked, percent, table_text

__all__ = [
    "CONTRASTS_SAY",
    "RANKS_SAY",
    "contrast_cells",
    "contrast_inferred_lines",
    "contrast_lines",
    "note_lines",
    "rank_cells",
    "rank_lines",
    "sensitivity_lines",
    "unranked",
]

Row = Mapping[Hashable, Any]

CONTRASTS_SAY = (
    "Rate difference: of typical rates, in percentage points. P(higher): that the first has the higher rate.",
    "Within studies: share of the information that compares arms of one study; at 0%, studies are compared.",
)
RANKS_SAY = "Ranks say nothing about how large differences are: of levels that hardly differ, one still ranks first."
"""What tables of contrasts and of ranks mean."""

LARGEST = 1000
"""Odds ratio from which on only its size is written."""


def contrast_lines(contrasts: Contrasts) -> list[str]:
    """Return the pairs of levels, one a line, with what their contrast rests on."""
    held = f", at {contrasts.profile}" if contrasts.profile else ""
    return [
        f"Contrasts of {contrasts.factor}{held}: median and {100 * contrasts.ci_prob:g}% interval",
        *table_text(contrast_cells(contrasts), indent=2).splitlines(),
        f"  {CONTRASTS_SAY[0]}",
        f"  {CONTRASTS_SAY[1]}",
        *(f"  {line}" for line in contrast_inferred_lines(contrasts)),
        f"  {_precision(contrasts.table)}",
    ]


def contrast_cells(contrasts: Contrasts) -> pd.DataFrame:
    """Return the pairs of levels as people read them, one row each."""
    table = contrasts.table
    return pd.DataFrame(
        {
            "pair": [
                f"{marked(row['level'], row['inferred_level'])} vs {marked(row['versus'], row['inferred_versus'])}"
                for row in table.to_dict("records")
            ],
            "odds ratio": [_ratios(row) for row in table.to_dict("records")],
            "rate difference": [_points(row) for row in table.to_dict("records")],
            "P(higher)": [f"{value:.2f}" for value in table["probability_higher"]],
            "within studies": [_share(value) for value in table["within_share"]],
            "studies": [
                f"{level} and {versus}, {both} both"
                for level, versus, both in zip(
                    table["studies_level"],
                    table["studies_versus"],
                    table["studies_both"],
                    strict=True,
                )
            ],
        }
    )


def contrast_inferred_lines(contrasts: Contrasts) -> list[str]:
    """Return how many counts behind the marked levels are inferred; none where none is."""
    names = [(end, f"arms_{end}", f"inferred_{end}") for end in ("level", "versus")]
    rows = contrasts.table.to_dict("records")
    found = dict.fromkeys(
        (row[end], row[arms], row[few]) for row in rows for end, arms, few in names
    )
    return inferred_words(found)


def rank_lines(contrasts: Contrasts) -> list[str]:
    """Return the probability of each rank, one level a line, with what ranks don't say."""
    numbers = range(1, len(contrasts.ranks) + 1)
    largest = contrasts.ranks[[f"mcse_rank_{rank}" for rank in numbers]].max().max()
    return [
        f"Probability of each rank of {contrasts.factor} by typical rate (1 is the highest)",
        *table_text(rank_cells(contrasts), indent=2).splitlines(),
        f"  {RANKS_SAY}",
        f"  Monte-Carlo standard errors of these probabilities: at most {100 * largest:.1f} percentage points.",
    ]


def unranked(contrasts: Contrasts) -> list[str]:
    """Return why ranks are not shown; of two levels they would say nothing more."""
    if len(contrasts.ranks) < LEAST_RANKED:
        return []
    return [
        "  Ranks are not shown, as some levels are not compared within studies; --ranks shows them."
    ]


def rank_cells(contrasts: Contrasts) -> pd.DataFrame:
    """Return the probability of each rank as people read it, one level a row."""
    ranks = contrasts.ranks
    numbers = range(1, len(ranks) + 1)
    return pd.DataFrame(
        {
            contrasts.factor: ranks["level"],
            **{f"{rank}": [percent(value) for value in ranks[f"rank_{rank}"]] for rank in numbers},
            "mean rank": [f"{value:.1f}" for value in ranks["mean_rank"]],
            "SUCRA": [percent(value) for value in ranks["sucra"]],
        }
    )


def note_lines(notes: Sequence[str]) -> list[str]:
    """Return what the evidence can't tell, one note a line, set like the lines of a fit."""
    return [f"{'' if i else 'Notes':<11}{note}" for i, note in enumerate(notes)]


def sensitivity_lines(table: pd.DataFrame) -> list[str]:
    """Return how the interval of a new study moves with the prior of tau; see `prior_sensitivity`."""
    rows = table.set_index("power")
    if rows["new_study_lower"].isna().any():
        return [
            "Prior      The prior of tau decides on the interval of a new study: too few draws carry another."
        ]
    half, own, twice = (
        f"{percent(row['new_study_lower'])} to {percent(row['new_study_upper'])}"
        for _, row in rows.iterrows()
    )
    where = f" ({rows['profile'].iloc[0]})" if rows["profile"].iloc[0] != "all studies" else ""
    return [
        f"Prior      Interval of a new study{where} with the prior of tau half as strong {half}, as it is {own}, "
        f"twice as strong {twice}."
    ]


def _ratios(row: Row) -> str:
    median, low, high = (_ratio(row[f"odds_ratio{end}"]) for end in ("", "_lower", "_upper"))
    return f"{median} ({low} to {high})"


def _ratio(value: float) -> str:
    if value >= LARGEST:
        return f"{value:.0e}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"  # noqa: PLR2004


def _points(row: Row) -> str:
    median, low, high = (
        round(100 * row[f"rate_difference{end}"]) for end in ("", "_lower", "_upper")
    )
    return f"{median} ({low} to {high})"


def _share(value: float) -> str:
    return "no evidence" if pd.isna(value) else percent(value)


def _precision(table: pd.DataFrame) -> str:
    """Return a line that states the largest Monte-Carlo errors of what is printed."""
    ratio = (table["mcse_odds_ratio"] / table["odds_ratio"]).max()
    ends = ("", "_lower", "_upper")
    points = table[[f"mcse_rate_difference{end}" for end in ends]].max().max()
    return (
        f"Monte-Carlo standard errors: median odds ratios at most {100 * ratio:.1f}% of themselves, rate differences "
        f"{100 * points:.1f} points, P(higher) {table['mcse_probability_higher'].max():.3f}."
    )
