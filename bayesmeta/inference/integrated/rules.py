"""Rules of quadrature for the exponential of a function with few peaks, compiled into their callers.

Near one peak the trapezoid rule errs by exp(-c / step), so that halving the step about squares the
error: where two steps agree, the finer one is far nearer than they differ (Trefethen & Weideman
2014, doi:10.1137/130932132). Where they do not agree, or there may be several peaks, panels are halved
until the 21-point rule of Kronrod agrees with the 10-point rule of Gauss (Piessens et al. 1983,
QUADPACK).
"""

from collections.abc import Callable
from math import exp, isfinite, log, log1p, sqrt
from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.integrated.integrand import Study

Hull = tuple[float, float]
LogFunction = Callable[[float, Study], float]

CLIMBS = 200
"""Steps of a climb, at most."""
NEAR = 0.1
"""A peak need not be known better than to this many of its standard deviations."""
DROP = 28.0
"""Where the logarithm has fallen by this much from the peak, nothing is left."""
AGREEMENT = 2e-7
"""Share by which two steps of the trapezoid rule may differ where the logarithm is concave."""
HEAVY_AGREEMENT = 1e-9
"""The same where heavy tails may leave a second, narrow rise that is no peak."""
LONGEST_MARCH = 150
"""Steps on one side of the peak after which the trapezoid rule gives up."""
LEVELS = 4

REACH = 2.8
"""Half a panel about a peak, in standard deviations; the next ones are `GROWTH` times as long."""
GROWTH = 3.0
MOST_EDGES = 400
UNRESOLVED = 1e-9
"""Share of the integral by which the two rules may differ on a panel; Kronrod's is far nearer."""
MOST_PANELS = 500
"""Halvings of one panel and its parts; functions without noise need some dozens."""

MOST_HALVINGS = 60

_PAIRS = np.array(
    [
        (0.9956571630258081, 0.011694638867371874, 0.0),
        (0.9739065285171717, 0.032558162307964725, 0.06667134430868814),
        (0.9301574913557082, 0.054755896574351995, 0.0),
        (0.8650633666889845, 0.07503967481091996, 0.1494513491505806),
        (0.7808177265864169, 0.0931254545836976, 0.0),
        (0.6794095682990244, 0.10938715880229764, 0.21908636251598204),
        (0.5627571346686047, 0.12349197626206584, 0.0),
        (0.4333953941292472, 0.13470921731147334, 0.26926671930999635),
        (0.2943928627014602, 0.14277593857706009, 0.0),
        (0.14887433898163122, 0.14773910490133849, 0.29552422471475287),
    ]
)
"""Pairs of nodes about the middle of (-1, 1): their distance from it, and the weight of each in
Kronrod's rule and in Gauss's."""
_KRONROD_CENTRE = 0.1494455540029169


class Peak(NamedTuple):
    """A peak: where it is, the standard deviation of the normal like it, and its logarithm."""

    at: float
    sd: float
    height: float


@inlined
def climb(function: LogFunction, study: Study, start: float, sd: float) -> Peak:
    """Return a peak of the function, climbed from `start` by Newton's method with differences."""
    at, height, reach = start, function(start, study), 4 * sd
    for _ in range(CLIMBS):
        gap = 0.25 * sd
        above, below = function(at + gap, study), function(at - gap, study)
        slope, bend = (above - below) / (2 * gap), (2 * height - above - below) / (gap * gap)
        if not isfinite(slope + bend):
            sd *= 0.25
            continue
        former = sd
        sd = min(1 / sqrt(bend), 4 * sd) if bend > 0 else 2 * sd
        move = min(max(slope * sd * sd, -reach), reach)
        if bend > 0 and abs(move) < NEAR * sd and sd > 0.5 * former:
            break
        there = function(at + move, study)
        reach = max(2 * abs(move), 4 * sd)
        while not there >= height and abs(move) > NEAR * sd:
            move *= 0.25
            reach = 2 * abs(move)
            there = function(at + move, study)
        if there >= height:
            at, height = at + move, there
    return Peak(at, sd, height)


@inlined
def log_trapezoid(  # noqa: PLR0917
    function: LogFunction, study: Study, peak: Peak, hull: Hull, agreement: float
) -> float:
    """Return the log integral of a function with one peak; NaN if steps do not agree."""
    step, total = peak.sd, 0.0
    for level in range(LEVELS):
        comb = _combed(function, study, peak, hull, step, 0.5 if level > 0 else 0.0)
        if not isfinite(comb):
            break
        if level > 0 and abs(total - comb) <= 2 * agreement * total:
            return peak.height + log(0.5 * step * (total + comb))
        total += comb
        step = 0.5 * step if level > 0 else step
    return np.nan


@inlined
def _combed(  # noqa: PLR0917
    function: LogFunction, study: Study, peak: Peak, hull: Hull, step: float, offset: float
) -> float:
    """Return the sum of the function over equal steps about the peak; NaN if they are too many."""
    total, k, direction = 0.0, 0, 1
    while k < LONGEST_MARCH:
        far = (direction * k + offset) * step
        fallen = function(peak.at + far, study) - peak.height
        total += exp(fallen)
        k += 1
        if fallen + log1p(abs(far) / peak.sd) < -DROP and outside(peak.at + far, direction, hull):
            if direction < 0:
                return total
            direction, k = -1, 1
    return np.nan


@inlined
def outside(u: float, direction: int, hull: Hull) -> bool:
    """Return whether going on in this direction leads away from the hull."""
    return u < hull[0] if direction < 0 else u > hull[1]


@inlined
def log_panels(function: LogFunction, study: Study, peaks: Array, hull: Hull) -> float:
    """Return the log integral of a function by panels about its peaks, in columns as `Peak` has them.

    Outside the hull, the function falls away from it.
    """
    top = Peak(peaks[0, 0], peaks[0, 1], peaks[0, 2])
    for k in range(1, len(peaks)):
        if peaks[k, 2] > top.height:
            top = Peak(peaks[k, 0], peaks[k, 1], peaks[k, 2])
    edges, count = np.empty(MOST_EDGES), 0
    for k in range(len(peaks)):
        peak = Peak(peaks[k, 0], peaks[k, 1], peaks[k, 2])
        count = _add_edges(function, study, (peak, top), hull, edges, count)
    ordered = np.sort(edges[:count])
    tolerance = UNRESOLVED * top.sd * sqrt(2 * np.pi)
    total = 0.0
    for k in range(count - 1):
        total += _resolved(function, study, top.height, (ordered[k], ordered[k + 1]), tolerance)
    return top.height + log(total)


@inlined
def _add_edges(  # noqa: PLR0917
    function: LogFunction,
    study: Study,
    peaks: tuple[Peak, Peak],
    hull: Hull,
    edges: Array,
    count: int,
) -> int:
    """Write ends of panels about the first peak, as far out as matters beside the second."""
    peak, top = peaks
    for direction in (-1, 1):
        reach = REACH * peak.sd
        for _ in range(MOST_EDGES // 8):
            u = peak.at + direction * reach
            if count < MOST_EDGES:
                edges[count] = u
                count += 1
            # The mass beyond is about the density there times the distance.
            fallen = function(u, study) - top.height + log(reach / top.sd)
            if fallen < -DROP and outside(u, direction, hull):
                break
            reach *= GROWTH
    return count


@inlined
def _resolved(  # noqa: PLR0917
    function: LogFunction, study: Study, height: float, panel: tuple[float, float], tolerance: float
) -> float:
    """Return the integral over a panel, halved until both rules agree.

    Where rounding keeps them apart, each half would be halved again: only so many are.
    """
    halvings = 0
    lows, highs = np.empty(MOST_HALVINGS + 1), np.empty(MOST_HALVINGS + 1)
    lows[0], highs[0], waiting, total = panel[0], panel[1], 1, 0.0
    while waiting > 0:
        waiting -= 1
        low, high = lows[waiting], highs[waiting]
        kronrod, gauss = _both(function, study, height, low, high)
        middle = 0.5 * (low + high)
        agree = not abs(kronrod - gauss) > tolerance
        spent = halvings >= MOST_PANELS or waiting + 2 > MOST_HALVINGS
        if agree or spent or not low < middle < high:
            total += kronrod
            continue
        halvings += 1
        lows[waiting], highs[waiting] = low, middle
        lows[waiting + 1], highs[waiting + 1] = middle, high
        waiting += 2
    return total


@inlined
def _both(  # noqa: PLR0917
    function: LogFunction, study: Study, height: float, low: float, high: float
) -> tuple[float, float]:
    """Return the integral over a panel by Kronrod's rule and by Gauss's."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    kronrod, gauss = _KRONROD_CENTRE * exp(function(middle, study) - height), 0.0
    for k in range(_PAIRS.shape[0]):
        gap = half * _PAIRS[k, 0]
        pair = exp(function(middle - gap, study) - height)
        pair += exp(function(middle + gap, study) - height)
        kronrod += _PAIRS[k, 1] * pair
        gauss += _PAIRS[k, 2] * pair
    return half * kronrod, half * gauss
