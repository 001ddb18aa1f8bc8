"""Draws of many arms in blocks, so that what is computed from them needs memory for one block."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

CELLS = 1 << 22
"""Values of one variable in a block: 32 MiB."""

Block = tuple[int, slice]
"""A chain, and consecutive draws of it."""

Variables = Mapping[str, npt.NDArray[Any]]


def blocks(chains: int, draws: int, arms: int) -> Iterator[Block]:
    """Yield the blocks of all draws, chain by chain, in their order."""
    rows = max(1, min(draws, CELLS // max(arms, 1)))
    for chain, first in product(range(chains), range(0, draws, rows)):
        yield chain, slice(first, min(first + rows, draws))


def filled(
    make: Callable[[Block], Variables], shape: tuple[int, int], arms: int
) -> dict[str, npt.NDArray[Any]]:
    """Return the variables, dims (draw, ...), that `make` gives block by block.

    `shape` is that of all draws (chain, draw), `arms` the values of the largest variable per draw.
    """
    found: dict[str, npt.NDArray[Any]] = {}
    for chain, rows in blocks(*shape, arms):
        for name, values in make((chain, rows)).items():
            if name not in found:
                found[name] = np.empty((*shape, *values.shape[1:]), values.dtype)
            found[name][chain, rows] = values
    return found


def arm_slices(draws: int, arms: int) -> Iterator[slice]:
    """Yield consecutive arms, as many at once as a block has room for with all their draws."""
    step = max(1, CELLS // max(draws, 1))
    for first in range(0, arms, step):
        yield slice(first, min(first + step, arms))
