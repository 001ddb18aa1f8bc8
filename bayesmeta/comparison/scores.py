"""How well a fit predicts arms that it was not made from: what they report against its predictions.

The unit that is predicted is the study: the density of what it reports is that of all its arms
together, with its own effect integrated out.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from bayesmeta.arrays import Array
from bayesmeta.comparison.predictions import Predictions
from bayesmeta.comparison.questions import CI_PROBS
from bayesmeta.comparison.report_scores import report_scores
from bayesmeta.comparison.survival_predictions import SurvivalPredictions
from bayesmeta.estimates.count_distributions import CountDistribution
from bayesmeta.estimates.posterior import named_outcomes
from bayesmeta.estimates.precision import Row
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.inference.convergence import mcse_mean
from bayesmeta.model import Design


def study_scores(predictions: Predictions, new: Design) -> list[Row]:
    """Return the log predictive density of what each new study reports, `elpd` with `mcse_elpd`."""
    scores = density_scores(np.moveaxis(predictions.log_predictive(new), -1, 0))
    return [row | score for row, score in zip(study_rows(new.arms), scores, strict=True)]


def density_scores(density: Array) -> list[Row]:
    """Return `elpd`, the log of a mean over draws, with `mcse_elpd`, of each row of log densities.

    `density` has dims (row, chain, draw).
    """
    elpd = logsumexp(density, axis=(1, 2)) - np.log(density[0].size)
    # The error of a logarithm is the relative error.
    errors = mcse_mean(np.exp(density - elpd[:, None, None]))
    return [
        {"elpd": float(value), "mcse_elpd": float(error)}
        for value, error in zip(elpd, errors, strict=True)
    ]


def study_rows(arms: Arms) -> list[Row]:
    """Return each study's `arms`, `n` and, of one outcome, `events` or `reports`, over its arms."""
    place, number = arms.study_index, len(arms.studies)
    totals: dict[str, npt.NDArray[Any]] = {"arms": np.bincount(place, minlength=number)}
    if isinstance(arms, SurvivalArms):
        totals["reports"] = np.bincount(place[arms.arm_of_report], minlength=number)
    elif len(arms.outcomes) == 1:
        totals["events"] = np.bincount(place, arms.events, minlength=number)
    totals["n"] = np.bincount(place, arms.n, minlength=number)
    return [
        {"study": str(study)} | {name: int(one[i]) for name, one in totals.items()}
        for i, study in enumerate(arms.studies)
    ]


def arm_scores(
    predictions: Predictions,
    new: Design,
    rng: np.random.Generator,
    weights: Array | None = None,
) -> list[Row]:
    """Return how each count or report lies in its prediction; `weights` are those of draws."""
    if isinstance(predictions, SurvivalPredictions):
        return report_scores(predictions, new, rng, weights)
    rows: list[Row] = []
    for place in map(int, np.flatnonzero(new.arms.n > 0)):
        distributions = predictions.distributions(new, place)
        rows += arm_rows(new.arms, place, distributions, rng, weights)
    return rows


def arm_rows(  # noqa: PLR0917
    arms: Arms,
    place: int,
    distributions: Sequence[DrawnRates],
    rng: np.random.Generator,
    weights: Array | None = None,
) -> Iterator[Row]:
    """Yield how each count of an arm lies in its prediction by the distribution of its true rate."""
    label = {"study": str(arms.frame["study"][place]), "arm": str(arms.labels[place])}
    n, counts = int(arms.n[place]), arms.counts[place]
    for outcome, count, one in zip(named_outcomes(arms), counts, distributions, strict=True):
        if np.isnan(count):
            continue
        events = int(count)
        row: Row = label | ({"outcome": outcome} if outcome else {})
        row |= {"events": events, "n": n}
        row |= count_scores(one.counts(n, weights), n, events, rng.random())
        if weights is None:
            score = one.log_probability(events, n)
            row |= {"log_score": score.value, "mcse_log_score": score.mcse}
        yield row


def count_scores(distribution: CountDistribution, n: int, events: int, between: float) -> Row:
    """Return how a count of responders among n lies in its predictive distribution.

    `median`; of each interval its bounds, whether it holds the count (`inside_95`), and the probability
    that it holds one (`expected_95`), which for whole counts is more than 0.95; `at_most` and
    `at_least`, the probabilities of so few and of so many responders; `pit`, the randomised
    probability integral transform, of which `between` breaks the ties; `crps` in responders, and
    `crps_rate`: less is better.

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
