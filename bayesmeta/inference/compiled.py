"""How this package compiles: by numba, kept on disk, with types that a checker can follow."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

from numba import njit
from numba.core.ccallback import CFunc

__all__ = ["compiled", "compiled_callback", "inlined"]

_OPTIONS: dict[str, Any] = {"error_model": "numpy"}
"""Dividing by zero gives infinity or NaN, as in numpy, instead of an error that compiled callers
could not pass on."""


def compiled[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled at its first call with arguments of a kind, and cached on disk."""
    return cast("Callable[P, R]", _kept(njit(**_OPTIONS)(function)))


def inlined[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as `compiled` does, but copied into each compiled caller.

    For large parts of a whole that are called in one place: compiled by themselves they would pass
    all data on, and be optimised again with each caller above them, which takes twice as long to
    compile and makes slower code. Small functions are compiled faster by themselves.
    """
    return cast("Callable[P, R]", _kept(njit(**_OPTIONS, inline="always")(function)))


def compiled_callback(signature: Any) -> Callable[[Callable[..., int]], Any]:
    """Return a decorator that compiles a C function of a numba signature, at once."""

    def compile_one(function: Callable[..., int]) -> Any:
        types = (signature.args, signature.return_type)
        callback = _kept(CFunc(function, types, locals={}, options=dict(_OPTIONS)))
        callback.compile()
        return callback

    return compile_one


def _kept(function: Any) -> Any:
    """Keep on disk what will be compiled, for as long as no source that it may rest on changes.

    numba looks at the function's own file only, but what is compiled holds the functions of other
    files that it calls, too.
    """
    function.enable_caching()
    file = getattr(function._cache, "_cache_file", None)
    if file is not None and hasattr(file, "_source_stamp"):
        file._source_stamp = (file._source_stamp, _sources())
    else:
        # A numba that keeps it elsewhere: slow, but never wrong.
        function._cache.disable()
    return function


@cache
def _sources() -> str:
    """Return a digest of the sources of all compiled functions that others call."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
