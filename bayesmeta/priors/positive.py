"""Priors of positive numbers, for scales."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, override

import numpy as np
import numpy.typing as npt
from scipy.special import gammainccinv, gammaincinv, ndtri, stdtrit

from bayesmeta.priors.base import Array, Kernel, Prior, Shape
from bayesmeta.priors.unbounded import Cauchy, Normal, StudentT

if TYPE_CHECKING:
    from scipy.stats._distn_infrastructure import rv_continuous_frozen

__all__ = [
    "Exponential",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "InverseGamma",
    "LogNormal",
]


class _PositivePrior(Prior):
    """A prior whose values are positive."""

    @property
    @override
    def support(self) -> tuple[float, float]:
        return (0.0, math.inf)


def _folded(kernel: Kernel) -> Kernel:
    """Return the kernel of the absolute value of a variable symmetric about zero."""
    return kernel._replace(constant=kernel.constant + math.log(2))


@dataclass(frozen=True, repr=False)
class HalfNormal(_PositivePrior):
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

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.halfnorm(0, self.scale)

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
class HalfStudentT(_PositivePrior):
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

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        # SciPy has no half-t.
        return _HalfT(stats.t(self.df, 0, self.scale))  # type: ignore[return-value]

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


@dataclass(frozen=True)
class _HalfT:
    """The half of a symmetric SciPy distribution above zero."""

    whole: "rv_continuous_frozen"

    def logpdf(self, x: npt.ArrayLike) -> Array:
        x = np.asarray(x, dtype=np.float64)
        return np.where(x < 0, -np.inf, self.whole.logpdf(x) + math.log(2))

    def cdf(self, x: npt.ArrayLike) -> Array:
        return 1 - self.sf(x)

    def sf(self, x: npt.ArrayLike) -> Array:
        return np.minimum(2 * self.whole.sf(np.asarray(x, dtype=np.float64)), 1.0)

    def ppf(self, q: npt.ArrayLike) -> Array:
        return np.asarray(self.whole.ppf((1 + np.asarray(q)) / 2), dtype=np.float64)


@dataclass(frozen=True, repr=False)
class HalfCauchy(_PositivePrior):
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

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.halfcauchy(0, self.scale)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(self.scale * np.tan(np.pi / 2 * np.asarray(probability)))

    @property
    @override
    def kernel(self) -> Kernel:
        return _folded(Cauchy(0, self.scale).kernel)

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "HalfCauchy", {"beta": self.scale}


@dataclass(frozen=True, repr=False)
class LogNormal(_PositivePrior):
    """Variable whose logarithm is normal with mean `log_mean` and standard deviation `log_sd`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.LogNormal(-1, 1).interval(0.95)]
    [0.05, 2.61]
    """

    log_mean: float
    log_sd: float

    def __post_init__(self) -> None:
        self._demand(finite=("log_mean",), positive=("log_sd",))
        self._demand_at_most(100, "log_mean", "log_sd")

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.lognorm(s=self.log_sd, scale=math.exp(self.log_mean))

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

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "LogNormal", {"mu": self.log_mean, "sigma": self.log_sd}


@dataclass(frozen=True, repr=False)
class Gamma(_PositivePrior):
    """Gamma with `shape` and `rate`; its mean is ``shape / rate``.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Gamma(2, 4).interval(0.95)]
    [0.06, 1.39]
    """

    shape: float
    rate: float

    def __post_init__(self) -> None:
        self._demand(positive=("shape", "rate"))
        self._demand_at_most(1e6, "shape")

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.gamma(self.shape, scale=1 / self.rate)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(gammaincinv(self.shape, np.asarray(probability)) / self.rate)

    @override
    def _scaled(self, factor: float) -> Self:
        return replace(self, rate=self.rate / factor)

    @property
    @override
    def kernel(self) -> Kernel:
        constant = self.shape * math.log(self.rate) - math.lgamma(self.shape)
        return Kernel(Shape.GAMMA, self.shape, self.rate, 0.0, constant)

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "Gamma", {"alpha": self.shape, "beta": self.rate}


@dataclass(frozen=True, repr=False)
class Exponential(_PositivePrior):
    """Exponential with `rate`; its mean is ``1 / rate``.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Exponential(2).interval(0.95)]
    [0.01, 1.84]
    """

    rate: float

    def __post_init__(self) -> None:
        self._demand(positive=("rate",))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.expon(scale=1 / self.rate)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(-np.log1p(-np.asarray(probability)) / self.rate)

    @override
    def _scaled(self, factor: float) -> Self:
        return replace(self, rate=self.rate / factor)

    @property
    @override
    def kernel(self) -> Kernel:
        return Gamma(1, self.rate).kernel

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "Exponential", {"lam": self.rate}


@dataclass(frozen=True, repr=False)
class InverseGamma(_PositivePrior):
    """Inverse gamma with `shape` and `scale`; on `tau` itself, not on its square.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.InverseGamma(3, 1).interval(0.95)]
    [0.14, 1.62]
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(positive=("shape", "scale"))
        self._demand_at_most(1e6, "shape")

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.invgamma(self.shape, scale=self.scale)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(self.scale / gammainccinv(self.shape, np.asarray(probability)))

    @property
    @override
    def kernel(self) -> Kernel:
        constant = self.shape * math.log(self.scale) - math.lgamma(self.shape)
        return Kernel(Shape.INVERSE_GAMMA, self.shape, self.scale, 0.0, constant)

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "InverseGamma", {"alpha": self.shape, "beta": self.scale}
