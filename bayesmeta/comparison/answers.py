"""What a fit of a comparison answers: pooled rates, tau, contrasts, and a new cohort."""

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from bayesmeta.comparison.predictions import Predictions
from bayesmeta.comparison.questions import Asked
from bayesmeta.comparison.scores import Row
from bayesmeta.estimates.posterior import named_outcomes
from bayesmeta.estimates.precision import Draws, interval_of
from bayesmeta.estimates.prior_sensitivity import Weighted
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.inference.convergence import mcse_mean

__all__ = ["RATES", "answers", "predictive"]

Array = npt.NDArray[np.float64]

NUMBERS = ("estimate", "lower", "upper")

NEAR, LEAST = 0.01, 1e-7
"""Rates below which they are kept in steps of one hundredth of themselves, and the least above 0."""

_SMALL = np.geomspace(LEAST, NEAR, 1110)[:-1]

RATES = np.concatenate([[0.0], _SMALL, np.linspace(NEAR, 1 - NEAR, 981), 1 - _SMALL[::-1], [1.0]])
"""Rates (probability) at which the distribution of a new study's rate is kept; finely near 0 and 1."""

EVERY = 32
"""Every so many of them the Monte-Carlo error is computed."""


def answers(predictions: Predictions, asked: Asked, weights: Array | None = None) -> list[Row]:
    """Return what a fit says: the pooled rates, tau and the contrasts asked for.

    Of each `quantity`, and `outcome` where there are several: `scale`, `estimate` (posterior median),
    `lower`, `upper`, and `mcse` of the median, which weighted draws don't give. `weights` of the draws,
    shape (chain * draw,), are given where they are of another posterior.
    """
    rows = []
    for (outcome, quantity, scale), drawn in predictions.drawn(asked):
        label = {"outcome": outcome} if outcome else {}
        label |= {"quantity": quantity, "scale": scale}
        rows.append(label | _bounds(drawn, asked.ci_prob, weights))
    return rows


def _bounds(drawn: Array, ci_prob: float, weights: Array | None) -> Row:
    if weights is None:
        found = interval_of(Draws(drawn), ci_prob, "estimate")
        return {name: found[name] for name in NUMBERS} | {"mcse": found["mcse_estimate"]}
    bounds = Weighted.of(drawn.reshape(weights.size, -1)).bounds(weights, ci_prob)
    return dict(zip(NUMBERS, bounds, strict=True)) | {"mcse": float("nan")}


def predictive(predictions: Predictions, asked: Asked) -> dict[str, Row]:
    """Return, by outcome, the predictive distributions of a new study and cohort.

    `pmf` of 0 to `cohort` responders, and `cdf` of the true rate of a new study at each of `RATES`, with
    their Monte-Carlo standard errors: what is averaged over models.
    """
    found = zip(named_outcomes(predictions.fit.arms), predictions.new_studies(asked), strict=True)
    return {outcome: _predictive(distribution, asked.cohort) for outcome, distribution in found}


def _predictive(distribution: DrawnRates, cohort: int) -> Row:
    rate = expit(distribution.theta)
    # Errors change slowly along the rates, and are expensive.
    below = [(rate <= value).mean(axis=-1) for value in RATES[::EVERY]]
    errors = np.nan_to_num(mcse_mean(np.stack(below)))
    return {
        "pmf": distribution.pmf(cohort).tolist(),
        "mcse_pmf": distribution.pmf_mcse(cohort).tolist(),
        "cdf": (np.searchsorted(np.sort(rate, axis=None), RATES, "right") / rate.size).tolist(),
        "mcse_cdf": np.interp(RATES, RATES[::EVERY], errors).tolist(),
    }
