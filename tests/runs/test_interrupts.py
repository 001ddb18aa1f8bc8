"""Ctrl-C, and a run whose process is killed: workers end, finished jobs stay."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from run_works import interrupt, jobs_of, square

from bayesmeta.runs import open_run, run_jobs
from bayesmeta.runs.jobs import read_records
from bayesmeta.runs.processes import _held_interrupts as held_interrupts

HERE = Path(__file__).parent
NUMBERS = range(200)

CODE = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from pathlib import Path
from run_works import jobs_of, square
from bayesmeta.runs import open_run, run_jobs
if __name__ == "__main__":
    base = Path(sys.argv[1])
    try:
        with open_run(base / "run", kind="small", identity={{}}) as run:
            run_jobs(jobs_of(base / "log", range(200), square, 0.1), folder=run, workers=2)
    except KeyboardInterrupt:
        sys.exit(3)
"""


def until(sign: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not sign():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kept_in(folder: Path) -> set[str]:
    return {record.name for _, record in read_records(folder) if record}


def workers_in(log: Path) -> set[int]:
    return {int(line.split()[1]) for line in log.read_text().splitlines()}


def ended(number: int) -> bool:
    try:
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_an_interrupt_while_workers_start_is_not_lost() -> None:
    with pytest.raises(KeyboardInterrupt, match=r"^$"), held_interrupts():
        signal.raise_signal(signal.SIGINT)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals to a group of processes")
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL", "SIGTERM"])
def test_a_run_of_two_workers_that_is_stopped(name: str, tmp_path: Path) -> None:
    sign = signal.Signals[name]
    script, run, log = tmp_path / "script.py", tmp_path / "run", tmp_path / "log"
    script.write_text(CODE)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # Under load the second worker may begin long after the first, so both are waited for.
    until(lambda: len(kept_in(run)) >= 5 and len(workers_in(log)) == 2)
    if sign == signal.SIGINT:
        os.killpg(process.pid, sign)  # as a terminal does: to the workers as well
    else:
        process.send_signal(sign)
    _, message = process.communicate(timeout=60)
    assert process.returncode == (3 if sign == signal.SIGINT else -sign)
    assert "Traceback" not in message
    workers = workers_in(log)
    assert len(workers) == 2
    until(lambda: all(ended(number) for number in workers))
    kept = kept_in(run)
    assert 5 <= len(kept) < len(NUMBERS)
    with open_run(run, kind="small", identity={}) as folder:
        found = run_jobs(jobs_of(log, NUMBERS, square, 0.0), folder=folder)
    assert len(found) == len(NUMBERS)
    begun = [line.split()[0] for line in log.read_text().splitlines()]
    assert all(begun.count(name.split()[1]) == 1 for name in kept)
    # At most what was in hand is begun twice: one job of each worker, and what was on its way back.
    assert len(begun) - len(NUMBERS) <= 4


def test_an_interrupt_here_keeps_what_is_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = [*jobs_of(log, range(3)), *jobs_of(log, [50], interrupt), *jobs_of(log, range(4, 6))]

    def interrupted() -> None:
        with open_run(tmp_path / "run", kind="small", identity={}) as run:
            run_jobs(jobs, folder=run)

    with pytest.raises(KeyboardInterrupt, match="pressed"):
        interrupted()
    assert kept_in(tmp_path / "run") == {"job 0", "job 1", "job 2"}


def test_an_interrupt_records_what_came_back_meanwhile(tmp_path: Path) -> None:
    class Interrupted(ThreadPoolExecutor):
        """All jobs are done when the interrupt comes, and none is recorded."""

        def submit(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
            future = super().submit(*arguments, **options)  # type: ignore[arg-type]
            future.result()
            if len((tmp_path / "log").read_text().splitlines()) == 3:
                raise KeyboardInterrupt("pressed")
            return future

    def interrupted() -> None:
        with (
            open_run(tmp_path / "run", kind="small", identity={}) as run,
            Interrupted(1) as executor,
        ):
            run_jobs(jobs_of(tmp_path / "log", range(9)), folder=run, executor=executor)

    with pytest.raises(KeyboardInterrupt, match="pressed"):
        interrupted()
    # The third was submitted, but its future never came to hand.
    assert kept_in(tmp_path / "run") == {"job 0", "job 1"}
