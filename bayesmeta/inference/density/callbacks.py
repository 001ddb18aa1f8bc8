"""C functions as the sampler calls them: their arguments, and how Python calls them."""

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray, types

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import Callback, compiled_callback, inlined


@dataclass(frozen=True, eq=False)
class Pointers:
    """Addresses of arrays of float64 in rows, which live as long as this does."""

    arrays: tuple[Array, ...]
    addresses: npt.NDArray[np.uintp]

    @property
    def address(self) -> int:
        """Where the addresses begin: what a C function is given."""
        return self.addresses.ctypes.data


def pointers_to(arrays: Iterable[npt.ArrayLike]) -> Pointers:
    """Return where arrays lie; those of another type or layout are copied."""
    kept = tuple(np.ascontiguousarray(array, dtype=np.float64) for array in arrays)
    return Pointers(kept, np.array([array.ctypes.data for array in kept], dtype=np.uintp))


LOG_DENSITY = types.int64(
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.CPointer(types.double)),
)
"""From a number of coordinates, a point, places for gradient and value, and `Pointers`, to a state."""

_EXPAND = types.int64(
    types.uint64,
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)

OK, NOT_FINITE = 0, 1
"""What the sampler is told: go on, or count the step as divergent."""


@inlined
def zeros_at(pointer: Any, size: int) -> Array:
    """Return the array there, filled with zeros."""
    array: Array = carray(pointer, (size,))
    for i in range(size):
        array[i] = 0.0
    return array


@inlined
def state(value: float, gradient: Array) -> int:
    """Return what the sampler is told."""
    finite = isfinite(value)
    for i in range(gradient.size):
        finite = finite and isfinite(gradient[i])
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


def value_and_gradient(point: Array, pointers: Pointers, density: Callback) -> tuple[float, Array]:
    """Return the log density at a point and its gradient, as the sampler gets them."""
    gradient, value = np.empty_like(point), np.empty(1)
    number = ctypes.POINTER(ctypes.c_double)
    arrays = [one.ctypes.data_as(number) for one in (point, gradient, value)]
    data = pointers.addresses.ctypes.data_as(ctypes.POINTER(number))
    density.ctypes(point.size, *arrays, data)
    return float(value[0]), gradient
