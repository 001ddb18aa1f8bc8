"""What a finished run ends with: the hash of each of its files, and the times that it took."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from bayesmeta.errors import RunError
from bayesmeta.runs.files import explained, sealed, sha256_of, sync_folder, unsealed, write_whole
from bayesmeta.runs.locks import HOLDER, LOCK

__all__ = ["HASHES", "TIMES", "drop_hashes", "finish", "read_hashes", "read_times"]

HASHES, TIMES = "hashes.json", "times.json"


def finish(folder: Path, started: datetime, seconds: float) -> None:
    """Write when the run was open, and the SHA-256 of every file; with it, the run is finished.

    Nothing is written where nothing has changed since it was finished before.
    """
    if (folder / HASHES).exists() and _kept(folder) == _found(folder):
        return
    with explained(folder):
        drop_hashes(folder)
    now = {"started": started.isoformat(timespec="seconds"), "seconds": round(seconds, 3)}
    write_whole(folder / TIMES, sealed([*read_times(folder), now], indent=1))
    write_whole(folder / HASHES, sealed(_found(folder), indent=1))


def read_hashes(folder: Path) -> dict[str, str] | None:
    """Return the SHA-256 of every file by name, or None where the run is not finished."""
    try:
        found: dict[str, str] = unsealed((folder / HASHES).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RunError(
            f"{folder / HASHES} is damaged: {error}. Remove it and run the same again."
        ) from error
    return found


def drop_hashes(folder: Path) -> None:
    """Take a run for unfinished, since something in it is about to change."""
    path = folder / HASHES
    if path.exists():
        path.unlink()
        sync_folder(folder)


def read_times(folder: Path) -> list[dict[str, Any]]:
    """Return when the run was open and ended well, as far as the file of it is whole."""
    try:
        found: list[dict[str, Any]] = unsealed((folder / TIMES).read_bytes())
    except (OSError, ValueError):
        return []
    return found


def _kept(folder: Path) -> dict[str, str] | None:
    try:
        return read_hashes(folder)
    except RunError:
        return None


def _found(folder: Path) -> dict[str, str]:
    with explained(folder):
        return {path.relative_to(folder).as_posix(): sha256_of(path) for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a run; hidden ones are not of it."""
    apart = {folder / name for name in (LOCK, HOLDER, HASHES)}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and path not in apart and not hidden:
            yield path
