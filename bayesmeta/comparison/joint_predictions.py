"""What a fit of several outcomes predicts of studies that it was not made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bayesmeta.comparison.questions import Asked, Label
from bayesmeta.estimates.nested_rates import NestedRates, cholesky_draws
from bayesmeta.estimates.profile_rates import predictors_of
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.inference.integrated.nested import nested_study_log_likelihood
from bayesmeta.inference.result import Fit
from bayesmeta.model import Design

__all__ = ["JointPredictions"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JointPredictions:
    """The predictions of a fit of several outcomes; see `predictions.Predictions`."""

    fit: Fit

    def log_predictive(self, new: Design) -> Array:
        """Return the log probability of all counts of each new study, dims (chain, draw, study).

        Its effects on all outcomes are integrated out together, over all its arms.
        """
        names = [name for name in ("mu", "beta", "tau") if name in self.fit.posterior]
        drawn = {name: np.asarray(self.fit.posterior[name]) for name in names}
        return nested_study_log_likelihood(new, drawn, self._factor)

    def distributions(self, new: Design, place: int) -> list[DrawnRates]:
        """Return the distribution of the true rate of each outcome in one arm of a new study."""
        rates = self.at(new.matrix[place])
        return [rates.distribution(outcome) for outcome in self.fit.outcomes]

    def new_studies(self, asked: Asked) -> list[DrawnRates]:
        """Return the distribution of each outcome's true rate in a new study of the profile."""
        rates = self.at(asked.row)
        return [rates.distribution(outcome) for outcome in self.fit.outcomes]

    def drawn(self, asked: Asked) -> Iterator[tuple[Label, Array]]:
        """Yield outcome, quantity and scale with draws; contrasts are of typical rates."""
        rates = self.at(asked.row)
        scale = self.fit.spec.link.scale
        found = [
            ("typical rate", "probability", rates.typical),
            ("mean rate", "probability", rates.mean),
            ("new study", "probability", rates.new_study),
            ("tau", scale, self._tau),
        ]
        for label, *pair in asked.contrasts:
            one, versus = (typical / (1 - typical) for typical in map(self._typical, pair))
            found.append((label, "odds ratio", one / versus))
        for level, outcome in enumerate(self.fit.outcomes):
            for quantity, scale, drawn in found:
                yield (outcome, quantity, scale), drawn[..., level]

    @cached_property
    def _tau(self) -> Array:
        return np.asarray(self.fit.posterior["tau"])

    @cached_property
    def _factor(self) -> Array:
        return cholesky_draws(self.fit)

    def at(self, row: Array) -> NestedRates:
        """Return the rates at coded covariates, shape (covariate,)."""
        return NestedRates(self.fit, predictors_of(self.fit, row), self._tau, self._factor)

    def _typical(self, row: Array) -> Array:
        return self.at(row).typical
