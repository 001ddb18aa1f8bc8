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
from bayesmeta.model.walks import after_last


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
    profile = coding.profile_of(row)
    return _why_not(coding, profile) or " ".join(_later_years(coding, profile).values())


def at_new_levels(coding: Coding, row: "pd.Series[Any]") -> dict[str, Any] | None:
    """Return the profile of an arm whose exchangeable levels no arm has, each as a new one.

    An arm after the last year of a random walk has further steps, which are new as well. None where
    nothing is new, or it cannot be predicted for another reason.
    """
    profile = coding.profile_of(row)
    new = {
        name: NEW
        for name in coding.grouping
        if name in coding.levels and str(profile[name]) not in coding.levels[name]
    }
    if _why_not(coding, profile | new):
        return None
    return profile | new if new or _later_years(coding, profile) else None


def named_new(coding: Coding, profile: dict[str, Any]) -> str:
    """Return where a profile that `at_new_levels` returns lies: at new levels, in a later year."""
    levels = [name for name, level in profile.items() if level == NEW]
    at = [f"at a new level of {', '.join(levels)}"] if levels else []
    later = _later_years(coding, profile)
    return " and ".join([*at, *(f"in a later year, {name}={profile[name]:.0f}" for name in later)])


def _later_years(coding: Coding, profile: dict[str, Any]) -> dict[str, str]:
    """Return, by column, why a year after the last one of a random walk is not coded as others."""
    years = {name: walk.year(profile[name]) for name, walk in coding.walks.items()}
    return {
        name: after_last(walk, years[name])
        for name, walk in coding.walks.items()
        if years[name] > walk.last
    }


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
