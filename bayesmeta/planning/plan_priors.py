"""The priors of a plan: what history says, its robust versions, and none that borrows."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number
from bayesmeta.planning.analysis_priors import AnalysisPrior
from bayesmeta.planning.arguments import check_mixture
from bayesmeta.planning.borrowing import NO_BORROWING
from bayesmeta.planning.certainty import LEVELS
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.robust import VAGUE, mixed, vague_component
from bayesmeta.planning.sam import SamPrior, sam_settings
from bayesmeta.planning.sample_size import Method, effective_sample_size
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.planning.two_arms import TwoArmTrial
from bayesmeta.shown import Shown

MAP, ROBUST, SAM = "MAP", "robust", "SAM"
"""Names of the priors that borrow."""

MOST_ERROR = 0.1
"""Type-I error (one-sided) above which a plan warns."""

METHODS: tuple[Method, ...] = ("elir", "moment", "morita")


@dataclass(frozen=True)
class PlanPriors:
    """The priors of a plan, and what they are made of.

    Parameters
    ----------
    history, vague : BetaMixture
        The MAP prior, and the vague component of its robust versions.
    weights : tuple of float
        Shares of the vague component.
    sam : SamPrior or None
        The self-adapting version, where one is asked for.
    design : BetaMixture or None
        Distribution of the rate that decisions are averaged over, where it is not the default one.
    """

    history: BetaMixture
    weights: tuple[float, ...]
    vague: BetaMixture
    sam: SamPrior | None = None
    design: BetaMixture | None = None

    @property
    def robust(self) -> BetaMixture:
        """The robust version of the MAP prior: the prior of the analysis."""
        return mixed(self.history, self.vague, self.weights[0])

    @property
    def fixed(self) -> dict[str, BetaMixture]:
        """The priors whose weights do not depend on the trial's data."""
        return {MAP: self.history, ROBUST: self.robust, NO_BORROWING: VAGUE}

    @property
    def named(self) -> dict[str, AnalysisPrior]:
        """The MAP, the robust and the SAM prior, and the uniform prior, which borrows nothing."""
        sam: dict[str, AnalysisPrior] = {} if self.sam is None else {SAM: self.sam}
        return {MAP: self.history, ROBUST: self.robust, **sam, NO_BORROWING: VAGUE}

    @property
    def by_weight(self) -> dict[float, BetaMixture]:
        """The robust prior of each weight, rising from the MAP prior, 0, to the vague one, 1."""
        between = {weight: mixed(self.history, self.vague, weight) for weight in self.weights}
        return {0.0: self.history, **dict(sorted(between.items())), 1.0: self.vague}


@dataclass(frozen=True, eq=False)
class ComparedPlan[Trial: SingleArmTrial | TwoArmTrial](Shown, ABC):
    """What plans of one and of two arms share: a trial analysed with each of several priors."""

    shown = "threshold_errors"

    map_prior: MapPrior
    compared: PlanPriors
    trials: dict[str, Trial]
    rates: Array

    @property
    def robust(self) -> float:
        """Share of the vague component in the prior of the analysis."""
        return self.compared.weights[0]

    @property
    def priors(self) -> dict[str, AnalysisPrior]:
        """The MAP, the robust and the SAM prior, and the uniform prior, which borrows nothing."""
        return self.compared.named

    @property
    def trial(self) -> Trial:
        """The trial as it is analysed: with the robust prior."""
        return self.trials[ROBUST]

    @property
    def decides_alike(self) -> bool:
        """Whether the same counts succeed with the robust and with the MAP prior."""
        return np.array_equal(self.trials[MAP].successes, self.trial.successes)

    @cached_property
    def effective_sizes(self) -> pd.DataFrame:
        """Patients that each prior is worth, by method (rows) and prior (columns).

        Missing where a method has no answer; see `bayesmeta.effective_sample_size`.
        """
        return effective_sizes({MAP: self.compared.history, ROBUST: self.compared.robust})

    @cached_property
    def certainties(self) -> pd.DataFrame:
        """Certainty that each prior needs to keep a type-I error of 2.5%, 5% and 10%.

        Columns `prior`, `alpha`; `smallest`, the certainty of the null's condition; `rounded`, it
        rounded up to decimals that decide alike; of one arm `succeed`, the numbers of responders that
        then do; `type_one_error`, of two arms the largest at all expected rates of control; and
        `always`, whether any certainty will do. Missing where only a rule that never succeeds keeps
        the error.
        """
        return self.by_prior(lambda trial: pd.DataFrame([self._needed(trial, a) for a in LEVELS]))

    @cached_property
    def sam_weights(self) -> pd.DataFrame | None:
        """Weight of history in the SAM prior by number of responders; None without such a prior.

        Of two arms they are those of the control. Columns `events` and `weight`.
        """
        if self.compared.sam is None:
            return None
        weights = self.compared.sam.history_weights(self._borrowing_patients)
        return pd.DataFrame({"events": np.arange(len(weights)), "weight": weights})

    @cached_property
    def by_weight(self) -> pd.DataFrame:
        """The trial by weight of the vague component, from 0 (MAP) to 1 (vague alone).

        Columns `weight`, and `elir`, the patients that the prior is worth. Between them, of one arm:
        `succeed`, the numbers of responders that do; one for each threshold of the conditions, such
        as ``null 0.35``, the probability of success where it is the true rate; and
        `expected_success`, averaged over the design prior. Of two arms: `listed` and `expected`, the
        largest type-I errors of `TwoArmPlan.largest_errors`.
        """
        rows = []
        for weight, prior in self.compared.by_weight.items():
            size = effective_sizes({"": prior}).loc["elir", ""]
            rows.append({"weight": weight, **self._weighed(prior), "elir": size})
        return pd.DataFrame(rows)

    @property
    @abstractmethod
    def _borrowing_patients(self) -> int:
        """Patients of the arm that borrows."""

    @abstractmethod
    def _needed(self, trial: Trial, alpha: float) -> dict[str, object]:
        """Return the row of `certainties` of one prior and type-I error."""

    @abstractmethod
    def _weighed(self, prior: BetaMixture) -> dict[str, object]:
        """Return what `by_weight` tells of the trial with one prior."""

    def by_prior(self, table: Callable[[Trial], pd.DataFrame]) -> pd.DataFrame:
        """Return a table of the trial with each prior, one below the other, with a column `prior`."""
        found = {name: table(trial) for name, trial in self.trials.items()}
        return pd.concat(found, names=["prior", None]).reset_index("prior").reset_index(drop=True)


def plan_priors(
    map_prior: MapPrior,
    robust: float | Sequence[float],
    *,
    mean: float,
    n: float,
    sam_delta: float | None = None,
    sam_odds: float | None = None,
    design: BetaMixture | None = None,
) -> PlanPriors:
    """Return the priors of a plan, after checking what they are made of."""
    if not isinstance(map_prior, MapPrior):
        raise SettingsError(
            f"`map_prior` must be a MapPrior; got {type(map_prior).__name__}. Make it by bm.map_prior(fit); for "
            "another prior, use SingleArmTrial."
        )
    weights = tuple(_weights(robust))
    if not weights or len(set(weights)) < len(weights):
        raise SettingsError(
            f"`robust` must be one weight or more, each once; got {robust!r}. Write 0.2, or [0.1, 0.2, 0.5]."
        )
    vague = vague_component(mean=mean, n=n, names=("vague_mean", "vague_n"))
    if sam_odds is not None and sam_delta is None:
        raise SettingsError(
            "`sam_odds` has no effect without `sam_delta`, the clinically significant difference of a SAM prior. Leave it "
            "out, or give both."
        )
    if design is not None:
        check_mixture("design", design)
    history, sam = map_prior.mixture, None
    if sam_delta is not None:
        odds = 1.0 if sam_odds is None else sam_odds
        found = sam_settings(history, sam_delta, odds, ("sam_delta", "sam_odds"))
        sam = SamPrior(history, *found, vague)
    return PlanPriors(history, weights, vague, sam, design)


def _weights(robust: object) -> Iterator[float]:
    several = isinstance(robust, Sequence | np.ndarray) and not isinstance(robust, str)
    for weight in robust if several else [robust]:  # type: ignore[attr-defined]
        if not is_number(weight) or not 0 < weight < 1:
            raise SettingsError(
                f"`robust` must be a number between 0 and 1, both excluded; got {weight!r}. Write 20% as 0.2."
            )
        yield float(weight)


def effective_sizes(priors: Mapping[str, BetaMixture]) -> pd.DataFrame:
    """Return the patients that priors are worth; see `ComparedPlan.effective_sizes`."""
    table = {name: [_size(prior, method) for method in METHODS] for name, prior in priors.items()}
    return pd.DataFrame(table, index=pd.Index(METHODS, name="method"))


def _size(prior: BetaMixture, method: Method) -> float:
    try:
        return effective_sample_size(prior, method=method)
    except SettingsError:
        return float("nan")
