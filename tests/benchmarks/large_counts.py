"""What leaving studies out, validating and predicting cost as cohorts grow.

`uv run python tests/benchmarks/large_counts.py` prints CPU seconds, one row per number of patients an
arm: of leaving out each of five studies, of validating one later arm, and of a prediction. They should
grow by far less than the patients do.
"""

import argparse
import time
from collections.abc import Callable

import pandas as pd

import bayesmeta as bm

PATIENTS = (100, 1000, 10_000, 100_000, 1_000_000)
RATES = (0.21, 0.32, 0.27, 0.36, 0.24)
MODEL = bm.load_model("pooled")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, nargs="*", default=PATIENTS)
    asked = parser.parse_args()
    # What is compiled once is not a part of what grows.
    measured(60)
    for patients in asked.patients:
        row = measured(patients)
        print(
            f"n {patients:>9,}  " + "  ".join(f"{name} {value:.2f}" for name, value in row.items()),
            flush=True,
        )


def measured(patients: int) -> dict[str, float]:
    """Return CPU seconds of each job with arms of so many patients."""
    arms, later = evidence(RATES, patients), evidence((0.3,), patients, "later")
    fit = bm.fit(MODEL, arms, seed=1)
    jobs: dict[str, Callable[[], object]] = {
        "leave-one-out": lambda: bm.leave_one_study_out(MODEL, arms, seed=1),
        "validate": lambda: bm.validate(MODEL, train=arms, test=later, seed=1),
        "predict": lambda: bm.predict(fit, n=patients, seed=1).interval(0.95),
    }
    return {name: cpu_seconds(job) for name, job in jobs.items()}


def evidence(rates: tuple[float, ...], patients: int, name: str = "study") -> bm.Arms:
    """Return arms of one size, each of a study of its own."""
    rows = [
        {"study": f"{name} {i}", "arm": "all", "events": round(rate * patients), "n": patients}
        for i, rate in enumerate(rates, 1)
    ]
    return bm.read_evidence(pd.DataFrame(rows)).select()


def cpu_seconds(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


if __name__ == "__main__":
    main()
