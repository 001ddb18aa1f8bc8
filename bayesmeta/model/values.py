"""Values of covariates as people write them: levels, numbers, centres and proportions of mixtures."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

MISSING = ""
"""The level of an arm that does not state it; left out, unless a group takes it in."""

DIGITS = 3
"""Significant digits of a mean over arms."""

WHOLE_FROM = 1000
"""From here on whole numbers, such as years, have a mean without decimals."""


def level_text(value: object) -> str:
    """Return a level as text, a missing one as ``""``; 2020.0 of a table and 2020 are one level."""
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return MISSING
    if isinstance(value, float | np.floating):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


class Numbers(NamedTuple):
    """What the evidence has of a numeric column, in the column's unit."""

    lowest: float
    highest: float
    spread: float
    """Standard deviation over arms."""
    whole: bool
    """Whether all are whole numbers."""


def numbers_of(column: "pd.Series[Any]") -> Numbers:
    """Return what a column has, unknown values aside."""
    known = column.dropna().astype(float)
    whole = bool((known % 1 == 0).all())
    return Numbers(float(known.min()), float(known.max()), float(known.std(ddof=1)), whole)


def value_text(value: object) -> str:
    """Return a value of a profile: a level, a number as it was given, or the shares of a mixture."""
    if isinstance(value, Mapping):
        return "+".join(f"{level}:{value_text(share)}" for level, share in value.items())
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def values_text(values: Mapping[str, object]) -> str:
    """Return values of covariates by name, such as ``regimen=AZA, age=65``."""
    return ", ".join(f"{name}={value_text(value)}" for name, value in values.items())


def centre_text(centre: float, numbers: Numbers) -> str:
    """Return a mean over arms to three significant digits, or finer if the spread is."""
    if numbers.whole and numbers.lowest >= WHOLE_FROM:
        return f"{centre:.0f}"
    size = max(abs(centre), numbers.spread)
    decimals = max(DIGITS - 1 - _place(size), -_place(numbers.spread), 0)
    text = f"{centre:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _place(size: float) -> int:
    """Return the place of the first digit of a positive number: 0 of units, 1 of tens."""
    return math.floor(math.log10(size))
