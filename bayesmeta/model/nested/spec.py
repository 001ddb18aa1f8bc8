"""Specifications of joint models of nested outcomes: what is assumed, without data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from bayesmeta.errors import SpecError, nearest
from bayesmeta.labels import Labels
from bayesmeta.model.coding import Coding
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.default_priors import DEFAULT, completed_beta
from bayesmeta.model.effects.base import check_scale
from bayesmeta.model.links import Link, Logit
from bayesmeta.numeric import is_number
from bayesmeta.priors import HalfNormal, Prior

__all__ = ["LKJ", "NestedSpec"]

SMALLEST_ETA, LARGEST_ETA = 0.1, 1000.0
"""Below the first, correlations have their prior at -1 and 1, where no density can be computed."""


@dataclass(frozen=True)
class LKJ:
    """A prior of the correlations between a study's effects on the levels of a nest.

    Parameters
    ----------
    eta : float
        1: every correlation matrix is as likely; the larger, the nearer to none.

    Raises
    ------
    SpecError
        If `eta` is not a number from 0.1 to 1000.

    References
    ----------
    Lewandowski, Kurowicka & Joe 2009, doi:10.1016/j.jmva.2009.04.008.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.NestedSpec(correlation=bm.LKJ(4)).correlation
    LKJ(4)
    """

    eta: float = 2.0

    def __post_init__(self) -> None:
        if not is_number(self.eta):
            raise SpecError(f"`eta` of LKJ must be a number; got {self.eta!r}.")
        if not SMALLEST_ETA <= self.eta <= LARGEST_ETA:
            raise SpecError(
                f"`eta` of LKJ must be from {SMALLEST_ETA:g} to {LARGEST_ETA:g}; got {self.eta:g}."
            )
        object.__setattr__(self, "eta", float(self.eta))

    def __repr__(self) -> str:
        return f"LKJ({self.eta:g})"


@dataclass(frozen=True)
class NestedSpec:
    """A joint hierarchical model of nested outcomes: what is assumed, without data.

    For each outcome, ``link(ratio) = mu + covariates @ beta + u`` is the predictor of its ratio to the
    outcome around it (to all patients, of the outermost), with `mu`, `beta`, `tau` and study effects
    `u` of its own. The effects of a study on the several ratios may be correlated. Outcomes are those
    of the arms it is fitted to.

    Parameters
    ----------
    name : str
        What reports call the model.
    description : str
        One sentence about it.
    covariates : Covariates or str
        Covariates of every ratio, or just their formula.
    mu : Prior or mapping, optional
        Prior of the predictor of each ratio at the reference profile, on the scale of the link; or
        priors by outcome, with ``"default"`` for the others; the link's own where None.
    beta : Prior or mapping, optional
        Prior of every coefficient, per unit of the coded column; or priors by coefficient label, with
        ``"default"`` for the others. Coefficients that are given none have the default of `ModelSpec`:
        those of numbers, per standard deviation of the coded column.
    tau : Prior or mapping
        Prior of the standard deviation of the study effects on each ratio; or priors by outcome.
    correlation : LKJ or None
        Prior of the correlations of a study's effects; None for independent effects.
    link : Link
        `Logit`, `Probit` or `CLogLog`.
    labels : Labels or mapping
        What people call levels and outcomes; see `ModelSpec`.

    Raises
    ------
    SpecError
        If a part is of the wrong kind, or a prior can't be used where it stands.

    Examples
    --------
    >>> NestedSpec("regimen", covariates=Covariates("regimen_class", {"regimen_class": "ven_hma"}))
    NestedSpec(regimen: mu + regimen_class + u for each ratio, effects correlated by LKJ(2))
    """

    name: str = "nested"
    description: str = ""
    covariates: Covariates = field(default_factory=Covariates)
    mu: Prior | Mapping[str, Prior] = None  # type: ignore[assignment]  # the link's own
    beta: Prior | Mapping[str, Prior] | None = None
    tau: Prior | Mapping[str, Prior] = field(default_factory=lambda: HalfNormal(1))
    correlation: LKJ | None = field(default_factory=LKJ)
    link: Link = field(default_factory=Logit)
    labels: Labels = field(default_factory=Labels, hash=False)

    def __post_init__(self) -> None:
        for name in ("name", "description"):
            if not isinstance(getattr(self, name), str):
                raise SpecError(f"`{name}` must be text; got {getattr(self, name)!r}.")
        self._take_short_forms()
        self._check_parts()
        for name, own in (("mu", self.link.mu), ("tau", HalfNormal(1))):
            value = getattr(self, name)
            object.__setattr__(self, name, _normalised(own if value is None else value, own))
        for name in ("mu", "beta", "tau"):
            for label, prior in self.priors(name).items():
                _check_prior(name, label, prior, self.link.scale)
        if not self.covariates.parsed.terms and self.beta not in (None, self.link.beta):
            raise SpecError(
                f"`beta` has no effect without covariates; got {self.beta!r}. Leave it out."
            )

    def _take_short_forms(self) -> None:
        if isinstance(self.covariates, str):
            object.__setattr__(self, "covariates", Covariates(self.covariates))
        if not isinstance(self.labels, Labels):
            object.__setattr__(self, "labels", Labels(self.labels))

    def _check_parts(self) -> None:
        kinds = {"covariates": Covariates, "correlation": LKJ | None, "link": Link}
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                wanted = {"correlation": "LKJ(eta) or None"}.get(name, name.capitalize())
                raise SpecError(f"`{name}` must be {wanted}; got {getattr(self, name)!r}.")
        if self.covariates.impute:
            raise SpecError(
                "`impute` is not available for nested outcomes. Leave the column out, or drop arms without it."
            )

    def priors(self, name: str) -> dict[str, Prior]:
        """Return the priors of `mu`, `beta` or `tau` by label, the others' under ``"default"``.

        Before the model meets its arms, those of numbers that were given none are not known.
        """
        value = getattr(self, name)
        if isinstance(value, Mapping):
            return {DEFAULT: self.link.beta, **value} if name == "beta" else dict(value)
        return {DEFAULT: self.link.beta if value is None else value}

    def completed(self, coding: Coding) -> Self:
        """Return the model with the default priors of numbers as they are on the arms of a coding."""
        if not coding.names:
            return self
        return replace(self, beta=completed_beta(self.beta, self.link, coding))

    def prior_of(self, name: str, label: str) -> Prior:
        """Return the prior of `mu` or `tau` of one outcome."""
        priors = self.priors(name)
        return priors.get(label, priors[DEFAULT])

    def check_labels(self, name: str, valid: tuple[str, ...]) -> None:
        """Raise if a prior belongs to no outcome or coefficient there is.

        Raises
        ------
        SpecError
            If so; the nearest valid label is named.
        """
        for label in self.priors(name):
            if label != DEFAULT and label not in valid:
                raise SpecError(
                    f"`{name}` has a prior for '{label}', which the evidence has not. {nearest(label, valid)}"
                )

    def __repr__(self) -> str:
        terms = [":".join(factor.text for factor in term) for term in self.covariates.parsed.terms]
        predictor = " + ".join(["mu", *terms, "u"])
        effects = (
            "independent effects"
            if self.correlation is None
            else f"effects correlated by {self.correlation!r}"
        )
        link = "" if self.link == Logit() else f", {self.link.name} link"
        return f"NestedSpec({self.name}: {predictor} for each ratio, {effects}{link})"


def _normalised(value: object, own: Prior) -> object:
    """Return a mapping of priors of `mu` or `tau` with a default, anything else as it is."""
    return {DEFAULT: own, **value} if isinstance(value, Mapping) else value


def _check_prior(name: str, label: str, prior: object, scale: str) -> None:
    shown = name if label == DEFAULT else f"{name} {label}"
    if name == "tau":
        check_scale(shown, prior)
        return
    if not isinstance(prior, Prior):
        raise SpecError(f"`{shown}` must be a prior, such as Normal(0, 1.5); got {prior!r}.")
    if prior.support != (-math.inf, math.inf):
        raise SpecError(
            f"`{shown}` is on the {scale} scale: its prior must allow every number; got {prior!r}. "
            "Use Normal, StudentT or Cauchy."
        )
