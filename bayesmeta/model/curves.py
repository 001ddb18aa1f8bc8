"""Families of survival curves: how the survival of an arm follows from its median and its shape.

With ``x = k * (log(t) - log(median))`` the survival at time t is ``exp(-log(2) * exp(x))`` of a Weibull
curve, and ``1 / (1 + exp(x))`` of a log-logistic one.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

import numpy as np
from scipy.special import gamma, gammainc, hyp2f1

from bayesmeta.arrays import Array
from bayesmeta.errors import SpecError
from bayesmeta.model.effects.base import check_scale
from bayesmeta.model.links import LogMonths, Scale
from bayesmeta.priors import Beta, HalfNormal, Normal, Prior

LOG_TWO = float(np.log(2))

LOG_SHAPE, TAU_SHAPE, PRECISION = "kappa", "tau_k", "retention"
"""Parameters of a curve: mean and standard deviation of log k, and the share of patients that count."""


@dataclass(frozen=True)
class SurvivalCurve(ABC):
    """A family of survival curves, each given by its median and its shape.

    Abstract: a subclass gives `name` (in a model file), `words` (what text calls it), `symbol`, `code`
    (its branch in the compiled density), `slope`, `log_survival`, `log_survival_to_pymc` and `mean_to`.

    Parameters
    ----------
    retention : Prior
        Prior of the share of an arm's patients that an estimate without an interval is worth, between 0
        and 1. Patients are lost to follow-up, so that its standard error is ``1 / sqrt(retention)``
        times that of an arm whose patients are all followed, with a curve of the typical shape.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import numpy as np
    >>> curve = bm.WeibullSurvival()
    >>> np.exp(curve.log_survival(np.array([-1.0, 0.0, 1.0]))).round(2).tolist()
    [0.77, 0.5, 0.15]
    """

    name: ClassVar[str]
    words: ClassVar[str]
    symbol: ClassVar[str]
    code: ClassVar[int]
    scale: ClassVar[Scale] = LogMonths()
    slope: ClassVar[float]
    """Fall of the survival at its median per unit of `x`, times 2: the standard error of the log of a
    median is ``1 / (slope * k * sqrt(n))`` where n patients are all followed."""
    units: ClassVar[Mapping[str, str]] = {PRECISION: "share of patients"}
    has_shape: ClassVar[bool] = False
    """Whether curves differ in their shape k; if not, k is 1."""
    retention: Prior = field(default_factory=lambda: Beta(2, 2), kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.retention, Prior) or not (
            self.retention.support[0] >= 0 and self.retention.support[1] <= 1
        ):
            raise SpecError(
                f"`retention` is a share of patients: its prior must lie within 0 and 1; got {self.retention!r}. "
                "Use Beta(2, 2) or a Uniform within 0 and 1."
            )

    @abstractmethod
    def log_survival(self, x: Array) -> Array:
        """Return the log of the survival at ``x = k * (log(t) - log(median))``."""

    @abstractmethod
    def log_survival_to_pymc(self, x: Any) -> Any:
        """Return the same as a PyTensor expression."""

    @abstractmethod
    def mean_to(self, time: float, median: Array, shape: Array) -> Array:
        """Return the restricted mean survival (months) to a time: the area under the curve up to it."""

    @property
    def parameters(self) -> Mapping[str, Prior]:
        """Priors of its own parameters by name."""
        return {name: getattr(self, name) for name in self.units}

    def survival(self, time: float, median: Array, shape: Array) -> Array:
        """Return the survival (probability) at a time in months."""
        with np.errstate(divide="ignore"):
            return np.exp(self.log_survival(shape * (np.log(time) - np.log(median))))


@dataclass(frozen=True)
class _Shaped(SurvivalCurve):
    """Curves whose log shape is normal over arms."""

    units: ClassVar[Mapping[str, str]] = {
        LOG_SHAPE: "log shape",
        TAU_SHAPE: "log shape",
        PRECISION: "share of patients",
    }
    has_shape: ClassVar[bool] = True
    kappa: Prior = field(default_factory=lambda: Normal(0, 0.3))
    tau_k: Prior = field(default_factory=lambda: HalfNormal(0.25))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.kappa, Prior) or np.isfinite(self.kappa.support).any():
            raise SpecError(
                f"`kappa` is the mean of the log shape: its prior must allow every number; got {self.kappa!r}. "
                "Use Normal, StudentT or Cauchy."
            )
        check_scale(TAU_SHAPE, self.tau_k)


@dataclass(frozen=True)
class _PowerOfTime(SurvivalCurve):
    """Curves whose cumulative hazard is a power of time: Weibull, and exponential where it is 1."""

    code: ClassVar[int] = 0
    slope: ClassVar[float] = LOG_TWO

    @override
    def log_survival(self, x: Array) -> Array:
        return np.asarray(-LOG_TWO * np.exp(np.minimum(x, 700.0)))

    @override
    def log_survival_to_pymc(self, x: Any) -> Any:
        import pytensor.tensor as pt

        return -LOG_TWO * pt.exp(x)

    @override
    def mean_to(self, time: float, median: Array, shape: Array) -> Array:
        scale = median * LOG_TWO ** (-1 / shape)
        area = gammainc(1 / shape, (time / scale) ** shape)
        return np.asarray(scale * gamma(1 + 1 / shape) * area)


@dataclass(frozen=True)
class ExponentialSurvival(_PowerOfTime):
    """Exponential curves, whose hazard is constant.

    For landmarks of one time, or medians alone, this is the normal model of their logs: of
    ``log(-log(survival))``, and of log medians.

    Parameters
    ----------
    retention : Prior
        Prior of the share of an arm's patients that an estimate without an interval is worth.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> float(bm.ExponentialSurvival().survival(12.0, median=6.0, shape=1.0).round(2))
    0.25
    """

    name: ClassVar[str] = "exponential"
    words: ClassVar[str] = "exponential"
    symbol: ClassVar[str] = "log(-log(S(t))) = log(log(2)) + log(t) - theta"


@dataclass(frozen=True)
class WeibullSurvival(_PowerOfTime, _Shaped):
    """Weibull curves, whose hazard rises or falls with a power of time.

    Parameters
    ----------
    kappa, tau_k : Prior
        Priors of the mean and of the standard deviation of log k over arms. At k = 1 a curve is
        exponential; its hazard rises with time where k is above 1, and falls below.
    retention : Prior
        Prior of the share of an arm's patients that an estimate without an interval is worth.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> float(bm.WeibullSurvival().survival(12.0, median=6.0, shape=2.0).round(4))
    0.0625
    """

    name: ClassVar[str] = "weibull"
    words: ClassVar[str] = "Weibull"
    symbol: ClassVar[str] = "log(-log(S(t))) = log(log(2)) + k (log(t) - theta)"


@dataclass(frozen=True)
class LogLogisticSurvival(_Shaped):
    """Log-logistic curves, whose hazard falls in the long run.

    Parameters
    ----------
    kappa, tau_k : Prior
        Priors of the mean and of the standard deviation of log k over arms.
    retention : Prior
        Prior of the share of an arm's patients that an estimate without an interval is worth.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> float(bm.LogLogisticSurvival().survival(12.0, median=6.0, shape=1.0).round(3))
    0.333
    """

    name: ClassVar[str] = "log_logistic"
    words: ClassVar[str] = "log-logistic"
    symbol: ClassVar[str] = "logit(S(t)) = -k (log(t) - theta)"
    code: ClassVar[int] = 1
    slope: ClassVar[float] = 0.5

    @override
    def log_survival(self, x: Array) -> Array:
        return np.asarray(-np.logaddexp(0, x))

    @override
    def log_survival_to_pymc(self, x: Any) -> Any:
        import pytensor.tensor as pt

        return -pt.softplus(x)

    @override
    def mean_to(self, time: float, median: Array, shape: Array) -> Array:
        power = (time / median) ** shape
        return np.asarray(time * hyp2f1(1.0, 1 / shape, 1 + 1 / shape, -power))


CURVES: dict[str, type[SurvivalCurve]] = {
    curve.name: curve for curve in (WeibullSurvival, LogLogisticSurvival, ExponentialSurvival)
}
"""Every family of survival curves by the name it has in a model file."""
