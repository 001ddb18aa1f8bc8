"""The rates of a posterior by quadrature: every Monte-Carlo standard error is 0."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import SettingsError
from bayesmeta.estimates.count_distributions import LARGEST_LISTED, CountDistribution, ListedCounts
from bayesmeta.estimates.mixed_counts import MixedCounts
from bayesmeta.estimates.precision import NO_CONVERGENCE, Distribution, Estimate
from bayesmeta.model.coding import Profile

if TYPE_CHECKING:
    from bayesmeta.inference.exact import QuadratureFit
    from bayesmeta.inference.quadrature.marginals import Marginal

__all__ = ["Exact", "QuadratureRates", "RatesByQuadrature"]

Array = npt.NDArray[np.float64]

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
