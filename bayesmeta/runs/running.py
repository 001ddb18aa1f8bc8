"""`run_jobs`: do what is not done yet, in this process, in others, or where an executor works."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor

from bayesmeta.errors import RunError, SettingsError, listed
from bayesmeta.numeric import is_whole
from bayesmeta.progress import progress_bar
from bayesmeta.runs.collecting import Lost, Record, collect
from bayesmeta.runs.folder import RunFolder
from bayesmeta.runs.jobs import Failed, Job, Outcome, attempt, versions
from bayesmeta.runs.processes import one_thread, processes

__all__ = ["run_jobs"]

DIED = "WorkerDied"

AHEAD = 2
"""Jobs handed out for each process of this machine; few, as all are suspects when one dies."""

FAR = 64
"""Jobs handed out to an executor that was given, whose workers are not known."""


def run_jobs(
    jobs: Sequence[Job],
    *,
    folder: RunFolder | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: bool | None = None,
    what: str = "fits",
) -> dict[str, Outcome]:
    """Return what becomes of each job, by name.

    A job that fails does not stop the others. Linear algebra runs in one thread meanwhile, here
    and in workers, so that results are the same wherever jobs are done.

    Parameters
    ----------
    jobs : sequence of Job
        The jobs; their results may not depend on each other.
    folder : RunFolder, optional
        Where each outcome is kept as soon as it is there. What it holds already is not done again,
        unless it is a failure whose cause may have been the machine.
    workers : int
        Processes of this machine; with one, jobs are done in this process. A process that dies is
        replaced, and the job that it died of found and recorded as failed.
    executor : Executor, optional
        Anything with the interface of `concurrent.futures` to do the jobs instead.
    progress, what
        Whether a bar is shown, and what it calls the jobs; see `progress_bar`.

    Raises
    ------
    SettingsError
        If an argument is out of its range, `workers` and `executor` are both given, names repeat, or
        a job cannot be sent to another process.
    RunError
        If `folder` cannot be written, workers cannot start, or the executor breaks. What was done
        until then is kept in `folder`.
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
            _here(to_do, record)
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


def _here(jobs: Iterable[Job], record: Record) -> None:
    for job in jobs:
        record(job, attempt(job.work, job.arguments, versions()))


def _in_processes(jobs: Sequence[Job], workers: int, record: Record) -> None:
    """Do jobs in processes; when one dies, those that were handed out are tried one at a time."""
    waiting = deque(jobs)
    while waiting:
        most = min(workers, len(waiting))
        with processes(most) as executor:
            lost, _ = collect(executor, waiting, window=AHEAD * most, record=record)
        suspects = deque(each.job for each in lost)
        while suspects:
            with processes(1) as executor:
                guilty, _ = collect(executor, suspects, window=1, record=record)
            for each in guilty:
                record(each.job, _died(each, "it was tried alone after a process had died before"))


def _through(executor: Executor, jobs: Sequence[Job], record: Record) -> None:
    """Do jobs by an executor that was given, and cannot be replaced."""
    lost, broken = collect(executor, deque(jobs), window=FAR, record=record)
    if broken is not None:
        raise RunError(
            f"The executor takes no more work ({type(broken).__name__}: {broken}). What is done is kept where there is "
            "a folder; run the same again with a new executor."
        ) from broken
    for each in lost:
        record(each.job, _died(each, "the executor gave it up"))


def _died(lost: Lost, circumstances: str) -> Failed:
    return Failed(
        error=DIED,
        message=f"The process of this job died (killed, out of memory, or left); {circumstances}. "
        f"{type(lost.error).__name__}: {lost.error}",
        seconds=round(lost.seconds, 6),
        again=True,
    )
