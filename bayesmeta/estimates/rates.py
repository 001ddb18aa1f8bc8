"""The posterior distribution of a rate: as draws, or by quadrature, without Monte-Carlo error.

Everything on the log-odds scale is called theta, everything on the probability scale a rate.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import betainc, expit, gammaln, log_expit

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.count_distributions import (
    LARGEST_LISTED,
    CountDistribution,
    ListedCounts,
    MixedCounts,
    binomial_by_draw,
    binomial_mean,
)
from bayesmeta.estimates.precision import NO_CONVERGENCE, Distribution, Draws, Estimate, mean_of
from bayesmeta.inference.convergence import mcse_mean
from bayesmeta.model.coding import Profile

if TYPE_CHECKING:
    from bayesmeta.inference.exact import QuadratureFit
    from bayesmeta.inference.quadrature.marginals import Marginal

BLOCK = 64
"""Counts whose probabilities by draw are held in memory at once."""


class RateDistribution(Protocol):
    """The posterior distribution of a rate (probability)."""

    @property
    def rate(self) -> Distribution:
        """Mean, standard deviation and quantiles of the rate."""

    def above(self, rate: float) -> Estimate:
        """Return the probability that the rate is above `rate`."""

    def counts(self, n: int) -> CountDistribution:
        """Return the distribution of the responders out of n, of any size."""

    def pmf(self, n: int) -> Array:
        """Return the probabilities of 0 to n responders out of n, shape (n + 1,)."""

    def pmf_mcse(self, n: int) -> Array:
        """Return the Monte-Carlo standard errors of `pmf`."""

    def at_least(self, events: int, n: int) -> Estimate:
        """Return the probability of `events` responders out of n, or more."""

    def draw(self, rng: np.random.Generator) -> Array:
        """Return random rates, dims (chain, draw)."""

    def sample(self) -> tuple[Array, int]:
        """Return log-odds of equal weight, of any shape, and the independent draws they count as."""


@dataclass(frozen=True, eq=False)
class DrawnRates:
    """The distribution of a rate as draws: nodes of equal weight, log-odds, dims (chain, draw, node)."""

    theta: Array

    @cached_property
    def rate(self) -> Distribution:
        """Mean, standard deviation and quantiles of the rate."""
        return Draws(expit(self.theta))

    def above(self, rate: float) -> Estimate:
        """Return the probability that the rate is above `rate`."""
        return mean_of((expit(self.theta) > rate).astype(np.float64))

    def counts(self, n: int, weights: Array | None = None) -> CountDistribution:
        """Return the distribution of the responders; `weights` of draws are of another posterior."""
        nodes = self.theta.shape[-1]
        draws = self.theta.size // nodes
        each = np.full(draws, 1 / draws) if weights is None else weights
        each = np.repeat(each / nodes, nodes)
        if n <= LARGEST_LISTED:
            return ListedCounts(binomial_mean(self.theta.ravel(), n, each))
        return MixedCounts(n, expit(self.theta.ravel()), each)

    def pmf(self, n: int) -> Array:
        """Return the binomial probabilities of 0 to n responders, averaged over the draws."""
        theta = self.theta.ravel()
        return binomial_mean(theta, n, np.full(theta.size, 1 / theta.size))

    def log_probability(self, events: int, n: int) -> Estimate:
        """Return the log of the probability of exactly `events` responders out of n."""
        log_by_node = events * log_expit(self.theta) + (n - events) * log_expit(-self.theta)
        largest = log_by_node.max()
        relative = mean_of(np.exp(log_by_node - largest))
        coefficient = gammaln(n + 1) - gammaln(events + 1) - gammaln(n - events + 1)
        # The error of a logarithm is the relative error.
        log_probability = coefficient + largest + np.log(relative.value)
        return Estimate(float(log_probability), relative.mcse / relative.value)

    def pmf_mcse(self, n: int) -> Array:
        """Return the Monte-Carlo standard errors of `pmf`."""
        chains, draws, nodes = self.theta.shape
        theta = self.theta.reshape(-1, nodes)
        errors = []
        for first in range(0, n + 1, BLOCK):
            block = binomial_by_draw(theta, n, first, min(first + BLOCK - 1, n))
            errors.append(mcse_mean(block.T.reshape(-1, chains, draws)))
        return np.concatenate(errors)

    def at_least(self, events: int, n: int) -> Estimate:
        """Return the probability of `events` responders out of n, or more."""
        if events == 0:
            return Estimate(1.0, 0.0)
        return mean_of(betainc(events, n - events + 1, expit(self.theta)))

    def sample(self) -> tuple[Array, int]:
        """Return log-odds of equal weight, dims (chain, draw, node), and the number of draws."""
        return self.theta, int(np.prod(self.theta.shape[:-1]))

    def draw(self, rng: np.random.Generator) -> Array:
        """Return one rate per posterior draw."""
        node = rng.integers(self.theta.shape[-1], size=(*self.theta.shape[:-1], 1))
        return np.asarray(expit(np.take_along_axis(self.theta, node, axis=-1)[..., 0]))


def rates_as_drawn(rate: Array) -> DrawnRates:
    """Return the distribution of rates, dims (chain, draw, node), that may be rounded to 0 or 1."""
    return DrawnRates(safe_log_odds(rate))


def safe_log_odds(rate: Array) -> Array:
    """Return log-odds of rates that may have been rounded to 0 or 1."""
    tiny = np.finfo(np.float64).tiny
    return np.asarray(np.log(np.maximum(rate, tiny)) - np.log(np.maximum(1 - rate, tiny)))


RANDOM_RATES = (4, 1000)
"""Shape of random rates: chains, draws."""

QUANTILES = 4000
"""Points of a sample, and draws that it counts as."""


@dataclass(frozen=True, eq=False)
class Exact:
    """A distribution without Monte-Carlo error."""

    marginal: "Marginal"

    def mean(self) -> Estimate:
        """Return the mean."""
        return Estimate(self.marginal.mean, 0.0)

    def sd(self) -> Estimate:
        """Return the standard deviation."""
        return Estimate(self.marginal.sd, 0.0)

    def quantile(self, probability: float) -> Estimate:
        """Return a quantile."""
        return Estimate(float(self.marginal.quantile(probability)), 0.0)

    def convergence(self) -> dict[str, float]:
        """Return NaN: there are no chains."""
        return NO_CONVERGENCE


@dataclass(frozen=True, eq=False)
class QuadratureRates:
    """The distribution of a new study's rate."""

    fit: "QuadratureFit"

    @property
    def _marginal(self) -> "Marginal":
        return self.fit.posterior.marginal("new_study")

    @property
    def rate(self) -> Distribution:
        """Mean, standard deviation and quantiles of the rate."""
        return Exact(self._marginal)

    def above(self, rate: float) -> Estimate:
        """Return the probability that the rate is above `rate`."""
        return Estimate(1 - float(self._marginal.cdf(rate)), 0.0)

    def counts(self, n: int) -> CountDistribution:
        """Return the distribution of the responders out of n, of any size."""
        if n <= LARGEST_LISTED:
            return ListedCounts(self.pmf(n))
        return MixedCounts(n, *self.fit.posterior.predictive_rates(n))

    def pmf(self, n: int) -> Array:
        """Return the probabilities of 0 to n responders out of n, shape (n + 1,)."""
        return self.fit.posterior.predictive_pmf(n)

    def pmf_mcse(self, n: int) -> Array:
        """Return zeros: nothing is simulated."""
        return np.zeros(n + 1)

    def at_least(self, events: int, n: int) -> Estimate:
        """Return the probability of `events` responders out of n, or more."""
        return Estimate(1 - float(self.counts(n).at_most(events - 1)), 0.0)

    def draw(self, rng: np.random.Generator) -> Array:
        """Return random rates."""
        return self._marginal.quantile(rng.random(RANDOM_RATES))

    def sample(self) -> tuple[Array, int]:
        """Return log-odds that are evenly spread quantiles, each counting as a draw."""
        return self._marginal.coordinate((np.arange(QUANTILES) + 0.5) / QUANTILES), QUANTILES


class RatesByQuadrature:
    """The rates of the one profile that a model without covariates has."""

    def __init__(self, fit: "QuadratureFit", profile: Profile | None) -> None:
        fit.coding.resolved(profile)
        self.fit = fit

    def distribution(self, quantity: str) -> Distribution | None:
        """Return the posterior of `mu` or a quantity of a profile; None of a tau that is not there."""
        if quantity == "tau" and self.fit.spec.study_effects.tau is None:
            return None
        return Exact(self.fit.posterior.marginal(quantity))

    def cohort(self, study: str | None = None) -> QuadratureRates:
        """Return the distribution of the rate of a new study; a study's own is integrated out."""
        if study is not None:
            raise SettingsError(
                "`study` has no effect on a QuadratureFit, which predicts a new study only. Leave it out."
            )
        return QuadratureRates(self.fit)
