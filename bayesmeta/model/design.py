"""A model meets its evidence: the numbers that both the definition and the fast density use."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from bayesmeta.arrays import Array, Flags, Integers
from bayesmeta.errors import EvidenceWarning, SpecError, issue_warning, listed
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.model.coding import Coding
from bayesmeta.model.conditional_counts import ConditionalCounts, conditional_counts
from bayesmeta.model.curves import SurvivalCurve
from bayesmeta.model.default_priors import priors_of
from bayesmeta.model.imputation import Imputation, filled, imputations
from bayesmeta.model.learning import learn_coding, missing_covariates
from bayesmeta.model.level_effects import LevelEffects
from bayesmeta.model.limits import check_outcomes
from bayesmeta.model.publication import Publication
from bayesmeta.model.scalars import Scalar, scalars_of
from bayesmeta.model.sense import check_sense, warn_of_little_evidence
from bayesmeta.model.spec import ModelSpec
from bayesmeta.model.survival_reports import Reports, reports_of
from bayesmeta.model.totals import Totals, totals_of
from bayesmeta.priors import Prior


@dataclass(frozen=True, eq=False)
class Design:
    """A specification with the arms it is fitted to and the coding learnt from them.

    Made by `make_design`, its specification has no default prior left that depends on the arms.
    """

    spec: ModelSpec
    arms: Arms
    coding: Coding
    publication: Publication | None = None
    """How the publication of a study depends on its effect; None where all studies are known."""
    weights: Array | None = None
    """Power of each arm's likelihood, from 0 to 1, shape (arm,); None where all count in full."""

    @cached_property
    def published(self) -> Array:
        """What `Publication.of` says of each study, shape (study, 3); (0, 3) where all are known."""
        if self.publication is None:
            return np.zeros((0, 3))
        return self.publication.of(np.bincount(self.arms.study_index, weights=self.arms.n))

    @cached_property
    def matrix(self) -> Array:
        """Coded covariates, dims (arm, covariate); a missing value stands at the mean of the known.

        Columns of exchangeable levels stand last.
        """
        return self.coding.matrix(filled(self.coding, self.arms.frame))

    @cached_property
    def matrix_at_centres(self) -> Array:
        """Coded covariates, dims (arm, covariate); a missing value stands at its column's centre."""
        if not self.coding.covariates.impute:
            return self.matrix
        return self.coding.matrix(self.arms.frame)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes, outermost first."""
        return self.arms.outcomes

    @property
    def several(self) -> bool:
        """Whether there are several outcomes."""
        return len(self.arms.outcomes) > 1

    @property
    def beta(self) -> tuple[Prior, ...]:
        """Prior of each coefficient, in the order of the columns; the same for every outcome."""
        return priors_of(self.spec.beta_priors, self.coding.names)

    @property
    def level_effects(self) -> tuple[LevelEffects, ...]:
        """Distribution of the effects of each term of exchangeable levels."""
        return tuple(self.spec.levels_of(name) for name in self.coding.level_terms)

    @property
    def sigmas(self) -> tuple[Prior, ...]:
        """Prior of the scale of the effects of each term of exchangeable levels."""
        pairs = zip(self.level_effects, self.coding.exchangeable, strict=True)
        return tuple(one.sigma_of(coded.spread(self.coding.numbers)) for one, coded in pairs)

    @cached_property
    def term_of_level(self) -> Integers:
        """Position among the terms of each exchangeable level's, shape (level,)."""
        sizes = [len(one.levels) for one in self.coding.exchangeable]
        return np.repeat(np.arange(len(sizes)), sizes)

    def effects_of_levels(self, z: Array, sigma: Array) -> Array:
        """Return the effects of exchangeable levels from standardised ones, dims (..., level)."""
        return self._by_level(lambda one, own, scale: one.effect(own, scale), z, sigma)

    def standardised_levels(self, b: Array, sigma: Array) -> Array:
        """Return the standardised effects of exchangeable levels, dims (..., level)."""
        return self._by_level(lambda one, own, scale: one.standardised(own, scale), b, sigma)

    def _by_level(
        self, change: Callable[[LevelEffects, Array, Array], Array], values: Array, sigma: Array
    ) -> Array:
        """Return values of each level, changed given the scale of its term."""
        each = [
            change(self.level_effects[term], values[..., place], sigma[..., term])
            for place, term in enumerate(self.term_of_level)
        ]
        return np.stack(each, axis=-1)

    @property
    def mu(self) -> tuple[Prior, ...]:
        """Prior of each outcome's mu."""
        return tuple(self.spec.prior_of("mu", outcome) for outcome in self.outcomes)

    @property
    def tau(self) -> tuple[Prior, ...]:
        """Prior of each outcome's tau; none where the distribution has no tau."""
        if self.spec.study_effects.tau is None:
            return ()
        return tuple(self.spec.prior_of("tau", outcome) for outcome in self.outcomes)

    @property
    def pairs(self) -> tuple[str, ...]:
        """Names of the pairs of outcomes whose effects are correlated; none where they are not."""
        if self.spec.correlation is None:
            return ()
        return tuple(f"{one}, {other}" for one, other in combinations(self.outcomes, 2))

    @cached_property
    def conditional_counts(self) -> ConditionalCounts:
        """The counts that arms report, each among the patients of the enclosing outcome."""
        return conditional_counts(self.arms)

    @property
    def curve(self) -> SurvivalCurve:
        """The family of survival curves."""
        if self.spec.curve is None:
            raise SpecError(f"{self.spec.name} is no model of survival. Give it a `curve`.")
        return self.spec.curve

    @cached_property
    def reports(self) -> Reports:
        """What arms report of survival."""
        if not isinstance(self.arms, SurvivalArms):
            raise SpecError(
                "`arms` report no survival. Select them by read_survival(...).select(...)."
            )
        return reports_of(self.arms)

    @cached_property
    def totals(self) -> Totals:
        """The arms whose counts are totals over levels with rates of their own."""
        return totals_of(self.coding, self.arms)

    @cached_property
    def imputed(self) -> tuple[Imputation, ...]:
        """The covariates whose missing values the model estimates."""
        return imputations(self.coding, self.arms)

    @property
    def tau_levels(self) -> tuple[str, ...]:
        """Levels that each have a tau of their own; one, unnamed, where all studies share one."""
        by = self.spec.study_effects.by
        return self.coding.levels[by] if by else ("",)

    @cached_property
    def tau_of_study(self) -> Integers:
        """Position among `tau_levels` of each study's, shape (study,)."""
        by = self.spec.study_effects.by
        first = np.unique(self.arms.study_index, return_index=True)[1]
        if by is None:
            return np.zeros(len(first), dtype=np.int64)
        levels = self.spec.covariates.levels_of(by, self.arms.frame[by].iloc[first])
        return np.array([self.tau_levels.index(level) for level in levels], dtype=np.int64)

    @cached_property
    def scalars(self) -> tuple[Scalar, ...]:
        """Scalar parameters beside `mu` and `beta`, in the order of the sampler's coordinates."""
        return tuple(scalars_of(self))

    @property
    def placed_scalars(self) -> tuple[tuple[Scalar, int], ...]:
        """Each scalar with its position among those of its variable."""
        names = [scalar.name for scalar in self.scalars]
        return tuple((one, names[:i].count(one.name)) for i, one in enumerate(self.scalars))

    def rows(self, kept: Flags) -> "Design":
        """Return the design of some rows of its arms, which does not list what it lacks."""
        return with_arms(self, self.arms.rows(kept), kept)

    def places(self, name: str) -> list[int]:
        """Return the positions of a variable's parameters among `scalars`."""
        return [place for place, scalar in enumerate(self.scalars) if scalar.name == name]


def make_design(spec: ModelSpec, arms: Arms, *, warn: bool = True) -> Design:
    """Return the design of `spec` on `arms`, leaving out arms whose covariates are missing."""
    try:
        design = _design(spec, arms)
    except SpecError as error:
        raise type(error)(f"{spec.name}: {error}") from error
    if warn:
        warn_of_little_evidence(design.spec, design.arms, design.coding)
    return design


def with_spec(design: Design, spec: ModelSpec, *, warn: bool = True) -> Design:
    """Return the design of another model with the same covariates, whose coding is not learnt again."""
    was = (design.spec.covariates, design.spec.study_effects.by)
    if (spec.covariates, spec.study_effects.by) != was:
        raise SpecError(
            f"`spec` must have the covariates and the `by` of the design; got {spec!r}. Use make_design."
        )
    try:
        check_outcomes(spec, design.arms)
        found = _checked(spec, design.arms, design.coding)
    except SpecError as error:
        raise type(error)(f"{spec.name}: {error}") from error
    vars(found)["matrix"] = design.matrix
    if warn:
        warn_of_little_evidence(found.spec, found.arms, found.coding)
    return found


def with_arms(design: Design, arms: Arms, rows: Flags) -> Design:
    """Return the design of some rows of its arms, `arms`, with the coding learnt from all."""
    weights = None if design.weights is None else design.weights[rows]
    found = replace(design, arms=arms, weights=weights)
    # Where values are imputed, the known ones decide on where missing ones stand.
    if not design.coding.covariates.impute:
        vars(found)["matrix"] = design.matrix[rows]
    return found


def _design(spec: ModelSpec, arms: Arms) -> Design:
    check_outcomes(spec, arms)
    arms = _complete(spec, arms)
    return _checked(spec, arms, learn_coding(spec.covariates, arms.frame, spec.study_effects.by))


def _checked(spec: ModelSpec, arms: Arms, coding: Coding) -> Design:
    """Return a design after checking that priors, parts and arms go together."""
    # A model of several outcomes may be fitted to one of them.
    others = arms.selection.get("outcomes", ()) if len(arms.outcomes) == 1 else ()
    outcomes = tuple(dict.fromkeys((*arms.outcomes, *others)))
    for name, valid in (("mu", outcomes), ("tau", outcomes), ("beta", coding.names)):
        spec.check_labels(name, valid)
    check_sense(spec, arms)
    return Design(spec.completed(coding, arms.outcomes), arms, coding)


def _complete(spec: ModelSpec, arms: Arms) -> Arms:
    missing = missing_covariates(spec.covariates, arms.frame, spec.study_effects.by)
    rows = np.asarray(missing.any(axis=1), dtype=bool)
    if not rows.any():
        return arms
    columns = [str(name) for name in missing.columns[missing.any()]]
    if rows.all():
        raise SpecError(
            f"No arm has all covariates of the model; missing: {listed(columns)}. Use a smaller model."
        )
    issue_warning(
        f"{rows.sum()} of {len(arms)} arms are left out because {listed(columns)} is missing: {listed(arms.labels[rows])}.",
        EvidenceWarning,
    )
    return arms.drop(rows, f"covariate: {', '.join(columns)} is missing")
