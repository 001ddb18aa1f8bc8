"""What a fit predicts of studies that it was not made from, of one outcome or of several."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from bayesmeta.comparison.held_out import arm_distribution, log_predictive
from bayesmeta.comparison.joint_predictions import JointPredictions
from bayesmeta.comparison.questions import Asked, Label
from bayesmeta.estimates.profile_rates import KnownRates, predictors_of
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design

__all__ = ["Predictions", "predictions_of"]

Array = npt.NDArray[np.float64]


class Predictions(Protocol):
    """What a fit predicts of studies that are taken as new ones, and says of a profile."""

    @property
    def fit(self) -> Fit:
        """Posterior draws."""

    def log_predictive(self, new: Design) -> Array:
        """Return the log probability of all counts of each new study, dims (chain, draw, study)."""

    def distributions(self, new: Design, place: int) -> list[DrawnRates]:
        """Return the distribution of the true rate of each outcome in one arm of a new study."""

    def drawn(self, asked: Asked) -> Iterator[tuple[Label, Array]]:
        """Yield outcome, quantity and scale with draws, dims (chain, draw) or (chain, draw, node)."""

    def new_studies(self, asked: Asked) -> list[DrawnRates]:
        """Return the distribution of each outcome's true rate in a new study of the profile."""


def predictions_of(fit: Fit) -> Predictions:
    """Return what a fit predicts."""
    return JointPredictions(fit) if fit.design.several else _OneOutcome(KnownRates(fit))


@dataclass(frozen=True, eq=False)
class _OneOutcome:
    """The predictions of a fit of one outcome."""

    rates: KnownRates

    @property
    def fit(self) -> Fit:
        return self.rates.fit

    def log_predictive(self, new: Design) -> Array:
        return log_predictive(self.fit, new)

    def distributions(self, new: Design, place: int) -> list[DrawnRates]:
        return [arm_distribution(self.rates, new, place)]

    def new_studies(self, asked: Asked) -> list[DrawnRates]:
        return [self.rates.at(asked.row, asked.level).new_study()]

    def drawn(self, asked: Asked) -> Iterator[tuple[Label, Array]]:
        rates, link = self.rates.at(asked.row, asked.level), self.fit.spec.link
        yield ("", "typical rate", "probability"), rates.typical
        yield ("", "mean rate", "probability"), rates.mean
        yield ("", "new study", "probability"), expit(rates.new_study().theta)
        if "tau" in self.fit.posterior:
            yield ("", "tau", link.scale), rates.tau
        for label, *pair in asked.contrasts:
            one, versus = (link.log_odds(predictors_of(self.fit, row)) for row in pair)
            yield ("", label, "odds ratio"), np.exp(one - versus)
