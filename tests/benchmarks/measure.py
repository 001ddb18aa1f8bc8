"""What bayesmeta costs, beside R where R does the job, as one table of ratios of one run.

`uv run python tests/benchmarks/measure.py [--quick]`

The job is overall response by class of regimen in the bundled evidence, with study effects: 4 chains
of 600 + 1000 draws in bayesmeta, rstanarm and brms, and maximum likelihood in metafor. Each package
adapts its sampler as it does by default; priors are the same as far as the package permits (the
headers of fit_*.R say where not). bayesmeta runs its chains on all processors. The R packages run
theirs on one, unless told otherwise by --r-cores: on this job, starting R's workers takes longer
than they save.

The comparison fits each model in models/ to the whole evidence and without each study in turn, one
worker for each processor. Of brms one model is compiled and fitted without a study several times by
update(), as its kfold() does; the whole is so many compilations and refits, added up.

"Cold" is the first run after an installation that wrote bytecode, as pip and R do, and uv if
UV_COMPILE_BYTECODE is set: nothing is compiled by numba, and there is no index of fonts. Files may be in
the machine's memory already. "Warm" is every later run. Seconds are medians of three (of nine for
start-up), or with --quick of one (three).
"""

import argparse
import csv
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from processes import Cost, cost_of, median_of, own_environment, run
from ratios import ROW_NAMES, Result, agreement, rows, table

import bayesmeta as bm

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "models"
CHAINS, WARMUP, DRAWS, SEED = 4, 600, 1000, 1
WHERE = "venetoclax == 'yes'"
R_PACKAGES = ("rstanarm", "brms", "metafor")
DEBIAN = "r-base-core r-cran-metafor r-cran-rstanarm r-cran-brms r-cran-bh r-cran-rcppeigen libtbb-dev libboost-dev"
CLI = [sys.executable, "-m", "bayesmeta"]
STARTS = {
    "import": [sys.executable, "-c", "import typer, rich"],
    "--version": [*CLI, "--version"],
    "--help": [*CLI, "--help"],
    "fit --help": [*CLI, "fit", "--help"],
    "fit pooled --draws 0": [
        *("sh", "-c", '"$@" 2>"$0"; [ $? = 2 ]', os.devnull),
        *(*CLI, "fit", "pooled", "--draws", "0", "--seed", "1", "--out", "run"),
    ],
}
"""Commands that only start; the last one is refused."""


@dataclass(frozen=True)
class Job:
    """Where this run keeps its files, and how often it repeats."""

    folder: Path
    repeats: int
    r_cores: int

    @property
    def data(self) -> Path:
        return self.folder / "arms.csv"

    @property
    def warm(self) -> dict[str, str]:
        """The environment in which everything is compiled after the first run."""
        return own_environment(self.folder / "cache0")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="measure everything once")
    parser.add_argument("--r-cores", type=int, default=1, help="processors for R's chains")
    options = parser.parse_args()
    check_r()
    with tempfile.TemporaryDirectory() as folder:
        job = Job(Path(folder), 1 if options.quick else 3, options.r_cores)
        export(job.data)
        whole = whole_processes(job) | starts(job) | {"compare": comparison(job)}
        inside = {package: inside_r(job, package) for package in R_PACKAGES}
        inside["bayesmeta"] = inside_bayesmeta(job)
        fits = json.loads((job.folder / "compare.json").read_text(encoding="utf-8"))["fits"]
    print(f"{versions(inside)}\n")
    size = (len(bm.bundled_models()), len(fits))
    print(table(ROW_NAMES, [row.cells() for row in rows(whole, inside, size)]))
    print(
        "\nDo they fit the same model? Posterior means, log-odds. metafor has an effect for each arm"
    )
    print("and no priors, which pull differences between regimens towards 0: its mu is lower.\n")
    print(table(("engine", "mu", "tau", "smallest bulk ESS"), agreement(inside)))


def check_r() -> None:
    """Stop, saying what to install, unless R and its packages are there."""
    wanted = ", ".join(f"'{package}'" for package in (*R_PACKAGES, "posterior"))
    question = f"stopifnot(nzchar(sapply(c({wanted}), function(p) system.file(package = p))))"
    if shutil.which("Rscript") is None:
        sys.exit(f"There is no Rscript. On Debian: apt-get install {DEBIAN}")
    if subprocess.run(["Rscript", "-e", question], capture_output=True, check=False).returncode:
        sys.exit(f"R lacks one of {wanted}. On Debian: apt-get install {DEBIAN}")


def export(path: Path) -> None:
    """Write the evidence as R reads it."""
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="ORR", where=WHERE)
    arms.frame[["study", "regimen_class", "events", "n"]].to_csv(path, index=False)


def whole_processes(job: Job) -> dict[str, Cost]:
    """Return what whole processes cost, in turn so that all meet the same machine."""
    names = ("demo", "without bytecode", "cold", "warm", *R_PACKAGES)
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for i in range(job.repeats):
        command = fit_command(job.folder / "run")
        for name in ("demo", "without bytecode"):
            place = job.folder / f"{name}{i}"
            cold = own_environment(place / "cache", bytecode=name == "demo")
            costs[name].append(cost_of([*CLI, "demo", "--out", str(place / "run")], cold))
        costs["cold"].append(cost_of(command, own_environment(job.folder / f"cache{i}")))
        costs["warm"].append(cost_of(command, job.warm))
        for package in R_PACKAGES:
            costs[package].append(cost_of(r_command(job, package, refits=0)))
    return {name: median_of(found) for name, found in costs.items()}


def starts(job: Job) -> dict[str, Cost]:
    """Return what it costs to start, and to import the packages that read a command line."""
    costs: dict[str, list[Cost]] = {name: [] for name in STARTS}
    for command in STARTS.values():
        run(command, job.warm)
    for _ in range(3 * job.repeats):
        for name, command in STARTS.items():
            costs[name].append(cost_of(command, job.warm))
    return {name: median_of(found) for name, found in costs.items()}


def comparison(job: Job) -> Cost:
    """Return what it costs to compare all models, everything compiled before."""
    costs = []
    for i in range(1 + job.repeats):
        out = job.folder / f"compare{i}"
        command = [*CLI, "compare", str(MODELS), "--outcome", "ORR", "--where", WHERE, "--json"]
        command += ["--out", str(out), "--fail-on", "nothing"]
        costs.append(
            cost_of(
                ["sh", "-c", 'exec "$@" > "$0"', f"{job.folder}/compare.json", *command], job.warm
            )
        )
    return median_of(costs[1:])


def fit_command(out: Path) -> list[str]:
    job = ["regimen", "--outcome", "ORR", "--where", WHERE, "--seed", str(SEED)]
    size = ["--chains", str(CHAINS), "--warmup", str(WARMUP), "--draws", str(DRAWS)]
    return [*CLI, "fit", *job, *size, "--out", str(out), "--force"]


def r_command(job: Job, package: str, *, refits: int) -> list[str]:
    numbers = (CHAINS, WARMUP, DRAWS, job.r_cores, SEED, refits)
    files = [str(job.data), str(job.folder / f"{package}.csv")]
    return ["Rscript", str(HERE / f"fit_{package}.R"), *files, *map(str, numbers)]


def inside_r(job: Job, package: str) -> dict[str, Any]:
    """Return what a fit and refits in one R process report."""
    run(r_command(job, package, refits=job.repeats))
    with (job.folder / f"{package}.csv").open(encoding="utf-8") as file:
        texts = {line["name"]: line["value"] for line in csv.DictReader(file)}
    named = ("version", "R")
    return {name: text if name in named else float(text) for name, text in texts.items()}


def inside_bayesmeta(job: Job) -> dict[str, Any]:
    numbers = (CHAINS, WARMUP, DRAWS, SEED, 10 * job.repeats)
    command = [sys.executable, str(HERE / "fit_bayesmeta.py"), *map(str, numbers)]
    found: dict[str, Any] = json.loads(run(command, job.warm))
    return found


def versions(inside: Mapping[str, Result]) -> str:
    """Return one line on the machine and one on what ran."""
    ours = [f"{name} {version(name)}" for name in ("bayesmeta", "numba", "nutpie", "numpy")]
    theirs = [f"{name} {inside[name]['version']}" for name in R_PACKAGES if name in inside]
    python, r = f"Python {platform.python_version()}", f"R {inside['brms']['R']}"
    machine = f"{platform.platform()}, {os.cpu_count()} processors"
    return f"{machine}\n{', '.join([python, *ours, r, *theirs])}"


if __name__ == "__main__":
    main()
