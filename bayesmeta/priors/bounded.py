"""Priors of shares, between 0 and 1, and priors cut off below."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, override

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from bayesmeta.errors import SpecError
from bayesmeta.priors.base import Array, Kernel, Prior, Shape, exact

if TYPE_CHECKING:
    from scipy.stats._distn_infrastructure import rv_continuous_frozen

__all__ = ["Beta", "Truncated"]


@dataclass(frozen=True, repr=False)
class Beta(Prior):
    """Beta between 0 and 1 with parameters `a` and `b`; its mean is ``a / (a + b)``.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(bound), 2) for bound in bm.Beta(1, 9).interval(0.95)]
    [0.0, 0.34]
    """

    a: float
    b: float

    def __post_init__(self) -> None:
        self._demand(positive=("a", "b"))
        self._demand_at_most(1e6, "a", "b")

    @property
    @override
    def support(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.beta(self.a, self.b)

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        return np.asarray(betaincinv(self.a, self.b, np.asarray(probability)))

    @property
    @override
    def kernel(self) -> Kernel:
        constant = math.lgamma(self.a + self.b) - math.lgamma(self.a) - math.lgamma(self.b)
        return Kernel(Shape.BETA, self.a, self.b, 0.0, constant)

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "Beta", {"alpha": self.a, "beta": self.b}


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

    def __post_init__(self) -> None:
        if self._share_above <= 0:
            raise SpecError(
                f"The prior must allow values above {self.low:g}; got {self.prior!r}. Widen it."
            )

    @property
    def _share_above(self) -> float:
        return float(1 - self.prior.distribution.cdf(self.low))

    @property
    @override
    def support(self) -> tuple[float, float]:
        low, high = self.prior.support
        return (max(low, self.low), high)

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        return _Upper(self.prior.distribution, self.low)  # type: ignore[return-value]

    @override
    def quantile(self, probability: npt.ArrayLike) -> Array:
        below = 1 - self._share_above
        return self.prior.quantile(below + (1 - below) * np.asarray(probability))

    @property
    @override
    def kernel(self) -> Kernel:
        kernel = self.prior.kernel
        return kernel._replace(constant=kernel.constant - math.log(self._share_above))

    @property
    @override
    def pymc(self) -> tuple[str, dict[str, float]]:
        return "Truncated", {"lower": self.low}

    def __repr__(self) -> str:
        return f"{self.prior!r} above {self.low:g}"

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        family, arguments = self.prior.pymc
        whole = getattr(pm, family).dist(**exact(arguments))
        return pm.Truncated(name, whole, lower=np.float64(self.low), **kwargs)


@dataclass(frozen=True)
class _Upper:
    """The part of a SciPy distribution above `low`."""

    whole: "rv_continuous_frozen"
    low: float

    @property
    def _below(self) -> float:
        return float(self.whole.cdf(self.low))

    def logpdf(self, x: npt.ArrayLike) -> Array:
        inside = self.whole.logpdf(np.asarray(x, dtype=np.float64)) - math.log1p(-self._below)
        return np.where(np.asarray(x) < self.low, -np.inf, inside)

    def cdf(self, x: npt.ArrayLike) -> Array:
        share = (np.asarray(self.whole.cdf(np.asarray(x, dtype=np.float64))) - self._below) / (
            1 - self._below
        )
        return np.asarray(np.maximum(share, 0.0))

    def sf(self, x: npt.ArrayLike) -> Array:
        above = np.asarray(self.whole.sf(np.asarray(x, dtype=np.float64)))
        return np.minimum(above / (1 - self._below), 1.0)

    def ppf(self, q: npt.ArrayLike) -> Array:
        return np.asarray(self.whole.ppf(self._below + (1 - self._below) * np.asarray(q)))
