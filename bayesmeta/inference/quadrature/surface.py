"""The joint posterior of `mu` and `tau`, resolved on lines of constant `tau`."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import SettingsError
from bayesmeta.inference.kernels import log_prior
from bayesmeta.inference.quadrature.density import Problem
from bayesmeta.inference.quadrature.new_study import mean_rates, new_study_panels
from bayesmeta.inference.quadrature.panels import (
    Panels,
    Summit,
    climb,
    log_integral,
    outline,
    resolve,
    weights_between,
)
from bayesmeta.priors import Prior

FAR = 25.0
"""Logarithm of the distance up to which tails are followed for the sake of moments alone."""
FARTHEST = 1e100
"""Panels of `mu` go at most this many standard deviations from the mode."""
EXTREME = 690.0
"""Panels of log tau lie between minus this and this."""
SHALLOW = 20.0
"""If the density of log tau has not fallen by this factor (log) at the smallest tau, it is too flat."""
UNSETTLED = 1e-7
"""If the outermost nodes hold more than this share of a moment, its integral does not converge."""
LOG_2_PI = math.log(2 * math.pi)


@dataclass(frozen=True, eq=False)
class Surface:
    """A normalised posterior density of `mu` and `tau`; a single tau of zero for a common effect.

    `mu` has the panels of all lines, each density times the weight of its line, and `line` the place
    of each panel's line in `tau`, which are the nodes of `log_tau`. `log_likelihood` has shape
    (panel, node, study), without binomial coefficients; `outermost` marks nodes next to where the
    density was cut off; `tolerance` is the share of the posterior that a panel may leave unresolved.
    """

    log_evidence: float
    mu: Panels
    line: npt.NDArray[np.int_]
    tau: Array
    log_tau: Panels | None
    log_likelihood: Array
    outermost: Flags
    tolerance: float

    @cached_property
    def weights(self) -> Array:
        """Probability at each node, shape (panel, node)."""
        return self.mu.weights * self.mu.density

    @property
    def tau_of_nodes(self) -> Array:
        """`tau` at each node, shape (panel, node)."""
        return np.broadcast_to(self.tau[self.line, None], self.mu.density.shape)

    @cached_property
    def mean_rate(self) -> tuple[Array, Array]:
        """Mean and variance of invlogit(mu + u) over u ~ Normal(0, tau**2) at each node."""
        shape = self.mu.density.shape
        mean, variance = mean_rates(self.mu.nodes.ravel(), self.tau_of_nodes.ravel())
        return mean.reshape(shape), variance.reshape(shape)

    @cached_property
    def new_study(self) -> Panels:
        """Density of the log-odds of a new study."""
        return new_study_panels(self.mu, self.tau[self.line], self.tolerance)

    def expectation(self, values: Array, variance: Array | float = 0.0) -> tuple[float, float]:
        """Return mean and sd, NaN if infinite, of what has `values` and `variance` at each node."""
        mean = float(np.sum(self.weights * values))
        first = self.weights * np.abs(values - mean)
        second = self.weights * ((values - mean) ** 2 + variance)
        settled = [part[self.outermost].sum() <= UNSETTLED * part.sum() for part in (first, second)]
        sd = math.sqrt(second.sum())
        return mean if settled[0] else math.nan, sd if all(settled) else math.nan


class Line(NamedTuple):
    """The log density of the counts, `mu` and log tau at one `tau`, on panels of `mu`."""

    tau: float
    lower: Array
    upper: Array
    values: Array
    """Log density, then each study's log likelihood; shape (panel, node, 1 + study)."""

    @property
    def log_mass(self) -> float:
        """Log of the integral over `mu`."""
        return log_integral(self.lower, self.upper, self.values[:, :, 0])


def resolved_posterior(problem: Problem) -> Surface:
    """Return the posterior of a problem."""
    low, high = problem.mu_prior.interval(0.5)
    start = Summit((low + high) / 2, (high - low) / 2, -math.inf)
    if problem.tau_prior is None:
        line = _line(problem, 0.0, problem.summit(0.0, start), 0.0)
        return _surface(problem, [line], np.zeros(1), None)
    support = _log_support(problem.tau_prior)
    lower, upper, log_density, lines = _lines(problem, problem.tau_prior, support, start)
    log_weights = np.log(weights_between(lower, upper, problem.order)).ravel()
    # The density of log tau, its nodes next to a cut-off, and the lines in the order of the nodes.
    cut = np.zeros(log_density.shape, dtype=bool)
    cut[0, 0], cut[-1, -1] = lower[0] > support[0], upper[-1] < support[1]
    return _surface(problem, lines, log_weights, (lower, upper, log_density, cut))


def _lines(
    problem: Problem, prior: Prior, support: tuple[float, float], start: Summit
) -> tuple[Array, Array, Array, list[Line]]:
    """Return panels of log tau, the log density at their nodes, and the line at each node."""
    median, kernel = _log_median(prior), np.array(prior.kernel)
    start = problem.summit(math.exp(median), start)
    found: list[Line] = []

    def log_prior_of(log_tau: float) -> float:
        return log_prior(kernel, math.exp(log_tau))[0] + log_tau

    def laplace(log_tau: float) -> float:
        summit = problem.summit(math.exp(log_tau), start)
        return summit.height + math.log(summit.sd) + LOG_2_PI / 2 + log_prior_of(log_tau)

    def evaluate(log_taus: Array) -> Array:
        first = len(found)
        for log_tau in log_taus:
            tau = math.exp(log_tau)
            found.append(_line(problem, tau, problem.summit(tau, start), log_prior_of(log_tau)))
        return np.array([(line.log_mass, first + i) for i, line in enumerate(found[first:])])

    bounds = max(support[0], -EXTREME), min(support[1], EXTREME)
    summit = climb(laplace, median, 1.0, bounds)
    edges = outline(laplace, summit, bounds, lambda x: _moment_growth(max(x - summit.mode, 0.0)))
    if support[0] < edges[0] and summit.height - laplace(edges[0]) < SHALLOW:
        raise SettingsError(
            f"{prior} as the prior of tau puts too much probability next to zero to be "
            "computed with. Take one with a finite density there, such as HalfNormal."
        )
    lower, upper, values = resolve(evaluate, edges, problem.order, problem.tolerance)
    return lower, upper, values[:, :, 0], [found[int(i)] for i in values[:, :, 1].ravel()]


def _line(problem: Problem, tau: float, summit: Summit, offset: float) -> Line:
    """Resolve the density around `summit`; `offset` is added to its logarithm."""
    low, high = problem.mu_prior.support
    farthest = FARTHEST * summit.sd
    bounds = max(low, summit.mode - farthest), min(high, summit.mode + farthest)

    def growth(mu: float) -> float:
        log_distance = math.log(max(abs(mu - summit.mode) / summit.sd, 1.0))
        return log_distance + _moment_growth(log_distance)

    edges = outline(lambda mu: problem.log_density(mu, tau), summit, bounds, growth)
    lower, upper, values = resolve(
        lambda mu: problem.densities(mu, tau), edges, problem.order, problem.tolerance
    )
    values[:, :, 0] += offset
    return Line(tau, lower, upper, values)


def _moment_growth(log_distance: float) -> float:
    """Return the log of a squared distance, unless so far out that its moment cannot converge."""
    return 2 * log_distance if log_distance < FAR else 0.0


def _log_support(prior: Prior) -> tuple[float, float]:
    low, high = prior.support
    return (math.log(low) if low > 0 else -math.inf), math.log(high)


def _log_median(prior: Prior) -> float:
    """Return the log of the median, or zero if that cannot be distinguished from zero or infinity."""
    with np.errstate(divide="ignore"):
        median = float(np.log(prior.interval(0.0)[0]))
    return median if abs(median) < EXTREME else 0.0


def _surface(
    problem: Problem,
    lines: list[Line],
    log_weights: Array,
    of_tau: tuple[Array, Array, Array, Flags] | None,
) -> Surface:
    """Stack lines; their densities are multiplied by their weights."""
    lower, upper, values = (
        np.concatenate([getattr(line, name) for line in lines])
        for name in ("lower", "upper", "values")
    )
    line = np.repeat(np.arange(len(lines)), [each.lower.size for each in lines])
    log_density = values[:, :, 0] + log_weights[line, None]
    log_evidence = log_integral(lower, upper, log_density)
    first = np.diff(line, prepend=-1) > 0
    outermost = np.zeros(log_density.shape, dtype=bool)
    outermost[:, 0] = first & (lower > problem.mu_prior.support[0])
    outermost[:, -1] = np.roll(first, -1) & (upper < problem.mu_prior.support[1])
    log_tau = None
    if of_tau is not None:
        log_tau = Panels(*of_tau[:2], np.exp(of_tau[2] - log_evidence))
        outermost |= of_tau[3].ravel()[line, None]
    return Surface(
        log_evidence,
        Panels(lower, upper, np.exp(log_density - log_evidence)),
        line,
        np.array([each.tau for each in lines]),
        log_tau,
        values[:, :, 1:],
        outermost,
        problem.tolerance,
    )
