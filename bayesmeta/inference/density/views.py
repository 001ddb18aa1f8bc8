"""The arrays of a model and its evidence as C functions find them."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.data import CommonData, DensityData, OtherData, Parts
from bayesmeta.inference.density.pointers import Pointers, pointers_to

__all__ = ["common_data", "other_data", "pack", "parts_of"]

Array = npt.NDArray[np.float64]


def pack(data: DensityData) -> Pointers:
    """Return where the sizes and the arrays of `data` lie, for the sampler to point at."""
    sizes = [
        data.events.size,
        data.level.size,
        data.centre.size,
        len(data.scales),
        data.arm_level.size,
        data.missing_arm.size,
        len(data.known),
        data.parts.size,
        data.tau_of_study.size,
    ]
    return pointers_to([sizes, *data])


@inlined
def common_data(pointers: Any) -> CommonData:
    """Return the arrays that every model has."""
    sizes = pointers[0]
    a, s, k, p, e = int(sizes[0]), int(sizes[1]), int(sizes[2]), int(sizes[3]), int(sizes[8])
    return CommonData(
        carray(pointers[1], (a,)),
        carray(pointers[2], (a,)),
        carray(pointers[3], (a,)),
        carray(pointers[4], (a,)),
        carray(pointers[5], (a, k)),
        carray(pointers[6], (s, k)),
        carray(pointers[7], (k,)),
        carray(pointers[8], (s,)),
        carray(pointers[9], (s,)),
        carray(pointers[10], (e,)),
        carray(pointers[11], (1 + k + p, 5)),
        carray(pointers[12], (p, 3)),
    )


@inlined
def other_data(pointers: Any) -> OtherData:
    """Return the arrays that only some models have."""
    sizes = pointers[0]
    k, w, m, c = int(sizes[2]), int(sizes[4]), int(sizes[5]), int(sizes[6])
    return OtherData(
        carray(pointers[13], (w,)),
        carray(pointers[14], (w,)),
        carray(pointers[15], (m,)),
        carray(pointers[16], (m,)),
        carray(pointers[17], (m, k)),
        carray(pointers[18], (c, 3)),
        carray(pointers[19], (int(sizes[7]),)),
    )


@inlined
def parts_of(parts: Array) -> Parts:
    """Return the parts of the model, from their numbers."""
    return Parts(
        int(parts[0]),
        int(parts[1]),
        int(parts[2]),
        int(parts[3]),
        int(parts[4]),
        int(parts[5]),
        int(parts[6]),
        parts[7],
        int(parts[8]),
    )
