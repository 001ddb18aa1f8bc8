"""Small nested evidence, and a fit of it whose draws are made up."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.inference.draws import assemble
from bayesmeta.inference.nested.simulation import nested_prior_parameters
from bayesmeta.inference.result import provenance
from bayesmeta.model import make_design


def nested_arms(rows: list[tuple[str, int, dict[str, int]]]) -> bm.Arms:
    frame = pd.DataFrame(
        [
            {"study": study, "outcome": outcome, "events": events, "n": n}
            for study, n, counts in rows
            for outcome, events in counts.items()
        ]
    )
    return bm.read_evidence(frame).select(outcomes=["ORR", "CR"])


@pytest.fixture(scope="session")
def small_nest() -> bm.Arms:
    return nested_arms(
        [
            ("s1", 20, {"ORR": 12, "CR": 5}),
            ("s2", 30, {"ORR": 14, "CR": 9}),
            ("s3", 15, {"ORR": 9}),
            ("s4", 25, {"CR": 6}),
        ]
    )


@pytest.fixture(scope="session")
def made_up(small_nest: bm.Arms) -> bm.Fit:
    spec = bm.ModelSpec(mu=bm.Normal(0, 0.5))
    design, rng = make_design(spec, small_nest), np.random.default_rng(3)
    drawn = nested_prior_parameters(design, rng, (2, 300))
    drawn.pop("cholesky")
    statistics, seed = {"energy": rng.random((2, 300))}, np.random.SeedSequence(4)
    draws = assemble(design, drawn, statistics, seed)
    origin = provenance(spec, small_nest, seed=1, engine="compiled", seconds=0.0)
    return bm.Fit(
        spec, small_nest, bm.SamplerSettings(), draws, provenance=origin, coding=design.coding
    )
