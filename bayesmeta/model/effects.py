"""Laws of the study effects u: how studies of one profile differ on the log-odds scale."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import SpecError
from bayesmeta.priors import HalfNormal, Prior

__all__ = ["LAWS", "CommonEffect", "NormalEffects", "StudyEffects"]

Array = npt.NDArray[np.float64]

REACH = 8.5
"""Standard deviations of a normal law beyond which nothing is left."""

WIDEST_STEP = 0.5


class StudyEffects(ABC):
    """The law of the study effects.

    `name` is its name in a model file; `tau` is the prior of the effects' scale (log-odds), None
    where there is none.
    """

    name: ClassVar[str]
    tau: Prior | None

    @abstractmethod
    def to_pymc(self) -> Any:
        """Create the study effects inside the current PyMC model; return `u` with dim `study`."""

    @abstractmethod
    def quantile(self, probability: npt.ArrayLike, tau: npt.ArrayLike) -> Array:
        """Return quantiles of the effect of a new study.

        Parameters
        ----------
        probability : array
            Probabilities.
        tau : array
            Scale of the study effects (log-odds); broadcast with `probability`.
        """

    @abstractmethod
    def nodes(self, tau: npt.ArrayLike) -> tuple[Array, Array]:
        """Return effects and weights whose weighted sums are means over studies.

        Parameters
        ----------
        tau : array
            Scale of the study effects (log-odds).

        Returns
        -------
        effects : array
            Shape of `tau` with a last axis of nodes, log-odds.
        weights : array
            Weight of each node; they sum to 1.
        """


@dataclass(frozen=True)
class NormalEffects(StudyEffects):
    """Study effects normal about zero with standard deviation `tau` (log-odds)."""

    name: ClassVar[str] = "normal"
    tau: Prior = field(default_factory=lambda: HalfNormal(0.5))

    def __post_init__(self) -> None:
        if not isinstance(self.tau, Prior):
            raise SpecError(f"`tau` must be a prior, such as HalfNormal(0.5); got {self.tau!r}.")
        if self.tau.support[0] < 0:
            raise SpecError(
                f"`tau` is a standard deviation: its prior must allow no value below 0; got {self.tau!r}. "
                "Use HalfNormal, HalfStudentT, HalfCauchy, LogNormal, Gamma, InverseGamma, Exponential or a "
                "Uniform from 0 up."
            )

    @override
    def to_pymc(self) -> Any:
        import pymc as pm

        tau = self.tau.to_pymc("tau")
        z = pm.Normal("z", 0, 1, dims="study")
        return pm.Deterministic("u", tau * z, dims="study")

    @override
    def quantile(self, probability: npt.ArrayLike, tau: npt.ArrayLike) -> Array:
        from scipy.special import ndtri

        return np.asarray(
            ndtri(np.asarray(probability, dtype=np.float64)) * np.asarray(tau, dtype=np.float64)
        )

    @override
    def nodes(self, tau: npt.ArrayLike) -> tuple[Array, Array]:
        tau = np.asarray(tau, dtype=np.float64)
        # The trapezoid rule errs by exp(-2 pi d / step) where the integrand has its poles at
        # distance d (Trefethen & Weideman 2014, doi:10.1137/130932132): of rates, at pi / tau.
        # This step errs by 1e-8 whatever tau is, where a fixed number of Gauss-Hermite nodes fails.
        step = min(WIDEST_STEP, 2 * np.pi**2 / (18 * max(float(tau.max()), 1e-8)))
        half = int(np.ceil(REACH / step))
        standard = np.arange(-half, half + 1) * step
        weights = np.exp(-(standard**2) / 2)
        return tau[..., None] * standard, weights / weights.sum()


@dataclass(frozen=True)
class CommonEffect(StudyEffects):
    """No study effects: all studies of one profile share one rate."""

    name: ClassVar[str] = "common"
    tau: None = field(default=None, init=False, repr=False)

    @override
    def to_pymc(self) -> Any:
        import pytensor.tensor as pt

        return pt.zeros(1)

    @override
    def quantile(self, probability: npt.ArrayLike, tau: npt.ArrayLike) -> Array:
        return np.zeros(np.broadcast_shapes(np.shape(probability), np.shape(tau)))

    @override
    def nodes(self, tau: npt.ArrayLike) -> tuple[Array, Array]:
        return np.zeros((*np.shape(tau), 1)), np.ones(1)


LAWS: dict[str, type[StudyEffects]] = {law.name: law for law in (NormalEffects, CommonEffect)}
"""Every law by the name it has in a model file."""
