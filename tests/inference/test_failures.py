"""What goes wrong while sampling is told with the seed that does it again."""

from dataclasses import replace

import numpy as np
import pytest
from numba import carray, cfunc

import bayesmeta as bm
from bayesmeta.inference.density.callbacks import LOG_DENSITY, NOT_FINITE
from bayesmeta.inference.density.coordinates import density_data
from bayesmeta.inference.density.data import pack
from bayesmeta.inference.nuts import sample_target
from bayesmeta.inference.targets import target_of
from bayesmeta.model import make_design


@cfunc(LOG_DENSITY)
def never_finite(dim, point, gradient, value, data):
    value[0] = np.nan
    slope = carray(gradient, (dim,))
    slope[:] = 0.0
    return NOT_FINITE


def test_a_chain_that_fails_tells_its_seed(orr: bm.Arms) -> None:
    target = target_of(make_design(bm.load_model("pooled"), orr))
    seed = np.random.SeedSequence(41, spawn_key=(2, 7)).spawn(1)[0]
    settings = bm.SamplerSettings(chains=1, warmup=100, draws=100)
    with pytest.raises(bm.SamplingError, match="Seed 41, stream 7 reproduces it"):
        sample_target(target, settings, seed, progress=False, address=never_finite.address)


def test_a_density_that_is_nowhere_finite_where_chains_start(orr: bm.Arms) -> None:
    design = make_design(bm.load_model("pooled"), orr)
    data = density_data(design)._replace(log_coefficient=np.full(len(orr), np.nan))
    broken = replace(target_of(design), data=pack(data))
    with pytest.raises(bm.SamplingError, match=r"not finite where chains start.*Seed 3 reproduces"):
        sample_target(broken, bm.SamplerSettings(), np.random.SeedSequence(3), progress=None)


def test_priors_that_exclude_the_data_are_still_sampled(make_arms: object) -> None:
    """Far from the data is no failure: the density is finite everywhere."""
    arms = make_arms([(9, 10), (8, 10)])  # type: ignore[operator]
    spec = replace(bm.ModelSpec(), mu=bm.Normal(-30, 0.01))
    fit = bm.fit(spec, arms, seed=1, settings=bm.SamplerSettings(warmup=100, draws=50))
    assert float(fit.posterior["mu"].mean()) == pytest.approx(-30, abs=0.1)
