"""Events of a new cohort: of its true rate, or of its responders."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict

from bayesmeta.errors import SettingsError, listed, nearest
from bayesmeta.estimates.arguments import check_cohort
from bayesmeta.estimates.precision import Estimate
from bayesmeta.numeric import is_number, is_whole

WORDS = {
    "rate_above": "rate of a new study > {0.value:g}",
    "rate_below": "rate of a new study < {0.value:g}",
    "events_at_least": "{0.value} or more responders of {0.n}",
    "events_at_most": "at most {0.value} responders of {0.n}",
}


class EventKeywords(TypedDict, total=False):
    """An event as keywords; `n`, the patients of the cohort, of responders only."""

    rate_above: float
    rate_below: float
    events_at_least: int
    events_at_most: int
    n: int


class Probability(float):
    """A probability with its Monte-Carlo standard error, `mcse`."""

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
class Event:
    """An event of a new cohort."""

    bound: str
    value: float
    n: int | None = None

    def __post_init__(self) -> None:
        value, n = self.value, self.n
        if n is None and (not is_number(value) or not 0 <= value <= 1):
            raise SettingsError(
                f"`{self.bound}` must be a probability from 0 to 1; got {value!r}. Write 30% as 0.3."
            )
        if n is not None and (not is_whole(value) or not 0 <= value <= n):
            raise SettingsError(
                f"`{self.bound}` must be a whole number from 0 to n = {n}; got {value!r}."
            )

    def of(self, distribution: Tails) -> Probability:
        """Return the probability of the event where the cohort's rate has this distribution."""
        if self.n is None:
            upper, is_upper = distribution.above(float(self.value)), self.bound == "rate_above"
        else:
            is_upper = self.bound == "events_at_least"
            least = int(self.value) + (0 if is_upper else 1)
            certain = Estimate(0.0, 0.0)
            upper = distribution.at_least(least, self.n) if least <= self.n else certain
        return Probability(upper if is_upper else Estimate(1 - upper.value, upper.mcse))

    def __str__(self) -> str:
        return f"P({WORDS[self.bound].format(self)})"


def cohort_event(n: int, asked: Mapping[str, Any]) -> Event:
    """Return the event of a cohort of n that these keywords, all but one None, stand for."""
    bound, value = _only("`probability`", asked)
    return Event(bound, value, None if bound.startswith("rate") else n)


def asked_event(asked: Mapping[str, Any]) -> Event | None:
    """Return the event of these keywords, `n` among them; None where there are none."""
    bounds = {name: value for name, value in asked.items() if name != "n"}
    n = asked.get("n")
    if n is None and all(value is None for value in bounds.values()):
        return None
    bound, value = _only("A question", bounds)
    if bound.startswith("rate") and n is not None:
        raise SettingsError(f"`n` has no effect on `{bound}`, which is about a rate. Leave it out.")
    if bound.startswith("events"):
        if n is None:
            raise SettingsError(
                f"`{bound}` needs `n`, the patients of the cohort. Give it, such as n=40."
            )
        check_cohort("n", n)
    return Event(bound, value, n)


def _only(what: str, asked: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the one keyword that is given, and its value."""
    for name in asked:
        if name not in WORDS:
            raise SettingsError(f"There is no argument `{name}`. {nearest(name, WORDS)}")
    given = {name: value for name, value in asked.items() if value is not None}
    if len(given) != 1:
        raise SettingsError(
            f"{what} takes exactly one of {', '.join(WORDS)}; got {listed(given) or 'none'}."
        )
    [(bound, value)] = given.items()
    return bound, value
