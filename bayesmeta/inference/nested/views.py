"""The arrays of a joint model and its evidence as the C function finds them."""

from typing import Any

from numba import carray

from bayesmeta.inference.compiled import inlined
from bayesmeta.inference.density.pointers import Pointers, pointers_to
from bayesmeta.inference.nested.data import NestedData

__all__ = ["pack_nested", "unpack_nested"]


def pack_nested(data: NestedData) -> Pointers:
    """Return where the sizes and the arrays of `data` lie, for the sampler to point at."""
    (studies, levels), partials = data.level.shape, len(data.scales) - data.level.shape[1]
    sizes = [data.study.size, studies, levels, data.centre.size, data.arm.size, partials]
    return pointers_to([sizes, *data])


@inlined
def unpack_nested(pointers: Any) -> NestedData:
    """Return the `NestedData` of `pack_nested`, as views."""
    sizes = pointers[0]
    a, s, n = int(sizes[0]), int(sizes[1]), int(sizes[2])
    k, g, p = int(sizes[3]), int(sizes[4]), int(sizes[5])
    return NestedData(
        carray(pointers[1], (a,)),
        carray(pointers[2], (a, k)),
        carray(pointers[3], (s, k)),
        carray(pointers[4], (k,)),
        carray(pointers[5], (s, n)),
        carray(pointers[6], (s, n)),
        carray(pointers[7], (g,)),
        carray(pointers[8], (g,)),
        carray(pointers[9], (g,)),
        carray(pointers[10], (g,)),
        carray(pointers[11], (g,)),
        carray(pointers[12], (g,)),
        carray(pointers[13], (2 * n + p, 5)),
        carray(pointers[14], (k, 5)),
        carray(pointers[15], (n + p, 3)),
        carray(pointers[16], (1,)),
    )
