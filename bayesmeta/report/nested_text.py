"""Fits and predictions of nested outcomes as text for people."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.estimates.nested.predict import NestedPrediction
from bayesmeta.evidence import NestedArms
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.model.nested import NestedDesign
from bayesmeta.report.fit_text import parameter_notes
from bayesmeta.report.model_text import beta_lines, prior_range
from bayesmeta.report.text import (
    Blocks,
    by_outcome,
    diagnosis_lines,
    finding_lines,
    inferred_lines,
    left_out_lines,
    parameter_table,
    percent,
    rate_precision,
    rate_table,
    table_text,
    warning_lines,
)

__all__ = [
    "category_cells",
    "nested_arms_blocks",
    "nested_evidence_lines",
    "nested_fit_blocks",
    "nested_model_lines",
    "nested_prediction_lines",
    "prior_rates_line",
]


def nested_fit_blocks(
    fit: NestedFit, diagnostics: Diagnostics, table: pd.DataFrame, ci_prob: float
) -> Blocks:
    """Return what is printed of a fit of nested outcomes."""
    parameters = by_outcome(parameter_table(table), table)
    blocks: Blocks = [
        warning_lines(diagnostics),
        nested_evidence_lines(fit.arms),
        [*nested_model_lines(fit.design), prior_rates_line(fit)],
        diagnosis_lines(diagnostics, fit),
        "",
        f"Parameters of each outcome's ratio to the one around it ({100 * ci_prob:g}% interval)",
        table_text(parameters, indent=2),
        parameter_notes(fit, table),
    ]
    for outcome in fit.outcomes:
        rates = rate_table(table[table["outcome"] == outcome])
        blocks += ["", f"{outcome}, of all patients: median and {100 * ci_prob:g}% interval"]
        blocks.append(table_text(rates, indent=2))
        blocks.append([f"  {line}" for line in inferred_lines(table[table["outcome"] == outcome])])
    return [*blocks, f"  {rate_precision(table)}"]


def nested_evidence_lines(arms: NestedArms) -> list[str]:
    """Return what was selected, who reports what, and what was left out, by rule."""
    reported = (~np.isnan(arms.counts)).sum(axis=0)
    counts = ", ".join(f"{name} {k}" for name, k in zip(arms.outcomes, reported, strict=True))
    lines = [
        f"Evidence   {' > '.join(arms.outcomes)} in {arms.selection.get('table', 'the table')}: {len(arms)} arms of "
        f"{len(arms.studies)} studies, {arms.n.sum()} patients; arms that report {counts}."
    ]
    if len(arms.excluded):
        kinds = arms.excluded["rule"].str.split(":").str[0].value_counts()
        found = ", ".join(f"{kind} {rows}" for kind, rows in kinds.items())
        lines.append(f"           {len(arms.excluded)} counts left out ({found}).")
    return [*lines, *finding_lines(arms)]


def nested_model_lines(design: NestedDesign) -> list[str]:
    """Return the model in symbols and its priors, each with the range it allows."""
    spec, outcomes = design.spec, design.arms.outcomes
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
        low, high = map(percent, spec.link.rate(prior.interval(0.95)))
        head = "           " if place else "Priors     "
        lines.append(
            f"{head}mu of {outcome} ~ {prior!r}: typical ratio {low} to {high} with 95% probability"
        )
    lines += beta_lines(design)
    lines += [
        f"           tau of {outcome} ~ {prior!r}: {prior_range(prior)}"
        for outcome, prior in zip(outcomes, design.tau, strict=True)
    ]
    effects = "independent" if spec.correlation is None else f"correlated by {spec.correlation!r}"
    return [*lines, f"           effects of a study on the ratios: {effects}"]


def prior_rates_line(fit: NestedFit) -> str:
    """Return what the priors of the ratios together let expect of each rate."""
    mu = np.asarray(fit.draws["prior"]["mu"])[0]
    rates = np.cumprod(fit.spec.link.rate(mu), axis=-1)
    shown = [
        f"{outcome} {percent(median)} ({percent(low)} to {percent(high)})"
        for outcome, (low, median, high) in zip(
            fit.outcomes, np.quantile(rates, [0.025, 0.5, 0.975], axis=0).T, strict=True
        )
    ]
    return f"           typical rates before any evidence: {', '.join(shown)}"


def nested_arms_blocks(arms: NestedArms) -> Blocks:
    """Return the arms of a nested selection, and the counts left out with their rules."""
    kept = arms.frame.assign(arm=arms.labels)[["arm", "n", *arms.outcomes]]
    columns = ["study", "arm", "outcome", "events", "rule"]
    return [
        nested_evidence_lines(arms),
        table_text(kept, indent=2),
        left_out_lines(arms.excluded, columns),
    ]


def nested_prediction_lines(
    prediction: NestedPrediction, ci_prob: float, asked: Sequence[str]
) -> list[str]:
    """Return the table of categories, and each joint probability asked for with its error."""
    who = "a new study" if prediction.study is None else f"a further cohort of {prediction.study}"
    interval, table = prediction.interval(ci_prob), prediction.table(ci_prob)
    lines = [
        f"A cohort of {prediction.n} patients of {who} ({prediction.profile}), {100 * ci_prob:g}% intervals"
    ]
    for outcome in prediction.outcomes:
        own = interval.xs(outcome, level="outcome")
        rate, events = own.loc["rate"], own.loc["events"]
        lines.append(
            f"  {outcome}: true rate {percent(rate['median'])} ({percent(rate['lower'])} to {percent(rate['upper'])}), "
            f"patients {events['median']:.0f} ({events['lower']:.0f} to {events['upper']:.0f})"
        )
    lines += ["Patients by category", table_text(category_cells(table), indent=2)]
    for event in asked:
        probability = prediction.probability(event)
        lines.append(f"P({event}) = {probability:.3f} (MCSE {probability.mcse:.3f}).")
    return lines


def category_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return the patients of each category as people read them, one row each."""
    shown = table.reset_index()
    cells: dict[str, Any] = {"category": shown["category"]}
    cells["mean"] = [f"{value:.1f}" for value in shown["mean"]]
    cells["MCSE"] = [f"{value:.2f}" for value in shown["mcse_mean"]]
    for name in ("lower", "median", "upper"):
        cells[name] = shown[name].astype(str)
    return pd.DataFrame(cells)
