"""The rates of many profiles by one fit, those that are asked for again computed once."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bayesmeta.estimates.profile_rates import NewEffects, PredictedRates, predictor_of
from bayesmeta.inference.result import Fit

__all__ = ["KnownRates"]

Array = npt.NDArray[np.float64]

KEPT = 4
"""Most profiles whose rates are kept: a new study takes many times the memory of its draws."""


@dataclass(frozen=True, eq=False)
class KnownRates:
    """The rates that a fit supports, by coded covariates.

    Parameters
    ----------
    fit : Fit
        Posterior draws.
    """

    fit: Fit
    _rates: dict[tuple[bytes, int], PredictedRates] = field(default_factory=dict, init=False)
    _effects: dict[int, NewEffects] = field(default_factory=dict, init=False)

    def at(self, row: Array, level: int) -> PredictedRates:
        """Return the rates at coded covariates, shape (covariate,), and a level of tau."""
        key = row.tobytes(), level
        # What was asked for last stands last.
        found = self._rates.pop(key, None) or self._of(predictor_of(self.fit, row), level)
        self._rates[key] = found
        if len(self._rates) > KEPT:
            del self._rates[next(iter(self._rates))]
        return found

    def moved(self, row: Array, level: int, by: Array) -> PredictedRates:
        """Return those of a predictor that is moved in each draw; `by` has dims (chain, draw)."""
        return self._of(predictor_of(self.fit, row) + by, level)

    def _of(self, theta: Array, level: int) -> PredictedRates:
        effects = self._effects.setdefault(level, NewEffects(self.fit, level))
        return PredictedRates(theta, effects)
