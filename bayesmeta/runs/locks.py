"""One process at a time in a run folder."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from bayesmeta.errors import RunError
from bayesmeta.runs.files import explained

__all__ = ["HOLDER", "LOCK", "held"]

LOCK, HOLDER = "lock", "holder.json"
"""The file that is locked, and the one that says by whom."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a run folder; the system lets go of it when this process ends, however it ends."""
    lock = FileLock(folder / LOCK, blocking=False, thread_local=False)
    with explained(folder):
        _acquire(lock, folder)
    try:
        with explained(folder):
            holder = {"pid": os.getpid(), "host": platform.node()}
            (folder / HOLDER).write_text(json.dumps(holder), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            (folder / HOLDER).unlink()
        lock.release()


def _acquire(lock: FileLock, folder: Path) -> None:
    try:
        lock.acquire()
    except Timeout as error:
        raise RunError(
            f"{folder} is in use by another run{_holder(folder)}. Wait for it to end, or choose another folder."
        ) from error
    except NotImplementedError as error:
        raise RunError(
            f"{folder} is on a file system without locks. Choose a folder on another disk."
        ) from error


def _holder(folder: Path) -> str:
    """Return who holds a folder, as far as that is known."""
    try:
        holder = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        return f" (process {holder['pid']} on {holder['host']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
