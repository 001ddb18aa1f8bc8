"""Cohorts that are later than a fit: what it cannot predict of them, and what is to be known of them."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from bayesmeta.errors import ProfileError, listed
from bayesmeta.estimates.profiles import beyond_evidence
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import OVERLAP_GROUP, STUDY
from bayesmeta.model.coded_levels import NEW
from bayesmeta.model.coding import Coding


def overlap_groups(arms: Arms) -> dict[str, str]:
    """Return the studies that may share patients with others, by overlap group."""
    if OVERLAP_GROUP not in arms.frame:
        return {}
    frame = arms.frame[arms.frame[OVERLAP_GROUP].fillna("") != ""]
    return {
        str(one): str(study) for one, study in zip(frame[OVERLAP_GROUP], frame[STUDY], strict=True)
    }


def why_unpredicted(coding: Coding, row: "pd.Series[Any]") -> str:
    """Return why the model cannot predict an arm; empty if it can."""
    return _why_not(coding, coding.profile_of(row))


def at_new_levels(coding: Coding, row: "pd.Series[Any]") -> dict[str, Any] | None:
    """Return the profile of an arm whose exchangeable levels no arm has, each as a new one.

    None where it has no such level, or cannot be predicted for another reason.
    """
    profile = coding.profile_of(row)
    new = {
        name: NEW
        for name in coding.grouping
        if name in coding.levels and str(profile[name]) not in coding.levels[name]
    }
    return profile | new if new and not _why_not(coding, profile | new) else None


def _why_not(coding: Coding, profile: dict[str, Any]) -> str:
    absent = [
        name for name, value in profile.items() if not isinstance(value, dict) and pd.isna(value)
    ]
    imputed = coding.covariates.impute
    missing = [name for name in absent if name in coding.centres and name not in imputed]
    if missing:
        return f"{listed(missing)} is missing."
    try:
        coding.resolved(
            profile | {name: coding.centres[name] for name in absent if name in imputed}
        )
    except ProfileError as error:
        return str(error)
    return ""


def extrapolated(coding: Coding, test: Arms) -> Iterator[str]:
    """Yield which later cohorts have numbers outside the range of the earlier ones."""
    for label, (_, row) in zip(test.labels, test.frame.iterrows(), strict=True):
        known = {name: row[name] for name in coding.numbers if pd.notna(row[name])}
        for sentence in beyond_evidence(coding, known):
            yield f"{label}: {sentence}"
