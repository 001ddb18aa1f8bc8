"""Handing jobs to an executor, a few at a time, and collecting what becomes of them."""

import os
import pickle
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any, NamedTuple

from bayesmeta.errors import RunError, SettingsError
from bayesmeta.runs.jobs import Job, Outcome, attempt, versions
from bayesmeta.runs.processes import keep_one_thread

__all__ = ["Collected", "Lost", "Record", "collect"]

type Record = Callable[[Job, Outcome], None]
"""What is called with each job that is done."""

type Home = tuple[str, int]
"""A process: host and number."""


class Lost(NamedTuple):
    """A job whose worker died: what the executor says of it, and seconds until then."""

    job: Job
    error: Exception
    seconds: float


class Collected(NamedTuple):
    """How a collection ended: what was lost, and why the executor takes no more, if it does not."""

    lost: list[Lost]
    broken: Exception | None


class _Running(NamedTuple):
    job: Job
    future: "Future[Outcome]"
    since: float


@dataclass(frozen=True)
class _Desk:
    """Where jobs are handed out, which are out, and the keys of those that came back."""

    executor: Executor
    window: int
    running: dict[str, _Running] = field(default_factory=dict)
    ended: "SimpleQueue[str]" = field(default_factory=SimpleQueue)


def collect(executor: Executor, waiting: deque[Job], *, window: int, record: Record) -> Collected:
    """Do all jobs that wait, `window` of them at once, until the executor breaks.

    Those that were not handed out stay in `waiting`. `record` is called here, in this thread, with
    each that is done.
    """
    desk = _Desk(executor, window)
    lost: list[Lost] = []
    broken: Exception | None = None
    with _cancelling(desk, record):
        while True:
            broken = broken or _hand_out(desk, waiting)
            if not desk.running:
                return Collected(lost, broken)
            job, future, since = desk.running.pop(desk.ended.get())
            outcome = _outcome(future)
            if not isinstance(outcome, Exception):
                record(job, outcome)
                continue
            lost.append(Lost(job, outcome, time.perf_counter() - since))
            if isinstance(outcome, BrokenExecutor | CancelledError):
                broken = outcome


@contextmanager
def _cancelling(desk: _Desk, record: Record) -> Iterator[None]:
    """Cancel what is handed out if the block fails, and on an interrupt record what is done."""
    try:
        yield
    except BaseException as error:
        for each in desk.running.values():
            each.future.cancel()
        if isinstance(error, KeyboardInterrupt):
            _save(desk.running.values(), record)
        raise


def _hand_out(desk: _Desk, waiting: deque[Job]) -> Exception | None:
    """Submit jobs until as many are out as may, and return why the executor takes no more, if so."""
    home = _here()
    while waiting and len(desk.running) < desk.window:
        job = waiting[0]
        _check_sendable(job)
        try:
            future = desk.executor.submit(_do, job.work, job.arguments, versions(), home)
        except Exception as error:  # whatever it is, no job can be handed to this executor
            return error
        waiting.popleft()
        desk.running[job.key] = _Running(job, future, time.perf_counter())
        # Futures of other libraries call back as well, but not all can be waited for.
        future.add_done_callback(partial(_came_back, desk, job.key))
    return None


def _came_back(desk: _Desk, key: str, _: object) -> None:
    desk.ended.put(key)


def _do(
    work: Callable[..., Mapping[str, Any]],
    arguments: tuple[Any, ...],
    expected: Mapping[str, str],
    home: Home,
) -> Outcome:
    """Return what becomes of a job; this runs in the worker."""
    if _here() != home:
        keep_one_thread()
    return attempt(work, arguments, expected)


def _outcome(future: "Future[Outcome]") -> Outcome | Exception:
    """Return what became of a job, or the error of its executor."""
    try:
        return future.result()
    except RunError:
        raise
    except (ImportError, AttributeError, pickle.UnpicklingError) as error:
        raise RunError(
            f"A worker cannot load the code of a job: {error}. Install the same packages there as here."
        ) from error
    except (Exception, CancelledError) as error:
        return error


def _check_sendable(job: Job) -> None:
    try:
        ForkingPickler.dumps((job.work, job.arguments))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise SettingsError(
            f"Job '{job.name}' cannot be sent to another process: {error}. Its work must be a function of a module, and "
            "its arguments such as pickle can send."
        ) from error


def _save(running: Iterable[_Running], record: Record) -> None:
    """Record what was done when an interrupt came."""
    for job, future, _ in running:
        if future.done() and not future.cancelled() and future.exception() is None:
            record(job, future.result())


def _here() -> Home:
    return platform.node(), os.getpid()
