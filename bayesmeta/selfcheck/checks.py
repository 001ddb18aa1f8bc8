"""A check: a piece of work that finds whether something is as it should be."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bayesmeta.errors import EvidenceWarning, ModelWarning

SEEDS = (1, 2)
"""Seeds of what is random; the second one is for what the first one finds wrong."""


@dataclass(frozen=True)
class Compared:
    """A value beside the one that was expected."""

    quantity: str
    expected: float | str
    obtained: float | str
    ok: bool
    tolerance: float | None = None
    """Largest difference that passes, in the unit of the value; None of what must be as told."""


@dataclass(frozen=True)
class Finding:
    """Whether something is as it should be, what was seen, and the values that were compared."""

    ok: bool
    detail: str
    compared: tuple[Compared, ...] = ()


@dataclass(frozen=True)
class Task:
    """A check that is still to be done, by work in an empty folder of its own."""

    group: str
    name: str
    work: Callable[[Path], Finding]
    requirement: str
    """What must hold, in a sentence."""


@dataclass(frozen=True)
class Check:
    """What became of a check; `detail` is what was seen, or the error that stopped it."""

    group: str
    name: str
    requirement: str
    ok: bool
    detail: str
    compared: tuple[Compared, ...]
    seconds: float


def within(quantity: str, expected: float, obtained: float, tolerance: float) -> Compared:
    """Return two numbers side by side; NaN is within no tolerance."""
    ok = bool(abs(obtained - expected) <= tolerance)
    return Compared(quantity, float(expected), float(obtained), ok, float(tolerance))


def same(quantity: str, expected: str, obtained: str) -> Compared:
    """Return two texts side by side, which must be the same."""
    return Compared(quantity, expected, obtained, expected == obtained)


def performed(task: Task, folder: Path) -> Check:
    """Return what becomes of a task, given an empty folder; an error is a check that failed."""
    started = time.perf_counter()
    with warnings.catch_warnings():
        # Notes on made-up evidence are of no use to anybody.
        for kind in (EvidenceWarning, ModelWarning):
            warnings.simplefilter("ignore", kind)
        try:
            finding = task.work(folder)
        except Exception as error:  # whatever it is, the other checks go on
            finding = Finding(ok=False, detail=f"{type(error).__name__}: {error}")
    seconds = round(time.perf_counter() - started, 3)
    return Check(
        group=task.group,
        name=task.name,
        requirement=task.requirement,
        ok=finding.ok,
        detail=finding.detail,
        compared=finding.compared,
        seconds=seconds,
    )


def tried_twice(work: Callable[[int], Finding]) -> Finding:
    """Return what work with Monte-Carlo error finds; with a second seed if the first finds a fault."""
    # An error of the machine or the package fails both; chance alone, less than once in ten thousand.
    first = work(SEEDS[0])
    if first.ok:
        return first
    second = work(SEEDS[1])
    return Finding(
        second.ok,
        f"{second.detail}; with another seed it was beyond its limit: {first.detail}",
        second.compared,
    )
