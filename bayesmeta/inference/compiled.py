"""How this package compiles: by numba, kept on disk, with types that a checker can follow."""

from collections.abc import Callable
from typing import cast

from numba import njit

__all__ = ["compiled"]


def compiled[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled at its first call with arguments of a kind, and cached on disk.

    Dividing by zero gives infinity or NaN, as in numpy, instead of an error that compiled callers
    could not pass on.
    """
    return cast("Callable[P, R]", njit(cache=True, error_model="numpy")(function))
