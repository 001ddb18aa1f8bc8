"""Which levels of a factor are compared, at which profiles, and which studies have them."""

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import ProfileError, SettingsError, nearest
from bayesmeta.evidence import Arms
from bayesmeta.model.coding import Coding, Profile, grouped
from bayesmeta.model.levels import level_text
from bayesmeta.model.mixtures import mixtures

__all__ = [
    "Pair",
    "checked_factor",
    "coded_differences",
    "level_pairs",
    "level_profiles",
    "studies_by_level",
]

Array = npt.NDArray[np.float64]

Pair = tuple[str, str]
"""A level and the level that it is compared with."""

SAME = 1e-12
"""Difference of two coded profiles below which the model can't tell them apart."""


def studies_by_level(coding: Coding, arms: Arms, factor: str) -> dict[str, frozenset[str]]:
    """Return the studies with patients at each level of a factor, grouped levels as one."""
    frame = arms.frame[arms.n > 0]
    groups = coding.covariates.groups.get(factor, {})
    found: dict[str, set[str]] = {level: set() for level in coding.levels[factor]}
    for share, part in mixtures(frame, coding.covariates.level_proportions):
        for level, study in zip(
            part.loc[share > 0, factor], part.loc[share > 0, "study"], strict=True
        ):
            found[grouped(level_text(level), groups)].add(str(study))
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
            f"`factor` names '{factor}', which is no factor of the model. {nearest(str(factor), factors)}"
        )
    return factor


def level_pairs(coding: Coding, factor: str, against: object) -> list[Pair]:
    """Return the pairs to compare, (level, versus); the reference is never the first."""
    levels = coding.levels[factor]
    if against is None:
        return [(level, versus) for versus, level in combinations(levels, 2)]
    versus = grouped(level_text(against), coding.covariates.groups.get(factor, {}))
    if versus not in levels:
        raise SettingsError(
            f"`against` names '{against}', which is no level of '{factor}'. {nearest(str(against), levels)}"
        )
    return [(level, versus) for level in levels if level != versus]


def level_profiles(coding: Coding, factor: str, profile: Profile | None) -> dict[str, Profile]:
    """Return the profile of each level, all else as in the profile; its own level has no part in it."""
    coding.resolved(profile)
    return {level: {**(profile or {}), factor: level} for level in coding.levels[factor]}


def coded_differences(
    coding: Coding, profiles: Mapping[str, Profile], pairs: Iterable[Pair], held: str
) -> Array:
    """Return what each pair's contrast is of the coefficients, dims (pair, covariate)."""
    coded = {level: coding.row(profile) for level, profile in profiles.items()}
    found = []
    for level, versus in pairs:
        found.append(coded[level] - coded[versus])
        if np.abs(found[-1]).max() <= SAME:
            raise ProfileError(
                f"`profile`: at {held} the model has one rate for '{level}' and '{versus}'. Ask at other values."
            )
    return np.array(found)
