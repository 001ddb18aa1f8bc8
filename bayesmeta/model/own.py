"""What answers know of a model that the user wrote in PyMC."""

from dataclasses import dataclass
from typing import ClassVar

from bayesmeta.model.covariates import Covariates
from bayesmeta.model.effects import CommonEffect, NormalEffects, StudyEffects
from bayesmeta.model.likelihoods import Binomial, Likelihood
from bayesmeta.model.links import Link, Scale
from bayesmeta.priors import Prior


@dataclass(frozen=True)
class OwnModel:
    """A PyMC model of the user's own, as answers see it; the `spec` of a fit of one.

    `theta` is taken to be log-odds, and a new study to differ from `mu` by a normal effect with
    standard deviation `tau`, where the model has one.

    Parameters
    ----------
    name : str
        What reports call the model.
    definition : str
        The model as PyMC writes it.
    has_effects : bool
        Whether the model has `tau` and `u`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> own = bm.OwnModel("mine", "mu ~ Normal(0, 1.5)", has_effects=False)
    >>> own.study_effects, own.link.scale
    (CommonEffect(), 'log-odds')
    """

    name: str
    definition: str
    has_effects: bool

    description: ClassVar[str] = "A user-supplied PyMC model."
    likelihood: ClassVar[Likelihood] = Binomial()
    """Binomial logit, whatever the model's own likelihood: what a new cohort is taken to follow."""
    link: ClassVar[Link] = likelihood.link
    scale: ClassVar[Scale] = link
    curve: ClassVar[None] = None
    covariates: ClassVar[Covariates] = Covariates()
    arm_effects: ClassVar[None] = None
    """None that answers know of."""

    @property
    def study_effects(self) -> StudyEffects:
        """Distribution of a new study's effect; the prior of its tau is not known here."""
        return NormalEffects() if self.has_effects else CommonEffect()

    @property
    def beta_priors(self) -> dict[str, Prior]:
        """None that answers know of."""
        return {}

    def prior_of(self, name: str, outcome: str) -> Prior:
        """Return the prior of tau of `study_effects`, which need not be that of the model."""
        del name, outcome
        return self.study_effects.tau  # type: ignore[return-value]  # asked of where there is one

    def __repr__(self) -> str:
        return f"OwnModel({self.name}, {'normal' if self.has_effects else 'no'} study effects)"
