"""The log density of models of survival and its gradient, as a C function put together from its parts.

Coordinates are those of `DensityData`, and then those of the log shapes of the arms, standardised.
What is not the arms' own is what it is in models of rates.
"""

from typing import Any

import numpy as np
from numba import carray

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import compiled_callback, inlined
from bayesmeta.inference.density.callbacks import LOG_DENSITY, state, zeros_at
from bayesmeta.inference.density.data import ARRAYS, SIZES, parts_of, unpack
from bayesmeta.inference.density.effects import LOG_ROOT_TWO_PI
from bayesmeta.inference.density.levels import coefficients_at, log_levels
from bayesmeta.inference.density.scalars import (
    Scalars,
    log_coefficients,
    log_scalars,
    new_scalars,
    pull_scalars,
)
from bayesmeta.inference.density.studies import (
    arm_means,
    log_effects,
    pull_arms,
    pull_studies,
    studies_at,
)
from bayesmeta.inference.kernels import located
from bayesmeta.inference.survival.reports import BEYOND, log_report

FIELDS = 8
"""Numbers that tell a report."""


@inlined
def log_shapes(q: Array, place: int, arms: int, gradient: Array) -> float:
    """Return the log density of standardised log shapes, whose coordinates begin at `place`."""
    total = 0.0
    for i in range(arms):
        z = q[place + i]
        total += -0.5 * z * z - LOG_ROOT_TWO_PI
        gradient[place + i] -= z
    return total


@inlined
def log_reports(  # noqa: PLR0917
    q: Array,
    reports: Array,
    curve: Array,
    place: int,
    scalars: Scalars,
    theta: Array,
    by_theta: Array,
    gradient: Array,
) -> float:
    """Return the log likelihood at log medians `theta`, and write its derivatives in them.

    `curve` holds the curve's code, and the places of its parameters among the scalars.
    """
    values, _, carried = scalars
    code, kappa, tau, retention = int(curve[0]), int(curve[1]), int(curve[2]), int(curve[3])
    kept, total = values[retention] if retention >= 0 else 1.0, 0.0
    for i in range(theta.size):
        by_theta[i] = 0.0
    for r in range(reports.shape[0]):
        i = int(reports[r, 0])
        # A median whose precision is not printed is taken to be of a typical shape: that of its own arm
        # would let its standard error fall without end where the median agrees.
        own = values[tau] * q[place + i] if kappa >= 0 and reports[r, 1] > BEYOND else 0.0
        log_shape = values[kappa] + own if kappa >= 0 else 0.0
        found = log_report(reports[r], code, theta[i], log_shape, kept)
        total += found.value
        by_theta[i] += found.by_theta
        if kappa >= 0:
            carried[kappa] += found.by_log_shape
        if kappa >= 0 and reports[r, 1] > BEYOND:
            carried[tau] += found.by_log_shape * q[place + i]
            gradient[place + i] += found.by_log_shape * values[tau]
        if retention >= 0:
            carried[retention] += found.by_retention
    return total


@compiled_callback(LOG_DENSITY)
def survival_density(  # noqa: PLR0917
    dim: int, point: Any, slope: Any, value: Any, pointers: Any
) -> int:
    """Write log density and gradient at a point."""
    q, gradient, d = carray(point, (dim,)), zeros_at(slope, dim), unpack(pointers)
    reports = carray(pointers[ARRAYS], (int(pointers[0][SIZES]), FIELDS))
    curve = carray(pointers[ARRAYS + 1], (int(pointers[0][SIZES + 1]),))
    scalars = new_scalars(d)
    mu, slope_of_mu, log_slope, bend = located(d.priors[0], q[0])
    prior = log_slope + log_scalars(q, d, scalars, gradient)
    found = coefficients_at(q, d, scalars.values)
    prior += log_coefficients(q, mu, d, found.values, gradient)
    _, _, distribution, own, _, _, _, constant, pools = parts_of(d.parts)
    studies = studies_at(q, mu, d, pools, scalars.values, found.values)
    theta, by_arm = arm_means(d, studies.level, found.values), np.empty(d.study.size)
    place = 1 + d.centre.size + scalars.values.size + studies.tau.size
    rest = log_reports(q, reports, curve, place, scalars, theta, by_arm, gradient)
    if curve[1] >= 0:
        rest += log_shapes(q, place, d.study.size, gradient)
    by_level = pull_arms(d, by_arm, gradient)
    rest = log_effects(
        q, d, studies, pools, distribution, own, constant, scalars, by_level, gradient, rest
    )
    pull_studies(d, pools, by_level, gradient)
    rest += log_levels(d, found, scalars, gradient)
    pull_scalars(d, scalars, gradient)
    gradient[0] = gradient[0] * slope_of_mu + bend
    value[0] = prior + rest
    return state(value[0], gradient)
