"""Simulation-based calibration of totals over levels, and of slopes by study beside them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import bayesmeta as bm
from bayesmeta.calibration.case import Case
from bayesmeta.calibration.trials import RANKS, run_trial, seed_of
from bayesmeta.model import make_design

PATIENTS = (24, 8, 41, 15, 60, 12, 33, 19, 27, 50)
SETS, BINS = 200, 10


def divided_arms() -> bm.Arms:
    """Every third study reports both levels, the others their total; nobody has responded yet."""
    rows = []
    for i, n in enumerate(PATIENTS):
        exposed, both = n // 3 + 1, i % 3 == 0
        rows += [
            (f"s{i:02}", "", 0, n),
            (f"s{i:02}", "exposure=yes", 0 if both else None, exposed),
        ]
    frame = pd.DataFrame(rows, columns=["study", "stratum", "events", "n"])
    frame = frame.astype({"events": "Int64"}).assign(derivation="reported")
    return bm.read_evidence(frame).select(strata="exposure")


@pytest.mark.slow
@pytest.mark.parametrize("formula", ["exposure", "exposure + (0 + exposure | study)"])
def test_truths_are_spread_evenly_over_their_posteriors(formula: str) -> None:
    spec = bm.ModelSpec(
        "totals",
        covariates=bm.Covariates(formula, {"exposure": "no"}),
        mu=bm.Normal(0, 1),
        beta=bm.Normal(0, 0.7),
        study_effects=bm.NormalEffects(bm.HalfNormal(0.5)),
    )
    design, case = make_design(spec, divided_arms(), warn=False), Case("totals", "", spec, 10)
    assert design.totals.arm.size == 6
    trials = [run_trial(case, (design, design), seed_of(case, 1, i)) for i in range(SETS)]
    ranks = pd.DataFrame([trial.ranks for trial in trials])
    expected = SETS / BINS
    for name, column in ranks.items():
        found = np.bincount(column * BINS // RANKS, minlength=BINS)
        p = chi2.sf(((found - expected) ** 2 / expected).sum(), BINS - 1)
        # Of about 20 quantities one is as far out by chance once in 500 runs.
        assert p > 1e-4, name
    assert not any(trial.still_divergent for trial in trials)
