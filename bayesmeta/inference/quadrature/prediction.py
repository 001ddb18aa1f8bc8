"""Predictive distributions of counts: of a new study, and of each study given the others."""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from numpy.polynomial.chebyshev import chebval
from scipy.special import expit, gammaln, log_expit

from bayesmeta.inference.quadrature.new_study import new_study
from bayesmeta.inference.quadrature.panels import (
    Panels,
    climb,
    log_integral,
    outline,
    resolve,
    roughness,
)
from bayesmeta.inference.quadrature.surface import Surface

__all__ = ["left_out_scores", "predictive_pmf", "predictive_rates"]

Array = npt.NDArray[np.float64]

CERTAIN = 45.0
"""Log-odds beyond the log of the number of patients at which all respond, or none."""
SMOOTH = 7.0
"""Widest panel of log-odds on which the binomial probability of a few patients is smooth."""
UNRESOLVED = 2e-5
"""Roughness up to which a left-out posterior counts as resolved by the panels of the full one."""
CUT_OFF = 1e-8
"""Share of a left-out posterior next to where the full one was cut off, up to which it holds."""


def predictive_rates(surface: Surface, n_new: int, tolerance: float) -> tuple[Array, Array]:
    """Return log-odds of a new study and their weights, for `n_new` patients.

    Returns
    -------
    theta, weights : array, shape (node,)
        Log-odds, the first and the last of them infinite.
    """
    panels = _new_study_panels(surface, CERTAIN + math.log1p(n_new), tolerance)
    below, above = new_study(surface, np.array([panels.lower[0], panels.upper[-1]]))[0]
    fine = _split(panels, n_new)
    theta = np.concatenate([[-np.inf], fine.nodes.ravel(), [np.inf]])
    inner = (fine.weights * fine.density).ravel()
    return theta, np.concatenate([[below], inner, [max(1 - above, 0.0)]])


def predictive_pmf(surface: Surface, n_new: int, tolerance: float) -> Array:
    """Return the probabilities of 0 to `n_new` events among the patients of a new study.

    Parameters and errors are those of `predictive_rates`; the result has shape (n_new + 1,).
    """
    theta, weights = predictive_rates(surface, n_new, tolerance)
    pmf = weights[1:-1] @ _binomial_pmf(n_new, theta[1:-1])
    pmf[0] += weights[0]
    pmf[-1] += weights[-1]
    return np.asarray(pmf)


def _new_study_panels(surface: Surface, bound: float, tolerance: float) -> Panels:
    """Return the density of the new study's log-odds between -`bound` and `bound`."""

    def log_density(theta: Array) -> Array:
        return np.log(np.maximum(new_study(surface, theta)[1], np.finfo(float).tiny))

    def at(theta: float) -> float:
        return float(log_density(np.array([theta]))[0])

    start = surface.mu.nodes.flat[surface.weights.argmax()]
    summit = climb(at, float(np.clip(start, -bound, bound)), 1.0, (-bound, bound))
    edges, order = outline(at, summit, (-bound, bound), lambda _: 0.0), surface.mu.density.shape[1]
    lower, upper, values = resolve(lambda x: log_density(x)[:, None], edges, order, tolerance)
    return Panels(lower, upper, np.exp(values[:, :, 0]))


def _split(panels: Panels, n_new: int) -> Panels:
    """Halve panels of log-odds until binomial probabilities are smooth on each.

    The density is that of its polynomials: it is not computed again.
    """
    edges = np.append(panels.lower, panels.upper[-1])
    while True:
        steepest = np.clip(0, edges[:-1], edges[1:])
        information = n_new * expit(steepest) * expit(-steepest)
        wide = np.diff(edges) > SMOOTH / np.sqrt(1 + 4 * information)
        if not wide.any():
            break
        edges = np.sort(np.append(edges, (edges[:-1] + edges[1:])[wide] / 2))
    fine = Panels(edges[:-1], edges[1:], np.empty((edges.size - 1, panels.density.shape[1])))
    own = np.searchsorted(panels.lower, edges[:-1], "right") - 1
    half = (panels.upper - panels.lower)[own, None] / 2
    local = (fine.nodes - panels.lower[own, None]) / half - 1
    return replace(fine, density=_interpolated(panels, own, local))


def _interpolated(panels: Panels, own: npt.NDArray[np.intp], local: Array) -> Array:
    """Return the density at `local` points, from -1 to 1, of the panels `own`.

    By the polynomial of its logarithm, whose error is a share of the density, so that tails are as
    right as the rest; by its own on panels where that has converged further.
    """
    logarithm = replace(panels, density=np.log(panels.density))
    of_density, of_logarithm = panels.coefficients, logarithm.coefficients
    left = np.abs(of_density[-2:]).max(axis=0) / panels.density.max(axis=1)
    plain = (np.abs(of_logarithm[-2:]).max(axis=0) > left)[own]
    density = np.empty(local.shape)
    density[plain] = chebval(local[plain], of_density[:, own[plain], None], tensor=False)
    density[~plain] = np.exp(
        chebval(local[~plain], of_logarithm[:, own[~plain], None], tensor=False)
    )
    return np.maximum(density, 0.0)


def _binomial_pmf(n: int, theta: Array) -> Array:
    """Return binomial probabilities, shape (theta, n + 1)."""
    y = np.arange(n + 1)
    log_coefficient = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
    log_pmf = np.outer(log_expit(theta), y) + np.outer(log_expit(-theta), n - y)
    return np.exp(log_coefficient + log_pmf)


def left_out_scores(surface: Surface, log_likelihood: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
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
    scores, settled = np.empty(log_likelihood.shape[2]), np.empty(log_likelihood.shape[2], bool)
    for s in range(scores.size):
        quotient = log_density - log_likelihood[:, :, s]
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
