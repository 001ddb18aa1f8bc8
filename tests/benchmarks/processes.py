"""What whole processes cost: wall seconds, and processor seconds of them and all that they started."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cost", "cost_of", "median_of", "own_environment", "run"]


@dataclass(frozen=True)
class Cost:
    """Seconds of one process."""

    wall: float
    cpu: float


def cost_of(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Return what a command costs; stop the benchmark if it fails."""
    before, started = _children(), time.perf_counter()
    run(command, environment)
    return Cost(time.perf_counter() - started, _children() - before)


def median_of(costs: Sequence[Cost]) -> Cost:
    """Return the medians of several."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
    )


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Return what a command prints; stop the benchmark if it fails."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def own_environment(folder: Path, *, bytecode: bool = True) -> dict[str, str]:
    """Return the environment of a process that keeps what numba compiles, and its fonts, in `folder`.

    Bytecode, too, unless the installer's is used.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    places = {"NUMBA_CACHE_DIR": "numba", "MPLCONFIGDIR": "fonts"}
    if not bytecode:
        places["PYTHONPYCACHEPREFIX"] = "bytecode"
    return kept | {name: str(folder / place) for name, place in places.items()}


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system
