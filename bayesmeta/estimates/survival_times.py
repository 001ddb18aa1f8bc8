"""Times at which survival is told."""

from collections.abc import Sequence

import numpy as np

from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number

USUAL_TIMES = (12.0,)
"""Months at which survival is told unless others are asked for."""

LARGEST_TIME = 1200.0
"""Months; a hundred years."""


def checked_time(time: object) -> float:
    """Return one time in months after checking it."""
    [months] = checked_times((time,), name="time")
    return months


def time_of(time: object, *, survival: bool) -> float | None:
    """Return the time that survival is asked for, 12 months where None; None of response rates.

    Raises
    ------
    SettingsError
        If it is no time, or one is asked of response rates.
    """
    if survival:
        return USUAL_TIMES[0] if time is None else checked_time(time)
    if time is not None:
        raise SettingsError("`time` has no effect on response rates. Leave it out.")
    return None


def checked_times(times: object, *, name: str = "times") -> tuple[float, ...]:
    """Return times in months after checking them.

    Raises
    ------
    SettingsError
        If one is no number above 0, or above 1,200 months.
    """
    given = (times,) if is_number(times) else times
    if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str) or not len(given):
        raise SettingsError(f"`{name}` must be months, such as [6, 12]; got {times!r}.")
    for one in given:
        if not is_number(one) or not 0 < one <= LARGEST_TIME:
            raise SettingsError(
                f"`{name}` must be months above 0, {LARGEST_TIME:,.0f} at most; got {one!r}."
            )
    return tuple(dict.fromkeys(float(one) for one in given))
