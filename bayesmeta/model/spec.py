"""Model specifications: what is assumed, as frozen values without data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from bayesmeta.errors import SpecError
from bayesmeta.labels import Labels
from bayesmeta.model.coding import Coding
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.default_priors import DEFAULT, completed_beta
from bayesmeta.model.effects import ArmEffects, NormalEffects, StudyEffects
from bayesmeta.model.likelihoods import Binomial, Likelihood
from bayesmeta.model.links import Link, Logit
from bayesmeta.priors import Prior

__all__ = ["ModelSpec"]


@dataclass(frozen=True)
class ModelSpec:
    """A hierarchical model of response rates: what is assumed, without data.

    ``events ~ Binomial(n, rate)`` and ``link(rate) = mu + covariates @ beta + u + w``, with a study
    effect `u` shared by the arms of a study and, where asked for, an effect `w` of each arm.

    Parameters
    ----------
    name : str
        What reports call the model.
    description : str
        One sentence about it.
    study_effects : StudyEffects
        Distribution of `u`, such as `NormalEffects` or `CommonEffect`.
    covariates : Covariates or str
        Covariates, or just their formula.
    mu : Prior, optional
        Prior of the linear predictor at the reference profile, on the scale of the link; the
        link's own where None: StudentT(3, 0, 1.5) for the logit, nearly flat over rates from 1% to
        99% and with room for rarer ones.
    beta : Prior or mapping, optional
        Prior of every coefficient, per unit of the coded column, on the scale of the link; or priors by
        coefficient label, with ``"default"`` for the others. Coefficients that are given none have the
        link's own, Normal(0, 1) for the logit: of a level, against the reference; of a number, per
        standard deviation of its coded column over the arms, so that it does not hang on the unit. The
        model of a fit has the priors that this comes to.
    likelihood : Likelihood
        `Binomial` or `BetaBinomial`, with their link.
    arm_effects : ArmEffects, optional
        Distribution of `w`; None for no such effects.
    labels : Labels or mapping
        What people call levels and outcomes: by column, its values with their labels, such as
        ``{"regimen": {"DEC": "decitabine"}}``; outcomes are the values of ``"outcome"``.

    Raises
    ------
    SpecError
        If a part is of the wrong kind, a prior can't be used where it stands, or two parts say the
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
    mu: Prior = None  # type: ignore[assignment]  # the link's own
    beta: Prior | Mapping[str, Prior] | None = None
    likelihood: Likelihood = field(default_factory=Binomial)
    arm_effects: ArmEffects | None = None
    labels: Labels = field(default_factory=Labels, hash=False)

    def __post_init__(self) -> None:
        _check_text(self.name, self.description)
        if isinstance(self.covariates, str):
            object.__setattr__(self, "covariates", Covariates(self.covariates))
        if not isinstance(self.labels, Labels):
            object.__setattr__(self, "labels", Labels(self.labels))
        self._check_parts()
        if self.mu is None:
            object.__setattr__(self, "mu", self.link.mu)
        if isinstance(self.beta, Mapping):
            object.__setattr__(self, "beta", dict(self.beta))
        if not self.covariates.parsed.terms and self.beta not in (None, self.link.beta):
            raise SpecError(
                f"`beta` has no effect without covariates; got {self.beta!r}. Leave it out."
            )
        scale = self.link.scale
        _check_unbounded("mu", self.mu, scale)
        for label, prior in self.beta_priors.items():
            _check_unbounded("beta" if label == DEFAULT else f"beta {label}", prior, scale)

    def _check_parts(self) -> None:
        parts = {
            "covariates": (Covariates, "Covariates or a formula"),
            "study_effects": (StudyEffects, "a distribution such as NormalEffects or CommonEffect"),
            "likelihood": (Likelihood, "Binomial or BetaBinomial"),
            "arm_effects": (ArmEffects | None, "ArmEffects or None"),
        }
        for name, (kind, wanted) in parts.items():
            if not isinstance(getattr(self, name), kind):
                raise SpecError(f"`{name}` must be {wanted}; got {getattr(self, name)!r}.")
        if self.likelihood.overdispersed and self.arm_effects is not None:
            raise SpecError(
                f"`arm_effects` and a {self.likelihood.words} likelihood both let arms differ beyond chance, and "
                "can't be told apart. Keep one of them."
            )

    @property
    def link(self) -> Link:
        """Link of the linear predictor."""
        return self.likelihood.link

    @property
    def beta_priors(self) -> dict[str, Prior]:
        """Priors of the coefficients by label; ``"default"`` is that of all the others.

        Before the model meets its arms, those of numbers that were given none are not known.
        """
        if isinstance(self.beta, Mapping):
            return {DEFAULT: self.link.beta, **self.beta}
        return {DEFAULT: self.link.beta if self.beta is None else self.beta}

    def completed(self, coding: Coding) -> Self:
        """Return the model with the default priors of numbers as they are on the arms of a coding."""
        if not coding.names:
            return self
        return replace(self, beta=completed_beta(self.beta, self.link, coding))

    def __repr__(self) -> str:
        terms = [":".join(factor.text for factor in term) for term in self.covariates.parsed.terms]
        effects = ["u"] * self.study_effects.has_effects + ["w"] * (self.arm_effects is not None)
        predictor = " + ".join(["mu", *terms, *effects])
        by = f" by {self.study_effects.by}" if self.study_effects.by else ""
        plain = self.likelihood == Binomial(Logit())
        distribution = "" if plain else f", {self.likelihood.name} {self.link.name} likelihood"
        return f"ModelSpec({self.name}: {predictor}, {self.study_effects.name} study effects{by}{distribution})"


def _check_unbounded(label: str, prior: object, scale: str) -> None:
    if not isinstance(prior, Prior):
        raise SpecError(f"`{label}` must be a prior, such as Normal(0, 1.5); got {prior!r}.")
    if prior.support != (-math.inf, math.inf):
        raise SpecError(
            f"`{label}` is on the {scale} scale: its prior must allow every number; got {prior!r}. "
            "Use Normal, StudentT or Cauchy."
        )


def _check_text(name: object, description: object) -> None:
    for label, value in (("name", name), ("description", description)):
        if not isinstance(value, str):
            raise SpecError(f"`{label}` must be text; got {value!r}.")
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise SpecError(
                f"`{label}` must be text that can be written down; got {value!r}. Retype it."
            )
