"""What a fit predicts of studies that it was not made from: one outcome, several, or survival."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from bayesmeta.arrays import Array
from bayesmeta.comparison.held_out import arm_distribution, log_predictive
from bayesmeta.comparison.questions import Asked, Label
from bayesmeta.comparison.survival_predictions import SurvivalPredictions
from bayesmeta.estimates.nested_rates import NestedRates, cholesky_draws
from bayesmeta.estimates.posterior import named_outcomes
from bayesmeta.estimates.precision import Draws, Row, interval_of
from bayesmeta.estimates.prior_sensitivity import Weighted
from bayesmeta.estimates.profile_rates import KnownRates, predictors_of
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.inference.convergence import mcse_mean
from bayesmeta.inference.integrated.nested import nested_study_log_likelihood
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design


@dataclass(frozen=True, eq=False)
class _OneOutcome:
    """The predictions of a fit of one outcome."""

    rates: KnownRates

    @property
    def fit(self) -> Fit:
        return self.rates.fit

    def log_predictive(self, new: Design) -> Array:
        """Return the log probability of all counts of each new study, dims (chain, draw, study)."""
        return log_predictive(self.fit, new)

    def distributions(self, new: Design, place: int) -> list[DrawnRates]:
        """Return the distribution of the true rate of each outcome in one arm of a new study."""
        return [arm_distribution(self.rates, new, place)]

    def new_studies(self, asked: Asked) -> list[DrawnRates]:
        """Return the distribution of each outcome's true rate in a new study of the profile."""
        return [self.rates.at(asked.row, asked.level).cohort()]

    def drawn(self, asked: Asked) -> Iterator[tuple[Label, Array]]:
        """Yield outcome, quantity and scale with draws, dims (chain, draw) or (chain, draw, node)."""
        rates, link = self.rates.at(asked.row, asked.level), self.fit.spec.link
        yield ("", "typical rate", "probability"), rates.typical
        yield ("", "mean rate", "probability"), rates.mean
        yield ("", "new study", "probability"), expit(rates.cohort().theta)
        if "tau" in self.fit.posterior:
            yield ("", "tau", link.scale), rates.tau
        for label, *pair in asked.contrasts:
            one, versus = (link.log_odds(predictors_of(self.fit, row)) for row in pair)
            yield ("", label, "odds ratio"), np.exp(one - versus)


@dataclass(frozen=True, eq=False)
class _SeveralOutcomes:
    """The predictions of a fit of several outcomes; contrasts are of typical rates."""

    fit: Fit

    def log_predictive(self, new: Design) -> Array:
        names = [name for name in ("mu", "beta", "tau") if name in self.fit.posterior]
        drawn = {name: np.asarray(self.fit.posterior[name]) for name in names}
        return nested_study_log_likelihood(new, drawn, self._factor)

    def distributions(self, new: Design, place: int) -> list[DrawnRates]:
        return self._new_study(new.matrix[place])

    def new_studies(self, asked: Asked) -> list[DrawnRates]:
        return self._new_study(asked.row)

    def drawn(self, asked: Asked) -> Iterator[tuple[Label, Array]]:
        rates, scale = self._at(asked.row), self.fit.spec.link.scale
        found = [
            ("typical rate", "probability", rates.typical),
            ("mean rate", "probability", rates.mean),
            ("new study", "probability", rates.new_study),
            ("tau", scale, rates.tau),
        ]
        for label, *pair in asked.contrasts:
            one, versus = (at / (1 - at) for at in (self._at(row).typical for row in pair))
            found.append((label, "odds ratio", one / versus))
        for level, outcome in enumerate(self.fit.outcomes):
            for quantity, of, drawn in found:
                yield (outcome, quantity, of), drawn[..., level]

    @cached_property
    def _factor(self) -> Array:
        return cholesky_draws(self.fit)

    def _at(self, row: Array) -> NestedRates:
        """Return the rates at coded covariates, shape (covariate,)."""
        tau = np.asarray(self.fit.posterior["tau"])
        return NestedRates(self.fit, predictors_of(self.fit, row), tau, self._factor)

    def _new_study(self, row: Array) -> list[DrawnRates]:
        rates = self._at(row)
        return [rates.distribution(outcome) for outcome in self.fit.outcomes]


Predictions = _OneOutcome | _SeveralOutcomes | SurvivalPredictions
"""What a fit predicts of studies that are taken as new ones, and says of a profile."""


def predictions_of(fit: Fit) -> Predictions:
    """Return what a fit predicts."""
    if fit.spec.curve is not None:
        return SurvivalPredictions(KnownRates(fit))
    return _SeveralOutcomes(fit) if fit.design.several else _OneOutcome(KnownRates(fit))


NUMBERS = ("estimate", "lower", "upper")

NEAR, LEAST = 0.01, 1e-7
"""Rates below which they are kept in steps of one hundredth of themselves, and the least above 0."""

_SMALL = np.geomspace(LEAST, NEAR, 1110)[:-1]

RATES = np.concatenate([[0.0], _SMALL, np.linspace(NEAR, 1 - NEAR, 981), 1 - _SMALL[::-1], [1.0]])
"""Rates (probability) at which the distribution of a new study's rate is kept; finely near 0 and 1."""

EVERY = 32
"""Every so many of them the Monte-Carlo error is computed."""


def answers(predictions: Predictions, asked: Asked) -> list[Row]:
    """Return what a fit says: the pooled rates, tau and the contrasts asked for.

    Of each `quantity`, and `outcome` where there are several: `scale`, `estimate` (posterior median),
    `lower`, `upper`, and `mcse` of the median.
    """
    return [
        _labelled(label, _interval(drawn, asked.ci_prob))
        for label, drawn in predictions.drawn(asked)
    ]


@dataclass(frozen=True, eq=False)
class WeightedAnswers:
    """What the draws of a fit say under weights by which they are those of another posterior."""

    drawn: tuple[tuple[Label, Weighted], ...]
    ci_prob: float

    @classmethod
    def of(cls, predictions: Predictions, asked: Asked) -> "WeightedAnswers":
        """Return what the draws can be asked about, in order once for all weights."""
        found = (
            (label, Weighted.of(drawn.reshape(drawn.shape[0] * drawn.shape[1], -1)))
            for label, drawn in predictions.drawn(asked)
        )
        return cls(tuple(found), asked.ci_prob)

    def under(self, weights: Array) -> list[Row]:
        """Return rows as of `answers`, without `mcse`; `weights` have shape (chain * draw,)."""
        return [_labelled(label, _bounds(one, weights, self.ci_prob)) for label, one in self.drawn]


def _labelled(label: Label, numbers: Row) -> Row:
    outcome, quantity, scale = label
    named = {"outcome": outcome} if outcome else {}
    return named | {"quantity": quantity, "scale": scale} | numbers


def _interval(drawn: Array, ci_prob: float) -> Row:
    found = interval_of(Draws(drawn), ci_prob, "estimate")
    return {name: found[name] for name in NUMBERS} | {"mcse": found["mcse_estimate"]}


def _bounds(drawn: Weighted, weights: Array, ci_prob: float) -> Row:
    bounds = drawn.bounds(weights, ci_prob)
    return dict(zip(NUMBERS, bounds, strict=True)) | {"mcse": float("nan")}


def predictive(predictions: Predictions, asked: Asked) -> dict[str, Row]:
    """Return by outcome `pmf` of a new cohort and `cdf` of a new study's rate at `RATES`."""
    found = zip(named_outcomes(predictions.fit.arms), predictions.new_studies(asked), strict=True)
    return {outcome: _predictive(distribution, asked.cohort) for outcome, distribution in found}


def _predictive(distribution: DrawnRates, cohort: int) -> Row:
    rate = expit(distribution.theta)
    # Errors change slowly along the rates, and are expensive.
    below = [(rate <= value).mean(axis=-1) for value in RATES[::EVERY]]
    errors = np.nan_to_num(mcse_mean(np.stack(below)))
    return {
        "pmf": distribution.pmf(cohort).tolist(),
        "mcse_pmf": distribution.pmf_mcse(cohort).tolist(),
        "cdf": (np.searchsorted(np.sort(rate, axis=None), RATES, "right") / rate.size).tolist(),
        "mcse_cdf": np.interp(RATES, RATES[::EVERY], errors).tolist(),
    }
