"""The rates of nested outcomes that a fit supports for a profile: typical, mean, of a new study."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr
from scipy.special import ndtr, ndtri

from bayesmeta.arrays import Array, Integers
from bayesmeta.estimates.precision import Distribution, Draws
from bayesmeta.estimates.profile_rates import predictors_of
from bayesmeta.estimates.profiles import warn_beyond_evidence
from bayesmeta.estimates.rates import DrawnRates, rates_as_drawn, safe_log_odds
from bayesmeta.inference.integrated.nested import correlation_factor
from bayesmeta.inference.lattice import kronecker_sequence
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.links import Link

NODES = 16
"""Points at which each draw's distribution of a new study is represented."""

MEAN_NODES = 64
"""Points over which each draw's rates are averaged. A draw's own mean errs by about 0.003, each by
another error, as every draw has other points; the mean of all is as exact as the draws are many."""

BLOCK, MEDIAN_BLOCK = 1 << 22, 1 << 21
"""Rates that are held in memory at once; of medians, numbers of one level."""

HALVINGS = 40
"""Of the rates between which a median lies."""

LEAST = 1e-100


def nested_rates(fit: Fit, profile: Profile | None, mean: Array | None = None) -> "NestedRates":
    """Return the rates of one profile; what it leaves out stands at the reference or the centre.

    `mean` is that of the study which the profile is an arm of (see `Coding.row`).
    """
    warn_beyond_evidence(fit.coding, profile)
    theta = predictors_of(fit, fit.coding.row(profile, mean))
    return NestedRates(fit, theta, np.asarray(fit.posterior["tau"]), cholesky_draws(fit))


def cholesky_draws(fit: Fit, drawn: xr.Dataset | None = None) -> Array:
    """Return the Cholesky factor of the effects' correlations, dims (chain, draw, level, level)."""
    drawn = fit.posterior if drawn is None else drawn
    names = [name for name in ("mu", "correlation") if name in drawn]
    return correlation_factor({name: np.asarray(drawn[name]) for name in names})


@dataclass(frozen=True, eq=False)
class NestedRates:
    """Draws of the rates of nested outcomes at one profile.

    Every array has last dim level: the outcomes outermost first, each a part of the one before.
    """

    fit: Fit
    theta: Array
    tau: Array
    factor: Array

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes, outermost first."""
        return self.fit.outcomes

    @cached_property
    def typical(self) -> Array:
        """Rates (probability) of the median study, dims (chain, draw, level); see `median_rates`."""
        return median_rates(*self._flat, self.fit.spec.link).reshape(self.theta.shape)

    @cached_property
    def mean(self) -> Array:
        """Rates (probability) averaged over studies in each draw, dims (chain, draw, level)."""
        theta, tau, factor = self._flat
        step, found = max(1, BLOCK // (MEAN_NODES * theta.shape[-1])), []
        for i in range(0, len(theta), step):
            rows = slice(i, min(i + step, len(theta)))
            points = kronecker_sequence(range(rows.start, rows.stop), MEAN_NODES, theta.shape[-1])
            # The baker's transformation makes the rule one of second order for smooth rates.
            standard = ndtri(1 - np.abs(2 * points - 1))
            found.append(self._rates(theta[rows], tau[rows], factor[rows], standard).mean(axis=1))
        return np.concatenate(found).reshape(self.theta.shape)

    @cached_property
    def new_study(self) -> Array:
        """Rates (probability) of a new study, dims (chain, draw, node, level).

        Each draw's distribution enters at evenly spread points, so that no further randomness is
        added and the same fit always gives the same interval.
        """
        theta, tau, factor = self._flat
        # For a known study nothing is left to vary.
        nodes = NODES if tau.any() else 1
        standard = ndtri(kronecker_sequence(range(len(theta)), nodes, theta.shape[-1]))
        found = self._rates(theta, tau, factor, standard)
        return found.reshape(*self.theta.shape[:2], nodes, -1)

    def of_study(self, study: str) -> "NestedRates":
        """Return the rates of a further cohort of a known study, which has its effects."""
        drawn = self.fit.posterior["u"]
        effects = np.asarray(drawn)[:, :, drawn.indexes["study"].get_loc(study)]
        return NestedRates(self.fit, self.theta + effects, np.zeros_like(self.tau), self.factor)

    def distribution(self, outcome: str) -> DrawnRates:
        """Return the distribution of the true rate of one outcome in a new study."""
        return rates_as_drawn(self.new_study[..., self.fit.outcomes.index(outcome)])

    def categories(self) -> dict[str, Array]:
        """Return the rate of each category in a new study, dims (chain, draw, node), innermost first."""
        nodes, outcomes = self.new_study, self.outcomes
        found = {outcomes[-1]: nodes[..., -1]}
        for level in range(len(outcomes) - 2, -1, -1):
            name = f"{outcomes[level]}, not {outcomes[level + 1]}"
            found[name] = nodes[..., level] - nodes[..., level + 1]
        return found | {"none": 1 - nodes[..., 0]}

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Array, Integers]:
        """Return one rate and one nested count of n per draw, dims (chain, draw, level)."""
        nodes = self.new_study
        chains, draws, count, _ = nodes.shape
        place = rng.integers(count, size=(chains, draws, 1, 1))
        rate = np.take_along_axis(nodes, place, axis=2)[:, :, 0]
        enclosing, events = np.full((chains, draws), n), np.empty(rate.shape, dtype=np.int64)
        before = np.ones((chains, draws))
        for level in range(rate.shape[-1]):
            ratio = np.divide(rate[..., level], before, out=np.zeros_like(before), where=before > 0)
            events[..., level] = enclosing = rng.binomial(enclosing, np.minimum(ratio, 1.0))
            before = rate[..., level]
        return rate, events

    @property
    def _flat(self) -> tuple[Array, Array, Array]:
        """Predictors, scales and factors with one dim for all draws."""
        levels = self.theta.shape[-1]
        return (
            self.theta.reshape(-1, levels),
            self.tau.reshape(-1, levels),
            self.factor.reshape(-1, levels, levels),
        )

    def _rates(self, theta: Array, tau: Array, factor: Array, standard: Array) -> Array:
        """Return rates at standard effects, dims (draw, node, level)."""
        effects = tau[:, None, :] * (standard @ np.swapaxes(factor, -1, -2))
        return np.asarray(np.cumprod(self.fit.spec.link.rate(theta[:, None, :] + effects), axis=-1))


@dataclass(frozen=True, eq=False)
class OutcomeRates:
    """Draws of the rates of one nested outcome at one profile, among all patients."""

    rates: NestedRates
    outcome: str

    @property
    def level(self) -> int:
        """Position of the outcome, outermost first."""
        return self.rates.fit.outcomes.index(self.outcome)

    @property
    def theta(self) -> Array:
        """Predictor of the outcome's conditional probability without effects, dims (chain, draw)."""
        return np.asarray(self.rates.theta[..., self.level])

    @property
    def tau(self) -> Array:
        """Scale of the study effects on the conditional probability, dims (chain, draw)."""
        return np.asarray(self.rates.tau[..., self.level])

    @property
    def typical(self) -> Array:
        """Rate (probability) of the median study, dims (chain, draw)."""
        return np.asarray(self.rates.typical[..., self.level])

    @property
    def typical_log_odds(self) -> Array:
        """Log-odds of the typical rate, dims (chain, draw)."""
        return safe_log_odds(self.typical)

    @property
    def mean(self) -> Array:
        """Rate (probability) averaged over studies, dims (chain, draw)."""
        return np.asarray(self.rates.mean[..., self.level])

    def distribution(self, quantity: str) -> Distribution | None:
        """Return the posterior of a quantity of the profile."""
        return self.cohort().rate if quantity == "new_study" else Draws(getattr(self, quantity))

    def cohort(self, study: str | None = None) -> DrawnRates:
        """Return the distribution of the true rate of a new study, or of a further cohort of one."""
        own = self.rates if study is None else self.rates.of_study(study)
        return own.distribution(self.outcome)


def median_rates(theta: Array, tau: Array, factor: Array, link: Link) -> Array:
    """Return the median of each nested rate over new studies, dims (draw, level).

    Of the first outcome it is the rate without effects. Of each other the ratios around it enter at
    evenly spread effects, and its own ratio by its distribution function given them; the median is
    found by bisection.
    """
    found = np.cumprod(link.rate(theta), axis=-1)
    # Without effects all studies are the median one.
    varying = np.flatnonzero(tau.any(axis=-1))
    for first in range(0, varying.size, MEDIAN_BLOCK // MEAN_NODES):
        rows = varying[first : first + MEDIAN_BLOCK // MEAN_NODES]
        for level in range(1, theta.shape[1]):
            found[rows, level] = _median(theta[rows], tau[rows], factor[rows], link, rows, level)
    # Each level has points of its own: where nearly all of a rate is the next, they must not cross.
    return np.asarray(np.minimum.accumulate(found, axis=-1))


def _median(  # noqa: PLR0917 - what one level of `median_rates` needs
    theta: Array,
    tau: Array,
    factor: Array,
    link: Link,
    rows: Integers,
    level: int,
) -> Array:
    """Return the median of the rate at one level, shape (draw,)."""
    points = kronecker_sequence(range(int(rows[-1]) + 1), MEAN_NODES, level)[rows]
    # The baker's transformation makes the rule one of second order for smooth functions.
    standard = ndtri(1 - np.abs(2 * points - 1))
    effects = standard @ np.swapaxes(factor[:, : level + 1, :level], -1, -2)
    mean = theta[:, None, : level + 1] + tau[:, None, : level + 1] * effects
    own = (factor[:, level, level] * tau[:, level])[:, None]
    around = np.prod(link.rate(mean[..., :level]), axis=-1)
    low, high = np.zeros(len(theta)), np.ones(len(theta))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        ratio = np.clip(middle[:, None] / np.maximum(around, LEAST), LEAST, 1 - 1e-16)
        below = ndtr((link.theta(ratio) - mean[..., level]) / np.maximum(own, LEAST))
        enough = np.where(middle[:, None] >= around, 1.0, below).mean(axis=-1) >= 0.5  # noqa: PLR2004
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return (low + high) / 2
