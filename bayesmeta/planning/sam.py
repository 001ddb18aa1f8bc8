"""`SamPrior`: a prior that borrows the less, the more the trial's own data contradict history."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, xlog1py, xlogy

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number
from bayesmeta.planning.arguments import check_events, check_mixture, check_open
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.robust import VAGUE, mixed


@dataclass(frozen=True)
class SamPrior:
    """A self-adapting mixture (SAM) prior: its weight of history depends on the trial's counts.

    With R the likelihood of the counts at the mean rate of history, divided by the larger of those
    at this rate plus and minus `delta`, history has weight ``w = R / (1 + R)``, and the vague prior
    ``1 - w``. With `prior_odds` R is multiplied by them: it then is the posterior odds of the two
    hypotheses. A rate outside 0 to 1 is no hypothesis, and is left out; the R package SAMprior takes
    0.01 or 0.99 in its place.

    Since the weight depends on the data, the posterior is no update of one distribution. Counts
    that succeed need not be neighbours: more responders may be in conflict where fewer are not.

    Parameters
    ----------
    history : BetaMixture
        Distribution of the rate by history, such as the `mixture` of a MAP prior.
    delta : float
        Clinically significant difference (probability): at this distance history is not borrowed.
    prior_odds : float
        Prior odds of no conflict against conflict; 1 is the likelihood ratio form.
    vague : BetaMixture
        What the other weight goes to; uniform by default.

    Raises
    ------
    SettingsError
        If an argument is out of its range, or no rate `delta` from the mean of history is one.

    References
    ----------
    Yang, Zhao, Nie, Vallejo & Yuan 2023, doi:10.1111/biom.13927.

    Examples
    --------
    >>> prior = SamPrior(BetaMixture([1], a=[40], b=[60]), delta=0.15)
    >>> round(prior.weight(events=12, n=60), 6)
    0.006238
    >>> prior.at(events=24, n=60)
    BetaMixture(0.938 Beta(40, 60) + 0.0622 Beta(1, 1))
    """

    history: BetaMixture
    delta: float
    prior_odds: float = 1.0
    vague: BetaMixture = VAGUE

    def __post_init__(self) -> None:
        check_mixture("history", self.history)
        check_mixture("vague", self.vague)
        delta, odds = sam_settings(self.history, self.delta, self.prior_odds)
        object.__setattr__(self, "delta", delta)
        object.__setattr__(self, "prior_odds", odds)

    @property
    def a(self) -> tuple[float, ...]:
        """First parameters of all components, those of the vague prior last."""
        return (*self.history.a, *self.vague.a)

    @property
    def b(self) -> tuple[float, ...]:
        """Second parameters of all components, those of the vague prior last."""
        return (*self.history.b, *self.vague.b)

    def history_weights(self, n: int) -> Array:
        """Return the weight of history after 0 to n responders of n, shape (n + 1,)."""
        return np.asarray(expit(self._log_odds(np.arange(n + 1), n)))

    def weight(self, *, events: int, n: int) -> float:
        """Return the weight of history after `events` responders of `n` patients."""
        events, n = check_events(events, n)
        return float(expit(self._log_odds(np.array([events]), n))[0])

    def at(self, *, events: int, n: int) -> BetaMixture:
        """Return the prior that is used with `events` responders of `n` patients.

        Without patients, ``n=0``, R is `prior_odds`.
        """
        return mixed(self.history, self.vague, 1 - self.weight(events=events, n=n))

    def update(self, *, events: int, n: int) -> BetaMixture:
        """Return the distribution of the rate after `events` responders of `n` patients."""
        return self.at(events=events, n=n).update(events=events, n=n)

    def log_weights(self, n: int) -> Array:
        """Return the log weights of all components after 0 to n responders, (n + 1, components)."""
        log_odds = self._log_odds(np.arange(n + 1), n)[:, None]
        with np.errstate(divide="ignore"):
            history, vague = np.log(self.history.weights), np.log(self.vague.weights)
        borrowed, rest = -np.logaddexp(0, -log_odds), -np.logaddexp(0, log_odds)
        return np.hstack([borrowed + history, rest + vague])

    def _log_odds(self, events: npt.NDArray[np.integer], n: int) -> Array:
        def log_likelihood(rate: float) -> Array:
            return np.asarray(xlogy(events, rate) + xlog1py(n - events, -rate))

        others = np.max([log_likelihood(rate) for rate in _apart(self.history, self.delta)], axis=0)
        return np.asarray(np.log(self.prior_odds) + log_likelihood(self.history.mean) - others)


def sam_settings(
    history: BetaMixture,
    delta: object,
    odds: object,
    names: tuple[str, str] = ("delta", "prior_odds"),
) -> tuple[float, float]:
    """Return the difference and the prior odds of a SAM prior, after checking them by their names."""
    difference = check_open(names[0], delta)
    if not is_number(odds) or not 0 < odds < np.inf:
        raise SettingsError(
            f"`{names[1]}` must be a positive number, 1 for even odds; got {odds!r}."
        )
    if not _apart(history, difference).size:
        raise SettingsError(
            f"`{names[0]}` must leave a rate between 0 and 1 at that distance from {history.mean:.3g}, the mean of history; "
            f"got {difference:g}. Give a smaller difference."
        )
    return difference, float(odds)


def _apart(history: BetaMixture, delta: float) -> Array:
    """Return the rates at a distance from the mean of history."""
    rates = history.mean + np.array([-delta, delta])
    return rates[(rates > 0) & (rates < 1)]
