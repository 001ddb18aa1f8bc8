"""Compiled log densities of landmarks and medians, given the median and the shape of their curve."""

from math import exp, expm1, inf, lgamma, log, log1p, sqrt
from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.effects import LOG_ROOT_TWO_PI, digamma
from bayesmeta.inference.density.likelihoods import log_normal_cdf
from bayesmeta.inference.kernels import log1pexp, sigmoid

_LOG_TWO = log(2.0)
BEYOND = 2
"""Code of the last kind of report whose shape is the typical one."""

LANDMARK = 3
"""Code of landmarks that are normal on the complementary log-log scale."""

WEIBULL = 0
"""Code of Weibull curves, of which exponential ones are those of shape 1."""

_RARE = -30.0
"""Log probability below which one minus it is 1."""


class Slopes(NamedTuple):
    """A log density with its derivatives."""

    value: float
    by_theta: float
    """In the log median."""
    by_log_shape: float
    by_retention: float


@compiled
def log_report(  # noqa: PLR0915, PLR0917
    report: Array, curve: int, theta: float, log_shape: float, retention: float
) -> Slopes:
    """Return the log density of a row of `Reports` and its derivatives; `curve` is the curve's code."""
    kind, value, size, discounted = int(report[1]), report[5], report[6], report[7]
    if kind == 0:  # MEDIAN
        z = (value - theta) / size
        return Slopes(-0.5 * z * z - log(size) - LOG_ROOT_TWO_PI, z / size, 0.0, 0.0)
    shape = exp(log_shape)
    if kind in (1, 2):  # MEDIAN_OF_PATIENTS, BEYOND
        slope = _LOG_TWO if curve == WEIBULL else 0.5
        root = slope * shape * sqrt(retention * size)
        z = (value - theta) * root
        if kind == 2:  # noqa: PLR2004
            found, score = log_normal_cdf(-z)
            return Slopes(found, score * root, -score * z, -score * z / (2 * retention))
        density, rest = -0.5 * z * z + log(root) - LOG_ROOT_TWO_PI, 1 - z * z
        return Slopes(density, z * root, rest, rest / (2 * retention))
    x = shape * (log(report[2]) - theta)
    if kind == LANDMARK:
        found, slope = _log_hazard(curve, x)
        z = (value - found) / size
        by_x = z / size * slope
        density = -0.5 * z * z - log(size) - LOG_ROOT_TWO_PI
        return Slopes(density, -by_x * shape, by_x * x, 0.0)
    start, end = report[3], report[4]
    share = _alive(
        curve,
        shape * (log(start) - theta) if start > 0 else -inf,
        x,
        shape * (log(end) - theta),
    )
    if discounted > 0:
        part = log_share(retention * size, value, share.log_alive, share.log_dead)
        by_x = part.by_alive * share.alive_by_log_median + part.by_dead * share.dead_by_log_median
        by_moved = part.by_alive * share.alive_by_log_shape + part.by_dead * share.dead_by_log_shape
        return Slopes(part.value, by_x * shape, by_moved, part.by_patients * size)
    found, by_x, by_moved = _coefficient(size, value), 0.0, 0.0
    # Nothing is added for no patients alive, or none who died, whatever the logarithm.
    if value > 0:
        found += size * value * share.log_alive
        by_x += size * value * share.alive_by_log_median
        by_moved += size * value * share.alive_by_log_shape
    if value < 1:
        found += size * (1 - value) * share.log_dead
        by_x += size * (1 - value) * share.dead_by_log_median
        by_moved += size * (1 - value) * share.dead_by_log_shape
    return Slopes(found, by_x * shape, by_moved, 0.0)


class Share(NamedTuple):
    """Log probabilities of patients of an interval to be alive, or dead, at a time within it."""

    log_alive: float
    log_dead: float
    alive_by_log_median: float
    """Derivative in the log median, over the shape."""
    alive_by_log_shape: float
    dead_by_log_median: float
    dead_by_log_shape: float


@compiled
def _alive(curve: int, before: float, x: float, after: float) -> Share:
    """Return the share alive at `x` of those whose time lies between `before` and `after`.

    All are ``shape * (log time - log median)``.
    """
    alive, alive_x, alive_after = _log_difference(curve, x, after)
    dead, dead_before, dead_x = _log_difference(curve, before, x)
    whole, whole_before, whole_after = _log_difference(curve, before, after)
    return Share(
        alive - whole,
        dead - whole,
        -(alive_x + alive_after - whole_before - whole_after),
        _moved(alive_x, x)
        + _moved(alive_after - whole_after, after)
        - _moved(whole_before, before),
        -(dead_before + dead_x - whole_before - whole_after),
        _moved(dead_before - whole_before, before) + _moved(dead_x, x) - _moved(whole_after, after),
    )


@inlined
def _moved(slope: float, x: float) -> float:
    """Return ``slope * x``, its limit 0 where the survival is 1 or 0."""
    return slope * x if slope != 0 else 0.0


@compiled
def _log_difference(curve: int, early: float, late: float) -> tuple[float, float, float]:
    """Return the log of the survival at `early` minus that at `late`, and derivatives in both."""
    first, slope_of_first = _log_survival(curve, early)
    if late == inf:
        return first, slope_of_first, 0.0
    last, slope_of_last = _log_survival(curve, late)
    gap = first - last
    # The share of the earlier survival that is lost.
    lost = -expm1(-gap)
    kept = exp(-gap)
    return first + log(lost), slope_of_first / lost, -slope_of_last * kept / lost


@compiled
def _log_survival(curve: int, x: float) -> tuple[float, float]:
    """Return the log survival at x, and its derivative."""
    if x == -inf:
        return 0.0, 0.0
    if curve == WEIBULL:
        hazard = _LOG_TWO * exp(x)
        return -hazard, -hazard
    return -log1pexp(x), -sigmoid(x)


@compiled
def _log_hazard(curve: int, x: float) -> tuple[float, float]:
    """Return the log of the cumulative hazard at x, and its derivative."""
    if curve == WEIBULL:
        return log(_LOG_TWO) + x, 1.0
    hazard = log1pexp(x)
    return log(hazard), sigmoid(x) / hazard


@compiled
def _coefficient(patients: float, share: float) -> float:
    """Return the log of the binomial coefficient times the number of patients.

    So the density of a share, whose values lie 1 / patients apart, integrates to about 1.
    """
    alive, dead = patients * share, patients * (1 - share)
    return log(patients) + lgamma(patients + 1) - lgamma(alive + 1) - lgamma(dead + 1)


class PartOfShare(NamedTuple):
    """The log density of a share of patients of whom only some count, with its derivatives."""

    value: float
    by_alive: float
    """In the log probability to be alive."""
    by_dead: float
    by_patients: float


@compiled
def log_share(patients: float, share: float, log_alive: float, log_dead: float) -> PartOfShare:
    """Return the log density of a share alive of a number of patients that is not whole, nor known.

    As the number is estimated, the density integrates to 1 whatever it is: all are alive, or dead, with
    the probability that ``1 + patients`` are; any other share has a beta distribution with the mean of
    the curve and the variance of a binomial share of ``1 + patients``.
    """
    if share >= 1:
        return PartOfShare((1 + patients) * log_alive, 1 + patients, 0.0, log_alive)
    if share <= 0:
        return PartOfShare((1 + patients) * log_dead, 0.0, 1 + patients, log_dead)
    # By symmetry the rarer of both comes first; the other follows from it with all its digits.
    swapped = log_alive > log_dead
    rare = log_dead if swapped else log_alive
    own, other = (1 - share, share) if swapped else (share, 1 - share)
    p = exp(rare)
    q = 1 - p
    common = log1p(-p)
    a, b = patients * p, patients * q
    mixed, mixed_by_rare, mixed_by_patients = _log_not_all(patients, rare, common)
    value = mixed + lgamma(patients + 1) - lgamma(a + 1) - lgamma(b + 1) + log(patients)
    value += rare + common + (a - 1) * log(own) + (b - 1) * log(other)
    by_a, by_b = log(own) - digamma(a + 1), log(other) - digamma(b + 1)
    by_rare = mixed_by_rare + 1 - p / q + a * (by_a - by_b)
    by_patients = mixed_by_patients + digamma(patients + 1) + 1 / patients + p * by_a + q * by_b
    if swapped:
        return PartOfShare(value, 0.0, by_rare, by_patients)
    return PartOfShare(value, by_rare, 0.0, by_patients)


@compiled
def _log_not_all(patients: float, rare: float, common: float) -> tuple[float, float, float]:
    """Return the log probability that of ``1 + patients`` not all have the same outcome.

    With its derivatives in the log probability `rare` of the rarer one, and in the number. It is
    ``p (1 - p^n) + q (1 - q^n)``, in which nothing cancels.
    """
    first, kept = -expm1(patients * rare), exp(patients * rare)
    if rare < _RARE:
        whole = first + patients
        return rare + log(whole), 1 - patients * kept / whole, (1 - rare * kept) / whole
    second, gone = -expm1(patients * common), exp(patients * common)
    p, q = exp(rare), exp(common)
    whole = p * first + q * second
    by_rare = p * (first - patients * kept) - p * (second - patients * gone)
    by_patients = -(p * rare * kept + q * common * gone)
    return log(whole), by_rare / whole, by_patients / whole


@compiled
def log_reports_at(  # noqa: PLR0917
    reports: Array, curve: int, theta: Array, log_shape: Array, others: Array
) -> Array:
    """Return the log density of each arm's reports, dims (draw, arm).

    `theta` and `log_shape` have dims (draw, arm); `others` are the typical log shape and the retention,
    dims (draw, 2).
    """
    found = np.zeros(theta.shape)
    for draw in range(theta.shape[0]):
        for r in range(reports.shape[0]):
            arm = int(reports[r, 0])
            shape = log_shape[draw, arm] if reports[r, 1] > BEYOND else others[draw, 0]
            found[draw, arm] += log_report(
                reports[r], curve, theta[draw, arm], shape, others[draw, 1]
            ).value
    return found
