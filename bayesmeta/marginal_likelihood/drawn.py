"""The marginal likelihood of a posterior known by its draws, and with other priors."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import SettingsError, listed
from bayesmeta.inference.convergence import mcse_mean
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.inference.result import Fit
from bayesmeta.marginal_likelihood.bridge import Bridge, bridged, importance_sampled
from bayesmeta.marginal_likelihood.unbounded import Posterior
from bayesmeta.model import Design

__all__ = ["Drawn"]

Array = npt.NDArray[np.float64]

MOST_DRAWS = 4000
"""Draws used of a fit: more cost time, and with these the error is below 0.02."""
FEWEST_EFFECTIVE = 400.0
"""Effective number of draws below which they are not reweighted to another prior."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Draws of the parameters of a posterior: variables with dims (chain, draw, own)."""

    posterior: Posterior
    variables: dict[str, Array]

    @classmethod
    def of(cls, fit: Fit) -> "Drawn":
        """Return the draws of a fit, every so many of them where there are many."""
        step = max(1, fit.posterior["mu"].size // MOST_DRAWS)
        posterior = Posterior(fit.design)
        names = {"mu", *(one.variable for one in posterior.coordinates)}
        return cls(posterior, {name: np.asarray(fit.posterior[name])[:, ::step] for name in names})

    @cached_property
    def points(self) -> Array:
        """The draws as points, dims (chain, draw, coordinate)."""
        return self.posterior.points(self.variables)

    def bridge(self, rng: np.random.Generator) -> Bridge:
        """Return the log marginal likelihood.

        Raises
        ------
        SettingsError
            If the draws of a parameter don't vary.
        """
        if not self.posterior.coordinates:
            return Bridge(float(self.posterior.log_density(np.zeros((1, 0)))[0]), 0.0, np.inf)
        spread = np.ptp(self.points, axis=(0, 1))
        names = [one.label for one in self.posterior.coordinates]
        still = [name for name, own in zip(names, spread, strict=True) if not own > 0]
        if still:
            raise SettingsError(
                f"The draws of {listed(still)} don't vary: the sampler was stuck. Look at bm.diagnose(fit)."
            )
        return bridged(self.posterior.log_density, self.points, rng)

    def change(self, design: Design, base: Bridge, rng: np.random.Generator) -> tuple[float, float]:
        """Return the change of the log marginal likelihood with the priors of `design`, and its error.

        By reweighting the draws, or from draws of their own where too few would count.
        """
        other = Posterior(design)
        log_weight = _log_prior(other, self.variables) - _log_prior(self.posterior, self.variables)
        if not design.spec.study_effects.pools:
            # The prior of mu is that of the levels, which are integrated out.
            log_weight = log_weight + self._log_likelihood(design)
            log_weight = log_weight - self._own_log_likelihood
        top = float(log_weight.max())
        weight = np.exp(log_weight - top)
        if weight.sum() ** 2 / (weight**2).sum() >= FEWEST_EFFECTIVE or not other.coordinates:
            mean = float(weight.mean())
            return top + float(np.log(mean)), float(mcse_mean(weight)) / mean
        flat = other.points(self.variables).reshape(-1, len(other.coordinates))
        value, error = importance_sampled(other.log_density, flat, log_weight.ravel(), rng)
        return value - base.value, float(np.hypot(error, base.error))

    @cached_property
    def _own_log_likelihood(self) -> Array:
        return self._log_likelihood(self.posterior.design)

    def _log_likelihood(self, design: Design) -> Array:
        return study_log_likelihood(design, self.variables).sum(axis=-1)


def _log_prior(posterior: Posterior, variables: dict[str, Array]) -> Array:
    """Return the log prior density of the parameters' own values, dims (chain, draw)."""
    total = np.zeros(variables["mu"].shape)
    columns = posterior.columns(variables)
    for one, values in zip(posterior.coordinates, columns, strict=True):
        total += one.prior.logpdf(values)
    return total
