"""A grid of 1,000 fits: how many a second, where the time goes, and what the machinery takes.

Run from the project root: ``uv run python tests/benchmarks/grid.py [--fits 1000] [--workers 2]``.
The models are those of the bundled example: three distributions of study effects, three covariate
sets. With a few fits (``--fits 100``) it takes half a minute. Other work on the machine shows in
the seconds, not in the processor time.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import bayesmeta as bm
from bayesmeta.multiverse.combinations import plan_rows
from bayesmeta.multiverse.files import example_grid, parse_grid

TARGET = 5.0
"""Fits a second on two processors."""

MOST_OVERHEAD = 0.1
"""Share of a fit's time that the machinery may take."""


def main() -> None:
    """Time them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    table = bm.load_evidence("rr_aml_venetoclax")
    grid = sized(parse_grid(example_grid()), table, asked.fits)
    warm(grid, table)
    planning = timed(lambda: plan_rows(grid, table))
    with tempfile.TemporaryDirectory() as folder:
        seconds, cpu, results = run(grid, table, asked.workers, Path(folder) / "run")
        resumed, _, again = run(grid, table, asked.workers, Path(folder) / "run")
    assert again.parquet() == results.parquet()
    own = results.seconds
    overhead = (cpu - own) / own if asked.workers == 1 else (seconds * asked.workers - own) / own
    rate = results.fits / seconds
    print(f"{results!r}")
    print(f"processors {os.cpu_count()}, workers {asked.workers}")
    print(f"whole run           {seconds:8.1f} s   {rate:.1f} fits a second (target {TARGET:g})")
    print(
        f"processor time      {cpu:8.1f} s   {1000 * cpu / results.fits:.0f} ms a fit, all included"
    )
    print(f"within fits         {own:8.1f} s   {1000 * own / results.fits:.0f} ms a fit")
    print(f"planning            {planning:8.1f} s   {1000 * planning / results.fits:.1f} ms a fit")
    print(f"run again, all kept {resumed:8.1f} s")
    print(f"beside the fits     {100 * overhead:8.1f} % of them, start of workers included")
    print(f"in memory, one worker, of {SAMPLE} fits: {machinery(grid, table)}")


SAMPLE = 60
"""Fits by which a folder is compared with none."""


def sized(grid: bm.SpecificationGrid, table: bm.EvidenceTable, fits: int) -> bm.SpecificationGrid:
    """Return the grid with as many sets of priors as make at least so many fits."""
    each = len({row.fit.content for row in plan_rows(with_priors(grid, 1), table) if row.fit})
    return with_priors(grid, -(-fits // each))


def with_priors(grid: bm.SpecificationGrid, sets: int) -> bm.SpecificationGrid:
    """Return the grid with so many sets of priors, from narrow to wide."""
    priors = {f"tau_{k}": {"tau": bm.HalfNormal(0.3 + 0.05 * k)} for k in range(sets)}
    return replace(grid, priors=priors)


def warm(grid: bm.SpecificationGrid, table: bm.EvidenceTable) -> None:
    """Compile what is not compiled yet."""
    bm.run_grid(few(grid, 1), table, workers=1, progress=False)


def few(grid: bm.SpecificationGrid, sets: int) -> bm.SpecificationGrid:
    """Return a small part of the grid."""
    inclusion = {"primary": grid.inclusion["primary"]}
    return replace(with_priors(grid, sets), outcomes=["ORR"], inclusion=inclusion)


def run(
    grid: bm.SpecificationGrid, table: bm.EvidenceTable, workers: int, out: Path
) -> tuple[float, float, bm.GridResults]:
    """Return seconds, processor seconds of this process and its children, and the results."""
    before, started = processor_seconds(), time.perf_counter()
    results = bm.run_grid(grid, table, workers=workers, out=out)
    return time.perf_counter() - started, processor_seconds() - before, results


def processor_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    import resource  # Windows has no such module, and tests are collected there, too

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def machinery(grid: bm.SpecificationGrid, table: bm.EvidenceTable) -> str:
    """Return what jobs and a folder cost a fit, in this process."""
    part = few(grid, -(-SAMPLE // 9))
    in_memory = timed_run(part, table, None)
    with tempfile.TemporaryDirectory() as folder:
        on_disk = timed_run(part, table, Path(folder) / "run")
    return (
        f"{in_memory:.2f} ms a fit beside it; with a folder {on_disk:.2f} ms "
        f"(at most {100 * MOST_OVERHEAD:g}% of a fit)"
    )


def timed_run(grid: bm.SpecificationGrid, table: bm.EvidenceTable, out: Path | None) -> float:
    """Return the milliseconds a fit that a run takes beside its fits."""
    started = time.perf_counter()
    results = bm.run_grid(grid, table, out=out, progress=False)
    return 1000 * (time.perf_counter() - started - results.seconds) / results.fits


def timed(work: object) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
