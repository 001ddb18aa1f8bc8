"""A model's parameters as points without bounds, and their log posterior density without effects.

A parameter with a lower bound alone stands on a scale like the sampler's, ``log((value - low) /
transition_scale) = x - log1pexp(-x)**2 / 2``, on which the density of a tau near zero falls like a
normal one; one with two bounds on the logistic scale.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.model import Design
from bayesmeta.priors import Prior

__all__ = ["Coordinate", "Posterior"]

Array = npt.NDArray[np.float64]

NEWTON_STEPS = 30


@dataclass(frozen=True)
class Coordinate:
    """One parameter as a number without bounds.

    Parameters
    ----------
    variable : str
        The variable it belongs to: `mu`, `beta`, `tau`, ...
    label : str
        What tables call it, such as ``"beta[dose]"``.
    prior : Prior
        Its prior, whose support bounds it.
    transition_scale : float
        Height above a lower bound at which the scale changes from logarithms to square roots.
    """

    variable: str
    label: str
    prior: Prior
    transition_scale: float = 1.0

    def unbounded(self, value: Array) -> Array:
        """Return the coordinate of values of the parameter."""
        low, high = self.prior.support
        if np.isinf(low):
            centre, scale = self._heavy_tailed
            return np.asarray(np.arcsinh((value - centre) / scale)) if scale else value
        if np.isfinite(high):
            return np.asarray(logit((value - low) / (high - low)))
        return _inverse(np.log((value - low) / self.transition_scale))

    def bounded(self, x: Array) -> tuple[Array, Array]:
        """Return the parameter at coordinates, and the log of its derivative."""
        low, high = self.prior.support
        if np.isinf(low):
            centre, scale = self._heavy_tailed
            if not scale:
                return x, np.zeros_like(x)
            return centre + scale * np.sinh(x), np.log(scale) + np.log(np.cosh(x))
        if np.isfinite(high):
            log_slope = np.log(high - low) - np.logaddexp(0, x) - np.logaddexp(0, -x)
            return low + (high - low) * expit(x), log_slope
        soft = np.logaddexp(0, -x)
        log_above = x - soft**2 / 2 + np.log(self.transition_scale)
        return low + np.exp(log_above), log_above + np.log1p(soft * expit(-x))

    @property
    def _heavy_tailed(self) -> tuple[float, float]:
        """Centre and scale of a Student or Cauchy prior; zeros of another."""
        kernel = self.prior.kernel
        return (kernel.a, kernel.b) if kernel.is_student_t else (0.0, 0.0)


def _inverse(target: Array) -> Array:
    """Return x at which ``x - log1pexp(-x)**2 / 2`` is `target`: increasing and concave in x."""
    x = np.where(target > 0, target, 1 - np.sqrt(1 - 2 * np.minimum(target, 0.0)))
    for _ in range(NEWTON_STEPS):
        soft = np.logaddexp(0, -x)
        move = (target - x + soft**2 / 2) / (1 + soft * expit(-x))
        x = x + move
        if np.all(np.abs(move) < 1e-12 * (1 + np.abs(x))):
            break
    return x


@dataclass(frozen=True, eq=False)
class Posterior:
    """The posterior of the parameters of a design, its effects integrated out."""

    design: Design

    @cached_property
    def coordinates(self) -> tuple[Coordinate, ...]:
        """The parameters, in their order.

        `mu` of independent studies is none: no study has to do with it, and its posterior is its
        prior.
        """
        design = self.design
        with_mu = design.spec.study_effects.pools
        found = [Coordinate("mu", "mu", design.mu[0])] if with_mu else []
        found += [
            Coordinate("beta", f"beta[{name}]", prior)
            for name, prior in zip(design.coding.names, design.beta, strict=True)
        ]
        several = design.spec.study_effects.by is not None
        for place, scalar in enumerate(design.scalars):
            of_level = several and scalar.name == "tau"
            label = f"tau[{design.tau_levels[place]}]" if of_level else scalar.name
            found.append(Coordinate(scalar.name, label, scalar.prior, scalar.transition_scale))
        return tuple(found)

    def points(self, variables: Mapping[str, Array]) -> Array:
        """Return variables, dims (..., own), as points, dims (..., coordinate)."""
        columns: list[Array] = []
        for name in dict.fromkeys(one.variable for one in self.coordinates):
            own = [one for one in self.coordinates if one.variable == name]
            several = variables[name].ndim > variables["mu"].ndim
            values = variables[name] if several else variables[name][..., None]
            columns += [one.unbounded(values[..., i]) for i, one in enumerate(own)]
        return np.stack(columns, axis=-1) if columns else np.zeros((*variables["mu"].shape, 0))

    def variables(self, points: Array) -> tuple[dict[str, Array], Array]:
        """Return the variables at points, and the log Jacobian there."""
        columns: dict[str, list[Array]] = {}
        log_jacobian = np.zeros(points.shape[:-1])
        for i, one in enumerate(self.coordinates):
            value, log_slope = one.bounded(points[..., i])
            columns.setdefault(one.variable, []).append(value)
            log_jacobian = log_jacobian + log_slope
        by = self.design.spec.study_effects.by
        found = {"mu": np.zeros(points.shape[:-1])}
        for name, values in columns.items():
            several = name == "beta" or (name == "tau" and by is not None)
            found[name] = np.stack(values, axis=-1) if several else values[0]
        return found, log_jacobian

    def log_prior(self, points: Array) -> Array:
        """Return the log prior density of points, as points: the Jacobian is in it."""
        variables, total = self.variables(points)
        for one, values in zip(self.coordinates, self.columns(variables), strict=True):
            total = total + one.prior.logpdf(values)
        return np.asarray(total)

    def columns(self, variables: Mapping[str, Array]) -> list[Array]:
        """Return the values of each parameter."""
        found, seen = [], dict.fromkeys(variables, 0)
        for one in self.coordinates:
            values = variables[one.variable]
            several = values.ndim > variables["mu"].ndim
            found.append(values[..., seen[one.variable]] if several else values)
            seen[one.variable] += 1
        return found

    def log_density(self, points: Array) -> Array:
        """Return the log of prior times likelihood at points, dims (point, coordinate).

        Minus infinity where numbers end.
        """
        with np.errstate(all="ignore"):
            total = self.log_prior(points)
            inside = np.isfinite(total)
            variables, _ = self.variables(points[inside])
            total[inside] += study_log_likelihood(self.design, variables).sum(axis=-1)
        return np.where(np.isfinite(total), total, -np.inf)
