"""The two ends of the scale: studies that share one rate, and studies that share nothing."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, override

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.model.effects.base import StudyEffects, Values
from bayesmeta.priors import Prior


@dataclass(frozen=True)
class _Unscaled(StudyEffects):
    """A distribution without a scale, under which a new study has no effect of its own."""

    tau: None = field(default=None, init=False, repr=False)
    by: None = field(default=None, init=False, repr=False)

    @override
    def quantile(self, probability: Values, tau: Values, **own: Values) -> Array:
        return np.zeros(np.broadcast_shapes(np.shape(probability), np.shape(tau)))

    @override
    def nodes(self, tau: Values, pole: float, **own: Values) -> tuple[Array, Array]:
        return np.zeros((*np.shape(tau), 1)), np.ones(1)


@dataclass(frozen=True)
class CommonEffect(_Unscaled):
    """No study effects: all studies of one profile share one rate.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.ModelSpec("one rate", study_effects=bm.CommonEffect()).study_effects
    CommonEffect()
    """

    name: ClassVar[str] = "common"
    words: ClassVar[str] = (
        "The model has no study effects: all studies with the same covariates are alike."
    )
    has_effects: ClassVar[bool] = False

    @property
    @override
    def symbol(self) -> str:
        return ""

    @override
    def to_pymc(self, tau: Any, mu: Any, mu_prior: Prior, **own: Any) -> Any:
        return None

    @override
    def variance(self, tau: Values, **own: Values) -> Array:
        return np.zeros(np.shape(tau))


@dataclass(frozen=True)
class IndependentStudies(_Unscaled):
    """No pooling: each study has a level of its own, with the prior of `mu`.

    ``mu + u`` of each study has the prior that `mu` has, and studies tell nothing of each other.
    `mu` is what is known of a study not seen: its posterior is its prior.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.IndependentStudies().symbol
    'mu + u of each study has the prior of mu'
    """

    name: ClassVar[str] = "independent"
    words: ClassVar[str] = "Studies are analysed independently: none informs another."
    pools: ClassVar[bool] = False

    @property
    @override
    def symbol(self) -> str:
        return "mu + u of each study has the prior of mu"

    @override
    def to_pymc(self, tau: Any, mu: Any, mu_prior: Prior, **own: Any) -> Any:
        import pymc as pm

        level = mu_prior.to_pymc("study_level", dims="study")
        return pm.Deterministic("u", level - mu, dims="study")

    @override
    def variance(self, tau: Values, **own: Values) -> Array:
        return np.full(np.shape(tau), np.inf)
