"""Events of a new cohort about several nested outcomes at once: as text, and their probabilities."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrik, betaincc

from bayesmeta.arrays import Array, Integers
from bayesmeta.errors import SettingsError, nearest
from bayesmeta.estimates.count_distributions import add_binomial, log_factorials
from bayesmeta.estimates.events import Probability
from bayesmeta.estimates.precision import mean_of
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.lattice import PRIMES, kronecker_sequence

JOINT_NODES, FEW_NODES = 4, 1
"""Points of each draw over which joint probabilities of counts are summed; and
those in cohorts of more than `LARGE` whose counts are summed, at a cost that grows as their square."""

LARGE = 100
"""Patients of a large cohort."""

LARGEST_SUMMED = 1000
"""Patients of the largest cohort of which counts are summed one by one; its cost is their square."""

NEGLIGIBLE = 1e-15
"""Probability of a count below which what follows from it is left out."""

_TERM = re.compile(
    r"\s*(?:rate\s*\(\s*(?P<rate>\w+)\s*\)|(?P<count>\w+))\s*(?P<sign>>=|<=|==|>|<)\s*(?P<value>[\d.]+)\s*"
)
_AND = re.compile(r"\band\b", re.IGNORECASE)
_OR = re.compile(r"\bor\b|\|", re.IGNORECASE)
_TURNED = re.compile("=[<>]")
_FORM = (
    "Terms read `OUTCOME >= number` or `rate(OUTCOME) > number`, such as 'CR >= 8' or 'rate(CR) > 0.2', and are "
    "joined by 'and'."
)


@dataclass(frozen=True)
class CountBound:
    """At least `low` and at most `high` patients of the cohort have the outcome at a position."""

    level: int
    low: int
    high: int


@dataclass(frozen=True)
class RateBound:
    """The cohort's true rate (probability) of the outcome at a position is above or below a number."""

    level: int
    rate: float
    above: bool


@dataclass(frozen=True)
class JointEvent:
    """Bounds on counts and rates of a cohort of `n` that must all hold."""

    n: int
    counts: tuple[CountBound, ...]
    rates: tuple[RateBound, ...]

    def of(self, nodes: Array) -> Probability:
        """Return the probability where rates are these, dims (chain, draw, node, level)."""
        if self.counts:
            wanted = FEW_NODES if LARGE < self.n <= LARGEST_SUMMED else JOINT_NODES
            # Some nodes at equal steps: those of one draw are as even taken apart so.
            nodes = nodes[:, :, :: max(1, nodes.shape[2] // wanted)]
        held = np.ones(nodes.shape[:-1])
        for bound in self.rates:
            own = nodes[..., bound.level]
            held *= own > bound.rate if bound.above else own < bound.rate
        if self.counts:
            flat = nodes.reshape(-1, nodes.shape[-1])
            held *= within_bounds(flat, self.n, self.counts).reshape(held.shape)
        return Probability(mean_of(held))


def parse_event(text: str, outcomes: Sequence[str], n: int) -> JointEvent:
    """Return the event that `text` describes, of a cohort of `n` patients."""
    if not isinstance(text, str) or not text.strip():
        raise SettingsError(f"`event` must be text; got {text!r}. {_FORM}")
    counts, rates, place = [], [], 0
    for part in _AND.split(text):
        term = _TERM.fullmatch(part)
        if term is None:
            raise _unreadable(
                text,
                place + len(part) - len(part.lstrip()),
                f"no term can be read here{_advice(part)}",
            )
        name = term["rate"] or term["count"]
        start = place + term.start("rate" if term["rate"] else "count")
        if name not in outcomes:
            raise _unreadable(
                text, start, f"there is no outcome '{name}'. {nearest(name, outcomes).rstrip('.')}"
            )
        level, at = list(outcomes).index(name), place + term.start("value")
        if term["rate"]:
            rates.append(_rate_bound(text, at, level, term["sign"], term["value"]))
        else:
            counts.append(_count_bound(text, at, level, term["sign"], term["value"], n))
        place += len(part) + len("and")
    return JointEvent(n, tuple(counts), tuple(rates))


def _rate_bound(text: str, at: int, level: int, sign: str, value: str) -> RateBound:  # noqa: PLR0917
    if sign == "==":
        raise _unreadable(text, at, "a rate is above or below a number, never equal to it")
    rate = _number(text, at, value)
    if not 0 <= rate <= 1:
        raise _unreadable(text, at, f"a rate is a probability from 0 to 1, not {value}")
    return RateBound(level, rate, sign.startswith(">"))


def _count_bound(text: str, at: int, level: int, sign: str, value: str, n: int) -> CountBound:  # noqa: PLR0917
    number = _number(text, at, value)
    if not number.is_integer() or number > n:
        raise _unreadable(text, at, f"a count is a whole number from 0 to n = {n}, not {value}")
    count = int(number)
    low = {">=": count, ">": count + 1, "==": count}.get(sign, 0)
    high = {"<=": count, "<": count - 1, "==": count}.get(sign, n)
    return CountBound(level, low, high)


def _number(text: str, at: int, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise _unreadable(text, at, f"'{value}' is not a number") from None


def _advice(part: str) -> str:
    """Return what is wrong with a term that shows a common slip."""
    if _OR.search(part):
        return ", as 'or' is not supported: ask for each event by itself"
    turned = _TURNED.search(part)
    return f", as '{turned[0]}' is written '{turned[0][::-1]}'" if turned else ""


def _unreadable(text: str, place: int, why: str) -> SettingsError:
    """Return an error that points at a place of the text."""
    return SettingsError(f"`event`: {why}. {_FORM}\n    {text}\n    {' ' * place}^")


def within_bounds(rates: Array, n: int, bounds: Sequence[CountBound]) -> Array:
    """Return the probability that all counts keep their bounds, shape (draw,).

    Above `LARGEST_SUMMED` patients it is right on average over many draws only: each has one path of
    counts.
    """
    levels = sorted({bound.level for bound in bounds})
    low, high = np.zeros(len(levels), dtype=np.int64), np.full(len(levels), n, dtype=np.int64)
    for bound in bounds:
        place = levels.index(bound.level)
        low[place] = max(low[place], bound.low)
        high[place] = min(high[place], bound.high)
    if (low > high).any():
        return np.zeros(len(rates))
    around = np.concatenate([np.ones((len(rates), 1)), rates[:, levels[:-1]]], axis=1)
    inner = rates[:, levels]
    # Of an outcome that has become impossible, so has every part.
    ratio = np.divide(inner, around, out=np.zeros_like(inner), where=around > 0)
    if n > LARGEST_SUMMED:
        return _one_path(ratio, n, low, high)
    tiny = np.finfo(np.float64).tiny
    log_odds = np.log(np.maximum(ratio, tiny)) - np.log(np.maximum(1 - ratio, tiny))
    return np.asarray(_chained(np.ascontiguousarray(log_odds), n, low, high))


def _one_path(ratio: Array, n: int, low: Integers, high: Integers) -> Array:
    """Return the same from one path of counts a draw, each within its bounds, the last by its tails.

    The paths are spread evenly over the draws, by other steps than the effects of new studies; the
    weight of a path is the probability of each bound given the counts before (the method of Geweke,
    Hajivassiliou and Keane: Genz & Bretz 2009, doi:10.1007/978-3-642-01689-9).
    """
    points = kronecker_sequence(range(len(ratio)), 1, len(PRIMES))[:, 0, ::-1]
    held, around = np.ones(len(ratio)), np.full(len(ratio), n)
    for level, rate in enumerate(ratio.T):
        below, upto = (_at_most(count, around, rate) for count in (low[level] - 1, high[level]))
        within = np.maximum(upto - below, 0.0)
        held *= within
        if level < low.size - 1:
            count = _quantile(below + points[:, level] * within, around, rate)
            around = np.clip(count, low[level], np.maximum(np.minimum(high[level], around), 0))
    return held


def _at_most(count: int, n: Integers, rate: Array) -> Array:
    """Return the probabilities of at most `count` of n, shape (draw,)."""
    if count < 0:
        return np.zeros(len(n))
    less = np.minimum(count, n - 1)
    tails = betaincc(np.maximum(less, 0) + 1.0, np.maximum(n - less, 1), rate)
    return np.where(count >= n, 1.0, tails)


def _quantile(probability: Array, n: Integers, rate: Array) -> Integers:
    """Return binomial quantiles, shape (draw,)."""
    chance = (n > 0) & (rate > 0) & (rate < 1)
    some, inner = np.where(chance, n, 1), np.where(chance, rate, 0.5)
    found = np.ceil(bdtrik(np.clip(probability, 1e-300, 1 - 1e-16), some, inner))
    return np.asarray(np.where(chance, found, np.round(n * rate)).astype(np.int64))


@compiled
def _chained(log_odds: Array, n: int, low: Integers, high: Integers) -> Array:
    """Return the same from the log-odds of each count's ratio to the one around it."""
    found, factorials = np.empty(log_odds.shape[0]), log_factorials(n)
    for draw in range(log_odds.shape[0]):
        before, now = np.zeros(n + 1), np.zeros(n + 1)
        before[n] = 1.0
        for level in range(low.size):
            now[:] = 0.0
            for around in range(low[level], n + 1):
                if before[around] > NEGLIGIBLE:
                    last = min(high[level], around)
                    add_binomial(
                        log_odds[draw, level],
                        around,
                        low[level],
                        before[around],
                        factorials,
                        now[low[level] : last + 1],
                    )
            before[:] = now
        found[draw] = before.sum()
    return found
