"""Priors between two ends, and priors cut off below."""

import math
from dataclasses import dataclass, replace
from typing import Any, Self, override

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, betaincinv

from bayesmeta.arrays import Array
from bayesmeta.errors import SpecError
from bayesmeta.priors.base import Kernel, Prior, Shape, exact


@dataclass(frozen=True, repr=False)
class Beta(Prior):
    """Beta between 0 and 1 with parameters `a` and `b`; its mean is ``a / (a + b)``.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Beta(1, 9).interval(0.95)]
    [0.0, 0.34]
    """

    positive = ("a", "b")
    limits = (("a", 1e6), ("b", 1e6))
    pymc_names = ("alpha", "beta")
    a: float
    b: float

    @property
    @override
    def support(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(betainc(self.a, self.b, x))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(betaincc(self.a, self.b, x))

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(betaincinv(self.a, self.b, np.asarray(probability)))

    @property
    @override
    def kernel(self) -> Kernel:
        constant = math.lgamma(self.a + self.b) - math.lgamma(self.a) - math.lgamma(self.b)
        return Kernel(Shape.BETA, self.a, self.b, 0.0, constant)


@dataclass(frozen=True, repr=False)
class Uniform(Prior):
    """Uniform between `low` and `high`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Uniform(-3, 3).interval(0.95)]
    [-2.85, 2.85]
    """

    pymc_names = ("lower", "upper")
    low: float
    high: float

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
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


@dataclass(frozen=True, repr=False)
class Truncated(Prior):
    """A prior cut off below `low`; made by the parts of a model that need it.

    Parameters
    ----------
    prior : Prior
        The whole prior.
    low : float
        The least value allowed, on the prior's own scale.

    Raises
    ------
    SpecError
        If the prior allows no value above `low`.

    Examples
    --------
    >>> from bayesmeta.priors import Gamma, Truncated
    >>> prior = Truncated(Gamma(2, 0.1), low=2)
    >>> prior
    Gamma(2, 0.1) above 2
    >>> [round(float(bound), 1) for bound in prior.interval(0.95)]
    [3.2, 55.9]
    """

    prior: Prior
    low: float

    @override
    def __post_init__(self) -> None:
        if self._share_above <= 0:
            raise SpecError(
                f"The prior must allow values above {self.low:g}; got {self.prior!r}. Widen it."
            )

    @property
    def _share_above(self) -> float:
        return float(1 - self.prior.cdf(self.low))

    @property
    @override
    def support(self) -> tuple[float, float]:
        low, high = self.prior.support
        return (max(low, self.low), high)

    @override
    def _below(self, x: Array) -> Array:
        return np.asarray(1 - self._above(x))

    @override
    def _above(self, x: Array) -> Array:
        return np.asarray(self.prior.sf(x) / self._share_above)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        below = 1 - self._share_above
        return self.prior.quantile(below + (1 - below) * np.asarray(probability))

    @property
    @override
    def kernel(self) -> Kernel:
        kernel = self.prior.kernel
        return kernel._replace(constant=kernel.constant - math.log(self._share_above))

    def __repr__(self) -> str:
        return f"{self.prior!r} above {self.low:g}"

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        family, arguments = self.prior.pymc
        whole = getattr(pm, family).dist(**exact(arguments))
        return pm.Truncated(name, whole, lower=np.float64(self.low), **kwargs)
