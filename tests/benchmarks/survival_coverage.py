"""Coverage of 95% intervals of survival on simulated patients whose curves are known.

Patients of a study have a Weibull curve and random censoring; studies report a median with its
interval, a landmark with its interval, a median and a landmark without, or a landmark with the number
at risk, in turn. The default model is fitted. Unlike in simulation-based calibration the truth is
held, and is not drawn from the priors.

    uv run python tests/benchmarks/survival_coverage.py --sets 500 --seconds 3600

adds sets to `tests/reference/survival/coverage.json` until each row has so many, or time is up.
"""

import argparse
import json
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from survival_patients import TIME, Truth, reports

import bayesmeta as bm
from bayesmeta.inference.engines import sample_compiled
from bayesmeta.model import Design, make_design

Array = npt.NDArray[np.float64]

STORED = Path(__file__).parents[1] / "reference" / "survival" / "coverage.json"
STUDIES = (3, 10, 25)
PATIENTS = (10, 30, 90, 0)
"""Patients of each study; 0 for 10 to 90, evenly on the log scale."""

QUANTITIES = ("median", "survival", "new_study_median", "new_study_survival")
"""Typical median and S(12), and those of a new study."""

SETTINGS = bm.SamplerSettings(chains=1, warmup=400, draws=1000, cores=1)


def sizes_of(patients: int, studies: int) -> list[int]:
    """Patients of each study."""
    mixed = np.round(np.exp(np.linspace(np.log(10), np.log(90), studies)))
    return [patients or int(n) for n in mixed]


def covered(patients: int, studies: int, number: int, truth: Truth) -> dict[str, bool]:
    """Whether the 95% intervals of one set hold the truth."""
    seed = np.random.SeedSequence(16, spawn_key=(patients, studies, number))
    rng = np.random.default_rng(seed)
    table = bm.read_survival(reports(truth, sizes_of(patients, studies), rng), time_unit="months")
    design = make_design(bm.ModelSpec(curve=bm.WeibullSurvival()), table.select())
    draws, _ = sample_compiled(design, SETTINGS, seed.spawn(1)[0])
    median, shape = truth.draw(rng)
    true = {
        "median": truth.median,
        "survival": truth.survival(TIME),
        "new_study_median": median,
        "new_study_survival": float(design.curve.survival(TIME, median, shape)),
    }
    found = predicted(design, {name: values.ravel() for name, values in draws.items()}, rng)
    intervals = {name: np.quantile(found[name], (0.025, 0.975)) for name in QUANTITIES}
    return {name: bool(low <= true[name] <= high) for name, (low, high) in intervals.items()}


def predicted(
    design: Design, draws: dict[str, Array], rng: np.random.Generator
) -> dict[str, Array]:
    """Draws of each quantity."""
    mu, tau, kappa, tau_k = (draws[name] for name in ("mu", "tau", "kappa", "tau_k"))
    median = np.exp(mu + tau * rng.standard_normal(mu.size))
    shape = np.exp(kappa + tau_k * rng.standard_normal(mu.size))
    return {
        "median": np.exp(mu),
        "survival": design.curve.survival(TIME, np.exp(mu), np.exp(kappa)),
        "new_study_median": median,
        "new_study_survival": design.curve.survival(TIME, median, shape),
    }


def _next_set(row: dict[str, int]) -> dict[str, bool]:
    """Whether the intervals of the next set of a row hold the truth."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bm.EvidenceWarning)
        warnings.simplefilter("ignore", bm.ModelWarning)
        return covered(row["patients"], row["studies"], row["sets"], Truth())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--workers", type=int, default=2)
    asked, began = parser.parse_args(), time.monotonic()
    rows = json.loads(STORED.read_text()) if STORED.exists() else []
    known = {(row["patients"], row["studies"]): row for row in rows}
    for patients in PATIENTS:
        for studies in STUDIES:
            own = {"patients": patients, "studies": studies, "sets": 0}
            known.setdefault((patients, studies), own | dict.fromkeys(QUANTITIES, 0))
    with ProcessPoolExecutor(asked.workers) as pool:
        while time.monotonic() - began < asked.seconds:
            some = [row for row in known.values() if row["sets"] < asked.sets]
            if not some:
                break
            for row, found in zip(some, pool.map(_next_set, some), strict=True):
                row |= {name: row[name] + held for name, held in found.items()}
                row["sets"] += 1
    STORED.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(row) for row in known.values())
    STORED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
