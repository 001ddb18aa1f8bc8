"""Binomial probabilities averaged over a distribution of log-odds, compiled."""

from math import exp, lgamma, log1p

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled

__all__ = ["add_binomial", "binomial_by_draw", "binomial_mean", "log_factorials"]

Array = npt.NDArray[np.float64]

LEAST = 1e-100
"""Probability below which no further count is listed: of many patients nearly all are that far off."""


@compiled
def log_factorials(n: int) -> Array:
    """Return the logarithms of 0!, 1!, ..., n!, which binomial coefficients are made of."""
    found = np.empty(n + 1)
    for y in range(n + 1):
        found[y] = lgamma(y + 1.0)
    return found


@compiled
def add_binomial(  # noqa: PLR0917
    theta: float, n: int, first: int, weight: float, factorials: Array, out: Array
) -> None:
    """Add to `out` the probabilities of first, first + 1, ... responders of n at log-odds theta.

    `factorials` are the `log_factorials` of n or more. One exponential at the most probable count
    there, and ratios of neighbours from it to both sides: nothing can underflow that matters.
    """
    last = first + out.size - 1
    odds = exp(theta)
    rate = odds / (1 + odds) if theta < 0 else 1 / (1 + exp(-theta))
    top = min(max(int((n + 1) * rate), first), last)
    softplus_minus = log1p(exp(-theta)) if theta > 0 else -theta + log1p(odds)
    coefficient = factorials[n] - factorials[top] - factorials[n - top]
    peak = weight * exp(coefficient - top * softplus_minus - (n - top) * (softplus_minus + theta))
    probability = peak
    for y in range(top, last + 1):
        out[y - first] += probability
        probability *= (n - y) / (y + 1.0) * odds
        if probability < LEAST:
            break
    probability = peak
    for y in range(top - 1, first - 1, -1):
        probability *= (y + 1.0) / (n - y) / odds
        if probability < LEAST:
            break
        out[y - first] += probability


@compiled
def binomial_mean(theta: Array, n: int, weights: Array) -> Array:
    """Return the probabilities of 0 to n responders, averaged over log-odds `theta`, shape (n + 1,).

    `weights` are those of the log-odds, which sum to 1.
    """
    out, factorials = np.zeros(n + 1), log_factorials(n)
    for i in range(theta.size):
        add_binomial(theta[i], n, 0, weights[i], factorials, out)
    return out


@compiled
def binomial_by_draw(theta: Array, n: int, first: int, last: int) -> Array:
    """Return the probabilities of first to last responders for each draw, averaged over its nodes.

    `theta` is log-odds of shape (draw, node); the result has shape (draw, last - first + 1).
    """
    out, factorials = np.zeros((theta.shape[0], last - first + 1)), log_factorials(n)
    for draw in range(theta.shape[0]):
        for node in range(theta.shape[1]):
            add_binomial(theta[draw, node], n, first, 1 / theta.shape[1], factorials, out[draw])
    return out
