"""Draws of many arms in blocks, so that what is computed from them needs memory for one block.

What is kept in memory and what is streamed to disk is computed from the same blocks, and so is the
same to the last bit.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Block", "Writable", "arm_slices", "blocks", "filled", "rows_of_block"]

CELLS = 1 << 22
"""Values of one variable in a block: 32 MiB."""

Block = tuple[int, slice]
"""A chain, and consecutive draws of it."""

Variables = Mapping[str, npt.NDArray[Any]]


class Writable(Protocol):
    """An array that blocks are written to: in memory, or on disk."""

    def __setitem__(self, place: Any, values: Any) -> None:
        """Write values at a place."""


Create = Callable[[str, tuple[int, ...], np.dtype[Any]], Writable]


def rows_of_block(draws: int, arms: int) -> int:
    """Return how many draws of one chain a block holds."""
    return max(1, min(draws, CELLS // max(arms, 1)))


def blocks(chains: int, draws: int, arms: int) -> Iterator[Block]:
    """Yield the blocks of all draws, chain by chain, in their order."""
    rows = rows_of_block(draws, arms)
    for chain, first in product(range(chains), range(0, draws, rows)):
        yield chain, slice(first, min(first + rows, draws))


def filled(
    make: Callable[[Block], Variables],
    shape: tuple[int, int],
    arms: int,
    create: Create = lambda _, shape, dtype: np.empty(shape, dtype),
) -> dict[str, Any]:
    """Return the variables that `make` gives block by block.

    Parameters
    ----------
    make : callable
        From a block to variables with dims (draw, ...).
    shape : tuple of int
        Chains and draws.
    arms : int
        Values of the largest variable per draw.
    create : callable
        From name, shape and type to the array that a variable is written to; one in memory where
        not given.
    """
    found: dict[str, Any] = {}
    for chain, rows in blocks(*shape, arms):
        for name, values in make((chain, rows)).items():
            if name not in found:
                found[name] = create(name, (*shape, *values.shape[1:]), values.dtype)
            found[name][chain, rows] = values
    return found


def arm_slices(draws: int, arms: int) -> Iterator[slice]:
    """Yield consecutive arms, as many at once as a block has room for with all their draws."""
    step = max(1, CELLS // max(draws, 1))
    for first in range(0, arms, step):
        yield slice(first, min(first + step, arms))
