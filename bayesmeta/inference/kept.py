"""Compiled code on disk, which any number of processes read and write at once."""

import hashlib
import os
import pickle
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import numba
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from bayesmeta.inference.places import folder_to_write, folders

__all__ = ["Kept"]

_IMPORT = re.compile(r"^\s*from bayesmeta\.inference\.([\w.]+) import", re.MULTILINE)


class Kept:
    """What is compiled of one function, as numba keeps it, but for names of files.

    A file's name has digests of all that its content depends on: the function, its types, the
    processor, versions, and the sources of all that may be compiled into it. So a file that is there is
    right, and processes that compile the same at once write the same.

    Parameters
    ----------
    function : callable
        What is compiled.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.name = f"{function.__module__}.{function.__name__}"
        self.compiled, self.read = 0, 0
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        self._what = (self.name, cells, numba.__version__, sys.version_info[:2])
        self._sources = _sources(function.__code__.co_filename)

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
            try:
                content = pickle.loads((folder / name).read_bytes())  # noqa: S301  # as numba does
            except (OSError, EOFError, pickle.UnpicklingError):
                continue
            self.read += 1
            return CompileResult._rebuild(target, *content)
        # What can't be kept is refused before it is compiled.
        folder_to_write()
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep what was compiled for a signature, in place of what older sources gave."""
        self.compiled += 1
        if result.library.has_dynamic_globals:
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
        return f"{self.name.removeprefix('bayesmeta.')}-{digest[:16]}-{self._sources[:16]}.nbc"


def _write(file: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, and that others may read as any file."""
    partial = file.with_name(f"{file.name}.{uuid4().hex}")
    try:
        partial.write_bytes(content)
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)


@cache
def _sources(file: str) -> str:
    """Return a digest of a module and of those of this room that it imports, and so on.

    What is compiled holds functions, constants and types of other files, but of no other room.
    """
    found: dict[Path, str] = {}
    waiting = [Path(file)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = _text(path)
            waiting += [_module(name) for name in _IMPORT.findall(found[path])]
    digest = hashlib.sha256()
    for path in sorted(found):
        digest.update(f"{path.name}\0{found[path]}\0".encode())
    return digest.hexdigest()


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _module(name: str) -> Path:
    """Return the file of a module of this room."""
    path = Path(__file__).parent.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
