"""How each bundled model predicts the studies, and the regimens, that are left out of its fit.

    uv run python tests/benchmarks/held_out.py

For each outcome of the bundled evidence with venetoclax, two tables of the bundled models, as they stand
in `models/README.md`: each study predicted from all others (`bayesmeta.compare`), and each class of
regimen predicted from the studies of the other classes (`bayesmeta.leave_one_level_out`). `by_prior_hma`
needs arms that are divided by a stratum, and is not among them.
"""

import argparse
from collections.abc import Mapping

import numpy as np
import pandas as pd

import bayesmeta as bm
from bayesmeta.inference.settings import processors
from bayesmeta.rounding import percent

OUTCOMES, COLUMN, SEED = ("ORR", "CR_CRi"), "regimen_class", 1


def models() -> list[bm.ModelSpec]:
    return [bm.load_model(name) for name in bm.bundled_models()]


def by_study(arms: bm.Arms, workers: int) -> pd.DataFrame:
    """Return the table of models by the prediction of each study from all others."""
    found = bm.compare(models(), arms, seed=SEED, marginal=False, workers=workers)
    rows = []
    for row in found.table.to_dict("records"):
        own = found.left_out[row["model"]]
        scores = _scores(row["elpd"], row["mcse_elpd"], row["elpd_diff"], row["dse"])
        weight = f"{row['weight']:.2f} ({row['weight_lower']:.2f} to {row['weight_upper']:.2f})"
        more = {"weight": weight, "CRPS": f"{row['crps']:.2f}"}
        rows.append({"model": f"`{row['model']}`", **scores, **more, **_covered(own.coverage)})
    return pd.DataFrame(rows)


def by_regimen(arms: bm.Arms, workers: int) -> pd.DataFrame:
    """Return the table of models by the prediction of each class of regimen from the other classes."""
    found = {
        spec.name: bm.leave_one_level_out(spec, arms, COLUMN, seed=SEED, workers=workers)
        for spec in models()
    }
    assert all(one.ok for one in found.values()), [name for name in found if not found[name].ok]
    levels = {name: one.levels["elpd"].to_numpy() for name, one in found.items()}
    best = max(levels, key=lambda name: levels[name].sum())
    rows = []
    for name in sorted(levels, key=lambda name: -levels[name].sum()):
        one, less = found[name], levels[name] - levels[best]
        error = np.sqrt(len(less) * less.var(ddof=1))
        scores = _scores(one.elpd, one.mcse_elpd, less.sum(), error)
        rows.append({"model": f"`{name}`", **scores, **_covered(one.coverage)})
    return pd.DataFrame(rows)


def _scores(elpd: float, mcse: float, less: float, error: float) -> Mapping[str, str]:
    difference = f"{less:.1f} ± {error:.1f}" if error else "0"
    return {"elpd": f"{elpd:.1f}", "MCSE": f"{mcse:.2f}", "difference": difference}


def _covered(coverage: pd.DataFrame) -> Mapping[str, str]:
    return {
        f"{100 * row['ci_prob']:g}%": f"{percent(row['share'])} ({percent(row['expected'])})"
        for row in coverage.to_dict("records")
    }


def _markdown(table: pd.DataFrame) -> str:
    lines = [list(table), ["---"] * table.shape[1], *table.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace(" --- ", "---")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=processors())
    workers = parser.parse_args().workers
    evidence = bm.load_evidence("rr_aml_venetoclax")
    for outcome in OUTCOMES:
        arms = evidence.select(outcome=outcome, venetoclax="yes")
        print(f"{outcome}, each study left out:\n\n{_markdown(by_study(arms, workers))}\n")
        classes = arms.frame[COLUMN].nunique()
        print(
            f"{outcome}, each of {classes} classes left out:\n\n{_markdown(by_regimen(arms, workers))}\n"
        )


if __name__ == "__main__":
    main()
