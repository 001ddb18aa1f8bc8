"""Contrasts of levels, their ranks, and shrinkage, as tables and sentences."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesmeta.estimates.contrast_table import LEAST_RANKED, Contrasts
from bayesmeta.estimates.inferred import contrast_inferred, marked
from bayesmeta.estimates.survival_words import words_of_outcome
from bayesmeta.report.document import Block, Items, Table
from bayesmeta.report.machine import records
from bayesmeta.report.survival_text import survival_contrast_blocks
from bayesmeta.rounding import (
    PERCENT,
    error_text,
    interval_of,
    number_texts,
    percent,
    probability_text,
)
from bayesmeta.wording import PLAIN, Wording

Row = Mapping[Hashable, Any]

LARGEST = 1000
"""Odds ratio from which on only its size is written."""


def contrast_blocks(contrasts: Contrasts, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield the pairs of levels, with what their contrasts mean and rest on."""
    if contrasts.time is not None:
        yield from survival_contrast_blocks(contrasts, words)
        return
    held = f", at {words.text(contrasts.profile)}" if contrasts.profile else ""
    what = f"contrasts of {words.column(contrasts.factor)}{held}: median and {100 * contrasts.ci_prob:g}% interval"
    yield Table(words.labels.about(contrasts.outcome, what), contrast_cells(contrasts, words))
    yield Items(
        (
            f"Rate difference: of typical rates{words.rates.unit_of_differences}. P(higher): that the first has the higher "
            "rate.",
            "Within studies: share of the information that compares arms of one study; at 0%, studies are compared.",
            *_about_split(contrasts.table),
            *contrast_inferred(contrasts, words),
            _precision(contrasts.table, words),
        )
    )


def contrast_cells(contrasts: Contrasts, words: Wording = PLAIN) -> pd.DataFrame:
    """Return the pairs of levels as people read them, one row each."""
    return pd.DataFrame(
        [_pair(row, contrasts, words) for row in contrasts.table.to_dict("records")]
    )


def _pair(row: Row, contrasts: Contrasts, words: Wording) -> dict[str, str]:
    levels = [
        marked(words.level(contrasts.factor, row[end]), row[f"inferred_{end}"])
        for end in ("level", "versus")
    ]
    share = row["within_share"]
    return {
        "pair": " vs ".join(levels),
        "odds ratio": interval_of(row, "odds_ratio", _ratios),
        **_split(row),
        "rate difference": interval_of(row, "rate_difference", words.rates.differences),
        "P(higher)": probability_text(row["probability_higher"], 2),
        "within studies": "no evidence" if pd.isna(share) else percent(share),
        "studies": f"{row['studies_level']} and {row['studies_versus']}, {row['studies_both']} both",
    }


def _split(row: Row) -> dict[str, str]:
    """Return the contrast within studies and the conflict, of a factor that has such parts."""
    if "conflict" not in row:
        return {}
    prior = "" if row["within_compared"] else ", by priors"
    return {
        "odds ratio of arms": f"{interval_of(row, 'within_odds_ratio', _ratios)}{prior}",
        "conflict": interval_of(row, "conflict", number_texts),
        "P(conflict > 0)": probability_text(row["probability_conflict_above_0"], 2),
    }


def _about_split(table: pd.DataFrame) -> Iterator[str]:
    """Yield what the contrast within studies and the conflict are, and how exact their numbers."""
    if "conflict" not in table:
        return
    yield (
        "Odds ratio: of studies at either level, with everything else in which they differ. Odds ratio of arms: within "
        "one study. Conflict: log-odds ratio of studies less that of arms."
    )
    if not table["within_compared"].all():
        yield "By priors: the evidence does not compare the two levels within studies."
    ratio = (table["mcse_within_odds_ratio"] / table["within_odds_ratio"]).max()
    yield (
        f"Monte-Carlo standard errors: odds ratios of arms at most {PERCENT.error(ratio)}% of themselves, conflict "
        f"{error_text(table['mcse_conflict'].max(), 3)}, P(conflict > 0) "
        f"{error_text(table['mcse_probability_conflict_above_0'].max(), 3)}."
    )


def rank_blocks(contrasts: Contrasts, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield the probability of each rank, one level a line, with what ranks do not say."""
    ranks, factor = contrasts.ranks, contrasts.factor
    names = [f"rank_{rank}" for rank in range(1, len(ranks) + 1)]
    largest = ranks[[f"mcse_{name}" for name in names]].max().max()
    cells = pd.DataFrame(
        {
            words.column(factor): [words.level(factor, name) for name in ranks["level"]],
            **{name.removeprefix("rank_"): ranks[name].map(percent) for name in names},
            "mean rank": [f"{value:.1f}" for value in ranks["mean_rank"]],
            "SUCRA": ranks["sucra"].map(percent),
        }
    )
    title = f"probability of each rank of {words.column(factor)} by {_ranked_by(contrasts)}"
    yield Table(words.labels.about(contrasts.outcome, title), cells)
    yield Items(
        (
            "Ranks do not show how large differences are: of levels that hardly differ, one still ranks first.",
            f"Monte-Carlo standard errors of these probabilities: at most {PERCENT.error(largest)} percentage points.",
        )
    )


def _ranked_by(contrasts: Contrasts) -> str:
    if contrasts.time is None:
        return "typical rate (1 is the highest)"
    arms = None if contrasts.fit is None else contrasts.fit.arms
    return f"typical median {words_of_outcome(arms).length} (1 is the longest)"


def unranked(contrasts: Contrasts) -> list[str]:
    """Return why ranks are not shown; of two levels they would say nothing more."""
    told = (
        "  Ranks are not shown, as some levels are not compared within studies; --ranks shows them."
    )
    return [] if len(contrasts.ranks) < LEAST_RANKED else [told]


def contrast_json(contrasts: Contrasts, *, ranks: bool) -> dict[str, Any]:
    """Return the contrasts of a factor, and its ranks where shown; what is infinite is null."""
    return {
        "factor": contrasts.factor,
        "profile": contrasts.profile,
        "ci_prob": contrasts.ci_prob,
        "contrasts": records(contrasts.table),
        "ranks": records(contrasts.ranks) if ranks else None,
    }


def shrinkage_blocks(
    table: pd.DataFrame,
    labels: Sequence[str],
    ci_prob: float,
    words: Wording = PLAIN,
    *,
    outcome: str | None = None,
) -> Iterator[Block]:
    """Yield each arm's observed rate and its estimate, and how far it is drawn."""
    rates = words.rates
    cells = [
        {
            "arm": label,
            "responders": f"{row['events']}/{row['n']}",
            "observed": rates.observed(row["events"], row["n"]) or "-",
            "true rate": rates.interval(row["rate"], row["lower"], row["upper"]),
            "shrinkage": percent(row["shrinkage"]),
        }
        for label, row in zip(labels, table.to_dict("records"), strict=True)
    ]
    largest = rates.error(table[["mcse_rate", "mcse_lower", "mcse_upper"]].max().max())
    title = f"true rate of each arm: posterior median and {100 * ci_prob:g}% interval{rates.note}"
    yield Table(words.labels.about(outcome, title), pd.DataFrame(cells))
    yield Items(
        (
            "Shrinkage: how far an arm is moved from its observed rate to that of its profile.",
            f"Monte-Carlo standard errors of these rates: at most {largest} {rates.points}.",
        )
    )


def _ratios(*ratios: float) -> list[str]:
    """Return an odds ratio and the ends of its interval."""
    return list(map(_ratio, ratios)) if ratios[-1] >= LARGEST else number_texts(*ratios)


def _ratio(value: float) -> str:
    """Return a ratio of an interval that has no common number of decimals."""
    if value >= LARGEST:
        return f"{value:.0e}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"  # noqa: PLR2004


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
