"""Evenly spread probabilities at which distributions enter a draw, without further randomness.

Each draw's distribution enters at points spaced evenly in probability and moved from draw to draw by a
Kronecker sequence, so that the same draws always give the same interval. Where a rate varies for
several reasons (study, arm, the beta distribution of a beta-binomial), the points form a lattice that
is shifted from draw to draw (Cranley & Patterson 1976, doi:10.1137/0713071).
"""

import numpy as np

from bayesmeta.arrays import Array, Integers

SOURCES = {
    "u": (1, (np.sqrt(5) - 1) / 2),
    "w": (7, 0.7548776662466927),
    "rate": (3, 0.5698402909980532),
    "x": (5, np.sqrt(3) - 1),
}
"""For each reason: the order in which it runs through its strata (odd, so that all are met), and how
the strata move from draw to draw (numbers that keep no common step)."""


PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)
"""As many as there can be dims of `kronecker_sequence`."""


def spread(source: str, draws: int, strata: int) -> Array:
    """Return probabilities at which a source of variation enters, dims (draw, node)."""
    return spread_at(source, np.arange(draws), strata)


def spread_at(source: str, draws: Integers, strata: int) -> Array:
    """Return what `spread` does for the draws of these numbers, shape (draw,)."""
    multiplier, step = SOURCES[source]
    shift = ((draws + 0.5) * step) % 1
    place = np.arange(strata) * multiplier
    if source == "u":
        return np.asarray((place + shift[:, None]) / strata)
    # Shifted round the whole circle: within their strata alone, the same strata would always meet.
    return np.asarray((place / strata + shift[:, None]) % 1)


def kronecker_sequence(draws: range, nodes: int, dims: int) -> Array:
    """Return a Kronecker sequence over the unit cube, dims (draw, node, dim), none of it random.

    It goes through all nodes of all draws, so that the nodes of a draw are spread evenly, and so are
    those of many draws: by square roots of primes, of which no whole multiples add up to a whole
    number (Niederreiter 1992, doi:10.1137/1.9781611970081).
    """
    steps = np.sqrt(PRIMES[:dims])
    index = np.arange(draws.start * nodes, draws.stop * nodes, dtype=np.float64) + 1
    return np.asarray(((0.5 + index[:, None] * steps) % 1).reshape(len(draws), nodes, dims))


def spread_levels(draws: int, terms: int) -> Array:
    """Return probabilities at which new levels of each term enter, dims (draw, term)."""
    # The last primes, since roots of the first are steps of other sources.
    return kronecker_sequence(range(draws), 1, len(PRIMES))[:, 0, len(PRIMES) - terms :]
