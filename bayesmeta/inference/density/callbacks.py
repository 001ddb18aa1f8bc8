"""The compiled density as the sampler calls it: C functions, and the array they point at."""

import ctypes
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray, types

from bayesmeta.inference.compiled import compiled_callback, inlined
from bayesmeta.inference.density.data import DensityData
from bayesmeta.inference.density.log_density import log_density

__all__ = [
    "HEADER",
    "LOG_DENSITY",
    "NOT_FINITE",
    "OK",
    "compiled_copy",
    "compiled_log_density",
    "pack",
    "unpack",
    "value_and_gradient",
]

Array = npt.NDArray[np.float64]

HEADER = 9


def pack(data: DensityData) -> Array:
    """Return `data` as one array, sizes first, for the sampler to point at."""
    sizes = [
        data.events.size,
        data.level.size,
        data.centre.size,
        len(data.scales),
        data.arm_level.size,
        data.missing_arm.size,
        len(data.known),
        data.parts.size,
    ]
    arrays = [np.asarray(part, dtype=np.float64).ravel() for part in data]
    return np.concatenate(
        [np.array([sum(part.size for part in arrays), *sizes], dtype=np.float64), *arrays]
    )


@inlined
def unpack(packed: Array) -> DensityData:
    """Return the `DensityData` of `pack`, as views."""
    a, s, k, p = int(packed[1]), int(packed[2]), int(packed[3]), int(packed[4])
    w, m, c = int(packed[5]), int(packed[6]), int(packed[7])
    # Where the array of each name ends.
    events = HEADER + a
    n = events + a
    study = n + a
    log_coefficient = study + a
    deviation = log_coefficient + a * k
    study_mean = deviation + s * k
    centre = study_mean + k
    level = centre + s
    information = level + s
    arm_level = information + w
    arm_information = arm_level + w
    tau_of_study = arm_information + s
    priors = tau_of_study + 5 * (1 + k + p)
    scales = priors + 3 * p
    missing_arm = scales + m
    missing_column = missing_arm + m
    missing_slope = missing_column + m * k
    known = missing_slope + 3 * c
    parts = known + int(packed[8])
    return DensityData(
        packed[HEADER:events],
        packed[events:n],
        packed[n:study],
        packed[study:log_coefficient],
        packed[log_coefficient:deviation].reshape((a, k)),
        packed[deviation:study_mean].reshape((s, k)),
        packed[study_mean:centre],
        packed[centre:level],
        packed[level:information],
        packed[information:arm_level],
        packed[arm_level:arm_information],
        packed[arm_information:tau_of_study],
        packed[tau_of_study:priors].reshape((1 + k + p, 5)),
        packed[priors:scales].reshape((p, 3)),
        packed[scales:missing_arm],
        packed[missing_arm:missing_column],
        packed[missing_column:missing_slope].reshape((m, k)),
        packed[missing_slope:known].reshape((c, 3)),
        packed[known:parts],
    )


LOG_DENSITY = types.int64(
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)
_EXPAND = types.int64(
    types.uint64,
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)

OK, NOT_FINITE = 0, 1
"""What the sampler is told: go on, or count the step as divergent."""


@compiled_callback(LOG_DENSITY)
def compiled_log_density(  # noqa: PLR0917
    dim: int, point: Any, gradient: Any, value: Any, data: Any
) -> int:
    """Write value and gradient at `point`; what the sampler calls, without Python."""
    size = carray(data, (1,), np.float64)[0]
    packed = carray(data, (int(size) + HEADER,), np.float64)
    slope = carray(gradient, (dim,))
    log_posterior = log_density(carray(point, (dim,)), unpack(packed), slope)
    value[0] = log_posterior
    finite = isfinite(log_posterior)
    for i in range(dim):
        finite = finite and isfinite(slope[i])
    return OK if finite else NOT_FINITE


@compiled_callback(_EXPAND)
def compiled_copy(  # noqa: PLR0917
    dim: int, expanded: int, point: Any, out: Any, data: Any
) -> int:
    """Copy the first `expanded` of the sampler's coordinates, in which draws are kept.

    Effects and missing values come last, so that the first ones alone are the parameters.
    """
    for i in range(expanded):
        out[i] = point[i]
    return OK


def value_and_gradient(
    point: Array, packed: Array, density: Any = compiled_log_density
) -> tuple[float, Array]:
    """Return the log density at a point and its gradient, as the sampler gets them.

    `packed` are the data as of `pack`, or as another `density` takes them.
    """
    gradient, value = np.empty_like(point), np.empty(1)
    pointers = [
        one.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for one in (point, gradient, value)
    ]
    density.ctypes(point.size, *pointers, packed.ctypes.data)
    return float(value[0]), gradient
