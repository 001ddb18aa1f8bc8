"""The table of `summary` as people read it: parameters, odds ratios and rates."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayesmeta.estimates.inferred import inferred_lines, marked
from bayesmeta.estimates.survival_words import MEDIAN_RATIO, TIME, survival_lines
from bayesmeta.evidence.survival.outcomes import SURVIVAL_WORDS, OutcomeWords
from bayesmeta.layout import table_text
from bayesmeta.rounding import fixed_text, number_texts, places, spread_places
from bayesmeta.shown import html_of
from bayesmeta.wording import PLAIN, Wording

ODDS_RATIO = "odds_ratio"
"""How the quantities begin, and with a blank their scales."""

PLACES = {"ess_bulk": 0, "r_hat": 3}
"""Decimals of what is no estimate."""

MOST = 6
"""Decimals of a Monte-Carlo standard error beyond those of its mean."""


@dataclass(frozen=True)
class Heading:
    """What the tables of a summary are headed by."""

    scale: str
    ci_prob: float
    at: str = ""
    words: Wording = PLAIN
    note: str = ""
    """What every number is conditional on."""
    survival: OutcomeWords = SURVIVAL_WORDS
    """What the outcome is called, of a fit of survival."""

    @property
    def interval(self) -> str:
        """The interval with its probability."""
        return f"{100 * self.ci_prob:g}% interval"

    @property
    def mu(self) -> list[str]:
        """The sentence that says where mu stands; none without covariates."""
        return [f"mu: the {self.scale} at {self.at}."] if self.at else []


def summary_blocks(summary: pd.DataFrame, heading: Heading) -> list[str]:
    """Return parameters, odds ratios and rates as lines for a terminal."""
    words = heading.words
    lines = [
        parameter_caption(summary, heading),
        table_text(by_outcome(parameter_table(summary, words), summary, words), indent=2),
        *(f"  {line}" for line in heading.mu),
    ]
    ratios = odds_ratio_table(summary, words)
    if len(ratios):
        table = table_text(by_outcome(ratios, summary, words), indent=2)
        lines += ["", "Odds ratios of numbers: median and interval", table]
    told = f"median and {heading.interval}{heading.words.rates.note}"
    if TIME in summary:
        told_of = survival_lines(summary, told, words, heading.survival)
        return [*lines, *told_of, *_notes(heading)]
    return [*lines, *_rate_lines(summary, told, words), f"  {rate_precision(summary, words)}"]


def parameter_caption(summary: pd.DataFrame, heading: Heading) -> str:
    """Return what stands above the parameters."""
    if "outcome" in summary:
        return f"Parameters of each outcome's conditional probability ({heading.interval})"
    return f"Parameters ({heading.scale}; {heading.interval})"


def _notes(heading: Heading) -> list[str]:
    return ["", f"  {heading.note}"] if heading.note else []


def _rate_lines(summary: pd.DataFrame, told: str, words: Wording) -> list[str]:
    if "outcome" not in summary:
        return ["", f"Rates: {told}", *_rates(summary, words)]
    named = summary[summary["profile"] != ""].groupby("outcome", sort=False)
    return [
        line
        for outcome, rows in named
        for line in (
            "",
            f"{words.outcome(str(outcome))}, of all patients: {told}",
            *_rates(rows, words),
        )
    ]


def _rates(summary: pd.DataFrame, words: Wording) -> list[str]:
    marks = [f"  {line}" for line in inferred_lines(summary, words)]
    return [table_text(rate_table(summary, words), indent=2), *marks]


def rate_table(summary: pd.DataFrame, words: Wording = PLAIN) -> pd.DataFrame:
    """Return the four rates of each profile as text, one row per profile."""
    rows = []
    for profile, group in summary[summary["profile"] != ""].groupby("profile", sort=False):
        found = group.set_index("quantity")[["median", "lower", "upper"]].astype(float)
        cells = {
            name: words.rates.interval(*found.loc[quantity])
            for name, quantity in (
                ("typical", "typical rate"),
                ("mean", "mean rate"),
                ("new study", "new study"),
            )
        }
        median, lower, upper = found.loc["new cohort"]
        scale = group.loc[group["quantity"] == "new cohort", "scale"].iloc[0]
        cells[str(scale)] = f"{median:.0f} ({lower:.0f} to {upper:.0f})"
        label = marked(words.text(str(profile)), group["inferred"].max())
        rows.append({"profile": label, **cells})
    return pd.DataFrame(rows)


def rate_precision(summary: pd.DataFrame, words: Wording = PLAIN) -> str:
    """Return a line that states the largest Monte-Carlo error of the rates printed."""
    rates = summary[summary["scale"] == "probability"]
    largest = float(rates[["mcse_median", "mcse_lower", "mcse_upper"]].max().max())
    return (
        f"Monte-Carlo standard errors of these numbers: at most {words.rates.error(largest)} "
        f"{words.rates.points}."
    )


def parameter_table(summary: pd.DataFrame, words: Wording = PLAIN) -> pd.DataFrame:
    """Return coefficients, tau and I-squared as text, with their Monte-Carlo errors."""
    ratios = summary["quantity"].str.startswith((ODDS_RATIO, MEDIAN_RATIO))
    rows = summary[(summary["profile"] == "") & ~ratios]
    text = pd.DataFrame({"quantity": [words.parameter(str(name)) for name in rows["quantity"]]})
    text.index = rows.index
    fine = [spread_places(sd) for sd in rows["sd"]]
    for column in ("mean", "sd", "lower", "upper"):
        text[column] = _texts(rows[column], fine)
    errors = rows["mcse_mean"]
    finer = [
        min(max(place + 1, places(error)), place + MOST)
        for place, error in zip(fine, errors, strict=True)
    ]
    text["mcse_mean"] = _texts(errors, finer)
    for column, place in PLACES.items():
        text[column] = _texts(rows[column], [place] * len(rows))
    return text


def _texts(values: "pd.Series[float]", decimals: list[int]) -> list[str]:
    found = zip(values, decimals, strict=True)
    return ["" if pd.isna(value) else fixed_text(value, place) for value, place in found]


def odds_ratio_table(summary: pd.DataFrame, words: Wording = PLAIN) -> pd.DataFrame:
    """Return odds ratios of numbers as text, one row for each unit; none where there are none."""
    rows = summary[summary["quantity"].str.startswith(ODDS_RATIO)]
    return pd.DataFrame(
        [
            {
                "odds ratio": words.column(
                    row["quantity"].removeprefix(ODDS_RATIO)[1:-1].split(", per ")[0]
                ),
                "per": row["scale"].removeprefix("odds ratio per "),
                **dict(
                    zip(
                        ("median", "lower", "upper"),
                        number_texts(row["median"], row["lower"], row["upper"]),
                        strict=True,
                    )
                ),
            }
            for row in rows.to_dict("records")
        ],
        index=rows.index,
    )


def by_outcome(table: pd.DataFrame, summary: pd.DataFrame, words: Wording = PLAIN) -> pd.DataFrame:
    """Return rows of a summary with their outcome first, where it has several."""
    if "outcome" not in summary:
        return table
    outcomes = summary.loc[table.index, "outcome"].map(words.outcome)
    found: pd.DataFrame = pd.concat([outcomes, table], axis=1)
    return found


NEEDED = {"quantity", "profile", "scale", "mean", "sd", "median", "lower", "upper"}
"""Columns without which it is another table, which prints as any does."""


class SummaryTable(pd.DataFrame):
    """A DataFrame that prints as `bayesmeta fit` does; what is taken from it is a plain DataFrame."""

    _metadata = ["heading"]  # noqa: RUF012 - what pandas asks of a subclass
    heading: Heading

    @property
    def words(self) -> Wording:
        """How its rates and names are written."""
        return self.heading.words

    def __repr__(self) -> str:
        heading = getattr(self, "heading", None)
        whole = set(self.columns) >= NEEDED and {TIME, "inferred"} & set(self.columns)
        if heading is None or not whole:
            return super().__repr__()
        return "\n".join(summary_blocks(self, heading))

    def _repr_html_(self) -> str:
        return html_of(repr(self))

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame


def headed(table: pd.DataFrame, heading: Heading) -> SummaryTable:
    """Return a table as a summary under its heading."""
    found = SummaryTable(table)
    found.heading = heading
    return found
