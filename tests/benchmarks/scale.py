"""What a fit costs as arms grow: time of a gradient, time of a fit, and peak memory.

`uv run python tests/benchmarks/scale.py` prints one row per number of arms and way of keeping draws,
each measured in a process of its own. `--depth` bounds the trajectories: memory does not depend on
it, and time is in proportion to the steps that are printed.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
from fit_bayesmeta import gradient_microseconds, timed

import bayesmeta as bm
from bayesmeta.inference.density.coordinates import density_data
from bayesmeta.inference.engines import LARGEST, bytes_of_draws
from bayesmeta.model import make_design

ARMS = (30, 300, 3000, 30_000)
WAYS = ("all", "parameters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arms", type=int, nargs="*", default=ARMS)
    parser.add_argument("--ways", nargs="*", default=WAYS, choices=WAYS)
    parser.add_argument("--draws", type=int, default=1000, help="per chain, of 4 chains")
    parser.add_argument("--depth", type=int, default=10, help="greatest depth of a trajectory")
    parser.add_argument("--one", action="store_true", help="measure in this process, as JSON")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.arms[0], asked.ways[0], asked.draws, asked.depth)))
        return
    options = ["--one", "--draws", str(asked.draws), "--depth", str(asked.depth)]
    rows = (
        json.loads(
            subprocess.run(
                [sys.executable, __file__, *options, "--arms", str(arms), "--ways", way],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for arms in asked.arms
        for way in asked.ways
    )
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)


def measured(arms: int, way: str, draws: int, depth: int) -> dict[str, Any]:
    """Return what one fit costs; draws that do not fit in memory are not asked for."""
    seconds, observed = timed(lambda: bm.read_evidence(evidence(arms)).select())
    spec = bm.ModelSpec(covariates=bm.Covariates("regimen", reference={"regimen": "a"}))
    settings = bm.SamplerSettings(draws=draws, max_treedepth=depth, arm_draws=way != "parameters")
    design = make_design(spec, observed)
    found = {
        "arms": arms,
        "draws kept": way,
        "MiB of draws": bytes_of_draws(design, settings) >> 20,
    }
    if way == "all" and bytes_of_draws(design, settings) > LARGEST:
        return found | {"fit, s": "refused"}
    start = time.perf_counter()
    fit = bm.fit(spec, observed, seed=1, settings=settings)
    elapsed = time.perf_counter() - start
    steps = fit.draws["sample_stats"]["n_steps"].to_numpy()
    cost = gradient_microseconds(density_data(design), 3)
    peak = peak_gib()
    return found | {
        "evidence, s": round(seconds, 2),
        "gradient, us": round(cost, 1),
        "steps a draw": round(float(steps.mean()), 1),
        "fit, s": round(elapsed, 1),
        "peak, GiB": round(peak, 2),
    }


def peak_gib() -> float:
    """Return the most memory that this process has held."""
    import resource  # Windows has no such module, and tests are collected there, too

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def evidence(arms: int) -> pd.DataFrame:
    """Return simulated arms of four regimens; every eighth study has two."""
    rng = np.random.default_rng(1)
    studies = np.repeat(np.arange(arms), np.where(np.arange(arms) % 8 == 0, 2, 1))[:arms]
    regimen, n = rng.integers(0, 4, arms), rng.integers(10, 60, arms)
    effects = 0.5 * rng.standard_normal(arms)[studies]
    theta = -0.4 + np.array([0.0, 0.5, -0.3, 0.8])[regimen] + effects
    return pd.DataFrame(
        {
            "study": [f"study{i:05d}" for i in studies],
            "arm": [f"arm{i}" for i in range(arms)],
            "events": rng.binomial(n, 1 / (1 + np.exp(-theta))),
            "n": n,
            "regimen": np.array(list("abcd"))[regimen],
        }
    )


if __name__ == "__main__":
    main()
