"""Prior and posterior of rates, tau and coefficients, as densities, intervals and overlaps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from bayesmeta.arrays import Array
from bayesmeta.estimates.arguments import check_ci_prob, check_family
from bayesmeta.estimates.outcome_draws import OutcomeDraws, Parameter, draws_of
from bayesmeta.estimates.overlap import prior_overlap
from bayesmeta.estimates.precision import Row, bounds_of
from bayesmeta.estimates.prior_rates import PriorRate, priors_of_rates
from bayesmeta.estimates.profile_survival import profile_survival
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.survival_words import NEW_MEDIAN, TYPICAL_MEDIAN
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.priors import Prior

TYPICAL, NEW_STUDY = "typical rate", "new study"

PRIOR, POSTERIOR = "prior", "posterior"

POINTS, BARS, FRINGE = 401, 40, 0.001
"""Points of priors; bars of posteriors, and share of draws in the outer parts of the outer bars."""

REACH, MOST = 0.995, 3.0
"""Quantile of posteriors of tau and coefficients that is shown, and how far beyond the prior is, in
multiples of tau, or of the width of the posterior of a coefficient."""

WHOLE = 0.3
"""Width of the posterior of a rate from which on all rates are shown; else as much on either side."""


@dataclass(frozen=True, eq=False)
class PriorPosteriorNumbers:
    """What a figure of priors and posteriors shows."""

    table: pd.DataFrame
    intervals: pd.DataFrame
    profile: str
    ci_prob: float


def prior_posterior_numbers(
    fit: Fit,
    *,
    outcome: str | None = None,
    profile: Profile | None = None,
    ci_prob: float = 0.95,
) -> PriorPosteriorNumbers:
    """Return prior and posterior of the typical rate, of a new study, each tau and each coefficient.

    Priors are densities; those of rates follow from the priors of the parameters by transformation and,
    where several parameters count, by integration. Posteriors are histograms of the draws, which keep
    to the bounds of what they are of.

    Returns
    -------
    PriorPosteriorNumbers
        Its `table` has the columns

        - quantity, scale: ``typical rate``, ``new study`` (scale ``probability``), ``tau`` or
          ``tau[...]``, and ``beta[...]`` (scale of the link);
        - kind: ``prior`` or ``posterior``;
        - x, x_end: the value, or the ends of a bar of the histogram of the posterior;
        - density: per unit of the scale.

        Its `intervals` has quantity, scale, prior_median, prior_lower, prior_upper,
        posterior_median, posterior_lower, posterior_upper, and overlap, the area under both
        densities from 0 to 1.
    """
    drawn = draws_of(fit, outcome)
    check_family(fit, "prior_posterior")
    check_ci_prob(ci_prob)
    tables, intervals, probabilities = [], [], np.array(bounds_of(ci_prob))
    for one in (*_rates(drawn, profile), *_parameters(drawn)):
        head = {"quantity": one.quantity, "scale": one.scale}
        tables.append(_densities(head, one.x, one.density, one.draws))
        found = one.prior.quantile(probabilities), np.quantile(one.draws, probabilities)
        intervals.append(_interval(head, *found, one.overlap))
    label = profile_label(drawn.coding, profile)
    return PriorPosteriorNumbers(
        pd.concat(tables, ignore_index=True), pd.DataFrame(intervals), label, ci_prob
    )


class _Shown(NamedTuple):
    """A quantity with its prior and its density at points, its draws, and their overlap."""

    quantity: str
    scale: str
    x: Array
    density: Array
    prior: Prior | PriorRate
    draws: Array
    overlap: float


def _rates(drawn: OutcomeDraws, profile: Profile | None) -> Iterator[_Shown]:
    for name, (prior, log_odds) in rates_with_priors(drawn, profile).items():
        rate, overlap = expit(log_odds), prior_overlap(prior, log_odds)
        x = _between(*_window(rate))
        yield _Shown(name, "probability", x, prior.pdf(x), prior, rate, overlap)


def _parameters(drawn: OutcomeDraws) -> Iterator[_Shown]:
    for label, prior, draws in drawn.taus():
        seen = float(np.quantile(draws, REACH))
        x = _between(0.0, max(seen, min(float(prior.quantile(REACH)), MOST * seen)))
        yield _parameter(drawn, Parameter(label, prior, draws), x)
    for name, prior, draws in drawn.coefficients():
        low, high = (float(end) for end in np.quantile(draws, [1 - REACH, REACH]))
        least, most = float(prior.quantile(1 - REACH)), float(prior.quantile(REACH))
        more = MOST * (high - low)
        x = _between(min(low, max(least, low - more)), max(high, min(most, high + more)))
        yield _parameter(drawn, Parameter(f"beta[{name}]", prior, draws), x)


def _parameter(drawn: OutcomeDraws, shown: Parameter, x: Array) -> _Shown:
    label, prior, draws = shown
    density, overlap = np.exp(prior.logpdf(x)), prior_overlap(prior, draws)
    return _Shown(label, drawn.link.scale, x, density, prior, draws, overlap)


def rates_with_priors(
    drawn: OutcomeDraws, profile: Profile | None
) -> dict[str, tuple[PriorRate, Array]]:
    """Return the prior of the typical rate and of a new study's, and draws of their log-odds.

    Of survival these are the medians, whose logarithms (log months) take the place of log-odds.
    """
    typical, new_study = priors_of_rates(drawn, profile)
    if drawn.fit.spec.curve is not None:
        found = profile_survival(drawn.fit, profile)
        return {
            TYPICAL_MEDIAN: (typical, found.typical.log_median),
            NEW_MEDIAN: (new_study, found.new_study.log_median),
        }
    rates = drawn.rates(profile)
    return {
        TYPICAL: (typical, rates.typical_log_odds),
        NEW_STUDY: (new_study, rates.cohort().theta),
    }


def _window(rates: Array) -> tuple[float, float]:
    """Return the rates (probability) between which densities are shown."""
    low, high = (float(end) for end in np.quantile(rates, [FRINGE, 1 - FRINGE]))
    width = high - low
    return (0.0, 1.0) if width >= WHOLE else (max(0.0, low - width), min(1.0, high + width))


def _between(low: float, high: float) -> Array:
    """Return points between two ends, which are left out: a density may have no bound there."""
    return low + (np.arange(POINTS) + 0.5) / POINTS * (high - low)


def _densities(head: Row, x: Array, prior: Array, draws: Array) -> pd.DataFrame:
    """Return the density of the prior at points, and the bars of a histogram of draws."""
    values = draws.ravel()
    low, high = (float(end) for end in np.quantile(values, [FRINGE, 1 - FRINGE]))
    edges = np.linspace(low, high, BARS + 1) if high > low else np.array([low, low])
    # The outer bars reach to the farthest draws, so that each is in a bar.
    edges[[0, -1]] = float(values.min()), float(values.max()) + np.finfo(np.float64).eps
    counts, _ = np.histogram(values, edges)
    bars = {"x": edges[:-1], "x_end": edges[1:], "density": counts / values.size / np.diff(edges)}
    points = pd.DataFrame({**head, "kind": PRIOR, "x": x, "x_end": np.nan, "density": prior})
    return pd.concat([points, pd.DataFrame({**head, "kind": POSTERIOR, **bars})])


def _interval(head: Row, prior: Array, posterior: Array, overlap: float) -> Row:
    row, names = dict(head), ("lower", "median", "upper")
    for kind, values in ((PRIOR, prior), (POSTERIOR, posterior)):
        row |= {f"{kind}_{name}": float(at) for name, at in zip(names, values, strict=True)}
    return row | {"overlap": overlap}
