"""The compiled density as the sampler calls it: C functions, and the array they point at."""

from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray, cfunc, types

from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.density.data import DensityData
from bayesmeta.inference.density.log_density import log_density

__all__ = [
    "HEADER",
    "LOG_DENSITY",
    "NOT_FINITE",
    "compiled_copy",
    "compiled_log_density",
    "pack",
    "unpack",
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


@compiled
def unpack(packed: Array) -> DensityData:
    """Return the `DensityData` of `pack`, as views."""
    a, s, k, p = int(packed[1]), int(packed[2]), int(packed[3]), int(packed[4])
    w, m, c, parts = int(packed[5]), int(packed[6]), int(packed[7]), int(packed[8])
    priors = 1 + k + p
    sizes = [HEADER, a, a, a, a, a * k, s * k, k, s, s, w, w, s]
    sizes += [5 * priors, 3 * p, m, m, m * k, 3 * c, parts]
    ends = np.cumsum(np.array(sizes))
    return DensityData(
        packed[ends[0] : ends[1]],
        packed[ends[1] : ends[2]],
        packed[ends[2] : ends[3]],
        packed[ends[3] : ends[4]],
        packed[ends[4] : ends[5]].reshape((a, k)),
        packed[ends[5] : ends[6]].reshape((s, k)),
        packed[ends[6] : ends[7]],
        packed[ends[7] : ends[8]],
        packed[ends[8] : ends[9]],
        packed[ends[9] : ends[10]],
        packed[ends[10] : ends[11]],
        packed[ends[11] : ends[12]],
        packed[ends[12] : ends[13]].reshape((priors, 5)),
        packed[ends[13] : ends[14]].reshape((p, 3)),
        packed[ends[14] : ends[15]],
        packed[ends[15] : ends[16]],
        packed[ends[16] : ends[17]].reshape((m, k)),
        packed[ends[17] : ends[18]].reshape((c, 3)),
        packed[ends[18] : ends[19]],
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


@cfunc(LOG_DENSITY, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def compiled_log_density(  # noqa: PLR0917
    dim: int, point: Any, gradient: Any, value: Any, data: Any
) -> int:
    """Write value and gradient at `point`; what the sampler calls, without Python."""
    size = carray(data, (1,), np.float64)[0]
    packed = carray(data, (int(size) + HEADER,), np.float64)
    slope = carray(gradient, (dim,))
    log_posterior = log_density(carray(point, (dim,)), unpack(packed), slope)
    value[0] = log_posterior
    return OK if isfinite(log_posterior) and np.all(np.isfinite(slope)) else NOT_FINITE


@cfunc(_EXPAND, cache=True)  # type: ignore[untyped-decorator]
def compiled_copy(  # noqa: PLR0917
    dim: int, expanded: int, point: Any, out: Any, data: Any
) -> int:
    """Copy `point`: draws are kept in the sampler's coordinates and translated together."""
    for i in range(dim):
        out[i] = point[i]
    return OK
