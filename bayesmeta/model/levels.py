"""Levels of factors as text."""

import numpy as np

__all__ = ["level_text"]


def level_text(value: object) -> str:
    """Return a level as text; 2020.0 read from a table and 2020 in a profile are one level."""
    if isinstance(value, float | np.floating):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)
