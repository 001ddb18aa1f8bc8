"""The posterior of an intercept-only model by quadrature, without Monte-Carlo error.

For studies s with pooled counts::

    events_s ~ Binomial(n_s, invlogit(mu + u_s)),  u_s ~ Normal(0, tau**2)

and any priors on `mu` and `tau`, or without u (the common-effect model). Each study's effect is
integrated out (`bayesmeta.inference.quadrature.study`), which leaves a density of two variables.
It is resolved on lines of constant `tau`, at the Gauss-Legendre nodes of adaptive panels of log tau,
each with its own adaptive panels of `mu` (`bayesmeta.inference.quadrature.panels`). Every quantity is
then a sum over nodes, or the integral of a polynomial.

>>> from bayesmeta.priors import HalfNormal, Normal
>>> posterior = quadrature_posterior([4, 9, 12], [20, 30, 25], Normal(0, 1.5), HalfNormal(0.5))
>>> posterior.marginal("typical").quantile([0.025, 0.5, 0.975]).round(4)
array([0.1963, 0.3345, 0.5065])
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, log_expit

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import SettingsError, listed, nearest
from bayesmeta.inference.quadrature.density import Problem
from bayesmeta.inference.quadrature.marginals import TARGETS, Marginal
from bayesmeta.inference.quadrature.new_study import new_study_density
from bayesmeta.inference.quadrature.panels import Panels, log_integral, roughness
from bayesmeta.inference.quadrature.surface import Surface, resolved_posterior
from bayesmeta.priors import Prior

SMOOTH = 7.0
"""Widest panel of log-odds on which the binomial probability of a few patients is smooth."""
CERTAIN = 45.0
"""Log-odds beyond the log of the number of patients at which all respond, or none."""
UNRESOLVED = 2e-5
"""Roughness up to which a left-out posterior counts as resolved by the panels of the full one."""
CUT_OFF = 1e-8
"""Share of a left-out posterior next to where the full one was cut off, up to which it holds."""


@dataclass(frozen=True, eq=False)
class QuadraturePosterior:
    """The posterior of `mu` and `tau`; `log_coefficients` are constants, shape (study,)."""

    problem: Problem
    log_coefficients: Array
    surface: Surface

    @property
    def log_marginal_likelihood(self) -> float:
        """Log density of all counts, with the priors normalised and the constants included."""
        return self.surface.log_evidence + float(self.log_coefficients.sum())

    def marginal(self, target: str) -> Marginal:
        """Return the posterior distribution of a target: its `mean`, `sd`, `cdf` and `quantile`.

        Targets are "mu" and "tau" (log-odds), and rates (probability): "typical", invlogit(mu);
        "mean", the mean of invlogit(mu + u) over study effects; "new_study", invlogit(mu + u) with a
        new u. SettingsError is raised if there is no such target; a common effect has no "tau".
        """
        if target not in TARGETS:
            raise SettingsError(f"'{target}' is not a target. {nearest(target, TARGETS)}")
        return TARGETS[target](self.surface)

    def predictive_pmf(self, n_new: int) -> Array:
        """Return the probabilities of 0 to `n_new` events in a new study, shape (n_new + 1,)."""
        if n_new != int(n_new) or n_new < 0:
            raise SettingsError(f"`n_new` must be a whole number, at least 0; got {n_new}.")
        theta, weights = self._predictive_log_odds(int(n_new))
        y = np.arange(n_new + 1)
        log_coefficient = gammaln(n_new + 1) - gammaln(y + 1) - gammaln(n_new - y + 1)
        log_pmf = np.outer(log_expit(theta), y) + np.outer(log_expit(-theta), n_new - y)
        return np.asarray(weights @ np.exp(log_coefficient + log_pmf))

    def predictive_rates(self, n_new: int) -> tuple[Array, Array]:
        """Return rates (probability) that stand for a new study's in a cohort, and their weights."""
        theta, weights = self._predictive_log_odds(n_new)
        return np.asarray(expit(theta)), weights

    def _predictive_log_odds(self, n_new: int) -> tuple[Array, Array]:
        """Return log-odds of a new study and their weights, fine enough for `n_new` patients."""
        surface = self.surface
        edges = np.append(surface.new_study.lower, surface.new_study.upper[-1])
        while True:
            steepest = np.clip(0, edges[:-1], edges[1:])
            information = n_new * expit(steepest) * expit(-steepest)
            wide = np.diff(edges) > SMOOTH / np.sqrt(1 + 4 * information)
            wide &= np.abs(steepest) < CERTAIN + np.log1p(n_new)
            if not wide.any():
                break
            edges = np.sort(np.append(edges, (edges[:-1] + edges[1:])[wide] / 2))
        fine = Panels(
            edges[:-1], edges[1:], np.empty((edges.size - 1, surface.mu.density.shape[1]))
        )
        theta = fine.nodes.ravel()
        density = new_study_density(surface.mu, surface.tau[surface.line], theta)
        return theta, fine.weights.ravel() * density

    def log_predictive_left_out(self) -> Array:
        """Return log p(y_s | y of the other studies); computed afresh where panels are coarse."""
        scores, settled = left_out_scores(self.surface)
        for s in np.flatnonzero(~settled):
            without = resolved_posterior(self.problem.without(int(s)))
            scores[s] = self.surface.log_evidence - without.log_evidence
        return scores + self.log_coefficients


def quadrature_posterior(
    events: npt.ArrayLike,
    n: npt.ArrayLike,
    mu_prior: Prior,
    tau_prior: Prior | None,
    *,
    log_coefficients: npt.ArrayLike = 0.0,
    refinement: int = 0,
    published: Array | None = None,
    bias: Array | None = None,
) -> QuadraturePosterior:
    """Compute the posterior of `mu` and `tau` given counts pooled over the arms of each study.

    A study with n = 0 contributes nothing; without `tau_prior` the model has a common effect.
    `log_coefficients` are the sums over arms of log C(n_i, events_i), which enter the marginal
    likelihood and the left-out predictive densities. `refinement` 0 gives six digits or more; each
    unit halves the steps of the inner quadrature, adds four nodes to each panel and divides the
    tolerance by a hundred, which shows it. `published` and `bias` are as in `Problem`. SettingsError is
    raised if counts are not 0 <= events <= n, or `tau_prior` allows negative values or is singular at
    zero beyond what can be computed with, such as Gamma(0.01, 1).
    """
    events, n = np.array(events, dtype=np.float64), np.array(n, dtype=np.float64)
    _check(events, n, tau_prior)
    problem = Problem(events, n, mu_prior, tau_prior, refinement, published, bias)
    constants = np.broadcast_to(np.asarray(log_coefficients, dtype=np.float64), n.shape)
    return QuadraturePosterior(problem, constants, resolved_posterior(problem))


def _check(events: Array, n: Array, tau_prior: Prior | None) -> None:
    if events.shape != n.shape or events.ndim != 1:
        raise SettingsError(
            f"`events` and `n` must be one-dimensional, of one length; "
            f"got shapes {events.shape} and {n.shape}."
        )
    wrong = np.flatnonzero(~((events >= 0) & (events <= n) & np.isfinite(n)))
    if wrong.size:
        pairs = listed(f"{events[s]:g} of {n[s]:g}" for s in wrong)
        raise SettingsError(f"`events` must lie between 0 and `n`; got {pairs}.")
    if tau_prior is not None and tau_prior.support[0] < 0:
        raise SettingsError(f"The prior of tau must allow positive values only; got {tau_prior}.")


def left_out_scores(surface: Surface) -> tuple[Array, Flags]:
    """Return each study's log predictive density given the others, and whether it can be trusted.

    The posterior without study s is the full one divided by the study's likelihood L_s, so that
    p(y_s | others) = 1 / E[1 / L_s]. That holds on the panels of the full posterior as long as
    they resolve the quotient and do not cut it off.
    """
    with np.errstate(divide="ignore"):
        log_density = np.log(np.maximum(surface.mu.density, 0.0))
    studies = surface.log_likelihood.shape[2]
    scores, settled = np.empty(studies), np.empty(studies, bool)
    for s in range(studies):
        quotient = log_density - surface.log_likelihood[:, :, s]
        scores[s] = -log_integral(surface.mu.lower, surface.mu.upper, quotient)
        settled[s] = _is_settled(surface, np.exp(quotient + scores[s]))
    return scores, settled


def _is_settled(surface: Surface, density: Array) -> bool:
    """Return whether a normalised `density` on the panels of `surface` is resolved by them."""
    mu = surface.mu
    weights = mu.weights * density
    rough = roughness(mu.lower, mu.upper, density).sum()
    if surface.log_tau is not None:
        mass = np.bincount(surface.line, weights.sum(axis=1))
        log_tau = surface.log_tau
        rough += roughness(
            log_tau.lower, log_tau.upper, mass.reshape(log_tau.density.shape) / log_tau.weights
        ).sum()
    return bool(rough < UNRESOLVED and weights[surface.outermost].sum() < CUT_OFF)
