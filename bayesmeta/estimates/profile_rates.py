"""The rates that a fit supports for a profile: typical, mean, and of a new study."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import ndtri

from bayesmeta.arrays import Array
from bayesmeta.estimates.precision import Distribution, Draws
from bayesmeta.estimates.profiles import warn_beyond_evidence
from bayesmeta.estimates.rates import DrawnRates, safe_log_odds
from bayesmeta.inference.coefficients import coefficients_of
from bayesmeta.inference.lattice import spread, spread_levels
from bayesmeta.inference.result import Fit
from bayesmeta.inference.simulation import effects_of_new_levels
from bayesmeta.model.coding import Profile
from bayesmeta.model.effects import normal_nodes

STRATA = 16
"""Points at which each draw's distribution of a new study is represented."""

STRATA_OF_BETA = 4
"""The same where each point needs a quantile of a beta distribution, which is expensive."""

ROWS = 256
"""Draws whose nodes are laid out together."""

BLOCK = 1 << 22
"""Products of draws and nodes that are held in memory at once."""


KEPT = 4
"""Most profiles whose rates are kept: a new study takes many times the memory of its draws."""


def own_parameters(fit: Fit, names: Any) -> dict[str, Array]:
    """Return draws of scalar parameters by name, dims (chain, draw)."""
    return {name: np.asarray(fit.posterior[name]) for name in names}


def profile_rates(fit: Fit, profile: Profile | None, mean: Array | None = None) -> "PredictedRates":
    """Return the rates of one profile; what it leaves out stands at the reference or the centre.

    `mean` is that of the study which the profile is an arm of (see `Coding.row`).
    """
    coding = fit.design.coding
    warn_beyond_evidence(coding, profile)
    row = coding.row(profile, mean)
    effects = NewEffects(fit, coding.tau_level(profile), slopes_of(fit, row))
    return PredictedRates(predictors_of(fit, row), effects)


def slopes_of(fit: Fit, row: Array) -> tuple[float, ...]:
    """Return what each slope by study of a new study is multiplied by at coded covariates."""
    by_study = fit.coding.slopes_by_study
    return tuple(map(float, row[row.size - by_study.size :][by_study])) if by_study.any() else ()


def predictors_of(fit: Fit, row: Array, drawn: xr.Dataset | None = None) -> Array:
    """Return the predictor without effects at coded covariates, dims (chain, draw[, outcome]).

    Further columns than those of arms are of new levels (see `Coding.row`), whose effects are drawn
    from their distribution; slopes of a new study are among its effects.
    """
    drawn = fit.posterior if drawn is None else drawn
    mu = np.asarray(drawn["mu"])
    if not row.size:
        return mu
    coefficients = coefficients_of(drawn)
    known, new = np.split(row, [coefficients.shape[-1]])
    new = np.where(fit.coding.slopes_by_study, 0.0, new) if new.size else new
    predictor = mu + coefficients @ known if known.size else mu
    return np.asarray(predictor + new_levels(fit, drawn) @ new if new.any() else predictor)


def new_levels(fit: Fit, drawn: xr.Dataset) -> Array:
    """Return the effect of a level never seen, of each term of exchangeable levels.

    Dims (chain, draw, term). The same draws always give the same effects, so that profiles that
    name a new level are of the same one.
    """
    sigma = np.asarray(drawn["sigma"])
    points = spread_levels(sigma[..., 0].size, sigma.shape[-1]).reshape(sigma.shape)
    return effects_of_new_levels(fit.design, sigma, points)


@dataclass(frozen=True, eq=False)
class NewEffects:
    """The distribution of the effects of new studies of one level of tau, in each draw."""

    fit: Fit
    level: int
    slopes: tuple[float, ...] = ()
    """What slopes by study are multiplied by; they are normal, as the effects of studies then are."""

    @cached_property
    def spread(self) -> Array:
        """Scale of the effects and of the slopes by study together, dims (chain, draw)."""
        if not any(self.slopes):
            return self.tau
        sigma = np.asarray(self.fit.posterior["sigma"])[..., self.fit.coding.slopes_by_study]
        return np.asarray(
            np.sqrt(self.tau**2 + ((sigma * np.array(self.slopes)) ** 2).sum(axis=-1))
        )

    @cached_property
    def tau(self) -> Array:
        """Scale of the effects, dims (chain, draw); 0 where the model has none."""
        posterior = self.fit.posterior
        if "tau" not in posterior:
            return np.zeros_like(np.asarray(posterior["mu"]))
        tau = np.asarray(posterior["tau"])
        return tau if self.fit.spec.study_effects.by is None else tau[..., self.level]

    @cached_property
    def quantiles(self) -> Array:
        """Effects at evenly spread points (`bayesmeta.inference.lattice`), dims (chain, draw, node)."""
        return self.at(self.points("u"))

    def at(self, points: Array) -> Array:
        """Return quantiles of the effects, dims (chain, draw, node)."""
        own = {name: draws[..., None] for name, draws in self.parameters.items()}
        distribution = self.fit.spec.study_effects
        return distribution.quantile(points, self.spread[..., None], **own)

    @property
    def parameters(self) -> dict[str, Array]:
        """Draws of the distribution's own parameters by name, dims (chain, draw)."""
        return own_parameters(self.fit, self.fit.spec.study_effects.parameters)

    def points(self, source: str) -> Array:
        """Return the probabilities at which a source of variation enters, dims (chain, draw, node)."""
        return self.many_points(
            source, STRATA_OF_BETA if self.fit.spec.likelihood.parameters else STRATA
        )

    def many_points(self, source: str, strata: int) -> Array:
        """Return the same, as many as asked for."""
        return spread(source, self.tau.size, strata).reshape(*self.tau.shape, strata)


@dataclass(frozen=True, eq=False)
class PredictedRates:
    """Draws of the rates at one linear predictor."""

    theta: Array
    effects: NewEffects

    @property
    def fit(self) -> Fit:
        """Posterior draws."""
        return self.effects.fit

    @property
    def tau(self) -> Array:
        """Scale of the study effects, dims (chain, draw); 0 where the model has none."""
        return self.effects.tau

    @property
    def typical(self) -> Array:
        """Rate (probability) of the median study; of a beta-binomial its mean, dims (chain, draw)."""
        return self.fit.spec.link.rate(self.median_study)

    @property
    def typical_log_odds(self) -> Array:
        """Log-odds of the typical rate, dims (chain, draw)."""
        return self.fit.spec.link.log_odds(self.median_study)

    @cached_property
    def median_study(self) -> Array:
        """Linear predictor of the median study, dims (chain, draw)."""
        effects = self.fit.spec.study_effects
        if effects.is_symmetric:
            return self.theta
        return self.theta + effects.quantile(0.5, self.tau, **self.effects.parameters)

    @cached_property
    def mean(self) -> Array:
        """Rate (probability) averaged over studies, by quadrature per draw, dims (chain, draw)."""
        theta, tau = self.theta.ravel(), self.effects.spread.ravel()
        own = {name: draws.ravel() for name, draws in self.effects.parameters.items()}
        tau_arm = np.zeros(0)
        if self.fit.spec.arm_effects is not None:
            tau_arm = np.asarray(self.fit.posterior["tau_arm"]).ravel()
            if self.fit.spec.study_effects.is_normal:
                tau, tau_arm = np.hypot(tau, tau_arm), np.zeros(0)
        # The number of nodes follows the largest tau of a block: those of a size go together.
        order, found = np.argsort(tau), np.empty(theta.size)
        for rows in np.array_split(order, max(1, theta.size // ROWS)):
            some = {name: draws[rows] for name, draws in own.items()}
            found[rows] = self._mean_of(theta[rows], tau[rows], tau_arm[rows[: tau_arm.size]], some)
        return found.reshape(self.theta.shape)

    def _mean_of(self, theta: Array, tau: Array, tau_arm: Array, own: dict[str, Array]) -> Array:
        """Return the mean rate of some draws, shape (draw,); `tau_arm` is empty where it has no part."""
        link = self.fit.spec.link
        effects, weights = self.fit.spec.study_effects.nodes(tau, link.pole, **own)
        weights = np.broadcast_to(weights, effects.shape)
        step, found = max(1, BLOCK // effects.shape[-1]), []
        if not tau_arm.size:
            for i in range(0, theta.size, step):
                rate = link.rate(theta[i : i + step, None] + effects[i : i + step])
                found.append((rate * weights[i : i + step]).sum(axis=-1))
            return np.concatenate(found)
        for i in range(theta.size):
            arm, arm_weights = normal_nodes(tau_arm[i : i + 1], link.pole)
            rate = link.rate(theta[i] + effects[i][:, None] + arm)
            found.append(weights[i] @ rate @ arm_weights)
        return np.array(found)

    def distribution(self, quantity: str) -> Distribution | None:
        """Return the posterior of a quantity of the profile; None of a tau that the model lacks."""
        if quantity == "new_study":
            return self.cohort().rate
        if quantity == "tau" and "tau" not in self.fit.posterior:
            return None
        return Draws(getattr(self, quantity))

    def cohort(self, study: str | None = None) -> DrawnRates:
        """Return the distribution of the true rate of a new study, or of a further cohort of one.

        Each draw's distribution enters at evenly spread points (`bayesmeta.inference.lattice`), so
        that no further randomness is added and the same fit always gives the same interval.
        """
        if study is None:
            return self._new_study
        return self._cohort(self.of_study(study)[..., None])

    def of_study(self, study: str) -> Array:
        """Return the linear predictor of a further cohort of a study, dims (chain, draw)."""
        if not self.fit.spec.study_effects.has_effects:
            return self.theta
        drawn = self.fit.require("u", f"`study`: a further cohort of '{study}'")
        effect = np.asarray(drawn.variable[..., drawn.indexes["study"].get_loc(study)])
        return np.asarray(self.theta + effect)

    @cached_property
    def _new_study(self) -> DrawnRates:
        return self._cohort(self.theta[..., None] + self.effects.quantiles)

    def _cohort(self, theta: Array) -> DrawnRates:
        """Return the distribution of the rate of one arm, given the predictor of its study."""
        if self.fit.spec.arm_effects is not None:
            tau_arm = np.asarray(self.fit.posterior["tau_arm"])[..., None]
            theta = theta + tau_arm * ndtri(self.effects.points("w"))
        if not self.fit.spec.likelihood.parameters:
            return DrawnRates(self.fit.spec.link.log_odds(theta))
        return DrawnRates(safe_log_odds(self._rate(theta, self.effects.points("rate"))))

    def _rate(self, theta: Array, probability: Array) -> Array:
        """Return quantiles of the rate of an arm given its predictor."""
        own = own_parameters(self.fit, self.fit.spec.likelihood.parameters)
        extra = (1,) * (theta.ndim - 2)
        own = {name: draws.reshape(*draws.shape, *extra) for name, draws in own.items()}
        return self.fit.spec.likelihood.rate(theta, probability, **own)


@dataclass(frozen=True, eq=False)
class KnownRates:
    """The rates of many profiles by one fit, those that are asked for again computed once."""

    fit: Fit
    _rates: dict[tuple[bytes, int], PredictedRates] = field(default_factory=dict, init=False)
    _effects: dict[tuple[Any, ...], NewEffects] = field(default_factory=dict, init=False)

    def at(self, row: Array, level: int) -> PredictedRates:
        """Return the rates at coded covariates, shape (covariate,), and a level of tau."""
        key = row.tobytes(), level
        # What was asked for last stands last.
        found = self._rates.pop(key, None) or self._of(predictors_of(self.fit, row), row, level)
        self._rates[key] = found
        if len(self._rates) > KEPT:
            del self._rates[next(iter(self._rates))]
        return found

    def moved(self, row: Array, level: int, by: Array) -> PredictedRates:
        """Return those of a predictor that is moved in each draw; `by` has dims (chain, draw)."""
        return self._of(predictors_of(self.fit, row) + by, row, level)

    def _of(self, theta: Array, row: Array, level: int) -> PredictedRates:
        key = level, slopes_of(self.fit, row)
        return PredictedRates(theta, self._effects.setdefault(key, NewEffects(self.fit, *key)))
