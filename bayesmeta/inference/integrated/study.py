"""The log likelihood of one study with its effect integrated out, whatever the model's parts; compiled.

Effects of arms and missing covariates move each arm by itself, and are normal; so they are one
normal perturbation of the arm, integrated out inside the integral over the study's effect. In a
study of one arm a normal effect and the perturbation are one.
"""

from math import hypot, inf, isfinite, sqrt

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled, inlined
from bayesmeta.inference.density.effects import NORMAL
from bayesmeta.inference.integrated.integrand import (
    STUDENT,
    Distribution,
    Kind,
    Study,
    StudyArms,
    distribution_of,
    log_arm_at,
    log_arms,
    log_effect,
    log_integrand,
)
from bayesmeta.inference.integrated.rules import (
    AGREEMENT,
    HEAVY_AGREEMENT,
    Hull,
    LogFunction,
    Peak,
    climb,
    log_panels,
    log_trapezoid,
)
from bayesmeta.inference.quadrature.study import integrated_log_likelihood

BINOMIAL, LOGIT = 0, 0

NO_EFFECT = 1e-12
"""Scale of an effect without heavy tails below which it changes no digit."""
LEAST_TAU = 1e-30
"""Scale at which Student effects are taken that are smaller still: what they do is all in the tails."""


@compiled
def integrated_study(  # noqa: PLR0917
    arms: StudyArms, kind: Kind, code: int, tau: float, own: float, fixed: float
) -> float:
    """Return the log likelihood of a study's arms, without their coefficients.

    `code` is that of the distribution's class, `tau` its scale (0 for no effect), `own` its own
    parameter and `fixed` its fixed number; independent studies have those of the prior of mu.
    """
    perturbed = False
    for i in range(arms.eta.size):
        perturbed = perturbed or (arms.spread[i] > NO_EFFECT and arms.n[i] > 0)
    if code == NORMAL and arms.eta.size == 1:
        tau, perturbed = hypot(tau, arms.spread[0]), False
    if code != STUDENT and tau < NO_EFFECT:
        study = Study(arms, 0.0, kind, Distribution(NORMAL, 0.0, 0.0, 0.0, 0.0))
        return _log_moved_arms(0.0, study) if perturbed else log_arms(0.0, study)
    if code == NORMAL and not perturbed:
        return _normal(arms, 0.0, kind, tau)
    study = Study(arms, 0.0, kind, distribution_of(code, max(tau, LEAST_TAU), own, fixed))
    return _moved(study) if perturbed else _still(study)


@compiled
def _normal(arms: StudyArms, shift: float, kind: Kind, tau: float) -> float:
    """Return the log likelihood under normal effects, without perturbations."""
    if kind.likelihood == BINOMIAL and kind.link == LOGIT:
        return integrated_log_likelihood(arms.eta + shift, tau, arms.events, arms.n, 0)
    return _still(Study(arms, shift, kind, distribution_of(NORMAL, tau, 0.0, 0.0)))


@compiled
def _still(study: Study) -> float:
    """Return the log integral over the effect, without perturbations."""
    return _log_integral(log_integrand, study)


@compiled
def _moved(study: Study) -> float:
    """Return the log integral over the effect, with perturbations."""
    return _log_integral(_log_moved, study)


@inlined
def _log_integral(function: LogFunction, study: Study) -> float:
    """Return the log integral of a function of the effect."""
    # A normal effect and binomial arms have a concave logarithm.
    concave = study.distribution.code == NORMAL and study.kind.likelihood == BINOMIAL
    peaks, hull = _starts(study, concave)
    count = 0
    for k in range(len(peaks)):
        peak = climb(function, study, peaks[k, 0], peaks[k, 1])
        count = _kept(peaks, count, peak)
    value = np.nan
    if count == 1:
        agreement = AGREEMENT if concave else HEAVY_AGREEMENT
        peak = Peak(peaks[0, 0], peaks[0, 1], peaks[0, 2])
        value = log_trapezoid(function, study, peak, hull, agreement)
    return value if isfinite(value) else log_panels(function, study, peaks[:count], hull)


@compiled
def _log_moved(u: float, study: Study) -> float:
    """Return the log integrand at effect `u`, perturbations of the arms integrated out."""
    return _log_moved_arms(u, study) + log_effect(u, study)


@compiled
def _log_moved_arms(u: float, study: Study) -> float:
    """Return the log likelihood of the arms at effect `u`, perturbations integrated out."""
    total, arms = 0.0, study.arms
    for i in range(arms.eta.size):
        if arms.n[i] == 0:
            continue
        if arms.spread[i] > NO_EFFECT:
            total += _normal(_arm(arms, i), study.shift + u, study.kind, arms.spread[i])
        else:
            total += log_arm_at(i, u, study)
    return total


@compiled
def _arm(arms: StudyArms, i: int) -> StudyArms:
    """Return one arm as arms of their own."""
    return StudyArms(
        arms.eta[i : i + 1],
        arms.events[i : i + 1],
        arms.n[i : i + 1],
        arms.spread[i : i + 1] * 0,
        arms.level[i : i + 1],
        arms.information[i : i + 1],
    )


@compiled
def _starts(study: Study, concave: bool) -> tuple[Array, Hull]:  # noqa: FBT001
    """Return where to look for peaks, and bounds outside which there are none.

    If there is but one, where it would be if all were normal; else at zero, near which the
    distribution has its own, and where each arm would have its own. In columns as `Peak` has them.
    """
    arms, tau = study.arms, study.distribution.tau
    found = np.zeros((1 + arms.eta.size, 3))
    # The distribution may be skew: its own peak is within tau of zero.
    low, high, precision, weighted, count = -tau, tau, 1 / tau**2, 0.0, 1
    for i in range(arms.eta.size):
        if arms.information[i] == 0:
            continue
        gap = arms.level[i] - arms.eta[i] - study.shift
        variance = 1 / arms.information[i] + arms.spread[i] ** 2
        precision += 1 / variance
        weighted += gap / variance
        found[count, 0], found[count, 1] = gap, sqrt(variance)
        low, high, count = min(low, gap), max(high, gap), count + 1
    if concave:
        found[0, 0], found[0, 1] = weighted / precision, 1 / sqrt(precision)
        return found[:1], (inf, -inf)
    found[0, 1] = tau
    return found[:count], (low, high)


@compiled
def _kept(peaks: Array, count: int, peak: Peak) -> int:
    """Write a peak as number `count` unless it is known already; return the new count."""
    for k in range(count):
        if abs(peaks[k, 0] - peak.at) < min(peaks[k, 1], peak.sd):
            return count
    peaks[count, 0], peaks[count, 1], peaks[count, 2] = peak.at, peak.sd, peak.height
    return count + 1
