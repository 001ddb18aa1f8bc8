"""The rates of nested outcomes that a fit supports for a profile: typical, mean, of a new study."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from bayesmeta.estimates.nested.medians import median_rates
from bayesmeta.estimates.profiles import warn_beyond_evidence
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.inference.lattice import kronecker_sequence
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.model.coding import Profile

__all__ = ["NestedRates", "cholesky_draws", "nested_rates", "predictors_of", "rates_as_drawn"]

Array = npt.NDArray[np.float64]

NODES = 16
"""Points at which each draw's distribution of a new study is represented."""

MEAN_NODES = 64
"""Points over which each draw's rates are averaged. A draw's own mean errs by about 0.003, each by
another error, as every draw has other points; the mean of all is as exact as the draws are many."""

BLOCK = 1 << 22
"""Rates that are held in memory at once."""


def nested_rates(
    fit: NestedFit, profile: Profile | None, study: str | None = None
) -> "NestedRates":
    """Return the rates of one profile; what it leaves out stands at the reference or the centre.

    Parameters
    ----------
    fit : NestedFit
        Posterior draws.
    profile : mapping, optional
        Values of covariates.
    study : str, optional
        A study of the evidence, whose own effects a further cohort has.

    Warns
    -----
    EvidenceWarning
        If a number of the profile lies outside the range of the evidence.

    Raises
    ------
    ProfileError
        If the profile can't be coded.
    """
    warn_beyond_evidence(fit.coding, profile)
    theta = predictors_of(fit, fit.coding.row(profile))
    if study is not None:
        drawn = fit.posterior["u"]
        theta = theta + np.asarray(drawn)[:, :, drawn.indexes["study"].get_loc(study)]
        return NestedRates(fit, theta, np.zeros_like(theta), cholesky_draws(fit))
    return NestedRates(fit, theta, np.asarray(fit.posterior["tau"]), cholesky_draws(fit))


def predictors_of(fit: NestedFit, row: Array) -> Array:
    """Return the predictor of each ratio without effects at coded covariates, (chain, draw, level)."""
    mu = np.asarray(fit.posterior["mu"])
    return np.asarray(mu + np.asarray(fit.posterior["beta"]) @ row) if row.size else mu


def cholesky_draws(fit: NestedFit) -> Array:
    """Return the Cholesky factor of the effects' correlations, dims (chain, draw, level, level)."""
    levels = len(fit.outcomes)
    matrix = np.zeros((*fit.posterior["mu"].shape[:2], levels, levels)) + np.eye(levels)
    if "correlation" not in fit.posterior:
        return matrix
    first, second = np.triu_indices(levels, 1)
    drawn = np.asarray(fit.posterior["correlation"])
    matrix[..., first, second] = matrix[..., second, first] = drawn
    return np.linalg.cholesky(matrix)


@dataclass(frozen=True, eq=False)
class NestedRates:
    """Draws of the rates of nested outcomes at one profile.

    Every array has last dim level: the outcomes outermost first, each a part of the one before.

    Parameters
    ----------
    fit : NestedFit
        Posterior draws.
    theta : array
        Predictor of each ratio without effects, dims (chain, draw, level), scale of the link.
    tau : array
        Scale of each ratio's study effects, dims (chain, draw, level); 0 for a known study.
    factor : array
        Cholesky factor of the effects' correlations, dims (chain, draw, level, level).
    """

    fit: NestedFit
    theta: Array
    tau: Array
    factor: Array

    @property
    def typical(self) -> Array:
        """Rates (probability) of the median study, dims (chain, draw, level); see `median_rates`."""
        return median_rates(*self._flat, self.fit.spec.link).reshape(self.theta.shape)

    @property
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

    def distribution(self, outcome: str) -> DrawnRates:
        """Return the distribution of the true rate of one outcome in a new study."""
        return rates_as_drawn(self.new_study[..., self.fit.outcomes.index(outcome)])

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


def rates_as_drawn(rate: Array) -> DrawnRates:
    """Return the distribution of rates, dims (chain, draw, node), that may be rounded to 0 or 1."""
    tiny = np.finfo(np.float64).tiny
    return DrawnRates(np.log(np.maximum(rate, tiny)) - np.log(np.maximum(1 - rate, tiny)))
