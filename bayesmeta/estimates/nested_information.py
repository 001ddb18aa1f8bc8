"""What the conditional probability of a nested outcome is known from: studies, and information."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesmeta.estimates.information import share_within
from bayesmeta.estimates.outcome_draws import NestedDraws
from bayesmeta.estimates.overlap import prior_overlap
from bayesmeta.inference.result import Fit

__all__ = ["informing", "ratio_rows"]

Array = npt.NDArray[np.float64]


def informing(column: Array, there: npt.NDArray[np.bool_], study: npt.NDArray[np.int64]) -> int:
    """Return how many studies, with arms that are `there`, inform the coefficient of a column."""
    values, counts = np.unique(column[there], return_counts=True)
    if not values.size:
        return 0
    idle = 0.0 if np.isin(column, (0, 1)).all() else values[counts.argmax()]
    return int(np.unique(study[there & (column != idle)]).size)


def ratio_rows(fit: Fit, outcome: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of `identifiability` of one outcome: its coefficients and its tau.

    A study informs them where it reports a count of which the conditional probability is a part.
    """
    drawn, design = NestedDraws(fit, outcome), fit.design
    information, study = _information(fit)[:, drawn.level], fit.arms.study_index
    [(label, prior, tau)] = drawn.taus()
    shares = share_within(
        np.eye(len(fit.coding.names)),
        design=design.matrix,
        information=information,
        study=study,
        tau=float(tau.mean()),
    )
    there = information > 0
    for i, (name, own, draws) in enumerate(drawn.coefficients()):
        yield {
            "coefficient": name,
            "studies": informing(design.matrix[:, i], there, study),
            "within_share": shares[i],
            "between_only": shares[i] == 0,
            "prior_overlap": prior_overlap(own, draws),
        }
    yield {
        "coefficient": label,
        "studies": int(np.unique(study[there]).size),
        "within_share": np.nan,
        "between_only": False,
        "prior_overlap": prior_overlap(prior, tau),
    }


def _information(fit: Fit) -> Array:
    """Return the information of each arm on the predictor of each conditional probability, (arm, level).

    That of its binomial counts at posterior mean predictors, the other probabilities being known.
    """
    seen, link, levels = fit.design.conditional_counts, fit.spec.link, len(fit.outcomes)
    theta = np.asarray(fit.posterior["theta"]).mean(axis=(0, 1))[seen.arm]
    spans, ratio = seen.spans(levels), link.rate(theta)
    rate = np.where(spans > 0, ratio, 1.0).prod(axis=-1, keepdims=True)
    slope = spans * rate * np.exp(link.log_slope(theta)) / ratio
    found = np.zeros((len(fit.arms), levels))
    np.add.at(found, seen.arm, seen.trials[:, None] * slope**2 / (rate * (1 - rate)))
    return found
