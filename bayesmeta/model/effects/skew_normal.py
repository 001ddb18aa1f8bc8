"""Skew-normal study effects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

import numpy as np
from scipy import special

from bayesmeta.arrays import Array
from bayesmeta.errors import SpecError
from bayesmeta.model.effects.base import (
    EXPONENT,
    REACH,
    WIDEST_STEP,
    ScaledEffects,
    Values,
    root_of,
)
from bayesmeta.priors import Normal, Prior

BISECTIONS = 16

MOST_SLANT = 100.0
"""Slant beyond which the step of the nodes gets no finer: the distribution hardly changes."""


@dataclass(frozen=True)
class SkewNormalEffects(ScaledEffects):
    """Skew-normal study effects with mean zero, standard deviation `tau` and slant `skew`.

    Without slant they are normal. With a positive one the studies far above the mean are farther from it
    than those far below; with a negative one the reverse. `mu` is the mean over studies of the linear
    predictor; the typical rate is that of the median study.

    Parameters
    ----------
    tau : Prior
        Prior of the standard deviation (log-odds where the link is the logit).
    by : str, optional
        Study-level column whose levels each have a `tau` of their own.
    skew : Prior
        Prior of the slant; its skewness is 0.14 at a slant of 1, 0.67 at 3 and at most 1.

    References
    ----------
    Azzalini 1985, Scandinavian Journal of Statistics 12:171-178 (the distribution).
    Azzalini & Capitanio 2014, doi:10.1017/CBO9781139248891.
    Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x (other distributions of
    study effects).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> effects = bm.SkewNormalEffects()
    >>> [round(float(effects.quantile(p, tau=1, skew=3)), 2) for p in (0.025, 0.975)]
    [-1.61, 2.27]
    """

    name: ClassVar[str] = "skew_normal"
    words: ClassVar[str] = (
        "Studies differ: their effects are skew-normal with mean zero and standard deviation tau."
    )
    code: ClassVar[int] = 3
    is_symmetric: ClassVar[bool] = False
    fewest_studies: ClassVar[int] = 5
    feature: ClassVar[str] = "a skew distribution"
    units: ClassVar[Mapping[str, str]] = {"skew": "slant"}
    skew: Prior = field(default_factory=lambda: Normal(0, 2))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.skew, Prior):
            raise SpecError(f"`skew` must be a prior, such as Normal(0, 2); got {self.skew!r}.")

    @property
    @override
    def symbol(self) -> str:
        return "u ~ SkewNormal(0, tau, skew)"

    @override
    def standard(self, **own: Any) -> Any:
        import pymc as pm

        return pm.CustomDist(
            "z", own["skew"], logp=_standard_logp, random=_standard_draws, dims="study"
        )

    @override
    def standard_quantile(self, probability: Array, **own: Values) -> Array:
        skew = np.asarray(own["skew"], dtype=np.float64)
        mean, sd = _moments(skew)
        return np.asarray((_quantile(*np.broadcast_arrays(probability, skew)) - mean) / sd)

    @override
    def nodes(self, tau: Values, pole: float, **own: Values) -> tuple[Array, Array]:
        tau = np.asarray(tau, dtype=np.float64)
        skew = np.asarray(own["skew"], dtype=np.float64)
        mean, sd = (one[..., None] for one in _moments(skew))
        # The trapezoid rule as of a normal distribution; the slant makes the density itself steeper.
        smooth = 2 * np.pi * pole * float(sd.min()) / (EXPONENT * max(float(tau.max()), 1e-8))
        slant = min(float(np.abs(skew).max()), MOST_SLANT)
        step = min(WIDEST_STEP, smooth, np.pi * np.sqrt(2 / EXPONENT / (1 + slant**2)))
        half = int(np.ceil(REACH / step))
        y = np.arange(-half, half + 1) * step
        weights = np.exp(-(y**2) / 2) * special.ndtr(skew[..., None] * y)
        return tau[..., None] * (y - mean) / sd, weights / weights.sum(axis=-1, keepdims=True)

    @override
    def variance(self, tau: Values, **own: Values) -> Array:
        return np.asarray(tau, dtype=np.float64) ** 2


def _standard_logp(z: Any, skew: Any) -> Any:
    """Return the log density of effects with mean 0 and standard deviation 1, exact in the tails."""
    import pytensor.tensor as pt

    mean, sd = _moments(skew)
    y = mean + sd * z
    return (
        pt.log(2 * sd)
        - (y**2 + np.log(2 * np.pi)) / 2
        + pt.log(pt.erfc(-skew * y / np.sqrt(2)) / 2)
    )


def _standard_draws(
    skew: Array, rng: np.random.Generator | None = None, size: tuple[int, ...] | None = None
) -> Array:
    """Return draws of such effects (Azzalini 1985)."""
    rng = np.random.default_rng(rng)
    delta, (mean, sd) = skew / np.sqrt(1 + skew**2), _moments(skew)
    half, other = np.abs(rng.standard_normal(size)), rng.standard_normal(size)
    return np.asarray((delta * half + np.sqrt(1 - delta**2) * other - mean) / sd)


def _moments(skew: Any) -> tuple[Any, Any]:
    """Return mean and standard deviation of a skew-normal distribution about 0 with scale 1."""
    mean = np.sqrt(2 / np.pi) * skew * (1 + skew**2) ** -0.5
    return mean, (1 - mean**2) ** 0.5


def _quantile(probability: Array, skew: Array) -> Array:
    """Return quantiles of the distribution about 0; normal and half-normal ones are their bounds."""
    normal, half = special.ndtri(probability), special.ndtri((1 + probability) / 2)
    low = np.where(skew < 0, special.ndtri(probability / 2), normal)
    high = np.where(skew < 0, normal, half)

    def density(y: Array) -> Array:
        return np.asarray(np.exp(-(y**2) / 2) * np.sqrt(2 / np.pi) * special.ndtr(skew * y))

    return root_of(probability, (low, high), (lambda y: _cdf(y, skew), density), BISECTIONS)


def _cdf(y: Array, skew: Array) -> Array:
    return np.asarray(special.ndtr(y) - 2 * special.owens_t(y, skew))
