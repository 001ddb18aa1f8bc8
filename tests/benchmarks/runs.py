"""What the machinery of runs costs per job, beside jobs of 100 ms.

`uv run python tests/benchmarks/runs.py` does jobs that only wait or do nothing: in memory and in a
folder, in this process and in two, and resumes a finished run; all in one run, on the disk of the
folder that is given. The target is at most 10 ms per job, a tenth of a fit of 100 ms.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bayesmeta.runs import Job, job_key, open_run, run_jobs
from bayesmeta.runs.processes import processes

TARGET = 10.0
"""Milliseconds per job."""

FIT = {"elpd": [-1.25] * 30, "pit": [0.5] * 30, "mu": 0.1, "problems": ["R-hat of tau is 1.02"]}
"""About what is kept of a fit."""


def work(number: int, seconds: float) -> dict[str, Any]:
    time.sleep(seconds)
    return FIT | {"number": number}


def jobs_of(count: int, seconds: float) -> list[Job]:
    arguments: dict[str, Any] = {"model": "x" * 2000, "settings": {"chains": 4, "draws": 1000}}
    return [
        Job(
            f"job {number}",
            job_key(number=number, seconds=seconds, **arguments),
            work,
            (number, seconds),
        )
        for number in range(count)
    ]


@contextmanager
def timed(label: str, count: int, needed: float = 0.0) -> Iterator[None]:
    started = time.perf_counter()
    yield
    spent = 1000 * ((time.perf_counter() - started) - needed) / count
    print(f"{label:<44} {spent:10.3f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--folder", help="where to write; the system's own place if left out")
    asked = parser.parse_args()
    print(f"Overhead per job; at most {TARGET:g} ms is aimed at.")
    run_jobs(jobs_of(1, 0.0))  # loads what is loaded once
    with tempfile.TemporaryDirectory(dir=asked.folder) as place:
        measure(Path(place), asked.jobs)


def measure(place: Path, count: int) -> None:
    with timed("keys", count):
        empty = jobs_of(count, 0.0)
    with timed("empty jobs, in memory", count):
        run_jobs(empty, progress=False)
    for label in ("empty jobs, in a folder", "the same again: nothing to do"):
        with timed(label, count):
            in_folder(place / "empty", empty)
    few = max(count // 5, 10)
    one = jobs_of(few, 0.1)
    with timed("jobs of 100 ms, in memory, this process", few, 0.1 * few):
        run_jobs(one, progress=False)
    with timed("jobs of 100 ms, in a folder, this process", few, 0.1 * few):
        in_folder(place / "one", one)
    two = jobs_of(2 * few, 0.1)
    with processes(2) as executor:
        run_jobs(jobs_of(8, 0.1), executor=executor, progress=False)
        with timed("jobs of 100 ms, in memory, 2 processes", 2 * few, 0.1 * few):
            run_jobs(two, executor=executor, progress=False)
        with timed("jobs of 100 ms, in a folder, 2 processes", 2 * few, 0.1 * few):
            in_folder(place / "two", two, executor=executor)
    with timed("start of 2 processes, once", 1), processes(2):
        pass


def in_folder(place: Path, jobs: list[Job], **options: Any) -> None:
    with open_run(place, kind="benchmark", identity={}) as run:
        run_jobs(jobs, folder=run, progress=False, **options)


if __name__ == "__main__":
    main()
