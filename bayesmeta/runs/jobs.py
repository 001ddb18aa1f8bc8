"""Jobs, their keys, what becomes of them, and the file that keeps it."""

import json
import platform
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple

from bayesmeta.errors import RunError, SettingsError
from bayesmeta.runs.files import sealed, unsealed, write_whole

JOBS = "jobs"
"""Folder of these files within that of the run."""

LONGEST_MESSAGE = 4000
"""Characters of an error's message that are kept."""

LENGTH = 32
_KEY = re.compile(rf"[0-9a-f]{{{LENGTH}}}")

type Part = str | int | float | bool | tuple["Part", ...] | Mapping[str, "Part"] | None
"""What a key may be made of."""

PACKAGES = [
    "arviz",
    "bayesmeta",
    "formulaic",
    "numba",
    "numpy",
    "nutpie",
    "pandas",
    "pymc",
    "scipy",
]
"""Packages whose version may change a result."""


def job_key(**parts: Part) -> str:
    """Return 32 hexadecimal digits that stand for everything a result depends on, and for `versions`.

    The order of a mapping makes no difference; ``1``, ``1.0``, ``True`` and ``"1"`` differ.
    """
    content = {"parts": _plain(parts, "parts"), "versions": versions()}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:LENGTH]


@cache
def versions() -> Mapping[str, str]:
    """Return the version of Python (major and minor) and of each package that may change a result."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python} | {name: version(name) for name in PACKAGES}


def _plain(part: object, place: str) -> object:
    """Return a part as JSON has it, each type told from all others."""
    if isinstance(part, str | bool | None):
        return part
    if isinstance(part, Integral):
        return int(part)
    if isinstance(part, Real):
        return float(part)
    if isinstance(part, tuple | list):
        return [_plain(each, place) for each in part]
    if isinstance(part, Mapping) and all(isinstance(name, str) for name in part):
        return {name: _plain(each, f"{place}[{name!r}]") for name, each in part.items()}
    raise SettingsError(
        f"`{place}` must be text, a number, None, a tuple or a mapping of names to such; got {type(part).__name__}. "
        "Give a value that identifies it, such as a hash."
    )


@dataclass(frozen=True)
class Job:
    """One of many pieces of work that need nothing of each other.

    `work` is a function of a module that pickle can send, with its arguments, to another process. It
    returns a mapping that JSON can hold, NaN, infinities and NumPy's numbers among it.
    """

    name: str
    """What people read, unique within a run, such as ``"regimen / without Smith 2019"``."""
    key: str
    """`job_key` of everything that the result depends on; jobs of one key are done once."""
    work: Callable[..., Mapping[str, Any]]
    arguments: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.key, str) or not _KEY.fullmatch(self.key):
            raise SettingsError(
                f"`key` of job '{self.name}' must be 32 hexadecimal digits; got {self.key!r}. Make it by job_key(...)."
            )


@dataclass(frozen=True)
class Finished:
    """What a job returned, as JSON holds it, and the seconds that it took."""

    value: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True)
class Failed:
    """The error that a job ended with: its class (``"WorkerDied"`` where the process died) and message.

    It is done `again` when the run is resumed if the cause may have been the machine (memory, disk, a
    killed process).
    """

    error: str
    message: str
    seconds: float
    again: bool = False


Outcome = Finished | Failed


def attempt(
    work: Callable[..., Mapping[str, Any]], arguments: tuple[Any, ...], expected: Mapping[str, str]
) -> Outcome:
    """Return what becomes of a job, done in this process, whose versions must be as `expected`."""
    _check_versions(expected)
    started = time.perf_counter()
    try:
        value = _as_json(work(*arguments))
    except (Exception, SystemExit) as error:
        return Failed(
            error=type(error).__name__,
            message=str(error)[:LONGEST_MESSAGE],
            seconds=round(time.perf_counter() - started, 6),
            again=isinstance(error, MemoryError | OSError),
        )
    return Finished(value, round(time.perf_counter() - started, 6))


def _check_versions(expected: Mapping[str, str]) -> None:
    own = versions()
    differing = [
        f"{name} {own.get(name)} rather than {version}"
        for name, version in expected.items()
        if own.get(name) != version
    ]
    if differing:
        raise RunError(
            f"A worker has other versions: {', '.join(differing)}. Install the same everywhere, so that all jobs "
            "give the results that they would give here."
        )


def _as_json(value: object) -> dict[str, Any]:
    """Return a value as it is when it was written and read, so that both are the same."""
    if not isinstance(value, Mapping):
        raise TypeError(f"the work of a job must return a mapping; got {type(value).__name__}")
    read: dict[str, Any] = json.loads(json.dumps(dict(value), default=_as_builtin))
    return read


def _as_builtin(value: object) -> object:
    """Return a number or an array of NumPy as Python's own."""
    if not hasattr(value, "tolist"):
        raise TypeError(f"JSON cannot hold a value of type {type(value).__name__}")
    return value.tolist()


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
    content = {"name": job.name, "key": job.key, "outcome": type(outcome).__name__}
    content |= asdict(outcome)
    write_whole(record_path(folder, job.key), sealed(content))


def read_record(path: Path) -> Record | None:
    """Return what is kept of a job, or None where nothing is, or changed since it was written."""
    try:
        content = unsealed(path.read_bytes())
        kind = {"Finished": Finished, "Failed": Failed}[content.pop("outcome")]
        record = Record(content.pop("name"), content.pop("key"), kind(**content))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}. Make it readable.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return record if record.key == path.stem else None


def read_records(folder: Path) -> Iterator[tuple[Path, Record | None]]:
    """Yield each file of a job with what it holds, by name of the file."""
    for path in sorted((folder / JOBS).glob("[!.]*.json")):
        yield path, read_record(path)
