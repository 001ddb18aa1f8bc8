"""`run_jobs`: do what is not done yet, in this process, in others, or where an executor works."""

import os
import pickle
import platform
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from bayesmeta.errors import RunError, SettingsError, listed
from bayesmeta.numeric import is_whole
from bayesmeta.progress import progress_bar
from bayesmeta.runs.folder import RunFolder
from bayesmeta.runs.jobs import Failed, Job, Outcome, attempt, versions
from bayesmeta.runs.processes import keep_one_thread, one_thread, processes

DIED = "WorkerDied"

AHEAD = 2
"""Jobs handed out for each process of this machine; few, as all are suspects when one dies."""

FAR = 64
"""Jobs handed out to an executor that was given, whose workers are not known."""

SILENCE = 30.0
"""Seconds without a job that ends after which an executor is asked whether it still takes work."""

type Record = Callable[[Job, Outcome], None]
"""What is called with each job that is done."""

type Home = tuple[str, int]
"""A process: host and number."""


class _Lost(NamedTuple):
    """A job whose worker died: what the executor reports of it, and seconds until then."""

    job: Job
    error: Exception
    seconds: float


class _Running(NamedTuple):
    job: Job
    future: "Future[Outcome]"
    since: float


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Where jobs are done and their outcomes kept: the arguments of `run_jobs`."""

    folder: RunFolder | None = None
    workers: int = 1
    executor: Executor | None = None
    progress: bool | None = None

    def run(self, jobs: Sequence[Job]) -> dict[str, Outcome]:
        """Return the outcome of each job by its name."""
        return run_jobs(jobs, **vars(self))

    def cores(self, alone: int | None) -> int | None:
        """Return how many cores each job may use; one where jobs run side by side."""
        return alone if self.workers == 1 and self.executor is None else 1


def run_jobs(
    jobs: Sequence[Job],
    *,
    folder: RunFolder | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: bool | None = None,
    what: str = "fits",
) -> dict[str, Outcome]:
    """Return what becomes of each job, by name; the results of jobs may not depend on each other.

    A job that fails does not stop the others. Linear algebra runs in one thread, here and in workers,
    so that results are the same wherever jobs are done. `folder` keeps each outcome at once; what it
    holds is not done again, except failures whose cause may have been the machine. Jobs are done in
    this process, in several `workers` of this machine, of which one that dies is replaced and its job
    recorded as failed, or by an `executor` with the interface of `concurrent.futures`.
    """
    _check(jobs, workers, executor)
    found = {job.key: outcome for job in jobs if (outcome := _kept(job, folder)) is not None}
    keyed = {job.key: job for job in reversed(jobs)}
    to_do = [job for job in jobs if job.key not in found and keyed[job.key] is job]
    done = len(keyed) - len(to_do)
    with one_thread(), progress_bar(len(keyed), done, what=what, shown=progress) as advance:

        def record(job: Job, outcome: Outcome) -> None:
            if folder is not None:
                folder.keep(job, outcome)
            found[job.key] = outcome
            advance(1)

        if executor is not None:
            _through(executor, to_do, record)
        elif workers == 1:
            for job in to_do:
                record(job, attempt(job.work, job.arguments, versions()))
        else:
            _in_processes(to_do, workers, record)
    return {job.name: found[job.key] for job in jobs}


def _check(jobs: Sequence[Job], workers: int, executor: Executor | None) -> None:
    if not is_whole(workers) or workers < 1:
        raise SettingsError(
            f"`workers` must be a whole number of at least 1; got {workers!r}. Give the number of processors, or less."
        )
    if executor is not None and workers != 1:
        raise SettingsError(
            "`workers` has no effect with `executor`, which has its own. Leave one out."
        )
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise SettingsError(
            f"`executor` must have `submit`, as those of concurrent.futures; got {type(executor).__name__}."
        )
    repeated = [name for name, count in Counter(job.name for job in jobs).items() if count > 1]
    if repeated:
        raise SettingsError(f"Names of jobs must differ; not so: {listed(repeated)}.")


def _kept(job: Job, folder: RunFolder | None) -> Outcome | None:
    """Return what is known of a job, unless it is to be done again."""
    outcome = None if folder is None else folder.outcome(job)
    return None if isinstance(outcome, Failed) and outcome.again else outcome


def _in_processes(jobs: Sequence[Job], workers: int, record: Record) -> None:
    """Do jobs in processes; when one dies, those that were handed out are tried one at a time."""
    waiting = deque(jobs)
    while waiting:
        most = min(workers, len(waiting))
        with processes(most) as executor:
            lost, _ = _collect(executor, waiting, AHEAD * most, record)
        suspects = deque(each.job for each in lost)
        while suspects:
            with processes(1) as executor:
                guilty, _ = _collect(executor, suspects, 1, record)
            for each in guilty:
                record(each.job, _died(each, "it was tried alone after a process had died before"))


def _through(executor: Executor, jobs: Sequence[Job], record: Record) -> None:
    """Do jobs by an executor that was given, and cannot be replaced."""
    lost, broken = _collect(executor, deque(jobs), FAR, record)
    if broken is not None:
        raise RunError(
            f"The executor accepts no more work ({type(broken).__name__}: {broken}). What is done is kept where there is "
            "a folder; run the same again with a new executor."
        ) from broken
    for each in lost:
        record(each.job, _died(each, "the executor cancelled it"))


def _died(lost: _Lost, circumstances: str) -> Failed:
    return Failed(
        error=DIED,
        message=f"The process of this job died (killed, out of memory, or exited); {circumstances}. "
        f"{type(lost.error).__name__}: {lost.error}",
        seconds=round(lost.seconds, 6),
        again=True,
    )


def _collect(
    executor: Executor, waiting: deque[Job], window: int, record: Record
) -> tuple[list[_Lost], Exception | None]:
    """Do all jobs that wait, `window` of them at once, and record each that is done in this thread.

    What is returned is which were lost, and why the executor takes no more, if it does not; the jobs
    that were not handed out are then still in `waiting`.
    """
    running: dict[str, _Running] = {}
    ended: SimpleQueue[str] = SimpleQueue()
    lost: list[_Lost] = []
    broken: Exception | None = None
    try:
        while True:
            while broken is None and waiting and len(running) < window:
                broken = _hand_out(executor, waiting, running, ended)
            if not running:
                return lost, broken
            job, future, since = running.pop(_next(executor, ended, running))
            outcome = _outcome(future)
            if not isinstance(outcome, Exception):
                record(job, outcome)
                continue
            lost.append(_Lost(job, outcome, time.perf_counter() - since))
            if isinstance(outcome, BrokenExecutor | CancelledError):
                broken = outcome
    except BaseException as error:
        _cancel(running.values())
        if isinstance(error, KeyboardInterrupt):
            _record_done(running.values(), record)
        raise


def _next(executor: Executor, ended: "SimpleQueue[str]", running: Mapping[str, _Running]) -> str:
    """Return the job that ends next.

    The client of a cluster whose scheduler has died may forget jobs without calling back. They are
    cancelled where it takes no more work.
    """
    while True:
        try:
            return ended.get(timeout=SILENCE)
        except Empty:
            try:
                executor.submit(_here)
            except Exception:  # whatever it is, nothing that it was given will end
                _cancel(running.values())


def _hand_out(
    executor: Executor,
    waiting: deque[Job],
    running: dict[str, _Running],
    ended: "SimpleQueue[str]",
) -> Exception | None:
    """Submit the first job that waits, and return why the executor takes no more, if so."""
    job = waiting[0]
    _check_sendable(job)
    try:
        future = executor.submit(_do, job.work, job.arguments, versions(), _here())
    except Exception as error:  # whatever it is, no job can be handed to this executor
        return error
    waiting.popleft()
    running[job.key] = _Running(job, future, time.perf_counter())
    # Futures of other libraries call back as well, but not all can be waited for.
    future.add_done_callback(lambda _: ended.put(job.key))
    return None


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


def _cancel(running: Iterable[_Running]) -> None:
    for each in running:
        each.future.cancel()


def _record_done(running: Iterable[_Running], record: Record) -> None:
    """Record what was done when an interrupt came."""
    for job, future, _ in running:
        if future.done() and not future.cancelled() and future.exception() is None:
            record(job, future.result())


def _here() -> Home:
    return platform.node(), os.getpid()
