"""How many patients a single-arm trial needs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmeta.errors import SettingsError
from bayesmeta.planning.analysis_priors import AnalysisPrior, check_analysis_prior
from bayesmeta.planning.arguments import check_open, check_patients
from bayesmeta.planning.counts import in_set
from bayesmeta.planning.single_arm import SingleArmTrial
from bayesmeta.planning.success import Success, as_success
from bayesmeta.shown import Shown

TEETH = 2
"""Teeth of the saw that must hold up to the largest number tried, before larger ones are taken to."""


@dataclass(frozen=True, eq=False, repr=False)
class SampleSize(Shown):
    """The patients that a trial needs; made by `smallest_n`.

    Both error rates rise and fall with n like a saw, since responders are whole numbers.

    Parameters
    ----------
    n : int or None
        Smallest number of patients that meets both demands; None where none up to the largest does.
    n_from : int or None
        Smallest number from which on all do; None where these are less than two teeth of the saw.
    table : DataFrame
        Columns `n`, `boundary`, `type_one_error`, `power` and `meets` of every n tried.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> flat = bm.BetaMixture([1], a=[1], b=[1])
    >>> size = bm.smallest_n("P(rate > 0.2) > 0.975", flat, alternative=0.4)
    >>> size.n, size.n_from, size.holds_for_larger
    (35, 38, False)
    >>> size.table.set_index("n").loc[[34, 35]].round(3)
        boundary  type_one_error  power  meets
    n
    34        12           0.027  0.767  False
    35        12           0.034  0.805   True
    """

    n: int | None
    n_from: int | None
    table: pd.DataFrame

    @property
    def holds_for_larger(self) -> bool:
        """Whether all larger numbers of patients that were tried meet the demands too."""
        return self.n is not None and self.n == self.n_from

    def __repr__(self) -> str:
        most = self.table["n"].iloc[-1]
        if self.n is None:
            return f"SampleSize(none up to {most})"
        beyond = "never for all larger" if self.n_from is None else f"for all from {self.n_from}"
        return f"SampleSize({self.n}; {beyond} up to {most})"


def smallest_n(
    success: Success | str,
    prior: AnalysisPrior,
    *,
    null_rate: float | None = None,
    alternative: float,
    alpha: float = 0.05,
    power: float = 0.8,
    n_max: int = 200,
) -> SampleSize:
    """Return the smallest number of patients that keeps the type-I error and has the power.

    Parameters
    ----------
    success : Success or str
        Such as ``"P(rate > 0.35) > 0.9"``; its conditions must have one direction.
    prior : BetaMixture or SamPrior
        Distribution of the rate that the analysis starts from. With a SamPrior, numbers of patients do
        not meet the demands where more responders may fail than succeed, as the error then need not be
        largest at the null.
    null_rate : float, optional
        True rate of the type-I error; the threshold of the most certain condition where None.
    alternative : float
        True rate (probability) of the power.
    alpha : float
        Largest type-I error allowed.
    power : float
        Smallest power allowed.
    n_max : int
        Largest number of patients tried.

    Returns
    -------
    SampleSize
        With `n`, whether it holds for all larger numbers too, and the table of all.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or the alternative lies on the wrong side.

    Examples
    --------
    >>> from bayesmeta.planning.mixtures import BetaMixture
    >>> vague = BetaMixture([1], a=[1], b=[1])
    >>> smallest_n("P(rate > 0.2) > 0.975", vague, alternative=0.4)
    SampleSize(35; for all from 38 up to 200)
    """
    success = as_success(success)
    check_analysis_prior("prior", prior)
    null = success.null_value if null_rate is None else check_open("null_rate", null_rate)
    other = check_open("alternative", alternative)
    alpha, power = check_open("alpha", alpha), check_open("power", power)
    n_max = check_patients("n_max", n_max)
    if success.of_two_arms:
        raise SettingsError(
            f"`success` must be on the rate of a single arm; got {success}. Try sizes of a TwoArmTrial instead."
        )
    if success.direction is None:
        raise SettingsError(
            f"`success` must ask for rates on one side only, so that its error is largest at `null_rate`; got {success}."
        )
    if (other > null) != (success.direction == ">") or other == null:
        side = "above" if success.direction == ">" else "below"
        raise SettingsError(
            f"`alternative` must lie {side} the null rate of {null:g}, where `success` points; got {other:g}."
        )
    trials = [SingleArmTrial(n, prior, success) for n in range(1, n_max + 1)]
    table = pd.DataFrame([_row(each, null, other) for each in trials])
    table["boundary"] = table["boundary"].astype("Int64")
    kept = (table["type_one_error"] <= alpha) & (table["power"] >= power)
    meets = kept.to_numpy() & [_to_one_end(each) for each in trials]
    first = int(table["n"].iloc[meets.argmax()]) if meets.any() else None
    failing = np.flatnonzero(~meets)
    last = int(failing[-1]) + 2 if failing.size else 1
    teeth = table.loc[table["n"] >= last, "boundary"].nunique()
    return SampleSize(first, last if teeth > TEETH else None, table.assign(meets=meets))


def _row(trial: SingleArmTrial, null: float, alternative: float) -> dict[str, object]:
    error, power = in_set(trial.successes, np.array([null, alternative]))
    edge = trial.boundary if trial.success.direction == ">" else trial.largest
    return {"n": trial.n, "boundary": edge, "type_one_error": error, "power": power}


def _to_one_end(trial: SingleArmTrial) -> bool:
    """Return whether all numbers of responders beyond one that succeeds do, too."""
    rising = trial.successes if trial.success.direction == ">" else trial.successes[::-1]
    return bool((rising[1:] >= rising[:-1]).all())
