"""Jobs on a real Dask cluster of two worker processes, of which one is killed."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from run_works import jobs_of, leave, log_lines, long_sum, small_run, square, tables_in

import bayesmeta as bm
from bayesmeta.runs import Failed, Finished, dask_cluster, dask_executor, open_run, run_jobs

HERE = Path(__file__).parent


@contextmanager
def processes(*commands: list[str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Yield processes with the paths of the tests, ended afterwards."""
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    options: dict[str, Any] = {
        "env": os.environ | {"PYTHONPATH": paths},
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    started = [subprocess.Popen([sys.executable, *command], **options) for command in commands]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait(timeout=60)


@contextmanager
def listening(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield a scheduler: its address and its process."""
    file = folder / "scheduler.json"
    place = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    with processes(["-m", "distributed.cli.dask_scheduler", *place]) as [process]:
        deadline = time.monotonic() + 60
        while not file.exists() or not file.read_text().strip():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"], process


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with listening(tmp_path_factory.mktemp("dask")) as (address, _):
        yield address


@contextmanager
def workers(address: str, count: int, folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    place = ["--host", "127.0.0.1", "--local-directory", str(folder)]
    command = [
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--no-nanny",
        "--nthreads",
        "1",
        *place,
    ]
    with processes(*[[*command, "--no-dashboard"]] * count) as started:
        yield started


@pytest.mark.slow
@pytest.mark.stored
def test_a_worker_is_killed_and_the_tables_are_the_same(scheduler: str, tmp_path: Path) -> None:
    numbers = range(40)
    small_run(tmp_path / "here", tmp_path / "log here", numbers)
    log, killed = tmp_path / "log", []

    def kill_one(process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 60
        while not log_lines(str(log), 5) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        killed.append(process.wait(timeout=60))

    with workers(scheduler, 2, tmp_path) as two, dask_executor(scheduler) as executor:
        killer = threading.Thread(target=kill_one, args=two[:1])
        killer.start()
        small_run(tmp_path / "there", log, numbers, executor=executor, pause=0.05)
        killer.join()
    assert killed
    assert tables_in(tmp_path / "there") == tables_in(tmp_path / "here")
    begun = [line.split() for line in log.read_text().splitlines()]
    assert {process for _, process in begun} <= {str(process.pid) for process in two}
    assert len({process for _, process in begun}) == 2
    assert len(begun) < 41 + 10


@pytest.mark.slow
def test_results_are_those_of_this_process(scheduler: str, tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path / "log", range(6), long_sum)
    with workers(scheduler, 2, tmp_path), dask_executor(scheduler) as executor:
        there = run_jobs(jobs, executor=executor)
    here = run_jobs(jobs)
    for name, one in here.items():
        other = there[name]
        assert isinstance(one, Finished)
        assert isinstance(other, Finished)
        assert other.value == one.value


@pytest.mark.slow
def test_a_job_that_workers_die_of_is_given_up(scheduler: str, tmp_path: Path) -> None:
    jobs = [*jobs_of(tmp_path / "log", [50], leave), *jobs_of(tmp_path / "log", range(4))]
    with workers(scheduler, 6, tmp_path), dask_executor(scheduler) as executor:
        with open_run(tmp_path / "run", kind="small", identity={}) as run:
            found = run_jobs(jobs, folder=run, executor=executor)
        guilty = found.pop("job 50")
        assert isinstance(guilty, Failed)
        assert (guilty.error, guilty.again) == ("WorkerDied", True)
        assert "KilledWorker" in guilty.message
        assert all(isinstance(each, Finished) for each in found.values())


@pytest.mark.slow
def test_a_scheduler_that_ends_ends_the_run(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path / "log", range(200), square, 0.05)
    with (
        listening(tmp_path) as (address, process),
        workers(address, 1, tmp_path),
        dask_executor(address) as executor,
    ):
        threading.Timer(1, process.kill).start()
        with pytest.raises(bm.RunError, match="The executor accepts no more work"):
            run_jobs(jobs, executor=executor)


@pytest.mark.slow
def test_a_scheduler_without_workers_is_refused(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "PATIENCE", 1)
    with pytest.raises(bm.RunError, match=r"has no workers\. Start some by `dask worker tcp"):
        dask_executor(scheduler).__enter__()


@pytest.mark.slow
def test_nobody_who_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "PATIENCE", 1)
    with pytest.raises(bm.RunError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1 "):
        dask_executor("tcp://127.0.0.1:1").__enter__()


@pytest.mark.parametrize("address", ["nonsense", "foo://x:1", "tcp://127.0.0.1", 3])
def test_what_is_no_address_is_refused(address: Any) -> None:
    with pytest.raises(bm.SettingsError, match="`address` must be that of a Dask scheduler"):
        dask_executor(address).__enter__()


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(bm.SettingsError, match=r'Install it by `pip install "bayesmeta\[dask\]"`'):
        dask_executor("tcp://127.0.0.1:8786").__enter__()
