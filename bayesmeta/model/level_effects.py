"""Distributions of the effects of exchangeable levels, such as those of regimens."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from bayesmeta.arrays import Array
from bayesmeta.errors import SpecError
from bayesmeta.model.default_priors import per_spread
from bayesmeta.model.effects.base import check_scale
from bayesmeta.numeric import is_number
from bayesmeta.priors import HalfNormal, Normal, Prior, StudentT

DEFAULT_SIGMA = HalfNormal(0.5)
"""Prior of sigma, on the scale of the link."""

STANDARD = Normal(0, 1)

STEPS = 80
"""Newton steps, or halvings, by which quantiles of a mixture are found; many more than most need."""


@dataclass(frozen=True)
class LevelEffects(ABC):
    """The distribution of the effects b of exchangeable levels, on the scale of the link.

    Abstract: a subclass gives `name` (its name in a model file), `words` (a sentence of reports),
    `symbol` and `standard`.

    Parameters
    ----------
    sigma : Prior, optional
        Prior of the scale of the effects (log-odds where the link is the logit; of slopes per unit of
        the column). Where None HalfNormal(0.5), of slopes per standard deviation of the column over
        the arms, of steps of a random walk over the root of their number.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import numpy as np
    >>> bm.NormalLevels(sigma=bm.HalfNormal(0.5)).quantile(0.975, np.array([0.25, 0.5])).round(2)
    array([0.49, 0.98])
    """

    name: ClassVar[str]
    words: ClassVar[str]
    sigma: Prior | None = None

    def __post_init__(self) -> None:
        if self.sigma is not None:
            check_scale("sigma", self.sigma)

    def sigma_of(self, spread: float) -> Prior:
        """Return the prior of the scale where an effect is multiplied by a column of this spread."""
        if self.sigma is not None:
            return self.sigma
        return per_spread(DEFAULT_SIGMA, spread)

    @property
    @abstractmethod
    def symbol(self) -> str:
        """The distribution as it is written, such as ``"b ~ Normal(0, sigma)"``."""

    @property
    def standard(self) -> Prior:
        """Distribution of standardised effects."""
        return STANDARD

    @property
    def mixture(self) -> tuple[float, Normal]:
        """Probability that an effect is exchangeable, and the distribution of one that is not."""
        return 1.0, Normal(0, 1)

    def effect(self, z: Array, sigma: Array) -> Array:
        """Return the effects that standardised ones, distributed as `standard`, stand for."""
        return np.asarray(sigma * z)

    def standardised(self, effect: Array, sigma: Array) -> Array:
        """Return the standardised effects of which `effect` makes these."""
        return np.asarray(effect / sigma)

    def quantile(self, probability: Array, sigma: Array) -> Array:
        """Return quantiles of the effect of a new level, of the shape of `sigma`."""
        return self.effect(self.standard.quantile(probability), sigma)

    def to_pymc(self, name: str, sigma: Any, dims: str) -> Any:
        """Return the effects, created inside the current PyMC model."""
        import pymc as pm

        standard = self.standard.to_pymc(f"z_{name}", dims=dims)
        return pm.Deterministic(name, sigma * standard, dims=dims)


@dataclass(frozen=True)
class NormalLevels(LevelEffects):
    """Effects of levels that are normal about zero with standard deviation `sigma`.

    Parameters
    ----------
    sigma : Prior, optional
        Prior of the standard deviation (log-odds where the link is the logit); see `LevelEffects`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.NormalLevels().symbol
    'b ~ Normal(0, sigma)'
    """

    name: ClassVar[str] = "normal"
    words: ClassVar[str] = "Levels are exchangeable: their effects are normal about zero."

    @property
    @override
    def symbol(self) -> str:
        return "b ~ Normal(0, sigma)"


@dataclass(frozen=True)
class StudentTLevels(LevelEffects):
    """Effects of levels that follow Student's t about zero, with room for outlying levels.

    Parameters
    ----------
    sigma : Prior, optional
        Prior of the scale (log-odds where the link is the logit); see `LevelEffects`.
    nu : float
        Degrees of freedom, above 2; fixed, since few levels show nothing of them.

    Raises
    ------
    SpecError
        If `nu` is not above 2.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.StudentTLevels(nu=3).symbol
    'b ~ StudentT(3, 0, sigma)'
    """

    name: ClassVar[str] = "student_t"
    words: ClassVar[str] = (
        "Levels are exchangeable: their effects follow Student's t, which leaves room for outlying ones."
    )
    nu: float = 4.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_number("nu", self.nu, 2.0, np.inf)

    @property
    @override
    def symbol(self) -> str:
        return f"b ~ StudentT({self.nu:g}, 0, sigma)"

    @property
    @override
    def standard(self) -> Prior:
        return StudentT(self.nu, 0, 1)


@dataclass(frozen=True)
class PartlyExchangeableLevels(LevelEffects):
    """Effects of levels of which some may not be exchangeable with the others (EXNEX).

    Each effect is normal about zero with standard deviation `sigma` with probability
    `exchangeable`, and otherwise has a distribution of its own, `apart`.

    Parameters
    ----------
    sigma : Prior, optional
        Prior of the standard deviation of exchangeable effects (log-odds where the link is the logit);
        see `LevelEffects`.
    exchangeable : float
        Prior probability that the effect of a level is exchangeable, above 0 and below 1.
    apart : Normal
        Distribution of an effect that is not, relative to `mu`.

    Raises
    ------
    SpecError
        If `exchangeable` is not a probability, or `apart` is not a normal distribution.

    References
    ----------
    Neuenschwander, Wandel, Roychoudhury & Bailey 2016, doi:10.1002/pst.1730.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> bm.PartlyExchangeableLevels(exchangeable=0.8).symbol
    'b ~ 0.8 Normal(0, sigma) + 0.2 Normal(0, 1)'
    """

    name: ClassVar[str] = "exnex"
    words: ClassVar[str] = (
        "Levels are exchangeable, normal about zero, or have effects of their own (EXNEX)."
    )
    exchangeable: float = 0.5
    apart: Normal = field(default_factory=lambda: Normal(0, 1))

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_number("exchangeable", self.exchangeable, 0.0, 1.0)
        if not isinstance(self.apart, Normal):
            raise SpecError(
                f"`apart` must be a normal distribution, such as Normal(0, 1); got {self.apart!r}."
            )

    @property
    @override
    def symbol(self) -> str:
        rest = 1 - self.exchangeable
        return f"b ~ {self.exchangeable:g} Normal(0, sigma) + {rest:g} {self.apart!r}"

    @property
    @override
    def mixture(self) -> tuple[float, Normal]:
        return self.exchangeable, self.apart

    @override
    def effect(self, z: Array, sigma: Array) -> Array:
        # That of the mixture lies between those of its parts, at the same probability.
        ends = sigma * z, self.apart.loc + self.apart.scale * z
        low, high = np.minimum(*ends), np.maximum(*ends)
        found, side = (low + high) / 2, np.where(z > 0, -1.0, 1.0)
        target = log_ndtr(side * z)
        for _ in range(STEPS):
            log_tail, log_density = self._tail(found, sigma, side)
            gap = log_tail - target
            above = side * gap > 0
            low, high = np.where(above, low, found), np.where(above, found, high)
            move = found - side * gap * np.exp(log_tail - log_density)
            found = np.where((move > low) & (move < high), move, (low + high) / 2)
        return np.asarray(found)

    @override
    def standardised(self, effect: Array, sigma: Array) -> Array:
        lower = self._tail(effect, sigma, 1.0)[0]
        side = np.where(lower > np.log(0.5), -1.0, 1.0)
        return np.asarray(side * ndtri_exp(self._tail(effect, sigma, side)[0]))

    def _tail(self, effect: Array, sigma: Array, side: Array | float) -> tuple[Array, Array]:
        """Return the log probability of effects below (`side` 1) or above, and the log density."""
        rest, scale = 1 - self.exchangeable, self.apart.scale
        one, other = effect / sigma, (effect - self.apart.loc) / scale
        logs = np.log(self.exchangeable), np.log(rest)
        tail = np.logaddexp(logs[0] + log_ndtr(side * one), logs[1] + log_ndtr(side * other))
        density = np.logaddexp(
            logs[0] + self.standard.logpdf(one) - np.log(sigma),
            logs[1] + self.apart.logpdf(effect),
        )
        return tail, density

    @override
    def to_pymc(self, name: str, sigma: Any, dims: str) -> Any:
        import pymc as pm
        import pytensor.tensor as pt

        return pm.NormalMixture(
            name,
            w=np.array([self.exchangeable, 1 - self.exchangeable]),
            mu=np.array([0.0, self.apart.loc]),
            sigma=pt.stack([sigma, np.float64(self.apart.scale)]),
            dims=dims,
        )


LEVEL_DISTRIBUTIONS: dict[str, type[LevelEffects]] = {
    one.name: one for one in (NormalLevels, StudentTLevels, PartlyExchangeableLevels)
}
"""Every distribution of the effects of levels, by its name in a model file."""


def _check_number(name: str, value: object, low: float, high: float) -> None:
    if not is_number(value) or not low < value < high:
        bound = f"above {low:g}" if high == np.inf else f"above {low:g} and below {high:g}"
        raise SpecError(f"`{name}` must be a number {bound}; got {value!r}.")
