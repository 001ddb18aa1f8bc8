"""Conflict of a prior with data: how far in the tails of what it predicts they lie."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.planning.arguments import check_events, check_mixture, check_patients
from bayesmeta.planning.mixtures import BetaMixture

CONFLICT, STRONG = 0.05, 0.01
"""Tail probabilities below which data conflict with the prior, and do so strongly."""

SAME = 1e-9
"""Relative difference within which two counts are held to be as probable as each other."""


@dataclass(frozen=True)
class Conflict:
    """How surprising data are to a prior; made by `prior_data_conflict`.

    Parameters
    ----------
    events, n : int
        Responders and patients.
    expected : float
        Mean responders that the prior predicts.
    two_sided : float
        Twice the smaller tail probability, at most 1; both tails hold the observed count.
    mid_p : float
        The same with half of the probability of the observed count.
    box : float
        Box's prior predictive p: probability of all counts that are no more probable than it.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> prior = bm.BetaMixture([1], a=[12], b=[18])
    >>> found = bm.prior_data_conflict(prior, events=22, n=40)
    >>> found.expected, round(found.two_sided, 2)
    (16.0, 0.25)
    >>> found.words
    'No conflict: within what the prior predicts (22 responders of 40, 16.0 expected).'
    """

    events: int
    n: int
    expected: float
    two_sided: float
    mid_p: float
    box: float

    @property
    def words(self) -> str:
        """The two-sided probability in a sentence."""
        side = "more" if self.events > self.expected else "fewer"
        seen = f"{self.events} responders of {self.n}, {self.expected:.1f} expected"
        if self.two_sided < STRONG:
            return f"Strong conflict: far {side} than the prior predicts ({seen}); do not borrow before the cause is understood."
        if self.two_sided < CONFLICT:
            return f"Conflict: {side} than the prior predicts ({seen}); consider the result without borrowing."
        return f"No conflict: within what the prior predicts ({seen})."


def prior_data_conflict(prior: BetaMixture, *, events: int, n: int) -> Conflict:
    """Return how surprising responders are to a prior, by its predictive distribution.

    Parameters
    ----------
    prior : BetaMixture
        Distribution of the rate before the data.
    events, n : int
        Responders and patients.

    Returns
    -------
    Conflict
        Tail probabilities, and `words`.

    Raises
    ------
    SettingsError
        If `prior` is not a mixture, `n` is less than 1, or `events` is not between 0 and `n`.

    Examples
    --------
    >>> prior = BetaMixture([1], a=[12], b=[18])
    >>> print(prior_data_conflict(prior, events=34, n=40).words.partition(";")[0])
    Strong conflict: far more than the prior predicts (34 responders of 40, 16.0 expected)

    References
    ----------
    Box 1980, doi:10.2307/2982063.
    Evans & Moshonov 2006, doi:10.1214/06-BA129.
    """
    check_mixture("prior", prior)
    n = check_patients("n", n)
    events, n = check_events(events, n)
    table = conflict_table(prior, n)
    found = (float(table[name].iloc[events]) for name in ("two_sided", "mid_p", "box"))
    return Conflict(events, n, n * prior.mean, *found)


def conflict_table(prior: BetaMixture, n: int) -> pd.DataFrame:
    """Return the tail probabilities of every number of responders, and whether it conflicts.

    Columns `probability`, `two_sided`, `mid_p`, `box` and `conflict`; see `Conflict`.
    """
    pmf = prior.pmf(n)
    low, high = np.cumsum(pmf), np.cumsum(pmf[::-1])[::-1]
    two_sided = np.minimum(2 * np.minimum(low, high), 1)
    mid_p = np.minimum(2 * np.minimum(low - pmf / 2, high - pmf / 2), 1)
    table = {"probability": pmf, "two_sided": two_sided, "mid_p": mid_p, "box": _box(pmf)}
    index = pd.RangeIndex(n + 1, name="events")
    return pd.DataFrame(table, index=index).assign(conflict=two_sided < CONFLICT)


def _box(pmf: Array) -> Array:
    """Return, for each count, the probability of all that are no more probable than it."""
    order = np.sort(pmf)
    upto = np.concatenate([[0.0], np.cumsum(order)])
    places = np.searchsorted(order, pmf * (1 + SAME), side="right")
    return np.asarray(np.minimum(upto[places], 1))
