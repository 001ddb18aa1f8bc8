"""Small nested evidence, and a fit of it whose draws are made up."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.inference.nested.draws import assemble_nested_parameters
from bayesmeta.inference.nested.simulation import nested_prior_parameters
from bayesmeta.inference.result import provenance
from bayesmeta.model.nested import make_nested_design


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
def made_up(small_nest: bm.Arms) -> bm.NestedFit:
    spec = bm.NestedSpec(mu=bm.Normal(0, 0.5))
    design, rng = make_nested_design(spec, small_nest), np.random.default_rng(3)
    drawn = nested_prior_parameters(design, rng, (2, 300))
    drawn.pop("cholesky")
    draws = assemble_nested_parameters(design, drawn, {"energy": rng.random((2, 300))})
    origin = provenance(spec, small_nest, seed=1, engine="compiled", seconds=0.0)
    return bm.NestedFit(
        spec, small_nest, bm.SamplerSettings(), draws, provenance=origin, coding=design.coding
    )
