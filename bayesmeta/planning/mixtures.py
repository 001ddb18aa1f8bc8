"""Mixtures of beta distributions: distributions of a rate that a cohort's data update in closed form."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import betainc, betaincc, betaln, expit, logsumexp, xlog1py, xlogy

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, listed
from bayesmeta.estimates.arguments import check_ci_prob
from bayesmeta.numeric import is_number, is_whole, probabilities
from bayesmeta.planning import mixture_text
from bayesmeta.shown import Shown

SUM_TOLERANCE = 1e-6
"""Largest distance of the sum of weights from 1."""

FARTHEST = 690.0
"""Log-odds between which quantiles are sought; rates beyond equal 0 and 1 in floating point."""

QUANTILE_TOLERANCE = 1e-12


@dataclass(frozen=True)
class BetaMixture(Shown):
    """A distribution of a rate: beta distributions, each with its share.

    Parameters
    ----------
    weights : sequence of float
        Share of each component; they sum to 1.
    a, b : sequence of float
        Parameters of the components: ``a / (a + b)`` is a component's mean rate, and ``a + b`` the
        number of patients that it is worth.

    Raises
    ------
    SettingsError
        If the three differ in length, a weight is negative, the weights do not sum to 1, or a
        parameter is not a positive number.

    Examples
    --------
    >>> prior = BetaMixture([0.8, 0.2], a=[12.0, 1.0], b=[18.0, 1.0])
    >>> prior.update(events=20, n=40)
    BetaMixture(0.903 Beta(32, 38) + 0.097 Beta(21, 21))
    >>> round(prior.mean, 3)
    0.42
    """

    shown = ""

    weights: tuple[float, ...]
    a: tuple[float, ...]
    b: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("weights", "a", "b"):
            object.__setattr__(self, name, _numbers(name, getattr(self, name)))
        lengths = len(self.weights), len(self.a), len(self.b)
        if len(set(lengths)) > 1 or not lengths[0]:
            raise SettingsError(
                f"`weights`, `a` and `b` need one value per component; got {listed(lengths)} values."
            )
        for name in ("a", "b"):
            bad = [value for value in getattr(self, name) if value <= 0]
            if bad:
                raise SettingsError(f"`{name}` must be positive numbers; got {bad[0]:g}.")
        total = sum(self.weights)
        if min(self.weights) < 0 or abs(total - 1) > SUM_TOLERANCE:
            raise SettingsError(
                f"`weights` must be at least 0 and sum to 1; got {list(self.weights)}, which sum to {total:g}. "
                "Divide them by their sum."
            )
        object.__setattr__(self, "weights", tuple(weight / total for weight in self.weights))

    @property
    def mean(self) -> float:
        """Mean rate (probability)."""
        weights, a, b = self._arrays
        return float(weights @ (a / (a + b)))

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        weights, a, b = self._arrays
        total = a + b
        means = a / total
        within = means * (1 - means) / (total + 1)
        return float(np.sqrt(weights @ (within + (means - weights @ means) ** 2)))

    def pdf(self, rate: npt.ArrayLike) -> Array:
        """Return the density at rates (probability)."""
        log_densities, weights = self._log_densities(rate)
        return np.asarray(np.exp(log_densities) @ weights)

    def log_pdf(self, rate: npt.ArrayLike) -> Array:
        """Return the log density at rates (probability)."""
        log_densities, weights = self._log_densities(rate)
        return np.asarray(logsumexp(log_densities, axis=-1, b=weights))

    def below(self, rate: npt.ArrayLike) -> Array:
        """Return the probability that the rate is at most `rate`."""
        weights, a, b = self._arrays
        # Weights may add up to a rounding more than 1.
        return np.minimum(betainc(a, b, probabilities("rate", rate)[..., None]) @ weights, 1.0)

    def above(self, rate: npt.ArrayLike) -> Array:
        """Return the probability that the rate is above `rate`; exact in the upper tail, too."""
        weights, a, b = self._arrays
        return np.minimum(betaincc(a, b, probabilities("rate", rate)[..., None]) @ weights, 1.0)

    def log_odds_below(self, log_odds: npt.ArrayLike) -> Array:
        """Return the probability that the log-odds of the rate are at most `log_odds`.

        Unlike `below`, it tells rates apart that lie so near to 1 that they are rounded to it.
        """
        weights, a, b = self._arrays
        x = np.asarray(log_odds, dtype=np.float64)[..., None]
        low = betainc(a, b, expit(np.minimum(x, 0)))
        high = betaincc(b, a, expit(-np.maximum(x, 0)))
        return np.asarray(np.where(x < 0, low, high) @ weights)

    def quantile(self, probability: float) -> float:
        """Return the rate that the distribution lies below with this probability."""
        if not is_number(probability) or not 0 <= probability <= 1:
            raise SettingsError(f"`probability` must be a number from 0 to 1; got {probability!r}.")
        if probability in (0, 1):
            return float(probability)
        ends = self.log_odds_below(np.array([-FARTHEST, FARTHEST])) - probability
        if ends[0] >= 0 or ends[1] <= 0:
            return float(expit(-FARTHEST if ends[0] >= 0 else FARTHEST))
        found = brentq(
            lambda x: float(self.log_odds_below(x)) - probability,
            -FARTHEST,
            FARTHEST,
            xtol=QUANTILE_TOLERANCE,
        )
        return float(expit(found))

    def interval(self, ci_prob: float) -> tuple[float, float]:
        """Return the equal-tailed interval of the rate (probability)."""
        check_ci_prob(ci_prob)
        return self.quantile((1 - ci_prob) / 2), self.quantile((1 + ci_prob) / 2)

    def update(self, *, events: int, n: int) -> "BetaMixture":
        """Return the distribution of the rate after `events` responders of `n` patients, in closed form.

        One update with all patients gives the same distribution as several at interim analyses.

        Raises
        ------
        SettingsError
            If `n` is not a whole number of at least 1, or `events` not one from 0 to `n`.
        """
        n = _patients(n)
        if not is_whole(events) or not 0 <= events <= n:
            raise SettingsError(
                f"`events` must be a whole number from 0 to n = {n}; got {events!r}."
            )
        weights, a, b = self._arrays
        with np.errstate(divide="ignore"):
            log_weight = np.log(weights) + betaln(a + events, b + n - events) - betaln(a, b)
        new = np.exp(log_weight - logsumexp(log_weight))
        return BetaMixture(tuple(new), tuple(a + events), tuple(b + n - events))

    def pmf(self, n: int) -> Array:
        """Return the probabilities of 0 to n responders of n patients, shape (n + 1,)."""
        n = _patients(n)
        weights, a, b = self._arrays
        y = np.arange(n + 1)[:, None]
        log_ways = -np.log(n + 1) - betaln(n - y + 1, y + 1)
        return np.asarray(np.exp(log_ways + log_beta_ratios(a, b, n)) @ weights)

    def to_json(self) -> str:
        """Return the mixture as JSON, for people and for `from_json`."""
        return mixture_text.to_json(self)

    @classmethod
    def from_json(cls, text: str, *, force: bool = False) -> "BetaMixture":
        """Return the mixture that `to_json` of a BetaMixture or a MapPrior wrote.

        Parameters
        ----------
        text : str
            JSON.
        force : bool
            Whether to read a MapPrior that is marked as not reliable.

        Raises
        ------
        SettingsError
            If the text is damaged, or holds no mixture.
        DiagnosticsError
            If it holds a MapPrior whose draws failed their diagnostics, and `force` is False.
        """
        return cls(*mixture_text.from_json(text, force=force))

    def to_rbest(self) -> str:
        """Return an R expression that makes the mixture in RBesT, with all digits.

        >>> BetaMixture([0.75, 0.25], a=[12, 1], b=[28, 1]).to_rbest()
        'mixbeta(c(0.75, 12.0, 28.0), c(0.25, 1.0, 1.0))'
        """
        return mixture_text.to_rbest(self)

    def to_stan(self) -> str:
        """Return Stan functions for the `functions` block, with all digits.

        They define the distribution `map_prior` of a rate: declare ``real<lower=0, upper=1> rate;``
        and write ``rate ~ map_prior();`` in the `model` block.
        """
        return mixture_text.to_stan(self)

    def to_brms(self) -> str:
        """Return R code that makes the mixture the prior of a rate in brms.

        The code defines `map_functions`, for the argument `stanvars` of ``brm``, and `map_prior`, for
        its argument `prior`, in a model whose parameter is the rate itself:
        ``bf(events | trials(n) ~ rate, rate ~ 1, nl = TRUE, family = binomial("identity"))``.
        """
        return mixture_text.to_brms(self)

    def _log_densities(self, rate: npt.ArrayLike) -> tuple[Array, Array]:
        """Return the log densities of components that have a weight, and the weights."""
        weights, a, b = self._arrays
        # At 0 and 1 a density may be infinite, which a weight of 0 would turn into NaN.
        there = weights > 0
        x, a, b = probabilities("rate", rate)[..., None], a[there], b[there]
        return xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b), weights[there]

    @property
    def _arrays(self) -> tuple[Array, Array, Array]:
        return np.array(self.weights), np.array(self.a), np.array(self.b)

    def __repr__(self) -> str:
        parts = zip(self.weights, self.a, self.b, strict=True)
        terms = (f"{weight:.3g} Beta({a:.4g}, {b:.4g})" for weight, a, b in parts)
        return f"BetaMixture({' + '.join(terms)})"


def log_beta_ratios(a: Array, b: Array, n: int) -> Array:
    """Return log of B(a + y, b + n - y) / B(a, b) for y from 0 to n, shape (n + 1, components).

    Each is a product of n factors near to rates. A difference of logs of beta functions would lose
    digits where `a` and `b` are large, all of them where they are 1e12.
    """
    k, total = np.arange(n)[:, None], a + b
    events, rest, patients = (
        np.concatenate([np.zeros((1, a.size)), np.cumsum(np.log(each), axis=0)])
        for each in ((a + k) / total, (b + k) / total, 1 + k / total)
    )
    return np.asarray(events + rest[::-1] - patients[-1])


def _patients(n: int) -> int:
    if not is_whole(n) or n < 1:
        raise SettingsError(f"`n` must be a whole number of patients, at least 1; got {n!r}.")
    return int(n)


def _numbers(name: str, values: object) -> tuple[float, ...]:
    alone = isinstance(values, str) or not isinstance(values, Sequence | np.ndarray)
    several: Iterable[Any] = [values] if alone else np.atleast_1d(values)
    if not all(is_number(value) and np.isfinite(value) for value in several):
        raise SettingsError(
            f"`{name}` must be finite numbers; got {values!r}. Write one for each component, such as [1]."
        )
    return tuple(float(value) for value in several)
