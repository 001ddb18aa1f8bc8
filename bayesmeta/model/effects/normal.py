"""Normal study effects."""

from dataclasses import dataclass
from typing import Any, ClassVar, override

import numpy as np
import numpy.typing as npt

from bayesmeta.model.effects.base import Array, ScaledEffects, normal_nodes

__all__ = ["NormalEffects"]


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
    def standard(self, **parameters: Any) -> Any:
        import pymc as pm

        return pm.Normal("z", 0, 1, dims="study")

    @override
    def quantile(
        self, probability: npt.ArrayLike, tau: npt.ArrayLike, **parameters: npt.ArrayLike
    ) -> Array:
        from scipy.special import ndtri

        probability = np.asarray(probability, dtype=np.float64)
        return np.asarray(ndtri(probability) * np.asarray(tau, dtype=np.float64))

    @override
    def nodes(
        self, tau: npt.ArrayLike, pole: float, **parameters: npt.ArrayLike
    ) -> tuple[Array, Array]:
        return normal_nodes(tau, pole)

    @override
    def variance(self, tau: npt.ArrayLike, **parameters: npt.ArrayLike) -> Array:
        return np.asarray(tau, dtype=np.float64) ** 2
