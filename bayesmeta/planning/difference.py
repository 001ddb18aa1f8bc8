"""The difference of two rates whose distributions are beta mixtures, by deterministic quadrature.

P(rate - control > d) is the integral over the control's rate of its density times the probability
that the other rate lies above it by d. The double exponential rule keeps its precision where a
density is infinite at an end, as of Beta(0.5, 1). Rates near 0 and 1 are taken by their logs, since
of Beta(0.002, 1) a quarter lies below 1e-300.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaln

from bayesmeta.arrays import Array
from bayesmeta.planning.counts import log_rates

FADED = 40.0
"""How far below its height (log) the integrand is where the rule ends."""

NEAR_END = -600.0
"""Log rate below which a beta distribution function is a power of the rate, to all digits."""

NODES_PER_SD, WIDEST = 1.5, 0.03
"""Nodes within a standard deviation of the narrowest distribution, about which the error falls as
exp(-2 pi^2 1.5^2); and the widest step of the rule, small enough for densities that are infinite
just beyond an end of the range, as where the difference is nearly 0."""


NO_DIFFERENCE = float(np.finfo(np.float64).eps)
"""Below this spacing of rates a difference counts as zero; the rule cannot resolve it."""


@dataclass(frozen=True, eq=False)
class Places:
    """Rates of the nodes: their logs, and the logs of one minus them, shape (nodes,)."""

    log_rate: Array
    log_rest: Array


@dataclass(frozen=True, eq=False)
class Betas:
    """Beta mixtures side by side: `weights`, `a` and `b`, each of shape (distributions, components)."""

    weights: Array
    a: Array
    b: Array

    def above(self, at: Places) -> Array:
        """Return the probability above each rate, shape (distributions, nodes)."""
        small = at.log_rate < at.log_rest
        found = np.zeros((len(self.a), len(small)))
        for weight, a, b in self._components():
            found[:, small] += weight * (1 - _below(a, b, at.log_rate[small]))
            found[:, ~small] += weight * _below(b, a, at.log_rest[~small])
        return found

    def density(self, at: Places, log_width: Array) -> Array:
        """Return the density at rates times the width of each, shape (distributions, nodes)."""
        found = np.zeros((len(self.a), len(log_width)))
        for weight, a, b in self._components():
            log_density = (a - 1) * at.log_rate + (b - 1) * at.log_rest - betaln(a, b)
            found += weight * np.exp(log_density + log_width)
        return found

    @property
    def smallest(self) -> float:
        """Smallest parameter of all distributions."""
        return float(min(self.a.min(), self.b.min()))

    @property
    def patients(self) -> float:
        """Patients that the narrowest distribution is worth."""
        return float((self.a + self.b).max())

    def _components(self) -> Iterator[tuple[Array, Array, Array]]:
        """Return weights, a and b of each component, each of shape (distributions, 1)."""
        columns = zip(self.weights.T, self.a.T, self.b.T, strict=True)
        return ((weight[:, None], a[:, None], b[:, None]) for weight, a, b in columns)


def _below(a: Array, b: Array, log_rate: Array) -> Array:
    """Return the probability below each rate, by its log."""
    power = a * log_rate - np.log(a) - betaln(a, b)
    near = np.exp(np.where(log_rate < NEAR_END, power, 0.0))
    return np.asarray(np.where(log_rate < NEAR_END, near, betainc(a, b, np.exp(log_rate))))


def difference_above(rate: Betas, control: Betas, difference: float) -> Array:
    """Return P(rate - control > difference), shape (distributions of control, those of rate).

    By the rule of Takahasi & Mori 1974, doi:10.2977/prims/1195192451.
    """
    if difference < 0:
        return 1 - difference_above(control, rate, -difference).T
    if difference < NO_DIFFERENCE:
        difference = 0.0
    share, log_width = _rule(rate, control)
    width = 1 - difference
    # The control lies at `width * share`, the other rate above it by the difference. Each is had
    # from the end that it is near to, so that nothing cancels.
    apart = np.log(difference) if difference > 0 else -np.inf
    near, far = np.log(width) + share.log_rate, np.log(width) + share.log_rest
    low = Places(near, np.logaddexp(apart, far))
    high = Places(np.logaddexp(apart, near), far)
    density = control.density(low, np.log(width) + log_width)
    return np.asarray(np.clip(density @ rate.above(high).T, 0, 1))


def _rule(rate: Betas, control: Betas) -> tuple[Places, Array]:
    """Return nodes between 0 and 1, and the logs of their weights, which suit the distributions."""
    patients = max(rate.patients, control.patients)
    step = min(2 / (np.pi * NODES_PER_SD * np.sqrt(patients)), WIDEST)
    reach = FADED / min(rate.smallest, control.smallest, 1.0) + np.log1p(patients)
    last = int(np.arcsinh(reach / np.pi) / step) + 1
    t = step * np.arange(-last, last + 1)
    share = Places(*log_rates(np.pi * np.sinh(t)))
    return share, np.log(step * np.pi * np.cosh(t)) + share.log_rate + share.log_rest
