"""What is probably wrong in a survival table: figures of one curve that contradict each other.

A survival probability of one half has the standard error 0.5 / sqrt(n) where every patient has been
followed. The log of the median of a Weibull curve of shape k then has the standard error
1 / (k log(2) sqrt(n)).
"""

from collections.abc import Iterator
from math import inf

import numpy as np
import pandas as pd

from bayesmeta.evidence.columns import STUDY, N
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.printed import NORMAL_95
from bayesmeta.evidence.survival.columns import (
    CURVE,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    SURVIVAL,
    TIME,
)

ROUNDING = 0.005
"""Half a percentage point: landmarks are printed in whole percents."""

NARROW = 0.5
"""Width of the interval of a median, over the least of an exponential curve (k = 1), below which it is
told: half is that of k = 2."""


def contradictions(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Return landmarks that contradict a median, and intervals that are too narrow."""
    found: list[Finding] = []
    for _, curve in frame.groupby(list(CURVE), sort=False):
        found += _against_the_median(curve)
    return (*found, *_narrow(frame))


def _against_the_median(curve: pd.DataFrame) -> Iterator[Finding]:
    """Yield the landmarks on the wrong side of one half, given the median of their curve."""
    for place, one in curve[curve[MEDIAN].notna()].iterrows():
        later = curve[TIME] >= one[MEDIAN]
        above = later & (curve[SURVIVAL] > 0.5 + ROUNDING)
        below = (curve[TIME] < one[MEDIAN]) & (curve[SURVIVAL] < 0.5 - ROUNDING)
        for row, landmark in curve[above | below].iterrows():
            median = "was not reached" if one[MEDIAN] == inf else f"is {one[MEDIAN]:.3g} months"
            text = (
                f"{one[STUDY]}: survival of {landmark[SURVIVAL]:.3g} at {landmark[TIME]:.3g} months ({row}) "
                f"contradicts the median, which {median} ({place})"
            )
            yield Finding("curve", (str(row), str(place)), text, "Compare both with the source.")


def _narrow(frame: pd.DataFrame) -> Iterator[Finding]:
    width = np.log(frame[MEDIAN_HIGH] / frame[MEDIAN_LOW]) / (2 * NORMAL_95)
    least = 1 / (np.log(2) * np.sqrt(frame[N]))
    share = (width / least).to_numpy()
    narrow = np.isfinite(share) & (share < NARROW)
    # Places may repeat: of the rows of an arm.
    for (place, row), of_least in zip(frame[narrow].iterrows(), share[narrow], strict=True):
        text = (
            f"{row[STUDY]}: the interval {row[MEDIAN_LOW]:.3g} to {row[MEDIAN_HIGH]:.3g} months of the median "
            f"({place}) is narrower than {row[N]:.0f} patients allow: {of_least:.2f} of the least width, "
            "1 / (log 2 sqrt(n)) on the log scale"
        )
        yield Finding("interval", (str(place),), text, "Compare it with the source.")
