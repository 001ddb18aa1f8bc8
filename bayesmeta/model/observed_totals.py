"""The likelihood, as PyMC writes it, of arms of which some are totals over two levels."""

from functools import partial
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import expit

from bayesmeta.model.design import Design
from bayesmeta.model.likelihoods import Binomial

SHARES = 200
"""Shares of the second level over which a total of unknown sizes is averaged."""


def totals_to_pymc(design: Design, theta: Any) -> None:
    """Create the observed `events` of arms of which some are totals over two levels."""
    import pymc as pm
    import pytensor.tensor as pt

    arms, totals, model = design.arms, design.totals, pm.modelcontext(None)
    parts = [model[name] for name in ("beta", "b") if name in model.named_vars]
    difference = pt.as_tensor(totals.step) @ pt.concatenate(parts)
    second_n, unknown = np.zeros(len(arms), dtype=np.int64), np.zeros(len(arms), dtype=bool)
    second_n[totals.arm] = np.where(totals.unknown, 0, totals.second).astype(np.int64)
    unknown[totals.arm] = totals.unknown
    first = pt.inc_subtensor(theta[totals.arm], -totals.share * difference)
    second = pt.inc_subtensor(theta[totals.arm], (1 - totals.share) * difference)
    pm.CustomDist(
        "events",
        *(first, second, arms.n - second_n, second_n, unknown),
        logp=partial(_log_sum, most=int(second_n.max())),
        random=_random_sum,
        observed=arms.events,
        dims="arm",
        dtype="int64",
    )


def _log_sum(  # noqa: PLR0917
    value: Any, first: Any, second: Any, first_n: Any, second_n: Any, unknown: Any, most: int
) -> Any:
    """Return log probabilities of sums of two binomial counts, the second of at most `most` patients.

    A sum is made in every way in which the two can share its responders. Where sizes are unknown, all
    patients stand in `first_n`, and the probability is averaged over shares of the second level.
    """
    import pytensor.tensor as pt

    k = np.arange(most + 1)[:, None]
    j = value - k
    possible = pt.and_(pt.and_(k <= second_n, j >= 0), j <= first_n)
    one, other = (
        Binomial().log_mass(pt.switch(possible, count, 0), theta, n)
        for n, theta, count in ((first_n, first, j), (second_n, second, k))
    )
    known = pt.logsumexp(pt.switch(possible, one + other, -np.inf), axis=0)
    return pt.switch(unknown, _log_mean(value, first, second, first_n), known)


def _log_mean(value: Any, first: Any, second: Any, n: Any) -> Any:
    """Return log binomial probabilities of mixtures of two rates, over shares that are uniform."""
    import pytensor.tensor as pt

    nodes, weights = leggauss(SHARES)
    log_share, log_rest = (np.log((1 + sign * nodes) / 2)[:, None] for sign in (1, -1))
    rate, missed = (
        pt.logaddexp(log_rest - pt.softplus(-sign * first), log_share - pt.softplus(-sign * second))
        for sign in (1, -1)
    )
    mass = Binomial().log_mass(value, rate - missed, n)
    return pt.logsumexp(mass + np.log(weights / 2)[:, None], axis=0)


def _random_sum(  # noqa: PLR0917
    first: Any,
    second: Any,
    first_n: Any,
    second_n: Any,
    unknown: Any,
    rng: Any = None,
    size: Any = None,
) -> Any:
    n = first_n + second_n
    drawn = rng.binomial(n, rng.random(np.broadcast_shapes(np.shape(first), size or ())))
    second_n = np.where(unknown, drawn, second_n)
    first_n = n - second_n
    counts = [
        rng.binomial(n, expit(theta), size=size)
        for n, theta in ((first_n, first), (second_n, second))
    ]
    return sum(counts)
