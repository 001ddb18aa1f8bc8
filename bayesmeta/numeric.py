"""What counts as a number where one is asked for: Python's and NumPy's, but no truth value."""

from typing import TypeGuard

import numpy as np

from bayesmeta.errors import SettingsError

__all__ = ["check_seed", "is_number", "is_whole"]


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a number; it may be infinite or NaN."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number by its type; 3.0 is none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_seed(seed: object) -> int:
    """Return a seed after checking that it is a whole number of at least 0.

    Raises
    ------
    SettingsError
        If it is not.
    """
    if not is_whole(seed) or seed < 0:
        raise SettingsError(
            f"`seed` must be a whole number of at least 0; got {seed!r}. Give one, and keep it."
        )
    return int(seed)
