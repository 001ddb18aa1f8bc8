"""The problem the quadrature solves, and its compiled joint density at one `tau`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.kernels import log_prior
from bayesmeta.inference.quadrature.rules import integrated_log_likelihood
from bayesmeta.priors import Prior

__all__ = ["Problem", "columns"]

Array = npt.NDArray[np.float64]
Numbers = tuple[Array, Array, Array, int]

ORDER = 12
"""Gauss-Legendre nodes per panel."""
TOLERANCE = 2e-7
"""Share of the posterior by which a panel may be unresolved."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What the posterior is of: pooled counts per study, priors, and how finely to resolve.

    Attributes
    ----------
    events, n : array of float, shape (study,)
    mu_prior : Prior
        On log-odds.
    tau_prior : Prior or None
        On the standard deviation of the study effects (log-odds); None for a common effect.
    refinement : int
        Each unit halves the steps of the inner quadrature, adds four nodes to each panel and
        divides the tolerance by a hundred.
    """

    events: Array
    n: Array
    mu_prior: Prior
    tau_prior: Prior | None
    refinement: int

    @property
    def numbers(self) -> Numbers:
        """What the compiled density needs: events, n, the prior of `mu`, refinement."""
        return self.events, self.n, np.array(self.mu_prior.kernel), self.refinement

    @property
    def order(self) -> int:
        """Nodes per panel."""
        return ORDER + 4 * self.refinement

    @property
    def tolerance(self) -> float:
        """Share of the posterior by which a panel may be unresolved."""
        return TOLERANCE / 100.0**self.refinement


@compiled
def columns(mu: Array, tau: float, numbers: Numbers) -> Array:
    """Return the log density of counts and `mu`, and each study's share of it.

    Returns
    -------
    array, shape (point, 1 + study)
        Log density; log likelihood of each study without binomial coefficient.
    """
    events, n, prior, refinement = numbers
    found = np.empty((mu.size, 1 + n.size))
    for i in range(mu.size):
        found[i, 0] = log_prior(prior, mu[i])[0]
        for s in range(n.size):
            found[i, s + 1] = 0.0
            if n[s] > 0:
                found[i, s + 1] = integrated_log_likelihood(
                    mu[i : i + 1], tau, events[s : s + 1], n[s : s + 1], refinement
                )
            found[i, 0] += found[i, s + 1]
    return found
