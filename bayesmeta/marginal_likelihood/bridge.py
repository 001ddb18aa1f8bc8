"""The bridge: the integral of a density from its draws and those of a known density like it.

References
----------
Meng & Wong 1996, Statistica Sinica 6, 831-860 (the estimate).
Gronau et al. 2017, doi:10.1016/j.jmp.2017.09.005 (its use).
Frühwirth-Schnatter 2004, doi:10.1111/j.1368-423X.2004.00125.x (its error).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, gammaln, logsumexp

from bayesmeta.arrays import Array
from bayesmeta.inference.convergence import mcse_mean

LogDensity = Callable[[Array], Array]

FREEDOM = 8.0
"""Degrees of freedom of the proposal: its tails are heavier than those of a posterior."""
STEPS = 1000
SETTLED = 1e-10
ROUNDS = 4
FEWEST = 200.0
"""Effective number of weighted draws to which a proposal is fitted, at least."""
SINGULAR = 1e-10
"""Share of its variance that a coordinate has for itself at least."""


class Bridge(NamedTuple):
    """What a bridge found."""

    value: float
    """Log integral."""
    error: float
    """Its Monte-Carlo standard error."""
    ess: float
    """Effective number of draws of the density that it rests on."""


def bridged(log_density: LogDensity, points: Array, rng: np.random.Generator) -> Bridge:
    """Return the log integral of a density from two halves of draws, dims (chain, draw, own)."""
    half = points.shape[1] // 2
    parts = points[:, :half], points[:, half : 2 * half]
    logs = [log_density(part.reshape(-1, part.shape[-1])).reshape(part.shape[:2]) for part in parts]
    found = [
        _one(log_density, parts[i], logs[i], _Proposal.fitted(parts[1 - i]), rng) for i in (0, 1)
    ]
    return Bridge(
        float(np.mean([one.value for one in found])),
        float(np.hypot(found[0].error, found[1].error) / 2),
        sum(one.ess for one in found),
    )


def importance_sampled(
    log_density: LogDensity, points: Array, log_weight: Array, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the log integral of a density and its error, from weighted draws near it."""
    size = len(points)
    for _ in range(ROUNDS):
        proposal = _Proposal.fitted(points, _tempered(log_weight))
        points = proposal.draw(rng, size)
        log_weight = log_density(points) - proposal.log_density(points)
    weight = np.exp(log_weight - log_weight.max())
    error = float(weight.std(ddof=1) / (np.sqrt(size) * weight.mean()))
    return _log_mean(log_weight), error


def _tempered(log_weight: Array) -> Array:
    """Return weights to a power at most 1 at which enough draws count."""
    power = 1.0
    while True:
        weight = np.exp(power * (log_weight - log_weight.max()))
        if weight.sum() ** 2 / (weight**2).sum() >= min(FEWEST, weight.size / 2):
            return np.asarray(weight)
        power *= 0.7


@dataclass(frozen=True, eq=False)
class _Proposal:
    """A multivariate Student t distribution."""

    mean: Array
    root: Array
    """Lower triangular root of its scale matrix."""

    @classmethod
    def fitted(cls, points: Array, weight: Array | None = None) -> "_Proposal":
        """Return the distribution with mean and covariance of points, dims (..., coordinate)."""
        flat = points.reshape(-1, points.shape[-1])
        size = flat.shape[1]
        covariance = np.cov(flat, rowvar=False, aweights=weight).reshape(size, size)
        covariance += SINGULAR * np.diag(np.diag(covariance))
        scale = covariance * (FREEDOM - 2) / FREEDOM
        return cls(np.average(flat, axis=0, weights=weight), np.linalg.cholesky(scale))

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return draws, dims (point, coordinate)."""
        normal = rng.standard_normal((size, self.mean.size))
        wide = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, size))
        return np.asarray(self.mean + wide[:, None] * (normal @ self.root.T))

    def log_density(self, points: Array) -> Array:
        """Return the log density at points, dims (..., coordinate)."""
        size = self.mean.size
        flat = (points - self.mean).reshape(-1, size)
        squares = (np.linalg.solve(self.root, flat.T) ** 2).sum(axis=0)
        constant = gammaln((FREEDOM + size) / 2) - gammaln(FREEDOM / 2)
        constant -= size / 2 * np.log(FREEDOM * np.pi) + np.log(np.diag(self.root)).sum()
        found = constant - (FREEDOM + size) / 2 * np.log1p(squares / FREEDOM)
        return np.asarray(found.reshape(points.shape[:-1]))


def _one(  # noqa: PLR0917
    log_density: LogDensity,
    points: Array,
    logs: Array,
    proposal: _Proposal,
    rng: np.random.Generator,
) -> Bridge:
    """Return the bridge between a density's draws, dims (chain, draw, coordinate), and a proposal."""
    proposed = proposal.draw(rng, logs.size)
    # Log ratios of the densities at draws of either, from about where they should be.
    posterior = logs - proposal.log_density(points)
    other = log_density(proposed) - proposal.log_density(proposed)
    shift = float(np.median(posterior))
    posterior, other = posterior - shift, other - shift
    ess = _effective(expit(-posterior))
    share = ess / (ess + other.size)
    value = 0.0
    for _ in range(STEPS):
        before = value
        over = _log_mean(other - _mixed(other, share, value))
        value = over - _log_mean(-_mixed(posterior, share, value))
        if abs(value - before) < SETTLED:
            break
    return Bridge(value + shift, _error(posterior, other, share, value), ess)


def _mixed(ratio: Array, share: float, value: float) -> Array:
    """Return the log of the mixture of both densities over the proposal's, up to the integral."""
    return np.asarray(np.logaddexp(np.log(share) + ratio, np.log1p(-share) + value))


def _log_mean(logs: Array) -> float:
    return float(logsumexp(logs) - np.log(logs.size))


def _error(posterior: Array, other: Array, share: float, value: float) -> float:
    """Return the standard error of the log, draws of the density being correlated."""
    of_other = np.exp(other - _mixed(other, share, value))
    of_posterior = np.exp(value - _mixed(posterior, share, value))
    from_other = of_other.std(ddof=1) / (np.sqrt(other.size) * of_other.mean())
    from_posterior = float(mcse_mean(of_posterior)) / of_posterior.mean()
    return float(np.hypot(from_other, from_posterior))


def _effective(values: Array) -> float:
    """Return the effective number of draws, dims (chain, draw), for the mean of `values`."""
    error = float(mcse_mean(values))
    return float(values.var(ddof=1)) / error**2 if error > 0 else float(values.size)
