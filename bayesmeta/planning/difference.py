"""The difference of two rates whose laws are beta mixtures, by deterministic quadrature.

P(rate - control > d) is the integral over the control's rate of its density times the probability
that the other rate lies above it by d. The double exponential rule keeps its precision where a
density is infinite at an end, as of Beta(0.5, 1).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, betaln, expit, xlogy

__all__ = ["Betas", "difference_above"]

Array = npt.NDArray[np.float64]

LAST = 6.1
"""Where the rule ends: its outermost node lies 1e-300 of the range from the end."""

HALF = 0.5

NODES_PER_SD, WIDEST = 1.5, 0.03
"""Nodes within a standard deviation of the narrowest law, about which the error falls as
exp(-2 pi^2 1.5^2); and the widest step of the rule, small enough for densities that are infinite
just beyond an end of the range, as where the difference is nearly 0."""


@dataclass(frozen=True, eq=False)
class Betas:
    """Beta mixtures side by side: `weights`, `a` and `b`, each of shape (laws, components)."""

    weights: Array
    a: Array
    b: Array

    def above(self, rate: Array, from_one: Array) -> Array:
        """Return the probability above each rate, shape (laws, nodes)."""
        small = rate < HALF
        found = np.zeros((len(self.a), len(rate)))
        for weight, a, b in self._components():
            found[:, small] += weight * betaincc(a, b, rate[small])
            found[:, ~small] += weight * betainc(b, a, from_one[~small])
        return found

    def density(self, rate: Array, from_one: Array) -> Array:
        """Return the density at rates, shape (laws, nodes)."""
        found = np.zeros((len(self.a), len(rate)))
        for weight, a, b in self._components():
            log_density = xlogy(a - 1, rate) + xlogy(b - 1, from_one) - betaln(a, b)
            found += weight * np.exp(log_density)
        return found

    def below(self, rate: float) -> Array:
        """Return the probability below one rate, shape (laws, 1)."""
        return np.asarray((self.weights * betainc(self.a, self.b, rate)).sum(axis=1)[:, None])

    def _components(self) -> Iterator[tuple[Array, Array, Array]]:
        """Return weights, a and b of each component, each of shape (laws, 1)."""
        columns = zip(self.weights.T, self.a.T, self.b.T, strict=True)
        return ((weight[:, None], a[:, None], b[:, None]) for weight, a, b in columns)


def difference_above(rate: Betas, control: Betas, difference: float) -> Array:
    """Return P(rate - control > difference) for every pair of laws.

    Parameters
    ----------
    rate, control : Betas
        Laws of the two rates, which are independent.
    difference : float
        Between -1 and 1.

    Returns
    -------
    array
        Probabilities, shape (laws of control, laws of rate).

    References
    ----------
    Takahasi & Mori 1974, doi:10.2977/prims/1195192451 (the quadrature rule).
    """
    # Below `low` the control lies below the other rate by enough for sure; above `high` never.
    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)
    share, rest, weights = _rule(max(float((law.a + law.b).max()) for law in (rate, control)))
    width = high - low
    # Distances from 1 are had from the far end, so that nothing cancels.
    density = control.density(low + width * share, (1 - high) + width * rest)
    above = rate.above(max(0.0, difference) + width * share, low + width * rest)
    found = (density * (width * weights)) @ above.T
    return np.asarray(np.clip(found + control.below(low), 0, 1))


def _rule(patients: float) -> tuple[Array, Array, Array]:
    """Return nodes in (0, 1), their distances from 1, and weights.

    Steps suit laws worth so many patients.
    """
    step = min(2 / (np.pi * NODES_PER_SD * np.sqrt(patients)), WIDEST)
    last = int(LAST / step)
    t = step * np.arange(-last, last + 1)
    share, rest = expit(np.pi * np.sinh(t)), expit(-np.pi * np.sinh(t))
    return share, rest, step * np.pi * np.cosh(t) * share * rest
