"""What a terminal shows of a fit: evidence, model, draws, parameters and rates."""

from bayesmeta.estimates.posterior import outcomes_of
from bayesmeta.estimates.summary_text import SummaryTable, summary_blocks
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit
from bayesmeta.report.model_text import model_lines
from bayesmeta.report.text import Blocks, diagnosis_lines, evidence_lines, failure_lines
from bayesmeta.wording import PLAIN, Wording

__all__ = ["fit_blocks", "head_blocks"]


def fit_blocks(fit: Fit, diagnostics: Diagnostics, table: SummaryTable) -> Blocks:
    """Return what is printed of a fit: evidence, model, draws, parameters and rates."""
    return [
        *head_blocks(fit, diagnostics, table.words),
        summary_blocks(table, table.heading),
        *_independent_note(fit),
    ]


def _independent_note(fit: Fit) -> list[str]:
    """Return what to know of rates where no study tells of another."""
    if outcomes_of(fit) or fit.spec.study_effects.pools:
        return []
    return [
        "  Without pooling, these are the rates of a study not seen: its prior and the covariates. "
        "The studies' own are shown by `bayesmeta shrinkage`."
    ]


def head_blocks(fit: Fit, diagnostics: Diagnostics, words: Wording = PLAIN) -> Blocks:
    """Return evidence, model and draws, before any number."""
    return [
        failure_lines(diagnostics),
        evidence_lines(fit.arms, words),
        model_lines(fit, words),
        diagnosis_lines(diagnostics, fit),
        "",
    ]
