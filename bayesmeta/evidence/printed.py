"""Percentages as they are printed: which counts they can be of, and whether counts agree with them.

A count explains a printed percentage if it rounds to it at its printed digits. Both directions of
rounding a half are allowed. Exact: fractions, not floating-point numbers.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, sqrt
from statistics import NormalDist
from typing import Any

import pandas as pd

from bayesmeta.evidence.columns import CI_HIGH, CI_LOW, EVENTS, PERCENT, N, labels_of
from bayesmeta.evidence.findings import Finding

_REMEDY = "Compare both with the source."

NARROW, WIDE = 0.5, 2.0
"""Widths of an interval, over that of a 95% score interval, beyond which it is told: no usual method
and no probability from 90% to 99% explains them."""

NORMAL_95 = NormalDist().inv_cdf(0.975)


def digits_of(number: str) -> int:
    """Return how many digits a number has after its decimal point."""
    return len(number.partition(".")[2])


def explaining(percent: str, n: int) -> range:
    """Return the counts out of `n` that round to a percentage as it is printed.

    Examples
    --------
    >>> from bayesmeta.evidence.printed import explaining
    >>> list(explaining("42.1", 19)), list(explaining("47", 26)), list(explaining("45", 250))
    ([8], [], [112, 113])
    """
    half = Fraction(1, 2 * 10 ** digits_of(percent))
    low, high = ((Fraction(percent) + side) * n / 100 for side in (-half, half))
    return range(max(ceil(low), 0), min(floor(high), n) + 1)


def shown(number: float) -> str:
    """Return a number with the digits that it needs; a number in a table has lost its last zeros."""
    return f"{number:.10g}"


def against_the_counts(rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield the rows whose printed percentage or interval does not agree with their counts."""
    if PERCENT not in rows.columns:
        return
    limits = {CI_LOW, CI_HIGH} <= set(rows.columns)
    printed = rows[rows[PERCENT].notna()]
    for (place, row), label in zip(printed.iterrows(), labels_of(printed), strict=True):
        texts = [*_percent(row), *(_interval(row) if limits else ())]
        for text in texts:
            yield Finding("contradiction", (str(place),), f"{label} ({place}): {text}", _REMEDY)


def _percent(row: Any) -> Iterator[str]:
    events, n = int(row[EVENTS]), int(row[N])
    percent = shown(row[PERCENT])
    if n and events not in explaining(percent, n):
        cut = 100 * events * 10 ** digits_of(percent) // n == round(
            row[PERCENT] * 10 ** digits_of(percent)
        )
        yield (
            f"the percentage printed is {percent}, but {events} of {n} are {100 * events / n:.{digits_of(percent) + 1}f}%"
            + (", cut off and not rounded" if cut else "")
        )


def _interval(row: Any) -> Iterator[str]:
    low, high, percent, n = row[CI_LOW], row[CI_HIGH], row[PERCENT], int(row[N])
    if pd.isna(low) or pd.isna(high) or not n or not 0 <= percent <= 100:  # noqa: PLR2004 - percent
        return
    limits = f"{shown(low)}% to {shown(high)}%"
    if not low <= percent <= high:
        yield f"the interval printed, {limits}, does not hold the percentage printed, {shown(percent)}"
        return
    expected = _score_width(percent / 100, n)
    # Each limit is rounded by up to half of its last digit.
    rounding = 10.0 ** -max(digits_of(shown(limit)) for limit in (low, high))
    width = high - low
    if width + rounding < NARROW * expected or width - rounding > WIDE * expected:
        yield (
            f"the interval printed, {limits}, is {shown(round(width, 2))} points wide; {n} patients give "
            f"{expected:.1f}"
        )


def _score_width(rate: float, n: int) -> float:
    """Return the width of the 95% score interval of Wilson (1927), doi:10.2307/2276774, in points."""
    z = NORMAL_95
    return 200 * z * sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
