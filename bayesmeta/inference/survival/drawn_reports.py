"""Reports drawn given the curves of arms, one after the other as they depend on each other."""

from collections.abc import Mapping
from math import exp, inf

import numpy as np
import numpy.typing as npt

from bayesmeta.arrays import Array
from bayesmeta.model import Design
from bayesmeta.model.curves import LOG_SHAPE, PRECISION, SurvivalCurve
from bayesmeta.model.survival_reports import Kind, Report, Reports

Known = dict[float, float]
"""Survival of a curve at the times of its reports so far."""


def draw_reports(
    design: Design, variables: Mapping[str, Array], rng: np.random.Generator
) -> Reports:
    """Return reports of the kinds, times and precision of a design's own, given one curve for each arm.

    A report that leaves no patient to a later one of its curve leaves that out. A median that was not
    reached in the design is a median here where it comes before that follow-up.
    """
    shapes = np.exp(np.broadcast_to(variables.get("log_shape", 0.0), variables["theta"].shape))
    typical = float(np.exp(variables.get(LOG_SHAPE, np.zeros(()))))
    kept = float(variables.get(PRECISION, np.ones(())))
    told: list[Known] = [{0.0: 1.0, inf: 0.0} for _ in design.arms.labels]
    drawn: list[Known] = [{0.0: 1.0, inf: 0.0} for _ in design.arms.labels]
    found = []
    for fields in design.reports.rows:
        row = Report(int(fields[0]), Kind(int(fields[1])), *fields[2:])
        arm = row.arm
        shape = typical if row.kind in (Kind.MEDIAN_OF_PATIENTS, Kind.BEYOND) else shapes[arm]
        one = _Arm(design.curve, float(variables["theta"][arm]), float(shape), kept)
        if row.kind != Kind.ALIVE:
            found.append(one.draw(row, rng))
            _note(told[arm], row)
            _note(drawn[arm], found[-1])
            continue
        last = told[arm][_at(row.end)]
        between = told[arm][_at(row.start)] - last
        told[arm][_at(row.time)] = last + row.value * between
        seen = one.draw_alive(row, row.size / between, drawn[arm], rng)
        found += [] if seen is None else [seen]
    return Reports(np.array(found, dtype=np.float64))


def _note(known: Known, row: Report) -> None:
    """Keep what a median or a landmark tells of the survival of its curve."""
    if row.kind == Kind.LANDMARK:
        known[_at(row.time)] = exp(-exp(row.value))
    elif row.kind != Kind.BEYOND:
        known[_at(exp(row.value))] = 0.5


def _at(time: float) -> float:
    """Return a time as it is found again: the exponential of a logarithm is not quite the number."""
    return round(float(time), 9)


class _Arm:
    """The curve of an arm, and the share of its patients that count where they are discounted."""

    def __init__(self, curve: SurvivalCurve, theta: float, shape: float, kept: float) -> None:
        self._curve, self._theta, self._shape, self._kept = curve, theta, shape, kept

    def _log_survival(self, time: float) -> float:
        if time in {0.0, inf}:
            return 0.0 if time == 0 else -inf
        x = self._shape * (np.log(time) - self._theta)
        return float(self._curve.log_survival(np.asarray(x)))

    def draw(self, row: Report, rng: np.random.Generator) -> Report:
        """Return a row with another value; normal on its scale."""
        if row.kind == Kind.LANDMARK:
            value = np.log(-self._log_survival(row.time)) + row.size * rng.standard_normal()
            return row._replace(value=float(value))
        error = row.size
        if row.kind != Kind.MEDIAN:
            error = 1 / (self._curve.slope * self._shape * np.sqrt(self._kept * row.size))
        value = self._theta + error * rng.standard_normal()
        if row.kind != Kind.BEYOND:
            return row._replace(value=float(value))
        return row if value > row.value else row._replace(kind=Kind.MEDIAN_OF_PATIENTS, value=value)

    def draw_alive(
        self, row: Report, patients: float, known: Known, rng: np.random.Generator
    ) -> Report | None:
        """Return a share alive of the patients that the reports so far leave, and keep it in `known`."""
        start = max(time for time in known if time < row.time)
        end = min(time for time in known if time > row.time)
        between = known[start] - known[end]
        whole = round(patients * between)
        size = patients * between if row.discounted else whole
        if between <= 0 or size <= 0:
            return None
        first, at, last = (self._log_survival(time) for time in (start, row.time, end))
        log_whole = np.log(-np.expm1(last - first))
        log_dead = float(np.log(-np.expm1(at - first)) - log_whole)
        log_alive = float(at - first + np.log(-np.expm1(last - at)) - log_whole)
        if row.discounted:
            share = float(draw_share(self._kept * size, log_alive, log_dead, rng))
        else:
            share = float(rng.binomial(whole, np.exp(log_alive)) / whole)
        known[_at(row.time)] = known[end] + share * between
        return row._replace(start=start, end=end, value=share, size=size)


def draw_share(
    patients: npt.ArrayLike,
    log_alive: npt.ArrayLike,
    log_dead: npt.ArrayLike,
    rng: np.random.Generator,
) -> Array:
    """Return shares alive of numbers of patients that are not whole, as `log_share` has them."""
    size = np.asarray(patients)
    logs = np.stack(np.broadcast_arrays(log_alive, log_dead))
    all_alive, all_dead = np.exp((1 + size) * logs)
    point, tiny = rng.random(all_alive.shape), np.finfo(np.float64).tiny
    share = rng.beta(*np.maximum(size * np.exp(logs), tiny))
    # What rounds to 0 or 1 is none of these.
    share = np.clip(share, 1e-12, 1 - 1e-12)
    return np.asarray(np.where(point < all_alive + all_dead, point < all_alive, share))
