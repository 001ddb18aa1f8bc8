"""The problem that the quadrature solves, and its compiled joint density at one `tau`."""

from dataclasses import dataclass, replace
from math import hypot

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.kernels import log_prior
from bayesmeta.inference.quadrature.panels import Summit, climb
from bayesmeta.inference.quadrature.published import published_log_likelihood
from bayesmeta.inference.quadrature.study import integrated_log_likelihood
from bayesmeta.priors import Prior

ORDER = 12
"""Gauss-Legendre nodes per panel."""
TOLERANCE = 2e-7
"""Share of the posterior by which a panel may be unresolved."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What the posterior is of: pooled counts per study, priors, and how finely to resolve.

    `tau_prior` is None for a common effect. Each unit of `refinement` halves the steps of the inner
    quadrature, adds four nodes to each panel and divides the tolerance by a hundred.
    """

    events: Array
    n: Array
    mu_prior: Prior
    tau_prior: Prior | None
    refinement: int
    published: Array | None = None
    """Intercept and slope of the probit of publication in the standardised effect, and the log
    probability of publication, shape (study, 3); None where publication is not modelled."""
    bias: Array | None = None
    """Mean and standard deviation of each study's bias (log-odds), shape (study, 2); None without."""

    def without(self, study: int) -> "Problem":
        """Return the problem without a study."""
        published, bias = (
            None if each is None else np.delete(each, study, axis=0)
            for each in (self.published, self.bias)
        )
        events, n = (np.delete(each, study) for each in (self.events, self.n))
        return replace(self, events=events, n=n, published=published, bias=bias)

    @property
    def order(self) -> int:
        """Nodes per panel."""
        return ORDER + 4 * self.refinement

    @property
    def tolerance(self) -> float:
        """Share of the posterior by which a panel may be unresolved."""
        return TOLERANCE / 100.0**self.refinement

    def densities(self, mu: Array, tau: float) -> Array:
        """Return the log density and the log likelihoods of studies, shape (point, 1 + study)."""
        prior, studies = np.array(self.mu_prior.kernel), self.n.size
        bias = np.zeros((studies, 2)) if self.bias is None else self.bias
        published = np.zeros((0, 3)) if self.published is None else self.published
        return _densities(mu, tau, self.events, self.n, prior, bias, published, self.refinement)

    def log_density(self, mu: float, tau: float) -> float:
        """Return the log density of the counts and one `mu`."""
        return float(self.densities(np.array([mu]), tau)[0, 0])

    def summit(self, tau: float, start: Summit) -> Summit:
        """Return the summit of the density of `mu`."""
        return climb(
            lambda mu: self.log_density(mu, tau), start.mode, start.sd, self.mu_prior.support
        )


@compiled
def _densities(  # noqa: PLR0917
    mu: Array,
    tau: float,
    events: Array,
    n: Array,
    prior: Array,
    bias: Array,
    published: Array,
    refinement: int,
) -> Array:
    """Return the same; a bias is an offset, and more variance between studies."""
    found = np.zeros((mu.size, 1 + n.size))
    for i in range(mu.size):
        found[i, 0] = log_prior(prior, mu[i])[0]
        for s in range(n.size):
            if n[s] == 0:
                continue
            if len(published):
                found[i, s + 1] = published_log_likelihood(
                    mu[i], tau, events[s], n[s], published[s]
                )
            else:
                found[i, s + 1] = integrated_log_likelihood(
                    mu[i : i + 1] + bias[s, 0],
                    hypot(tau, bias[s, 1]),
                    events[s : s + 1],
                    n[s : s + 1],
                    refinement,
                )
            found[i, 0] += found[i, s + 1]
    return found
