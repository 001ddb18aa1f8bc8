"""`SpecificationGrid`: choices of an analysis that are varied together, as a frozen value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from typing import Any

from bayesmeta.deprecated import Renamed, renamed_arguments
from bayesmeta.errors import SpecError, listed, nearest
from bayesmeta.estimates.questions import Question
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import (
    LKJ,
    ArmEffects,
    Binomial,
    Covariates,
    Likelihood,
    ModelSpec,
    NormalEffects,
    StudyEffects,
)
from bayesmeta.multiverse.checks import check_axis, check_kind, check_plain

Choices = dict[str, str]
"""One choice of each axis: its name by that of the axis."""

Effects = StudyEffects | tuple[StudyEffects, ArmEffects]

AXES = ("outcome", "inclusion", "covariates", "study_effects", "likelihood", "priors")
"""What a grid varies, in the order of its rows: the last changes fastest."""

MODEL = "model"
"""Name of every model of a grid: rows are distinguished by their choices."""

DRAWS = 1000
"""Draws per chain: of the 4,000 together 1,000 or more are effective in models like the bundled
ones, so that the gate of 400 is passed with room and a bound's error is about a twentieth of the
posterior's standard deviation, less than choices matter by; a third of the time of a single fit's."""


@renamed_arguments(answer="question")
@dataclass(frozen=True)
class SpecificationGrid:
    """Choices of an analysis that are varied together: every combination is one fit.

    Read from a file by `load_grid`, run by `run_grid`. Each choice has a name, which the table of
    results shows.

    Parameters
    ----------
    name : str
        What reports call the grid.
    outcomes : sequence of str or of sequences of str
        Outcomes; the only one of the table where empty. Several nested outcomes, outermost first, are
        one choice, such as ``["CR", ["ORR", "CR"]]``: a joint model of them, of which the rates of
        ``question.outcome`` are kept.
    inclusion : mapping
        Inclusion rules by name: each the arguments `where`, `parts`, `strata`, `derivations`,
        `overlaps`, `include` and `mixed` of `EvidenceTable.select`.
    covariates : mapping
        `Covariates` by name.
    study_effects : mapping
        Distributions of study effects by name; with effects of arms, a pair of a distribution and
        `ArmEffects`.
    likelihood : mapping
        Likelihoods by name.
    priors : mapping
        Sets of priors by name: each may give ``"mu"``, ``"beta"`` (one, or by coefficient label),
        ``"tau"``, which takes the place of the distribution's, and ``"correlation"`` (`LKJ` or None).
        A model ignores those of parameters that it lacks. Each is for all outcomes.
    question : Question
        What each fit is asked.
    settings : SamplerSettings
        How each fit is sampled; 4 chains of 600 + 1,000 draws by default.
    seed : int, optional
        Random seed, unless `run_grid` is given one.

    Raises
    ------
    SpecError
        If an axis has no choice, a choice is of the wrong kind, or something would have no effect.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.SpecificationGrid(priors={"default": {}, "wide": {"tau": bm.HalfNormal(2)}})
    SpecificationGrid(grid: 2 combinations)
    """

    name: str = "grid"
    outcomes: Sequence[str | Sequence[str]] = ()
    inclusion: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"default": {}})
    covariates: Mapping[str, Covariates] = field(default_factory=lambda: {"none": Covariates()})
    study_effects: Mapping[str, Effects] = field(
        default_factory=lambda: {"normal": NormalEffects()}
    )
    likelihood: Mapping[str, Likelihood] = field(default_factory=lambda: {"binomial": Binomial()})
    priors: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"default": {}})
    question: Question = field(default_factory=Question)
    settings: SamplerSettings = field(default_factory=lambda: SamplerSettings(draws=DRAWS))
    seed: int | None = None

    answer = Renamed("question")

    def __post_init__(self) -> None:
        check_plain(self.name, self.outcomes, self.seed)
        check_kind("question", self.question, Question)
        check_kind("settings", self.settings, SamplerSettings)
        for axis in AXES[1:]:
            check_axis(axis, getattr(self, axis))
        outcomes = tuple(one if isinstance(one, str) else tuple(one) for one in self.outcomes)
        object.__setattr__(self, "outcomes", outcomes)
        if self.seed is not None:
            object.__setattr__(self, "seed", int(self.seed))
        for axis in AXES[1:]:
            object.__setattr__(self, axis, dict(getattr(self, axis)))
        self._check_use()

    def _check_use(self) -> None:
        """Refuse priors that no model has, covariates of the profile that none uses, and a factor."""
        given = {key for priors in self.priors.values() for key in priors}
        if "beta" in given and not any(one.parsed.terms for one in self.covariates.values()):
            raise SpecError(
                "`priors`: beta has no effect, as no model has covariates. Leave it out."
            )
        distributions = [self.effects(name)[0] for name in self.study_effects]
        if "tau" in given and all(one.tau is None for one in distributions):
            raise SpecError(
                "`priors`: tau has no effect, as no distribution has one. Leave it out."
            )
        if "correlation" in given and all(isinstance(one, str) for one in self.outcomes):
            raise SpecError(
                "`priors`: correlation has no effect, as no outcomes are nested. Leave it out."
            )
        used = {name for one in self.covariates.values() for name in one.parsed.columns}
        used |= {one.by for one in distributions if one.by is not None}
        for name in self.question.profile:
            if name not in used:
                raise SpecError(
                    f"`profile` names '{name}', which no model of the grid uses. {nearest(str(name), used)}"
                )
        if self.question.factor is not None:
            raise SpecError("`factor` has no effect in a specification grid. Leave it out.")
        self._check_outcome()

    def _check_outcome(self) -> None:
        """Refuse a question that names no outcome of several, or one without effect."""
        nests, asked = (
            [one for one in self.outcomes if not isinstance(one, str)],
            self.question.outcome,
        )
        for nest in nests:
            if asked not in nest:
                raise SpecError(
                    f"`question` must name one of several outcomes, {listed(nest)}; got {asked!r}. "
                    f"Write Question(outcome={nest[-1]!r})."
                )
        if asked is not None and not nests:
            raise SpecError(
                "`question` names an outcome, which has no effect where each fit has one. Leave it out."
            )

    @property
    def selections(self) -> dict[str, dict[str, Any]]:
        """How `EvidenceTable.select` is asked for each choice of outcomes, by its name."""
        return {
            one if isinstance(one, str) else f"{self.question.outcome} ({' > '.join(one)})": (
                {"outcome": one} if isinstance(one, str) else {"outcomes": list(one)}
            )
            for one in self.outcomes
        }

    @property
    def size(self) -> int:
        """Number of combinations."""
        return prod(len(names) for names in self._names(tuple(self.selections) or ("",)).values())

    def combinations(self, outcomes: Sequence[str]) -> Iterator[Choices]:
        """Yield every combination for these outcomes, the last axis changing fastest."""
        for combination in product(*self._names(outcomes).values()):
            yield dict(zip(AXES, combination, strict=True))

    def model(self, choices: Choices) -> ModelSpec:
        """Return the model of a combination; raise SpecError if its parts do not go together."""
        priors = self.priors[choices["priors"]]
        distribution, arm_effects = self.effects(choices["study_effects"])
        if distribution.tau is not None and "tau" in priors:
            distribution = replace(distribution, tau=priors["tau"])  # type: ignore[type-var]  # distributions are dataclasses
        covariates = self.covariates[choices["covariates"]]
        # A fit of one outcome has no correlation, and is the same under each prior of it.
        is_nested = "outcomes" in self.selections.get(choices["outcome"], {})
        return ModelSpec(
            MODEL,
            study_effects=distribution,
            covariates=covariates,
            mu=priors.get("mu"),
            beta=priors.get("beta") if covariates.parsed.terms else None,
            likelihood=self.likelihood[choices["likelihood"]],
            arm_effects=arm_effects,
            correlation=priors.get("correlation", LKJ()) if is_nested else LKJ(),
        )

    def effects(self, name: str) -> tuple[StudyEffects, ArmEffects | None]:
        """Return the distributions of study effects and of arm effects, if any, of a choice."""
        found = self.study_effects[name]
        return found if isinstance(found, tuple) else (found, None)

    def _names(self, outcomes: Sequence[str]) -> dict[str, tuple[str, ...]]:
        own = {axis: tuple(getattr(self, axis)) for axis in AXES[1:]}
        return {"outcome": tuple(outcomes)} | own

    def __repr__(self) -> str:
        return f"SpecificationGrid({self.name}: {self.size:,} combinations)"
