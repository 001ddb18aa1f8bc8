"""Coefficients, heterogeneity, correlations and the four rates of each nested outcome, in one table."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayesmeta.estimates.nested.rates import nested_rates
from bayesmeta.estimates.odds_ratios import odds_ratio_draws
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.rows import RATE, Row, distribution_rows, drawn_row
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

__all__ = ["summarise_nested"]

Array = npt.NDArray[np.float64]

CORRELATION = "correlation"


def summarise_nested(
    fit: Fit,
    profiles: Sequence[Profile],
    *,
    per: Mapping[str, float],
    ci_prob: float,
    cohort: int,
) -> Iterable[Row]:
    """Yield the rows of `summary`, each with its `outcome` first.

    Parameters of an outcome are those of its ratio to the outcome around it; its rates are among all
    patients. Correlations belong to pairs of outcomes, and their `outcome` is blank.
    """
    yield from _parameter_rows(fit, ci_prob)
    yield from _odds_ratio_rows(fit, per, ci_prob)
    yield from _rate_rows(fit, profiles, ci_prob, cohort)


def _parameter_rows(fit: Fit, ci_prob: float) -> Iterable[Row]:
    link = fit.spec.link.scale
    for name in ("mu", "beta", "tau"):
        if name in fit.posterior:
            for outcome, label, draws in _scalars(fit.posterior[name]):
                yield {"outcome": outcome, **drawn_row((label, "", link), draws, ci_prob)}
    if CORRELATION in fit.posterior:
        found = fit.posterior[CORRELATION]
        for i, pair in enumerate(found.indexes["pair"]):
            own = (f"{CORRELATION}[{pair}]", "", CORRELATION)
            yield {"outcome": "", **drawn_row(own, np.asarray(found)[..., i], ci_prob)}


def _odds_ratio_rows(fit: Fit, per: Mapping[str, float], ci_prob: float) -> Iterable[Row]:
    """Yield the odds ratios of numbers, each of an outcome's ratio to the outcome around it."""
    if not fit.coding.names:
        return
    beta, link = np.asarray(fit.posterior["beta"]), fit.spec.link
    for level, outcome in enumerate(fit.outcomes):
        for label, scale, draws in odds_ratio_draws(beta[..., level, :], fit.coding, link, per):
            yield {"outcome": outcome, **drawn_row((label, "", scale), draws, ci_prob)}


def _scalars(variable: xr.DataArray) -> Iterable[tuple[str, str, Array]]:
    """Yield outcome, label and draws, dims (chain, draw), of a parameter's values."""
    labels = product(*(map(str, variable.indexes[dim]) for dim in variable.dims[2:]))
    draws = np.asarray(variable).reshape(*variable.shape[:2], -1)
    for i, (outcome, *rest) in enumerate(labels):
        label = f"{variable.name}[{', '.join(rest)}]" if rest else str(variable.name)
        yield outcome, label, draws[..., i]


def _rate_rows(fit: Fit, profiles: Sequence[Profile], ci_prob: float, cohort: int) -> Iterable[Row]:
    for profile in profiles:
        label, rates = profile_label(fit.coding, profile), nested_rates(fit, profile)
        typical, mean = rates.typical, rates.mean
        for level, outcome in enumerate(fit.outcomes):
            for name, draws in (("typical rate", typical), ("mean rate", mean)):
                row = drawn_row((name, label, RATE), draws[..., level], ci_prob)
                yield {"outcome": outcome, **row}
            for row in distribution_rows(rates.distribution(outcome), label, ci_prob, cohort):
                yield {"outcome": outcome, **row}
