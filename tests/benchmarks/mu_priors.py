"""What priors of mu make of rare and of usual rates: bias and coverage of the typical rate.

    uv run python tests/benchmarks/mu_priors.py --sets 200 --workers 2

Counts of three studies of 200, 150 and 310 patients are drawn at a true typical rate, with study
effects of standard deviation 0.5 (log-odds). The posterior under each prior of mu, with
tau ~ HalfNormal(1), is computed by quadrature. Printed are the mean of the posterior medians over the
true rate, how often the 95% interval holds the true rate, and its median upper end. All priors see the
same counts.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

import numpy as np

import bayesmeta as bm
from bayesmeta.inference.grid.posterior import grid_posterior

PATIENTS = (200, 150, 310)
RATES = (0.001, 0.005, 0.02, 0.2, 0.5)
TAU = 0.5
PRIORS = (bm.Normal(0, 1.5), bm.StudentT(3, 0, 1.5), bm.StudentT(3, 0, 2.5), bm.Normal(0, 5))


@cache
def interval(events: tuple[int, ...], prior: bm.Prior) -> tuple[float, float, float]:
    """Return 2.5%, 50% and 97.5% of the typical rate; rare rates have the same counts many times."""
    posterior = grid_posterior(events, PATIENTS, prior, bm.HalfNormal(1))
    low, middle, high = posterior.marginal("typical").quantile([0.025, 0.5, 0.975])
    return float(low), float(middle), float(high)


def row(rate: float, sets: int) -> list[str]:
    """Return a line of the table for each prior at one true rate."""
    rng = np.random.default_rng([1, int(1000 * rate)])
    theta = np.log(rate / (1 - rate)) + TAU * rng.standard_normal((sets, len(PATIENTS)))
    counts = [tuple(map(int, one)) for one in rng.binomial(PATIENTS, 1 / (1 + np.exp(-theta)))]
    lines = []
    for prior in PRIORS:
        low, middle, high = np.array([interval(events, prior) for events in counts]).T
        covered = np.mean((low <= rate) & (rate <= high))
        lines.append(
            f"| {100 * rate:g}% | {prior!r} | {np.mean(middle) / rate:.2f} | {100 * covered:.0f}% | "
            f"{100 * np.median(high):.3g}% |"
        )
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=200, help="Data sets of each true rate.")
    parser.add_argument("--workers", type=int, default=1, help="Worker processes.")
    asked = parser.parse_args()
    print("| true rate | prior of mu | median / truth | coverage | upper end |")
    print("|---|---|---|---|---|")
    with ProcessPoolExecutor(asked.workers) as pool:
        for lines in pool.map(partial(row, sets=asked.sets), RATES):
            print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
