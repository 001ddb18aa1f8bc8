"""Profiles: the covariate values that an estimate is for, how they are written, and what is compared."""

import warnings
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.errors import (
    EvidenceError,
    EvidenceWarning,
    ProfileError,
    SettingsError,
    listed,
    nearest,
)
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import STUDY
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.model.mixtures import mixtures
from bayesmeta.model.study_parts import study_means
from bayesmeta.model.values import value_text
from bayesmeta.wording import PLAIN, Wording

Pair = tuple[str, str]
"""A level and the level that it is compared with."""

SAME = 1e-12
"""Difference of two coded profiles below which the model cannot tell them apart."""

PACKAGE = str(Path(__file__).parents[1])


def default_profiles(coding: Coding, profile: Profile | None = None) -> list[Profile]:
    """Return a profile (or the reference), then each other level of each factor, all else the same."""
    reference = {name: coding.reference[name] for name in coding.levels}
    whole, base = coding.resolved(profile), {**reference, **(profile or {})}
    changes: list[dict[str, str]] = [
        {name: level}
        for name, levels in coding.levels.items()
        if name not in nested_columns(coding) and name not in coding.covariates.elicited
        for level in levels
    ]
    changes += [
        dict(zip(one.term.columns, level, strict=True))
        for one in coding.exchangeable
        if one.term.has_rates and len(one.term.columns) > 1
        for level in one.levels
    ]
    others = [
        {**base, **change}
        for change in changes
        if any(whole[name] != level for name, level in change.items())
    ]
    return [base if profile is None else profile, *others]


def nested_columns(coding: Coding) -> frozenset[str]:
    """Return the columns whose levels are exchangeable within those of others alone."""
    alone = {one.term.columns[0] for one in coding.exchangeable if len(one.term.columns) == 1}
    return frozenset(coding.grouping) - alone


def profile_label(coding: Coding, profile: Profile | None, *, without: str | None = None) -> str:
    """Return a profile as people write it; ``"all studies"`` where there are no covariates.

    What the profile leaves out says where it stands: ``age=62.9 (centre), regimen=AZA``. The covariate
    `without` is not written.
    """
    if not coding.columns:
        return "all studies"
    parts, given = profile_parts(coding, profile), profile or {}
    # Of a nested column each level has its own enclosing one.
    outer = {
        name
        for one in coding.exchangeable
        if one.term.columns[-1] == without
        for name in one.term.columns[:-1]
        if name not in given
    }
    return ", ".join(
        f"{name}={text}" for name, text in parts.items() if name not in {without, *outer}
    )


def profile_parts(coding: Coding, profile: Profile | None) -> dict[str, str]:
    """Return the value of each covariate as people write it; of what is left out, where it stands."""
    given = profile or {}
    return {
        name: value_text(value)
        if name in given or name in coding.grouping
        else _assumed(coding, name)
        for name, value in coding.resolved(profile).items()
        if name != STUDY or name in given
    }


def reference_text(coding: Coding, words: Wording = PLAIN) -> str:
    """Return in words where `mu` stands: ``age 65, regimen AZA``; empty without covariates."""
    return ", ".join(
        f"the mean of the {words.labels.column(name)} effects"
        if name in coding.grouping
        else f"{words.labels.column(name)} {words.level(name, _reference(coding, name))}"
        for name in coding.columns
        if name != STUDY
    )


def own_part(coding: Coding, profile: Profile | None) -> Profile | None:
    """Return what a profile gives of the covariates of one model among several."""
    if not isinstance(profile, Mapping):
        return profile
    return {name: value for name, value in profile.items() if name in coding.columns}


def without(profile: Profile | None, name: str) -> Profile | None:
    """Return a profile without one covariate, along which or over whose levels an answer goes."""
    if not isinstance(profile, Mapping):
        return profile
    return {key: value for key, value in profile.items() if key != name}


def study_profile(
    coding: Coding, arms: Arms, study: str, profile: Profile | None
) -> Profile | None:
    """Return the profile of a further cohort of a study: what is given, and the rest as in its arms."""
    studies = [str(name) for name in arms.studies]
    if study not in studies:
        raise EvidenceError(f"`study`: the fit has no study '{study}'. {nearest(study, studies)}")
    if not coding.columns or not isinstance(profile, Mapping | None):
        return profile
    given = dict(profile or {})
    rows = arms.frame[arms.frame["study"] == study]
    first, *others = (coding.profile_of(row) for _, row in rows.iterrows())
    # A value that is not known, NaN, differs from itself.
    differ = [
        name
        for name in first
        if name not in given and any(one[name] != first[name] for one in (first, *others))
    ]
    if differ:
        raise ProfileError(
            f"`profile` must give {listed(differ)}: the arms of '{study}' differ there, or do not give it."
        )
    return first | given


def mean_of_study(coding: Coding, arms: Arms, study: str) -> Array | None:
    """Return the means of a study where covariates are split (see `Coding.row`).

    None where none is, or where each arm of the study is its own mean.
    """
    if not coding.parts.split:
        return None
    rows = arms.frame[arms.frame["study"] == study]
    whole = coding.whole(rows)
    means = study_means(whole, rows)
    return None if (means != means[0]).any() else means[0]


def beyond_evidence(coding: Coding, profile: Profile | None) -> tuple[str, ...]:
    """Return, one sentence each, which numbers of a profile lie outside the range of the evidence."""
    whole, parts = coding.resolved(profile), profile_parts(coding, profile)
    return tuple(
        f"{name}={parts[name]} lies outside the evidence, which has {value_text(numbers.lowest)} to "
        f"{value_text(numbers.highest)}: the model extrapolates."
        for name, numbers in coding.numbers.items()
        # Of a later year, a random walk is wider by its further steps.
        if name not in coding.walks and not numbers.lowest <= whole[name] <= numbers.highest
    )


def warn_beyond_evidence(coding: Coding, profile: Profile | None) -> None:
    """Warn of numbers of a profile that lie outside the range of the evidence."""
    for message in beyond_evidence(coding, profile):
        warnings.warn(message, EvidenceWarning, skip_file_prefixes=(PACKAGE,))


def _assumed(coding: Coding, name: str) -> str:
    """Return the value of a covariate that a profile leaves out, and what it is."""
    kind = "last year" if name in coding.walks else "centre"
    return f"{_reference(coding, name)} ({'reference' if name in coding.levels else kind})"


def _reference(coding: Coding, name: str) -> str:
    return coding.levels[name][0] if name in coding.levels else coding.centre_text(name)


def studies_by_level(coding: Coding, arms: Arms, factor: str) -> dict[str, frozenset[str]]:
    """Return the studies that tell anything at each level of a factor, grouped levels as one."""
    frame = arms.frame[arms.informed]
    found: dict[str, set[str]] = {level: set() for level in coding.levels[factor]}
    for share, part in mixtures(frame, coding.covariates.level_proportions):
        levels = coding.covariates.levels_of(factor, part.loc[share > 0, factor])
        for level, study in zip(levels, part.loc[share > 0, "study"], strict=True):
            found[level].add(str(study))
    return {level: frozenset(studies) for level, studies in found.items()}


def checked_factor(coding: Coding, factor: object) -> str:
    """Return the factor to compare levels of, after checking it."""
    factors = tuple(coding.factors)
    if not factors:
        raise SettingsError(
            "`fit` is of a model without factors, so there are no levels to compare. Fit one with a factor."
        )
    if factor is None:
        return factors[0]
    if not isinstance(factor, str) or factor not in factors:
        raise SettingsError(
            f"`factor` names '{factor}', which is not a factor of the model. {nearest(str(factor), factors)}"
        )
    return factor


def level_pairs(coding: Coding, factor: str, against: object) -> list[Pair]:
    """Return the pairs to compare, (level, versus); the reference is never the first."""
    levels = coding.levels[factor]
    if against is None:
        return [(level, versus) for versus, level in combinations(levels, 2)]
    [versus] = coding.covariates.levels_of(factor, [against])
    if versus not in levels:
        raise SettingsError(
            f"`against` names '{against}', which is not a level of '{factor}'. {nearest(str(against), levels)}"
        )
    return [(level, versus) for level in levels if level != versus]


def level_profiles(coding: Coding, factor: str, profile: Profile | None) -> dict[str, Profile]:
    """Return the profile of each level, all else as in the profile; its own level has no part in it."""
    coding.resolved(profile)
    return {level: {**(profile or {}), factor: level} for level in coding.levels[factor]}


def coded_differences(
    coding: Coding, profiles: Mapping[str, Profile], pairs: Iterable[Pair], held: str
) -> Array:
    """Return what each pair's contrast is of the coefficients, dims (pair, covariate).

    A new level of another column is the same on both sides.
    """
    known = len(coding.names) + len(coding.level_names)
    coded = {level: coding.row(profile)[:known] for level, profile in profiles.items()}
    found = []
    for level, versus in pairs:
        found.append(coded[level] - coded[versus])
        if np.abs(found[-1]).max() <= SAME:
            raise ProfileError(
                f"`profile`: at {held} the model has one rate for '{level}' and '{versus}'. Ask at other values."
            )
    return np.array(found)
