"""Normal effects of studies, and of arms within them."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, override

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.model.effects.base import ScaledEffects, Values, check_scale, normal_nodes
from bayesmeta.priors import HalfNormal, Prior


@dataclass(frozen=True)
class NormalEffects(ScaledEffects):
    """Study effects normal about zero with standard deviation `tau`.

    Parameters
    ----------
    tau : Prior or mapping
        Prior of the standard deviation (log-odds where the link is the logit); or priors by outcome,
        with ``"default"`` for the others.
    by : str, optional
        Study-level column whose levels each have a `tau` of their own.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.NormalEffects(bm.HalfNormal(1)).symbol
    'u ~ Normal(0, tau)'
    """

    name: ClassVar[str] = "normal"
    words: ClassVar[str] = (
        "Studies differ: the effects of studies are normal about zero, with standard deviation tau."
    )
    is_normal: ClassVar[bool] = True

    @property
    @override
    def symbol(self) -> str:
        return "u ~ Normal(0, tau)"

    @override
    def standard(self, **own: Any) -> Any:
        import pymc as pm

        return pm.Normal("z", 0, 1, dims="study")

    @override
    def standard_quantile(self, probability: Array, **own: Values) -> Array:
        from scipy.special import ndtri

        return np.asarray(ndtri(probability))

    @override
    def nodes(self, tau: Values, pole: float, **own: Values) -> tuple[Array, Array]:
        return normal_nodes(tau, pole)

    @override
    def variance(self, tau: Values, **own: Values) -> Array:
        return np.asarray(tau, dtype=np.float64) ** 2


@dataclass(frozen=True)
class ArmEffects:
    """Effects `w` of arms about their study, normal with standard deviation `tau_arm`.

    Parameters
    ----------
    tau_arm : Prior
        Prior of the standard deviation (log-odds where the link is the logit).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.ModelSpec("arms differ", arm_effects=bm.ArmEffects(bm.HalfNormal(0.25))).arm_effects
    ArmEffects(tau_arm=HalfNormal(0.25))
    """

    tau_arm: Prior = field(default_factory=lambda: HalfNormal(0.25))

    def __post_init__(self) -> None:
        check_scale("tau_arm", self.tau_arm)
