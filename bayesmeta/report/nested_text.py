"""Fits and predictions of nested outcomes as text for people."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.estimates.nested.predict import NestedPrediction
from bayesmeta.estimates.summary_table import SummaryTable
from bayesmeta.estimates.summary_text import summary_blocks
from bayesmeta.evidence import Arms
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit
from bayesmeta.layout import table_text
from bayesmeta.model import Design
from bayesmeta.report.model_text import beta_lines, prior_range
from bayesmeta.report.text import (
    Blocks,
    diagnosis_lines,
    failure_lines,
    finding_lines,
    left_out_lines,
    probability_words,
)
from bayesmeta.rounding import PERCENT, error_text
from bayesmeta.wording import PLAIN, Wording

__all__ = [
    "category_cells",
    "nested_arms_blocks",
    "nested_evidence_lines",
    "nested_fit_blocks",
    "nested_model_lines",
    "nested_prediction_lines",
    "outcome_texts",
    "prior_rates_line",
]


def nested_fit_blocks(fit: Fit, diagnostics: Diagnostics, table: SummaryTable) -> Blocks:
    """Return what is printed of a fit of nested outcomes."""
    words = table.words
    return [
        failure_lines(diagnostics),
        nested_evidence_lines(fit.arms, words),
        [*nested_model_lines(fit.design, words), prior_rates_line(fit, words)],
        diagnosis_lines(diagnostics, fit),
        "",
        summary_blocks(table, table.heading),
    ]


def nested_evidence_lines(arms: Arms, words: Wording = PLAIN) -> list[str]:
    """Return what was selected, who reports what, and what was left out, by rule."""
    reported, outcomes = (
        (~np.isnan(arms.counts)).sum(axis=0),
        list(map(words.outcome, arms.outcomes)),
    )
    counts = ", ".join(f"{name} {k}" for name, k in zip(outcomes, reported, strict=True))
    lines = [
        f"Evidence   {' > '.join(outcomes)} in {arms.selection.get('table', 'the table')}: {len(arms)} arms of "
        f"{len(arms.studies)} studies, {arms.n.sum()} patients; arms that report {counts}."
    ]
    if len(arms.excluded):
        kinds = arms.excluded["rule"].str.split(":").str[0].value_counts()
        found = ", ".join(f"{kind} {rows}" for kind, rows in kinds.items())
        lines.append(f"           {len(arms.excluded)} counts left out ({found}).")
    return [*lines, *finding_lines(arms)]


def nested_model_lines(design: Design, words: Wording = PLAIN) -> list[str]:
    """Return the model in symbols and its priors, each with the range it allows."""
    spec, outcomes = design.spec, tuple(map(words.outcome, design.arms.outcomes))
    terms = [":".join(factor.text for factor in term) for term in spec.covariates.parsed.terms]
    chain = [
        outcomes[0],
        *(f"{one} | {around}" for around, one in pairwise(outcomes)),
    ]
    lines = [
        f"Model      {spec.name}: counts ~ nested binomials of the ratios {', '.join(f'P({one})' for one in chain)}",
        f"           {spec.link.name}(ratio) = {' + '.join(['mu', *terms, 'u(study)'])}, for each ratio apart",
    ]
    for place, (outcome, prior) in enumerate(zip(outcomes, design.mu, strict=True)):
        typical = PERCENT.range(*spec.link.rate(prior.interval(0.95)))
        head = "           " if place else "Priors     "
        lines.append(
            f"{head}mu of {outcome} ~ {prior!r}: typical ratio {typical} with 95% probability"
        )
    lines += beta_lines(design)
    lines += [
        f"           tau of {outcome} ~ {prior!r}: {prior_range(prior)}"
        for outcome, prior in zip(outcomes, design.tau, strict=True)
    ]
    effects = "independent" if spec.correlation is None else f"correlated by {spec.correlation!r}"
    return [*lines, f"           effects of a study on the ratios: {effects}"]


def prior_rates_line(fit: Fit, words: Wording = PLAIN) -> str:
    """Return what the priors of the ratios together let expect of each rate."""
    mu = np.asarray(fit.draws["prior"]["mu"])[0]
    rates = np.cumprod(fit.spec.link.rate(mu), axis=-1)
    shown = [
        f"{words.outcome(outcome)} {words.rates.interval(median, low, high)}"
        for outcome, (low, median, high) in zip(
            fit.outcomes, np.quantile(rates, [0.025, 0.5, 0.975], axis=0).T, strict=True
        )
    ]
    return f"           typical rates before any evidence{words.rates.note}: {', '.join(shown)}"


def nested_arms_blocks(arms: Arms) -> Blocks:
    """Return the arms of a nested selection, and the counts left out with their rules."""
    kept = arms.frame.assign(arm=arms.labels)[["arm", "n", *arms.outcomes]]
    columns = ["study", "arm", "outcome", "events", "rule"]
    return [
        nested_evidence_lines(arms),
        table_text(kept, indent=2),
        left_out_lines(arms.excluded, columns),
    ]


def nested_prediction_lines(
    prediction: NestedPrediction,
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
    prediction: NestedPrediction, ci_prob: float, words: Wording = PLAIN
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
