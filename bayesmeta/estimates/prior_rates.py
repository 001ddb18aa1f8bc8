"""The prior of the typical rate and of the rate of a new study, at any profile.

Given the coefficients and effects, the linear predictor is `mu` moved by a number, whose prior is known:
the distribution is a mean of priors of `mu`, moved to scrambled Sobol points of the others. At the
reference profile the typical rate depends on `mu` alone, and its distribution is exact.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.special import expit

from bayesmeta.arrays import Array
from bayesmeta.estimates.outcome_draws import OutcomeDraws
from bayesmeta.estimates.overlap import density_of
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.effects import NormalEffects

NODES, FINE = 1024, 8192
"""Points of the parameters beside `mu`, powers of 2 as Sobol sequences want them; more of them for the
density of a mean of beta distributions, which may each be narrow."""

BLOCKS = 16
"""Parts of the table that are computed at once."""

LOG_ODDS = np.linspace(-30, 30, 1501)
"""Where distributions are tabulated: rates beyond cannot be distinguished from 0 or 1."""


TINY = 1e-12
"""Least parameter of a beta distribution."""


@dataclass(frozen=True, eq=False)
class PriorRate:
    """The prior distribution of a rate, tabulated by its log-odds."""

    below: Array
    above: Array
    density: Array

    def pdf(self, rate: Array) -> Array:
        """Return the density (per unit of probability) at rates between 0 and 1."""
        log_odds = np.log(rate) - np.log1p(-rate)
        # The logarithm of the density of log-odds is smooth where that of the rate is not.
        slope = expit(LOG_ODDS) * expit(-LOG_ODDS)
        tabulated = np.log(np.maximum(self.density * slope, np.finfo(np.float64).tiny))
        return np.asarray(np.exp(np.interp(log_odds, LOG_ODDS, tabulated)) / (rate * (1 - rate)))

    def quantile(self, probability: Array) -> Array:
        """Return the rates (probability) below which each probability lies."""
        return np.asarray(expit(np.interp(probability, self.below, LOG_ODDS)))

    def cdf(self, log_odds: Array) -> Array:
        """Return the probability of a rate with lower log-odds."""
        return np.asarray(np.interp(log_odds, LOG_ODDS, self.below))

    def sf(self, log_odds: Array) -> Array:
        """Return the probability of a rate with higher log-odds."""
        return np.asarray(np.interp(log_odds, LOG_ODDS, self.above))


def priors_of_rates(drawn: OutcomeDraws, profile: Profile | None) -> tuple[PriorRate, PriorRate]:
    """Return the priors of the typical rate and of the true rate of a new study."""
    rates = drawn.prior_rates(profile)
    if rates is None:
        return _typical_prior(drawn.fit, profile), _new_study_prior(drawn.fit, profile)
    return _tabulated(rates.typical_log_odds), _tabulated(rates.cohort().theta)


def _tabulated(log_odds: Array) -> PriorRate:
    """Return a distribution known by draws of log-odds, smoothed by a normal kernel."""
    points, density = density_of(log_odds.ravel())
    step = points[1] - points[0]
    below = np.interp(LOG_ODDS, points, np.minimum(np.cumsum(density) * step, 1.0), 0.0, 1.0)
    slope = expit(LOG_ODDS) * expit(-LOG_ODDS)
    return PriorRate(below, 1 - below, np.interp(LOG_ODDS, points, density, 0.0, 0.0) / slope)


def _typical_prior(fit: Fit, profile: Profile | None) -> PriorRate:
    return _moved(fit, _Points(fit, NODES).coefficients(profile))


def _new_study_prior(fit: Fit, profile: Profile | None) -> PriorRate:
    """Return the prior of a new study's rate, with effects of studies and arms, and overdispersion."""
    arms_vary = bool(fit.spec.likelihood.parameters)
    points = _Points(fit, FINE if arms_vary else NODES)
    moved = points.coefficients(profile) + points.effects(fit.design.coding.tau_level(profile))
    if not arms_vary:
        return _moved(fit, moved)
    theta = moved + fit.design.mu[0].quantile(points.next())
    likelihood = fit.spec.likelihood
    own = {name: prior.quantile(points.next()) for name, prior in likelihood.parameters.items()}
    return _spread(fit, theta, likelihood.patient_correlation(**own))


class _Points:
    """Points of the unit cube, one dimension after the other; always the same ones."""

    def __init__(self, fit: Fit, nodes: int) -> None:
        self.fit = fit
        # Imported here: figures that need no prior need no scipy.stats.
        from scipy.stats import qmc

        effects = 2 * len(fit.design.level_effects) + len(fit.design.term_of_level)
        dims = len(fit.design.beta) + effects + len(fit.design.scalars) + 4
        sobol = qmc.Sobol(dims, rng=np.random.default_rng(1))
        self._columns = iter(sobol.random(nodes).T)

    def next(self) -> Array:
        """Return the points of a further dimension, shape (node,)."""
        return np.clip(next(self._columns), 1e-12, 1 - 1e-12)

    def coefficients(self, profile: Profile | None) -> Array:
        """Return how far coefficients move the predictor; one point where none does."""
        design = self.fit.design
        fixed, levels = np.split(design.coding.row(profile), [len(design.beta)])
        moved = np.zeros(1)
        for value, prior in zip(fixed, design.beta, strict=True):
            if value:
                moved = moved + value * prior.quantile(self.next())
        terms = len(design.level_effects)
        term_of = np.concatenate([design.term_of_level, np.arange(terms)])
        for term, distribution in enumerate(design.level_effects):
            values = levels[term_of == term]
            sigma = design.sigmas[term].quantile(self.next()) if values.any() else np.zeros(1)
            for value in values[values != 0]:
                moved = moved + value * distribution.quantile(self.next(), sigma)
        return moved

    def effects(self, level: int) -> Array:
        """Return how far effects of studies and arms move it; one point where there are none."""
        distribution, moved = self.fit.spec.study_effects, np.zeros(1)
        for tau in self.fit.design.tau:
            own = {
                name: prior.quantile(self.next()) for name, prior in distribution.parameters.items()
            }
            moved = distribution.quantile(self.next(), tau.quantile(self.next()), **own)
        if self.fit.spec.arm_effects is not None:
            scale = self.fit.spec.arm_effects.tau_arm.quantile(self.next())
            moved = moved + NormalEffects().quantile(self.next(), scale)
        return moved


def _moved(fit: Fit, moved: Array) -> PriorRate:
    """Return the distribution of `mu` moved by each of some numbers."""
    rate = expit(LOG_ODDS)
    theta = fit.spec.link.theta(rate)[:, None] - moved
    prior, slope = fit.design.mu[0], np.exp(fit.spec.link.log_slope(fit.spec.link.theta(rate)))
    return PriorRate(
        prior.cdf(theta).mean(axis=1),
        prior.sf(theta).mean(axis=1),
        np.exp(prior.logpdf(theta)).mean(axis=1) / slope,
    )


def _spread(fit: Fit, theta: Array, rho: Array) -> PriorRate:
    """Return the mean of the beta distributions of a beta-binomial likelihood."""
    size = np.maximum((1 - rho) / rho, TINY)
    log_rate, log_rest = fit.spec.link.log_rates(theta)
    a, b = (np.maximum(size * np.exp(log), TINY) for log in (log_rate, log_rest))
    # Points at the start of a Sobol sequence are one by themselves.
    below = special.betainc(a[:NODES], b[:NODES], expit(LOG_ODDS)[:, None]).mean(axis=1)
    parts = [_beta_density(a, b, some) for some in np.array_split(LOG_ODDS, BLOCKS)]
    return PriorRate(below, 1 - below, np.concatenate(parts))


def _beta_density(a: Array, b: Array, log_odds: Array) -> Array:
    """Return the mean of the densities of beta distributions at rates given by their log-odds."""
    at = log_odds[:, None]
    # log(rate) and log(1 - rate), accurate far out.
    powers = -(a - 1) * np.logaddexp(0, -at) - (b - 1) * np.logaddexp(0, at)
    return np.asarray(np.exp(powers - special.betaln(a, b)).mean(axis=1))
