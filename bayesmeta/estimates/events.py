"""`Event`: bounds that a new cohort keeps, on its true rates and its responders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypedDict

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError, listed, nearest
from bayesmeta.estimates.arguments import check_cohort
from bayesmeta.estimates.event_text import Quantity, Reader, Sign
from bayesmeta.estimates.nested_counts import CountBound, some_nodes, within_bounds
from bayesmeta.estimates.precision import Estimate, mean_of
from bayesmeta.evidence.survival.outcomes import SURVIVAL_WORDS, OutcomeWords
from bayesmeta.numeric import is_number, is_whole

KEYWORDS: dict[str, tuple[Quantity, Sign]] = {
    "rate_above": ("rate", ">"),
    "rate_below": ("rate", "<"),
    "events_at_least": ("responders", ">="),
    "events_at_most": ("responders", "<="),
}
"""Events of one bound as arguments."""

WORDS_OF_SURVIVAL = {
    "rate": "{share} at {time:g} months of a new study {sign} {value:g}",
    "responders": "{sign} {value:.0f} of {n} {state} at {time:g} months",
}
"""Bounds on the survival of a new study at a time, and on its patients alive, as text."""

WORDS = {
    ("rate", ">"): "rate of a new study > {0:g}",
    ("rate", "<"): "rate of a new study < {0:g}",
    ("responders", ">="): "{0:.0f} or more responders of {1}",
    ("responders", "<="): "at most {0:.0f} responders of {1}",
    ("responders", "=="): "{0:.0f} responders of {1}",
}


class BoundKeywords(TypedDict, total=False):
    """An event of one bound as a keyword."""

    rate_above: float
    rate_below: float
    events_at_least: int
    events_at_most: int


class EventKeywords(BoundKeywords, total=False):
    """An event as keywords; `event` is text, and `n` the patients of the cohort, of responders only."""

    event: "str | Event | None"
    n: int


class Probability(float):
    """A probability with its Monte-Carlo standard error, `mcse`.

    Examples
    --------
    >>> import bayesmeta as bm
    >>> arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    >>> exact = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    >>> found = bm.predict(exact, n=40, seed=1).probability(rate_above=0.2)
    >>> round(found, 3), found.mcse
    (0.504, 0.0)
    """

    mcse: float

    def __new__(cls, estimate: Estimate) -> "Probability":
        """Return the probability of an estimate."""
        value = super().__new__(cls, min(max(estimate.value, 0.0), 1.0))
        value.mcse = estimate.mcse
        return value

    def __getnewargs__(self) -> tuple[Estimate]:  # type: ignore[override]
        """Return what copies and processes make it of again."""
        return (Estimate(float(self), self.mcse),)


class Tails(Protocol):
    """A distribution of a rate, of which an event has a probability."""

    def above(self, rate: float) -> Estimate:
        """Return the probability that the rate is above `rate`."""

    def at_least(self, events: int, n: int) -> Estimate:
        """Return the probability of `events` responders out of n, or more."""


@dataclass(frozen=True)
class Bound:
    """A bound on a rate (probability) or on responders; `outcome` is empty where there is one."""

    quantity: Quantity
    sign: Sign
    value: float
    outcome: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value within the bound."""
        low = -np.inf if self.sign.startswith("<") else self.value
        return low, np.inf if self.sign.startswith(">") else self.value

    def __str__(self) -> str:
        about = self.quantity
        if self.outcome:
            about = f"rate({self.outcome})" if about == "rate" else self.outcome  # type: ignore[assignment]
        return f"{about} {self.sign} {self.value:g}"


@dataclass(frozen=True)
class Event:
    """Bounds of a new cohort that must all hold; `n`, its patients, where responders are bounded."""

    bounds: tuple[Bound, ...]
    n: int | None = None
    name: str = field(default="", compare=False)
    """The argument, or the text, that it was asked by."""
    time: float | None = None
    """Of survival: months at which a rate is the survival, and responders are patients alive."""
    outcome: OutcomeWords = SURVIVAL_WORDS
    """Of survival: what text calls it."""

    @property
    def text(self) -> str:
        """The event as text, such as ``rate > 0.3``: as it was typed, if it was."""
        typed = self.name and self.name not in KEYWORDS
        return self.name if typed else " and ".join(map(str, self.bounds))

    @property
    def at(self) -> float | None:
        """The number that an argument gave; None of text."""
        return self.bounds[0].value if self.name in KEYWORDS else None

    def of(self, distribution: Tails) -> Probability:
        """Return the probability where the rate of the one outcome has this distribution.

        Of two tails the MCSE is the sum of theirs: the difference cannot err by more.
        """
        if len({bound.quantity for bound in self.bounds}) > 1:
            raise SettingsError(
                f"`event` of one outcome must be on its rate alone or its responders alone; got {self}. "
                "Ask for each by itself."
            )
        lows, highs = zip(*(bound.ends for bound in self.bounds), strict=True)
        low, high = max(lows), min(highs)
        if low > high:
            return Probability(Estimate(0.0, 0.0))
        if self.bounds[0].quantity == "rate":
            tails = [self._above(distribution, end) for end in (low, high)]
        else:
            tails = [self._at_least(distribution, end) for end in (low, high + 1)]
        return Probability(Estimate(tails[0].value - tails[1].value, tails[0].mcse + tails[1].mcse))

    @staticmethod
    def _above(distribution: Tails, rate: float) -> Estimate:
        return distribution.above(rate) if np.isfinite(rate) else Estimate(float(rate < 0), 0.0)

    def _at_least(self, distribution: Tails, events: float) -> Estimate:
        if self.n is None or not 0 < events <= self.n:
            return Estimate(float(events <= 0), 0.0)
        return distribution.at_least(int(events), self.n)

    def of_nested(self, nodes: Array, outcomes: Sequence[str]) -> Probability:
        """Return the probability where true rates are these, dims (chain, draw, node, outcome)."""
        counted = [bound for bound in self.bounds if bound.quantity == "responders"]
        nodes = some_nodes(nodes, self.n) if counted and self.n else nodes
        held = np.ones(nodes.shape[:-1])
        for bound in self.bounds:
            if bound.quantity == "rate":
                own, (low, high) = nodes[..., outcomes.index(bound.outcome)], bound.ends
                held *= (own > low) & (own < high)
        if counted and self.n:
            flat = nodes.reshape(-1, nodes.shape[-1])
            bounds = [CountBound(outcomes.index(one.outcome), *one.ends) for one in counted]
            held *= within_bounds(flat, self.n, bounds).reshape(held.shape)
        return Probability(mean_of(held))

    def __str__(self) -> str:
        return f"P({' and '.join(map(self._words, self.bounds))})"

    def _words(self, bound: Bound) -> str:
        if self.time is not None:
            own = {"sign": bound.sign, "value": bound.value, "n": self.n, "time": self.time}
            own |= self.outcome._asdict()
            return WORDS_OF_SURVIVAL[bound.quantity].format(**own)
        words = WORDS[bound.quantity, bound.sign].format(bound.value, self.n)
        return f"{bound.outcome}: {words}" if bound.outcome else words


def asked_event(
    asked: Mapping[str, Any], time: float | None = None, outcome: OutcomeWords = SURVIVAL_WORDS
) -> Event | None:
    """Return the event of one outcome of these keywords, `n` among them; None where there are none.

    `time` is that at which survival is asked about, and `outcome` says what text calls it.
    """
    if all(value is None for value in asked.values()):
        return None
    name, value = _only("A question", {one: asked[one] for one in asked if one != "n"})
    n = asked.get("n")
    if n is not None:
        check_cohort("n", n)
    event = _event(name, value, n)
    if n is not None and event.n is None:
        about = "`event`" if name == "event" else f"`{name}`"
        raise SettingsError(f"`n` has no effect on {about}, which is about a rate. Leave it out.")
    return event if time is None else replace(event, time=time, outcome=outcome)


def cohort_event(n: int, asked: Mapping[str, Any], outcomes: Sequence[str] = ()) -> Event:
    """Return the event of a cohort of n that these keywords, all but one None, stand for."""
    return _event(*_only("`probability`", asked), n, outcomes)


def _only(what: str, asked: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the one keyword that is given, and its value."""
    names = (*KEYWORDS, "event")
    for name in asked:
        if name not in names:
            raise SettingsError(f"There is no argument `{name}`. {nearest(name, names)}")
    given = {name: value for name, value in asked.items() if value is not None}
    if len(given) != 1:
        raise SettingsError(
            f"{what} takes exactly one of {', '.join(names)}; got {listed(given) or 'none'}."
        )
    [(name, value)] = given.items()
    return name, value


def _event(name: str, value: Any, n: int | None, outcomes: Sequence[str] = ()) -> Event:
    if isinstance(value, Event):
        if n is not None and value.n not in {None, n}:
            raise SettingsError(
                f"`event` must be of the {n} patients of the cohort; got one of {value.n}. Ask anew."
            )
        return value
    if name == "event":
        return parse_event(value, outcomes, n)
    quantity, sign = KEYWORDS[name]
    if quantity == "rate":
        if not is_number(value) or not 0 <= value <= 1:
            raise SettingsError(
                f"`{name}` must be a probability from 0 to 1; got {value!r}. Write 30% as 0.3."
            )
        return Event((Bound(quantity, sign, value),), name=name)
    if n is None:
        raise SettingsError(
            f"`{name}` needs `n`, the patients of the cohort. Give it, such as n=40."
        )
    if not is_whole(value) or not 0 <= value <= n:
        raise SettingsError(f"`{name}` must be a whole number from 0 to n = {n}; got {value!r}.")
    return Event((Bound(quantity, sign, value),), n, name)


def parse_event(text: str, outcomes: Sequence[str] = (), n: int | None = None) -> Event:
    """Return the event that a text states; `outcomes` are those of several, `n` the patients."""
    reader = Reader("event", text)
    bounds = [_bound(reader, outcomes, n)]
    while reader.take("and", "").word:
        bounds.append(_bound(reader, outcomes, n))
    counted = any(bound.quantity == "responders" for bound in bounds)
    return Event(tuple(bounds), n if counted else None, text)


def _bound(reader: Reader, outcomes: Sequence[str], n: int | None) -> Bound:
    """Return the bound that comes next."""
    term = reader.term(outcomes)
    sign, value, place = term.sign, term.value, term.place
    if term.quantity == "rate":
        if not 0 <= value <= 1:
            raise reader.fault(place, f"a rate is a probability from 0 to 1, not {place.word}.")
        return Bound("rate", ">" if sign.startswith(">") else "<", value, term.outcome)
    if n is None:
        raise reader.fault(place, "responders need `n`, the patients of the cohort, such as n=40.")
    if not value.is_integer() or not 0 <= value <= n:
        raise reader.fault(place, f"a count is a whole number from 0 to n = {n}, not {place.word}.")
    if sign == ">":
        return Bound("responders", ">=", value + 1, term.outcome)
    if sign == "<":
        return Bound("responders", "<=", value - 1, term.outcome)
    return Bound("responders", sign, value, term.outcome)
