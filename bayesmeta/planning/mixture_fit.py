"""`fit_mixture`: the mixture of betas that is nearest to the draws of a rate."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from bayesmeta.arrays import Array, Integers
from bayesmeta.errors import SettingsError
from bayesmeta.estimates.rates import RateDistribution
from bayesmeta.numeric import is_whole
from bayesmeta.planning.counts import log_rates
from bayesmeta.planning.expectation_maximisation import Points, expectation_maximisation
from bayesmeta.planning.mixtures import FARTHEST, BetaMixture
from bayesmeta.shown import Shown

Components = Literal["aic", "bic"] | int

MOST_COMPONENTS = 4

INTERVALS = 100
"""Intervals of equal probability over which the divergence is summed."""

COLUMNS = ("log_likelihood", "aic", "bic", "ecdf_difference", "kl")

WIDENED, TIGHTEST = 1.5, 4.0
"""Of a start's components side by side, their variance in multiples of their part's; of nested ones,
how many times as many patients as the draws' own beta distribution the tightest is worth."""


GROUPS = 1000
"""Most groups into which a sample is gathered."""

FEWEST = 100
"""Fewest draws to which a mixture is fitted."""


@dataclass(frozen=True, eq=False)
class RateSample:
    """Rising log-odds of a rate, equally likely, and the independent draws that they count as."""

    log_odds: Array
    draws: int

    @property
    def rates(self) -> Array:
        """The points as rates (probability), in rising order."""
        return np.asarray(expit(self.log_odds))

    def grouped(self) -> tuple[Array, Array, Array]:
        """Return mean log rate, mean log of one minus it, and share of groups of neighbouring points."""
        log_rate, log_rest = log_rates(self.log_odds)
        starts = self._starts()
        sizes = np.diff([*starts, self.log_odds.size])
        mean_rate, mean_rest = (np.add.reduceat(x, starts) / sizes for x in (log_rate, log_rest))
        return mean_rate, mean_rest, sizes / self.log_odds.size

    def distribution(self) -> tuple[Array, Array]:
        """Return the last point of each group (log-odds), and the share of points up to it."""
        ends = np.append(self._starts()[1:], self.log_odds.size)
        return self.log_odds[ends - 1], ends / self.log_odds.size

    def _starts(self) -> Integers:
        groups = min(GROUPS, self.log_odds.size)
        return np.arange(groups) * self.log_odds.size // groups


@dataclass(frozen=True, eq=False, repr=False)
class MixtureFit(Shown):
    """A mixture of betas fitted to draws of a rate; made by `fit_mixture`.

    Parameters
    ----------
    mixture : BetaMixture
        The chosen one.
    table : DataFrame
        The candidates, one row for each number of components; see `fit_mixture`.
    sample : RateSample
        The draws to which it is fitted.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> import numpy as np
    >>> log_odds = np.random.default_rng(1).normal(-1, 0.5, 2000)
    >>> found = bm.fit_mixture(log_odds, components=1)
    >>> found.mixture
    BetaMixture(1 Beta(5.772, 14.95))
    >>> round(found.ecdf_difference, 3)
    0.025
    """

    mixture: BetaMixture
    table: pd.DataFrame
    sample: RateSample

    @property
    def ecdf_difference(self) -> float:
        """Largest difference of the mixture's distribution function from the draws' (probability)."""
        return float(self.table["ecdf_difference"].to_dict()[len(self.mixture.weights)])

    @property
    def kl(self) -> float:
        """Kullback-Leibler divergence of the distribution of the draws from the mixture (nats)."""
        return float(self.table["kl"].to_dict()[len(self.mixture.weights)])

    def __repr__(self) -> str:
        return (
            f"MixtureFit({self.mixture!r}; largest difference of the distribution functions "
            f"{self.ecdf_difference:.3f})"
        )


def fit_mixture(
    distribution: RateDistribution | npt.ArrayLike, *, components: Components = "aic"
) -> MixtureFit:
    """Return the mixture of betas that makes the draws of a rate most likely.

    Found by expectation maximisation on the logs of rates, from several starts that depend on the
    draws only, so that the same draws always give the same mixture. Parameters are at least 1, so
    that no component piles its mass up at 0 or 1 and every effective sample size exists.

    Parameters
    ----------
    distribution : RateDistribution or array
        The distribution of a rate; an array holds log-odds of independent draws.
    components : "aic", "bic" or int
        Number of components: that of 1 to 4 with the smallest criterion, or a fixed one.

    Returns
    -------
    MixtureFit
        With `mixture` and `table`. Its rows are numbers of components; its columns

        - `log_likelihood`: the number of draws times the mean log density of the rate. The points
          that stand for one draw are alike, so they count as one draw together, in `aic` and `bic`,
          too;
        - `aic`, `bic`: minus twice that, plus twice the number of free parameters, or plus that
          number times the log of the number of draws;
        - `ecdf_difference`: largest difference of the distribution functions, at up to 1,000
          quantiles of the draws;
        - `kl`: Kullback-Leibler divergence of the distribution of the draws from the mixture
          in nats, over 100 intervals that hold the draws in equal shares; what happens inside an
          interval is not seen.

    Raises
    ------
    SettingsError
        If `components` is none of these, the log-odds are not finite, or there are too few draws.

    References
    ----------
    Schmidli, Gsteiger, Roychoudhury, O'Hagan, Spiegelhalter & Neuenschwander 2014,
    doi:10.1111/biom.12242 (mixtures for MAP priors).

    Examples
    --------
    >>> import numpy as np
    >>> rates = np.random.default_rng(1).beta(12, 28, size=4000)
    >>> fit_mixture(np.log(rates / (1 - rates)), components="bic")
    MixtureFit(BetaMixture(1 Beta(12.06, 28.18)); largest difference of the distribution functions 0.008)
    """
    numbers = _candidates(components)
    sample = rate_sample(distribution)
    points = Points(*sample.grouped())
    found = {number: _best(sample, points, number) for number in numbers}
    rows = [_judged(mixture, mean, sample) for mixture, mean in found.values()]
    table = pd.DataFrame(rows, index=pd.Index(numbers, name="components"), columns=list(COLUMNS))
    chosen = numbers[int(table[components].argmin())] if isinstance(components, str) else components
    return MixtureFit(_ordered(found[chosen][0]), table, sample)


def rate_sample(distribution: RateDistribution | npt.ArrayLike) -> RateSample:
    """Return a sample of a distribution of rates."""
    if hasattr(distribution, "sample"):
        points, draws = distribution.sample()
    else:
        points = _log_odds(distribution)
        draws = points.size
    if not np.isfinite(points).all():
        raise SettingsError(
            "`distribution` must be finite log-odds; got some that are not. Drop them."
        )
    if draws < FEWEST:
        raise SettingsError(
            f"`distribution` must have at least {FEWEST} draws; got {draws}. Draw more."
        )
    return RateSample(np.sort(np.clip(points.ravel(), -FARTHEST, FARTHEST)), draws)


def _log_odds(distribution: object) -> Array:
    try:
        return np.asarray(distribution, dtype=np.float64)
    except (TypeError, ValueError):
        raise SettingsError(
            f"`distribution` must be that of a prediction or an array of log-odds; got {type(distribution).__name__}."
        ) from None


def _candidates(components: object) -> Sequence[int]:
    if components in ("aic", "bic"):
        return range(1, MOST_COMPONENTS + 1)
    if not is_whole(components) or not 1 <= components <= MOST_COMPONENTS:
        raise SettingsError(
            f"`components` must be 'aic', 'bic' or a whole number from 1 to {MOST_COMPONENTS}; got {components!r}."
        )
    return [int(components)]


def _best(sample: RateSample, points: Points, number: int) -> tuple[BetaMixture, float]:
    """Return the most likely mixture that any start leads to, and its mean log likelihood."""
    ends = []
    for start in _starts(sample, number):
        [end] = deque(expectation_maximisation(start, points), maxlen=1)
        ends.append(end)
    return max(ends, key=lambda end: end[1])


def _starts(sample: RateSample, number: int) -> list[BetaMixture]:
    """Return mixtures of components side by side, and of components around one centre."""
    even = (1 / number,) * number
    parts = [_by_moments(part, WIDENED) for part in np.array_split(sample.rates, number)]
    a, b = zip(*parts, strict=True)
    beside = BetaMixture(even, a, b)
    if number == 1:
        return [beside]
    a_all, b_all = _by_moments(sample.rates, 1.0)
    factor = TIGHTEST ** np.linspace(-1, 1, number)
    nested = BetaMixture(
        even, tuple(np.maximum(a_all * factor, 1)), tuple(np.maximum(b_all * factor, 1))
    )
    return [beside, nested]


def _by_moments(rates: Array, widened: float) -> tuple[float, float]:
    """Return beta parameters, at least 1, with the mean and the widened variance of rates."""
    mean, variance = float(rates.mean()), max(float(rates.var()), 1e-12)
    total = max(mean * (1 - mean) / (widened * variance) - 1, 2.0)
    return max(mean * total, 1.0), max((1 - mean) * total, 1.0)


def _judged(mixture: BetaMixture, mean: float, sample: RateSample) -> tuple[float, ...]:
    """Return the row of a candidate."""
    parameters = 3 * len(mixture.weights) - 1
    log_likelihood = sample.draws * mean
    points, share = sample.distribution()
    below = mixture.log_odds_below(points)
    return (
        log_likelihood,
        2 * parameters - 2 * log_likelihood,
        np.log(sample.draws) * parameters - 2 * log_likelihood,
        float(np.abs(below - share).max()),
        _divergence(mixture, sample),
    )


def _divergence(mixture: BetaMixture, sample: RateSample) -> float:
    """Return the divergence of the draws from a mixture over intervals with equal shares of them."""
    edges = np.quantile(sample.log_odds, np.linspace(0, 1, INTERVALS + 1)[1:-1])
    expected = np.diff(mixture.log_odds_below(edges), prepend=0.0, append=1.0)
    tiny = np.finfo(np.float64).tiny
    return float(-np.log(np.maximum(INTERVALS * expected, tiny)).mean())


def _ordered(mixture: BetaMixture) -> BetaMixture:
    """Return the mixture with its heaviest component first."""
    parts = sorted(zip(mixture.weights, mixture.a, mixture.b, strict=True), reverse=True)
    weights, a, b = zip(*parts, strict=True)
    return BetaMixture(weights, a, b)
