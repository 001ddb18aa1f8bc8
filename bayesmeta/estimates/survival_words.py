"""What the quantities of survival are called, and their tables as people read them."""

from collections.abc import Collection, Iterator

import pandas as pd

from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.evidence.survival.outcomes import SURVIVAL_WORDS, OutcomeWords
from bayesmeta.layout import table_text
from bayesmeta.rounding import error_text, fixed_text, interval_text, number_texts, places
from bayesmeta.wording import Wording

TYPICAL_MEDIAN, NEW_MEDIAN = "typical median", "new study median"
TYPICAL_SURVIVAL, MEAN_SURVIVAL = "typical survival", "mean survival"
NEW_SURVIVAL, ALIVE = "new study survival", "new cohort alive"
TYPICAL_RESTRICTED_MEAN = "typical restricted mean"
NEW_RESTRICTED_MEAN = "new study restricted mean"

MEDIAN_RATIO = "median_ratio"
"""How quantities begin that are ratios of medians."""

RATIO_SCALE = "ratio of medians"
"""Scale of these."""

TIME = "time"
"""Column of a summary that is of survival: months, missing of what is of no time."""


def words_of_outcome(arms: Arms | None) -> OutcomeWords:
    """Return what text calls the outcome of arms; the usual words where no arms are known."""
    return arms.words if isinstance(arms, SurvivalArms) else SURVIVAL_WORDS


def survival_lines(
    summary: pd.DataFrame, told: str, words: Wording, outcome: OutcomeWords
) -> list[str]:
    """Return the tables of a summary of survival as lines for a terminal."""
    medians = f"Median {outcome.length} in months: {told}"
    lines = ["", medians, _indented(median_table(summary, words))]
    for time in summary.loc[summary["profile"] != "", TIME].dropna().unique():
        at = summary[summary[TIME] == time]
        share = f"{outcome.share.capitalize()} at {time:g} months: {told}"
        lines += ["", share, _indented(time_table(at, words))]
    return [*lines, f"  {survival_precision(summary, words)}"]


def survival_precision(summary: pd.DataFrame, words: Wording) -> str:
    """Return a line that states the largest Monte-Carlo errors of what is printed."""
    errors = summary[["mcse_median", "mcse_lower", "mcse_upper"]].max(axis=1)
    months, shares = (
        float(errors[(summary["profile"] != "") & (summary["scale"] == scale)].max())
        for scale in ("months", "probability")
    )
    return (
        f"Monte-Carlo standard errors of these numbers: at most {error_text(months)} months, "
        f"{words.rates.error(shares)} {words.rates.points}."
    )


def _indented(table: pd.DataFrame) -> str:
    return table_text(table, indent=2)


def median_table(summary: pd.DataFrame, words: Wording) -> pd.DataFrame:
    """Return the medians of each profile as text."""
    named = {"typical": TYPICAL_MEDIAN, "new study": NEW_MEDIAN}
    rows = [
        {
            "profile": words.text(profile),
            **{name: _months(found, one) for name, one in named.items()},
        }
        for profile, found in _by_profile(summary[summary[TIME].isna()])
    ]
    return pd.DataFrame(rows)


def median_ratio_table(
    summary: pd.DataFrame, numbers: Collection[str], words: Wording
) -> pd.DataFrame:
    """Return the ratios of medians per unit of the columns of `numbers` as text, one a row."""
    rows = summary[summary["quantity"].str.startswith(MEDIAN_RATIO)].to_dict("records")
    named = [(row["quantity"].removeprefix(MEDIAN_RATIO)[1:-1], row) for row in rows]
    return pd.DataFrame(
        [
            {
                "ratio of medians": words.column(name),
                **dict(zip(ENDS, number_texts(*(row[end] for end in ENDS)), strict=True)),
            }
            for name, row in named
            if name in numbers
        ]
    )


def time_table(summary: pd.DataFrame, words: Wording) -> pd.DataFrame:
    """Return the survival of each profile at one time as text, with restricted means in months."""
    rows = []
    for profile, found in _by_profile(summary):
        named = {"typical": TYPICAL_SURVIVAL, "mean": MEAN_SURVIVAL, "new study": NEW_SURVIVAL}
        cells = {name: words.rates.interval(*found.loc[one, ENDS]) for name, one in named.items()}
        median, low, high = found.loc[ALIVE, ENDS]
        cells[str(found.loc[ALIVE, "scale"])] = f"{median:.0f} ({low:.0f} to {high:.0f})"
        cells["restricted mean, months"] = _months(found, TYPICAL_RESTRICTED_MEAN)
        rows.append({"profile": words.text(profile), **cells})
    return pd.DataFrame(rows)


ENDS = ["median", "lower", "upper"]


def _by_profile(summary: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    named = summary[summary["profile"] != ""].groupby("profile", sort=False)
    for profile, rows in named:
        yield str(profile), rows.set_index("quantity")


def _months(found: pd.DataFrame, quantity: str) -> str:
    return months_interval(*found.loc[quantity, ENDS])


def months_interval(*values: float) -> str:
    """Return an estimate in months with its interval, as ``7.5 (5.8 to 9.3)``."""
    return interval_text(*months_texts(*values))


def months_texts(*values: float) -> list[str]:
    """Return months with one decimal; where their interval is narrow, with those that show it."""
    low, high = values[-2:]
    decimals = max(places((high - low) / 4, 2), 1)
    return [fixed_text(value, decimals) for value in values]
