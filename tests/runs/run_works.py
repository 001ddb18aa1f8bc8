"""Work that processes of the tests can import, and runs made of it."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import bayesmeta as bm
from bayesmeta.runs import Failed, Finished, Job, Outcome, job_key, open_run, run_jobs

os_open, os_write = os.open, os.write  # as they are, where a test counts the calls of others


def note(log: str, text: str) -> None:
    """Append a line to a file, in one piece."""
    descriptor = os_open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os_write(descriptor, f"{text}\n".encode())
    os.close(descriptor)


def square(log: str, number: int, seconds: float = 0.0) -> dict[str, Any]:
    note(log, f"{number} {os.getpid()}")
    time.sleep(seconds)
    return {"number": number, "square": number**2, "root": number**0.5, "none": float("nan")}


def fail(log: str, number: int) -> dict[str, Any]:
    note(log, f"{number} {os.getpid()}")
    raise bm.SamplingError(f"The sampler stopped. Seed {number} reproduces it.")


def leave(log: str, number: int) -> dict[str, Any]:
    note(log, f"{number} {os.getpid()}")
    os._exit(3)


def be_killed_once(log: str, number: int) -> dict[str, Any]:
    """Die like a process that is killed, unless the log says that it was done before."""
    tried = log_lines(log, number)
    note(log, f"{number} {os.getpid()}")
    if not tried:
        psutil.Process().kill()
    return {"number": number}


def interrupt(log: str, number: int) -> dict[str, Any]:
    note(log, f"{number} {os.getpid()}")
    raise KeyboardInterrupt("pressed")


def long_sum(log: str, number: int) -> dict[str, Any]:
    """Return sums whose last digits depend on the threads of linear algebra."""
    rng = np.random.default_rng(number)
    return {"sum": (rng.standard_normal(12_000) @ rng.standard_normal((12_000, 41))).tolist()}


def log_lines(log: str, number: int) -> list[str]:
    lines = Path(log).read_text().splitlines() if Path(log).exists() else []
    return [line for line in lines if line.split()[0] == str(number)]


def jobs_of(log: Path, numbers: Sequence[int], work: Any = square, *more: Any) -> list[Job]:
    """Return jobs that do `work`, of which each notes in the log that it was begun."""
    return [
        Job(f"job {number}", job_key(number=number), work, (str(log), number, *more))
        for number in numbers
    ]


def table_of(outcomes: dict[str, Outcome]) -> bytes:
    lines = [
        f"{name},{each.value if isinstance(each, Finished) else (each.error, each.message)}"
        for name, each in outcomes.items()
    ]
    return "\n".join(lines).encode()


TEXTS = {"model.toml": "name = 'pooled'\n", "evidence/arms.csv": "study,events,n\nA,1,2\n"}


def small_run(
    folder: Path, log: Path, numbers: Sequence[int] = range(3), pause: float = 0.0, **options: Any
) -> None:
    """Do a whole run: a few jobs of which one fails, and two tables."""
    jobs = [*jobs_of(log, numbers, square, pause), *jobs_of(log, [100], fail)]
    with open_run(folder, kind="small", identity={"seed": 1}, texts=TEXTS) as run:
        outcomes = run_jobs(jobs, folder=run, **options)
        run.write("table.csv", table_of(outcomes))
        failed = [name for name, each in outcomes.items() if isinstance(each, Failed)]
        run.write("failed.txt", "\n".join(failed).encode())


TABLES = ("table.csv", "failed.txt", "inputs/model.toml", "inputs/evidence/arms.csv")
"""Files of a small run that must be the same bytes however often it was stopped."""


def tables_in(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}
