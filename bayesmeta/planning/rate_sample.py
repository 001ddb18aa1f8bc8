"""A sample of a rate's distribution, ordered and gathered into groups, as mixtures are fitted to it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.rates import RateDistribution

__all__ = ["RateSample", "rate_sample"]

Array = npt.NDArray[np.float64]

GROUPS = 1000
"""Most groups into which a sample is gathered."""

FEWEST = 100
"""Fewest draws to which a mixture is fitted."""

FARTHEST = 690.0
"""Log-odds beyond which a rate can't be told from 0 or 1."""


@dataclass(frozen=True, eq=False)
class RateSample:
    """Rising log-odds of a rate, equally likely, and the independent draws that they count as."""

    log_odds: Array
    draws: int

    @property
    def rates(self) -> Array:
        """The points as rates (probability), in rising order."""
        return np.asarray(expit(self.log_odds))

    def grouped(self) -> tuple[Array, Array, Array]:
        """Return mean log rate, mean log of one minus it, and share of groups of neighbouring points."""
        log_rate, log_rest = log_rates(self.log_odds)
        starts = self._starts()
        sizes = np.diff([*starts, self.log_odds.size])
        mean_rate, mean_rest = (np.add.reduceat(x, starts) / sizes for x in (log_rate, log_rest))
        return mean_rate, mean_rest, sizes / self.log_odds.size

    def distribution(self) -> tuple[Array, Array]:
        """Return the last point of each group (log-odds), and the share of points up to it."""
        ends = np.append(self._starts()[1:], self.log_odds.size)
        return self.log_odds[ends - 1], ends / self.log_odds.size

    def _starts(self) -> npt.NDArray[np.int64]:
        groups = min(GROUPS, self.log_odds.size)
        return np.arange(groups) * self.log_odds.size // groups


def rate_sample(distribution: RateDistribution | npt.ArrayLike) -> RateSample:
    """Return a sample of a distribution of rates."""
    if hasattr(distribution, "sample"):
        points, draws = distribution.sample()
    else:
        points = _log_odds(distribution)
        draws = points.size
    if not np.isfinite(points).all():
        raise SettingsError(
            "`distribution` must be finite log-odds; got some that are not. Drop them."
        )
    if draws < FEWEST:
        raise SettingsError(
            f"`distribution` must have at least {FEWEST} draws; got {draws}. Draw more."
        )
    return RateSample(_sorted(points), draws)


def log_rates(log_odds: Array) -> tuple[Array, Array]:
    """Return the logs of a rate and of one minus it, exact however near to 0 or 1 it lies."""
    return -np.logaddexp(0, -log_odds), -np.logaddexp(0, log_odds)


def _log_odds(distribution: object) -> Array:
    try:
        return np.asarray(distribution, dtype=np.float64)
    except (TypeError, ValueError):
        raise SettingsError(
            f"`distribution` must be that of a prediction or an array of log-odds; got {type(distribution).__name__}."
        ) from None


def _sorted(log_odds: Array) -> Array:
    return np.sort(np.clip(log_odds.ravel(), -FARTHEST, FARTHEST))
