"""Jobs: the same whatever does them, and a failure of one stops no other."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from run_works import (
    be_killed_once,
    fail,
    jobs_of,
    leave,
    log_lines,
    long_sum,
    small_run,
    square,
    tables_in,
)
from threadpoolctl import threadpool_info

import bayesmeta as bm
from bayesmeta.runs import Failed, Finished, Job, job_key, open_run, run_jobs


def values(outcomes: dict[str, Any]) -> list[str]:
    """Return outcomes without their seconds, as text, in which NaN equals itself."""
    return [f"{name}: {getattr(each, 'value', 'failed')}" for name, each in outcomes.items()]


def test_outcomes_are_in_the_order_of_the_jobs(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path / "log", [3, 1, 2])
    found = run_jobs(jobs)
    assert list(found) == ["job 3", "job 1", "job 2"]
    assert isinstance(found["job 3"], Finished)
    assert found["job 3"].value["square"] == 9
    assert found["job 3"].seconds > 0


@pytest.mark.slow
def test_workers_and_order_change_nothing(tmp_path: Path) -> None:
    for name, options in {"one": {}, "two": {"workers": 2}}.items():
        small_run(tmp_path / name, tmp_path / f"log {name}", range(12), **options)
    with ThreadPoolExecutor(3) as executor:
        small_run(tmp_path / "threads", tmp_path / "log", range(12), executor=executor)
    reference = tables_in(tmp_path / "one")
    assert tables_in(tmp_path / "two") == reference
    assert tables_in(tmp_path / "threads") == reference
    backwards = run_jobs(jobs_of(tmp_path / "log 3", range(11, -1, -1)), workers=2)
    assert values(backwards) == values(run_jobs(jobs_of(tmp_path / "log 4", range(11, -1, -1))))


@pytest.mark.slow
def test_so_do_threads_of_linear_algebra(tmp_path: Path) -> None:
    before = [pool["num_threads"] for pool in threadpool_info()]
    jobs = jobs_of(tmp_path / "log", range(4), long_sum)
    here = run_jobs(jobs)
    assert values(run_jobs(jobs, workers=2)) == values(here)
    with ThreadPoolExecutor(2) as executor:
        assert values(run_jobs(jobs, executor=executor)) == values(here)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert values(run_jobs(jobs, executor=executor)) == values(here)
    assert [pool["num_threads"] for pool in threadpool_info()] == before


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_failure_is_recorded_and_not_repeated(tmp_path: Path, workers: int) -> None:
    log = tmp_path / "log"
    jobs = [*jobs_of(log, [1]), *jobs_of(log, [2], fail), *jobs_of(log, [3])]
    for _ in range(2):
        with open_run(tmp_path / "run", kind="small", identity={}) as run:
            found = run_jobs(jobs, folder=run, workers=workers)
        assert isinstance(found["job 2"], Failed)
        assert found["job 2"].error == "SamplingError"
        assert found["job 2"].message == "The sampler stopped. Seed 2 reproduces it."
        assert isinstance(found["job 3"], Finished)
    assert [len(log_lines(str(log), number)) for number in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.slow
def test_a_worker_that_leaves_is_found_and_the_others_are_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = [*jobs_of(log, range(9)), *jobs_of(log, [50], leave), *jobs_of(log, range(10, 19))]
    with open_run(tmp_path / "run", kind="small", identity={}) as run:
        found = run_jobs(jobs, folder=run, workers=2)
    guilty = found.pop("job 50")
    assert isinstance(guilty, Failed)
    assert guilty.error == "WorkerDied"
    assert "The process of this job died (killed, out of memory, or exited)" in guilty.message
    assert all(isinstance(each, Finished) for each in found.values())
    assert len(log_lines(str(log), 50)) == 2
    # The process that died takes at most the jobs with it that were handed out beside.
    again = [
        number for number in (*range(9), *range(10, 19)) if len(log_lines(str(log), number)) > 1
    ]
    assert len(again) <= 4
    # Unlike other failures it is done again when the run is resumed, and only it.
    before = len(log.read_text().splitlines())
    with open_run(tmp_path / "run", kind="small", identity={}) as run:
        run_jobs(jobs_of(log, [50], square), folder=run)
        assert isinstance(run_jobs(jobs, folder=run)["job 50"], Finished)
    assert len(log.read_text().splitlines()) == before + 1


@pytest.mark.slow
def test_a_worker_that_is_killed_once_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = [
        *jobs_of(log, range(6)),
        *jobs_of(log, [50], be_killed_once),
        *jobs_of(log, range(7, 9)),
    ]
    found = run_jobs(jobs, workers=2)
    assert all(isinstance(each, Finished) for each in found.values())


@pytest.mark.slow
def test_workers_that_can_not_start_stop_the_run(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from bayesmeta.runs import Job, job_key, run_jobs\n"
        "run_jobs([Job(str(k), job_key(k=k), dict) for k in range(3)], workers=2)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Worker processes cannot start. In a script, call this beneath" in done.stderr


def test_jobs_of_one_key_are_done_once(tmp_path: Path) -> None:
    [job] = jobs_of(tmp_path / "log", [1])
    twin = Job("twin", job.key, job.work, job.arguments)
    found = run_jobs([job, twin])
    assert found["job 1"] is found["twin"]
    assert len(log_lines(str(tmp_path / "log"), 1)) == 1


def test_no_jobs_are_no_problem() -> None:
    assert run_jobs([]) == {}


def test_an_executor_is_given_few_jobs_at_a_time(tmp_path: Path) -> None:
    class Counting(ThreadPoolExecutor):
        waiting: int = 0
        most: int = 0

        def submit(self, work: Any, /, *more: Any, **options: Any) -> Any:
            future = super().submit(work, *more, **options)
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            future.add_done_callback(self.one_less)
            return future

        def one_less(self, _: object) -> None:
            self.waiting -= 1

    with Counting(1) as executor:
        found = run_jobs(jobs_of(tmp_path / "log", range(100)), executor=executor)
    assert len(found) == 100
    assert executor.most <= 64


class Breaking(Executor):
    """Does some jobs at once and then breaks: by an error of the future, or when handed more."""

    def __init__(self, good: int, error: Exception, *, at_once: bool) -> None:
        self.left, self.error, self.at_once = good, error, at_once

    def submit(self, work: Callable[..., Any], /, *more: Any, **_: Any) -> "Future[Any]":
        self.left -= 1
        future: Future[Any] = Future()
        if self.left >= 0:
            future.set_result(work(*more))
        elif self.at_once:
            raise self.error
        else:
            future.set_exception(self.error)
        return future


@pytest.mark.parametrize("at_once", [True, False])
def test_an_executor_that_breaks_ends_the_run_and_loses_nothing(
    tmp_path: Path, *, at_once: bool
) -> None:
    jobs = jobs_of(tmp_path / "log", range(8))
    executor = Breaking(5, BrokenProcessPool("gone"), at_once=at_once)

    def broken() -> None:
        with open_run(tmp_path / "run", kind="small", identity={}) as run:
            run_jobs(jobs, folder=run, executor=executor)

    with pytest.raises(bm.RunError, match=r"accepts no more work \(BrokenProcessPool: gone\)"):
        broken()
    with open_run(tmp_path / "run", kind="small", identity={}) as run:
        assert len(run_jobs(jobs, folder=run)) == 8
    assert all(len(log_lines(str(tmp_path / "log"), number)) == 1 for number in range(8))


def test_a_job_that_an_executor_gives_up_is_recorded(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path / "log", range(3))
    found = run_jobs(jobs, executor=Breaking(2, RuntimeError("killed 4 workers"), at_once=False))
    assert isinstance(found["job 2"], Failed)
    assert (found["job 2"].error, found["job 2"].again) == ("WorkerDied", True)
    assert "RuntimeError: killed 4 workers" in found["job 2"].message


def test_a_worker_without_the_code_stops_the_run(tmp_path: Path) -> None:
    error = ModuleNotFoundError("No module named 'bayesmeta'")
    with pytest.raises(bm.RunError, match="cannot load the code of a job: No module named"):
        run_jobs(jobs_of(tmp_path / "log", [1]), executor=Breaking(0, error, at_once=False))


def test_what_can_not_be_sent_is_told(tmp_path: Path) -> None:
    job = Job("job", job_key(), lambda: {}, ())
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(bm.SettingsError, match="Job 'job' cannot be sent to another process"),
    ):
        run_jobs([job], executor=executor)


def test_other_errors_cancel_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise bm.RunError("the disk is full")

    def stopped() -> None:
        # Leaving the executor waits for all that is not cancelled.
        with (
            ThreadPoolExecutor(1) as executor,
            open_run(tmp_path / "run", kind="small", identity={}) as run,
        ):
            monkeypatch.setattr(type(run), "keep", full)
            jobs = jobs_of(tmp_path / "log", range(30), square, 0.02)
            run_jobs(jobs, folder=run, executor=executor)

    with pytest.raises(bm.RunError, match="the disk is full"):
        stopped()
    assert len((tmp_path / "log").read_text().splitlines()) < 10


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"workers": 0}, "`workers` must be a whole number of at least 1; got 0"),
        ({"workers": True}, "`workers` must be a whole number"),
        (
            {"workers": 2, "executor": ThreadPoolExecutor(1)},
            "`workers` has no effect with `executor`",
        ),
        ({"executor": map}, "`executor` must have `submit`"),
    ],
)
def test_arguments_are_checked(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(bm.SettingsError, match=words):
        run_jobs(jobs_of(tmp_path / "log", [1]), **options)


def test_names_must_differ(tmp_path: Path) -> None:
    with pytest.raises(bm.SettingsError, match="Names of jobs must differ; not so: job 1"):
        run_jobs([*jobs_of(tmp_path / "log", [1]), *jobs_of(tmp_path / "log", [1])])


class Forgetful(Executor):
    """Takes so many jobs, forgets them without calling back, and then takes no more."""

    def __init__(self, taken: int) -> None:
        self.left = taken

    def submit(self, *_: Any, **__: Any) -> "Future[Any]":
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("closed")
        return Future()


def test_an_executor_that_forgets_its_jobs_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesmeta.runs.running.SILENCE", 0.01)
    jobs = jobs_of(tmp_path / "log", range(8))
    # Three times it is asked whether it takes work, and does.
    with pytest.raises(bm.RunError, match="The executor accepts no more work"):
        run_jobs(jobs, executor=Forgetful(11))
