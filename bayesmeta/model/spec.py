"""Model specifications: what is assumed, as frozen values without data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from bayesmeta.errors import SpecError, nearest
from bayesmeta.labels import Labels
from bayesmeta.model.coding import Coding
from bayesmeta.model.correlation import LKJ
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.curves import SurvivalCurve
from bayesmeta.model.default_priors import DEFAULT, completed_beta
from bayesmeta.model.effects import ArmEffects, NormalEffects, StudyEffects
from bayesmeta.model.level_effects import LevelEffects, NormalLevels
from bayesmeta.model.likelihoods import Binomial, Likelihood
from bayesmeta.model.links import Link, Logit, Scale
from bayesmeta.priors import Prior


@dataclass(frozen=True)
class ModelSpec:
    """A hierarchical model of response rates: what is assumed, without data.

    ``events ~ Binomial(n, rate)`` and ``link(rate) = mu + covariates @ beta + u + w``, with a study
    effect `u` shared by the arms of a study and, where asked for, an effect `w` of each arm.

    Arms of several nested outcomes have `mu`, `beta`, `tau` and `u` for each, and `rate` is then the
    conditional probability of an outcome given the enclosing one (of the outermost, among all
    patients). The effects of a study on several outcomes may be correlated.

    Parameters
    ----------
    name : str
        What reports call the model.
    description : str
        One sentence about it.
    study_effects : StudyEffects
        Distribution of `u`, such as `NormalEffects` or `CommonEffect`; of several outcomes
        `NormalEffects`.
    covariates : Covariates or str
        Covariates, or just their formula.
    mu : Prior or mapping, optional
        Prior of the linear predictor at the reference profile, on the scale of the link; where None
        the link's own, StudentT(3, 0, 1.5) for the logit, nearly flat over rates from 1% to 99%. Or
        priors by outcome, with ``"default"`` for the others.
    beta : Prior or mapping, optional
        Prior of every coefficient, per unit of the coded column, on the scale of the link; or priors by
        coefficient label, with ``"default"`` for the others. By default the link's own, Normal(0, 1) for
        the logit: of a level, against the reference; of a number, per standard deviation over the arms.
    likelihood : Likelihood
        `Binomial` or `BetaBinomial`, with their link.
    arm_effects : ArmEffects, optional
        Distribution of `w`; None for no such effects.
    labels : Labels or mapping
        What people call levels and outcomes: by column, its values with their labels, such as
        ``{"regimen": {"DEC": "decitabine"}}``; outcomes are the values of ``"outcome"``.
    correlation : LKJ or None
        Prior of the correlations of a study's effects on several outcomes; None for independent
        effects. It has an effect only where the arms have several outcomes.
    levels : LevelEffects or mapping
        Distribution of the effects of exchangeable levels, the terms such as ``(1 | regimen_class)``
        of the formula; or distributions by term, such as ``"regimen_class"``, with ``"default"`` for
        the others. By default `NormalLevels`. Of a random walk, the term such as ``"walk(year)"``, it is
        that of the step from a year to the next, `NormalLevels` alone.
    curve : SurvivalCurve, optional
        Family of survival curves, such as `WeibullSurvival`; None for response rates. The linear
        predictor is then the log of the median survival in months, `mu` and `beta` are on that scale,
        and there is no `likelihood`.

    Raises
    ------
    SpecError
        If a part is of the wrong kind, a prior cannot be used where it stands, or two parts say the
        same.

    Examples
    --------
    >>> ModelSpec("regimen", covariates=Covariates("regimen_class", {"regimen_class": "ven_hma"}))
    ModelSpec(regimen: mu + regimen_class + u, normal study effects)
    """

    name: str = "pooled"
    description: str = ""
    study_effects: StudyEffects = field(default_factory=NormalEffects)
    covariates: Covariates = field(default_factory=Covariates)
    mu: Prior | Mapping[str, Prior] | None = None
    beta: Prior | Mapping[str, Prior] | None = None
    likelihood: Likelihood = field(default_factory=Binomial)
    arm_effects: ArmEffects | None = None
    labels: Labels = field(default_factory=Labels, hash=False)
    correlation: LKJ | None = field(default_factory=LKJ)
    levels: LevelEffects | Mapping[str, LevelEffects] = field(default_factory=NormalLevels)
    curve: SurvivalCurve | None = None

    def __post_init__(self) -> None:
        for label, value in (("name", self.name), ("description", self.description)):
            _check_text(label, value)
        if isinstance(self.covariates, str):
            object.__setattr__(self, "covariates", Covariates(self.covariates))
        if not isinstance(self.labels, Labels):
            object.__setattr__(self, "labels", Labels(self.labels))
        self._check_parts()
        self._check_levels()
        self._complete_priors()
        if not self.covariates.parsed.terms and self.beta not in (None, self.scale.beta):
            raise SpecError(
                f"`beta` has no effect without covariates; got {self.beta!r}. Leave it out."
            )
        for name in ("mu", "beta"):
            for label, prior in self.priors(name).items():
                shown = name if label == DEFAULT else f"{name} {label}"
                _check_unbounded(shown, prior, self.scale.scale)

    def _complete_priors(self) -> None:
        if self.mu is None:
            object.__setattr__(self, "mu", self.scale.mu)
        if isinstance(self.mu, Mapping):
            object.__setattr__(self, "mu", {DEFAULT: self.scale.mu, **self.mu})
        if isinstance(self.beta, Mapping):
            object.__setattr__(self, "beta", dict(self.beta))

    def _check_parts(self) -> None:
        parts = {
            "covariates": (Covariates, "Covariates or a formula"),
            "study_effects": (StudyEffects, "a distribution such as NormalEffects or CommonEffect"),
            "likelihood": (Likelihood, "Binomial or BetaBinomial"),
            "arm_effects": (ArmEffects | None, "ArmEffects or None"),
            "correlation": (LKJ | None, "LKJ(eta) or None"),
            "curve": (
                SurvivalCurve | None,
                "a family of survival curves such as WeibullSurvival(), or None",
            ),
        }
        for name, (kind, wanted) in parts.items():
            if not isinstance(getattr(self, name), kind):
                raise SpecError(f"`{name}` must be {wanted}; got {getattr(self, name)!r}.")
        if self.likelihood.overdispersed and self.arm_effects is not None:
            raise SpecError(
                f"`arm_effects` and a {self.likelihood.words} likelihood both let arms vary beyond binomial variation, and "
                "cannot be distinguished. Keep one of them."
            )

        if self.curve is not None and self.likelihood != Binomial():
            raise SpecError(
                f"`likelihood` has no effect beside `curve`, a model of survival; got {self.likelihood!r}. Leave it out."
            )

    def _check_levels(self) -> None:
        given = self.levels if isinstance(self.levels, Mapping) else {DEFAULT: self.levels}
        for name, value in given.items():
            if not isinstance(value, LevelEffects):
                raise SpecError(
                    f"`levels` of {name} must be a distribution such as NormalLevels(); got {value!r}."
                )
        if not self.covariates.parsed.levels and self.levels != NormalLevels():
            raise SpecError(
                f"`levels` has no effect without exchangeable levels; got {self.levels!r}. Leave it out, or write "
                "(1 | column) in the formula."
            )
        names = tuple(term.name for term in self.covariates.parsed.levels)
        for name in given:
            if name not in (DEFAULT, *names):
                raise SpecError(
                    f"`levels` has a distribution for '{name}', which is no term of the formula. {nearest(name, names)}"
                )
        if isinstance(self.levels, Mapping):
            object.__setattr__(self, "levels", {DEFAULT: NormalLevels(), **self.levels})
        self._check_walks()

    def _check_walks(self) -> None:
        by = self.study_effects.by
        if by in self.covariates.parsed.walk_columns:
            raise SpecError(f"`by` names '{by}', the years of a random walk. Name another column.")
        for term in self.covariates.parsed.levels:
            if term.walk and not isinstance(own := self.levels_of(term.name), NormalLevels):
                raise SpecError(
                    f"`levels` of {term.name} must be NormalLevels, whose steps add up to a normal drift; got {own!r}. "
                    f'Write {{"{term.name}": NormalLevels()}} beside those of other terms.'
                )

    def levels_of(self, term: str) -> LevelEffects:
        """Return the distribution of the effects of a term of exchangeable levels."""
        if isinstance(self.levels, Mapping):
            return self.levels.get(term, self.levels[DEFAULT])
        return self.levels

    @property
    def scale(self) -> Scale:
        """What the linear predictor is: its link, or the log of a median in months."""
        return self.link if self.curve is None else self.curve.scale

    @property
    def link(self) -> Link:
        """Link of the linear predictor of a rate."""
        return self.likelihood.link

    @property
    def beta_priors(self) -> dict[str, Prior]:
        """Priors of the coefficients by label; ``"default"`` is that of all the others."""
        return self.priors("beta")

    def priors(self, name: str) -> dict[str, Prior]:
        """Return the priors of `mu`, `beta` or `tau` by label, the others' under ``"default"``.

        Labels are those of outcomes, and of coefficients. Before the model meets its arms, default
        priors of coefficients of numbers are not known.
        """
        value = self.study_effects.tau if name == "tau" else getattr(self, name)
        own = self.scale.beta if name == "beta" and value is None else value
        if isinstance(own, Mapping):
            return {DEFAULT: self.scale.beta, **own} if name == "beta" else dict(own)
        return {} if own is None else {DEFAULT: own}

    def prior_of(self, name: str, label: str) -> Prior:
        """Return the prior of `mu` or `tau` of one outcome."""
        priors = self.priors(name)
        return priors.get(label, priors[DEFAULT])

    def check_labels(self, name: str, valid: tuple[str, ...]) -> None:
        """Raise if a prior belongs to no outcome, or to no coefficient, that there is.

        Raises
        ------
        SpecError
            If so; the nearest valid label is named.
        """
        what = "a coefficient" if name == "beta" else "an outcome of the evidence"
        for label in self.priors(name):
            if label != DEFAULT and label not in valid:
                raise SpecError(
                    f"`{name}` has a prior for '{label}', which is not {what}. {nearest(label, valid)}"
                )

    def completed(self, coding: Coding, outcomes: tuple[str, ...] = ("",)) -> Self:
        """Return the model as it is on the arms of a coding.

        Default priors of numbers are known there, and of one outcome priors by outcome are its own.
        """
        found = self
        if len(outcomes) == 1 and isinstance(found.mu, Mapping):
            found = replace(found, mu=found.prior_of("mu", outcomes[0]))
        if len(outcomes) == 1 and isinstance(found.study_effects.tau, Mapping):
            own = found.prior_of("tau", outcomes[0])
            found = replace(found, study_effects=replace(found.study_effects, tau=own))  # type: ignore[type-var]  # distributions are dataclasses
        if not coding.names:
            return found
        return replace(found, beta=completed_beta(found.beta, found.scale, coding))

    def __repr__(self) -> str:
        formula = self.covariates.parsed
        levels = (term.name if term.walk else f"b[{term.name}]" for term in formula.levels)
        terms = [*formula.term_names, *levels]
        effects = ["u"] * self.study_effects.has_effects + ["w"] * (self.arm_effects is not None)
        predictor = " + ".join(["mu", *terms, *effects])
        by = f" by {self.study_effects.by}" if self.study_effects.by else ""
        plain = self.likelihood == Binomial(Logit())
        distribution = "" if plain else f", {self.likelihood.name} {self.link.name} likelihood"
        if self.curve is not None:
            distribution = f", {self.curve.words} survival"
        correlation = "" if self.correlation == LKJ() else f", correlation {self.correlation!r}"
        return (
            f"ModelSpec({self.name}: {predictor}, {self.study_effects.name} study effects{by}"
            f"{correlation}{distribution})"
        )


def _check_unbounded(label: str, prior: object, scale: str) -> None:
    if not isinstance(prior, Prior):
        raise SpecError(f"`{label}` must be a prior, such as Normal(0, 1.5); got {prior!r}.")
    if prior.support != (-math.inf, math.inf):
        raise SpecError(
            f"`{label}` is on the {scale} scale: its prior must allow every number; got {prior!r}. "
            "Use Normal, StudentT or Cauchy."
        )


def _check_text(label: str, value: object) -> None:
    if not isinstance(value, str):
        raise SpecError(f"`{label}` must be text; got {value!r}.")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise SpecError(
            f"`{label}` must be text that can be encoded in UTF-8; got {value!r}. Retype it."
        )
