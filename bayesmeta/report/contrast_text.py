"""What a terminal shows of contrasts, ranks and notes: they format, they compute nothing."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesmeta.estimates.contrasts import LEAST_RANKED, Contrasts
from bayesmeta.estimates.inferred import contrast_inferred, marked
from bayesmeta.layout import table_text
from bayesmeta.rounding import PERCENT, error_text, number_texts, percent, probability_text
from bayesmeta.wording import PLAIN, Wording

__all__ = [
    "RANKS_SAY",
    "contrast_cells",
    "contrast_lines",
    "contrasts_say",
    "note_lines",
    "rank_cells",
    "rank_lines",
    "sensitivity_lines",
    "unranked",
]

Row = Mapping[Hashable, Any]

CONTRASTS_SAY = (
    "Rate difference: of typical rates{points}. P(higher): that the first has the higher rate.",
    "Within studies: share of the information that compares arms of one study; at 0%, studies are compared.",
)
RANKS_SAY = "Ranks say nothing about how large differences are: of levels that hardly differ, one still ranks first."
"""What tables of contrasts and of ranks mean."""

LARGEST = 1000
"""Odds ratio from which on only its size is written."""


def contrast_lines(contrasts: Contrasts, words: Wording = PLAIN) -> list[str]:
    """Return the pairs of levels, one a line, with what their contrast rests on."""
    held = f", at {words.text(contrasts.profile)}" if contrasts.profile else ""
    of = f"{words.outcome(contrasts.outcome)}: contrasts" if contrasts.outcome else "Contrasts"
    return [
        f"{of} of {words.labels.column(contrasts.factor)}{held}: median and {100 * contrasts.ci_prob:g}% interval",
        *table_text(contrast_cells(contrasts, words), indent=2).splitlines(),
        *(f"  {sentence}" for sentence in contrasts_say(words)),
        *(f"  {line}" for line in contrast_inferred(contrasts, words)),
        f"  {_precision(contrasts.table, words)}",
    ]


def contrasts_say(words: Wording = PLAIN) -> tuple[str, ...]:
    """Return what the columns of a table of contrasts mean."""
    points = words.rates.unit_of_differences
    return CONTRASTS_SAY[0].format(points=points), CONTRASTS_SAY[1]


def contrast_cells(contrasts: Contrasts, words: Wording = PLAIN) -> pd.DataFrame:
    """Return the pairs of levels as people read them, one row each."""
    table, factor = contrasts.table, contrasts.factor
    return pd.DataFrame(
        {
            "pair": [
                " vs ".join(
                    marked(words.level(factor, row[end]), row[f"inferred_{end}"])
                    for end in ("level", "versus")
                )
                for row in table.to_dict("records")
            ],
            "odds ratio": [_ratios(row) for row in table.to_dict("records")],
            "rate difference": [_points(row, words) for row in table.to_dict("records")],
            "P(higher)": [probability_text(value, 2) for value in table["probability_higher"]],
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


def rank_lines(contrasts: Contrasts, words: Wording = PLAIN) -> list[str]:
    """Return the probability of each rank, one level a line, with what ranks don't say."""
    numbers = range(1, len(contrasts.ranks) + 1)
    largest = contrasts.ranks[[f"mcse_rank_{rank}" for rank in numbers]].max().max()
    return [
        f"Probability of each rank of {words.labels.column(contrasts.factor)} by typical rate (1 is the highest)",
        *table_text(rank_cells(contrasts, words), indent=2).splitlines(),
        f"  {RANKS_SAY}",
        f"  Monte-Carlo standard errors of these probabilities: at most {PERCENT.error(largest)} percentage points.",
    ]


def unranked(contrasts: Contrasts) -> list[str]:
    """Return why ranks are not shown; of two levels they would say nothing more."""
    if len(contrasts.ranks) < LEAST_RANKED:
        return []
    return [
        "  Ranks are not shown, as some levels are not compared within studies; --ranks shows them."
    ]


def rank_cells(contrasts: Contrasts, words: Wording = PLAIN) -> pd.DataFrame:
    """Return the probability of each rank as people read it, one level a row."""
    ranks, factor = contrasts.ranks, contrasts.factor
    numbers = range(1, len(ranks) + 1)
    return pd.DataFrame(
        {
            words.labels.column(factor): [words.level(factor, name) for name in ranks["level"]],
            **{f"{rank}": [percent(value) for value in ranks[f"rank_{rank}"]] for rank in numbers},
            "mean rank": [f"{value:.1f}" for value in ranks["mean_rank"]],
            "SUCRA": [percent(value) for value in ranks["sucra"]],
        }
    )


def note_lines(notes: Sequence[str], words: Wording = PLAIN) -> list[str]:
    """Return what the evidence can't tell, one note a line, set like the lines of a fit."""
    return [f"{'' if i else 'Notes':<11}{words.note(note)}" for i, note in enumerate(notes)]


def sensitivity_lines(table: pd.DataFrame, words: Wording = PLAIN) -> list[str]:
    """Return how the interval of a new study moves with the prior of tau; see `prior_sensitivity`."""
    rows = table.set_index("power")
    if rows["new_study_lower"].isna().any():
        return [
            "Prior      The prior of tau decides on the interval of a new study: too few draws carry another."
        ]
    half, own, twice = (
        words.rates.range(row["new_study_lower"], row["new_study_upper"])
        for _, row in rows.iterrows()
    )
    where = (
        f" ({words.text(rows['profile'].iloc[0])})"
        if rows["profile"].iloc[0] != "all studies"
        else ""
    )
    return [
        f"Prior      Interval of a new study{where} with the prior of tau half as strong {half}, as it is {own}, "
        f"twice as strong {twice}."
    ]


def _ratios(row: Row) -> str:
    median, low, high = (row[f"odds_ratio{end}"] for end in ("", "_lower", "_upper"))
    if high >= LARGEST:
        median, low, high = map(_ratio, (median, low, high))
    else:
        median, low, high = number_texts(median, low, high)
    return f"{median} ({low} to {high})"


def _ratio(value: float) -> str:
    """Return a ratio of an interval that has no common number of decimals."""
    if value >= LARGEST:
        return f"{value:.0e}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"  # noqa: PLR2004


def _points(row: Row, words: Wording) -> str:
    ends = ("", "_lower", "_upper")
    median, low, high = words.rates.differences(*(row[f"rate_difference{end}"] for end in ends))
    return f"{median} ({low} to {high})"


def _share(value: float) -> str:
    return "no evidence" if pd.isna(value) else percent(value)


def _precision(table: pd.DataFrame, words: Wording) -> str:
    """Return a line that states the largest Monte-Carlo errors of what is printed."""
    ratio = (table["mcse_odds_ratio"] / table["odds_ratio"]).max()
    ends = ("", "_lower", "_upper")
    points = table[[f"mcse_rate_difference{end}" for end in ends]].max().max()
    return (
        f"Monte-Carlo standard errors: median odds ratios at most {PERCENT.error(ratio)}% of themselves, rate differences "
        f"{words.rates.error(points)} {words.rates.points_short}, P(higher) "
        f"{error_text(table['mcse_probability_higher'].max(), 3)}."
    )
