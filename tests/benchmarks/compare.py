"""How long it takes to leave every study out of every bundled model, beside brms.

`uv run python tests/benchmarks/compare.py [--quick]`

The job: overall response in the bundled evidence, each of the models in models/ fitted to the whole
and without each study in turn: 4 chains, of 400 + 1000 draws in bayesmeta (more where a score needs
them) and of 600 + 1000 in brms. bayesmeta does all of it: the time is
that of the whole process, start to finish, with one worker for each processor and everything
compiled before. Of brms one model is compiled and fitted without a study several times by update(),
as its kfold() does; the whole is so many compilations and refits, added up.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from against_r import WHERE, Job, check_r, export, inside_r, r_command, versions, wall
from ratios import ROW_NAMES, Row, table

import bayesmeta as bm

MODELS = Path(__file__).parents[2] / "models"
MOST_SECONDS, MOST_OF_BRMS = 60.0, 0.1
REFITS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="measure everything once")
    options = parser.parse_args()
    check_r()
    repeats = 1 if options.quick else 3
    with tempfile.TemporaryDirectory() as folder:
        job = Job(Path(folder), REFITS, 1)
        export(job.data)
        compare(job.folder / "warm")
        own = [compare(job.folder / f"run{i}") for i in range(repeats)]
        fits = json.loads((job.folder / "run0.json").read_text(encoding="utf-8"))["fits"]
        once = wall(r_command(job, "brms", refits=0))
        inside = {"brms": inside_r(job, "brms")}
    models = len(bm.bundled_models())
    seconds = statistics.median(own)
    brms = models * once + (len(fits) - models) * inside["brms"]["refit"]
    print(f"{versions(inside)}\n")
    print(f"{models} models, {len(fits)} fits.\n")
    result = [
        Row(
            "all models, every study left out, to brms",
            f"{seconds:.1f} s",
            f"{brms:.0f} s",
            seconds / brms,
            MOST_OF_BRMS,
        ),
        Row(
            "the same, to 60 s",
            f"{seconds:.1f} s",
            f"{MOST_SECONDS:.0f} s",
            seconds / MOST_SECONDS,
            1.0,
        ),
    ]
    print(table(ROW_NAMES, [row.cells() for row in result]))


def compare(out: Path) -> float:
    """Return the wall seconds of a whole comparison; what it prints goes beside its folder."""
    command = [sys.executable, "-m", "bayesmeta", "compare", str(MODELS), "--outcome", "ORR"]
    command += ["--where", WHERE, "--out", str(out), "--json"]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode > 1:
        sys.exit(done.stderr)
    out.with_suffix(".json").write_text(done.stdout, encoding="utf-8")
    return seconds


if __name__ == "__main__":
    main()
