"""`open_run`: a folder that many jobs fill, however often they are stopped on the way."""

import json
import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from bayesmeta.errors import RunError, SettingsError, listed
from bayesmeta.runs.checking import drop_hashes, finish
from bayesmeta.runs.files import PARTIAL, PLAIN, explained, folder_of, sync_folder, write_whole
from bayesmeta.runs.jobs import JOBS, Job, Outcome, read_record, record_path, write_record
from bayesmeta.runs.manifest import (
    HASHES,
    HOLDER,
    INPUTS,
    LOCK,
    MANIFEST,
    TIMES,
    check_same,
    make_manifest,
    read_manifest,
    write_manifest,
)

_OWN = frozenset({MANIFEST, HASHES, TIMES, LOCK, HOLDER, JOBS, INPUTS})


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run that is open; see `open_run`."""

    path: Path

    def outcome(self, job: Job) -> Outcome | None:
        """Return what became of a job, or None where it is not done or its file is damaged."""
        record = read_record(record_path(self.path, job.key))
        return record and record.outcome

    def keep(self, job: Job, outcome: Outcome) -> None:
        """Keep what became of a job, so that it is not done again."""
        drop_hashes(self.path)
        write_record(self.path, job, outcome)

    def write(self, name: str, content: bytes) -> None:
        """Write a table or figure of results whole; it must hold no dates, to be reproducible."""
        if not PLAIN.fullmatch(name) or name.casefold() in _OWN:
            raise SettingsError(
                f"`name` must be the plain name of a file, other than {', '.join(sorted(_OWN))}; got {name!r}."
            )
        _write_changed(self.path, name, content)


@contextmanager
def open_run(
    path: str | PathLike[str],
    *,
    kind: str,
    identity: Mapping[str, Any],
    texts: Mapping[str, str] | None = None,
) -> Iterator[RunFolder]:
    """Make the folder of a run, or continue one that was stopped, at whatever moment.

    `identity` holds, as JSON can, everything that the run depends on. `texts` are what it is made from,
    by name of file, kept in ``inputs``. When the block ends well, the hashes of all files are written;
    see `check_run`. A folder that is in use, damaged or of something else is not changed.
    """
    texts = {} if texts is None else texts
    _check_arguments(kind, texts)
    manifest = make_manifest(kind, identity, texts)
    folder = _made(path)
    with _held(folder):
        _check_free(folder)
        if (folder / MANIFEST).exists():
            check_same(read_manifest(folder), manifest, folder)
        else:
            write_manifest(manifest, folder)
        with explained(folder):
            _tidy(folder)
        for name, text in texts.items():
            _write_changed(folder, f"{INPUTS}/{name}", text.encode())
        started, clock = datetime.now(UTC), time.perf_counter()
        yield RunFolder(folder)
        finish(folder, started, time.perf_counter() - clock)


def _check_arguments(kind: str, texts: Mapping[str, str]) -> None:
    if not isinstance(kind, str) or not kind:
        raise SettingsError(f"`kind` must be text, such as 'compare'; got {kind!r}.")
    for name in texts:
        if not all(PLAIN.fullmatch(part) for part in name.split("/")):
            raise SettingsError(
                f"`texts` must be named by plain names of files, such as 'models/regimen.toml'; got {name!r}."
            )


def _made(path: str | PathLike[str]) -> Path:
    """Return the folder of a run, made if it is not there, and refused if it is something else."""
    folder = folder_of(path).absolute()
    with explained(folder):
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(folder.parent)
        _check_free(folder)
    return folder


def _check_free(folder: Path) -> None:
    """Check that a folder is that of a run, or holds nothing but what opening one leaves."""
    if not folder.is_dir():
        raise RunError(f"{folder} is not a folder. Choose another.")
    if (folder / MANIFEST).exists():
        return
    left = {LOCK, HOLDER, f".{MANIFEST}{PARTIAL}"}
    unexpected = sorted(entry.name for entry in folder.iterdir() if entry.name not in left)
    if unexpected:
        raise RunError(
            f"{folder} exists and is not a run (it holds {listed(unexpected)}, and no {MANIFEST}); it is not changed. "
            "Choose another folder."
        )


def _tidy(folder: Path) -> None:
    """Make the folders that are needed, and remove what a killed run was writing."""
    for place in (folder, folder / JOBS, folder / INPUTS):
        place.mkdir(exist_ok=True)
    sync_folder(folder)
    unfinished = f".*{PARTIAL}"
    for pattern in (unfinished, f"{JOBS}/{unfinished}", f"{INPUTS}/**/{unfinished}"):
        for partial in folder.glob(pattern):
            partial.unlink()


def _write_changed(folder: Path, name: str, content: bytes) -> None:
    """Write a file whole, after taking back the hashes, unless it holds the content already."""
    path = folder / name
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        same = path.is_file() and path.read_bytes() == content
    if not same:
        drop_hashes(folder)
        write_whole(path, content)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
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
