"""`light_fit`: a refit for one answer among many, without what only a fit that is kept needs."""

import numpy as np
import xarray as xr

from bayesmeta.inference.draws import dataset, tree_of
from bayesmeta.inference.engines import REFITS
from bayesmeta.inference.footprint import check_footprint
from bayesmeta.inference.result import Fit, Provenance
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design

__all__ = ["light_fit"]


def light_fit(design: Design, seed: int, settings: SamplerSettings, *, stream: int) -> Fit:
    """Return the refit of a design: its posterior and the sampler's statistics, and no more.

    Of `refit` with the same seed and stream the draws are the same. Log likelihoods, predictive and
    prior draws, versions, hashes and times, which take a fifth as long as the sampling, are left out.

    Parameters
    ----------
    design : Design
        The model and its arms.
    seed : int
        Source of all randomness.
    settings : SamplerSettings
        Chains, warm-up, draws.
    stream : int
        Number of the refit.

    Raises
    ------
    SettingsError
        If the draws would not fit in memory.
    SamplingError
        If the sampler can't start or stops.
    """
    from bayesmeta.inference.density.arrays import density_data
    from bayesmeta.inference.density.coordinates import variables
    from bayesmeta.inference.nuts import sample_density

    check_footprint(design, settings)
    data = density_data(design)
    sampler_seed = np.random.SeedSequence(seed, spawn_key=(REFITS, stream)).spawn(1)[0]
    raw = sample_density(data, settings, sampler_seed, progress=False)
    statistics = {name: (("chain", "draw"), one) for name, one in raw.statistics.items()}
    draws = tree_of(
        {
            "posterior": dataset(design, variables(design, data, raw.points)),
            "sample_stats": xr.Dataset(statistics),
        }
    )
    origin = Provenance(seed, "compiled", "", 0.0, {}, "", "", (stream,))
    return Fit(design.spec, design.arms, settings, draws, provenance=origin, coding=design.coding)
