"""Evidence, diagnostics and intervals as text."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.evidence.total_sizes import UNKNOWN_SIZES
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.result import Fit
from bayesmeta.layout import table_text
from bayesmeta.report.document import Block
from bayesmeta.report.survival_text import told_of
from bayesmeta.wording import PLAIN, Wording

Blocks = list[str | Iterable[str | Block]]
"""What is printed: lines, tables and sentences."""

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
        ["Left out", table_text(excluded[["study", "arm", *rows, "rule"]], indent=2)]
        if len(excluded := arms.excluded)
        else [],
    ]


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
    outcomes = (
        arms.outcomes
        if several
        else (
            arms.selection.get("outcome")
            or ("survival" if isinstance(arms, SurvivalArms) else "responders"),
        )
    )
    lines = [
        f"Evidence   {' > '.join(map(words.outcome, outcomes))} in {arms.selection.get('table', 'the table')}: "
        f"{counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}, {_responded(arms, words)}."
    ]
    if len(arms.excluded):
        what = counted(len(arms.excluded), "count" if several else "row")
        lines.append(f"           {what} left out ({rule_counts(arms.excluded)}).")
        lines += _unknown_sizes(arms.excluded["rule"])
    if len(arms.studies) == 1:
        lines.append(
            "           One study: tau and what a new study would show depend on the priors."
        )
    if arms.without_patients:
        lines.append(
            f"           Without patients, so without information: {', '.join(arms.without_patients)}."
        )
    return [*lines, *(f"           Check: {finding}" for finding in arms.findings)]


def _unknown_sizes(rules: "pd.Series[str]") -> list[str]:
    """Return how many totals over levels are left out for want of sizes, and what to do about it."""
    found = rules[rules.str.startswith(UNKNOWN_SIZES)]
    return [
        f"           {counted(rows, 'total')} among them: {str(rule).removeprefix('strata: ')}. "
        "--unknown-sizes keep averages over all sizes."
        for rule, rows in found.value_counts().items()
    ]


def rule_counts(excluded: pd.DataFrame) -> str:
    """Return how many rows each kind of rule left out."""
    kinds = excluded["rule"].str.split(":").str[0].value_counts()
    return ", ".join(f"{kind} {rows}" for kind, rows in kinds.items())


def _responded(arms: Arms, words: Wording) -> str:
    """Return how many patients responded; of nested outcomes, how many arms report each."""
    if isinstance(arms, SurvivalArms):
        return told_of(arms)
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
