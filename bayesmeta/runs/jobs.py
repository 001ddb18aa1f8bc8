"""Jobs and what becomes of them."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bayesmeta.errors import RunError, SettingsError
from bayesmeta.runs.keys import versions

__all__ = ["Failed", "Finished", "Job", "Outcome", "attempt"]

LONGEST_MESSAGE = 4000
"""Characters of an error's message that are kept."""

_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Job:
    """One of many pieces of work that need nothing of each other.

    Parameters
    ----------
    name : str
        What people read, unique within a run, such as ``"regimen / without Smith 2019"``.
    key : str
        `job_key` of everything that the result depends on. Jobs of one key are done once.
    work : callable
        A function of a module, which returns a mapping that JSON can hold (NaN and infinities, and
        NumPy's numbers and arrays as numbers and lists, among it).
    arguments : tuple
        Its arguments; pickle must be able to send them to another process.

    Raises
    ------
    SettingsError
        If `key` was not made by `job_key`.
    """

    name: str
    key: str
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
    """The error that a job ended with.

    Parameters
    ----------
    error : str
        Class of the error; ``"WorkerDied"`` where the process of the job died.
    message : str
        Its message.
    seconds : float
        Time until then.
    again : bool
        Whether the cause may have been the machine (memory, disk, a killed process) rather than the
        job, which is then done again when the run is resumed.
    """

    error: str
    message: str
    seconds: float
    again: bool = False


Outcome = Finished | Failed


def attempt(
    work: Callable[..., Mapping[str, Any]], arguments: tuple[Any, ...], expected: Mapping[str, str]
) -> Outcome:
    """Return what becomes of a job, done in this process.

    Parameters
    ----------
    work, arguments
        Those of the job.
    expected : mapping
        `versions` where the run is: a worker elsewhere may have others.

    Raises
    ------
    RunError
        If this process has other versions than `expected`.
    """
    _check_versions(expected)
    started = time.perf_counter()
    try:
        value = _as_json(work(*arguments))
    except (Exception, SystemExit) as error:
        return Failed(
            error=type(error).__name__,
            message=str(error)[:LONGEST_MESSAGE],
            seconds=_since(started),
            again=isinstance(error, MemoryError | OSError),
        )
    return Finished(value, _since(started))


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
    text = json.dumps(dict(value), default=_as_builtin)
    read: dict[str, Any] = json.loads(text)
    return read


def _as_builtin(value: object) -> object:
    """Return a number or an array of NumPy as Python's own."""
    if not hasattr(value, "tolist"):
        raise TypeError(f"JSON can't hold a value of type {type(value).__name__}")
    return value.tolist()


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 6)
