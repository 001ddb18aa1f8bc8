"""What every fit of a comparison is asked, and for which profile each model answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import ProfileError, SettingsError, nearest
from bayesmeta.estimates.arguments import check_cohort
from bayesmeta.estimates.count_distributions import LARGEST_LISTED
from bayesmeta.estimates.profiles import (
    level_pairs,
    level_profiles,
    own_part,
    profile_label,
    profile_parts,
    warn_beyond_evidence,
)
from bayesmeta.estimates.questions import Question
from bayesmeta.model import Design
from bayesmeta.model.coding import Coding, Profile

__all__ = [
    "Answered",
    "Asked",
    "Label",
    "asked_of",
    "asked_question",
    "check_profile",
    "profile_asked",
    "profiles_answered",
]

Array = npt.NDArray[np.float64]
Label = tuple[str, str, str]
"""Outcome, without a name where there is one, quantity and scale."""


def asked_question(
    profile: Profile | None, factor: str | None, cohort: int, ci_prob: float
) -> Question:
    """Return what a comparison asks; its averaged prediction lists every count."""
    check_cohort("cohort", cohort, LARGEST_LISTED)
    given = {} if profile is None else profile
    return Question(given, cohort=cohort, ci_prob=ci_prob, factor=factor)


def check_profile(question: Question, designs: Mapping[str, Design]) -> None:
    """Raise unless every covariate asked about, and the factor, belongs to one of the models."""
    known = {name for design in designs.values() for name in design.coding.columns}
    for name in question.profile:
        if name not in known:
            hint = nearest(name, known) if known else "No model has covariates: leave it out."
            raise ProfileError(f"`profile` names '{name}', which is no covariate. {hint}")
    for design in designs.values():
        own = own_part(design.coding, question.profile)
        design.coding.row(own)
        warn_beyond_evidence(design.coding, own)
    factors = {name for design in designs.values() for name in design.coding.factors}
    if question.factor is not None and question.factor not in factors:
        hint = (
            nearest(question.factor, factors) if factors else "No model has factors: leave it out."
        )
        raise SettingsError(f"`factor` names '{question.factor}', which is no factor. {hint}")


def profile_asked(question: Question, designs: Mapping[str, Design]) -> str:
    """Return the profile asked about as people write it; empty if no model has covariates."""
    parts: dict[str, str] = {}
    for design in designs.values():
        parts |= profile_parts(design.coding, own_part(design.coding, question.profile))
    return ", ".join(f"{name}={text}" for name, text in parts.items())


class Answered(NamedTuple):
    """The profile that a model answers for, and of how many covariates the question names a value."""

    profile: str
    named: int


def profiles_answered(question: Question, designs: Mapping[str, Design]) -> dict[str, Answered]:
    """Return what each model answers for, by name."""
    own = {name: own_part(one.coding, question.profile) for name, one in designs.items()}
    return {
        name: Answered(profile_label(one.coding, own[name]), len(own[name] or {}))
        for name, one in designs.items()
    }


@dataclass(frozen=True, eq=False)
class Asked:
    """A question in the coding of one model, which all fits of the model share.

    `row` has the coded covariates of the profile, `level` is the position of its tau, and `contrasts`
    has the label of each pair of levels with the coded covariates of both.
    """

    row: Array
    level: int
    contrasts: tuple[tuple[str, Array, Array], ...]
    cohort: int
    ci_prob: float


def asked_of(coding: Coding, question: Question) -> Asked:
    """Return a question in the coding of a model."""
    profile = own_part(coding, question.profile)
    return Asked(
        coding.row(profile),
        coding.tau_level(profile),
        tuple(_contrasts(coding, question)),
        question.cohort,
        question.ci_prob,
    )


def _contrasts(coding: Coding, question: Question) -> Iterator[tuple[str, Array, Array]]:
    if question.factor not in coding.factors:
        return
    profiles = level_profiles(coding, question.factor, own_part(coding, question.profile))
    rows = {level: coding.row(one) for level, one in profiles.items()}
    first = coding.factors[question.factor][0]
    for level, versus in level_pairs(coding, question.factor, first):
        yield f"{question.factor}: {level} / {versus}", rows[level], rows[versus]
