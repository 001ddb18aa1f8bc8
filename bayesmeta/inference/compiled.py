"""How this package compiles: by numba, kept on disk, with types that a checker can follow."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

from numba import njit
from numba.core.ccallback import CFunc

from bayesmeta.inference.kept import Kept

__all__ = ["Callback", "compiled", "compiled_callback", "functions", "inlined"]

_OPTIONS: dict[str, Any] = {"error_model": "numpy"}
"""Dividing by zero gives infinity or NaN, as in numpy, instead of an error that compiled callers
could not pass on."""

_FUNCTIONS: list[Kept] = []


def compiled[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled at its first call with arguments of a kind, and kept on disk."""
    return cast("Callable[P, R]", _kept(njit(**_OPTIONS)(function), function))


def inlined[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as `compiled` does, but copied into each compiled caller.

    For parts of a whole that are called in one place: compiled by themselves they would pass all data
    on, and be optimised again with each caller above them. They should hold no large parts themselves,
    since the time that numba takes for a copy grows with the square of its size; and branches on
    what a caller gives as a constant are left out of its copy.
    """
    return cast("Callable[P, R]", _kept(njit(**_OPTIONS, inline="always")(function), function))


class Callback:
    """A C function, compiled or read from disk when it is first asked for.

    Parameters
    ----------
    function : callable
        What it does, with pointers for arrays.
    signature : numba signature
        Types of its arguments and of what it returns.
    """

    def __init__(self, function: Callable[..., int], signature: Any) -> None:
        self._function, self._signature = function, signature

    @cached_property
    def _compiled(self) -> Any:
        types = (self._signature.args, self._signature.return_type)
        made = _kept(CFunc(self._function, types, locals={}, options=_OPTIONS), self._function)
        made.compile()
        return made

    @property
    def address(self) -> int:
        """Where it lies, for other languages."""
        return int(self._compiled.address)

    @property
    def ctypes(self) -> Any:
        """The function as Python calls it, without checks."""
        return self._compiled.ctypes


def compiled_callback(signature: Any) -> Callable[[Callable[..., int]], Callback]:
    """Return a decorator that makes a C function of a numba signature."""
    return lambda function: Callback(function, signature)


def functions() -> tuple[Kept, ...]:
    """Return what is kept of every function that this process has, compiled or not."""
    return tuple(_FUNCTIONS)


def _kept(made: Any, function: Callable[..., Any]) -> Any:
    """Keep on disk what will be compiled."""
    made._cache = Kept(function)
    _FUNCTIONS.append(made._cache)
    return made
