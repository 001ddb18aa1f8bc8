"""Rows of tables of estimates: a quantity, what it is for, its scale, and its numbers with errors."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from bayesmeta.estimates.precision import NO_CONVERGENCE, Distribution, Estimate
from bayesmeta.estimates.rates import RateDistribution

__all__ = ["RATE", "Label", "Row", "distribution_rows", "interval_of", "row_of", "wide_row"]

Row = dict[str, Any]
Label = tuple[str, str, str]
"""Quantity, profile and scale."""

STATISTICS = ("mean", "sd", "median", "lower", "upper")
RATE = "probability"

NOTHING = Estimate(np.nan, np.nan)


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


def row_of(label: Label, distribution: Distribution, ci_prob: float) -> Row:
    """Return the row of a quantity from its distribution."""
    mean, sd = distribution.mean(), distribution.sd()
    low, median, high = (distribution.quantile(p) for p in _bounds(ci_prob))
    found = (mean, sd, median, low, high)
    row = _labelled(label, [one.value for one in found], [one.mcse for one in found])
    return row | distribution.convergence()


def interval_of(distribution: Distribution, ci_prob: float, median: str = "median") -> Row:
    """Return median, lower, upper and mcse_... of each; `median` is what the first is called."""
    low, middle, high = (distribution.quantile(p) for p in _bounds(ci_prob))
    found = {median: middle, "lower": low, "upper": high}
    return {name: one.value for name, one in found.items()} | {
        f"mcse_{name}": one.mcse for name, one in found.items()
    }


def wide_row(
    named: Mapping[str, Distribution | None], ci_prob: float, **more: Estimate
) -> dict[str, float]:
    """Return medians `x`, bounds `x_lower` and `x_upper`, and `more`, of each `x`; then all `mcse_x`.

    Where there is no distribution they are NaN.
    """
    bounds = dict(zip(("_lower", "", "_upper"), _bounds(ci_prob), strict=True))
    found = {
        f"{name}{end}": NOTHING if one is None else one.quantile(bounds[end])
        for name, one in named.items()
        for end in ("", "_lower", "_upper")
    } | more
    values = {name: one.value for name, one in found.items()}
    return values | {f"mcse_{name}": one.mcse for name, one in found.items()}


def _labelled(label: Label, values: Sequence[float], errors: Sequence[float]) -> Row:
    row: Row = dict(zip(("quantity", "profile", "scale"), label, strict=True))
    row |= dict(zip(STATISTICS, values, strict=True))
    row |= {f"mcse_{name}": error for name, error in zip(STATISTICS, errors, strict=True)}
    return row | NO_CONVERGENCE


def _bounds(ci_prob: float) -> tuple[float, float, float]:
    return (1 - ci_prob) / 2, 0.5, (1 + ci_prob) / 2
