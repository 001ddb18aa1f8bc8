"""What every distribution of study effects is, and the rule that averages over one."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, override

import numpy as np
import numpy.typing as npt

from bayesmeta.arrays import Array
from bayesmeta.errors import SpecError
from bayesmeta.priors import HalfNormal, Prior

Values = npt.ArrayLike

REACH = 8.5
"""Standard deviations of a normal distribution beyond which nothing is left."""

WIDEST_STEP = 0.5
NEWTON_STEPS = 4
EXPONENT = 18.0
"""The trapezoid rule errs by about exp(-EXPONENT), 1e-8."""


class StudyEffects(ABC):
    """The distribution of the study effects u, on the scale of the linear predictor.

    Abstract: a subclass gives `name` (its name in a model file), `words` (a sentence of reports), `tau`
    (prior of the effects' scale, None where there is none) and `by` (study-level column whose levels
    each have a `tau` of their own, or None); `symbol`, `to_pymc`, `quantile`, `nodes` and `variance`;
    where its shape is not normal, `code` (its branch in the compiled density); for a parameter of its
    own, its `units`, `transition_scale` and `constants`; and what it can do: `has_effects`, `pools`,
    `is_normal`, `is_symmetric`, `tau_is_sd`, `fewest_studies`.
    `bayesmeta.model.effects.DISTRIBUTIONS` holds every distribution.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> round(float(bm.NormalEffects().quantile(0.975, tau=0.5)), 2)
    0.98
    """

    name: ClassVar[str]
    words: ClassVar[str]
    code: ClassVar[int] = 0
    """Its branch in the compiled density; 0 for a normal shape, or where it needs none."""
    has_effects: ClassVar[bool] = True
    """Whether studies of one profile differ."""
    pools: ClassVar[bool] = True
    """Whether studies tell of each other; if not, each level has the prior of `mu`."""
    is_normal: ClassVar[bool] = False
    """Whether effects are normal, so that they and normal effects of arms add up to normal ones."""
    is_symmetric: ClassVar[bool] = True
    """Whether the median study has no effect, as the mean study has none."""
    tau_is_sd: ClassVar[bool] = True
    """Whether `tau` is the standard deviation of the effects, and not another scale."""
    fewest_studies: ClassVar[int] = 0
    """Studies below which the parameter of its own depends on its prior."""
    feature: ClassVar[str] = ""
    """What so few studies cannot show, such as ``"outlying studies"``."""
    units: ClassVar[Mapping[str, str]] = {}
    """Unit of each parameter of its own, such as ``{"nu": "degrees of freedom"}``."""
    transition_scale: ClassVar[float] = 1.0
    """Height above a lower bound at which the sampler's scale of that parameter changes from
    logarithms to square roots; geometry only."""
    tau: Prior | Mapping[str, Prior] | None
    by: str | None

    @property
    @abstractmethod
    def symbol(self) -> str:
        """The distribution as it is written, such as ``"u ~ Normal(0, tau)"``; empty for no effects."""

    @property
    def parameters(self) -> Mapping[str, Prior]:
        """Priors of the distribution's own parameters beside tau, by name."""
        return {name: getattr(self, name) for name in self.units}

    @property
    def constants(self) -> tuple[float, ...]:
        """Fixed numbers that the compiled density needs."""
        return (0.0,)

    def mixture(self, **own: Array) -> "tuple[MixturePart, ...]":
        """Return the distributions that it is a mixture of; by default, itself alone."""
        return (MixturePart(np.ones(()), 1.0, self),)

    @abstractmethod
    def to_pymc(self, tau: Any, mu: Any, mu_prior: Prior, **own: Any) -> Any:
        """Return `u`, with dim study, created inside the current PyMC model.

        Parameters
        ----------
        tau, mu, **own : variable
            Scale of each study's effect, or one for all; linear predictor at the reference profile;
            the distribution's own parameters.
        mu_prior : Prior
            Prior of `mu`.
        """

    @abstractmethod
    def quantile(self, probability: Values, tau: Values, **own: Values) -> Array:
        """Return quantiles of the effect of a new study.

        Parameters
        ----------
        probability : array
            Probabilities.
        tau, **own : array
            Scale of the study effects, and the distribution's own parameters; broadcast with it.
        """

    @abstractmethod
    def nodes(self, tau: Values, pole: float, **own: Values) -> tuple[Array, Array]:
        """Return effects and weights whose weighted sums are means over studies.

        Parameters
        ----------
        tau, **own : array
            Scale of the study effects, and the distribution's own parameters.
        pole : float
            How far from the real line what is averaged stays smooth; `Link.pole` for rates.

        Returns
        -------
        effects, weights : array
            Shape of `tau` with a last axis of nodes, along which weights sum to 1.
        """

    @abstractmethod
    def variance(self, tau: Values, **own: Values) -> Array:
        """Return the variance of the effects, of the shape of `tau`."""


class MixturePart(NamedTuple):
    """One of the distributions that a distribution of study effects is a mixture of."""

    weight: Array
    """Its probability, of the shape of the mixture's own parameters."""
    factor: float
    """Its scale over `tau`."""
    distribution: StudyEffects
    """Its shape; the parameters are those of the mixture."""


@dataclass(frozen=True)
class ScaledEffects(StudyEffects):
    """A distribution with a scale `tau`, or one for each level of a study-level column `by`."""

    tau: Prior | Mapping[str, Prior] = field(default_factory=lambda: HalfNormal(1))
    by: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.tau, Mapping):
            object.__setattr__(self, "tau", {"default": HalfNormal(1), **self.tau})
        by_outcome = self.tau if isinstance(self.tau, Mapping) else {"default": self.tau}
        for outcome, prior in by_outcome.items():
            check_scale("tau" if outcome == "default" else f"tau {outcome}", prior)
        if self.by is not None and (not isinstance(self.by, str) or not self.by):
            raise SpecError(f"`by` must name a study-level column; got {self.by!r}.")

    @abstractmethod
    def standard(self, **own: Any) -> Any:
        """Return effects `z` of scale 1, with dim study, inside the current PyMC model."""

    @override
    def to_pymc(self, tau: Any, mu: Any, mu_prior: Prior, **own: Any) -> Any:
        import pymc as pm

        return pm.Deterministic("u", tau * self.standard(**own), dims="study")

    @abstractmethod
    def standard_quantile(self, probability: Array, **own: Values) -> Array:
        """Return quantiles of effects of scale 1."""

    @override
    def quantile(self, probability: Values, tau: Values, **own: Values) -> Array:
        standard = self.standard_quantile(np.asarray(probability, dtype=np.float64), **own)
        return np.asarray(standard * np.asarray(tau, dtype=np.float64))


def check_scale(name: str, prior: object) -> None:
    """Raise unless `prior` may be that of a standard deviation."""
    if not isinstance(prior, Prior):
        raise SpecError(f"`{name}` must be a prior, such as HalfNormal(1); got {prior!r}.")
    if prior.support[0] < 0:
        raise SpecError(
            f"`{name}` is a standard deviation: its prior must allow no value below 0; got {prior!r}. "
            "Use HalfNormal, HalfStudentT, HalfCauchy, LogNormal, Gamma, InverseGamma, Exponential or a "
            "Uniform from 0 up."
        )


def root_of(
    probability: Array,
    ends: tuple[Array, Array],
    functions: tuple[Callable[[Array], Array], Callable[[Array], Array]],
    bisections: int,
) -> Array:
    """Return quantiles between two ends from distribution function and density."""
    (low, high), (cdf, density) = ends, functions
    for _ in range(bisections):
        middle = (low + high) / 2
        below = cdf(middle) < probability
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found = (low + high) / 2
    for _ in range(NEWTON_STEPS):
        step = (cdf(found) - probability) / np.maximum(density(found), np.finfo(np.float64).tiny)
        found = np.clip(found - step, low, high)
    return found


def normal_nodes(scale: Values, pole: float) -> tuple[Array, Array]:
    """Return nodes and weights of a normal distribution of standard deviation `scale`; see `nodes`.

    The trapezoid rule errs by exp(-2 pi d / step) where the integrand has its poles at distance d
    (Trefethen & Weideman 2014, doi:10.1137/130932132): of rates, at pole / scale. The step errs by
    1e-8 whatever the scale is, where a fixed number of Gauss-Hermite nodes fails.
    """
    scale = np.asarray(scale, dtype=np.float64)
    step = min(WIDEST_STEP, 2 * np.pi * pole / (EXPONENT * max(float(scale.max()), 1e-8)))
    half = int(np.ceil(REACH / step))
    standard = np.arange(-half, half + 1) * step
    weights = np.exp(-(standard**2) / 2)
    return scale[..., None] * standard, weights / weights.sum()
