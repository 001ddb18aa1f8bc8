"""Half of a symmetric prior, for scales."""

import math
from dataclasses import dataclass
from typing import override

import numpy as np
import numpy.typing as npt
from scipy.special import erf, ndtr, ndtri, stdtr, stdtrit

from bayesmeta.priors.base import Array, Kernel, PositivePrior
from bayesmeta.priors.unbounded import Cauchy, Normal, StudentT

__all__ = ["HalfCauchy", "HalfNormal", "HalfStudentT"]


def _folded(kernel: Kernel) -> Kernel:
    """Return the kernel of the absolute value of a variable symmetric about zero."""
    return kernel._replace(constant=kernel.constant + math.log(2))


@dataclass(frozen=True, repr=False)
class HalfNormal(PositivePrior):
    """Absolute value of a normal with mean 0 and standard deviation `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.HalfNormal(0.5).interval(0.95)]
    [0.02, 1.12]
    """

    scale: float

    def __post_init__(self) -> None:
        self._demand(positive=("scale",))

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(erf(x / self.scale / math.sqrt(2)))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(2 * ndtr(-x / self.scale))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(self.scale * ndtri((1 + np.asarray(probability)) / 2))

    @property
    @override
    def kernel(self) -> Kernel:
        return _folded(Normal(0, self.scale).kernel)

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "HalfNormal", {"sigma": self.scale}


@dataclass(frozen=True, repr=False)
class HalfStudentT(PositivePrior):
    """Absolute value of a Student-t with `df` degrees of freedom, centre 0 and scale `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.HalfStudentT(3, 0.5).interval(0.95)]
    [0.02, 2.09]
    """

    df: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(positive=("df", "scale"))
        self._demand_at_most(1e6, "df")

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(1 - self._above(x))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(2 * stdtr(self.df, -x / self.scale))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(self.scale * stdtrit(self.df, (1 + np.asarray(probability)) / 2))

    @property
    @override
    def kernel(self) -> Kernel:
        return _folded(StudentT(self.df, 0, self.scale).kernel)

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "HalfStudentT", {"nu": self.df, "sigma": self.scale}


@dataclass(frozen=True, repr=False)
class HalfCauchy(PositivePrior):
    """Absolute value of a Cauchy with centre 0 and scale `scale`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.HalfCauchy(0.5).interval(0.95)]
    [0.02, 12.73]
    """

    scale: float

    def __post_init__(self) -> None:
        self._demand(positive=("scale",))

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(2 / np.pi * np.arctan2(x, self.scale))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(2 / np.pi * np.arctan2(self.scale, x))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        probability = np.asarray(probability, dtype=np.float64)
        return np.where(probability == 1, np.inf, self.scale * np.tan(np.pi / 2 * probability))

    @property
    @override
    def kernel(self) -> Kernel:
        return _folded(Cauchy(0, self.scale).kernel)

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "HalfCauchy", {"beta": self.scale}
