"""The joint density of counts, `mu` and `tau`, resolved on lines of constant `tau`."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import SettingsError
from bayesmeta.inference.kernels import log_prior
from bayesmeta.inference.quadrature.density import Problem, columns
from bayesmeta.inference.quadrature.panels import (
    Panels,
    Summit,
    climb,
    log_integral,
    outline,
    resolve,
)
from bayesmeta.inference.quadrature.surface import Surface
from bayesmeta.priors import Prior

__all__ = ["resolved_posterior"]

Array = npt.NDArray[np.float64]

FAR = 25.0
"""Logarithm of the distance up to which tails are followed for the sake of moments alone."""
FARTHEST = 1e100
"""Panels of `mu` go at most this many standard deviations from the mode."""
EXTREME = 690.0
"""Panels of log tau lie between minus this and this."""
SHALLOW = 20.0
"""If the density of log tau has not fallen by this factor (log) at the smallest tau, it is too flat."""
LOG_2_PI = math.log(2 * math.pi)


class Line(NamedTuple):
    """The joint density of the counts, `mu` and log tau at one `tau`.

    Attributes
    ----------
    tau : float
    lower, upper : array, shape (panel,)
        Ends of panels of `mu`.
    log_density : array, shape (panel, node)
    log_likelihood : array, shape (panel, node, study)
        Log of each study's integrated likelihood, without binomial coefficients.
    """

    tau: float
    lower: Array
    upper: Array
    log_density: Array
    log_likelihood: Array


class Lines(NamedTuple):
    """Lines at the Gauss-Legendre nodes of panels of log tau.

    Attributes
    ----------
    lower, upper : array, shape (panel,)
        Ends of panels of log tau.
    log_density : array, shape (panel, node)
        Log joint density of the counts and log tau.
    lines : list of Line
        One for each node, in their order.
    """

    lower: Array
    upper: Array
    log_density: Array
    lines: list[Line]


def _common_line(problem: Problem) -> Line:
    """Resolve the density of the counts and `mu` of the common-effect model."""
    return _line(problem, 0.0, _summit(problem, 0.0, _prior_summit(problem.mu_prior)), 0.0)


def _lines(problem: Problem, tau_prior: Prior) -> Lines:
    """Resolve the joint density of the counts, `mu` and log tau."""
    support, median = _log_support(tau_prior), _log_median(tau_prior)
    start = _summit(problem, math.exp(median), _prior_summit(problem.mu_prior))
    found: list[Line] = []

    def laplace(log_tau: float) -> float:
        summit = _summit(problem, math.exp(log_tau), start)
        return summit.height + math.log(summit.sd) + LOG_2_PI / 2 + _log_prior(tau_prior, log_tau)

    def evaluate(log_taus: Array) -> Array:
        first = len(found)
        for log_tau in log_taus:
            summit = _summit(problem, math.exp(log_tau), start)
            found.append(_line(problem, math.exp(log_tau), summit, _log_prior(tau_prior, log_tau)))
        masses = [log_integral(line.lower, line.upper, line.log_density) for line in found[first:]]
        return np.column_stack([masses, np.arange(first, len(found))])

    bounds = _narrowed(support, -EXTREME, EXTREME)
    summit = climb(laplace, median, 1.0, bounds)
    edges = outline(laplace, summit, bounds, lambda x: _moment_growth(max(x - summit.mode, 0.0)))
    if support[0] < edges[0] and summit.height - laplace(edges[0]) < SHALLOW:
        raise SettingsError(
            f"{tau_prior} as the prior of tau puts too much probability next to zero to be "
            "computed with. Take one with a finite density there, such as HalfNormal."
        )
    lower, upper, values = resolve(evaluate, edges, problem.order, problem.tolerance)
    nodes = values[:, :, 1].astype(int).ravel()
    return Lines(lower, upper, values[:, :, 0], [found[i] for i in nodes])


def _line(problem: Problem, tau: float, summit: Summit, offset: float) -> Line:
    """Resolve the density around `summit`; `offset` is added to its logarithm."""
    farthest = FARTHEST * summit.sd
    bounds = _narrowed(problem.mu_prior.support, summit.mode - farthest, summit.mode + farthest)

    def growth(mu: float) -> float:
        log_distance = math.log(max(abs(mu - summit.mode) / summit.sd, 1.0))
        return log_distance + _moment_growth(log_distance)

    edges = outline(lambda mu: _log_density(problem, tau, mu), summit, bounds, growth)
    lower, upper, values = resolve(
        lambda mu: columns(mu, tau, problem.numbers), edges, problem.order, problem.tolerance
    )
    return Line(tau, lower, upper, values[:, :, 0] + offset, values[:, :, 1:])


def _summit(problem: Problem, tau: float, start: Summit) -> Summit:
    return climb(
        lambda mu: _log_density(problem, tau, mu), start.mode, start.sd, problem.mu_prior.support
    )


def _log_density(problem: Problem, tau: float, mu: float) -> float:
    return float(columns(np.array([mu]), tau, problem.numbers)[0, 0])


def _moment_growth(log_distance: float) -> float:
    """Return the log of a squared distance, unless so far out that its moment can't converge."""
    return 2 * log_distance if log_distance < FAR else 0.0


def _narrowed(support: tuple[float, float], low: float, high: float) -> tuple[float, float]:
    return max(support[0], low), min(support[1], high)


def _log_prior(prior: Prior, log_tau: float) -> float:
    """Return the log prior density of log tau."""
    return log_prior(np.array(prior.kernel), math.exp(log_tau))[0] + log_tau


def _prior_summit(prior: Prior) -> Summit:
    """Return where to start climbing before anything is known of the posterior."""
    low, high = prior.interval(0.5)
    return Summit((low + high) / 2, (high - low) / 2, -math.inf)


def _log_support(prior: Prior) -> tuple[float, float]:
    low, high = prior.support
    return (math.log(low) if low > 0 else -math.inf), math.log(high)


def _log_median(prior: Prior) -> float:
    """Return the log of the median, or zero if that can't be told from zero or infinity."""
    with np.errstate(divide="ignore"):
        median = float(np.log(prior.interval(0.0)[0]))
    return median if abs(median) < EXTREME else 0.0


def resolved_posterior(problem: Problem) -> tuple[float, Surface, Array]:
    """Return log evidence without constants, posterior, log likelihoods at its nodes."""
    if problem.tau_prior is None:
        line = _common_line(problem)
        log_evidence = log_integral(line.lower, line.upper, line.log_density)
        return log_evidence, *_surface(problem, [line], np.full(1, -log_evidence), None)
    grid = _lines(problem, problem.tau_prior)
    log_evidence = log_integral(grid.lower, grid.upper, grid.log_density)
    log_tau = Panels(grid.lower, grid.upper, np.exp(grid.log_density - log_evidence))
    log_weights = np.log(log_tau.weights).ravel() - log_evidence
    return log_evidence, *_surface(problem, grid.lines, log_weights, log_tau)


def _surface(
    problem: Problem, found: list[Line], log_weights: Array, log_tau: Panels | None
) -> tuple[Surface, Array]:
    """Stack lines; their densities are multiplied by their weights."""
    sizes = [line.lower.size for line in found]
    log_density = np.concatenate([line.log_density for line in found])
    mu = Panels(
        np.concatenate([line.lower for line in found]),
        np.concatenate([line.upper for line in found]),
        np.exp(log_density + np.repeat(log_weights, sizes)[:, None]),
    )
    index = np.repeat(np.arange(len(found)), sizes)
    tau = np.array([line.tau for line in found])
    log_likelihood = np.concatenate([line.log_likelihood for line in found])
    outermost = _ends(mu, index, problem.mu_prior.support)
    if log_tau is not None and problem.tau_prior is not None:
        outermost |= _end_lines(log_tau, _log_support(problem.tau_prior))[index, None]
    return Surface(mu, index, tau, log_tau, outermost), log_likelihood


def _ends(
    mu: Panels, line: npt.NDArray[np.int_], support: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    """Return which nodes are the first and last of their line, unless at the end of the support."""
    first = np.diff(line, prepend=-1) > 0
    last = np.roll(first, -1)
    ends = np.zeros(mu.density.shape, dtype=bool)
    ends[:, 0] = first & (mu.lower > support[0])
    ends[:, -1] = last & (mu.upper < support[1])
    return ends


def _end_lines(log_tau: Panels, support: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """Return which lines are the first and last, unless at the end of the support."""
    ends = np.zeros(log_tau.density.size, dtype=bool)
    ends[0] = log_tau.lower[0] > support[0]
    ends[-1] = log_tau.upper[-1] < support[1]
    return ends
