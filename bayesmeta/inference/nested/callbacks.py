"""The compiled density of nested outcomes as the sampler calls it, and the array it points at."""

from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray

from bayesmeta.inference.compiled import compiled_callback, inlined
from bayesmeta.inference.density.callbacks import LOG_DENSITY, NOT_FINITE, OK
from bayesmeta.inference.nested.data import NestedData
from bayesmeta.inference.nested.log_density import log_density

__all__ = ["HEADER", "compiled_nested_density", "pack_nested", "unpack_nested"]

Array = npt.NDArray[np.float64]

HEADER = 7


def pack_nested(data: NestedData) -> Array:
    """Return `data` as one array, sizes first, for the sampler to point at."""
    (studies, levels), partials = data.level.shape, len(data.scales) - data.level.shape[1]
    sizes = [data.study.size, studies, levels, data.centre.size, data.arm.size, partials]
    arrays = [np.asarray(part, dtype=np.float64).ravel() for part in data]
    length = sum(part.size for part in arrays)
    return np.concatenate([np.array([length, *sizes], dtype=np.float64), *arrays])


@inlined
def unpack_nested(packed: Array) -> NestedData:
    """Return the `NestedData` of `pack_nested`, as views."""
    a, s, n = int(packed[1]), int(packed[2]), int(packed[3])
    k, g, p = int(packed[4]), int(packed[5]), int(packed[6])
    # Where the array of each name ends.
    study = HEADER + a
    deviation = study + a * k
    study_mean = deviation + s * k
    centre = study_mean + k
    level = centre + s * n
    information = level + s * n
    arm = information + g
    first = arm + g
    last = first + g
    trials = last + g
    events = trials + g
    log_coefficient = events + g
    priors = log_coefficient + 5 * (2 * n + p)
    beta_priors = priors + 5 * k
    scales = beta_priors + 3 * (n + p)
    return NestedData(
        packed[HEADER:study],
        packed[study:deviation].reshape((a, k)),
        packed[deviation:study_mean].reshape((s, k)),
        packed[study_mean:centre],
        packed[centre:level].reshape((s, n)),
        packed[level:information].reshape((s, n)),
        packed[information:arm],
        packed[arm:first],
        packed[first:last],
        packed[last:trials],
        packed[trials:events],
        packed[events:log_coefficient],
        packed[log_coefficient:priors].reshape((2 * n + p, 5)),
        packed[priors:beta_priors].reshape((k, 5)),
        packed[beta_priors:scales].reshape((n + p, 3)),
        packed[scales : scales + 1],
    )


@compiled_callback(LOG_DENSITY)
def compiled_nested_density(  # noqa: PLR0917
    dim: int, point: Any, gradient: Any, value: Any, data: Any
) -> int:
    """Write value and gradient at `point`; what the sampler calls, without Python."""
    size = carray(data, (1,), np.float64)[0]
    packed = carray(data, (int(size) + HEADER,), np.float64)
    slope = carray(gradient, (dim,))
    log_posterior = log_density(carray(point, (dim,)), unpack_nested(packed), slope)
    value[0] = log_posterior
    finite = isfinite(log_posterior)
    for i in range(dim):
        finite = finite and isfinite(slope[i])
    return OK if finite else NOT_FINITE
