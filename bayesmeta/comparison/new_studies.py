"""New studies of newer evidence: how they lie in what the first fit predicts, and notes about them."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from bayesmeta.arrays import Flags
from bayesmeta.comparison.later_cohorts import (
    at_new_levels,
    extrapolated,
    named_new,
    overlap_groups,
    why_unpredicted,
)
from bayesmeta.comparison.plan import validation_stream
from bayesmeta.comparison.predictions import predictions_of
from bayesmeta.comparison.scores import arm_rows, arm_scores
from bayesmeta.errors import listed
from bayesmeta.estimates.precision import Row
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.evidence.columns import STUDY
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design
from bayesmeta.model.coding import Coding


def predicted_studies(before: Fit, arms: Arms) -> tuple[pd.DataFrame, Sequence[str]]:
    """Return how the new studies lie in what the first fit predicts, and notes about them."""
    studies = arms.frame[STUDY].astype(str)
    fresh = ~studies.isin(list(map(str, before.arms.studies))).to_numpy(dtype=bool)
    fresh &= arms.informed
    reasons = dict(_unpredicted(before.coding, arms, fresh))
    known = fresh & ~np.isin(np.arange(len(arms)), list(reasons))
    rng = validation_stream(before.provenance.seed)
    rows: list[Row] = []
    notes: list[str] = []
    if known.any():
        cohorts = arms.rows(known)
        new = Design(before.spec, cohorts, before.coding)
        rows += arm_scores(predictions_of(before), new, rng)
        notes += extrapolated(before.coding, cohorts)
    for place, reason in reasons.items():
        profile = at_new_levels(before.coding, arms.frame.iloc[place])
        if profile is None or isinstance(arms, SurvivalArms):
            why = reason.removeprefix("`profile`: ")
            notes.append(f"{arms.labels[place]} cannot be predicted by the first fit: {why}")
            continue
        distribution = profile_rates(before, profile).cohort()
        rows += arm_rows(arms, place, [distribution], rng)
        notes.append(f"{arms.labels[place]} is predicted {named_new(before.coding, profile)}.")
    return pd.DataFrame(rows), notes


def _unpredicted(coding: Coding, arms: Arms, fresh: Flags) -> Iterator[tuple[int, str]]:
    """Yield the place of each new arm that is not of levels and numbers known, and why."""
    for place in map(int, np.flatnonzero(fresh)):
        if reason := why_unpredicted(coding, arms.frame.iloc[place]):
            yield place, reason


def shared_patients(old: Arms, new: Arms) -> Iterator[str]:
    """Yield which new studies may share patients with studies that predict them."""
    first, later = overlap_groups(old), overlap_groups(new)
    known = set(map(str, old.studies))
    pairs = [
        f"{later[group]} and {first[group]} (group '{group}')"
        for group in first
        if group in later and later[group] not in known
    ]
    if pairs:
        yield (
            f"New studies may share patients with studies of the first fit, which then tells of them in advance: "
            f"{listed(pairs)}."
        )
