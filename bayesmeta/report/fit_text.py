"""What a terminal shows of a fit: evidence, model, draws, parameters and rates."""

import pandas as pd

from bayesmeta.estimates.profiles import reference_text
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.inference.result import Fit
from bayesmeta.model import ModelSpec
from bayesmeta.report.model_text import model_lines
from bayesmeta.report.text import (
    Blocks,
    by_outcome,
    diagnosis_lines,
    evidence_lines,
    inferred_lines,
    odds_ratio_table,
    parameter_table,
    rate_precision,
    rate_table,
    table_text,
    warning_lines,
)

__all__ = ["fit_blocks", "head_blocks", "mu_line", "parameter_notes"]


def fit_blocks(fit: Fit, diagnostics: Diagnostics, table: pd.DataFrame, ci_prob: float) -> Blocks:
    """Return what is printed of a fit: evidence, model, draws, parameters and rates."""
    return [
        *head_blocks(fit, diagnostics),
        f"Parameters ({fit.spec.link.scale}; {100 * ci_prob:g}% interval)",
        table_text(parameter_table(table), indent=2),
        parameter_notes(fit, table),
        "",
        f"Rates: median and {100 * ci_prob:g}% interval",
        table_text(rate_table(table), indent=2),
        [f"  {line}" for line in inferred_lines(table)],
        f"  {rate_precision(table)}",
        *_independent_note(fit.spec),
    ]


def _independent_note(spec: ModelSpec) -> list[str]:
    """Return what to know of rates where no study tells of another."""
    if spec.study_effects.name != "independent":
        return []
    return [
        "  Without pooling, these are the rates of a study not seen: its prior and the covariates. "
        "The studies' own are shown by `bayesmeta shrinkage`."
    ]


def head_blocks(fit: Fit, diagnostics: Diagnostics) -> Blocks:
    """Return evidence, model and draws, before any number."""
    return [
        warning_lines(diagnostics),
        evidence_lines(fit.arms),
        model_lines(fit.spec, fit.design),
        diagnosis_lines(diagnostics, fit),
        "",
    ]


def parameter_notes(fit: Fit | NestedFit, table: pd.DataFrame) -> list[str]:
    """Return where mu stands, and the odds ratios of numbers; nothing without covariates."""
    lines = [f"  {line}" for line in mu_line(fit)]
    ratios = odds_ratio_table(table)
    if ratios.empty:
        return lines
    return [
        *lines,
        "",
        "Odds ratios of numbers: median and interval",
        table_text(by_outcome(ratios, table), indent=2),
    ]


def mu_line(fit: Fit | NestedFit) -> list[str]:
    """Return the sentence that says where mu stands; none without covariates."""
    at = reference_text(fit.coding)
    return [f"mu: the {fit.spec.link.scale} at {at}."] if at else []
