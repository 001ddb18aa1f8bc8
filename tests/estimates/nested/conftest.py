"""A fit of nested outcomes whose draws are made up, so that answers can be known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmeta as bm
from bayesmeta.inference.draws import assemble
from bayesmeta.inference.nested.simulation import nested_prior_parameters
from bayesmeta.inference.result import provenance
from bayesmeta.model import make_design

CHAINS, DRAWS = 4, 500


@pytest.fixture(scope="session")
def arms() -> bm.Arms:
    rows = [
        ("s1", 20, {"ORR": 12, "CR_CRi": 8, "CR": 5}, "a"),
        ("s2", 30, {"CR_CRi": 14}, "b"),
        ("s3", 15, {"ORR": 9, "CR": 2}, "a"),
        ("s4", 25, {"ORR": 10}, "b"),
    ]
    frame = pd.DataFrame(
        [
            {"study": study, "outcome": outcome, "events": events, "n": n, "regimen": regimen}
            for study, n, counts, regimen in rows
            for outcome, events in counts.items()
        ]
    )
    return bm.read_evidence(frame).select(outcomes=["ORR", "CR_CRi", "CR"])


@pytest.fixture(scope="session")
def make_fit(arms: bm.Arms) -> Callable[[bm.ModelSpec], bm.Fit]:
    """Return what makes a fit whose draws are those of the prior, in chains."""

    def make(spec: bm.ModelSpec) -> bm.Fit:
        design, rng = make_design(spec, arms), np.random.default_rng(5)
        drawn = nested_prior_parameters(design, rng, (CHAINS, DRAWS))
        drawn.pop("cholesky", None)
        studies, levels = len(arms.studies), len(arms.outcomes)
        drawn["u"] = 0.3 * rng.standard_normal((CHAINS, DRAWS, studies, levels))
        drawn["theta"] = drawn["mu"][:, :, None] + drawn["u"]
        statistics = {
            "energy": rng.standard_normal((CHAINS, DRAWS)),
            "diverging": np.zeros((CHAINS, DRAWS), dtype=bool),
            "reached_max_treedepth": np.zeros((CHAINS, DRAWS), dtype=bool),
        }
        draws: xr.DataTree = assemble(design, drawn, statistics, np.random.SeedSequence(1))
        origin = provenance(spec, arms, seed=1, engine="compiled", seconds=0.0)
        settings = bm.SamplerSettings(draws=DRAWS)
        return bm.Fit(spec, arms, settings, draws, provenance=origin, coding=design.coding)

    return make


@pytest.fixture(scope="session")
def fit(make_fit: Callable[[bm.ModelSpec], bm.Fit]) -> bm.Fit:
    spec = bm.ModelSpec(covariates=bm.Covariates("regimen", {"regimen": "a"}), mu=bm.Normal(0, 0.5))
    return make_fit(spec)
