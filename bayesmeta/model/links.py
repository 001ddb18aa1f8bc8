"""Scales of the linear predictor: links of a rate (probability), and months of a median survival."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, override

import numpy as np
import numpy.typing as npt
from scipy import special

from bayesmeta.arrays import Array
from bayesmeta.priors import Normal, Prior, StudentT


class Scale(ABC):
    """What a linear predictor theta is: its name, and default priors on it.

    Abstract: a subclass gives `name`, `scale` (what theta is called, such as ``"log-odds"``), and `mu`
    and `beta`, default priors on that scale.
    """

    name: ClassVar[str]
    scale: ClassVar[str]
    mu: ClassVar[Prior]
    beta: ClassVar[Prior]


@dataclass(frozen=True)
class LogMonths(Scale):
    """The log of a median survival in months; coefficients are log ratios of medians."""

    name: ClassVar[str] = "log_months"
    scale: ClassVar[str] = "log months"
    mu: ClassVar[Prior] = Normal(2.5, 1.5)
    """A typical median of 12 months, 0.6 to 230 in 95%."""
    beta: ClassVar[Prior] = Normal(0, 0.7)
    """A ratio of medians of 0.25 to 3.9 in 95%."""


class Link(Scale):
    """A link function g, with ``g(rate) = theta``.

    Abstract: a subclass gives `name` (its name in a model file), `code` (its branch in the compiled
    density), `scale` (what theta is called, such as ``"log-odds"``), `pole`, `mu` and `beta` (default
    priors on that scale, which leave about the same spread of rates for every link); `rate`, its
    inverse `theta`, `log_rates`, `log_slope` and `to_pymc`.

    See Also
    --------
    Logit, Probit, CLogLog : The links there are.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> [round(float(link.rate(-1)), 2) for link in (bm.Logit(), bm.Probit(), bm.CLogLog())]
    [0.27, 0.16, 0.31]
    """

    code: ClassVar[int]
    pole: ClassVar[float]
    """Distance from the real line of the rate's nearest pole, or of where it turns large."""

    @abstractmethod
    def rate(self, theta: npt.ArrayLike) -> Array:
        """Return the rate (probability) at `theta`."""

    @abstractmethod
    def theta(self, rate: npt.ArrayLike) -> Array:
        """Return the linear predictor at which the rate is `rate`."""

    @abstractmethod
    def log_rates(self, theta: npt.ArrayLike) -> tuple[Array, Array]:
        """Return the logarithms of the rate and of its complement, accurate far out."""

    @abstractmethod
    def log_slope(self, theta: npt.ArrayLike) -> Array:
        """Return the logarithm of the derivative of the rate in `theta`."""

    @abstractmethod
    def to_pymc(self, theta: Any) -> tuple[Any, Any]:
        """Return the logarithms of the rate and of its complement as PyTensor expressions."""

    def log_odds(self, theta: npt.ArrayLike) -> Array:
        """Return the log-odds of the rate at `theta`."""
        log_rate, log_rest = self.log_rates(theta)
        return np.asarray(log_rate - log_rest)

    def information(self, theta: npt.ArrayLike) -> Array:
        """Return the information of one patient on `theta`."""
        log_rate, log_rest = self.log_rates(theta)
        return np.exp(2 * self.log_slope(theta) - log_rate - log_rest)


@dataclass(frozen=True)
class Logit(Link):
    """Log-odds.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> float(bm.Logit().rate(0.0))
    0.5
    """

    name: ClassVar[str] = "logit"
    code: ClassVar[int] = 0
    scale: ClassVar[str] = "log-odds"
    pole: ClassVar[float] = float(np.pi)
    mu: ClassVar[Prior] = StudentT(3, 0, 1.5)
    beta: ClassVar[Prior] = Normal(0, 1)

    @override
    def rate(self, theta: npt.ArrayLike) -> Array:
        return np.asarray(special.expit(_array(theta)))

    @override
    def theta(self, rate: npt.ArrayLike) -> Array:
        return np.asarray(special.logit(_array(rate)))

    @override
    def log_rates(self, theta: npt.ArrayLike) -> tuple[Array, Array]:
        theta = _array(theta)
        return -np.logaddexp(0, -theta), -np.logaddexp(0, theta)

    @override
    def log_slope(self, theta: npt.ArrayLike) -> Array:
        log_rate, log_rest = self.log_rates(theta)
        return log_rate + log_rest

    @override
    def log_odds(self, theta: npt.ArrayLike) -> Array:
        return _array(theta)

    @override
    def to_pymc(self, theta: Any) -> tuple[Any, Any]:
        import pytensor.tensor as pt

        return -pt.softplus(-theta), -pt.softplus(theta)


@dataclass(frozen=True)
class Probit(Link):
    """Standard normal quantile.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> round(float(bm.Probit().rate(1.0)), 3)
    0.841
    """

    name: ClassVar[str] = "probit"
    code: ClassVar[int] = 1
    scale: ClassVar[str] = "probit"
    pole: ClassVar[float] = 3.0  # it has none; a few units off the real line it grows beyond use
    mu: ClassVar[Prior] = Normal(0, 1)
    beta: ClassVar[Prior] = Normal(0, 0.6)

    @override
    def rate(self, theta: npt.ArrayLike) -> Array:
        return np.asarray(special.ndtr(_array(theta)))

    @override
    def theta(self, rate: npt.ArrayLike) -> Array:
        return np.asarray(special.ndtri(_array(rate)))

    @override
    def log_rates(self, theta: npt.ArrayLike) -> tuple[Array, Array]:
        theta = _array(theta)
        return special.log_ndtr(theta), special.log_ndtr(-theta)

    @override
    def log_slope(self, theta: npt.ArrayLike) -> Array:
        theta = _array(theta)
        return np.asarray(-(theta**2) / 2 - np.log(2 * np.pi) / 2)

    @override
    def to_pymc(self, theta: Any) -> tuple[Any, Any]:
        return log_normal_cdf(theta), log_normal_cdf(-theta)


@dataclass(frozen=True)
class CLogLog(Link):
    """Complementary log-log, ``log(-log(1 - rate))``: proportional hazards of responding.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> round(float(bm.CLogLog().rate(0.0)), 3)
    0.632
    """

    name: ClassVar[str] = "cloglog"
    code: ClassVar[int] = 2
    scale: ClassVar[str] = "complementary log-log"
    pole: ClassVar[float] = float(np.pi / 2)
    mu: ClassVar[Prior] = StudentT(3, -0.5, 1.1)
    beta: ClassVar[Prior] = Normal(0, 0.7)

    @override
    def rate(self, theta: npt.ArrayLike) -> Array:
        return np.asarray(-np.expm1(-_exp(theta)))

    @override
    def theta(self, rate: npt.ArrayLike) -> Array:
        return np.asarray(np.log(-np.log1p(-_array(rate))))

    @override
    def log_rates(self, theta: npt.ArrayLike) -> tuple[Array, Array]:
        theta = _array(theta)
        hazard = _exp(theta)
        # Where exp(theta) is beyond the smallest number, the rate is exp(theta) itself.
        far = theta < -700  # noqa: PLR2004
        rate = -np.expm1(-np.where(far, 1.0, hazard))
        return np.where(far, theta, np.log(rate)), -hazard

    @override
    def log_slope(self, theta: npt.ArrayLike) -> Array:
        theta = _array(theta)
        return np.asarray(theta - _exp(theta))

    @override
    def to_pymc(self, theta: Any) -> tuple[Any, Any]:
        import pytensor.tensor as pt

        hazard = pt.exp(theta)
        return pt.log(-pt.expm1(-hazard)), -hazard


def _array(values: npt.ArrayLike) -> Array:
    return np.asarray(values, dtype=np.float64)


def _exp(theta: npt.ArrayLike) -> Array:
    """Return exp(theta), at most the largest number."""
    return np.exp(np.minimum(_array(theta), 709.0))


def log_normal_cdf(theta: Any) -> Any:
    """Return the logarithm of the normal distribution function as a PyTensor expression."""
    import pytensor.tensor as pt

    # Each branch sees only values it can bear, or its infinities would spoil the gradient.
    left, right = pt.minimum(theta, -1.0), pt.maximum(theta, -1.0)
    far = pt.log(pt.erfcx(-left / np.sqrt(2)) / 2) - left**2 / 2
    near = pt.log1p(-pt.erfc(right / np.sqrt(2)) / 2)
    return pt.switch(theta < -1.0, far, near)


LINKS: dict[str, type[Link]] = {link.name: link for link in (Logit, Probit, CLogLog)}
"""Every link by the name it has in a model file."""
