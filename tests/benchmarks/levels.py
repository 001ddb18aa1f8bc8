"""What exchangeable regimens cost beside fixed coefficients, and how well they are sampled.

`uv run python tests/benchmarks/levels.py [--pairs 40] [--seeds 200]`

The job is overall response in the bundled evidence by class of regimen, at default settings. A refit of
`exchangeable_regimens` is timed beside one of `regimen`, in turn and in one process; the ratio is the
median over pairs. Then `exchangeable_regimens` is fitted with each of many seeds: the smallest effective
sample size (bulk and tail) of any parameter, of levels and of studies, and the divergent transitions.
"""

import argparse
import statistics

import numpy as np
from fit_bayesmeta import evidence, timed
from ratios import Row, table

import bayesmeta as bm

OWN, OTHER = "exchangeable_regimens", "regimen"
MOST_TIME = 1.5
"""Times as long as a refit with fixed coefficients."""

LEAST_ESS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=40, help="refits of each model")
    parser.add_argument("--seeds", type=int, default=200)
    asked = parser.parse_args()
    header = ("job", OWN, OTHER, "ratio", "target", "met")
    print(table(header, [refits(asked.pairs).cells()]), flush=True)
    for line in sampled(asked.seeds):
        print(line)


def refits(pairs: int) -> Row:
    """Return the median ratio of the wall times of two refits, one after the other."""
    models, arms = [bm.load_model(name) for name in (OWN, OTHER)], evidence()
    for model in models:
        bm.fit(model, arms, seed=1)
    # Which of the two is first takes turns, too.
    seconds = np.array(
        [
            [timed(bm.fit, model, arms, seed=seed)[0] for model in models[:: (-1) ** seed]][
                :: (-1) ** seed
            ]
            for seed in range(pairs)
        ]
    )
    own, other = (statistics.median(one) for one in seconds.T)
    ratio = statistics.median(seconds[:, 0] / seconds[:, 1])
    job = f"refit, median of {pairs} pairs"
    return Row(job, f"{own:.3f} s", f"{other:.3f} s", ratio, MOST_TIME)


def sampled(seeds: int) -> list[str]:
    """Return lines about the fits of all seeds."""
    model, arms = bm.load_model(OWN), evidence()
    found = [bm.diagnose(bm.fit(model, arms, seed=seed)) for seed in range(1, seeds + 1)]
    lines = [f"\n{seeds} seeds (target: ESS at least {LEAST_ESS:,}, no divergence)"]
    for kind in ("ess_bulk", "ess_tail"):
        least = [float(one.table[kind].min()) for one in found]
        worst = int(np.argmin(least))
        name = found[worst].table[kind].idxmin()
        lines.append(
            f"{kind}: least {least[worst]:,.0f} ({name}, seed {worst + 1}), median of the least by fit "
            f"{statistics.median(least):,.0f}, fits below the target {sum(x < LEAST_ESS for x in least)}"
        )
    divergences = [one.divergences for one in found]
    lines.append(
        f"divergences: {sum(divergences)} in {sum(count > 0 for count in divergences)} fits"
    )
    again = {seed: one.repeats for seed, one in enumerate(found, 1) if one.repeats}
    lines.append(f"fits sampled again: {len(again)}")
    return [*lines, *(f"seed {seed}: {' '.join(why)}" for seed, why in again.items())]


if __name__ == "__main__":
    main()
