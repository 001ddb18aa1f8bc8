"""A joint model and its evidence as arrays: everything its compiled density is a function of."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.model import Design
from bayesmeta.priors import Beta, Prior

__all__ = ["NestedData", "correlation_priors", "nested_data"]

Array = npt.NDArray[np.float64]

HALF = 0.5
TURN = 0.4
"""Transition scale of tau; geometry only."""


class NestedData(NamedTuple):
    """A joint model and its evidence as arrays.

    A arms, S studies, L levels (the outcomes outermost first), K covariates, G segments (counts
    that are reported), P partial correlations. Coordinates of a point, all unbounded: those of mu
    at the centre of the covariates (L), beta (L, K), tau (L), the partial correlations (P), then z of
    the study effects (S, L).
    """

    study: Array
    """Position of each arm's study, shape (A,)."""
    deviation: Array
    """Covariates minus their mean over the arms of the study, shape (A, K)."""
    study_mean: Array
    """Mean covariates of each study's arms, minus `centre`, shape (S, K)."""
    centre: Array
    """What was subtracted from the covariates, shape (K,)."""
    level: Array
    """Empirical predictor of each study and ratio, shape (S, L); geometry only."""
    information: Array
    """Information on it, the inverse of its variance, shape (S, L); geometry only."""
    arm: Array
    """Arm of each segment, shape (G,)."""
    first: Array
    """First ratio of each segment's product, shape (G,)."""
    last: Array
    """Last ratio of it, shape (G,)."""
    trials: Array
    """Patients with the enclosing outcome, shape (G,)."""
    events: Array
    """Patients with the outcome reported, shape (G,)."""
    log_coefficient: Array
    """Log binomial coefficient of each segment, shape (G,)."""
    priors: Array
    """Kernels of the priors of mu, tau and the partial correlations on (0, 1), shape (2 L + P, 5)."""
    beta_priors: Array
    """Kernels of the priors of the coefficients, shape (K, 5)."""
    scales: Array
    """Bounds and transition scale of tau and the partial correlations, shape (L + P, 3)."""
    link: Array
    """Code of the link, shape (1,)."""


def nested_data(design: Design) -> NestedData:
    """Return the arrays that the compiled density needs."""
    from scipy.special import gammaln

    arms, seen = design.arms, design.conditional_counts
    study, n = arms.study_index, arms.n.astype(np.float64)
    means = _study_means(design.matrix, n, study)
    centre = design.matrix.mean(axis=0)
    level, information = _empirical(design)
    bounded = [*design.tau, *correlation_priors(design)]
    return NestedData(
        study=study.astype(np.float64),
        deviation=np.ascontiguousarray(design.matrix - means[study]),
        study_mean=means - centre,
        centre=centre,
        level=level,
        information=information,
        arm=seen.arm.astype(np.float64),
        first=seen.first.astype(np.float64),
        last=seen.last.astype(np.float64),
        trials=seen.trials,
        events=seen.events,
        log_coefficient=gammaln(seen.trials + 1)
        - gammaln(seen.events + 1)
        - gammaln(seen.trials - seen.events + 1),
        priors=_kernels([*design.mu, *bounded]),
        beta_priors=_kernels(design.beta),
        scales=np.array([[*prior.support, TURN] for prior in bounded]),
        link=np.array([design.spec.link.code], dtype=np.float64),
    )


def correlation_priors(design: Design) -> tuple[Prior, ...]:
    """Return the priors of the partial correlations, moved from (-1, 1) to (0, 1), in rows.

    Under an LKJ prior they are independent, and beta (Lewandowski, Kurowicka & Joe 2009,
    doi:10.1016/j.jmva.2009.04.008); row i has those of level i with each level before it, given the
    levels before that one.
    """
    if design.spec.correlation is None:
        return ()
    levels, eta = len(design.arms.outcomes), design.spec.correlation.eta
    shapes = [eta + HALF * (levels - 2 - j) for i in range(1, levels) for j in range(i)]
    return tuple(Beta(shape, shape) for shape in shapes)


def _kernels(priors: "list[Prior] | tuple[Prior, ...]") -> Array:
    return np.array([[*prior.kernel] for prior in priors], dtype=np.float64).reshape(-1, 5)


def _study_means(matrix: Array, n: Array, study: npt.NDArray[np.int64]) -> Array:
    """Return each study's mean covariates, weighted by patients."""
    # Half a patient each keeps a study without patients defined.
    weights = n + HALF
    totals = np.bincount(study, weights=weights)
    sums = [np.bincount(study, weights=weights * column) for column in matrix.T]
    return np.ascontiguousarray(
        np.array(sums).reshape(matrix.shape[1], totals.size).T / totals[:, None]
    )


def _empirical(design: Design) -> tuple[Array, Array]:
    """Return each study's predictor of each ratio and the information on it, where counted directly.

    A product of ratios informs on none of them alone, and counts for its first one only where it is
    the one; elsewhere the information is 0. So it is of a ratio that is 0 or 1 in all studies: beyond a
    bound the likelihood is flat, and mu may lie far from what would place the effects.
    """
    arms, seen, link = design.arms, design.conditional_counts, design.spec.link
    shape = (len(arms.studies), len(arms.outcomes))
    events, trials = np.zeros(shape), np.zeros(shape)
    single = seen.first == seen.last
    place = arms.study_index[seen.arm[single]], seen.last[single]
    np.add.at(events, place, seen.events[single])
    np.add.at(trials, place, seen.trials[single])
    some = (events.sum(axis=0) > 0) & (events.sum(axis=0) < trials.sum(axis=0))
    informed = (trials > 0) & some
    theta = link.theta((events + HALF) / (trials + 1))
    return theta, np.where(informed, (trials + 1) * link.information(theta), 0.0)
