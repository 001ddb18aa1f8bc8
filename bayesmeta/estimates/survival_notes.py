"""What the evidence of a fit of survival cannot tell, in plain sentences."""

from collections.abc import Iterator

import numpy as np

from bayesmeta.errors import counted
from bayesmeta.estimates.survival_summary import person_of
from bayesmeta.evidence import SurvivalArms
from bayesmeta.inference.result import Fit
from bayesmeta.model.curves import PRECISION
from bayesmeta.model.survival_reports import Kind

FEW = 3
"""Arms below which the spread of shapes rests on its prior."""


SMALL = 20
"""Patients below which limits and retention overstate the standard error of a median."""


def survival_notes(fit: Fit) -> tuple[str, ...]:
    """Return what the evidence of a fit of survival cannot tell."""
    if not isinstance(fit.arms, SurvivalArms):
        return ()
    return tuple(_notes(fit, fit.arms))


def _notes(fit: Fit, arms: SurvivalArms) -> Iterator[str]:
    reports = fit.design.reports
    if PRECISION in fit.posterior:
        guessed = int(reports.rows[:, -1].sum())
        share = float(fit.posterior[PRECISION].median())
        yield (
            f"{guessed} of {counted(len(reports.rows), 'report')} {'has' if guessed == 1 else 'have'} no interval. "
            f"{'Its standard error is' if guessed == 1 else 'Their standard errors are'} estimated "
            f"(median of retention {share:.2f}), not reported."
        )
    known = arms.n[arms.n > 0]
    small = int((known < SMALL).sum())
    if small > 1 and 2 * small >= known.size:
        yield (
            f"{small} of {counted(len(arms), 'arm')} have fewer than {SMALL} {person_of(arms)}s. Their standard errors tend to be too large, "
            "and the differences between studies are then underestimated: intervals of a new study may be too narrow."
        )
    if fit.design.curve.has_shape:
        several = int((np.bincount(reports.arm, minlength=len(arms)) > 1).sum())
        if several < FEW:
            yield (
                f"The shape of the curves rests on its priors: of {counted(len(arms), 'arm')}, {several or 'none'} "
                f"{'report' if several > 1 else 'reports'} more than one point of the curve. So does the curve far from the medians."
            )
        else:
            yield (
                f"The shape of the curves is estimated from {several} of {counted(len(arms), 'arm')}, which report more "
                "than one point of their curve."
            )
    silent = int((arms.reports["reached"] == "no").sum() - (reports.kind == Kind.BEYOND).sum())
    if silent:
        yield (
            f"{counted(silent, 'median')} that {'was' if silent == 1 else 'were'} not reached "
            f"{'tells' if silent == 1 else 'tell'} nothing here: landmarks of the same arms stand for them."
        )
    unreached = int(arms.excluded["rule"].str.startswith("not reached").sum())
    if unreached:
        yield (
            f"{counted(unreached, 'median')} that {'was' if unreached == 1 else 'were'} not reached "
            f"{'is' if unreached == 1 else 'are'} left out: by when, or by how many patients, is not known. Such arms "
            f"tend to have a long {arms.words.length}, which is probably underestimated without them."
        )
    if fit.coding.columns:
        yield "Ratios of medians are no hazard ratios: they compare medians, not risks over time."
