"""Reports of whole studies given the parameters alone, the effects and shapes of these integrated out.

Medians with a standard error are normal in the log median of their arm, and so combine with a normal
study effect exactly. What is left of a study, its landmarks and medians that were not reached, is
averaged over that normal distribution by the trapezoid rule, and over the shape of each arm by
Gauss-Hermite quadrature.
"""

from collections.abc import Mapping
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from bayesmeta.arrays import Array, Integers
from bayesmeta.errors import InapplicableError
from bayesmeta.inference.coefficients import coefficients_of
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.density.effects import LOG_ROOT_TWO_PI
from bayesmeta.inference.kernels import log_sum
from bayesmeta.inference.survival.reports import BEYOND, log_report
from bayesmeta.model import Design
from bayesmeta.model.curves import LOG_SHAPE, LOG_TWO, PRECISION, TAU_SHAPE
from bayesmeta.model.limits import why_not_integrated
from bayesmeta.model.survival_reports import crude_medians

REACH, STEP = 7.5, 0.5
"""Standard deviations of the study effect that the trapezoid rule covers, and its step in standard
deviations of the effect or of what its reports tell, whichever is smaller."""

NODES, WEIGHTS = hermegauss(21)
LOG_WEIGHTS = np.log(WEIGHTS / WEIGHTS.sum())


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
        NODES,
        LOG_WEIGHTS,
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
    nodes: Array,
    log_weights: Array,
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
                nodes,
                log_weights,
            )
    return found


@compiled
def _log_study(  # noqa: PLR0913, PLR0917
    reports: Array,
    curve: int,
    eta: Array,
    tau: float,
    kappa: float,
    tau_k: float,
    retention: float,
    information: float,
    nodes: Array,
    log_weights: Array,
) -> float:
    """Return the log density of one study's reports; `information` is that of those not normal."""
    mean, sd, total = 0.0, tau, 0.0
    slope = LOG_TWO if curve == 0 else 0.5
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
        return total + _log_rest(
            reports, curve, eta, mean, kappa, tau_k, retention, nodes, log_weights
        )
    step = STEP / sqrt(1 + sd * sd * information)
    value, norm = -np.inf, -np.inf
    for i in range(int(2 * REACH / step) + 1):
        z = -REACH + step * i
        weight = -0.5 * z * z
        norm = log_sum(norm, weight)
        here = _log_rest(
            reports, curve, eta, mean + sd * z, kappa, tau_k, retention, nodes, log_weights
        )
        value = log_sum(value, weight + here) if here > -np.inf else value
    return total + value - norm


@compiled
def _log_rest(  # noqa: PLR0913, PLR0917
    reports: Array,
    curve: int,
    eta: Array,
    u: float,
    kappa: float,
    tau_k: float,
    retention: float,
    nodes: Array,
    log_weights: Array,
) -> float:
    """Return the log density of reports that are not normal, given the effect of their study."""
    total, r = 0.0, 0
    while r < reports.shape[0]:
        arm = int(reports[r, 0])
        last = r
        while last < reports.shape[0] and int(reports[last, 0]) == arm:
            last += 1
        total += _log_arm(
            reports[r:last], curve, eta[arm] + u, kappa, tau_k, retention, nodes, log_weights
        )
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
    nodes: Array,
    log_weights: Array,
) -> float:
    """Return the same of one arm, averaged over its shape."""
    total, shaped = 0.0, False
    for r in range(reports.shape[0]):
        kind = int(reports[r, 1])
        if kind == BEYOND:
            total += log_report(reports[r], curve, theta, kappa, retention).value
        shaped = shaped or kind > BEYOND
    if not shaped:
        return total
    value = -np.inf
    for k in range(nodes.size):
        here = float(log_weights[k])
        for r in range(reports.shape[0]):
            if int(reports[r, 1]) > BEYOND:
                log_shape = kappa + tau_k * nodes[k]
                here += log_report(reports[r], curve, theta, log_shape, retention).value
        value = log_sum(value, here) if here > -np.inf else value
        if tau_k == 0:
            return total + here - float(log_weights[k])
    return total + float(value)
