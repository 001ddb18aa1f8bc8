"""Priors symmetric about their centre, for log-odds, and the absolute values of such, for scales."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, override

import numpy as np
import numpy.typing as npt
from scipy.special import erf, ndtr, ndtri, stdtr, stdtrit

from bayesmeta.arrays import Array
from bayesmeta.priors.base import Kernel, PositivePrior, Prior, Shape


class _Symmetric(Prior):
    """A prior symmetric about `loc`, by its standard distribution."""

    positive: ClassVar[tuple[str, ...]] = ("scale",)
    loc: float
    scale: float

    @abstractmethod
    def _cdf(self, z: Array) -> Array:
        """Return the standard distribution function."""

    @abstractmethod
    def _standard_quantile(self, probability: Array) -> Array:
        """Return quantiles of the standard distribution."""

    @override
    def _below(self, x: Array) -> Array:
        return self._cdf((x - self.loc) / self.scale)

    @override
    def _above(self, x: Array) -> Array:
        return self._cdf((self.loc - x) / self.scale)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        standard = self._standard_quantile(np.asarray(probability, dtype=np.float64))
        return np.asarray(self.loc + self.scale * standard)


@dataclass(frozen=True, repr=False)
class Normal(_Symmetric):
    """Normal with mean `loc` and standard deviation `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Normal(0, 1.5).interval(0.95)]
    [-2.94, 2.94]
    """

    pymc_names = ("mu", "sigma")
    loc: float
    scale: float

    @override
    def _cdf(self, z: Array) -> Array:
        return np.asarray(ndtr(z))

    @override
    def _standard_quantile(self, probability: Array) -> Array:
        return np.asarray(ndtri(probability))

    @property
    @override
    def kernel(self) -> Kernel:
        constant = -math.log(self.scale) - math.log(2 * math.pi) / 2
        return Kernel(Shape.NORMAL, self.loc, self.scale, 0.0, constant)


@dataclass(frozen=True, repr=False)
class StudentT(_Symmetric):
    """Student-t with `df` degrees of freedom, centre `loc` and scale `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.StudentT(4, 0, 1).interval(0.95)]
    [-2.78, 2.78]
    """

    positive = ("df", "scale")
    limits = (("df", 1e6),)
    pymc_names = ("nu", "mu", "sigma")
    df: float
    loc: float
    scale: float

    @override
    def _cdf(self, z: Array) -> Array:
        return np.asarray(stdtr(self.df, z))

    @override
    def _standard_quantile(self, probability: Array) -> Array:
        # SciPy gives infinity at probability 0.
        return np.where(probability == 0, -np.inf, stdtrit(self.df, probability))

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


@dataclass(frozen=True, repr=False)
class Cauchy(_Symmetric):
    """Cauchy with centre `loc` and scale `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Cauchy(0, 1).interval(0.95)]
    [-12.71, 12.71]
    """

    pymc_names = ("alpha", "beta")
    loc: float
    scale: float

    @override
    def _cdf(self, z: Array) -> Array:
        return np.asarray(np.arctan2(1, -z) / np.pi)

    @override
    def _standard_quantile(self, probability: Array) -> Array:
        return StudentT(1, 0, 1).quantile(probability)

    @property
    @override
    def kernel(self) -> Kernel:
        return StudentT(1, self.loc, self.scale).kernel


class _Half(PositivePrior):
    """The absolute value of a variable symmetric about zero."""

    positive: ClassVar[tuple[str, ...]] = ("scale",)

    @property
    @abstractmethod
    def whole(self) -> Prior:
        """The prior of that variable."""

    @override
    def _below(self, x: Array) -> Array:
        return 1 - self._above(x)

    @override
    def _above(self, x: Array) -> Array:
        return 2 * self.whole.sf(x)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return self.whole.quantile((1 + np.asarray(probability)) / 2)

    @property
    @override
    def kernel(self) -> Kernel:
        kernel = self.whole.kernel
        return kernel._replace(constant=kernel.constant + math.log(2))


@dataclass(frozen=True, repr=False)
class HalfNormal(_Half):
    """Absolute value of a normal with mean 0 and standard deviation `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.HalfNormal(0.5).interval(0.95)]
    [0.02, 1.12]
    """

    pymc_names = ("sigma",)
    scale: float

    @property
    @override
    def whole(self) -> Normal:
        return Normal(0, self.scale)

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(erf(x / self.scale / math.sqrt(2)))


@dataclass(frozen=True, repr=False)
class HalfStudentT(_Half):
    """Absolute value of a Student-t with `df` degrees of freedom, centre 0 and scale `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.HalfStudentT(3, 0.5).interval(0.95)]
    [0.02, 2.09]
    """

    positive = ("df", "scale")
    limits = (("df", 1e6),)
    pymc_names = ("nu", "sigma")
    df: float
    scale: float

    @property
    @override
    def whole(self) -> StudentT:
        return StudentT(self.df, 0, self.scale)


@dataclass(frozen=True, repr=False)
class HalfCauchy(_Half):
    """Absolute value of a Cauchy with centre 0 and scale `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.HalfCauchy(0.5).interval(0.95)]
    [0.02, 12.73]
    """

    pymc_names = ("beta",)
    scale: float

    @property
    @override
    def whole(self) -> Cauchy:
        return Cauchy(0, self.scale)

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(2 / np.pi * np.arctan2(x, self.scale))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        probability = np.asarray(probability, dtype=np.float64)
        return np.where(probability == 1, np.inf, self.scale * np.tan(np.pi / 2 * probability))
