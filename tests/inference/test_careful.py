"""Light fits: the draws of a refit, and nothing besides."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.inference.careful import light_fit
from bayesmeta.model import make_design

SETTINGS = bm.SamplerSettings(chains=2, warmup=100, draws=100)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pooled", "regimen", "overdispersed", "arms"])
def test_draws_are_those_of_a_refit(orr: bm.Arms, name: str) -> None:
    spec = bm.load_model(name)
    first = bm.fit(bm.load_model("pooled"), orr, seed=8, settings=SETTINGS)
    refit = bm.refit(first, spec=spec, stream=2**47 + 5)
    light = light_fit(make_design(spec, orr), 8, SETTINGS, stream=(2**47 + 5,))
    assert light.posterior.identical(refit.posterior)
    assert set(light.draws.children) == {"posterior", "sample_stats"}
    assert np.array_equal(
        light.draws["sample_stats"]["energy"], refit.draws["sample_stats"]["energy"]
    )
    pd.testing.assert_frame_equal(bm.diagnose(light).table, bm.diagnose(refit).table, rtol=1e-12)
    assert light.provenance.stream == refit.provenance.stream
