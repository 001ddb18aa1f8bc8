"""Distributions of study effects with room for outlying studies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

import numpy as np
from scipy import special

from bayesmeta.arrays import Array
from bayesmeta.deprecated import renamed_arguments
from bayesmeta.errors import SpecError
from bayesmeta.model.effects.base import (
    EXPONENT,
    MixturePart,
    ScaledEffects,
    Values,
    normal_nodes,
    root_of,
)
from bayesmeta.model.effects.normal import NormalEffects
from bayesmeta.numeric import is_number
from bayesmeta.priors import Beta, Gamma, Prior, Truncated

LEAST_NU = 2.0
"""Degrees of freedom below which the effects have no variance."""

FARTHEST = 9.0
"""Inverse hyperbolic sine of the farthest node of a Student t distribution."""

BISECTIONS = 8

WIDEST_STEP = 0.25

FAR = 5.0
"""Linear predictor up to which the mean rate of a Student t distribution is exact to about 1e-6."""


@dataclass(frozen=True)
class StudentTEffects(ScaledEffects):
    """Student t study effects about zero, with scale `tau` and `nu` degrees of freedom.

    Parameters
    ----------
    tau : Prior
        Prior of the scale; the standard deviation is ``tau * sqrt(nu / (nu - 2))``.
    by : str, optional
        Study-level column whose levels each have a `tau` of their own.
    nu : Prior
        Prior of the degrees of freedom, cut off below 2 (Juárez & Steel 2010,
        doi:10.1198/jbes.2009.07145, for Gamma(2, 0.1)).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.StudentTEffects().symbol
    'u ~ StudentT(nu, 0, tau)'
    """

    name: ClassVar[str] = "student_t"
    words: ClassVar[str] = (
        "Studies differ: their effects follow Student's t, which leaves room for outlying studies."
    )
    code: ClassVar[int] = 1
    tau_is_sd: ClassVar[bool] = False
    fewest_studies: ClassVar[int] = 5
    feature: ClassVar[str] = "outlying studies"
    units: ClassVar[Mapping[str, str]] = {"nu": "degrees of freedom"}
    transition_scale: ClassVar[float] = 10.0
    nu: Prior = field(default_factory=lambda: Gamma(2, 0.1))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.nu, Prior) or self.nu.support[0] < 0:
            raise SpecError(
                f"`nu` is degrees of freedom: its prior must allow no value below 0; got {self.nu!r}. "
                "Use Gamma(2, 0.1)."
            )
        try:
            Truncated(self.nu, LEAST_NU)
        except SpecError as error:
            raise SpecError(f"`nu`: {error}") from error

    @property
    @override
    def symbol(self) -> str:
        return "u ~ StudentT(nu, 0, tau)"

    @property
    @override
    def parameters(self) -> Mapping[str, Prior]:
        return {"nu": Truncated(self.nu, LEAST_NU)}

    @override
    def standard(self, **own: Any) -> Any:
        import pymc as pm

        return pm.StudentT("z", nu=own["nu"], mu=0, sigma=1, dims="study")

    @override
    def standard_quantile(self, probability: Array, **own: Values) -> Array:
        return np.asarray(special.stdtrit(np.asarray(own["nu"], dtype=np.float64), probability))

    @override
    def nodes(self, tau: Values, pole: float, **own: Values) -> tuple[Array, Array]:
        tau = np.asarray(tau, dtype=np.float64)
        nu = np.asarray(own["nu"], dtype=np.float64)[..., None]
        # In v = asinh(t) the tails fall exponentially. There the rate of a predictor `FAR` from 0, which
        # rises far out in the distribution, has its poles this close to the real line.
        distance = pole / float(np.hypot(tau.max(), FAR))
        step = min(WIDEST_STEP, 2 * np.pi * distance / EXPONENT)
        v = np.arange(-int(np.ceil(FARTHEST / step)), int(np.ceil(FARTHEST / step)) + 1) * step
        standard = np.sinh(v)
        weights = np.exp(-(nu + 1) / 2 * np.log1p(standard**2 / nu)) * np.cosh(v)
        return tau[..., None] * standard, weights / weights.sum(axis=-1, keepdims=True)

    @override
    def variance(self, tau: Values, **own: Values) -> Array:
        nu = np.asarray(own["nu"], dtype=np.float64)
        return np.asarray(tau, dtype=np.float64) ** 2 * nu / (nu - LEAST_NU)


@renamed_arguments(share="outlier_proportion", ratio="outlier_scale")
@dataclass(frozen=True)
class ContaminatedEffects(ScaledEffects):
    """Study effects normal about zero, a proportion of them with a wider standard deviation.

    Parameters
    ----------
    tau : Prior
        Prior of the standard deviation of the usual studies.
    by : str, optional
        Study-level column whose levels each have a `tau` of their own.
    outlier_proportion : Prior
        Prior of the proportion of outlying studies, within 0 and 1.
    outlier_scale : float
        Standard deviation of outlying studies over that of usual ones, above 1.

    References
    ----------
    Gumedze & Jackson 2011, doi:10.1186/1471-2288-11-19 (outlying studies as of larger variance).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.ContaminatedEffects(outlier_scale=3).symbol
    'u ~ Normal(0, tau), or in a proportion of studies Normal(0, 3 tau)'
    """

    name: ClassVar[str] = "contaminated"
    words: ClassVar[str] = (
        "Studies differ: their effects are normal, in a small proportion of studies with a wider scale."
    )
    code: ClassVar[int] = 2
    tau_is_sd: ClassVar[bool] = False
    fewest_studies: ClassVar[int] = 5
    feature: ClassVar[str] = "outlying studies"
    units: ClassVar[Mapping[str, str]] = {"outlier_proportion": "proportion of studies"}
    outlier_proportion: Prior = field(default_factory=lambda: Beta(1, 9))
    outlier_scale: float = 4.0

    def __post_init__(self) -> None:
        super().__post_init__()
        proportion, scale = self.outlier_proportion, self.outlier_scale
        if not isinstance(proportion, Prior) or not _within(proportion.support, 0, 1):
            raise SpecError(
                f"`outlier_proportion` is a proportion of studies: its prior must lie within 0 and 1; got "
                f"{proportion!r}. Use Beta(1, 9) or a Uniform within 0 and 1."
            )
        if not is_number(scale) or not 1 < scale <= 100:  # noqa: PLR2004
            raise SpecError(
                f"`outlier_scale` must be a number above 1, at most 100; got {scale!r}."
            )
        object.__setattr__(self, "outlier_scale", float(scale))

    @property
    @override
    def symbol(self) -> str:
        return f"u ~ Normal(0, tau), or in a proportion of studies Normal(0, {self.outlier_scale:g} tau)"

    @property
    @override
    def constants(self) -> tuple[float, ...]:
        return (self.outlier_scale,)

    @override
    def mixture(self, **own: Array) -> tuple[MixturePart, ...]:
        proportion, normal = own["outlier_proportion"], NormalEffects(self.tau, self.by)
        return (
            MixturePart(1 - proportion, 1.0, normal),
            MixturePart(proportion, self.outlier_scale, normal),
        )

    @override
    def standard(self, **own: Any) -> Any:
        import pymc as pm
        import pytensor.tensor as pt

        proportion = own["outlier_proportion"]
        return pm.NormalMixture(
            "z",
            w=pt.stack([1 - proportion, proportion]),
            mu=0,
            sigma=np.array([1.0, self.outlier_scale]),
            dims="study",
        )

    @override
    def standard_quantile(self, probability: Array, **own: Values) -> Array:
        probability, proportion = np.broadcast_arrays(
            probability, np.asarray(own["outlier_proportion"], np.float64)
        )
        scale, inner = self.outlier_scale, special.ndtri(probability)

        def density(x: Array) -> Array:
            return np.asarray(
                (1 - proportion) * _density(x) + proportion * _density(x / scale) / scale
            )

        ends = np.minimum(inner, scale * inner), np.maximum(inner, scale * inner)
        functions = (lambda x: self._cdf(x, proportion), density)
        return root_of(probability, ends, functions, BISECTIONS)

    def _cdf(self, x: Array, proportion: Array) -> Array:
        return np.asarray(
            (1 - proportion) * special.ndtr(x) + proportion * special.ndtr(x / self.outlier_scale)
        )

    @override
    def nodes(self, tau: Values, pole: float, **own: Values) -> tuple[Array, Array]:
        tau = np.asarray(tau, dtype=np.float64)
        proportion = np.asarray(own["outlier_proportion"], dtype=np.float64)[..., None]
        usual, usual_weights = normal_nodes(tau, pole)
        outlying, outlying_weights = normal_nodes(tau * self.outlier_scale, pole)
        effects = np.concatenate([usual, outlying], axis=-1)
        weights = [(1 - proportion) * usual_weights, proportion * outlying_weights]
        return effects, np.concatenate(weights, axis=-1)

    @override
    def variance(self, tau: Values, **own: Values) -> Array:
        proportion = np.asarray(own["outlier_proportion"], dtype=np.float64)
        return np.asarray(tau, np.float64) ** 2 * (1 + proportion * (self.outlier_scale**2 - 1))


def _density(x: Array) -> Array:
    return np.asarray(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))


def _within(support: tuple[float, float], low: float, high: float) -> bool:
    return low <= support[0] and support[1] <= high
