"""How well a fit predicts arms that it was not made from: their counts against its predictions.

The unit that is predicted is the study: the density of its counts is that of all its arms together,
with its own effect integrated out.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from bayesmeta.comparison.held_out import arm_distribution, log_predictive
from bayesmeta.estimates.count_distributions import CountDistribution
from bayesmeta.estimates.known_rates import KnownRates
from bayesmeta.evidence import Arms
from bayesmeta.inference.convergence import mcse_mean
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design

__all__ = ["CI_PROBS", "Row", "arm_scores", "count_scores", "study_scores"]

CI_PROBS = (0.5, 0.8, 0.95)
"""Probabilities of the prediction intervals that are held against the counts."""

Array = npt.NDArray[np.float64]
Row = dict[str, Any]


def study_scores(fit: Fit, new: Design) -> list[Row]:
    """Return the log predictive density of each study's arms, given the evidence of the fit.

    Parameters
    ----------
    fit : Fit
        Posterior draws, made without these arms.
    new : Design
        The arms that are predicted, in the coding of the fit; every study is taken as a new one.

    Returns
    -------
    list of dict
        For each study: `study`; `arms`; `events` and `n` of all its arms; `elpd`, the log of the
        joint probability of its counts; and `mcse_elpd`.
    """
    density = np.moveaxis(log_predictive(fit, new), -1, 0)
    draws = density[0].size
    elpd = logsumexp(density, axis=(1, 2)) - np.log(draws)
    # The error of a logarithm is the relative error.
    errors = mcse_mean(np.exp(density - elpd[:, None, None]))
    return [
        row | {"elpd": float(value), "mcse_elpd": float(error)}
        for row, value, error in zip(study_rows(new.arms), elpd, errors, strict=True)
    ]


def study_rows(arms: Arms) -> list[Row]:
    """Return what each study observed: `study`, `arms`, `events` and `n` of all its arms."""
    place, number = arms.study_index, len(arms.studies)
    totals = [np.bincount(place, weights, minlength=number) for weights in (arms.events, arms.n)]
    counts = np.bincount(place, minlength=number)
    return [
        {"study": str(study), "arms": int(k), "events": int(events), "n": int(n)}
        for study, k, events, n in zip(arms.studies, counts, *totals, strict=True)
    ]


def arm_scores(
    rates: KnownRates, new: Design, rng: np.random.Generator, weights: Array | None = None
) -> list[Row]:
    """Return how the count of each arm lies in its predictive distribution.

    Parameters
    ----------
    rates : KnownRates
        Those of a fit, made without these arms.
    new : Design
        The arms that are predicted, in the coding of the fit; every study is taken as a new one. Arms
        without patients are left out.
    rng : Generator
        Source of the uniform numbers of the randomised PIT.
    weights : array, optional
        Weight of each draw, shape (chain * draw,), where the draws are of another posterior.

    Returns
    -------
    list of dict
        For each arm: `study`, `arm` (its label), `events`, `n` and what `count_scores` returns.
    """
    rows: list[Row] = []
    arms = new.arms
    for place in np.flatnonzero(arms.n > 0):
        events, n = int(arms.events[place]), int(arms.n[place])
        distribution = arm_distribution(rates, new, int(place))
        counts = distribution.counts(n, weights)
        row = {"study": str(arms.frame["study"][place]), "arm": str(arms.labels[place])}
        rows.append(
            row | {"events": events, "n": n} | count_scores(counts, n, events, rng.random())
        )
    return rows


def count_scores(distribution: CountDistribution, n: int, events: int, between: float) -> Row:
    """Return how a count lies in its predictive distribution.

    Parameters
    ----------
    distribution : CountDistribution
        Predictive distribution of the responders.
    n : int
        Patients.
    events : int
        Responders there were.
    between : float
        Uniform number that breaks the ties of the PIT.

    Returns
    -------
    dict
        `median`; of each interval its bounds and whether it holds the count (`lower_95`,
        `upper_95`, `inside_95`), and the probability that it holds one, `expected_95`, which for
        whole counts is more than 0.95; `at_most` and `at_least`, the probabilities of so few and of so
        many responders; `pit`, the randomised probability integral transform, uniform if the
        predictions are right; `crps`, the continuous ranked probability score in responders, and
        `crps_rate`, the same in rates: less is better.

    References
    ----------
    Gneiting & Raftery 2007, doi:10.1198/016214506000001437 (CRPS).
    Czado, Gneiting & Held 2009, doi:10.1111/j.1541-0420.2009.01191.x (counts, randomised PIT).
    """
    tails = [tail for p in CI_PROBS for tail in ((1 - p) / 2, (1 + p) / 2)]
    median, *bounds = (int(count) for count in distribution.quantiles([0.5, *tails]))
    row: Row = {"median": median}
    for p, low, high in zip(CI_PROBS, bounds[::2], bounds[1::2], strict=True):
        name = f"{100 * p:g}"
        row |= {f"lower_{name}": low, f"upper_{name}": high}
        row[f"inside_{name}"] = low <= events <= high
        upto = distribution.at_most([low - 1, high])
        row[f"expected_{name}"] = float(upto[1] - upto[0])
    below, at_most = (float(p) for p in distribution.at_most([events - 1, events]))
    crps = distribution.crps(events)
    pit = below + between * (at_most - below)
    return row | {
        "at_most": at_most,
        "at_least": 1 - below,
        "pit": pit,
        "crps": crps,
        "crps_rate": crps / n,
    }
