"""Predictive distributions of counts: of a new study, and of each study given the others."""

import numpy as np
import numpy.typing as npt
from scipy.special import expit, gammaln, log_expit

from bayesmeta.inference.quadrature.new_study import new_study_density
from bayesmeta.inference.quadrature.panels import Panels, log_integral, roughness
from bayesmeta.inference.quadrature.surface import Surface

__all__ = ["left_out_scores", "predictive_pmf", "predictive_rates"]

Array = npt.NDArray[np.float64]

SMOOTH = 7.0
"""Widest panel of log-odds on which the binomial probability of a few patients is smooth."""
CERTAIN = 45.0
"""Log-odds beyond the log of the number of patients at which all respond, or none."""
UNRESOLVED = 2e-5
"""Roughness up to which a left-out posterior counts as resolved by the panels of the full one."""
CUT_OFF = 1e-8
"""Share of a left-out posterior next to where the full one was cut off, up to which it holds."""


def predictive_rates(surface: Surface, n_new: int) -> tuple[Array, Array]:
    """Return log-odds of a new study and their weights, fine enough for `n_new` patients."""
    edges = np.append(surface.new_study.lower, surface.new_study.upper[-1])
    while True:
        steepest = np.clip(0, edges[:-1], edges[1:])
        information = n_new * expit(steepest) * expit(-steepest)
        wide = np.diff(edges) > SMOOTH / np.sqrt(1 + 4 * information)
        wide &= np.abs(steepest) < CERTAIN + np.log1p(n_new)
        if not wide.any():
            break
        edges = np.sort(np.append(edges, (edges[:-1] + edges[1:])[wide] / 2))
    fine = Panels(edges[:-1], edges[1:], np.empty((edges.size - 1, surface.mu.density.shape[1])))
    theta = fine.nodes.ravel()
    density = new_study_density(surface.mu, surface.tau[surface.line], theta)
    return theta, fine.weights.ravel() * density


def predictive_pmf(surface: Surface, n_new: int) -> Array:
    """Return the probabilities of 0 to `n_new` events among the patients of a new study."""
    theta, weights = predictive_rates(surface, n_new)
    y = np.arange(n_new + 1)
    log_coefficient = gammaln(n_new + 1) - gammaln(y + 1) - gammaln(n_new - y + 1)
    log_pmf = np.outer(log_expit(theta), y) + np.outer(log_expit(-theta), n_new - y)
    return np.asarray(weights @ np.exp(log_coefficient + log_pmf))


def left_out_scores(surface: Surface) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return each study's log predictive density given the others, and whether it can be trusted.

    The posterior without study s is the full one divided by the study's likelihood L_s, so that
    p(y_s | others) = 1 / E[1 / L_s]. That holds on the panels of the full posterior as long as
    they resolve the quotient and do not cut it off.

    Returns
    -------
    scores : array, shape (study,)
    settled : array of bool, shape (study,)
    """
    with np.errstate(divide="ignore"):
        log_density = np.log(np.maximum(surface.mu.density, 0.0))
    scores, settled = (
        np.empty(surface.log_likelihood.shape[2]),
        np.empty(surface.log_likelihood.shape[2], bool),
    )
    for s in range(scores.size):
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
