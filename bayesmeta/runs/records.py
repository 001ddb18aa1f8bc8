"""Files of jobs: one for each that is done."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from bayesmeta.errors import RunError
from bayesmeta.runs.files import sealed, unsealed, write_whole
from bayesmeta.runs.jobs import Failed, Finished, Job, Outcome

__all__ = ["JOBS", "Record", "read_record", "read_records", "record_path", "write_record"]

JOBS = "jobs"
"""Folder of these files within that of the run."""


class Record(NamedTuple):
    """A job that is done."""

    name: str
    key: str
    outcome: Outcome


def record_path(folder: Path, key: str) -> Path:
    """Return where the outcome of the job of a key is kept."""
    return folder / JOBS / f"{key}.json"


def write_record(folder: Path, job: Job, outcome: Outcome) -> None:
    """Keep the outcome of a job, whole or not at all."""
    content = {
        "name": job.name,
        "key": job.key,
        "outcome": type(outcome).__name__,
        **asdict(outcome),
    }
    write_whole(record_path(folder, job.key), sealed(content))


def read_record(path: Path) -> Record | None:
    """Return what is kept of a job, or None where nothing is, or not as it was written.

    Raises
    ------
    RunError
        If the file can't be read.
    """
    try:
        content = unsealed(path.read_bytes())
        kind = {"Finished": Finished, "Failed": Failed}[content.pop("outcome")]
        record = Record(content.pop("name"), content.pop("key"), kind(**content))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path} can't be read: {error.strerror}. Make it readable.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return record if record.key == path.stem else None


def read_records(folder: Path) -> Iterator[tuple[Path, Record | None]]:
    """Yield each file of a job with what it holds, by name of the file."""
    for path in sorted((folder / JOBS).glob("[!.]*.json")):
        yield path, read_record(path)
