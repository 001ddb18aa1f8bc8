"""Events of a new cohort about several nested outcomes at once, as people write them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bayesmeta.errors import SettingsError, nearest

__all__ = ["CountBound", "JointEvent", "RateBound", "parse_event"]

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
    """Bounds on counts and rates that must all hold."""

    counts: tuple[CountBound, ...]
    rates: tuple[RateBound, ...]


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
    return JointEvent(tuple(counts), tuple(rates))


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
        raise _unreadable(text, at, f"'{value}' is no number") from None


def _advice(part: str) -> str:
    """Return what is wrong with a term that shows a common slip."""
    if _OR.search(part):
        return ", as 'or' is not supported: ask for each event by itself"
    turned = _TURNED.search(part)
    return f", as '{turned[0]}' is written '{turned[0][::-1]}'" if turned else ""


def _unreadable(text: str, place: int, why: str) -> SettingsError:
    """Return an error that points at a place of the text."""
    return SettingsError(f"`event`: {why}. {_FORM}\n    {text}\n    {' ' * place}^")
