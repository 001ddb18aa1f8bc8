"""Where compiled code is kept on disk: as the user says, with the package, or with the user's caches."""

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from numba.misc.appdirs import AppDirs

from bayesmeta.errors import RunError
from bayesmeta.paths import expanded

__all__ = ["PACKAGE", "can_be_written", "folder_to_write", "folders", "share_temporary"]

VARIABLE = "NUMBA_CACHE_DIR"
"""Environment variable that names a folder; what numba compiles elsewhere goes there, too."""

SHARED = "BAYESMETA_TEMPORARY_CACHE"
"""Environment variable by which processes of one run know the temporary folder that they share."""

TOLD = "told"
"""File in a temporary folder which says that its advice was given."""

PACKAGE = Path(__file__).parent


def folders() -> list[Path]:
    """Return the folders that compiled code is read from, the first one first.

    The one that the user names, alone; or else that of the package, which may have been filled before
    it became read-only, and that of the user.
    """
    # Installations that share a folder do not share code, which may differ.
    own = f"bayesmeta-{hashlib.sha256(str(PACKAGE).encode()).hexdigest()[:12]}"
    if named := os.environ.get(VARIABLE):
        return [expanded(named) / own]
    user = Path(AppDirs("bayesmeta", appauthor=False).user_cache_dir)
    return [PACKAGE / "__pycache__", user / own]


def folder_to_write() -> Path:
    """Return the first of them that can be written, or else a temporary one."""
    return next((folder for folder in folders() if can_be_written(folder)), None) or _temporary()


@cache
def can_be_written(folder: Path) -> bool:
    """Return whether a folder is there, or can be made, and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def share_temporary() -> None:
    """Let processes that are started from now on share a temporary folder, if they should need one.

    Else each would compile for itself and say so. Nothing is said here: all may be compiled already.
    """
    if not any(map(can_be_written, folders())):
        with suppress(OSError):
            _shared()


def _temporary() -> Path:
    """Return a folder for this process and those that it starts, telling how to have a lasting one."""
    refused = " nor ".join(str(folder) for folder in folders())
    try:
        folder = _shared()
    except OSError as error:
        raise RunError(
            f"Compiled code cannot be kept: neither {refused} can be written, nor a temporary folder "
            f"({error.strerror or error}). Set {VARIABLE} to a folder that can be."
        ) from error
    reason = f"neither {refused} can" if len(folders()) > 1 else f"{refused} cannot"
    os.environ[VARIABLE] = str(folder)
    with suppress(FileExistsError):
        (folder / TOLD).touch(exist_ok=False)
        sys.stderr.write(
            f"Compiled code is kept for this run alone, since {reason} be written. "
            f"Set {VARIABLE} to a folder that can be, and later runs start faster.\n"
        )
    return folder_to_write()


def _shared() -> Path:
    """Return the temporary folder of this run, which the first that asks makes and takes away."""
    if SHARED not in os.environ:
        folder = os.environ[SHARED] = tempfile.mkdtemp(prefix="bayesmeta-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(os.environ[SHARED])
