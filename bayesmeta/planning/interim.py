"""An interim look at a single-arm trial: stop for futility where success has become improbable."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_whole
from bayesmeta.planning.analysis_priors import belief
from bayesmeta.planning.arguments import check_distribution, check_open, check_patients, check_rates
from bayesmeta.planning.conflict import Conflict, prior_data_conflict
from bayesmeta.planning.counts import binomial_pmf, hypergeometric, in_blocks
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan_priors import ROBUST
from bayesmeta.planning.sam import SamPrior
from bayesmeta.planning.single_arm import CountDistribution, SingleArmTrial


@dataclass(frozen=True)
class InterimLook:
    """A look at the first n patients that stops a trial whose success has become improbable.

    Parameters
    ----------
    trial : SingleArmTrial
        The trial that goes on otherwise.
    n : int
        Patients seen at the look, fewer than those of the trial.
    stop_below : float
        Predictive probability of success below which the trial stops.
    distribution : BetaMixture or distribution of a prediction, optional
        Distribution of the rate for the predictive probability; the prior of the analysis where None.

    Raises
    ------
    SettingsError
        If `n` is not less than the patients of the trial, or `stop_below` not between 0 and 1.

    References
    ----------
    Lee & Liu 2008, doi:10.1177/1740774508089279 (stopping by predictive probability).

    Examples
    --------
    >>> import bayesmeta as bm
    >>> trial = bm.SingleArmTrial(40, bm.BetaMixture([1], a=[1], b=[1]), "P(rate > 0.35) > 0.9")
    >>> look = bm.InterimLook(trial, n=20, stop_below=0.1)
    >>> int(look.stops.sum())  # 0 to 6 responders stop the trial
    7
    >>> look.operating_characteristics([0.35, 0.5]).round(2)
       rate  success  stop  expected_n
    0  0.35     0.12  0.42       31.67
    1  0.50     0.77  0.06       38.85
    """

    trial: SingleArmTrial
    n: int
    stop_below: float
    distribution: CountDistribution | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.trial, SingleArmTrial):
            raise SettingsError(
                f"`trial` must be a SingleArmTrial; got {type(self.trial).__name__}."
            )
        object.__setattr__(self, "n", check_patients("n", self.n))
        if self.n >= self.trial.n:
            raise SettingsError(
                f"`n` of an interim look must be less than the trial's {self.trial.n} patients; got {self.n}."
            )
        check_open("stop_below", self.stop_below)
        if self.distribution is None and isinstance(self.trial.prior, SamPrior):
            raise SettingsError(
                "`distribution` is needed where the prior of `trial` is a SamPrior, whose weight changes with every patient. "
                "Give a BetaMixture, such as its `history`."
            )
        if self.distribution is not None:
            check_distribution("distribution", self.distribution)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Predictive probability of `success`, and whether to `stop`, for every interim count."""
        distribution = belief(self.trial.prior) if self.distribution is None else self.distribution
        at_end = distribution.pmf(self.trial.n)
        both = np.stack([at_end, at_end * self.trial.successes])
        seen, succeeding = np.hstack([both @ block for block in self._given_all()])
        # Where the distribution holds a count to be impossible, the trial continues.
        success = np.divide(succeeding, seen, out=np.ones_like(seen), where=seen > 0)
        index = pd.RangeIndex(self.n + 1, name="events")
        success = np.minimum(success, 1.0)
        return pd.DataFrame({"success": success, "stop": success < self.stop_below}, index=index)

    @property
    def stops(self) -> Flags:
        """Whether 0 to n responders at the look stop the trial, shape (n + 1,)."""
        return np.asarray(self.table["stop"], dtype=bool)

    def operating_characteristics(self, rates: npt.ArrayLike) -> pd.DataFrame:
        """Return the properties of the trial with its interim look, for true rates (probability).

        Columns `rate`; `success`, the probability of continuing and succeeding; `stop`, that of
        stopping; and `expected_n`, mean patients.
        """
        true = check_rates("rates", rates)
        at_end = binomial_pmf(self.trial.n, true) * self.trial.successes
        success = np.hstack([at_end @ block for block in self._given_all()]) @ ~self.stops
        success, stop = np.minimum([success, binomial_pmf(self.n, true) @ self.stops], 1.0)
        expected = self.n * stop + self.trial.n * (1 - stop)
        return pd.DataFrame(
            {"rate": true, "success": success, "stop": stop, "expected_n": expected}
        )

    def _given_all(self) -> Iterator[Array]:
        """Yield the probabilities of interim counts given all responders, some counts at a time."""
        blocks = in_blocks(self.trial.n, self.n)
        return (hypergeometric(self.trial.n, self.n, events) for events in blocks)


@dataclass(frozen=True)
class Interim:
    """What an interim look at the trial finds; `look` stops the trial under the robust prior."""

    events: int
    n: int
    success: dict[str, float]
    """Predictive probability of success at the end, by prior of the analysis."""
    conflict: Conflict
    """How surprising the responders are to the MAP prior."""
    look: InterimLook


def interim_of(
    trials: Mapping[str, SingleArmTrial],
    mixture: BetaMixture,
    seen: tuple[int, int],
    stop_below: float,
) -> Interim:
    """Return the predictive probability of success at the end, with each prior, and the conflict."""
    events, n = _seen(seen, trials[ROBUST].n)
    look = InterimLook(trials[ROBUST], n, stop_below)
    success = {
        name: trial.probability_of_success(events=events, n=n) for name, trial in trials.items()
    }
    return Interim(events, n, success, prior_data_conflict(mixture, events=events, n=n), look)


def _seen(interim: object, planned: int) -> tuple[int, int]:
    """Return responders and patients of an interim look at `planned` patients, after checking them."""
    pair = tuple(interim) if isinstance(interim, Sequence | np.ndarray) else ()
    if len(pair) != len(("events", "n")) or not all(map(is_whole, pair)):
        raise SettingsError(
            f"`interim` must be responders and patients, two whole numbers; got {interim!r}. Write (8, 20)."
        )
    events, n = map(int, pair)
    if not 0 <= events <= n:
        raise SettingsError(
            f"`interim` must be responders and patients, at most so many responders as patients; got {events} of {n}. "
            "Write (8, 20)."
        )
    if not 0 < n < planned:
        raise SettingsError(
            f"`interim` must be of some of the trial's {planned} patients, fewer than all; got {events} responders of {n}. "
            "Give those seen at the look."
        )
    return events, n
