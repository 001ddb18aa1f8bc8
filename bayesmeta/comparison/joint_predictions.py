"""What a fit of several outcomes predicts of studies that it was not made from."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp, ndtri

from bayesmeta.comparison.questions import Asked, Label
from bayesmeta.estimates.nested_rates import NestedRates, cholesky_draws, predictors_of
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.inference.lattice import kronecker_sequence
from bayesmeta.inference.result import Fit
from bayesmeta.inference.simulation import log_likelihood
from bayesmeta.model import Design

__all__ = ["JointPredictions"]

Array = npt.NDArray[np.float64]

NODES = 64
"""Study effects that each draw's joint probability of a study is averaged over."""


@dataclass(frozen=True, eq=False)
class JointPredictions:
    """The predictions of a fit of several outcomes; see `predictions.Predictions`."""

    fit: Fit

    def log_predictive(self, new: Design) -> Array:
        """Return the log probability of all counts of each new study, dims (chain, draw, study).

        Its effects on all outcomes are integrated out together, over all its arms.
        """
        places = range(len(new.arms.studies))
        return np.stack([self._of_study(new, place) for place in places], axis=-1)

    def distributions(self, new: Design, place: int) -> list[DrawnRates]:
        """Return the distribution of the true rate of each outcome in one arm of a new study."""
        rates = self._at(new.matrix[place])
        return [rates.distribution(outcome) for outcome in self.fit.outcomes]

    def new_studies(self, asked: Asked) -> list[DrawnRates]:
        """Return the distribution of each outcome's true rate in a new study of the profile."""
        rates = self._at(asked.row)
        return [rates.distribution(outcome) for outcome in self.fit.outcomes]

    def drawn(self, asked: Asked) -> Iterator[tuple[Label, Array]]:
        """Yield outcome, quantity and scale with draws; contrasts are of typical rates."""
        rates = self._at(asked.row)
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

    def _at(self, row: Array) -> NestedRates:
        return NestedRates(self.fit, predictors_of(self.fit, row), self._tau, self._factor)

    def _typical(self, row: Array) -> Array:
        return self._at(row).typical

    def _of_study(self, new: Design, place: int) -> Array:
        """Return the log probability of all counts of one study, dims (chain, draw)."""
        own = new.arms.study_index == place
        arms = replace(new.arms, frame=new.arms.frame[own], excluded=new.arms.excluded.iloc[:0])
        mean = np.stack([predictors_of(self.fit, row) for row in new.matrix[own]], axis=2)
        chains, draws, levels = self._tau.shape
        standard = ndtri(kronecker_sequence(range(chains * draws), NODES, levels))
        standard = standard.reshape(chains, draws, NODES, levels)
        effects = self._tau[:, :, None, :] * (standard @ np.swapaxes(self._factor, -1, -2))
        theta = mean[:, :, None] + effects[:, :, :, None]
        density = log_likelihood(replace(new, arms=arms), {"theta": theta}).sum(axis=-1)
        return np.asarray(logsumexp(density, axis=-1) - np.log(NODES))
