"""How this package compiles: by numba, with types that a checker can follow, and kept on disk.

Any number of processes read and write the files at once.
"""

import hashlib
import os
import pickle
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import numba
from numba import njit
from numba.core.ccallback import CFunc
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from bayesmeta.places import PACKAGE, folder_to_write, folders

_IMPORT = re.compile(r"^\s*from bayesmeta\.([\w.]+) import", re.MULTILINE)
_DIGEST = hashlib.sha256().digest_size


class Kept:
    """What is compiled of one function, as numba keeps it, but for names of files.

    A file's name has digests of all that its content depends on: the function, its types, the
    processor, versions, and the sources of all that may be compiled into it. So a file that is there is
    right, and processes that compile the same at once write the same.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.name = f"{function.__module__}.{function.__name__}"
        self.compiled = 0
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        self._what = (self.name, cells, numba.__version__, sys.version_info[:2])
        self._file_of = function.__code__.co_filename

    @property
    def cache_path(self) -> str:
        """Where it is read from first; numba's statistics tell it."""
        return str(folders()[0])

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return what has been compiled for a signature, or None.

        To run what was compiled needs numba's runtime. Unlike numba's own, this loads nothing of what
        compiling needs, which takes longer than the rest: what compiles loads it.
        """
        rtsys.initialize(target)
        name = self._file(signature, target.codegen())
        for folder in folders():
            if content := _read(folder / name):
                return CompileResult._rebuild(target, *pickle.loads(content))  # noqa: S301  # as numba
        # What cannot be kept is refused before it is compiled.
        folder_to_write()
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep what was compiled for a signature, in place of what older sources gave."""
        self.compiled += 1
        match result:
            case CompileResult(library=code) if code.has_dynamic_globals:
                return
        folder, name = folder_to_write(), self._file(signature, result.codegen)
        # A full disk makes the next run slow, not this one fail.
        with suppress(OSError):
            _write(folder / name, dumps(result._reduce()))
            for older in folder.glob(f"{name.rsplit('-', 1)[0]}-*.nbc"):
                if older.name != name:
                    older.unlink(missing_ok=True)

    def flush(self) -> None:
        """Forget nothing: what is compiled again is written again."""

    def _file(self, signature: Any, codegen: Any) -> str:
        what = repr((*self._what, signature, codegen.magic_tuple()))
        digest = hashlib.sha256(what.encode()).hexdigest()
        return f"{self.name.removeprefix('bayesmeta.')}-{digest[:16]}-{_sources(self._file_of)[:16]}.nbc"


def _read(file: Path) -> bytes:
    """Return what was written to a file; nothing if it is not there, or is not what was written."""
    try:
        written = file.read_bytes()
    except OSError:
        return b""
    digest, content = written[:_DIGEST], written[_DIGEST:]
    return content if hashlib.sha256(content).digest() == digest else b""


def _write(file: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, and that others may read as any file."""
    partial = file.with_name(f"{file.name}.{uuid4().hex}")
    try:
        partial.write_bytes(hashlib.sha256(content).digest() + content)
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)


@cache
def _sources(file: str) -> str:
    """Return a digest of all that may be compiled into functions of a file."""
    digest = hashlib.sha256()
    for path in sorted(reached(Path(file))):
        digest.update(f"{path.name}\0{_text(path)}\0".encode())
    return digest.hexdigest()


def reached(file: Path) -> set[Path]:
    """Return a file and those of this package that it imports, and so on.

    What is compiled holds functions, constants and types of theirs.
    """
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [_module(name) for name in _IMPORT.findall(_text(path))]
    return found


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _module(name: str) -> Path:
    """Return the file of a module of this package."""
    path = PACKAGE.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


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
    """A C function of a numba signature, compiled or read from disk when it is first asked for."""

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
