"""What the folder of a run is, and whether it is whole: by the hash of each of its files."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

from bayesmeta.errors import RunError
from bayesmeta.runs.files import (
    FIT,
    explained,
    folder_of,
    sealed,
    sha256_of,
    sync_folder,
    unsealed,
    write_whole,
)
from bayesmeta.runs.jobs import JOBS, Failed, Record, read_records
from bayesmeta.runs.manifest import (
    HASHES,
    HOLDER,
    INPUTS,
    LOCK,
    MANIFEST,
    TIMES,
    Manifest,
    read_manifest,
)


@dataclass(frozen=True)
class RunSummary:
    """What a run is and how far it is."""

    path: Path
    manifest: Manifest
    complete: bool
    """Whether it ended well."""
    finished: int
    damaged: int
    """Files of jobs that are not as they were written."""
    failed: tuple[Record, ...]
    work_seconds: float
    """Of all jobs together."""
    open_seconds: float
    """Of the times that it was open and ended well."""


def describe_run(path: str | PathLike[str]) -> RunSummary:
    """Return what the run in a folder is and how far it is."""
    folder = _folder(path)
    found = [record for _, record in read_records(folder)]
    records = [record for record in found if record is not None]
    failed = tuple(record for record in records if isinstance(record.outcome, Failed))
    return RunSummary(
        path=folder,
        manifest=read_manifest(folder),
        complete=(folder / HASHES).is_file(),
        finished=len(records) - len(failed),
        damaged=len(found) - len(records),
        failed=failed,
        work_seconds=sum(record.outcome.seconds for record in records),
        open_seconds=sum(each["seconds"] for each in _read_times(folder)),
    )


def check_run(path: str | PathLike[str]) -> tuple[str, ...]:
    """Return what is not as written in a run or fit; files added later are not checked, but for jobs."""
    folder = folder_of(path)
    if (folder / FIT).is_file():
        return tuple(_fit_problems(folder))
    folder = _folder(path)
    try:
        manifest, hashes = read_manifest(folder), _read_hashes(folder)
    except RunError as error:
        return (str(error),)
    if hashes is None:
        return (f"{HASHES} is missing: the run was not finished", *_unfinished(folder, manifest))
    added = (f"{JOBS}/{path.name}" for path, _ in read_records(folder))
    return (*_told(folder, hashes), *(f"{name} was added" for name in added if name not in hashes))


def differing(folder: Path, hashes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the names of files that are missing or have another SHA-256, and which of both."""
    for name, digest in hashes.items():
        path = folder / name
        try:
            if not path.is_file():
                yield name, "missing"
            elif sha256_of(path) != digest:
                yield name, "differing"
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror}. Make it readable.") from error


def _fit_problems(folder: Path) -> Iterator[str]:
    try:
        hashes = dict(json.loads((folder / FIT).read_bytes())["sha256"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        yield f"{FIT} is damaged: {error!r}"
    else:
        yield from _told(folder, hashes)


def _unfinished(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield what differs of the files that can be checked without hashes."""
    for path, record in read_records(folder):
        if record is None:
            yield f"{JOBS}/{path.name} differs"
    inputs = {f"{INPUTS}/{name}": digest for name, digest in manifest.inputs.items()}
    there = {name: one for name, one in inputs.items() if (folder / name).is_file()}
    yield from _told(folder, there)


def _told(folder: Path, hashes: Mapping[str, str]) -> Iterator[str]:
    words = {"missing": "is missing", "differing": "differs"}
    return (f"{name} {words[state]}" for name, state in differing(folder, hashes))


def _folder(path: str | PathLike[str]) -> Path:
    folder = folder_of(path)
    if not (folder / MANIFEST).is_file():
        if (folder / FIT).is_file():
            raise RunError(
                f"{folder} is a saved fit, not a run of many. Use predict, contrast or sensitivity on it."
            )
        raise RunError(f"{folder} is not a run: it holds no {MANIFEST}. Give the folder of a run.")
    return folder


def finish(folder: Path, started: datetime, seconds: float) -> None:
    """Write when the run was open, and the SHA-256 of every file, unless nothing has changed."""
    with suppress(RunError):
        if _read_hashes(folder) == _found(folder):
            return
    drop_hashes(folder)
    now = {"started": started.isoformat(timespec="seconds"), "seconds": round(seconds, 3)}
    write_whole(folder / TIMES, sealed([*_read_times(folder), now], indent=1))
    write_whole(folder / HASHES, sealed(_found(folder), indent=1))


def _read_hashes(folder: Path) -> dict[str, str] | None:
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
    with explained(folder):
        if path.exists():
            path.unlink()
            sync_folder(folder)


def _read_times(folder: Path) -> list[dict[str, Any]]:
    """Return when the run was open and ended well, as far as the file of it is whole."""
    try:
        found: list[dict[str, Any]] = unsealed((folder / TIMES).read_bytes())
    except (OSError, ValueError):
        return []
    return found


def _found(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a run by name; hidden files are not of it."""
    with explained(folder):
        return {
            path.relative_to(folder).as_posix(): sha256_of(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            and path not in {folder / name for name in (LOCK, HOLDER, HASHES)}
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        }
