"""What every fit of a comparison is asked, and for which profile each model answers."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.errors import (
    EvidenceError,
    EvidenceWarning,
    ProfileError,
    SettingsError,
    SpecError,
    listed,
    nearest,
)
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
from bayesmeta.estimates.survival_times import USUAL_TIMES
from bayesmeta.evidence import Arms
from bayesmeta.evidence.arms import check_are_arms
from bayesmeta.model import Design, ModelSpec, make_design
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.model.limits import check_integrated

CI_PROBS = (0.5, 0.8, 0.95)
"""Probabilities of the prediction intervals that are held against what is observed."""

Label = tuple[str, str, str]
"""Outcome, without a name where there is one, quantity and scale."""


def asked_question(
    profile: Profile | None,
    factor: str | None,
    *,
    cohort: int = 40,
    ci_prob: float = 0.95,
    time: float | None = None,
) -> Question:
    """Return what a comparison asks; its averaged prediction lists every count."""
    check_cohort("cohort", cohort, LARGEST_LISTED)
    given = {} if profile is None else profile
    return Question(given, cohort=cohort, ci_prob=ci_prob, factor=factor, time=time)


def check_profile(question: Question, designs: Mapping[str, Design]) -> None:
    """Raise unless every covariate asked about, and the factor, belongs to one of the models."""
    known = {name for design in designs.values() for name in design.coding.columns}
    for name in question.profile:
        if name not in known:
            hint = nearest(name, known) if known else "No model has covariates: leave it out."
            raise ProfileError(f"`profile` names '{name}', which is not a covariate. {hint}")
    for design in designs.values():
        own = own_part(design.coding, question.profile)
        design.coding.row(own)
        warn_beyond_evidence(design.coding, own)
    factors = {name for design in designs.values() for name in design.coding.factors}
    if question.factor is not None and question.factor not in factors:
        hint = (
            nearest(question.factor, factors) if factors else "No model has factors: leave it out."
        )
        raise SettingsError(f"`factor` names '{question.factor}', which is not a factor. {hint}")


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
    has the label of each pair of levels with the coded covariates of both; `time` is in months, and of
    survival only.
    """

    row: Array
    level: int
    contrasts: tuple[tuple[str, Array, Array], ...]
    cohort: int
    ci_prob: float
    time: float


def asked_of(coding: Coding, question: Question) -> Asked:
    """Return a question in the coding of a model."""
    profile = own_part(coding, question.profile)
    return Asked(
        coding.row(profile),
        coding.tau_level(profile),
        tuple(_contrasts(coding, question)),
        question.cohort,
        question.ci_prob,
        USUAL_TIMES[0] if question.time is None else question.time,
    )


def _contrasts(coding: Coding, question: Question) -> Iterator[tuple[str, Array, Array]]:
    if question.factor not in coding.factors:
        return
    profiles = level_profiles(coding, question.factor, own_part(coding, question.profile))
    rows = {level: coding.row(one) for level, one in profiles.items()}
    first = coding.factors[question.factor][0]
    for level, versus in level_pairs(coding, question.factor, first):
        yield f"{question.factor}: {level} / {versus}", rows[level], rows[versus]


def check_spec(spec: object, name: str = "spec") -> None:
    """Raise unless `spec` is a ModelSpec."""
    if not isinstance(spec, ModelSpec):
        raise SpecError(
            f"`{name}` must be a ModelSpec; got {type(spec).__name__}. Make one by load_model or ModelSpec; "
            "a user-supplied PyMC model cannot be fitted without a study."
        )


def check_arms(arms: Arms) -> None:
    """Raise unless `arms` has two studies with patients or more."""
    check_are_arms(arms)
    studies = arms.frame.loc[arms.informed, "study"].nunique()
    if studies < 2:  # noqa: PLR2004
        raise EvidenceError(
            f"Leaving studies out needs two studies with patients or more; got {studies}. Select more."
        )


def studies_of(design: Design) -> tuple[str, ...]:
    """Return the studies with patients; the others tell nothing and are not left out."""
    arms = design.arms
    return tuple(map(str, dict.fromkeys(arms.frame.loc[arms.informed, "study"])))


def applicable(
    models: Mapping[str, ModelSpec], arms: Arms
) -> tuple[dict[str, ModelSpec], dict[str, str]]:
    """Return the models that fit the arms, and of each other one the reason; raise if none fits."""
    reasons: dict[str, str] = {}
    first: Exception | None = None
    for name, spec in models.items():
        try:
            with warnings.catch_warnings():
                # The design that is used tells them.
                warnings.simplefilter("ignore", EvidenceWarning)
                make_design(spec, arms, warn=False)
            check_integrated(spec, arms)
        except (SpecError, EvidenceError) as error:
            reasons[name] = str(error).removeprefix(f"{name}: ")
            first = first or error
    if first is not None and len(reasons) == len(models):
        raise first
    return {name: spec for name, spec in models.items() if name not in reasons}, reasons


def same_rows(models: Mapping[str, ModelSpec], arms: Arms, rows: str) -> dict[str, Design]:
    """Return the design of each model on the same arms; "common" drops those that some lack."""
    if rows not in ("same", "common"):
        raise SettingsError(f"`rows` must be 'same' or 'common'; got {rows!r}.")
    kept = {name: _usable(spec, arms) for name, spec in models.items()}
    lost = {label: [name for name in kept if label not in kept[name]] for label in arms.labels}
    lost = {label: names for label, names in lost.items() if names}
    if lost and any(len(names) < len(models) for names in lost.values()) and rows == "same":
        told = listed(f"{label} (not in {', '.join(names)})" for label, names in lost.items())
        raise SpecError(
            f"The models cannot use the same arms, because a covariate is missing: {told}. Compare them on the arms that "
            "all can use by rows='common', or leave a model out."
        )
    dropped = np.array([label in lost for label in arms.labels], dtype=bool)
    if dropped.all():
        raise SpecError("There is no arm that all models can use. Leave a model out.")
    if dropped.any():
        warnings.warn(
            f"{dropped.sum()} of {len(arms)} arms are left out because not every model can use them: "
            f"{listed(arms.labels[dropped])}.",
            EvidenceWarning,
            stacklevel=3,
        )
        arms = arms.drop(dropped, "comparison: not every model can use this arm")
    return {name: make_design(spec, arms) for name, spec in models.items()}


def _usable(spec: ModelSpec, arms: Arms) -> set[str]:
    """Return the labels of the arms that a model can use."""
    with warnings.catch_warnings():
        # The comparison says itself what is left out.
        warnings.simplefilter("ignore", EvidenceWarning)
        return set(make_design(spec, arms, warn=False).arms.labels)
