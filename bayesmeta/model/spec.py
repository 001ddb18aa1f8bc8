"""Model specifications: what is assumed, as frozen values without data."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bayesmeta.errors import SpecError, listed, nearest
from bayesmeta.model.effects import NormalEffects, StudyEffects
from bayesmeta.model.formula import Formula, parse_formula
from bayesmeta.model.levels import level_text
from bayesmeta.priors import Normal, Prior

__all__ = ["Covariates", "ModelSpec"]


@dataclass(frozen=True)
class Covariates:
    """Regression covariates and how they are coded.

    Parameters
    ----------
    formula : str
        Right-hand side of a formula: columns joined by ``+``, ``:`` and ``*``; ``C(column)`` for
        levels written as numbers; arithmetic and ``log``, ``sqrt``, ``exp``, ``bs``, ``poly``.
        Empty for none.
    reference : mapping
        Reference level of each factor; `mu` is the log-odds there.
    groups : mapping
        Levels of a factor to be taken as one: ``{"design": {"prospective": ["phase1", "phase2"]}}``.
    centre : mapping
        Value of a numeric column at which `mu` stands; the mean over arms where not given.

    Raises
    ------
    SpecError
        If the formula is not allowed, or another argument names a column that it does not use.
    """

    formula: str = ""
    reference: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    centre: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.formula, str):
            raise SpecError(
                f"`formula` must be text; got {self.formula!r}. Write column names joined by +."
            )
        for name in ("reference", "groups", "centre"):
            if not isinstance(getattr(self, name), Mapping):
                raise SpecError(
                    f"`{name}` must map columns to values; got {getattr(self, name)!r}."
                )
        parsed = parse_formula(self.formula)
        reference = {column: level_text(level) for column, level in self.reference.items()}
        groups = {
            column: {group: tuple(map(level_text, levels)) for group, levels in mapping.items()}
            for column, mapping in self.groups.items()
        }
        for name, value in (
            ("reference", reference),
            ("groups", groups),
            ("centre", dict(self.centre)),
        ):
            object.__setattr__(self, name, value)
            _check_used(name, value, parsed)
        _check_groups(groups)
        for column, at in self.centre.items():
            if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
                raise SpecError(f"`centre` of '{column}' must be a finite number; got {at!r}.")

    @property
    def parsed(self) -> Formula:
        """The formula's terms and factors."""
        return parse_formula(self.formula)


def _check_used(argument: str, mapping: Mapping[str, object], formula: Formula) -> None:
    for column in mapping:
        if column not in formula.columns:
            raise SpecError(
                f"`{argument}` names '{column}', which the formula does not use, so it would have no effect. "
                f"{nearest(column, formula.columns)}"
            )


def _check_groups(groups: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    for column, mapping in groups.items():
        levels = [level for members in mapping.values() for level in members]
        twice = sorted({level for level in levels if levels.count(level) > 1})
        if twice:
            raise SpecError(
                f"`groups` of '{column}' put {listed(twice)} into more than one group. Keep one."
            )


@dataclass(frozen=True)
class ModelSpec:
    """A binomial-logit hierarchical model: what is assumed, without data.

    ``events ~ Binomial(n, rate)`` and ``logit(rate) = mu + covariates @ beta + u``, with a study
    effect `u` shared by the arms of a study.

    Parameters
    ----------
    name : str
        What reports call the model.
    description : str
        One sentence about it.
    study_effects : StudyEffects
        Law of `u`: `NormalEffects` with a prior for `tau`, or `CommonEffect`.
    covariates : Covariates or str
        Covariates, or just their formula.
    mu : Prior
        Prior of the log-odds at the reference profile.
    beta : Prior or mapping
        Prior of every coefficient (log-odds per unit of the coded column), or priors by
        coefficient label, with ``"default"`` for the others.

    Raises
    ------
    SpecError
        If a part is of the wrong kind or a prior can't be used where it stands.

    Examples
    --------
    >>> ModelSpec("regimen", covariates=Covariates("regimen_class", {"regimen_class": "ven_hma"}))
    ModelSpec(regimen: mu + regimen_class + u, normal study effects)
    """

    name: str = "pooled"
    description: str = ""
    study_effects: StudyEffects = field(default_factory=NormalEffects)
    covariates: Covariates = field(default_factory=Covariates)
    mu: Prior = field(default_factory=lambda: Normal(0, 1.5))
    beta: Prior | Mapping[str, Prior] = field(default_factory=lambda: Normal(0, 1))

    def __post_init__(self) -> None:
        _check_text(self.name, self.description)
        if isinstance(self.covariates, str):
            object.__setattr__(self, "covariates", Covariates(self.covariates))
        if not isinstance(self.covariates, Covariates):
            raise SpecError(
                f"`covariates` must be Covariates or a formula; got {self.covariates!r}."
            )
        if not isinstance(self.study_effects, StudyEffects):
            raise SpecError(
                f"`study_effects` must be NormalEffects or CommonEffect; got {self.study_effects!r}."
            )
        if isinstance(self.beta, Mapping):
            object.__setattr__(self, "beta", dict(self.beta))
        if not self.covariates.parsed.terms and self.beta != Normal(0, 1):
            raise SpecError(
                f"`beta` has no effect without covariates; got {self.beta!r}. Leave it out."
            )
        _check_unbounded("mu", self.mu)
        for label, prior in self.beta_priors.items():
            _check_unbounded("beta" if label == "default" else f"beta {label}", prior)

    @property
    def beta_priors(self) -> dict[str, Prior]:
        """Priors of the coefficients by label; ``"default"`` is that of all the others."""
        given = dict(self.beta) if isinstance(self.beta, Mapping) else {"default": self.beta}
        return {"default": Normal(0, 1), **given}

    def __repr__(self) -> str:
        terms = [":".join(factor.text for factor in term) for term in self.covariates.parsed.terms]
        effects = ["u"] if self.study_effects.tau is not None else []
        predictor = " + ".join(["mu", *terms, *effects])
        return f"ModelSpec({self.name}: {predictor}, {self.study_effects.name} study effects)"


def _check_unbounded(label: str, prior: object) -> None:
    if not isinstance(prior, Prior):
        raise SpecError(f"`{label}` must be a prior, such as Normal(0, 1.5); got {prior!r}.")
    if prior.support != (-math.inf, math.inf):
        raise SpecError(
            f"`{label}` is a log-odds: its prior must allow every number; got {prior!r}. "
            "Use Normal, StudentT or Cauchy."
        )


def _check_text(name: object, description: object) -> None:
    for label, value in (("name", name), ("description", description)):
        if not isinstance(value, str):
            raise SpecError(f"`{label}` must be text; got {value!r}.")
