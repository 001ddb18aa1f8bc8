"""Arrays as C functions take them: by where they lie in memory."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Pointers", "pointers_to"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pointers:
    """Addresses of arrays of numbers, which live as long as this does.

    Parameters
    ----------
    arrays : tuple of array
        The arrays, of float64 in rows.
    addresses : array
        Where each begins.
    """

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
