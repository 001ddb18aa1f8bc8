"""The posterior of a model's parameters, effects integrated out, at points without bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import expit, logit

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, listed
from bayesmeta.inference.convergence import mcse_mean
from bayesmeta.inference.integrated.likelihood import study_log_likelihood
from bayesmeta.inference.integrated.nested import correlation_factor, nested_study_log_likelihood
from bayesmeta.inference.nested.coordinates import correlation_priors
from bayesmeta.inference.nested.studies import cholesky_rows
from bayesmeta.inference.result import Fit
from bayesmeta.inference.survival.integrated import survival_study_log_likelihood
from bayesmeta.marginal_likelihood.bridge import Bridge, bridged, importance_sampled
from bayesmeta.model import Design
from bayesmeta.priors import Prior

NEWTON_STEPS = 30
MOST_DRAWS = 4000
"""Draws used of a fit: more cost time, and with these the error is below 0.02."""
FEWEST_EFFECTIVE = 400.0
"""Effective number of draws below which they are not reweighted to another prior."""

STANDARD = "z"
"""Standardised effects of exchangeable levels."""

PARTIAL = "partial"
"""Partial correlations of effects on several outcomes, moved to (0, 1): independent under the prior."""


@dataclass(frozen=True)
class Coordinate:
    """One parameter as a number without bounds.

    Above a lower bound alone it stands on a scale like the sampler's, ``log((value - low) /
    transition_scale) = x - log1pexp(-x)**2 / 2``, on which the density of a tau near zero falls like a
    normal one; between two bounds on the logistic scale.
    """

    variable: str
    label: str
    prior: Prior
    place: tuple[int, ...] = ()
    """Position in the variable's own dims."""
    transition_scale: float = 1.0

    @property
    def index(self) -> Any:
        """Which values of its variable are the parameter's."""
        return (..., *self.place)

    def of(self, variables: Mapping[str, Array]) -> Array:
        """Return the parameter's values."""
        return np.asarray(variables[self.variable][self.index])

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
        """The parameters; not `mu` of independent studies, whose posterior is its prior."""
        return _of_several(self.design) if self.design.several else _of_one(self.design)

    def points(self, variables: Mapping[str, Array]) -> Array:
        """Return variables, dims (..., own), as points, dims (..., coordinate)."""
        columns = [one.unbounded(one.of(variables)) for one in self.coordinates]
        return np.stack(columns, axis=-1) if columns else np.zeros((*variables["mu"].shape, 0))

    def variables(self, points: Array) -> tuple[dict[str, Array], Array]:
        """Return the variables at points, and the log Jacobian there."""
        found = {"mu": np.zeros(points.shape[:-1])}
        # The last coordinate of a variable has the largest place.
        for one in self.coordinates:
            found[one.variable] = np.zeros((*points.shape[:-1], *(k + 1 for k in one.place)))
        log_jacobian = np.zeros(points.shape[:-1])
        for i, one in enumerate(self.coordinates):
            value, log_slope = one.bounded(points[..., i])
            found[one.variable][one.index] = value
            log_jacobian = log_jacobian + log_slope
        return found, log_jacobian

    def log_prior(self, variables: Mapping[str, Array]) -> Array:
        """Return the log prior density of the parameters' own values."""
        found = [one.prior.logpdf(one.of(variables)) for one in self.coordinates]
        return np.asarray(np.sum(found, axis=0))

    def log_likelihood(self, variables: Mapping[str, Array]) -> Array:
        """Return the log density of all counts or reports given the parameters."""
        if STANDARD in variables:
            variables = {
                **variables,
                "b": self.design.effects_of_levels(variables[STANDARD], variables["sigma"]),
            }
        if self.design.spec.curve is not None:
            return survival_study_log_likelihood(self.design, variables).sum(axis=-1)
        if not self.design.several:
            return study_log_likelihood(self.design, variables).sum(axis=-1)
        factor = None
        if PARTIAL in variables:
            share = variables[PARTIAL]
            root = 2 * np.sqrt(share * (1 - share))
            factor = cholesky_rows(2 * share - 1, root, len(self.design.outcomes))
        return nested_study_log_likelihood(self.design, variables, factor).sum(axis=-1)

    def log_density(self, points: Array) -> Array:
        """Return the log of prior times likelihood; minus infinity where numbers end."""
        with np.errstate(all="ignore"):
            variables, total = self.variables(points)
            total = total + self.log_prior(variables)
            inside = np.isfinite(total)
            some = {name: values[inside] for name, values in variables.items()}
            total[inside] += self.log_likelihood(some)
        return np.where(np.isfinite(total), total, -np.inf)


def _of_one(design: Design) -> tuple[Coordinate, ...]:
    """Return the parameters of a model of one outcome."""
    found = [Coordinate("mu", "mu", design.mu[0])] if design.spec.study_effects.pools else []
    found += [
        Coordinate("beta", f"beta[{name}]", prior, (place,))
        for place, (name, prior) in enumerate(zip(design.coding.names, design.beta, strict=True))
    ]
    found += [
        Coordinate(
            STANDARD, f"b[{name}], standardised", design.level_effects[term].standard, (place,)
        )
        for place, (name, term) in enumerate(
            zip(design.coding.level_names, design.term_of_level, strict=True)
        )
    ]
    labels: dict[str, tuple[str, ...]] = {"sigma": design.coding.level_terms}
    if design.spec.study_effects.by is not None:
        labels["tau"] = design.tau_levels
    for one, place in design.placed_scalars:
        several = one.name in labels
        label = f"{one.name}[{labels[one.name][place]}]" if several else one.name
        own = (place,) if several else ()
        found.append(Coordinate(one.name, label, one.prior, own, one.transition_scale))
    return tuple(found)


def _of_several(design: Design) -> tuple[Coordinate, ...]:
    """Return the parameters of a model of several outcomes."""
    each = list(enumerate(design.outcomes))
    found = [Coordinate("mu", f"mu[{name}]", design.mu[k], (k,)) for k, name in each]
    found += [
        Coordinate("beta", f"beta[{name}, {label}]", prior, (k, place))
        for k, name in each
        for place, (label, prior) in enumerate(zip(design.coding.names, design.beta, strict=True))
    ]
    found += [Coordinate("tau", f"tau[{name}]", design.tau[k], (k,), 0.4) for k, name in each]
    found += [
        Coordinate(PARTIAL, "correlation", prior, (place,))
        for place, prior in enumerate(correlation_priors(design))
    ]
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Draws of the parameters of a posterior: variables with dims (chain, draw, own)."""

    posterior: Posterior
    variables: dict[str, Array]

    @classmethod
    def of(cls, fit: Fit) -> "Drawn":
        """Return the draws of a fit, every so many of them where there are many."""
        posterior, drawn = Posterior(fit.design), fit.posterior
        step = max(1, drawn.sizes["chain"] * drawn.sizes["draw"] // MOST_DRAWS)
        names = {"mu", *(one.variable for one in posterior.coordinates)}
        own = names - {PARTIAL, STANDARD}
        found = {name: np.asarray(drawn[name])[:, ::step] for name in own}
        if STANDARD in names:
            b = np.asarray(drawn["b"])[:, ::step]
            found[STANDARD] = fit.design.standardised_levels(b, found["sigma"])
        if PARTIAL in names:
            pairs = np.asarray(drawn["correlation"])[:, ::step]
            found[PARTIAL] = _partial(correlation_factor(found | {"correlation": pairs}))
        return cls(posterior, found)

    @cached_property
    def points(self) -> Array:
        """The draws as points, dims (chain, draw, coordinate)."""
        return self.posterior.points(self.variables)

    def bridge(self, rng: np.random.Generator) -> Bridge:
        """Return the log marginal likelihood; raise SettingsError if a parameter's draws do not vary."""
        if not self.posterior.coordinates:
            return Bridge(float(self.posterior.log_density(np.zeros((1, 0)))[0]), 0.0, np.inf)
        spread = np.ptp(self.points, axis=(0, 1))
        names = [one.label for one in self.posterior.coordinates]
        still = [name for name, own in zip(names, spread, strict=True) if not own > 0]
        if still:
            raise SettingsError(
                f"The draws of {listed(still)} do not vary: the sampler was stuck. Look at bm.diagnose(fit)."
            )
        return bridged(self.posterior.log_density, self.points, rng)

    def change(self, design: Design, base: Bridge, rng: np.random.Generator) -> tuple[float, float]:
        """Return the change of the log marginal likelihood with the priors of `design`, and error."""
        other = Posterior(design)
        log_weight = other.log_prior(self.variables) - self.posterior.log_prior(self.variables)
        log_weight = log_weight + np.zeros(self.points.shape[:-1])
        if not design.spec.study_effects.pools:
            # The prior of mu is that of the levels, which are integrated out.
            log_weight = log_weight + other.log_likelihood(self.variables)
            log_weight = log_weight - self._log_likelihood
        top = float(log_weight.max())
        weight = np.exp(log_weight - top)
        if weight.sum() ** 2 / (weight**2).sum() >= FEWEST_EFFECTIVE or not other.coordinates:
            mean = float(weight.mean())
            return top + float(np.log(mean)), float(mcse_mean(weight)) / mean
        flat = other.points(self.variables).reshape(-1, len(other.coordinates))
        value, error = importance_sampled(other.log_density, flat, log_weight.ravel(), rng)
        return value - base.value, float(np.hypot(error, base.error))

    @cached_property
    def _log_likelihood(self) -> Array:
        return self.posterior.log_likelihood(self.variables)


def _partial(factor: Array) -> Array:
    """Return the partial correlations of Cholesky factors, moved to (0, 1), in rows."""
    found = []
    for i in range(1, factor.shape[-1]):
        rest = np.ones(factor.shape[:-2])
        for j in range(i):
            one = factor[..., i, j] / rest
            found.append((1 + one) / 2)
            rest = rest * np.sqrt((1 - one) * (1 + one))
    return np.stack(found, axis=-1)
