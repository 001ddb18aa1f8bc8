"""The expected local-information-ratio (ELIR) size of a mixture of betas, by quadrature.

About the log-odds x with rate p, component k has score ``a_k (1 - p) - b_k p`` and information
``(a_k + b_k) p (1 - p)``, and one patient has information ``p (1 - p)``. So the mean ratio is the
mean of ``a_k + b_k``, less what the components' disagreement takes away: the mean of

    sum over pairs j < k of  r_j r_k (score_j - score_k)^2 / (p (1 - p))

with r the probability of each component given x. In this form nothing cancels, whatever a and b: all
terms are positive, and their factors are multiplied by their logs.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.integrate import tanhsinh
from scipy.special import betaln, logsumexp

from bayesmeta.errors import SettingsError
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.rate_sample import log_rates

__all__ = ["elir"]

Array = npt.NDArray[np.float64]

REACH = np.array([1, 2, 3, 4, 5, 6, 8, 10, 14], dtype=np.float64)
"""Where the range of integration is cut, in standard deviations from each component's centre
(log-odds): no component is so narrow that the rule overlooks it."""

FADED = 60.0
"""How far below its height (log) the integrand is at the ends of the range."""

TOLERANCE, DECIMALS = 1e-10, 8


def elir(prior: BetaMixture) -> float:
    """Return the size; see `effective_sample_size`."""
    there = np.array(prior.weights) > 0
    weights, a, b = (np.array(each)[there] for each in (prior.weights, *_shapes(prior)))
    for name, values, end in (("a", a, 0), ("b", b, 1)):
        _check_end(name, values, end)
    patients = float(weights @ (a + b))
    if len(weights) == 1:
        return patients
    edges = _edges(a, b)
    found = tanhsinh(
        _disagreement(weights, a, b),
        edges[:-1],
        edges[1:],
        rtol=TOLERANCE,
        atol=TOLERANCE * patients / len(edges),
    )
    return patients - float(found.integral.sum())


def _shapes(prior: BetaMixture) -> list[list[float]]:
    """Return a and b to 12 digits: where they differ by rounding only, they are the same."""
    return [[float(f"{value:.12g}") for value in values] for values in (prior.a, prior.b)]


def _check_end(name: str, values: Array, end: int) -> None:
    """Raise where the mean of the information near an end of the rates is infinite.

    Near a rate of 0 the term of a pair falls as ``p**(a_j + a_k - least a - 1)``: the mean exists
    where every `a` other than the least is above 1.
    """
    low = np.unique(values[values <= 1])
    if low.size > 1:
        raise SettingsError(
            f"`method` 'elir' has no value for this prior: its mean information near a rate of {end} is infinite, since "
            f"components differ in `{name}` where it is at most 1; got {', '.join(f'{value:g}' for value in low)}. "
            f"Give them one `{name}`, or use method='moment'."
        )


def _edges(a: Array, b: Array) -> Array:
    """Return log-odds, rising: at and around the centres of the components, and where all fades."""
    centre, sd = np.log(a / b), np.sqrt(1 / a + 1 / b)
    steps = np.concatenate([-REACH[::-1], [0.0], REACH])
    # Pieces must not be so narrow that nothing lies between their ends.
    cuts = np.unique(np.round(centre + steps[:, None] * sd, DECIMALS))
    ends = cuts[0] - FADED / _fading(a), cuts[-1] + FADED / _fading(b)
    return np.concatenate([ends[:1], cuts, ends[1:]])


def _fading(values: Array) -> float:
    """Return the power of the rate, or of one minus it, at which the pairs' terms fade at its end."""
    others = values[values > values.min()]
    return float(min(others.min(initial=np.inf) - 1, values.min() + 1))


def _disagreement(weights: Array, a: Array, b: Array) -> Callable[[Array], Array]:
    """Return the density of the log-odds times the sum over pairs, as a function of the log-odds."""
    j, k = np.triu_indices(len(weights), 1)
    by_a, by_b = a[j] - a[k], b[j] - b[k]
    with np.errstate(divide="ignore"):
        log_a, log_b = np.log(np.abs(by_a)), np.log(np.abs(by_b))
    constant = np.log(weights) - betaln(a, b)

    def at(log_odds: Array) -> Array:
        x = log_odds[..., None]
        log_rate, log_rest = log_rates(x)
        terms = constant + a * log_rate + b * log_rest
        half = (terms[..., j] + terms[..., k] - logsumexp(terms, axis=-1, keepdims=True)) / 2
        # (score_j - score_k) / sqrt(p (1 - p)) = by_a exp(-x / 2) - by_b exp(x / 2).
        low = np.sign(by_a) * np.exp(log_a + half - x / 2)
        high = np.sign(by_b) * np.exp(log_b + half + x / 2)
        return np.asarray(((low - high) ** 2).sum(axis=-1))

    return at
