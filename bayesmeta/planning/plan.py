"""The plan of a single-arm trial that borrows from a meta-analysis: all that its protocol asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number, is_whole
from bayesmeta.planning.arguments import check_rates
from bayesmeta.planning.borrowing import NO_BORROWING, VAGUE, borrowing
from bayesmeta.planning.conflict import Conflict, conflict_table, prior_data_conflict
from bayesmeta.planning.interim import InterimLook
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.robust import robustify
from bayesmeta.planning.sample_size import Method, effective_sample_size
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.planning.success import Success
from bayesmeta.planning.success_text import as_success

__all__ = ["MAP", "ROBUST", "Interim", "Plan", "plan"]

MAP, ROBUST = "MAP", "robust"
"""Names of the two priors that borrow."""

METHODS: tuple[Method, ...] = ("elir", "moment", "morita")

STOP_BELOW = 0.1
"""Predictive probability of success below which a trial is futile, where none is given."""

SPREAD = np.arange(1, 10) / 10
"""True rates looked at where none are given, besides the thresholds of success."""


@dataclass(frozen=True)
class Interim:
    """What an interim look at the trial finds.

    Parameters
    ----------
    events, n : int
        Responders and patients seen.
    success : dict of str to float
        Predictive probability of success at the end, by prior of the analysis.
    conflict : Conflict
        How surprising the responders are to the MAP prior.
    look : InterimLook
        The look at so many patients, which stops the trial under the robust prior.
    """

    events: int
    n: int
    success: dict[str, float]
    conflict: Conflict
    look: InterimLook


@dataclass(frozen=True, eq=False)
class Plan:
    """A single-arm trial analysed with the robust version of a MAP prior; made by `plan`.

    Parameters
    ----------
    map_prior : MapPrior
        Prior that a fit foretells of the rate.
    robust : float
        Share of the vague component in the prior of the analysis.
    priors : dict of str to BetaMixture
        The MAP prior, its robust version and the uniform prior, which borrows nothing.
    trials : dict of str to SingleArmTrial
        The trial analysed with each.
    rates : array
        True rates looked at.
    interim : Interim or None
        What a look at patients seen so far finds.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="grid")
    >>> prior = bm.map_prior(exact, components=1)
    >>> found = bm.plan(prior, n=40, success="P(rate > 0.2) > 0.9", rates=[0.2, 0.4])
    >>> found.operating_characteristics.round(2)
       rate  success
    0   0.2     0.09
    1   0.4     0.93
    >>> found.effective_sizes.loc["elir"].round(1).to_dict()
    {'MAP': 11.9, 'robust': 7.8}
    """

    map_prior: MapPrior
    robust: float
    priors: dict[str, BetaMixture]
    trials: dict[str, SingleArmTrial]
    rates: npt.NDArray[np.float64]
    interim: Interim | None

    @property
    def trial(self) -> SingleArmTrial:
        """The trial as it is analysed: with the robust prior."""
        return self.trials[ROBUST]

    @cached_property
    def operating_characteristics(self) -> pd.DataFrame:
        """Probability of success by true rate, with the robust prior."""
        return self.trial.operating_characteristics(self.rates)

    @cached_property
    def borrowing(self) -> pd.DataFrame:
        """The trial under each prior; see `bayesmeta.borrowing`. Averaged over the MAP prior."""
        priors = {name: self.priors[name] for name in (MAP, ROBUST)}
        return borrowing(self.trial.n, self.trial.success, priors, rates=self.rates)

    @cached_property
    def effective_sizes(self) -> pd.DataFrame:
        """Patients that each prior is worth, by method (rows) and prior (columns).

        Missing where a method has no answer; see `bayesmeta.effective_sample_size`.
        """
        table = {
            name: [_effective_size(self.priors[name], method) for method in METHODS]
            for name in (MAP, ROBUST)
        }
        return pd.DataFrame(table, index=pd.Index(METHODS, name="method"))

    @cached_property
    def conflict(self) -> pd.DataFrame:
        """Tail probabilities, under the MAP prior, of every number of responders at the end."""
        return conflict_table(self.priors[MAP], self.trial.n)


def plan(
    map_prior: MapPrior,
    *,
    n: int,
    success: Success | str,
    robust: float = 0.2,
    rates: Sequence[float] | None = None,
    interim: tuple[int, int] | None = None,
    stop_below: float | None = None,
) -> Plan:
    """Return the plan of a single-arm trial that borrows through a MAP prior.

    Parameters
    ----------
    map_prior : MapPrior
        Prior that a fit foretells of the rate; see `bayesmeta.map_prior`.
    n : int
        Patients of the trial.
    success : Success or str
        Such as ``"P(rate > 0.35) > 0.9"``.
    robust : float
        Share of the vague component that makes the prior robust against conflict.
    rates : sequence of float, optional
        True rates (probability) to look at; tenths and the thresholds of success where None.
    interim : tuple of two int, optional
        Responders and patients seen so far.
    stop_below : float, optional
        Predictive probability of success below which the trial stops at the interim; 0.1 where
        None.

    Returns
    -------
    Plan
        Boundary, operating characteristics, probability of success and the rest.

    Raises
    ------
    SettingsError
        If an argument is out of its range or would have no effect.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="grid")
    >>> prior = bm.map_prior(exact, components=1)
    >>> found = bm.plan(prior, n=40, success="P(rate > 0.2) > 0.9", interim=(3, 15))
    >>> found.trial.words
    '12 or more of 40'
    >>> {name: round(chance, 2) for name, chance in found.interim.success.items()}
    {'MAP': 0.13, 'robust': 0.14, 'none': 0.2}
    """
    if not isinstance(map_prior, MapPrior):
        raise SettingsError(
            f"`map_prior` must be a MapPrior; got {type(map_prior).__name__}. Make it by bm.map_prior(fit); for "
            "another prior, use SingleArmTrial."
        )
    if not is_number(robust) or not 0 < robust < 1:
        raise SettingsError(
            f"`robust` must be a number between 0 and 1, both excluded; got {robust!r}. Write 20% as 0.2."
        )
    success = as_success(success)
    if stop_below is not None and interim is None:
        raise SettingsError(
            "`stop_below` has no effect without `interim`, the patients seen. Leave it out, or give both."
        )
    mixture = map_prior.mixture
    priors = {MAP: mixture, ROBUST: robustify(mixture, weight=robust), NO_BORROWING: VAGUE}
    trials = {name: SingleArmTrial(n, prior, success) for name, prior in priors.items()}
    found = _rates(success) if rates is None else check_rates("rates", rates)
    least = STOP_BELOW if stop_below is None else stop_below
    at = None if interim is None else _interim(trials, mixture, interim, least)
    return Plan(map_prior, robust, priors, trials, found, at)


def _rates(success: Success) -> npt.NDArray[np.float64]:
    return np.unique([*SPREAD, *(each.threshold for each in success.conditions)])


def _interim(
    trials: dict[str, SingleArmTrial],
    mixture: BetaMixture,
    seen: tuple[int, int],
    stop_below: float,
) -> Interim:
    events, n = _seen(seen)
    look = InterimLook(trials[ROBUST], n, stop_below)
    success = {
        name: trial.probability_of_success(events=events, n=n) for name, trial in trials.items()
    }
    return Interim(events, n, success, prior_data_conflict(mixture, events=events, n=n), look)


def _seen(interim: object) -> tuple[int, int]:
    """Return responders and patients of an interim look, after checking them."""
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
    return events, n


def _effective_size(prior: BetaMixture, method: Method) -> float:
    try:
        return effective_sample_size(prior, method=method)
    except SettingsError:
        return float("nan")
