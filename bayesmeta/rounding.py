"""How numbers are written for people: decimals by the width of an interval, each number rounded once.

What is rounded is the stored number, never one that was rounded before: to the nearest decimal, and an
exact tie to the even digit, as Python formats.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_whole

__all__ = [
    "BASES",
    "PERCENT",
    "Rates",
    "error_text",
    "fixed_text",
    "interval_of",
    "interval_text",
    "number_texts",
    "percent",
    "places",
    "probability_text",
    "spread_places",
]

BASES = (100, 1_000, 10_000, 100_000)
"""Patients that a rate may be written per."""

RATE_STEPS = 20
"""Steps of the last decimal that the interval of a rate is wide, at least."""

SPREAD_STEPS = 10
"""Steps of the last decimal in a standard deviation, at least: two digits of it."""

NORMAL_WIDTH = 4
"""Standard deviations in an interval of 95%, about."""

LEAST = 2
"""Decimals of a parameter, at least."""

MOST = 12
"""Decimals of any number, at most."""

SMALLEST_ERROR = 1e-6
"""Monte-Carlo error below which digits tell nothing, in the unit of its number."""


def places(size: float, steps: float = 1, fewest: int = 0) -> int:
    """Return the fewest decimals in which `size` is `steps` of the last one, or more.

    A negative number is of digits before the point that are zeros; `fewest` allows so many.
    """
    if not 0 < size < math.inf:
        return 0
    # A power of ten, divided, may come out a little too small.
    exact = -math.floor(math.log10(size / steps) + 1e-9)
    return min(max(exact, fewest), MOST)


def spread_places(spread: float) -> int:
    """Return the decimals of a parameter by its standard deviation: two digits of it, two at least."""
    return max(places(spread, SPREAD_STEPS), LEAST)


def number_texts(*values: float) -> list[str]:
    """Return an estimate and, last, the ends of its interval, all with the same decimals.

    They show two digits of a standard deviation; two decimals at least.
    """
    low, high = values[-2:]
    decimals = spread_places((high - low) / NORMAL_WIDTH)
    return [fixed_text(value, decimals) for value in values]


def interval_text(*texts: str) -> str:
    """Return an estimate with its interval, as ``2.1 (1.4 to 3)``, or the ends alone."""
    *estimate, low, high = texts
    ends = f"{low} to {high}"
    return f"{estimate[0]} ({ends})" if estimate else ends


def interval_of(
    row: Mapping[Any, Any],
    name: str,
    written: Callable[..., Iterable[str]] = number_texts,
    *,
    ends: tuple[str, ...] = ("", "_lower", "_upper"),
) -> str:
    """Return an estimate of a row with its interval, from columns with these ends; empty without one."""
    numbers = [row[f"{name}{end}"] for end in ends]
    return interval_text(*written(*numbers)) if not any(map(math.isnan, numbers)) else ""


def error_text(error: float, least: int = 1) -> str:
    """Return a Monte-Carlo standard error: so many decimals, or one digit where they show nothing.

    One too small to matter to anybody is a bound.
    """
    if 0 < error < SMALLEST_ERROR:
        return f"<{SMALLEST_ERROR:f}"
    return "0" if error == 0 else fixed_text(error, max(places(error), least))


def probability_text(probability: float, decimals: int = 3) -> str:
    """Return a probability that is no rate, never as 0 or 1 unless it is."""
    return _within(probability, 1, decimals)


def percent(share: float) -> str:
    """Return a share in whole percent, never as 0% or 100% unless it is."""
    return PERCENT.text(share, 0)


@dataclass(frozen=True)
class Rates:
    """How rates are written: in percent, or per more patients.

    Parameters
    ----------
    per : {100, 1000, 10000, 100000}
        Patients that a rate is written per; 100 for percent.

    Raises
    ------
    SettingsError
        If `per` is another number.

    Examples
    --------
    >>> Rates().interval(0.32, 0.204, 0.66)
    '32% (20% to 66%)'
    >>> Rates().interval(0.000224, 0.000168, 0.000295)
    '0.0224% (0.0168% to 0.0295%)'
    >>> Rates(100_000).interval(0.000224, 0.000168, 0.000295)
    '22.4 (16.8 to 29.5)'
    >>> Rates(100_000).interval(0.32, 0.204, 0.66)
    '32,000 (20,000 to 66,000)'
    """

    per: int = 100

    def __post_init__(self) -> None:
        if not is_whole(self.per) or self.per not in BASES:
            raise SettingsError(
                f"`rates_per` must be one of {', '.join(map(str, BASES))}; got {self.per!r}."
            )

    @property
    def note(self) -> str:
        """What a heading says of rates that are not in percent, such as ``, per 1,000``."""
        return "" if self.per == PERCENT.per else f", per {self.per:,}"

    @property
    def points(self) -> str:
        """The unit of a difference of rates."""
        return "percentage points" if self.per == PERCENT.per else f"per {self.per:,}"

    @property
    def points_short(self) -> str:
        """The unit of a difference of rates, in a bracket."""
        return "points" if self.per == PERCENT.per else f"per {self.per:,}"

    @property
    def unit_of_differences(self) -> str:
        """What a heading says of differences of rates."""
        return self.note or f", in {self.points}"

    @property
    def in_points(self) -> str:
        """How a sentence says the unit of differences that follow."""
        return "in points" if self.per == PERCENT.per else f"per {self.per:,}"

    @property
    def per_text(self) -> str:
        """What follows a rate in a sentence where it is not in percent: `` per 1,000``."""
        return self.note.removeprefix(",")

    @property
    def _unit(self) -> str:
        return "%" if self.per == PERCENT.per else ""

    def text(self, rate: float, decimals: int) -> str:
        """Return a rate (probability) with so many decimals, never as 0 or all unless it is."""
        return _within(self.per * rate, self.per, decimals, self._unit)

    def texts(self, *values: float) -> list[str]:
        """Return estimates and, last, the ends of their interval, all with the same decimals.

        The interval is at least 20 steps of the last decimal wide. An estimate lies at least one step
        from 0 and from all.
        """
        *estimates, low, high = values
        near = [end for one in estimates for end in (one, 1 - one) if end > 0]
        width = [self._places(high - low, RATE_STEPS)]
        decimals = max(width + [self._places(end) for end in near])
        return [self.text(value, decimals) for value in values]

    def interval(self, estimate: float, low: float, high: float) -> str:
        """Return an estimate with its interval, without the unit where it is not percent."""
        return interval_text(*self.texts(estimate, low, high))

    def sentence(self, estimate: float, low: float, high: float) -> str:
        """Return an estimate with its interval and its unit."""
        return f"{self.interval(estimate, low, high)}{self.per_text}"

    def range(self, low: float, high: float) -> str:
        """Return the ends of an interval, with their unit."""
        return f"{' to '.join(self.texts(low, high))}{self.per_text}"

    def observed(self, events: int, n: int) -> str:
        """Return an observed rate, as finely as so many patients tell it; empty without patients."""
        if not n:
            return ""
        rate = events / n
        width = NORMAL_WIDTH * math.sqrt(rate * (1 - rate) / n)
        return self.text(rate, self._places(width, RATE_STEPS))

    def given(self, rate: float) -> str:
        """Return a rate that somebody chose, such as a threshold, as it is."""
        return f"{self.per * rate:,.10g}{self._unit}{self.per_text}"

    def differences(self, *values: float, signed: bool = False) -> list[str]:
        """Return differences of rates and, last, the ends of their interval, with the same decimals."""
        low, high = values[-2:]
        decimals = self._places(high - low, RATE_STEPS)
        return [fixed_text(self.per * value, decimals, "+" if signed else "") for value in values]

    def error(self, error: float) -> str:
        """Return a Monte-Carlo standard error of a rate, without its unit."""
        whole = self.per * error
        return fixed_text(whole, self._places(error)) if whole >= 10 else error_text(whole)  # noqa: PLR2004

    def _places(self, size: float, steps: float = 1) -> int:
        """Return the decimals of rates; never coarser than a percentage point."""
        return places(self.per * size, steps, -round(math.log10(self.per / PERCENT.per)))


def _within(value: float, whole: float, decimals: int, unit: str = "") -> str:
    """Return a number from 0 to `whole`, never as either end unless it is."""
    step = 10.0**-decimals
    rounded = float(f"{value:.{decimals}f}") if decimals >= 0 else round(value, decimals)
    if value > 0 and rounded == 0:
        return f"<{fixed_text(step, decimals)}{unit}"
    if value < whole and rounded == whole:
        return f">{fixed_text(whole - step, decimals)}{unit}"
    return f"{fixed_text(value, decimals)}{unit}"


def fixed_text(value: float, decimals: int, sign: str = "") -> str:
    """Return a number with so many decimals, zero without a sign, thousands parted by commas."""
    return _unsigned(
        f"{round(value, min(decimals, 0)) if decimals < 0 else value:{sign},.{max(decimals, 0)}f}"
    )


def _unsigned(text: str) -> str:
    """Return a number without a sign where nothing but zeros follow it."""
    return text if text.strip("+-0.") else text.lstrip("+-")


PERCENT = Rates()
