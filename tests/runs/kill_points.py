"""A run killed at every one of its file operations, and taken up again.

`python kill_points.py FOLDER [SEED]` prints as JSON how many points there are and what went wrong. With
a seed, runs are killed twice, at points drawn at random.
"""

import io
import json
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from run_works import log_lines, small_run, tables_in

from bayesmeta.runs import check_run
from bayesmeta.runs.jobs import read_records
from bayesmeta.runs.processes import one_thread

OPERATIONS = ("open", "write", "fsync", "close", "replace", "rename", "unlink", "mkdir")
NUMBERS = range(3)


def killing(last: int, *, half: bool) -> list[str]:
    """Let this process be killed after its `last` file operation, or halfway through a write.

    Returns the names of the operations, to come.
    """
    names: list[str] = []

    def counted(operation: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            names.append(name)
            if len(names) == last and half and name == "write":
                descriptor, content = arguments
                operation(descriptor, bytes(content)[: len(content) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            done = operation(*arguments, **options)
            if len(names) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return call

    for name in OPERATIONS:
        setattr(os, name, counted(getattr(os, name), name))
    io.open = counted(io.open, "io.open")
    return names


def in_child(folder: Path, log: Path, last: int, *, half: bool = False) -> int:
    """Do the run in a process that is killed, and return how it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            names = killing(last, half=half)
            small_run(folder, log, NUMBERS)
            (log.parent / "operations").write_text(" ".join(names))
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def wrong(folder: Path, log: Path, reference: dict[str, bytes], kept: list[set[str]]) -> str:
    """Return what is wrong with a run that was taken up and should now be finished."""
    if tables_in(folder) != reference:
        return "tables differ"
    if list(folder.rglob("*.partial")):
        return "a partial file is left"
    if check_run(folder):
        return f"check: {check_run(folder)}"
    for number in (*NUMBERS, 100):
        # Each opening may do a job again only if it was not kept when it began.
        allowed = 1 + sum(f"job {number}" not in names for names in kept)
        if len(log_lines(str(log), number)) > allowed:
            return f"job {number} was done again"
    return ""


def kept_in(folder: Path) -> set[str]:
    return {record.name for _, record in read_records(folder) if record is not None}


def try_kills(base: Path, reference: dict[str, bytes], kills: list[tuple[int, bool]]) -> str:
    """Kill a run at each of some points in turn, finish it, and return what is wrong."""
    name = "-".join(f"{last}{'h' if half else ''}" for last, half in kills)
    folder, log = base / name / "run", base / name / "log"
    folder.parent.mkdir()
    kept = []
    for last, half in kills:
        status = in_child(folder, log, last, half=half)
        if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) != 0:
            return f"{name}: the run failed"
        kept.append(kept_in(folder))
    if in_child(folder, log, 0) != 0:
        return f"{name}: it was not taken up"
    problem = wrong(folder, log, reference, kept)
    return f"{name}: {problem}" if problem else ""


def main() -> None:
    base = Path(sys.argv[1])
    warnings.simplefilter(
        "ignore", DeprecationWarning
    )  # of fork; no thread of this process matters
    with one_thread():
        pass  # loads the libraries once, rather than in each child
    assert in_child(base / "whole", base / "log", 0) == 0
    reference = tables_in(base / "whole")
    names = (base / "operations").read_text().split()
    points = [(k + 1, half) for k, name in enumerate(names) for half in {False, name == "write"}]
    plans = [[point] for point in points]
    if len(sys.argv) > 2:
        rng = random.Random(int(sys.argv[2]))  # noqa: S311
        plans = [list(pair) for pair in {tuple(rng.choices(points, k=2)) for _ in range(40)}]
    problems = [problem for plan in plans if (problem := try_kills(base, reference, plan))]
    print(json.dumps({"operations": len(names), "kills": len(plans), "problems": problems}))


if __name__ == "__main__":
    main()
