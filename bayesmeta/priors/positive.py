"""Priors of positive numbers, for scales."""

import math
from dataclasses import dataclass, replace
from typing import Self, override

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincc, gammainccinv, gammaincinv, ndtr, ndtri

from bayesmeta.arrays import Array
from bayesmeta.priors.base import Kernel, PositivePrior, Shape


@dataclass(frozen=True, repr=False)
class LogNormal(PositivePrior):
    """Variable whose logarithm is normal with mean `log_mean` and standard deviation `log_sd`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.LogNormal(-1, 1).interval(0.95)]
    [0.05, 2.61]
    """

    positive = ("log_sd",)
    limits = (("log_mean", 100), ("log_sd", 100))
    pymc_names = ("mu", "sigma")
    log_mean: float
    log_sd: float

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(ndtr(self._standard(x)))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(ndtr(-self._standard(x)))

    def _standard(self, x: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray((np.log(x) - self.log_mean) / self.log_sd)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(np.exp(self.log_mean + self.log_sd * ndtri(np.asarray(probability))))

    @override
    def _scaled(self, factor: float) -> Self:
        return replace(self, log_mean=self.log_mean + math.log(factor))

    @property
    @override
    def kernel(self) -> Kernel:
        constant = -math.log(self.log_sd) - math.log(2 * math.pi) / 2
        return Kernel(Shape.LOG_NORMAL, self.log_mean, self.log_sd, 0.0, constant)


@dataclass(frozen=True, repr=False)
class Gamma(PositivePrior):
    """Gamma with `shape` and `rate`; its mean is ``shape / rate``.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Gamma(2, 4).interval(0.95)]
    [0.06, 1.39]
    """

    positive = ("shape", "rate")
    limits = (("shape", 1e6),)
    pymc_names = ("alpha", "beta")
    shape: float
    rate: float

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(gammainc(self.shape, x / (1 / self.rate)))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(gammaincc(self.shape, x / (1 / self.rate)))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(gammaincinv(self.shape, np.asarray(probability)) / self.rate)

    @property
    @override
    def kernel(self) -> Kernel:
        constant = self.shape * math.log(self.rate) - math.lgamma(self.shape)
        return Kernel(Shape.GAMMA, self.shape, self.rate, 0.0, constant)


@dataclass(frozen=True, repr=False)
class Exponential(PositivePrior):
    """Exponential with `rate`; its mean is ``1 / rate``.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Exponential(2).interval(0.95)]
    [0.01, 1.84]
    """

    positive = ("rate",)
    pymc_names = ("lam",)
    rate: float

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(-np.expm1(-self.rate * x))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(np.exp(-self.rate * x))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(-np.log1p(-np.asarray(probability)) / self.rate)

    @property
    @override
    def kernel(self) -> Kernel:
        return Gamma(1, self.rate).kernel


@dataclass(frozen=True, repr=False)
class InverseGamma(PositivePrior):
    """Inverse gamma with `shape` and `scale`; on `tau` itself, not on its square.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.InverseGamma(3, 1).interval(0.95)]
    [0.14, 1.62]
    """

    positive = ("shape", "scale")
    limits = (("shape", 1e6),)
    pymc_names = ("alpha", "beta")
    shape: float
    scale: float

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(gammaincc(self.shape, self._inverse(x)))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(gammainc(self.shape, self._inverse(x)))

    def _inverse(self, x: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(self.scale / x)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(self.scale / gammainccinv(self.shape, np.asarray(probability)))

    @property
    @override
    def kernel(self) -> Kernel:
        constant = self.shape * math.log(self.scale) - math.lgamma(self.shape)
        return Kernel(Shape.INVERSE_GAMMA, self.shape, self.scale, 0.0, constant)
