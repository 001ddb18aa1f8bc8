"""What a terminal shows of evidence, fits and predictions: they format, they compute nothing."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.estimates.heterogeneity import without_tau
from bayesmeta.estimates.inferred import INFERRED_MARK
from bayesmeta.estimates.odds_ratios import ODDS_RATIO
from bayesmeta.estimates.predict import Prediction
from bayesmeta.evidence import Arms, NestedArms
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.inference.result import Fit
from bayesmeta.model import ModelSpec

__all__ = [
    "NOT_RELIABLE",
    "Blocks",
    "arms_blocks",
    "by_outcome",
    "cohort_lines",
    "diagnosis_lines",
    "evidence_lines",
    "finding_lines",
    "heterogeneity_line",
    "inferred_lines",
    "inferred_words",
    "left_out_lines",
    "marked",
    "odds_ratio_table",
    "parameter_table",
    "prediction_lines",
    "rate_precision",
    "rate_table",
    "table_text",
    "warning_lines",
]


Blocks = list[str | list[str]]

FINE = 0.1
"""Spread below which numbers have more than two decimals: two digits of the spread."""

NOT_RELIABLE = "NOT RELIABLE: the diagnostics failed; do not use these numbers."
"""What is told first of draws that failed their diagnostics."""


def arms_blocks(arms: Arms) -> Blocks:
    """Return the arms of a selection, and the rows left out with their rules."""
    kept = arms.frame.assign(arm=arms.labels)[["arm", "events", "n"]]
    columns = ["study", "arm", "stratum", "events", "n", "rule"]
    return [
        evidence_lines(arms),
        table_text(kept, indent=2),
        left_out_lines(arms.excluded, columns),
    ]


def left_out_lines(excluded: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the rows left out with their rules; nothing where there are none."""
    return [] if excluded.empty else ["Left out", table_text(excluded[[*columns]], indent=2)]


def warning_lines(diagnostics: Diagnostics) -> list[str]:
    """Return the first line of everything printed of a fit that failed its diagnostics."""
    return [] if diagnostics.ok else [NOT_RELIABLE]


def evidence_lines(arms: Arms) -> list[str]:
    """Return what was selected and what was left out, by rule."""
    outcome = arms.selection.get("outcome") or "responders"
    head = (
        f"Evidence   {outcome} in {arms.selection.get('table', 'the table')}: "
        f"{counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}, "
        f"{arms.events.sum()} of {arms.n.sum()} patients responded."
    )
    lines = [head]
    if len(arms.excluded):
        kinds = arms.excluded["rule"].str.split(":").str[0].value_counts()
        counts = ", ".join(f"{kind} {rows}" for kind, rows in kinds.items())
        lines.append(f"           {counted(len(arms.excluded), 'row')} left out ({counts}).")
    if len(arms.studies) == 1:
        lines.append(
            "           One study: tau and what a new study would show rest on the priors."
        )
    if arms.without_patients:
        lines.append(
            f"           Without patients, so without information: {', '.join(arms.without_patients)}."
        )
    return [*lines, *finding_lines(arms)]


def finding_lines(arms: Arms | NestedArms) -> list[str]:
    """Return what was found in the arms that is probably not meant."""
    return [f"           Check: {finding}" for finding in arms.findings]


def diagnosis_lines(diagnostics: Diagnostics, fit: Fit | NestedFit) -> list[str]:
    """Return the verdict on the draws; a failed one comes with what to do."""
    table, sizes = diagnostics.table, fit.posterior.sizes
    measured = (
        f"{sizes['chain']} chains of {sizes['draw']} draws, largest R-hat {table['r_hat'].max():.3f}, smallest ESS "
        f"{table[['ess_bulk', 'ess_tail']].min().min():.0f}, {diagnostics.divergences} divergences"
    )
    again = [f"           {repeat}" for repeat in diagnostics.repeats]
    if diagnostics.ok:
        verdict = "ok" if diagnostics.level == "ok" else "ok with a warning"
        return [
            f"Draws      {verdict}: {measured}; {fit.provenance.seconds:.1f} s.",
            *again,
            *(f"           Warning: {warning}" for warning in diagnostics.warnings),
        ]
    return [
        f"Draws      NOT RELIABLE: {measured}.",
        *again,
        *(f"           {problem}" for problem in diagnostics.problems),
    ]


def percent(rate: Any) -> str:
    """Return a probability as a percentage."""
    return f"{100 * rate:.0f}%"


def rate_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the four rates of each profile as text, one row per profile."""
    rows = []
    for profile, group in summary[summary["profile"] != ""].groupby("profile", sort=False):
        found = group.set_index("quantity")
        cells = {
            name: _interval(found.loc[quantity])
            for name, quantity in (
                ("typical", "typical rate"),
                ("mean", "mean rate"),
                ("new study", "new study"),
            )
        }
        cohort = found.loc["new cohort"]
        cells[f"{cohort['scale']}"] = (
            f"{cohort['median']:.0f} ({cohort['lower']:.0f} to {cohort['upper']:.0f})"
        )
        rows.append({"profile": marked(str(profile), group["inferred"].max()), **cells})
    return pd.DataFrame(rows)


def marked(label: str, inferred: int) -> str:
    """Return a label with the mark of what rests on inferred counts, where it does."""
    return f"{label} {INFERRED_MARK}" if inferred else label


def inferred_lines(summary: pd.DataFrame) -> list[str]:
    """Return how many counts behind the marked rates of a summary are inferred; none where none is."""
    rows = summary[summary["inferred"] > 0].drop_duplicates(["profile", "arms", "inferred"])
    return inferred_words(
        (row["profile"], row["arms"], row["inferred"]) for row in rows.to_dict("records")
    )


def inferred_words(found: Iterable[tuple[str, int, int]]) -> list[str]:
    """Return one line on profiles that rest on inferred counts: where, of how many arms, how many."""
    parts = [f"{where} {few} of {counted(arms, 'arm')}" for where, arms, few in found if few]
    if not parts:
        return []
    return [
        f"{INFERRED_MARK} Some counts are inferred, which no source prints (column derivation): {'; '.join(parts)}."
    ]


def _interval(row: Any) -> str:
    return f"{percent(row['median'])} ({percent(row['lower'])} to {percent(row['upper'])})"


def heterogeneity_line(summary: pd.DataFrame, spec: ModelSpec) -> str:
    """Return how much studies differ, by the summary of a fit of `spec`."""
    quantity = summary["quantity"]
    rows = summary[(quantity == "tau") | quantity.str.startswith("tau[")].to_dict("records")
    if not rows:
        return f"Heterogeneity between studies: {without_tau(spec)}."
    parts = [
        f"{row['quantity']} {row['median']:.2f} ({row['lower']:.2f} to {row['upper']:.2f}) {row['scale']}, "
        f"MCSE {row['mcse_median']:.3f}"
        for row in rows
    ]
    line = f"Heterogeneity between studies: {'; '.join(parts)}"
    shares = summary[quantity == "i_squared"]
    if shares.empty:
        return f"{line}."
    return f"{line}; I-squared {percent(shares['median'].iloc[0])} (it rises with study size)."


def rate_precision(summary: pd.DataFrame) -> str:
    """Return a line that states the largest Monte-Carlo error of the rates printed."""
    rates = summary[summary["scale"] == "probability"]
    largest = rates[["mcse_median", "mcse_lower", "mcse_upper"]].max().max()
    return f"Monte-Carlo standard errors of these numbers: at most {100 * largest:.1f} percentage points."


def parameter_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return coefficients, tau and I-squared as text, with their Monte-Carlo errors."""
    ratios = summary["quantity"].str.startswith(ODDS_RATIO)
    rows = summary[(summary["profile"] == "") & ~ratios]
    columns = ["quantity", "mean", "sd", "lower", "upper", "mcse_mean", "ess_bulk", "r_hat"]
    text = rows[columns].copy().astype(object)
    places = [decimals_of(sd) for sd in rows["sd"]]
    more = {"ess_bulk": [0] * len(rows), "r_hat": [3] * len(rows)}
    more["mcse_mean"] = [place + 1 for place in places]
    for column in columns[1:]:
        digits = zip(rows[column], more.get(column, places), strict=True)
        text[column] = [f"{value:.{place}f}" for value, place in digits]
    return text


def odds_ratio_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return odds ratios of numbers as text, one row for each unit; none where there are none."""
    rows = summary[summary["quantity"].str.startswith(ODDS_RATIO)]
    return pd.DataFrame(
        [
            {
                "odds ratio": row["quantity"].removeprefix(ODDS_RATIO)[1:-1].split(", per ")[0],
                "per": row["scale"].removeprefix("odds ratio per "),
                "median": _ratio(row["median"], row),
                "lower": _ratio(row["lower"], row),
                "upper": _ratio(row["upper"], row),
            }
            for row in rows.to_dict("records")
        ],
        index=rows.index,
    )


def by_outcome(table: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a summary with their outcome first, where it has several."""
    if "outcome" not in summary:
        return table
    return pd.concat([summary.loc[table.index, ["outcome"]], table], axis=1)


def _ratio(value: float, row: Mapping[Hashable, Any]) -> str:
    return f"{value:.{decimals_of((row['upper'] - row['lower']) / 4)}f}"


def decimals_of(spread: float) -> int:
    """Return the decimals with which numbers of a spread are told apart: two at least."""
    if not 0 < spread < FINE:
        return 2
    return 1 - math.floor(math.log10(spread))


def cohort_lines(prediction: Prediction, ci_prob: float) -> list[str]:
    """Return the interval of the true rate and of the responders of a cohort."""
    table = prediction.interval(ci_prob)
    rate, events = table.loc["rate"], table.loc["events"]
    who = "a new study" if prediction.study is None else f"a further cohort of {prediction.study}"
    error = f"MCSE {100 * rate['mcse_lower']:.1f} and {100 * rate['mcse_upper']:.1f} points"
    return [
        f"True rate of {who} ({prediction.profile}): {percent(rate['median'])}, {100 * ci_prob:g}% interval "
        f"{percent(rate['lower'])} to {percent(rate['upper'])} ({error}).",
        f"Responders of {prediction.n}: {events['median']:.0f}, {100 * ci_prob:g}% interval {events['lower']:.0f} to {events['upper']:.0f}.",
    ]


def prediction_lines(
    prediction: Prediction, ci_prob: float, asked: Sequence[tuple[str, Any]]
) -> list[str]:
    """Return the intervals, and each probability asked for with its Monte-Carlo error."""
    lines = cohort_lines(prediction, ci_prob)
    words = {
        "rate_above": "rate >",
        "rate_below": "rate <",
        "events_at_least": "responders >=",
        "events_at_most": "responders <=",
    }
    for name, value in asked:
        probability = prediction.probability(**{name: value})
        lines.append(
            f"P({words[name]} {value:g}) = {probability:.3f} (MCSE {probability.mcse:.3f})."
        )
    return lines


def table_text(table: pd.DataFrame, indent: int = 0) -> str:
    """Return a table of text with its first column to the left and the others to the right."""
    body = [
        ["" if pd.isna(value) else str(value) for value in row]
        for row in table.itertuples(index=False)
    ]
    cells = [list(map(str, table.columns)), *body]
    widths = [max(len(row[i]) for row in cells) for i in range(len(table.columns))]
    lines = []
    for row in cells:
        first, *rest = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append(" " * indent + "  ".join([first, *rest]).rstrip())
    return "\n".join(lines)
