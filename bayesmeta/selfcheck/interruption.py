"""A run killed from outside goes on from what is kept, and ends with the same bytes."""

import json
import subprocess
import sys
import time
from pathlib import Path

from bayesmeta.comparison.compare import compare
from bayesmeta.errors import listed
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import load_model
from bayesmeta.runs import check_run
from bayesmeta.runs.jobs import JOBS
from bayesmeta.selfcheck.checks import Finding, Task, same
from bayesmeta.selfcheck.quadrature import bundled

MODELS = ("pooled", "common_effect")
ENOUGH = 3
"""Fits that are kept when the run is killed, or some more."""
TRIES = 3
"""Runs that are begun until one is killed before it ends, on a machine that is busy otherwise."""
PATIENCE = 240.0
"""Seconds that a run of these fits may take."""

PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from bayesmeta.selfcheck.interruption import small_comparison
small_comparison(sys.argv[2], workers=2)
"""


def small_comparison(folder: str | Path, *, workers: int = 1) -> None:
    """Compare two models on the complete remissions of the bundled evidence, with few draws."""
    compare(
        [load_model(name) for name in MODELS],
        bundled("CR"),
        seed=1,
        marginal=False,
        settings=SamplerSettings(chains=2, warmup=200, draws=200),
        out=folder,
        workers=workers,
        progress=False,
    )


def check_kill(folder: Path) -> Finding:
    """Kill a run with two workers, resume it, and hold it against a run that nothing disturbed."""
    whole = folder / "whole"
    small_comparison(whole)
    fits = len(jobs_in(whole))
    for attempt in range(TRIES):
        stopped = folder / f"stopped {attempt}"
        if killed(stopped, fits):
            return resumed(stopped, whole, fits)
    return Finding(ok=False, detail=f"none of {TRIES} runs could be killed before its end")


def killed(folder: Path, fits: int) -> bool:
    """Return whether a run was killed, by SIGKILL where there is one, before all fits were kept."""
    deadline = time.monotonic() + PATIENCE
    with begun(folder) as process:
        try:
            while process.poll() is None and len(jobs_in(folder)) < ENOUGH:
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"the run kept fewer than {ENOUGH} fits in {PATIENCE:.0f} seconds"
                    )
                time.sleep(0.005)
            ended = process.poll()
        finally:
            process.kill()
        told = process.communicate()[1]
    if ended:
        raise RuntimeError(f"the run failed by itself: {told.strip()[-500:]}")
    return len(jobs_in(folder)) < fits


def resumed(stopped: Path, whole: Path, fits: int) -> Finding:
    """Go on with a killed run, and return whether it ends as the whole one without doing a fit twice."""
    kept = jobs_in(stopped)
    small_comparison(stopped)
    problem = problem_of(stopped, whole, kept)
    compared = (same("difference from an undisturbed run", "none", problem or "none"),)
    if problem:
        detail = f"killed with {len(kept)} of {fits} fits kept: {problem}"
        return Finding(ok=False, detail=detail, compared=compared)
    return Finding(
        ok=True,
        detail=f"killed with {len(kept)} of {fits} fits kept, went on with the others; "
        f"{len(tables_in(whole))} tables the same byte for byte",
        compared=compared,
    )


def problem_of(stopped: Path, whole: Path, kept: dict[str, tuple[bytes, int]]) -> str:
    """Return what is wrong with a resumed run, or nothing."""
    jobs = jobs_in(stopped)
    again = [name for name, content in kept.items() if jobs.get(name) != content]
    if again:
        return f"fits were done again or lost: {listed(again)}"
    if jobs.keys() != jobs_in(whole).keys():
        return f"{len(jobs)} fits are kept rather than {len(jobs_in(whole))}"
    expected, found = tables_in(whole), tables_in(stopped)
    differing = [name for name in expected if found.get(name) != expected[name]]
    if differing or found.keys() != expected.keys() or not expected:
        return f"tables differ from those of an undisturbed run: {listed(differing)}"
    damage = check_run(stopped)
    return f"files have changed since they were written: {listed(damage)}" if damage else ""


def begun(folder: Path) -> "subprocess.Popen[str]":
    """Return a process that does the run in a folder, with the packages that this one has."""
    command = [sys.executable, "-c", PROGRAM, json.dumps(sys.path), str(folder)]
    return subprocess.Popen(  # noqa: S603 - this interpreter, and a program that stands above
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def jobs_in(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return the file of each fit that is kept, with when it was written; each holds its seconds."""
    found = sorted((folder / JOBS).glob("[!.]*.json"))
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def tables_in(folder: Path) -> dict[str, bytes]:
    """Return the tables of results of a run."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}


INTERRUPTION = (
    Task(
        "interruption",
        "a comparison of models, killed and resumed",
        check_kill,
        "A run that is killed goes on from the fits that it kept, repeats none, and ends with the same bytes "
        "as an undisturbed run.",
    ),
)
"""Checks of runs that are stopped."""
