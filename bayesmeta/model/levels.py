"""Levels of factors as text."""

import numpy as np

__all__ = ["MISSING", "level_text"]

MISSING = ""
"""The level of an arm that does not state it; left out, unless a group takes it in."""


def level_text(value: object) -> str:
    """Return a level as text; 2020.0 read from a table and 2020 in a profile are one level.

    A missing one is ``""``.
    """
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return MISSING
    if isinstance(value, float | np.floating):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)
