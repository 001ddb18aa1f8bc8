"""What every prior is: a frozen value that can be evaluated, drawn from and put into PyMC."""

import math
from abc import ABC, abstractmethod
from dataclasses import fields, replace
from enum import IntEnum
from typing import Any, ClassVar, NamedTuple, Self, override

import numpy as np
import numpy.typing as npt
from scipy.special import xlog1py, xlogy

from bayesmeta.arrays import Array
from bayesmeta.errors import SpecError
from bayesmeta.numeric import is_number


class Shape(IntEnum):
    """The few functional forms that all families share; see `Kernel`.

    Examples
    --------
    >>> from bayesmeta.priors import HalfNormal
    >>> HalfNormal(0.5).kernel.shape.name
    'NORMAL'
    """

    NORMAL = 0
    STUDENT_T = 1
    LOG_NORMAL = 2
    GAMMA = 3
    INVERSE_GAMMA = 4
    UNIFORM = 5
    BETA = 6


class Kernel(NamedTuple):
    """A prior as numbers, for the compiled density.

    The log density is ``constant`` plus, with parameters a, b, c:
    NORMAL ``-((x - a) / b)**2 / 2``; STUDENT_T ``-(c + 1) / 2 * log1p(((x - a) / b)**2 / c)``;
    LOG_NORMAL ``-log(x) - ((log(x) - a) / b)**2 / 2``; GAMMA ``(a - 1) * log(x) - b * x``;
    INVERSE_GAMMA ``-(a + 1) * log(x) - b / x``; UNIFORM ``0`` between a and b; BETA
    ``(a - 1) * log(x) + (b - 1) * log1p(-x)``.

    Parameters
    ----------
    shape : Shape
        The functional form.
    a, b, c : float
        Its parameters; 0 where it has fewer.
    constant : float
        What makes the density integrate to 1 over the support.

    Examples
    --------
    >>> from bayesmeta.priors import Normal
    >>> kernel = Normal(0, 1.5).kernel
    >>> round(kernel.constant - ((1.5 - kernel.a) / kernel.b) ** 2 / 2, 3)
    -1.824
    >>> round(float(Normal(0, 1.5).logpdf(1.5)), 3)
    -1.824
    """

    shape: Shape
    a: float
    b: float
    c: float
    constant: float

    @property
    def is_student_t(self) -> bool:
        """Whether its tails fall like a power, which the sampler's coordinate of `mu` evens out."""
        return self.shape == Shape.STUDENT_T

    def logpdf(self, x: Array) -> Array:
        """Return the log density at values that the prior allows, of the shape of `x`."""
        shape, a, b, c, constant = self
        with np.errstate(divide="ignore", invalid="ignore"):
            match shape:
                case Shape.NORMAL:
                    log = -(((x - a) / b) ** 2) / 2
                case Shape.STUDENT_T:
                    log = -(c + 1) / 2 * np.log1p(((x - a) / b) ** 2 / c)
                case Shape.LOG_NORMAL:
                    log = np.where(x == 0, -np.inf, -np.log(x) - ((np.log(x) - a) / b) ** 2 / 2)
                case Shape.GAMMA:
                    log = xlogy(a - 1, x) - b * x
                case Shape.INVERSE_GAMMA:
                    log = np.where(x == 0, -np.inf, -(a + 1) * np.log(x) - b / x)
                case Shape.UNIFORM:
                    log = 0 * x
                case Shape.BETA:
                    log = xlogy(a - 1, x) + xlog1py(b - 1, -x)
        return np.asarray(constant + log)


class Prior(ABC):
    """A univariate prior: a frozen value that can be evaluated, drawn from and put into PyMC.

    Abstract: a subclass is a frozen dataclass of its parameters, has the name that PyMC gives the
    distribution, and gives `_below` and `_above` (its tails), `quantile`, `kernel` (its density) and
    `pymc_names`; `support` unless it allows every number, `positive` and `limits` of its parameters, and
    `_scaled` where its width is no `scale` or `rate`. It is read from text once it is in `FAMILIES`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> prior = bm.HalfNormal(0.5)
    >>> round(float(prior.quantile(0.5)), 3), round(float(prior.logpdf(0.5)), 3)
    (0.337, -0.033)
    >>> prior.scaled(2)
    HalfNormal(1)
    """

    positive: ClassVar[tuple[str, ...]] = ()
    """Parameters that must be positive; every other must be finite."""
    limits: ClassVar[tuple[tuple[str, float], ...]] = ()
    """Parameters with the largest value for which the family can be computed."""
    pymc_names: ClassVar[tuple[str, ...]] = ()
    """What PyMC calls the parameters, in their order."""

    def __post_init__(self) -> None:
        for name in self._names:
            object.__setattr__(self, name, self._checked(name))

    def _checked(self, name: str) -> float:
        """Return a parameter as a float, after checking it."""
        value, what = getattr(self, name), f"`{name}` of {type(self).__name__}"
        if not is_number(value):
            raise SpecError(f"{what} must be a number; got {value!r}.")
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value) or (name in self.positive and value <= 0):
            rule = "positive and finite" if name in self.positive else "finite"
            raise SpecError(f"{what} must be {rule}; got {value}.")
        if value > (limit := dict(self.limits).get(name, math.inf)):
            raise SpecError(f"{what} must be at most {limit:g}; got {value:g}.")
        return value

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(field.name for field in fields(self))  # type: ignore[arg-type]  # a dataclass

    @property
    def support(self) -> tuple[float, float]:
        """Bounds of the values the prior allows."""
        return (-math.inf, math.inf)

    @abstractmethod
    def _below(self, x: Array) -> Array:
        """Return the probability of lower values than some of the support."""

    @abstractmethod
    def _above(self, x: Array) -> Array:
        """Return the probability of higher values than some of the support, precise if it is small."""

    @abstractmethod
    def quantile(self, probability: npt.ArrayLike) -> Array:
        """Return the values below which each `probability` lies, of the shape of `probability`."""

    @property
    @abstractmethod
    def kernel(self) -> Kernel:
        """The density as numbers, for the compiled density too."""

    @property
    def pymc(self) -> tuple[str, dict[str, float]]:
        """Name of the same distribution in PyMC, with its arguments."""
        values = (getattr(self, name) for name in self._names)
        return type(self).__name__, dict(zip(self.pymc_names, values, strict=True))

    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        """Create the random variable `name` inside the current PyMC model.

        Parameters
        ----------
        name : str
            Name of the variable.
        **kwargs
            Passed on to PyMC, such as `dims`.
        """
        import pymc as pm

        family, arguments = self.pymc
        return getattr(pm, family)(name, **exact(arguments), **kwargs)

    def logpdf(self, x: npt.ArrayLike) -> Array:
        """Return the log density at `x`, of the shape of `x`."""
        x = np.asarray(x, dtype=np.float64)
        low, high = self.support
        return np.where((x < low) | (x > high), -np.inf, self.kernel.logpdf(x))

    def cdf(self, x: npt.ArrayLike) -> Array:
        """Return the probability of lower values than each `x`, of the shape of `x`."""
        return self._below(self._supported(x))

    def sf(self, x: npt.ArrayLike) -> Array:
        """Return the probability of higher values than each `x`, of the shape of `x`."""
        return self._above(self._supported(x))

    def _supported(self, x: npt.ArrayLike) -> Array:
        """Return `x` brought into the support; zeros without a sign, since families divide by them."""
        return np.clip(np.asarray(x, dtype=np.float64), *self.support) + 0.0

    def interval(self, ci_prob: float) -> tuple[float, float]:
        """Return the equal-tailed interval that holds probability `ci_prob`."""
        low, high = self.quantile([(1 - ci_prob) / 2, (1 + ci_prob) / 2])
        return float(low), float(high)

    def draw(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
        """Return `size` independent draws made with `rng`."""
        # From the middles of steps of 2**-52, so that neither end of a support is met.
        return self.quantile((rng.integers(2**52, size=size) + 0.5) / 2**52)

    def scaled(self, factor: float) -> Self:
        """Return the prior that is `factor` times as wide about its centre.

        Of a positive variable, whose centre is 0, the prior of `factor` times the variable.

        Raises
        ------
        SpecError
            If `factor` is not positive and finite, or the family has no scale, as on a bounded range.
        """
        if not is_number(factor) or not 0 < factor < math.inf:
            raise SpecError(f"`factor` must be a positive, finite number; got {factor!r}.")
        return self._scaled(float(factor))

    def _scaled(self, factor: float) -> Self:
        """Return the same for a positive factor; families without `scale` and `rate` say how."""
        if "scale" in self._names:
            return replace(self, scale=self.scale * factor)  # type: ignore[type-var, attr-defined]
        if "rate" in self._names:
            return replace(self, rate=self.rate / factor)  # type: ignore[type-var, attr-defined]
        raise SpecError(f"{self!r} has no scale that could be changed. Use another family.")

    def __repr__(self) -> str:
        values = (_shortest(getattr(self, name)) for name in self._names)
        return f"{type(self).__name__}({', '.join(values)})"


class PositivePrior(Prior):
    """A prior whose values are positive.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.HalfNormal(1).support
    (0.0, inf)
    """

    @property
    @override
    def support(self) -> tuple[float, float]:
        return (0.0, math.inf)


def exact(arguments: dict[str, float]) -> dict[str, np.float64]:
    """Return arguments for PyMC, which takes logarithms of plain numbers in single precision."""
    return {name: np.float64(value) for name, value in arguments.items()}


def _shortest(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)
