"""The rules that the numbers of a survival table keep, between columns and between rows."""

from collections.abc import Iterator
from itertools import pairwise
from math import inf

import numpy as np
import pandas as pd

from bayesmeta.arrays import Flags
from bayesmeta.evidence.columns import DERIVATION, OUTCOME, STRATUM, STUDY, N
from bayesmeta.evidence.findings import Cell, Finding, broken
from bayesmeta.evidence.strata import stratum_levels
from bayesmeta.evidence.survival.columns import (
    AT_RISK,
    CI_HIGH,
    CI_LOW,
    CURVE,
    DURATION_OF_RESPONSE,
    LIMITS,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    RESPONDERS,
    SURVIVAL,
    TIME,
    UNIT,
)

RISE = 1e-9
"""Rise of a survival curve beyond the rounding of a computer's numbers."""


def broken_rules(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield the rules between columns, and between rows, that a table of numbers breaks."""
    yield from _one_kind(frame)
    for estimate, limits in LIMITS.items():
        yield from _within(frame, estimate, limits)
        yield from _together(frame, estimate, limits)
    yield from _whole_interval(frame)
    yield from _known_precision(frame)
    yield from _of_responders(frame)
    yield from _at_risk(frame)
    yield from _one_unit(frame)
    yield from _falling(frame)
    yield from _repeats(frame)


def cells_of(frame: pd.DataFrame, rows: "pd.Series[bool] | Flags", *columns: str) -> list[Cell]:
    """Return place and content of rows, as messages tell them."""
    return [
        (str(place), ", ".join(f"{name} {_shown(row[name])}" for name in columns))
        for place, row in frame[rows].iterrows()
    ]


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "not reached" if value == inf else "blank" if np.isnan(value) else f"{value:.4g}"
    return "blank" if value == "" else str(value)


def _one_kind(frame: pd.DataFrame) -> Iterator[Finding]:
    landmark, median, timed = (frame[name].notna() for name in (SURVIVAL, MEDIAN, TIME))
    # Told below, of a row that has a time and nothing else.
    unfinished = timed & ~landmark & ~median
    yield from broken(
        "row",
        f"a row must have a landmark (`{TIME}` and `{SURVIVAL}`) or a `{MEDIAN}`, and not both",
        cells_of(frame, (landmark == median) & ~unfinished, SURVIVAL, MEDIAN),
        "Write a row for each.",
    )
    yield from broken(
        "row",
        f"`{TIME}` and `{SURVIVAL}` must be given together",
        cells_of(frame, landmark != timed, TIME, SURVIVAL),
        "Complete the landmark, or drop the row where its survival is not known.",
    )


def _within(frame: pd.DataFrame, estimate: str, limits: tuple[str, str]) -> Iterator[Finding]:
    low, high = limits
    outside = (frame[low] > frame[estimate]) | (frame[high] < frame[estimate])
    alone = (frame[low].notna() | frame[high].notna()) & frame[estimate].isna()
    yield from broken(
        "interval",
        f"`{low}` to `{high}` must hold `{estimate}`",
        cells_of(frame, outside | alone, estimate, low, high),
        "Correct the estimate or its limits.",
    )


def _together(frame: pd.DataFrame, estimate: str, limits: tuple[str, str]) -> Iterator[Finding]:
    """Yield half an interval; of a median that was not reached the lower limit will do."""
    low, high = limits
    half = (frame[low].isna() & np.isfinite(frame[high])) | (
        frame[low].notna() & frame[high].isna()
    )
    yield from broken(
        "interval",
        f"`{low}` and `{high}` must be given together",
        cells_of(frame, half & np.isfinite(frame[estimate]), estimate, low, high),
        "Give both, NR for an upper limit of a median that was not reached; or leave both blank.",
    )


def _whole_interval(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield upper limits that say NR where no lower limit tells whether that means not reached."""
    unsure = np.isinf(frame[MEDIAN_HIGH]) & frame[MEDIAN_LOW].isna() & np.isfinite(frame[MEDIAN])
    yield from broken(
        "interval",
        f"`{MEDIAN_HIGH}` may be not reached beside a `{MEDIAN_LOW}` alone, where `{MEDIAN}` was reached",
        cells_of(frame, unsure, MEDIAN, MEDIAN_LOW, MEDIAN_HIGH),
        "Give the lower limit; leave both blank if they were not reported.",
    )


def _known_precision(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield the rows whose precision is not known, unless the table says how each number was derived."""
    if DERIVATION in frame.columns:
        return
    yield from broken(
        "precision",
        f"`{N}` must be given where there is no interval",
        cells_of(frame, ~has_precision(frame), SURVIVAL, MEDIAN, N),
        "Fill in the number of patients, or drop the row.",
    )


def has_precision(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows have an interval that has a width, or a number of patients.

    At a survival of 0 or 1 the width of an interval says nothing on the scale of a model.
    """
    low, high = frame[MEDIAN_LOW], frame[MEDIAN_HIGH]
    inside = (frame[SURVIVAL] > 0) & (frame[SURVIVAL] < 1)
    landmark = inside & (frame[CI_LOW] < frame[CI_HIGH])
    median = (low < frame[MEDIAN]) | ((low < high) & np.isfinite(high))
    found: pd.Series[bool] = landmark | median | frame[N].notna() | frame[AT_RISK].notna()
    return found


def _of_responders(frame: pd.DataFrame) -> Iterator[Finding]:
    durations = frame[OUTCOME].str.casefold().isin(DURATION_OF_RESPONSE)
    unsaid = frame[STRATUM].map(lambda text: RESPONDERS not in stratum_levels(text))
    yield from broken(
        "responders",
        f"a duration of response is of responders, and `{STRATUM}` must say of which",
        cells_of(frame, durations & unsaid, STUDY, STRATUM),
        f"Write {RESPONDERS}=yes, or {RESPONDERS}=CR, with their number in `{N}`.",
    )


def _at_risk(frame: pd.DataFrame) -> Iterator[Finding]:
    yield from broken(
        "patients",
        f"`{AT_RISK}` must not be more than `{N}`",
        cells_of(frame, frame[AT_RISK] > frame[N], AT_RISK, N),
        "Correct the numbers of patients.",
    )


def _one_unit(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield the rows of curves in several units; landmarks are often of years, medians in months."""
    mixed: list[Cell] = []
    for _, curve in frame.groupby(list(CURVE), sort=False):
        units = set(curve[UNIT])
        if len(units) > 1 and units != {"months", "years"}:
            mixed += cells_of(curve, curve[UNIT].notna(), STUDY, UNIT)
    yield from broken(
        "unit",
        f"`{UNIT}` must be the same for all times of one curve (months and years may mix)",
        mixed,
        "Compare them with the source, and write all in one unit.",
    )


def _falling(frame: pd.DataFrame) -> Iterator[Finding]:
    rising: list[Cell] = []
    landmarks = frame[frame[SURVIVAL].notna()].sort_values(TIME, kind="stable")
    for _, curve in landmarks.groupby(list(CURVE), sort=False):
        for (_, before), (place, after) in pairwise(curve.iterrows()):
            if after[SURVIVAL] > before[SURVIVAL] + RISE and after[TIME] > before[TIME]:
                text = (
                    f"{after[STUDY]}, {before[SURVIVAL]:.4g} at {before[TIME]:.4g} months and "
                    f"{after[SURVIVAL]:.4g} at {after[TIME]:.4g}"
                )
                rising.append((str(place), text))
    yield from broken(
        "curve",
        "survival must not rise with time",
        rising,
        "Correct the landmark, or name outcome, arm or stratum where they differ.",
    )


def _repeats(frame: pd.DataFrame) -> Iterator[Finding]:
    again = frame.duplicated([*CURVE, TIME], keep=False)
    yield from broken(
        "repeat",
        "each study, arm, stratum and outcome must have one median, and one landmark at a time",
        cells_of(frame, again, *CURVE, TIME),
        "Drop the repeated row, or tell the rows apart in column `arm`.",
    )
