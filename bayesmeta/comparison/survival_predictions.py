"""What a fit of survival predicts of studies that it was not made from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.comparison.questions import Asked, Label
from bayesmeta.estimates.profile_rates import KnownRates, predictors_of
from bayesmeta.estimates.profile_survival import Curves, ProfileSurvival, SurvivalAt
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.estimates.survival_words import (
    NEW_MEDIAN,
    NEW_SURVIVAL,
    RATIO_SCALE,
    TYPICAL_MEDIAN,
    TYPICAL_SURVIVAL,
)
from bayesmeta.inference.draws import is_large
from bayesmeta.inference.result import Fit
from bayesmeta.inference.survival.integrated import survival_study_log_likelihood
from bayesmeta.model import Design


@dataclass(frozen=True, eq=False)
class SurvivalPredictions:
    """The predictions of a fit of survival."""

    rates: KnownRates

    @property
    def fit(self) -> Fit:
        """Posterior draws."""
        return self.rates.fit

    def log_predictive(self, new: Design) -> Array:
        """Return the log density of all reports of each new study, dims (chain, draw, study)."""
        posterior = self.fit.posterior
        drawn = {str(name): np.asarray(one) for name, one in posterior.items() if not is_large(one)}
        return survival_study_log_likelihood(new, drawn)

    def curves(self, new: Design, place: int) -> Curves:
        """Return the curves of one arm of a new study, dims (chain, draw, node)."""
        level = int(new.tau_of_study[new.arms.study_index[place]])
        return self._at(new.matrix_at_centres[place], level).new_study

    def new_studies(self, asked: Asked) -> list[DrawnRates]:
        """Return the distribution of the survival, at the time asked for, in a new study."""
        return [SurvivalAt(self._at(asked.row, asked.level), asked.time).cohort()]

    def drawn(self, asked: Asked) -> Iterator[tuple[Label, Array]]:
        """Yield outcome, quantity and scale with draws, dims (chain, draw) or (chain, draw, node)."""
        found, at = self._at(asked.row, asked.level), f" at {asked.time:g} months"
        yield ("", TYPICAL_MEDIAN, "months"), found.typical.median
        yield ("", TYPICAL_SURVIVAL + at, "probability"), found.typical.survival(asked.time)
        yield ("", NEW_MEDIAN, "months"), found.new_study.median
        yield ("", NEW_SURVIVAL + at, "probability"), found.new_study.survival(asked.time)
        if "tau" in self.fit.posterior:
            yield ("", "tau", self.fit.spec.scale.scale), found.rates.tau
        for label, *pair in asked.contrasts:
            one, versus = (predictors_of(self.fit, row) for row in pair)
            yield ("", label, RATIO_SCALE), np.exp(one - versus)

    def _at(self, row: Array, level: int) -> ProfileSurvival:
        return ProfileSurvival(self.rates.at(row, level))
