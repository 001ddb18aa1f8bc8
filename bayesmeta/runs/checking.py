"""Looking at the folder of a run without opening it: what it is, and whether it is whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from bayesmeta.errors import RunError
from bayesmeta.paths import expanded
from bayesmeta.runs.files import sha256_of
from bayesmeta.runs.folder import INPUTS
from bayesmeta.runs.hashes import HASHES, read_hashes, read_times
from bayesmeta.runs.jobs import Failed
from bayesmeta.runs.manifest import MANIFEST, Manifest, read_manifest
from bayesmeta.runs.records import JOBS, Record, read_records

__all__ = ["RunSummary", "check_run", "describe_run"]


@dataclass(frozen=True)
class RunSummary:
    """What a run is and how far it is.

    Parameters
    ----------
    path : Path
        Its folder.
    manifest : Manifest
        Kind, identity, versions and machine.
    complete : bool
        Whether it ended well.
    finished, damaged : int
        Jobs with a result, and files of jobs that are not as they were written.
    failed : tuple of Record
        Jobs that ended with an error.
    work_seconds : float
        Seconds of all jobs together.
    open_seconds : float
        Seconds that the run was open, of the times that it ended well.
    """

    path: Path
    manifest: Manifest
    complete: bool
    finished: int
    damaged: int
    failed: tuple[Record, ...]
    work_seconds: float
    open_seconds: float


def describe_run(path: str | PathLike[str]) -> RunSummary:
    """Return what the run in a folder is and how far it is.

    Raises
    ------
    RunError
        If it is no run, or its manifest is damaged.
    """
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
    """Return what is not as it was written in the folder of a run; nothing if all is.

    Files that were not there when the run ended are not looked at, but for those of jobs.

    Raises
    ------
    RunError
        If the folder is no run.
    """
    folder = _folder(path)
    try:
        manifest, hashes = read_manifest(folder), read_hashes(folder)
    except RunError as error:
        return (str(error),)
    if hashes is None:
        return (f"{HASHES} is missing: the run was not finished", *_unfinished(folder, manifest))
    return tuple(_differing(folder, hashes))


def _differing(folder: Path, hashes: dict[str, str]) -> Iterator[str]:
    for name, digest in hashes.items():
        if not (folder / name).is_file():
            yield f"{name} is missing"
        elif _digest(folder / name) != digest:
            yield f"{name} differs"
    for path, _ in read_records(folder):
        if f"{JOBS}/{path.name}" not in hashes:
            yield f"{JOBS}/{path.name} was added"


def _unfinished(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield what differs of the files that can be checked without hashes."""
    for path, record in read_records(folder):
        if record is None:
            yield f"{JOBS}/{path.name} differs"
    for name, digest in manifest.inputs.items():
        path = folder / INPUTS / name
        if path.is_file() and _digest(path) != digest:
            yield f"{INPUTS}/{name} differs"


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise RunError(f"{path} can't be read: {error.strerror}. Make it readable.") from error


def _folder(path: str | PathLike[str]) -> Path:
    if not isinstance(path, str | PathLike):
        raise RunError(f"`path` must be a path; got {path!r}.")
    folder = expanded(path)
    try:
        there = (folder / MANIFEST).is_file()
    except (OSError, ValueError) as error:
        raise RunError(f"{path!r} can't be read: {error}.") from error
    if not there:
        if (folder / "fit.json").is_file():
            raise RunError(
                f"{folder} is a saved fit, not a run of many. Use predict, contrast or sensitivity on it."
            )
        raise RunError(f"{folder} is no run: it holds no {MANIFEST}. Give the folder of a run.")
    return folder
