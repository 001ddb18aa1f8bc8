"""Imputed covariates in the compiled density: their known and missing values, and derivatives.

`imputed` is the place of the first one's mean among the scalars; its standard deviation, and those of
others, come next. `place` is that of the first coordinate after those of the study effects; those of
the arms' effects and of the missing values follow.
"""

from math import log

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.data import OtherData
from bayesmeta.inference.density.distributions import LOG_ROOT_TWO_PI
from bayesmeta.inference.density.scalars import Scalars

__all__ = ["add_missing", "log_known", "log_missing"]

Array = npt.NDArray[np.float64]


@inlined
def log_known(o: OtherData, imputed: int, scalars: Scalars) -> float:
    """Return the log density of the known values."""
    (values, _, carried), known = scalars, o.known
    total = 0.0
    for c in range(known.shape[0]):
        place = imputed + 2 * c
        mean, sd = values[place], values[place + 1]
        number, gap = known[c, 0], known[c, 1] - mean
        squares = known[c, 2] + number * gap * gap
        total += -number * (log(sd) + LOG_ROOT_TWO_PI) - 0.5 * squares / (sd * sd)
        carried[place] += number * gap / (sd * sd)
        carried[place + 1] += squares / (sd * sd * sd) - number / sd
    return total


@inlined
def add_missing(  # noqa: PLR0917
    q: Array, o: OtherData, place: int, imputed: int, scalars: Scalars, mean: Array
) -> None:
    """Add missing values to the linear predictors of their arms."""
    arm, column, slope = o.missing_arm, o.missing_column, o.missing_slope
    values, first = scalars.values, place + o.arm_level.size
    for m in range(arm.size):
        scalar = imputed + 2 * int(column[m])
        x = values[scalar] + values[scalar + 1] * q[first + m]
        for k in range(slope.shape[1]):
            mean[int(arm[m])] += x * slope[m, k] * q[1 + k]


@inlined
def log_missing(  # noqa: PLR0917
    q: Array,
    o: OtherData,
    place: int,
    imputed: int,
    scalars: Scalars,
    by_theta: Array,
    gradient: Array,
) -> float:
    """Return the log density of missing values, adding the gradient that they carry."""
    arm, column, slope = o.missing_arm, o.missing_column, o.missing_slope
    values, _, carried = scalars
    first, total = place + o.arm_level.size, 0.0
    for m in range(arm.size):
        z, by_arm, by_x = q[first + m], by_theta[int(arm[m])], 0.0
        scalar = imputed + 2 * int(column[m])
        sd = values[scalar + 1]
        x = values[scalar] + sd * z
        for k in range(slope.shape[1]):
            by_x += by_arm * slope[m, k] * q[1 + k]
            gradient[1 + k] += by_arm * slope[m, k] * x
        total += -0.5 * z * z - LOG_ROOT_TWO_PI
        gradient[first + m] += by_x * sd - z
        carried[scalar] += by_x
        carried[scalar + 1] += by_x * z
    return total
