"""Rows of tables of estimates: a quantity, what it is for, its scale, and its numbers with errors."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesmeta.estimates.precision import Distribution, Draws
from bayesmeta.estimates.rates import RateDistribution
from bayesmeta.inference.convergence import ess_bulk, ess_tail, r_hat

__all__ = ["RATE", "Label", "Row", "distribution_rows", "drawn_row", "row_of"]

Array = npt.NDArray[np.float64]
Row = dict[str, Any]
Label = tuple[str, str, str]
"""Quantity, profile and scale."""

STATISTICS = ("mean", "sd", "median", "lower", "upper")
RATE = "probability"


def distribution_rows(
    distribution: RateDistribution, profile: str, ci_prob: float, cohort: int
) -> Iterable[Row]:
    """Yield the rows of the rate of a new study and of the responders of a new cohort of it."""
    yield row_of(("new study", profile, RATE), distribution.rate, ci_prob)
    yield _cohort_row(distribution, profile, ci_prob, cohort)


def _cohort_row(distribution: RateDistribution, profile: str, ci_prob: float, n: int) -> Row:
    """Return the row of a new cohort of n: responders."""
    rate, spread = distribution.rate.mean(), distribution.rate.sd().value
    # Binomial variance, averaged over the rates, and the variance of the rates.
    variance = n * rate.value * (1 - rate.value) + n * (n - 1) * spread**2
    low, median, high = distribution.counts(n).quantiles(_bounds(ci_prob)).astype(float)
    mcse = n * rate.mcse
    # A count moves by whole steps: its quantile has no standard error.
    none = np.nan if mcse else 0.0
    return _labelled(
        ("new cohort", profile, f"responders of {n}"),
        (n * rate.value, float(np.sqrt(variance)), median, low, high),
        (mcse, none, none, none, none),
    )


def drawn_row(label: Label, draws: Array, ci_prob: float) -> Row:
    """Return the row of a quantity from its draws, dims (chain, draw), with their convergence."""
    convergence = {"ess_bulk": ess_bulk, "ess_tail": ess_tail, "r_hat": r_hat}
    found = {name: float(statistic(draws)) for name, statistic in convergence.items()}
    return row_of(label, Draws(draws), ci_prob) | found


def row_of(label: Label, distribution: Distribution, ci_prob: float) -> Row:
    """Return the row of a quantity from its distribution."""
    mean, sd = distribution.mean(), distribution.sd()
    low, median, high = (distribution.quantile(p) for p in _bounds(ci_prob))
    found = (mean, sd, median, low, high)
    return _labelled(label, [one.value for one in found], [one.mcse for one in found])


def _labelled(label: Label, values: Sequence[float], errors: Sequence[float]) -> Row:
    row: Row = dict(zip(("quantity", "profile", "scale"), label, strict=True))
    row |= dict(zip(STATISTICS, values, strict=True))
    row |= {f"mcse_{name}": error for name, error in zip(STATISTICS, errors, strict=True)}
    return row | dict.fromkeys(("ess_bulk", "ess_tail", "r_hat"), np.nan)


def _bounds(ci_prob: float) -> tuple[float, float, float]:
    return (1 - ci_prob) / 2, 0.5, (1 + ci_prob) / 2
