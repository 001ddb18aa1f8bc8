"""Ticks at round numbers, labelled with as many decimals as tell them apart."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from matplotlib.axis import Axis
from matplotlib.ticker import MaxNLocator

ROUND = [1, 2, 5, 10]
"""Steps between ticks, in multiples of powers of ten."""

MOST = 9
"""Decimals of a number, at most."""

LARGE = 10_000
"""From here on thousands are set apart."""


def round_ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Return at most so many steps of round numbers from `low` to `high`; `whole` numbers if asked."""
    locator = MaxNLocator(nbins=most, steps=ROUND, integer=whole)
    spare = 1e-9 * (high - low)
    ticks = locator.tick_values(low, high)
    return [float(tick) + 0.0 for tick in ticks if low - spare <= tick <= high + spare]


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """Return the labels of evenly spaced ticks."""
    step = min((b - a for a, b in pairwise(ticks)), default=1.0)
    places = max(0, min(MOST, -math.floor(math.log10(step) + 1e-9)))
    # Not so of years.
    large = bool(ticks) and max(map(abs, ticks)) >= LARGE
    return [number_text(tick, places, thousands=large) for tick in ticks]


def kept_apart[T](marks: Iterable[T], place: Callable[[T], float], least: float) -> list[T]:
    """Return the marks whose places lie at least so far apart; an earlier one comes first."""
    kept: list[T] = []
    for mark in marks:
        if all(abs(place(mark) - place(other)) >= least for other in kept):
            kept.append(mark)
    return kept


def decimals_of(width: float, *, least: int = 1) -> int:
    """Return the decimals of numbers whose range is so wide: two significant digits of the width."""
    if not width > 0 or not math.isfinite(width):
        return least
    return max(least, min(MOST, 1 - math.floor(math.log10(width))))


def number_text(number: float, places: int, *, thousands: bool = False) -> str:
    """Return a number with so many decimals, and thousands set apart where asked."""
    # Adding 0 takes the sign of a number that rounds to none.
    rounded = round(float(number), places) + 0.0
    return f"{rounded:{',' if thousands else ''}.{places}f}".replace("-", "\N{MINUS SIGN}")


def number_texts(*numbers: float) -> list[str]:
    """Return numbers, such as an estimate and its interval, with two decimals or as they need."""
    places = decimals_of(max(numbers) - min(numbers), least=2)
    return [number_text(number, places) for number in numbers]


def put_ticks(axis: Axis, most: int, *, whole: bool = False) -> None:
    """Put round ticks between the ends of an axis."""
    low, high = sorted(axis.get_view_interval())
    ticks = round_ticks(low, high, most, whole=whole)
    axis.set_ticks(ticks, tick_texts(ticks))
