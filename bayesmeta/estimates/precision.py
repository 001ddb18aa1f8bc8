"""Monte-Carlo precision: estimates from draws, each with its standard error (MCSE).

Numbers only: arrays whose last two axes are chain and draw.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.convergence import ess_bulk, ess_tail, mcse_mean, r_hat

__all__ = ["NO_CONVERGENCE", "Distribution", "Draws", "Estimate", "mean_of", "quantile_of", "sd_of"]

Array = npt.NDArray[np.float64]


NO_CONVERGENCE = {"ess_bulk": np.nan, "ess_tail": np.nan, "r_hat": np.nan}
"""Of what is not drawn, or integrated in each draw."""


class Estimate(NamedTuple):
    """A number and its Monte-Carlo standard error (0 where it was not simulated)."""

    value: float
    mcse: float


class Distribution(Protocol):
    """The posterior distribution of one quantity, each number with its Monte-Carlo error."""

    def mean(self) -> Estimate:
        """Return the mean."""

    def sd(self) -> Estimate:
        """Return the standard deviation."""

    def quantile(self, probability: float) -> Estimate:
        """Return a quantile."""

    def convergence(self) -> dict[str, float]:
        """Return ess_bulk, ess_tail and r_hat; NaN of what has no chains of its own."""


@dataclass(frozen=True, eq=False)
class Draws:
    """A distribution as draws, dims (chain, draw), or as nodes of them, dims (chain, draw, node)."""

    values: Array

    def mean(self) -> Estimate:
        """Return the mean."""
        return mean_of(self.values)

    def sd(self) -> Estimate:
        """Return the standard deviation."""
        return sd_of(self.values)

    def quantile(self, probability: float) -> Estimate:
        """Return a quantile."""
        return quantile_of(self.values, probability)

    def convergence(self) -> dict[str, float]:
        """Return ess_bulk, ess_tail and r_hat; NaN of nodes."""
        if self.values.ndim > 2:  # noqa: PLR2004
            return NO_CONVERGENCE
        statistics = {"ess_bulk": ess_bulk, "ess_tail": ess_tail, "r_hat": r_hat}
        return {name: float(statistic(self.values)) for name, statistic in statistics.items()}


def mean_of(draws: Array) -> Estimate:
    """Return the mean of draws, shape (chain, draw), or of nodes, shape (chain, draw, node)."""
    if draws.ndim == 3:  # noqa: PLR2004
        draws = draws.mean(axis=-1)
    return Estimate(float(draws.mean()), float(mcse_mean(draws)))


def sd_of(draws: Array) -> Estimate:
    """Return the standard deviation; of nodes, shape (chain, draw, node), that of all together.

    By the delta method its MCSE is that of the mean squared deviation over twice itself.
    """
    squared = (draws - draws.mean()) ** 2
    variance = mean_of(squared)
    sd = float(np.sqrt(variance.value))
    return Estimate(sd, variance.mcse / (2 * sd) if sd > 0 else 0.0)


def quantile_of(draws: Array, probability: float) -> Estimate:
    """Return a quantile of draws, shape (chain, draw), or of nodes, shape (chain, draw, node).

    The MCSE is that of the share of mass below it, over the density there; the density is the
    slope of the quantiles around it (Doss, Flegal, Jones & Neath 2014,
    doi:10.1214/14-EJS957).
    """
    step = 0.2 * min(probability, 1 - probability)
    low, value, high = np.quantile(draws, [probability - step, probability, probability + step])
    below = (draws <= value).astype(np.float64)
    if below.ndim == 3:  # noqa: PLR2004
        below = below.mean(axis=-1)
    return Estimate(float(value), float(mcse_mean(below)) * float(high - low) / (2 * step))
