"""Estimates with their Monte-Carlo standard errors (MCSE), and rows of tables made of them.

Arrays have chain and draw as their last two axes, or chain, draw and node.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple, Protocol

import numpy as np
import xarray as xr

from bayesmeta.arrays import Array
from bayesmeta.inference.convergence import ess_bulk, ess_tail, mcse_mean, r_hat

Row = dict[str, Any]


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


def exponential(found: Estimate) -> Estimate:
    """Return the exponential of a quantile, its error by the delta method; it may be infinite."""
    with np.errstate(over="ignore"):
        value = float(np.exp(found.value))
    return Estimate(value, value * found.mcse if found.mcse else 0.0)


def labelled_draws(variable: xr.DataArray) -> Iterator[tuple[tuple[str, ...], Array]]:
    """Yield the labels and the draws, dims (chain, draw), of each value of a parameter."""
    values = np.asarray(variable)
    flat = values.reshape(*values.shape[:2], -1)
    labels = product(*(map(str, variable.indexes[dim]) for dim in variable.dims[2:]))
    for place, label in enumerate(labels):
        yield label, flat[..., place]


def bounds_of(ci_prob: float) -> tuple[float, float, float]:
    """Return the probabilities of the lower bound, the median and the upper bound of an interval."""
    return (1 - ci_prob) / 2, 0.5, (1 + ci_prob) / 2


def with_errors(found: Mapping[str, Estimate]) -> Row:
    """Return numbers by name, then the Monte-Carlo error of each as `mcse_...`."""
    values = {name: one.value for name, one in found.items()}
    return values | {f"mcse_{name}": one.mcse for name, one in found.items()}


def interval_of(distribution: Distribution, ci_prob: float, median: str = "median") -> Row:
    """Return median, lower, upper and mcse_... of each; `median` is what the first is called."""
    low, middle, high = (distribution.quantile(p) for p in bounds_of(ci_prob))
    return with_errors({median: middle, "lower": low, "upper": high})


def spread_of(name: str, values: Array, ci_prob: float) -> dict[str, float]:
    """Return median and bounds of values, of any shape, as `x`, `x_lower` and `x_upper`."""
    low, middle, high = map(float, np.quantile(values, bounds_of(ci_prob)))
    return {name: middle, f"{name}_lower": low, f"{name}_upper": high}


def wide_row(
    named: Mapping[str, Distribution | None], ci_prob: float, **more: Estimate
) -> dict[str, float]:
    """Return `x`, `x_lower` and `x_upper` (NaN of None) of each `x`, and `more`; then all `mcse_x`."""
    nothing = Estimate(np.nan, np.nan)
    found: dict[str, Estimate] = {}
    for name, one in named.items():
        low, middle, high = (
            nothing if one is None else one.quantile(p) for p in bounds_of(ci_prob)
        )
        found |= {name: middle, f"{name}_lower": low, f"{name}_upper": high}
    return with_errors(found | more)
