"""Reports of whole studies given the parameters alone, the effects and shapes of these integrated out.

Medians with a standard error are normal in the log median of their arm, and so combine with a normal
study effect exactly. What is left of a study, its landmarks and medians that were not reached, is
averaged over that normal distribution, and over the shape of each arm, by the trapezoid rule. Its steps
follow the information in the reports: the landmarks of many patients tell a shape far more closely than
the other arms do.
"""

from collections.abc import Mapping
from math import exp, expm1, log, sqrt
from typing import NamedTuple

import numpy as np

from bayesmeta.arrays import Array, Integers
from bayesmeta.errors import InapplicableError
from bayesmeta.inference.coefficients import coefficients_of
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.density.effects import LOG_ROOT_TWO_PI
from bayesmeta.inference.kernels import log_sum
from bayesmeta.inference.survival.reports import BEYOND, LANDMARK, WEIBULL, log_report
from bayesmeta.model import Design
from bayesmeta.model.curves import LOG_SHAPE, LOG_TWO, PRECISION, TAU_SHAPE
from bayesmeta.model.limits import why_not_integrated
from bayesmeta.model.survival_reports import crude_medians

REACH, STEP = 7.5, 0.5
"""Standard deviations of the study effect, and of the shape, that the trapezoid rule covers, and its
step over the effect in standard deviations of it given its reports, about."""

STEP_OF_SHAPE, LEAST_STEP = 1.0, 0.01
"""The same step over the shape: longer, as the information on it is a bound from above; and the least,
which is fine enough for 10,000 patients where shapes differ as much as `tau_k` of 1 says."""

MOST_OF_SHAPE, FURTHER = 2.0, 0.5
"""Most information on a log shape that one patient of a landmark gives; and what is added to the
derivative of a landmark in it, as that is 0 where half of the patients are alive."""


class _Given(NamedTuple):
    """What reports are given, draw by draw."""

    eta: Array
    """Log medians of arms without study effects, shape (draw, arm)."""
    tau: Array
    """Standard deviation of the effect of each study, shape (draw, study)."""
    kappa: Array
    tau_k: Array
    retention: Array


def survival_study_log_likelihood(design: Design, variables: Mapping[str, Array]) -> Array:
    """Return the log density of each study's reports given the parameters, dims (..., study).

    `variables` are the parameters, shape (..., own dims). Nothing is learnt from the arms of `design`.

    Raises
    ------
    InapplicableError
        If study effects are neither normal nor none.
    """
    if reason := why_not_integrated(design.spec, design.arms):
        raise InapplicableError(f"Studies have no log likelihood: {reason}.")
    shape = np.shape(variables["mu"])
    draws = int(np.prod(shape))
    flat = {
        name: np.asarray(values, dtype=np.float64).reshape(draws, *np.shape(values)[len(shape) :])
        for name, values in variables.items()
    }
    reports = design.reports
    order = np.argsort(design.arms.study_index[reports.arm], kind="stable")
    study = design.arms.study_index[reports.arm][order]
    first = np.searchsorted(study, np.arange(len(design.arms.studies) + 1))
    given, rest = _given(design, flat), reports.kind[order] >= BEYOND
    found = _log_studies(
        np.ascontiguousarray(reports.rows[order]),
        first.astype(np.int64),
        design.curve.code,
        *given,
        np.bincount(study, crude_medians(reports)[1][order] * rest, first.size - 1),
    )
    return found.reshape(*shape, -1)


def _given(design: Design, flat: Mapping[str, Array]) -> _Given:
    mu, none = flat["mu"], np.zeros(flat["mu"].shape)
    coefficients = coefficients_of(flat)
    eta = np.repeat(mu[:, None], len(design.arms), axis=1)
    if coefficients.shape[-1]:
        eta = eta + coefficients @ design.matrix.T
    tau = flat.get("tau", none)
    tau = tau if tau.ndim > 1 else tau[:, None]
    return _Given(
        np.ascontiguousarray(eta),
        np.ascontiguousarray(tau[:, design.tau_of_study]),
        kappa=flat.get(LOG_SHAPE, none),
        tau_k=flat.get(TAU_SHAPE, none),
        retention=flat.get(PRECISION, none + 1),
    )


@compiled
def _log_studies(  # noqa: PLR0913, PLR0917
    reports: Array,
    first: Integers,
    curve: int,
    eta: Array,
    tau: Array,
    kappa: Array,
    tau_k: Array,
    retention: Array,
    information: Array,
) -> Array:
    """Return the log density of each study's reports, which stand together, dims (draw, study)."""
    draws, studies = tau.shape
    found = np.empty((draws, studies))
    for draw in range(draws):
        for s in range(studies):
            own = reports[first[s] : first[s + 1]]
            found[draw, s] = _log_study(
                own,
                curve,
                eta[draw],
                tau[draw, s],
                kappa[draw],
                tau_k[draw],
                retention[draw],
                information[s],
            )
    return found


@compiled
def _log_study(  # noqa: PLR0917
    reports: Array,
    curve: int,
    eta: Array,
    tau: float,
    kappa: float,
    tau_k: float,
    retention: float,
    information: float,
) -> float:
    """Return the log density of one study's reports; `information` is that of those not normal."""
    mean, sd, total = 0.0, tau, 0.0
    slope = LOG_TWO if curve == WEIBULL else 0.5
    rest = False
    for r in range(reports.shape[0]):
        kind = int(reports[r, 1])
        if kind > 1:
            rest = True
            continue
        error = reports[r, 6]
        if kind == 1:
            error = 1 / (slope * np.exp(kappa) * sqrt(retention * error))
        gap = reports[r, 5] - eta[int(reports[r, 0])] - mean
        variance = sd * sd + error * error
        total += -0.5 * gap * gap / variance - 0.5 * log(variance) - LOG_ROOT_TWO_PI
        mean += sd * sd / variance * gap
        sd *= error / sqrt(variance)
    if not rest:
        return total
    if sd == 0:
        return total + _log_rest(reports, curve, eta, mean, kappa, tau_k, retention)
    # Of an exponential curve; a steeper one tells of its median more closely.
    told = sd * exp(kappa + tau_k)
    step = STEP / sqrt(1 + told * told * information)
    value, norm = -np.inf, -np.inf
    for i in range(int(2 * REACH / step) + 1):
        z = -REACH + step * i
        weight = -0.5 * z * z
        norm = log_sum(norm, weight)
        here = _log_rest(reports, curve, eta, mean + sd * z, kappa, tau_k, retention)
        value = log_sum(value, weight + here) if here > -np.inf else value
    return total + value - norm


@compiled
def _log_rest(  # noqa: PLR0917
    reports: Array,
    curve: int,
    eta: Array,
    u: float,
    kappa: float,
    tau_k: float,
    retention: float,
) -> float:
    """Return the log density of reports that are not normal, given the effect of their study."""
    total, r = 0.0, 0
    while r < reports.shape[0]:
        arm = int(reports[r, 0])
        last = r
        while last < reports.shape[0] and int(reports[last, 0]) == arm:
            last += 1
        total += _log_arm(reports[r:last], curve, eta[arm] + u, kappa, tau_k, retention)
        r = last
    return total


@compiled
def _log_arm(  # noqa: PLR0917
    reports: Array,
    curve: int,
    theta: float,
    kappa: float,
    tau_k: float,
    retention: float,
) -> float:
    """Return the same of one arm, averaged over its shape."""
    total, information, shaped = 0.0, 0.0, False
    for r in range(reports.shape[0]):
        kind = int(reports[r, 1])
        if kind == BEYOND:
            total += log_report(reports[r], curve, theta, kappa, retention).value
        if kind > BEYOND:
            shaped, information = True, information + _shape_information(reports[r], curve)
    if not shaped:
        return total
    if tau_k == 0:
        return total + _log_landmarks(reports, curve, theta, kappa, retention)
    step = max(STEP_OF_SHAPE / sqrt(1 + tau_k * tau_k * information), LEAST_STEP)
    value, norm = -np.inf, -np.inf
    for i in range(int(2 * REACH / step) + 1):
        z = -REACH + step * i
        weight = -0.5 * z * z
        norm = log_sum(norm, weight)
        here = _log_landmarks(reports, curve, theta, kappa + tau_k * z, retention)
        value = log_sum(value, weight + here) if here > -np.inf else value
    return total + float(value - norm)


@compiled
def _log_landmarks(  # noqa: PLR0917
    reports: Array, curve: int, theta: float, log_shape: float, retention: float
) -> float:
    """Return the log density of the landmarks of one arm, given its shape."""
    total = 0.0
    for r in range(reports.shape[0]):
        if int(reports[r, 1]) > BEYOND:
            total += log_report(reports[r], curve, theta, log_shape, retention).value
    return total


@compiled
def _shape_information(report: Array, curve: int) -> float:
    """Return the information on the log shape in a landmark, about, and not less."""
    value, size = report[5], report[6]
    if int(report[1]) != LANDMARK:
        return MOST_OF_SHAPE * float(size)
    # At the shape that agrees with the landmark; further off it may be larger.
    hazard = exp(value)
    if curve == WEIBULL:
        slope = value - log(LOG_TWO)
    else:
        dead = -expm1(-hazard)
        slope = (hazard + log(dead)) * dead / hazard
    return float(((abs(slope) + FURTHER) / size) ** 2)
