"""A study held out of a fit of nested outcomes: what the fit says of it, level by level and jointly."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp, ndtri

from bayesmeta.estimates.nested.rates import NestedRates, cholesky_draws, predictors_of
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.evidence import Arms
from bayesmeta.inference.convergence import mcse_mean
from bayesmeta.inference.lattice import kronecker_sequence
from bayesmeta.inference.nested.simulation import nested_log_likelihood
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design

__all__ = ["HeldOutCounts", "joint_score", "nested_distributions", "without_study"]

Array = npt.NDArray[np.float64]

NODES = 64
"""Study effects that each draw's joint probability of a study is averaged over."""


class HeldOutCounts(NamedTuple):
    """The distribution of the true rate of one outcome in one arm, and what was observed."""

    arm: str
    outcome: str
    events: int
    n: int
    distribution: DrawnRates


def without_study(design: Design, study: str) -> tuple[Design, Arms]:
    """Return the design without a study, with the coding of the whole, and the arms of that study."""
    own = (design.arms.frame["study"] == study).to_numpy(dtype=bool)
    arms = replace(
        design.arms, frame=design.arms.frame[own], excluded=design.arms.excluded.iloc[:0]
    )
    return replace(design, arms=design.arms.drop(own, f"held out: {study}")), arms


def joint_score(fit: Fit, arms: Arms) -> tuple[float, float]:
    """Return the log joint probability of all counts of a new study, and its Monte-Carlo error.

    Its effects on all ratios are integrated out together, over all its arms.
    """
    design = Design(fit.spec, arms, fit.coding)
    mean = np.stack([predictors_of(fit, row) for row in design.matrix], axis=2)
    tau, factor = np.asarray(fit.posterior["tau"]), cholesky_draws(fit)
    chains, draws, levels = tau.shape
    standard = ndtri(kronecker_sequence(range(chains * draws), NODES, levels))
    standard = standard.reshape(chains, draws, NODES, levels)
    effects = tau[:, :, None, :] * (standard @ np.swapaxes(factor, -1, -2))
    theta = mean[:, :, None] + effects[:, :, :, None]
    density = nested_log_likelihood(design, {"theta": theta}).sum(axis=-1)
    by_draw = logsumexp(density, axis=-1) - np.log(NODES)
    score = float(logsumexp(by_draw) - np.log(chains * draws))
    # The error of a logarithm is the relative error.
    return score, float(mcse_mean(np.exp(by_draw - score)))


def nested_distributions(fit: Fit, arms: Arms) -> Iterator[HeldOutCounts]:
    """Yield the distribution of each outcome that a new study's arms report."""
    design = Design(fit.spec, arms, fit.coding)
    tau, factor = np.asarray(fit.posterior["tau"]), cholesky_draws(fit)
    for place, row in enumerate(design.matrix):
        rates = NestedRates(fit, predictors_of(fit, row), tau, factor)
        for outcome, count in zip(arms.outcomes, arms.counts[place], strict=True):
            if not np.isnan(count) and arms.n[place] > 0:
                label, n = str(arms.labels[place]), int(arms.n[place])
                yield HeldOutCounts(label, outcome, int(count), n, rates.distribution(outcome))
