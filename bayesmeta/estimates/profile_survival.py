"""The survival that a fit supports for a profile: medians, survival at a time, restricted means."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from bayesmeta.arrays import Array
from bayesmeta.estimates.precision import Distribution, Draws
from bayesmeta.estimates.profile_rates import PredictedRates, profile_rates
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile
from bayesmeta.model.curves import LOG_SHAPE, TAU_SHAPE, SurvivalCurve

STRATA_OF_MEAN = 128
"""Points of each draw at which studies are averaged."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Draws of survival curves, dims (chain, draw), or nodes of them, dims (chain, draw, node)."""

    curve: SurvivalCurve
    log_median: Array
    shape: Array

    def of(self, place: int) -> "Curves":
        """Return the draws at one place of the last dim."""
        return Curves(self.curve, self.log_median[..., place], self.shape[..., place])

    @property
    def median(self) -> Array:
        """Median survival (months)."""
        return np.exp(self.log_median)

    def log_survival(self, time: float) -> Array:
        """Return the log of the survival at a time in months."""
        return self.curve.log_survival(self.shape * (np.log(time) - self.log_median))

    def survival(self, time: float) -> Array:
        """Return the survival (probability) at a time in months."""
        return np.exp(self.log_survival(time))

    def log_odds(self, time: float) -> Array:
        """Return the log-odds of the survival at a time in months."""
        alive = self.log_survival(time)
        tiny = np.finfo(np.float64).tiny
        return np.asarray(alive - np.log(np.maximum(-np.expm1(alive), tiny)))

    def mean_to(self, time: float) -> Array:
        """Return the restricted mean survival (months) to a time in months."""
        return self.curve.mean_to(time, self.median, self.shape)


@dataclass(frozen=True, eq=False)
class ProfileSurvival:
    """The posterior of the survival of one profile.

    The typical study has the median effect, and the shape ``exp(kappa)``.
    """

    rates: PredictedRates
    """Draws of the linear predictor and of the effects of new studies."""

    @property
    def fit(self) -> Fit:
        """Posterior draws."""
        return self.rates.fit

    @cached_property
    def typical(self) -> Curves:
        """Curves of the typical study, dims (chain, draw)."""
        kappa, _ = self._log_shape
        return Curves(self._curve, self.rates.median_study, np.exp(kappa))

    @cached_property
    def new_study(self) -> Curves:
        """Curves of a new study, dims (chain, draw, node)."""
        return self._new(self.rates.theta[..., None] + self.rates.effects.quantiles)

    def mean_survival(self, time: float) -> Array:
        """Return the survival (probability) at a time, averaged over studies, dims (chain, draw)."""
        effects = self.rates.effects
        u = effects.at(effects.many_points("u", STRATA_OF_MEAN))
        shape = self._new_shape(effects.many_points("w", STRATA_OF_MEAN))
        curves = Curves(self._curve, self.rates.theta[..., None] + u, shape)
        return np.asarray(curves.survival(time).mean(axis=-1))

    def of_study(self, study: str) -> Curves:
        """Return curves of a further cohort of a study, dims (chain, draw, node).

        Its shape is that of the study's arm; where the study has several, that of a new arm.
        """
        theta = self.rates.of_study(study)[..., None]
        own = np.flatnonzero(self.fit.arms.frame["study"] == study)
        if own.size > 1 or not self._curve.has_shape:
            return self._new(theta)
        drawn = self.fit.require("log_shape", f"`study`: a further cohort of '{study}'")
        shape = np.exp(np.asarray(drawn.variable[..., own]))
        return Curves(self._curve, theta, shape)

    def _new(self, log_median: Array) -> Curves:
        """Return the curves of a new arm with these medians."""
        return Curves(self._curve, log_median, self._new_shape(self.rates.effects.points("w")))

    def _new_shape(self, points: Array) -> Array:
        kappa, tau = self._log_shape
        return np.exp(kappa[..., None] + tau[..., None] * ndtri(points))

    @property
    def _curve(self) -> SurvivalCurve:
        return self.fit.design.curve

    @property
    def _log_shape(self) -> tuple[Array, Array]:
        """Mean and standard deviation of the log shape over arms, dims (chain, draw)."""
        if not self._curve.has_shape:
            none = np.zeros_like(self.rates.theta)
            return none, none
        posterior = self.fit.posterior
        return np.asarray(posterior[LOG_SHAPE]), np.asarray(posterior[TAU_SHAPE])


def profile_survival(
    fit: Fit, profile: Profile | None, mean: Array | None = None
) -> ProfileSurvival:
    """Return the survival of one profile, of an arm of a study with a `mean` (see `Coding.row`)."""
    return ProfileSurvival(profile_rates(fit, profile, mean))


def arm_curves(fit: Fit) -> Curves:
    """Return the curves of the arms, dims (chain, draw, arm)."""
    asker = "The survival of arms"
    log_median = np.asarray(fit.require("theta", asker).variable)
    if not fit.design.curve.has_shape:
        return Curves(fit.design.curve, log_median, np.ones_like(log_median))
    log_shape = np.asarray(fit.require("log_shape", asker).variable)
    return Curves(fit.design.curve, log_median, np.exp(log_shape))


@dataclass(frozen=True, eq=False)
class SurvivalAt:
    """The survival of a profile at one time, as the rate (probability) of patients alive."""

    profile: ProfileSurvival
    time: float
    """In months."""

    def distribution(self, quantity: str) -> Distribution | None:
        """Return the posterior of a quantity of the profile; None of a tau that the model lacks.

        Beside those of a rate, which is the survival here, ``typical_median`` and ``new_study_median``.
        """
        if quantity == "tau":
            return self.profile.rates.distribution("tau")
        if quantity == "typical":
            return Draws(self.profile.typical.survival(self.time))
        if quantity == "mean":
            return Draws(self.profile.mean_survival(self.time))
        if quantity == "typical_median":
            return Draws(self.profile.typical.median)
        if quantity == "new_study_median":
            return Draws(self.profile.new_study.median)
        return self.cohort().rate

    def cohort(self, study: str | None = None) -> DrawnRates:
        """Return the distribution of the survival of a new study, or of a further cohort of one."""
        curves = self.profile.new_study if study is None else self.profile.of_study(study)
        return DrawnRates(curves.log_odds(self.time))
