"""Mixtures of betas by expectation maximisation, on the logs of rates."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, digamma, logsumexp, zeta

from bayesmeta.arrays import Array
from bayesmeta.planning.mixtures import BetaMixture

GAIN = 1e-8
"""Gain of the mean log likelihood in one step below which the search ends."""

MOST_ROUNDS = 200

LONGEST_LEAP = 100.0
"""Most steps that a leap may stand for, about."""

SMALLEST_SHARE = 1e-10
"""Weight below which a component no longer moves."""

MOST_PATIENTS = 1e7
"""Largest parameter of a component: draws that hardly differ would have it grow without end."""

NEWTON_STEPS, NEWTON_TOLERANCE = 50, 1e-10


@dataclass(frozen=True, eq=False)
class Points:
    """Rates by the logs of a rate and of one minus it, each with its share; shapes (point,)."""

    log_rate: Array
    log_rest: Array
    share: Array

    def log_terms(self, logs: Array) -> Array:
        """Return log weight plus log density of each component, shape (point, component).

        `logs` holds the logs of the weights, of the a and of the b of the components.
        """
        a, b = np.exp(logs[1:])
        constant = logs[0] - betaln(a, b)
        terms = np.multiply.outer(self.log_rate, a - 1) + np.multiply.outer(self.log_rest, b - 1)
        return np.asarray(terms + constant)


def mean_log_likelihood(mixture: BetaMixture, points: Points) -> float:
    """Return the mean log density of a mixture over points (density of the rate)."""
    return float(points.share @ logsumexp(points.log_terms(_logs(mixture)), axis=1))


def expectation_maximisation(
    start: BetaMixture, points: Points
) -> Iterator[tuple[BetaMixture, float]]:
    """Yield mixtures of never falling likelihood, each with its mean log likelihood.

    Each step gives every point to the components in the shares in which they predict it, and then
    each component the parameters that its points make most likely. Two steps show where they lead
    to, and the search leaps there if that is better. It ends where a step gains less than 1e-8 in the
    mean log likelihood, or after 200 rounds of three steps.

    References
    ----------
    Dempster, Laird & Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x.
    Varadhan & Roland 2008, doi:10.1111/j.1467-9469.2007.00585.x (leaps).
    """
    at = _logs(start)
    for _ in range(MOST_ROUNDS):
        once, reached = _step(at, points)
        yield _mixture(at), reached
        twice, further = _step(once, points)
        yield _mixture(once), further
        if further - reached < GAIN:
            return
        leapt, ahead = _step(_leap(at, once, twice), points)
        at = leapt if ahead >= further else twice


def _step(logs: Array, points: Points) -> tuple[Array, float]:
    """Return the parameters after one step, and the mean log likelihood before it."""
    terms = points.log_terms(logs)
    top = terms.max(axis=1, keepdims=True)
    density = np.exp(terms - top)
    total = density.sum(axis=1)
    reached = float(points.share @ (np.log(total) + top[:, 0]))
    belongs = density * (points.share / total)[:, None]
    weights = belongs.sum(axis=0)
    new, live = logs.copy(), weights > SMALLEST_SHARE
    means = np.stack([points.log_rate, points.log_rest]) @ belongs[:, live] / weights[live]
    new[1:, live] = np.log(maximise_betas(*means, *np.exp(logs[1:, live])))
    new[0] = np.log(np.maximum(weights, np.finfo(np.float64).tiny))
    return new, reached


def _leap(at: Array, once: Array, twice: Array) -> Array:
    """Return parameters ahead on the way that two steps went."""
    first, change = once - at, twice - 2 * once + at
    bend = float(np.linalg.norm(change))
    length = float(np.linalg.norm(first)) / bend if bend > 0 else 1.0
    length = min(max(length, 1.0), LONGEST_LEAP)
    ahead = at + 2 * length * first + length**2 * change
    ahead[1:] = np.clip(ahead[1:], 0, np.log(MOST_PATIENTS))
    ahead[0] -= logsumexp(ahead[0])
    return np.asarray(ahead)


def _logs(mixture: BetaMixture) -> Array:
    return np.log([mixture.weights, mixture.a, mixture.b])


def _mixture(logs: Array) -> BetaMixture:
    weights, a, b = np.exp(logs)
    return BetaMixture(tuple(weights / weights.sum()), tuple(a), tuple(b))


def maximise_betas(log_rate: Array, log_rest: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """Return the most likely parameters, at least 1, of betas with these mean logs.

    The likelihood of a beta distribution is concave in its parameters. Where its peak lies below 1
    in one of them, the best admissible ones lie on an edge, on which they are known in closed form.
    """
    a, b = _unbounded(log_rate, log_rest, a, b)
    outside = (a < 1) | (b < 1)
    if outside.any():
        edge = np.clip(-1 / np.stack([log_rest, log_rate]), 1, MOST_PATIENTS)
        ones = np.ones_like(a)
        on_a = _objective(ones, edge[0], log_rate, log_rest)
        on_b = _objective(edge[1], ones, log_rate, log_rest)
        best = on_a >= on_b
        a = np.where(outside, np.where(best, 1.0, edge[1]), a)
        b = np.where(outside, np.where(best, edge[0], 1.0), b)
    return a, b


def _objective(a: Array, b: Array, log_rate: Array, log_rest: Array) -> Array:
    return np.asarray((a - 1) * log_rate + (b - 1) * log_rest - betaln(a, b))


def _unbounded(log_rate: Array, log_rest: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """Return the most likely positive parameters, by Newton's method on their logs."""
    x = np.log(np.stack([a, b]))
    means = np.stack([log_rate, log_rest])
    for _ in range(NEWTON_STEPS):
        p = np.exp(x)
        total = p.sum(axis=0)
        gradient = p * (means - digamma(p) + digamma(total))
        shared = zeta(2, total)
        # Minus the second derivatives in a and b, carried over to their logs, and kept positive.
        diagonal = p * p * (zeta(2, p) - shared) + np.abs(gradient)
        off = -p[0] * p[1] * shared
        determinant = diagonal[0] * diagonal[1] - off * off
        step = (diagonal[::-1] * gradient - off * gradient[::-1]) / determinant
        x = np.minimum(x + np.clip(step, -1, 1), np.log(MOST_PATIENTS))
        if np.abs(step).max() < NEWTON_TOLERANCE:
            break
    a, b = np.exp(x)
    return a, b
