"""Looking at the folder of a run without opening it: what it is, and whether it is whole."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from bayesmeta.errors import RunError
from bayesmeta.runs.files import folder_of, sha256_of
from bayesmeta.runs.folder import INPUTS
from bayesmeta.runs.hashes import HASHES, read_hashes, read_times
from bayesmeta.runs.jobs import JOBS, Failed, Record, read_records
from bayesmeta.runs.manifest import MANIFEST, Manifest, read_manifest
from bayesmeta.runs.whole_folder import FIT

__all__ = ["RunSummary", "check_run", "describe_run", "differing"]


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
        open_seconds=sum(each["seconds"] for each in read_times(folder)),
    )


def check_run(path: str | PathLike[str]) -> tuple[str, ...]:
    """Return what is not as it was written in the folder of a run or a fit; nothing if all is.

    Files that were not there when the run ended are not checked, but for those of jobs.
    """
    folder = folder_of(path)
    if (folder / FIT).is_file():
        return _fit_problems(folder)
    folder = _folder(path)
    try:
        manifest, hashes = read_manifest(folder), read_hashes(folder)
    except RunError as error:
        return (str(error),)
    if hashes is None:
        return (f"{HASHES} is missing: the run was not finished", *_unfinished(folder, manifest))
    return tuple(_problems(folder, hashes))


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
            raise RunError(f"{path} can't be read: {error.strerror}. Make it readable.") from error


def _fit_problems(folder: Path) -> tuple[str, ...]:
    try:
        hashes = dict(json.loads((folder / FIT).read_bytes())["sha256"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        return (f"{FIT} is damaged: {error!r}",)
    return tuple(_told(folder, hashes))


def _problems(folder: Path, hashes: Mapping[str, str]) -> Iterator[str]:
    yield from _told(folder, hashes)
    for path, _ in read_records(folder):
        if f"{JOBS}/{path.name}" not in hashes:
            yield f"{JOBS}/{path.name} was added"


def _unfinished(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield what differs of the files that can be checked without hashes."""
    for path, record in read_records(folder):
        if record is None:
            yield f"{JOBS}/{path.name} differs"
    inputs = {f"{INPUTS}/{name}": digest for name, digest in manifest.inputs.items()}
    yield from _told(
        folder, {name: one for name, one in inputs.items() if (folder / name).is_file()}
    )


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
        raise RunError(f"{folder} is no run: it holds no {MANIFEST}. Give the folder of a run.")
    return folder
