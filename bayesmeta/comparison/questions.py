"""How every fit of a comparison is made, what it is asked, and for which profile each model answers."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.errors import (
    EvidenceError,
    EvidenceWarning,
    InapplicableError,
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
from bayesmeta.evidence import Arms
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design, ModelSpec, make_design
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.model.limits import refuse_survival, why_not_integrated
from bayesmeta.numeric import check_seed

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


def check_spec(spec: object, name: str = "spec") -> None:
    """Raise unless `spec` is a ModelSpec."""
    if not isinstance(spec, ModelSpec):
        raise SpecError(
            f"`{name}` must be a ModelSpec; got {type(spec).__name__}. Make one by load_model or ModelSpec; "
            "a user-supplied PyMC model cannot be fitted without a study."
        )


def check_arms(arms: object) -> None:
    """Raise unless `arms` has two studies with patients or more."""
    if not isinstance(arms, Arms):
        raise SettingsError(
            f"`arms` must be Arms; got {type(arms).__name__}. Make them by read_evidence(...).select(...)."
        )
    refuse_survival(arms, "Leaving studies out")
    studies = arms.frame.loc[arms.frame["n"] > 0, "study"].nunique()
    if studies < 2:  # noqa: PLR2004
        raise EvidenceError(
            f"Leaving studies out needs two studies with patients or more; got {studies}. Select more."
        )
    if reason := why_not_integrated(arms):
        raise InapplicableError(f"Studies cannot be left out: {reason}.")


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


SETTINGS = SamplerSettings(warmup=400, draws=1000, arm_draws=False)
"""Of each of many fits: 4,000 draws know the score of a study to about 0.01."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How every model of a comparison is fitted and asked."""

    seed: int
    settings: SamplerSettings
    question: Question
    exact: bool = True
    """Whether each study is left out by a refit, or by PSIS where that holds."""
    marginal: bool = False
    """Whether log marginal likelihoods are wanted."""

    def adapted(self, cores: int | None) -> "Plan":
        """Return the plan of fits that run on so many processors and need no draws of arms."""
        return replace(self, settings=replace(self.settings, cores=cores, arm_draws=False))

    def longer(self, times: int) -> "Plan":
        """Return the plan with so many times as many draws."""
        return replace(self, settings=replace(self.settings, draws=times * self.settings.draws))

    def as_json(self) -> dict[str, Any]:
        """Return what the fit without a study depends on, as JSON can hold it."""
        settings = asdict(self.settings)
        # Draws do not depend on it.
        del settings["cores"]
        question = asdict(self.question)
        # All outcomes are asked about.
        del question["outcome"]
        return {"seed": self.seed, "settings": settings, "question": question}


def make_plan(
    seed: object,
    settings: SamplerSettings | None,
    question: Question,
    *,
    method: str = "exact",
    marginal: bool = False,
) -> Plan:
    """Return a plan after checking it; with `SETTINGS` where `settings` is None."""
    check_settings(settings)
    if method not in ("exact", "psis"):
        raise SettingsError(f"`method` must be 'exact' or 'psis'; got {method!r}.")
    return Plan(
        seed=check_seed(seed),
        settings=settings or SETTINGS,
        question=question,
        exact=method == "exact",
        marginal=marginal,
    )


def check_settings(settings: object) -> None:
    """Raise unless `settings` is SamplerSettings or None."""
    if not isinstance(settings, SamplerSettings | None):
        raise SettingsError(
            f"`settings` must be SamplerSettings; got {type(settings).__name__}. Write SamplerSettings(draws=...)."
        )


PIT, WEIGHTS = 3, 5
"""First part of the key of the random numbers of PITs and of weights; refits have 2, predictions of
studies left out 4."""


def number_of(text: str) -> int:
    """Return a number for a text, by which a stream is known."""
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big")


def pit_stream(seed: int, study: str) -> np.random.Generator:
    """Return the random numbers of the PITs of a study's arms, whichever fit predicts them."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PIT, number_of(study))))


def validation_stream(seed: int) -> np.random.Generator:
    """Return the random numbers of the PITs of cohorts that a model is validated on."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PIT,)))


def weights_stream(seed: int) -> np.random.Generator:
    """Return the random numbers of the bootstrap samples of studies by which models are weighted."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(WEIGHTS,)))
