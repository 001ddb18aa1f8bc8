"""Prior distributions as frozen values.

A prior is written as it reads, in Python and in a model file alike: ``Normal(0, 1.5)``,
``HalfNormal(0.5)``. Scales are standard deviations (or the family's own scale), never
variances or precisions, and a prior on heterogeneity is a prior on `tau`, never on its square.

>>> prior = HalfNormal(0.5)
>>> prior
HalfNormal(0.5)
>>> [round(float(bound), 3) for bound in prior.interval(0.95)]
[0.016, 1.121]

A new family is one class here and one entry of `FAMILIES`.
"""

import ast
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, override

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import SpecError, nearest

if TYPE_CHECKING:
    from scipy.stats._distn_infrastructure import rv_continuous_frozen

__all__ = [
    "FAMILIES",
    "Cauchy",
    "Exponential",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "InverseGamma",
    "Kernel",
    "LogNormal",
    "Normal",
    "Prior",
    "Shape",
    "StudentT",
    "Uniform",
    "parse_prior",
]

Array = npt.NDArray[np.float64]


class Shape(IntEnum):
    """The few functional forms that all families share; see `Kernel`."""

    NORMAL = 0
    STUDENT_T = 1
    LOG_NORMAL = 2
    GAMMA = 3
    INVERSE_GAMMA = 4
    UNIFORM = 5


class Kernel(NamedTuple):
    """A prior as numbers, for the compiled density.

    The log density is ``constant`` plus, with parameters a, b, c:
    NORMAL ``-((x - a) / b)**2 / 2``; STUDENT_T ``-(c + 1) / 2 * log1p(((x - a) / b)**2 / c)``;
    LOG_NORMAL ``-log(x) - ((log(x) - a) / b)**2 / 2``; GAMMA ``(a - 1) * log(x) - b * x``;
    INVERSE_GAMMA ``-(a + 1) * log(x) - b / x``; UNIFORM ``0`` between a and b.
    """

    shape: Shape
    a: float
    b: float
    c: float
    constant: float


class Prior(ABC):
    """A univariate prior: a frozen value that can be evaluated, drawn from and put into PyMC."""

    @property
    def support(self) -> tuple[float, float]:
        """Bounds of the values the prior allows."""
        return (-math.inf, math.inf)

    @property
    @abstractmethod
    def distribution(self) -> "rv_continuous_frozen":
        """The same distribution in SciPy."""

    @property
    @abstractmethod
    def kernel(self) -> Kernel:
        """The same distribution as numbers for the compiled density."""

    @abstractmethod
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        """Create the random variable `name` inside the current PyMC model.

        Parameters
        ----------
        name : str
            Name of the variable.
        **kwargs
            Passed on to PyMC, such as `dims`.
        """

    def logpdf(self, x: npt.ArrayLike) -> Array:
        """Return the log density at `x`, of the shape of `x`."""
        return np.asarray(
            self.distribution.logpdf(np.asarray(x, dtype=np.float64)), dtype=np.float64
        )

    def interval(self, ci_prob: float) -> tuple[float, float]:
        """Return the equal-tailed interval that holds probability `ci_prob`."""
        low, high = self.distribution.ppf([(1 - ci_prob) / 2, (1 + ci_prob) / 2])
        return float(low), float(high)

    def draw(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
        """Return `size` independent draws made with `rng`."""
        return np.asarray(self.distribution.rvs(size=size, random_state=rng), dtype=np.float64)

    def __repr__(self) -> str:
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(_shortest(value) for value in values)})"

    def _demand(self, *, finite: tuple[str, ...] = (), positive: tuple[str, ...] = ()) -> None:
        for name in (*finite, *positive):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.number):
                raise SpecError(
                    f"`{name}` of {type(self).__name__} must be a number; got {value!r}."
                )
            object.__setattr__(self, name, float(value))
            if not math.isfinite(value) or (name in positive and value <= 0):
                rule = "positive and finite" if name in positive else "finite"
                raise SpecError(f"`{name}` of {type(self).__name__} must be {rule}; got {value}.")


@dataclass(frozen=True, repr=False)
class Normal(Prior):
    """Normal with mean `loc` and standard deviation `scale`."""

    loc: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(finite=("loc",), positive=("scale",))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.norm(self.loc, self.scale)

    @property
    @override
    def kernel(self) -> Kernel:
        constant = -math.log(self.scale) - math.log(2 * math.pi) / 2
        return Kernel(Shape.NORMAL, self.loc, self.scale, 0.0, constant)

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.Normal(name, mu=self.loc, sigma=self.scale, **kwargs)


@dataclass(frozen=True, repr=False)
class StudentT(Prior):
    """Student-t with `df` degrees of freedom, centre `loc` and scale `scale`."""

    df: float
    loc: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(finite=("loc",), positive=("df", "scale"))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.t(self.df, self.loc, self.scale)

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

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.StudentT(name, nu=self.df, mu=self.loc, sigma=self.scale, **kwargs)


@dataclass(frozen=True, repr=False)
class Cauchy(Prior):
    """Cauchy with centre `loc` and scale `scale`."""

    loc: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(finite=("loc",), positive=("scale",))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.cauchy(self.loc, self.scale)

    @property
    @override
    def kernel(self) -> Kernel:
        return StudentT(1, self.loc, self.scale).kernel

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.Cauchy(name, alpha=self.loc, beta=self.scale, **kwargs)


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
    """Absolute value of a normal with mean 0 and standard deviation `scale`."""

    scale: float

    def __post_init__(self) -> None:
        self._demand(positive=("scale",))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.halfnorm(0, self.scale)

    @property
    @override
    def kernel(self) -> Kernel:
        return _folded(Normal(0, self.scale).kernel)

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.HalfNormal(name, sigma=self.scale, **kwargs)


@dataclass(frozen=True, repr=False)
class HalfStudentT(_PositivePrior):
    """Absolute value of a Student-t with `df` degrees of freedom, centre 0 and scale `scale`."""

    df: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(positive=("df", "scale"))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        # SciPy has no half-t.
        return _HalfT(stats.t(self.df, 0, self.scale))  # type: ignore[return-value]

    @property
    @override
    def kernel(self) -> Kernel:
        return _folded(StudentT(self.df, 0, self.scale).kernel)

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.HalfStudentT(name, nu=self.df, sigma=self.scale, **kwargs)


@dataclass(frozen=True)
class _HalfT:
    """The half of a symmetric SciPy distribution above zero."""

    whole: "rv_continuous_frozen"

    def logpdf(self, x: npt.ArrayLike) -> Array:
        x = np.asarray(x, dtype=np.float64)
        return np.where(x < 0, -np.inf, self.whole.logpdf(x) + math.log(2))

    def ppf(self, q: npt.ArrayLike) -> Array:
        return np.asarray(self.whole.ppf((1 + np.asarray(q)) / 2), dtype=np.float64)

    def rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Array:
        return np.abs(self.whole.rvs(size=size, random_state=random_state))


@dataclass(frozen=True, repr=False)
class HalfCauchy(_PositivePrior):
    """Absolute value of a Cauchy with centre 0 and scale `scale`."""

    scale: float

    def __post_init__(self) -> None:
        self._demand(positive=("scale",))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.halfcauchy(0, self.scale)

    @property
    @override
    def kernel(self) -> Kernel:
        return _folded(Cauchy(0, self.scale).kernel)

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.HalfCauchy(name, beta=self.scale, **kwargs)


@dataclass(frozen=True, repr=False)
class LogNormal(_PositivePrior):
    """Variable whose logarithm is normal with mean `log_mean` and standard deviation `log_sd`."""

    log_mean: float
    log_sd: float

    def __post_init__(self) -> None:
        self._demand(finite=("log_mean",), positive=("log_sd",))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.lognorm(s=self.log_sd, scale=math.exp(self.log_mean))

    @property
    @override
    def kernel(self) -> Kernel:
        constant = -math.log(self.log_sd) - math.log(2 * math.pi) / 2
        return Kernel(Shape.LOG_NORMAL, self.log_mean, self.log_sd, 0.0, constant)

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.LogNormal(name, mu=self.log_mean, sigma=self.log_sd, **kwargs)


@dataclass(frozen=True, repr=False)
class Gamma(_PositivePrior):
    """Gamma with `shape` and `rate`; its mean is ``shape / rate``."""

    shape: float
    rate: float

    def __post_init__(self) -> None:
        self._demand(positive=("shape", "rate"))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.gamma(self.shape, scale=1 / self.rate)

    @property
    @override
    def kernel(self) -> Kernel:
        constant = self.shape * math.log(self.rate) - math.lgamma(self.shape)
        return Kernel(Shape.GAMMA, self.shape, self.rate, 0.0, constant)

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.Gamma(name, alpha=self.shape, beta=self.rate, **kwargs)


@dataclass(frozen=True, repr=False)
class Exponential(_PositivePrior):
    """Exponential with `rate`; its mean is ``1 / rate``."""

    rate: float

    def __post_init__(self) -> None:
        self._demand(positive=("rate",))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.expon(scale=1 / self.rate)

    @property
    @override
    def kernel(self) -> Kernel:
        return Gamma(1, self.rate).kernel

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.Exponential(name, lam=self.rate, **kwargs)


@dataclass(frozen=True, repr=False)
class InverseGamma(_PositivePrior):
    """Inverse gamma with `shape` and `scale`; on `tau` itself, not on its square."""

    shape: float
    scale: float

    def __post_init__(self) -> None:
        self._demand(positive=("shape", "scale"))

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.invgamma(self.shape, scale=self.scale)

    @property
    @override
    def kernel(self) -> Kernel:
        constant = self.shape * math.log(self.scale) - math.lgamma(self.shape)
        return Kernel(Shape.INVERSE_GAMMA, self.shape, self.scale, 0.0, constant)

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.InverseGamma(name, alpha=self.shape, beta=self.scale, **kwargs)


@dataclass(frozen=True, repr=False)
class Uniform(Prior):
    """Uniform between `low` and `high`."""

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

    @property
    @override
    def distribution(self) -> "rv_continuous_frozen":
        from scipy import stats

        return stats.uniform(self.low, self.high - self.low)

    @property
    @override
    def kernel(self) -> Kernel:
        return Kernel(Shape.UNIFORM, self.low, self.high, 0.0, -math.log(self.high - self.low))

    @override
    def to_pymc(self, name: str, **kwargs: Any) -> Any:
        import pymc as pm

        return pm.Uniform(name, lower=self.low, upper=self.high, **kwargs)


def _shortest(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


FAMILIES: dict[str, type[Prior]] = {
    family.__name__: family
    for family in (
        Normal,
        StudentT,
        Cauchy,
        HalfNormal,
        HalfStudentT,
        HalfCauchy,
        LogNormal,
        Exponential,
        Uniform,
        Gamma,
        InverseGamma,
    )
}
"""Every prior family by name."""


def parse_prior(text: str) -> Prior:
    """Return the prior that `text` writes down, such as ``"HalfNormal(0.5)"``.

    Parameters
    ----------
    text : str
        A family's name with its parameters in order or by name; only numbers are read, nothing
        is evaluated.

    Raises
    ------
    SpecError
        If the text is not a prior, names no family, or its parameters are wrong.

    Examples
    --------
    >>> parse_prior("StudentT(df=4, loc=0, scale=1)")
    StudentT(4, 0, 1)
    """
    call = _call(text)
    family = FAMILIES.get(call.func.id)  # type: ignore[attr-defined]
    if family is None:
        name = call.func.id  # type: ignore[attr-defined]
        raise SpecError(f"'{name}' is no prior family. {nearest(name, FAMILIES)}")
    names = [field.name for field in fields(family)]  # type: ignore[arg-type]
    try:
        positional = [ast.literal_eval(node) for node in call.args]
        named = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
        return family(*positional, **named)
    except (TypeError, ValueError) as error:
        if isinstance(error, SpecError):
            raise
        form = f"{family.__name__}({', '.join(names)})"
        raise SpecError(
            f"A prior of this family is written {form}, in numbers; got '{text}'."
        ) from error


def _call(text: str) -> ast.Call:
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        node = None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise SpecError(f"A prior is written like 'Normal(0, 1.5)'; got '{text}'.")
    return node
