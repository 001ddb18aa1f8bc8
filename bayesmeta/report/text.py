"""What a terminal shows of evidence, fits and predictions: they format, they compute nothing."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.estimates.events import Probability
from bayesmeta.estimates.heterogeneity import without_tau
from bayesmeta.estimates.prediction import Prediction
from bayesmeta.evidence import Arms
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit
from bayesmeta.layout import table_text
from bayesmeta.model import ModelSpec
from bayesmeta.rounding import error_text, number_texts, percent, probability_text
from bayesmeta.wording import PLAIN, Wording

__all__ = [
    "NOT_RELIABLE",
    "Blocks",
    "arms_blocks",
    "category_cells",
    "cohort_lines",
    "diagnosis_lines",
    "evidence_lines",
    "failure_lines",
    "heterogeneity_line",
    "left_out_lines",
    "nested_prediction_lines",
    "outcome_texts",
    "prediction_lines",
    "probability_words",
    "warning_lines",
]


Blocks = list[str | list[str]]

ERROR_PLACES = 3
"""Decimals of the Monte-Carlo standard error of a probability or of tau, at least."""

NOT_RELIABLE = "NOT RELIABLE: the diagnostics failed; do not use these numbers."
"""What is told first of draws that failed their diagnostics."""


def arms_blocks(arms: Arms) -> Blocks:
    """Return the arms of a selection, and the rows left out with their rules."""
    several = len(arms.outcomes) > 1
    counts = ["n", *arms.outcomes] if several else ["events", "n"]
    rows = ["outcome", "events"] if several else ["stratum", "events", "n"]
    return [
        evidence_lines(arms),
        table_text(arms.frame.assign(arm=arms.labels)[["arm", *counts]], indent=2),
        left_out_lines(arms.excluded, ["study", "arm", *rows, "rule"]),
    ]


def left_out_lines(excluded: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the rows left out with their rules; nothing where there are none."""
    return [] if excluded.empty else ["Left out", table_text(excluded[[*columns]], indent=2)]


def failure_lines(diagnostics: Diagnostics) -> list[str]:
    """Return the first line of everything printed of a fit that failed its diagnostics."""
    return [] if diagnostics.ok else [NOT_RELIABLE]


def warning_lines(diagnostics: Diagnostics) -> list[str]:
    """Return the first line of an answer from a fit that failed its diagnostics, or has a warning."""
    if diagnostics.level != "warning":
        return failure_lines(diagnostics)
    told = " ".join(warning.message for warning in diagnostics.warnings)
    return [f"Diagnostics: passed with a warning. {told}"]


def evidence_lines(arms: Arms, words: Wording = PLAIN) -> list[str]:
    """Return what was selected and what was left out, by rule."""
    several = len(arms.outcomes) > 1
    outcomes = arms.outcomes if several else (arms.selection.get("outcome") or "responders",)
    lines = [
        f"Evidence   {' > '.join(map(words.outcome, outcomes))} in {arms.selection.get('table', 'the table')}: "
        f"{counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}, {_responded(arms, words)}."
    ]
    if len(arms.excluded):
        kinds = arms.excluded["rule"].str.split(":").str[0].value_counts()
        counts = ", ".join(f"{kind} {rows}" for kind, rows in kinds.items())
        what = counted(len(arms.excluded), "count" if several else "row")
        lines.append(f"           {what} left out ({counts}).")
    if len(arms.studies) == 1:
        lines.append(
            "           One study: tau and what a new study would show rest on the priors."
        )
    if arms.without_patients:
        lines.append(
            f"           Without patients, so without information: {', '.join(arms.without_patients)}."
        )
    return [*lines, *(f"           Check: {finding}" for finding in arms.findings)]


def _responded(arms: Arms, words: Wording) -> str:
    """Return how many patients responded; of nested outcomes, how many arms report each."""
    if len(arms.outcomes) == 1:
        return f"{arms.events.sum()} of {arms.n.sum()} patients responded"
    reported = zip(arms.outcomes, (~np.isnan(arms.counts)).sum(axis=0), strict=True)
    counts = ", ".join(f"{words.outcome(name)} {k}" for name, k in reported)
    return f"{arms.n.sum()} patients; arms that report {counts}"


def diagnosis_lines(diagnostics: Diagnostics, fit: Fit) -> list[str]:
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


def heterogeneity_line(summary: pd.DataFrame, spec: ModelSpec, words: Wording = PLAIN) -> str:
    """Return how much studies differ, by the summary of a fit of `spec`."""
    quantity = summary["quantity"]
    rows = summary[(quantity == "tau") | quantity.str.startswith("tau[")].to_dict("records")
    if not rows:
        return f"Heterogeneity between studies: {without_tau(spec)}."
    line = f"Heterogeneity between studies: {'; '.join(_tau(row, words) for row in rows)}"
    shares = summary[quantity == "i_squared"]
    if shares.empty:
        return f"{line}."
    return f"{line}; I-squared {percent(shares['median'].iloc[0])} (it rises with study size)."


def _tau(row: Mapping[Hashable, Any], words: Wording) -> str:
    median, lower, upper = number_texts(row["median"], row["lower"], row["upper"])
    return (
        f"{words.parameter(str(row['quantity']))} {median} ({lower} to {upper}) {row['scale']}, "
        f"MCSE {error_text(row['mcse_median'], ERROR_PLACES)}"
    )


def cohort_lines(prediction: Prediction, ci_prob: float, words: Wording = PLAIN) -> list[str]:
    """Return the interval of the true rate and of the responders of a cohort."""
    table, rates = prediction.interval(ci_prob), words.rates
    rate: dict[Hashable, float] = table.loc["rate"].to_dict()
    events = table.loc["events"]
    who = "a new study" if prediction.study is None else f"a further cohort of {prediction.study}"
    median, *ends = rates.texts(rate["median"], rate["lower"], rate["upper"])
    errors = " and ".join(rates.error(rate[name]) for name in ("mcse_lower", "mcse_upper"))
    return [
        f"True rate of {who} ({words.text(prediction.profile)}): {median}{rates.per_text}, {100 * ci_prob:g}% interval "
        f"{' to '.join(ends)} (MCSE {errors} {rates.points_short}).",
        f"Responders of {prediction.n}: {events['median']:.0f}, {100 * ci_prob:g}% interval {events['lower']:.0f} to {events['upper']:.0f}.",
    ]


def prediction_lines(
    prediction: Prediction,
    ci_prob: float,
    asked: Sequence[tuple[str, Any]],
    words: Wording = PLAIN,
) -> list[str]:
    """Return the intervals, and each probability asked for with its Monte-Carlo error."""
    lines = cohort_lines(prediction, ci_prob, words)
    signs = {
        "rate_above": "rate >",
        "rate_below": "rate <",
        "events_at_least": "responders >=",
        "events_at_most": "responders <=",
    }
    for name, value in asked:
        probability = prediction.probability(**{name: value})
        lines.append(f"P({signs[name]} {value:g}) {probability_words(probability)}.")
    return lines


def probability_words(probability: Probability) -> str:
    """Return a probability with its Monte-Carlo error: ``= 0.912 (MCSE 0.004)``."""
    text, mcse = probability_text(probability), probability.mcse
    sign = "" if text[0] in "<>" else "= "
    return f"{sign}{text} (MCSE {error_text(mcse, ERROR_PLACES)})"


def nested_prediction_lines(
    prediction: Prediction,
    ci_prob: float,
    asked: Sequence[str],
    words: Wording = PLAIN,
) -> list[str]:
    """Return the table of categories, and each joint probability asked for with its error."""
    who = "a new study" if prediction.study is None else f"a further cohort of {prediction.study}"
    table = prediction.table(ci_prob)
    lines = [
        f"A cohort of {prediction.n} patients of {who} ({words.text(prediction.profile)}), {100 * ci_prob:g}% intervals"
    ]
    lines += [
        f"  {outcome}: true rate {rate}, patients {patients}"
        for outcome, rate, patients in outcome_texts(prediction, ci_prob, words)
    ]
    lines += ["Patients by category", table_text(category_cells(table, words), indent=2)]
    for event in asked:
        probability = prediction.probability(event)
        lines.append(f"P({event}) {probability_words(probability)}.")
    return lines


def outcome_texts(
    prediction: Prediction, ci_prob: float, words: Wording = PLAIN
) -> Iterator[tuple[str, str, str]]:
    """Yield each outcome, its true rate and its patients, with their intervals."""
    interval = prediction.interval(ci_prob)
    for outcome in prediction.outcomes:
        own = interval.xs(outcome, level="outcome")
        rate = words.rates.sentence(*own.loc["rate", ["median", "lower", "upper"]])
        median, low, high = own.loc["events", ["median", "lower", "upper"]]
        yield words.outcome(outcome), rate, f"{median:.0f} ({low:.0f} to {high:.0f})"


def category_cells(table: pd.DataFrame, words: Wording = PLAIN) -> pd.DataFrame:
    """Return the patients of each category as people read them, one row each."""
    shown = table.reset_index()
    cells: dict[str, Any] = {"category": [words.category(str(name)) for name in shown["category"]]}
    cells["mean"] = [f"{value:.1f}" for value in shown["mean"]]
    cells["MCSE"] = [error_text(value, 2) for value in shown["mcse_mean"]]
    for name in ("lower", "median", "upper"):
        cells[name] = shown[name].astype(str)
    return pd.DataFrame(cells)
