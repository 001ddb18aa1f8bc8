"""Priors that allow every number, for log-odds; and the uniform, between two of them."""

import math
from dataclasses import dataclass, replace
from typing import Self, override

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from bayesmeta.errors import SpecError
from bayesmeta.priors.base import Array, Kernel, Prior, Shape

__all__ = ["Cauchy", "Normal", "StudentT", "Uniform"]


@dataclass(frozen=True, repr=False)
class Normal(Prior):
    """Normal with mean `loc` and standard deviation `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Normal(0, 1.5).interval(0.95)]
    [-2.94, 2.94]
    """

    loc: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(finite=("loc",), positive=("scale",))

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(ndtr((x - self.loc) / self.scale))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(ndtr((self.loc - x) / self.scale))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(self.loc + self.scale * ndtri(np.asarray(probability)))

    @property
    @override
    def kernel(self) -> Kernel:
        constant = -math.log(self.scale) - math.log(2 * math.pi) / 2
        return Kernel(Shape.NORMAL, self.loc, self.scale, 0.0, constant)

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "Normal", {"mu": self.loc, "sigma": self.scale}


def _t_quantile(df: float, probability: npt.ArrayLike) -> Array:
    """Return quantiles of the standard Student-t, which SciPy gives as infinity at probability 0."""
    probability = np.asarray(probability, dtype=np.float64)
    return np.asarray(np.where(probability == 0, -np.inf, stdtrit(df, probability)))


@dataclass(frozen=True, repr=False)
class StudentT(Prior):
    """Student-t with `df` degrees of freedom, centre `loc` and scale `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.StudentT(4, 0, 1).interval(0.95)]
    [-2.78, 2.78]
    """

    df: float
    loc: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(finite=("loc",), positive=("df", "scale"))
        self._demand_at_most(1e6, "df")

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(stdtr(self.df, (x - self.loc) / self.scale))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(stdtr(self.df, (self.loc - x) / self.scale))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(self.loc + self.scale * _t_quantile(self.df, probability))

    @property
    @override
    def kernel(self) -> Kernel:
        constant = (
            math.lgamma((self.df + 1) / 2)
            - math.lgamma(self.df / 2)
            - math.log(self.df * math.pi) / 2
            - math.log(self.scale)
        )
        return Kernel(Shape.STUDENT_T, self.loc, self.scale, self.df, constant)

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "StudentT", {"nu": self.df, "mu": self.loc, "sigma": self.scale}


@dataclass(frozen=True, repr=False)
class Cauchy(Prior):
    """Cauchy with centre `loc` and scale `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Cauchy(0, 1).interval(0.95)]
    [-12.71, 12.71]
    """

    loc: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(finite=("loc",), positive=("scale",))

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(np.arctan2(self.scale, self.loc - x) / np.pi)

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(np.arctan2(self.scale, x - self.loc) / np.pi)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(self.loc + self.scale * _t_quantile(1, probability))

    @property
    @override
    def kernel(self) -> Kernel:
        return StudentT(1, self.loc, self.scale).kernel

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "Cauchy", {"alpha": self.loc, "beta": self.scale}


@dataclass(frozen=True, repr=False)
class Uniform(Prior):
    """Uniform between `low` and `high`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Uniform(-3, 3).interval(0.95)]
    [-2.85, 2.85]
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        self._demand(finite=("low", "high"))
        if self.low >= self.high:
            raise SpecError(f"`low` of Uniform must be less than `high`; got {self!r}.")

    @property
    @override
    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray((x - self.low) / (self.high - self.low))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray((self.high - x) / (self.high - self.low))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(self.low + (self.high - self.low) * np.asarray(probability))

    @override
    def _scaled(self, factor: float) -> Self:
        return replace(self, low=self.low * factor, high=self.high * factor)

    @property
    @override
    def kernel(self) -> Kernel:
        return Kernel(Shape.UNIFORM, self.low, self.high, 0.0, -math.log(self.high - self.low))

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "Uniform", {"lower": self.low, "upper": self.high}
