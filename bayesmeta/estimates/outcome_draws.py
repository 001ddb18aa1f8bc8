"""The draws of one outcome, alone or among nested outcomes: what its rates rest on.

Among nested outcomes the rate of an outcome is a product of conditional probabilities. Predictors here
are those of that rate: what would be `theta` if the outcome were fitted by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from bayesmeta.arrays import Array, Flags, Integers
from bayesmeta.estimates.nested_rates import (
    NestedRates,
    OutcomeRates,
    cholesky_draws,
    nested_rates,
)
from bayesmeta.estimates.posterior import check_draws, checked_outcome, named_outcomes
from bayesmeta.estimates.profile_rates import (
    PredictedRates,
    own_parameters,
    predictors_of,
    profile_rates,
)
from bayesmeta.evidence import Arms
from bayesmeta.inference.coefficients import coefficients_of
from bayesmeta.inference.lattice import spread_at
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.model.links import Link
from bayesmeta.priors import Prior

Rates = PredictedRates | OutcomeRates
Whole = slice(None)


class Parameter(NamedTuple):
    """A parameter with its prior and its draws, dims (chain, draw)."""

    label: str
    prior: Prior
    draws: Array


def draws_of(fit: Fit, outcome: str | None = None, *, survival: bool = False) -> "OutcomeDraws":
    """Return the draws of one outcome of a fit, which must be named where there are several.

    Of rates, unless the answer is of survival, too.
    """
    check_draws(fit, survival=survival)
    return OutcomeDraws(fit, checked_outcome(fit, outcome))


def draws_by_outcome(fit: Fit) -> list["OutcomeDraws"]:
    """Return the draws of each outcome of a fit, outermost first."""
    check_draws(fit)
    return [OutcomeDraws(fit, outcome) for outcome in named_outcomes(fit.arms)]


@dataclass(frozen=True, eq=False)
class OutcomeDraws:
    """Draws of one outcome of a fit; the only one has no name.

    Of several outcomes mu, tau and coefficients are those of its conditional probability.
    """

    fit: Fit
    outcome: str = ""

    @property
    def level(self) -> int:
        """Position of the outcome, outermost first."""
        return self.fit.outcomes.index(self.outcome) if self.outcome else 0

    def named(self, what: str) -> str:
        """Return words with the outcome they are about, where there are several."""
        return f"{what} of {self.outcome}" if self.outcome else what

    @cached_property
    def _rows(self) -> Integers:
        """Positions of the arms that report the outcome."""
        if not self.outcome:
            return np.arange(len(self.fit.arms))
        return np.flatnonzero(self.fit.arms.frame[self.outcome].notna())

    @cached_property
    def arms(self) -> Arms:
        """The arms that report the outcome."""
        return self.fit.arms.of(self.outcome) if self.outcome else self.fit.arms

    @cached_property
    def matrix(self) -> Array:
        """Coded covariates of the arms, dims (arm, covariate)."""
        return np.asarray(self.fit.design.matrix[self._rows])

    @property
    def coding(self) -> Coding:
        """The coding of covariates."""
        return self.fit.coding

    @property
    def link(self) -> Link:
        """The link."""
        return self.fit.spec.link

    @property
    def effects(self) -> Any:
        """The distribution of study effects."""
        return self.fit.spec.study_effects

    @property
    def tau_levels(self) -> tuple[str, ...]:
        """Levels that each have a tau of their own; one, unnamed, where all studies share one."""
        return self.fit.design.tau_levels

    @cached_property
    def tau_of_study(self) -> Integers:
        """Position among `tau_levels` of each study's, shape (study,)."""
        studies = np.unique(self.fit.arms.study_index[self._rows])
        return np.asarray(self.fit.design.tau_of_study[studies])

    def drawn(self, name: str) -> Array:
        """Return draws of a parameter of the outcome, dims (chain, draw, ...)."""
        draws = np.asarray(self.fit.posterior[name])
        return draws[:, :, self.level] if self.outcome else draws

    @property
    def mu(self) -> Parameter:
        """The predictor at the reference profile."""
        return Parameter("mu", self.fit.design.mu[self.level], self.drawn("mu"))

    def taus(self) -> Iterator[Parameter]:
        """Yield each tau; none of a model without one."""
        if self.effects.tau is None:
            return
        tau, prior = self.drawn("tau"), self.fit.design.tau[self.level]
        for i, name in enumerate(self.tau_levels):
            yield (
                Parameter(f"tau[{name}]", prior, tau[..., i])
                if name
                else Parameter("tau", prior, tau)
            )

    def coefficients(self) -> Iterator[Parameter]:
        """Yield each coefficient."""
        named = zip(self.coding.names, self.fit.design.beta, strict=True)
        for place, (name, prior) in enumerate(named):
            yield Parameter(name, prior, self.drawn("beta")[..., place])

    def others(self) -> Iterator[Parameter]:
        """Yield the parameters of other parts than study effects; values imputed are not among them."""
        design = self.fit.design
        for name, prior in {one.name: one.prior for one in design.scalars}.items():
            if name not in ("tau", "sigma") and not name.startswith("x_"):
                yield Parameter(name, prior, np.asarray(self.fit.posterior[name]))
        yield from self.sigmas()

    def sigmas(self) -> Iterator[Parameter]:
        """Yield the scale of each term of exchangeable levels."""
        design = self.fit.design
        for place, (term, prior) in enumerate(
            zip(self.coding.level_terms, design.sigmas, strict=True)
        ):
            yield Parameter(
                f"sigma[{term}]", prior, np.asarray(self.fit.posterior["sigma"])[..., place]
            )

    def mean_of(self, name: str) -> float | None:
        """Return the posterior mean of a scalar parameter; None where the model has it not."""
        if name not in self.fit.posterior:
            return None
        return float(np.asarray(self.fit.posterior[name]).mean())

    def rates(self, profile: Profile | None, mean: Array | None = None) -> Rates:
        """Return the rates of a profile, of an arm of a study with a `mean` (see `Coding.row`)."""
        if self.outcome:
            return OutcomeRates(nested_rates(self.fit, profile, mean), self.outcome)
        return profile_rates(self.fit, profile, mean)

    def prior_rates(self, profile: Profile | None) -> OutcomeRates | None:
        """Return the rates of a profile under the priors; None where they are known without draws."""
        if not self.outcome:
            return None
        prior = self.fit.draws["prior"].to_dataset()
        theta = predictors_of(self.fit, self.coding.row(profile), prior)
        factor = cholesky_draws(self.fit, prior)
        rates = NestedRates(self.fit, theta, np.asarray(prior["tau"]), factor)
        return OutcomeRates(rates, self.outcome)

    def rate_at(self, theta: Array) -> Array:
        """Return rates (probability) at predictors, of several outcomes with last dim level."""
        if not self.outcome:
            return self.link.rate(theta)
        return np.asarray(self.link.rate(theta[..., : self.level + 1]).prod(axis=-1))

    @property
    def profile_rates(self) -> Array:
        """Typical rate of each arm's profile, mu and beta at their posterior means, shape (arm,)."""
        posterior = self.fit.posterior
        theta = np.asarray(posterior["mu"]).mean(axis=(0, 1))[None]
        coefficients = coefficients_of(posterior).mean(axis=(0, 1))
        if coefficients.shape[-1]:
            theta = theta + self.matrix @ coefficients.T
        return np.broadcast_to(self.rate_at(theta), len(self.arms))

    def mean_rates(self, part: slice = Whole) -> Array:
        """Return the posterior mean of arms' rates by their predictors (probability), shape (arm,)."""
        theta = self._theta(part, "The sampling variance of arms")
        return np.asarray(self._rates(theta, part).mean(axis=(0, 1)))

    def arm_rates(self, part: slice = Whole) -> Array:
        """Return draws of arms' true rates (probability), dims (chain, draw, arm).

        That of a beta-binomial likelihood, which the sampler does not draw, enters at one quantile
        per draw of its distribution given the arm's responders, moved from draw to draw by a Weyl
        sequence.
        """
        theta = self._theta(part, "`shrinkage`, and a forest plot,")
        likelihood = self.fit.spec.likelihood
        if not likelihood.parameters:
            return self._rates(theta, part)
        arms = np.arange(len(self.arms))[part]
        places = np.arange(theta[..., 0].size)[:, None] * len(self.arms) + arms
        probability = spread_at("u", places.ravel(), 1).reshape(theta.shape)
        own = own_parameters(self.fit, likelihood.parameters)
        own = {name: draws[..., None] for name, draws in own.items()}
        events, n = self.arms.events[part], self.arms.n[part]
        return np.asarray(likelihood.rate(theta, probability, events=events, n=n, **own))

    def _rates(self, theta: Array, part: slice) -> Array:
        """Return the rates of some arms; that of a total over levels is the mean of theirs.

        Of levels of unknown sizes, it enters as that of a beta-binomial likelihood does.
        """
        found, totals = self.rate_at(theta), self.fit.design.totals
        if not totals.arm.size:
            return found
        whole = np.zeros((*theta.shape[:-1], len(self.arms)))
        whole[..., part] = theta
        places = np.arange(theta[..., 0].size)[:, None] * len(self.arms) + totals.arm
        probability = spread_at("u", places.ravel(), 1).reshape(*theta.shape[:-1], -1)
        rates = totals.arm_rates(whole, coefficients_of(self.fit.posterior), probability)
        for place, rate in zip(totals.arm, np.moveaxis(rates, -1, 0), strict=True):
            found[..., np.arange(len(self.arms))[part] == place] = rate[..., None]
        return found

    def _theta(self, part: slice, asker: str) -> Array:
        drawn = self.fit.require("theta", asker).variable
        return np.asarray(drawn[:, :, self._rows[part]] if self.outcome else drawn[..., part])

    @property
    def between(self) -> Array:
        """Variance of the study effects, dims (chain, draw, level); one level unless tau has more.

        0 for a common effect, and infinite for independent studies. Of several outcomes it is that of
        the predictor of the outcome's rate, by the delta method at the reference profile.
        """
        posterior = self.fit.posterior
        if self.level:
            return self._joint_between()
        own = {name: np.asarray(posterior[name])[..., None] for name in self.effects.parameters}
        if self.effects.tau is None:
            return np.asarray(self.effects.variance(np.zeros((*posterior["mu"].shape, 1))))
        tau = self.drawn("tau")
        return np.asarray(self.effects.variance(tau if self.effects.by else tau[..., None], **own))

    def _joint_between(self) -> Array:
        upto = slice(0, self.level + 1)
        theta = predictors_of(self.fit, np.zeros(0))[..., upto]
        ratio = self.link.rate(theta)
        whole = ratio.prod(axis=-1, keepdims=True)
        own = np.exp(self.link.log_slope(self.link.theta(whole)))
        slope = whole * np.exp(self.link.log_slope(theta)) / ratio / own
        scaled = slope * np.asarray(self.fit.posterior["tau"])[..., upto]
        factor = cholesky_draws(self.fit)[..., upto, upto]
        moved = (scaled[..., None, :] @ factor)[..., 0, :]
        return np.asarray((moved**2).sum(axis=-1, keepdims=True))

    def guessed(self, weights: Array) -> Flags:
        """Return the arms that tell nothing of a contrast, as a value that it rests on is imputed."""
        rows = np.zeros(len(self.arms), dtype=bool)
        for one in self.fit.design.imputed:
            if (one.slope[:, weights != 0] != 0).any():
                rows[one.missing] = True
        return rows
