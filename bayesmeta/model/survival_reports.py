"""What arms report of survival, as rows that are independent given the curve of their arm.

The landmarks of a curve, and its median, depend on each other: they count the same patients. So each
row is conditional on those before it. A median stands first. A landmark is then a count of patients
alive among those whose time lies between the two nearest reports that stand before it, as in
``P(alive at t) P(alive at s given alive at t)``; with patients who are all followed this is the
multinomial distribution of the deaths between the times of a curve, and Greenwood's variance.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from math import inf, log, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from bayesmeta.arrays import Array, Integers
from bayesmeta.evidence.arms import Names
from bayesmeta.evidence.columns import N
from bayesmeta.evidence.survival.arms import SurvivalArms
from bayesmeta.evidence.survival.columns import (
    AT_RISK,
    CI_HIGH,
    CI_LOW,
    FOLLOWUP,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    SURVIVAL,
    TIME,
)

NORMAL_95 = float(ndtri(0.975))

Row = Mapping[str, float]


class Kind(IntEnum):
    """How a row depends on the curve of its arm."""

    MEDIAN = 0
    """The log of a median, normal, with a standard error from its interval."""
    MEDIAN_OF_PATIENTS = 1
    """The same, with a standard error from the number of patients."""
    BEYOND = 2
    """A median that was not reached by a time of follow-up."""
    LANDMARK = 3
    """The complementary log-log of survival, normal, with a standard error from its interval."""
    ALIVE = 4
    """A share of patients alive, binomial."""


class Report(NamedTuple):
    """One row: a landmark or a median."""

    arm: int
    kind: Kind
    time: float
    """Time of a landmark, in months; else 1."""
    start: float
    """Of patients known to be alive at this time, in months; 0 for all."""
    end: float
    """Of patients known to have died by this time, in months; infinite for all."""
    value: float
    """Log months of a median, or of the follow-up; complementary log-log, or share, of a landmark."""
    size: float
    """Standard error of `value`, or number of patients."""
    discounted: float = 0.0
    """1 where the number of patients is not that at risk, so that only a share of it counts."""


class Reports(NamedTuple):
    """What arms report, dims (report, field), with the fields of `Report`."""

    rows: Array

    @property
    def arm(self) -> Integers:
        """Position of each report's arm."""
        return self.rows[:, 0].astype(np.int64)

    @property
    def kind(self) -> Integers:
        """`Kind` of each report."""
        return self.rows[:, 1].astype(np.int64)

    def labels(self, arms: Names) -> list[str]:
        """Return a label of each report: its arm, and ``median`` or the time of a landmark."""
        landmarks = np.isin(self.kind, (Kind.LANDMARK, Kind.ALIVE))
        times = self.rows[:, Report._fields.index("time")]
        return [
            f"{arms[arm]}/{f'{time:g} months' if landmark else 'median'}"
            for arm, time, landmark in zip(self.arm, times, landmarks, strict=True)
        ]

    @property
    def discounts(self) -> bool:
        """Whether any report rests on a number of patients of which only a share counts."""
        return bool(self.rows[:, Report._fields.index("discounted")].any())


def reports_of(arms: SurvivalArms) -> Reports:
    """Return what arms report, arm by arm."""
    by_arm: dict[int, list[Row]] = {place: [] for place in range(len(arms))}
    columns = [
        *(TIME, SURVIVAL, CI_LOW, CI_HIGH, AT_RISK, N),
        *(MEDIAN, MEDIAN_LOW, MEDIAN_HIGH, FOLLOWUP),
    ]
    records = arms.reports[columns].to_dict("records")
    for arm, row in zip(arms.arm_of_report, records, strict=True):
        by_arm[int(arm)].append({str(name): float(value) for name, value in row.items()})
    rows = [report for arm, own in by_arm.items() for report in _of_arm(arm, own)]
    return Reports(np.array(rows, dtype=np.float64).reshape(-1, len(Report._fields)))


def report_alone(row: Row) -> Report:
    """Return a landmark or a median that depends on no other of its curve."""
    [report] = _of_arm(0, [row])
    return report


def _of_arm(arm: int, rows: Sequence[Row]) -> Iterator[Report]:
    """Yield the reports of one arm, each conditional on those before it."""
    landmarks = [row for row in rows if not np.isnan(row[SURVIVAL])]
    known = {0.0: 1.0, inf: 0.0}
    for row in rows:
        if row[MEDIAN] < inf:
            yield _median(arm, row)
            known[row[MEDIAN]] = 0.5
        elif row[MEDIAN] == inf and not landmarks:
            # Given landmarks it says little more, unless one of them is near one half.
            yield _beyond(arm, row)
    # From the median outwards, so that what a landmark is conditional on is what lies next to it.
    middle = next((time for time in known if 0 < time < inf), 0.0)
    for row in sorted(landmarks, key=lambda row: abs(row[TIME] - middle)):
        if row[TIME] not in known:
            yield from _landmark(arm, row, known)
            known[row[TIME]] = row[SURVIVAL]


def _median(arm: int, row: Row) -> Report:
    low, high, value = row[MEDIAN_LOW], row[MEDIAN_HIGH], log(row[MEDIAN])
    # Of an interval without an upper limit, the lower half tells.
    width = value - log(low) if high == inf else (log(high) - log(low)) / 2
    if not width > 0:
        return Report(arm, Kind.MEDIAN_OF_PATIENTS, 1, 0, inf, value, _treated(row), 1)
    return Report(arm, Kind.MEDIAN, 1, 0, inf, value, width / NORMAL_95)


def _beyond(arm: int, row: Row) -> Report:
    time = row[MEDIAN_LOW] if np.isnan(row[FOLLOWUP]) else row[FOLLOWUP]
    return Report(arm, Kind.BEYOND, 1, 0, inf, log(time), _treated(row), 1)


def _landmark(arm: int, row: Row, known: Mapping[float, float]) -> Iterator[Report]:
    """Yield a landmark given those reports of its curve that are known, unless they leave no patient."""
    time, survival = row[TIME], row[SURVIVAL]
    start, end = max(one for one in known if one < time), min(one for one in known if one > time)
    error = _error_of(row)
    if error and (start, end) == (0, inf):
        yield Report(arm, Kind.LANDMARK, time, start, end, log(-log(survival)), error)
        return
    patients, discounted = _patients(row, error)
    between = known[start] - known[end]
    if between > 0:
        share = min(max((survival - known[end]) / between, 0.0), 1.0)
        yield Report(arm, Kind.ALIVE, time, start, end, share, patients * between, discounted)


def _patients(row: Row, error: float) -> tuple[float, float]:
    """Return the patients that a landmark is worth, and 1 if only a share of them counts."""
    survival = row[SURVIVAL]
    if error:
        return (1 - survival) / (survival * (log(survival) * error) ** 2), 0.0
    if not np.isnan(row[AT_RISK]) and survival > 0:
        return min(row[AT_RISK] / survival, row[N] if row[N] > 0 else inf), 0.0
    return _treated(row), 1.0


def _treated(row: Row) -> float:
    """Return the patients of a report; those at risk where no more is known."""
    return row[AT_RISK] if np.isnan(row[N]) else row[N]


def _error_of(row: Row) -> float:
    """Return the standard error of the complementary log-log of a landmark; 0 where it has no interval.

    An interval is symmetric on the scale on which it was made: plain, log or complementary log-log.
    """
    survival, low, high = row[SURVIVAL], row[CI_LOW], row[CI_HIGH]
    if np.isnan(low) or np.isnan(high) or not 0 < survival < 1 or not low < high:
        return 0.0
    limits = np.array([low, survival, high])
    slope = 1 / (survival * -log(survival))
    scales = [(limits, slope)]
    if low > 0 and high < 1:
        scales += [(np.log(limits), slope * survival), (-np.log(-np.log(limits)), 1.0)]
    ends, slope = min(scales, key=lambda scale: _asymmetry(scale[0]))
    return float((ends[2] - ends[0]) / (2 * NORMAL_95) * slope)


def _asymmetry(limits: Array) -> float:
    low, middle, high = limits
    return float(abs(high + low - 2 * middle) / (high - low))


def crude_medians(reports: Reports) -> tuple[Array, Array]:
    """Return a log median of each report under an exponential curve, and the information on it.

    For geometry alone.
    """
    level, information = np.zeros(len(reports.rows)), np.zeros(len(reports.rows))
    for place, fields in enumerate(reports.rows):
        one = Report(*fields)
        if one.kind in (Kind.MEDIAN, Kind.MEDIAN_OF_PATIENTS, Kind.BEYOND):
            error = one.size if one.kind == Kind.MEDIAN else 2.0 / sqrt(one.size)
            level[place], information[place] = one.value, 1 / error**2
        elif one.kind == Kind.LANDMARK:
            level[place] = log(log(2)) + log(one.time) - one.value
            information[place] = 1 / one.size**2
        elif (one.start, one.end) == (0, inf):
            share = (one.size * one.value + 0.5) / (one.size + 1)
            level[place] = log(log(2)) + log(one.time) - log(-log(share))
            information[place] = 0.5 * one.size * share * log(share) ** 2 / (1 - share)
    return level, information
