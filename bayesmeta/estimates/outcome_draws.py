"""The draws of one outcome, alone or among nested outcomes: what its rates rest on.

Among nested outcomes the rate of an outcome is a product of conditional probabilities. Predictors here
are those of that rate: what would be `theta` if the outcome were fitted by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, override

import numpy as np
import numpy.typing as npt

from bayesmeta.estimates.nested_rates import (
    NestedRates,
    OutcomeRates,
    cholesky_draws,
    nested_rates,
)
from bayesmeta.estimates.posterior import check_draws, checked_outcome
from bayesmeta.estimates.profile_rates import (
    PredictedRates,
    own_parameters,
    predictors_of,
    profile_rates,
    scale_of,
)
from bayesmeta.evidence import Arms
from bayesmeta.inference.lattice import spread_at
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.model.effects import NormalEffects
from bayesmeta.model.links import Link
from bayesmeta.priors import Prior

__all__ = ["NestedDraws", "OutcomeDraws", "Parameter", "draws_of"]

Array = npt.NDArray[np.float64]
Whole = slice(None)


class Parameter(NamedTuple):
    """A parameter with its prior and its draws, dims (chain, draw)."""

    label: str
    prior: Prior
    draws: Array


def draws_of(fit: Fit, outcome: str | None = None) -> "OutcomeDraws":
    """Return the draws of one outcome of a fit, which must be named where there are several."""
    check_draws(fit)
    named = checked_outcome(fit, outcome)
    return NestedDraws(fit, named) if named else OutcomeDraws(fit)


@dataclass(frozen=True, eq=False)
class OutcomeDraws:
    """Draws of a fit of one outcome."""

    fit: Fit
    outcome: str = ""

    @property
    def level(self) -> int:
        """Position of the outcome, outermost first."""
        return self.fit.outcomes.index(self.outcome) if self.outcome else 0

    @cached_property
    def arms(self) -> Arms:
        """The arms that report the outcome."""
        return self.fit.arms

    @property
    def coding(self) -> Coding:
        """The coding of covariates."""
        return self.fit.coding

    @property
    def link(self) -> Link:
        """The link."""
        return self.fit.spec.link

    @cached_property
    def matrix(self) -> Array:
        """Coded covariates of the arms, dims (arm, covariate)."""
        return np.asarray(self.fit.design.matrix)

    @property
    def effects(self) -> Any:
        """The distribution of study effects."""
        return self.fit.spec.study_effects

    @property
    def tau_levels(self) -> tuple[str, ...]:
        """Levels that each have a tau of their own; one, unnamed, where all studies share one."""
        return self.fit.design.tau_levels

    @cached_property
    def tau_of_study(self) -> npt.NDArray[np.int64]:
        """Position among `tau_levels` of each study's, shape (study,)."""
        return np.asarray(self.fit.design.tau_of_study)

    def rates(self, profile: Profile | None) -> PredictedRates | OutcomeRates:
        """Return the rates of a profile."""
        return profile_rates(self.fit, profile)

    def mean_rates(self, part: slice = Whole) -> Array:
        """Return the posterior mean of arms' rates by their predictors (probability), shape (arm,)."""
        theta = self.fit.require("theta", "The sampling variance of arms")
        return np.asarray(self.link.rate(np.asarray(theta.variable[..., part])).mean(axis=(0, 1)))

    def arm_rates(self, part: slice = Whole) -> Array:
        """Return draws of arms' true rates (probability), dims (chain, draw, arm).

        That of a beta-binomial likelihood, which the sampler does not draw, enters at one quantile
        per draw of its distribution given the arm's responders, moved from draw to draw by a Weyl
        sequence.
        """
        drawn = self.fit.require("theta", "`shrinkage`, and a forest plot,")
        theta = np.asarray(drawn.variable[..., part])
        likelihood = self.fit.spec.likelihood
        if not likelihood.parameters:
            return np.asarray(self.link.rate(theta))
        arms = np.arange(drawn.shape[-1])[part]
        places = np.arange(theta[..., 0].size)[:, None] * drawn.shape[-1] + arms
        probability = spread_at("u", places.ravel(), 1).reshape(theta.shape)
        own = own_parameters(self.fit, likelihood.parameters)
        own = {name: draws[..., None] for name, draws in own.items()}
        events, n = self.arms.events[part], self.arms.n[part]
        return np.asarray(likelihood.rate(theta, probability, events=events, n=n, **own))

    @property
    def profile_rates(self) -> Array:
        """Typical rate of each arm's profile, mu and beta at their posterior means, shape (arm,)."""
        posterior = self.fit.posterior
        theta = np.full(len(self.arms), float(np.asarray(posterior["mu"]).mean()))
        if "beta" in posterior:
            theta += self.matrix @ np.asarray(posterior["beta"]).mean(axis=(0, 1))
        return np.asarray(self.link.rate(theta))

    @property
    def between(self) -> Array:
        """Variance of the study effects, dims (chain, draw, level); one level unless tau has more.

        0 for a common effect, and infinite for independent studies.
        """
        posterior = self.fit.posterior
        own = {name: np.asarray(posterior[name])[..., None] for name in self.effects.parameters}
        if self.effects.tau is None:
            return np.asarray(self.effects.variance(np.zeros((*posterior["mu"].shape, 1))))
        tau = np.asarray(posterior["tau"])
        return np.asarray(self.effects.variance(tau if self.effects.by else tau[..., None], **own))

    def mean_of(self, name: str) -> float | None:
        """Return the posterior mean of a scalar parameter; None where the model has it not."""
        if name not in self.fit.posterior:
            return None
        return float(np.asarray(self.fit.posterior[name]).mean())

    def named(self, what: str) -> str:
        """Return words with the outcome they are about, where there are several."""
        return f"{what} of {self.outcome}" if self.outcome else what

    @property
    def mu(self) -> Parameter:
        """The predictor at the reference profile."""
        return Parameter("mu", self.fit.design.mu[0], np.asarray(self.fit.posterior["mu"]))

    def rate_at(self, theta: Array) -> Array:
        """Return rates (probability) at predictors, dims (chain, draw) or (chain, draw, level)."""
        return np.asarray(self.link.rate(theta))

    def taus(self) -> Iterator[Parameter]:
        """Yield each tau; none of a model without one."""
        if (prior := self.effects.tau) is not None:
            for level, name in enumerate(self.tau_levels):
                yield Parameter(f"tau[{name}]" if name else "tau", prior, scale_of(self.fit, level))

    def coefficients(self) -> Iterator[Parameter]:
        """Yield each coefficient."""
        for place, (name, prior) in enumerate(
            zip(self.coding.names, self.fit.design.beta, strict=True)
        ):
            yield Parameter(name, prior, np.asarray(self.fit.posterior["beta"])[..., place])

    def others(self) -> Iterator[Parameter]:
        """Yield the parameters of other parts than study effects; values imputed are not among them."""
        for name, prior in {one.name: one.prior for one in self.fit.design.scalars}.items():
            if name != "tau" and not name.startswith("x_"):
                yield Parameter(name, prior, np.asarray(self.fit.posterior[name]))

    def guessed(self, weights: Array) -> npt.NDArray[np.bool_]:
        """Return the arms that tell nothing of a contrast, as a value that it rests on is imputed."""
        rows = np.zeros(len(self.arms), dtype=bool)
        for one in self.fit.design.imputed:
            if (one.slope[:, weights != 0] != 0).any():
                rows[one.missing] = True
        return rows

    def prior_rates(self, profile: Profile | None) -> OutcomeRates | None:
        """Return the rates of a profile under the priors; None where they are known without draws."""
        return None


class NestedDraws(OutcomeDraws):
    """Draws of one of several nested outcomes.

    Its tau and coefficients are those of its conditional probability.
    """

    @cached_property
    def _there(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.fit.arms.frame[self.outcome].notna(), dtype=bool)

    @cached_property
    @override
    def arms(self) -> Arms:
        return self.fit.arms.of(self.outcome)

    @cached_property
    @override
    def matrix(self) -> Array:
        return np.asarray(self.fit.design.matrix[self._there])

    @property
    @override
    def effects(self) -> NormalEffects:
        return NormalEffects(self.fit.design.tau[self.level])

    @property
    @override
    def tau_levels(self) -> tuple[str, ...]:
        return ("",)

    @cached_property
    @override
    def tau_of_study(self) -> npt.NDArray[np.int64]:
        return np.zeros(len(self.arms.studies), dtype=np.int64)

    @override
    def rates(self, profile: Profile | None) -> OutcomeRates:
        return OutcomeRates(nested_rates(self.fit, profile), self.outcome)

    @override
    def mean_rates(self, part: slice = Whole) -> Array:
        return np.asarray(self.arm_rates(part).mean(axis=(0, 1)))

    @override
    def arm_rates(self, part: slice = Whole) -> Array:
        drawn = self.fit.posterior["theta"].variable
        return self.rate_at(np.asarray(drawn[:, :, np.flatnonzero(self._there)[part]]))

    @property
    @override
    def profile_rates(self) -> Array:
        posterior = self.fit.posterior
        theta = np.asarray(posterior["mu"]).mean(axis=(0, 1))[None]
        if "beta" in posterior:
            theta = theta + self.matrix @ np.asarray(posterior["beta"]).mean(axis=(0, 1)).T
        return np.broadcast_to(self.rate_at(theta), len(self.arms))

    @property
    @override
    def between(self) -> Array:
        """Variance between studies of the predictor of the outcome's rate, dims (chain, draw, 1).

        By the delta method at the reference profile; exact of the outermost outcome.
        """
        tau = np.asarray(self.fit.posterior["tau"])
        if self.level == 0:
            return np.asarray(tau[..., :1] ** 2)
        upto = slice(0, self.level + 1)
        theta = predictors_of(self.fit, np.zeros(0))[..., upto]
        ratio = self.link.rate(theta)
        whole = ratio.prod(axis=-1, keepdims=True)
        own = np.exp(self.link.log_slope(self.link.theta(whole)))
        slope = whole * np.exp(self.link.log_slope(theta)) / ratio / own
        scaled = slope * tau[..., upto]
        factor = cholesky_draws(self.fit)[..., upto, upto]
        moved = (scaled[..., None, :] @ factor)[..., 0, :]
        return np.asarray((moved**2).sum(axis=-1, keepdims=True))

    @property
    @override
    def mu(self) -> Parameter:
        draws = np.asarray(self.fit.posterior["mu"])[..., self.level]
        return Parameter("mu", self.fit.design.mu[self.level], draws)

    @override
    def rate_at(self, theta: Array) -> Array:
        return np.asarray(self.link.rate(theta[..., : self.level + 1]).prod(axis=-1))

    @override
    def taus(self) -> Iterator[Parameter]:
        draws = np.asarray(self.fit.posterior["tau"])[..., self.level]
        yield Parameter("tau", self.fit.design.tau[self.level], draws)

    @override
    def coefficients(self) -> Iterator[Parameter]:
        for place, (name, prior) in enumerate(
            zip(self.coding.names, self.fit.design.beta, strict=True)
        ):
            draws = np.asarray(self.fit.posterior["beta"])[..., self.level, place]
            yield Parameter(name, prior, draws)

    @override
    def guessed(self, weights: Array) -> npt.NDArray[np.bool_]:
        return np.zeros(len(self.arms), dtype=bool)

    @override
    def prior_rates(self, profile: Profile | None) -> OutcomeRates:
        """Return the rates of a profile under the priors."""
        prior = self.fit.draws["prior"].to_dataset()
        theta = predictors_of(self.fit, self.coding.row(profile), prior)
        rates = NestedRates(
            self.fit, theta, np.asarray(prior["tau"]), cholesky_draws(self.fit, prior)
        )
        return OutcomeRates(rates, self.outcome)
