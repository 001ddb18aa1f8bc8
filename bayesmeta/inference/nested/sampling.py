"""From a joint model of nested outcomes to its posterior draws."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.nested.data import nested_data
from bayesmeta.inference.nested.draws import assemble_nested, assemble_nested_parameters
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.inference.repeats import sampled_again
from bayesmeta.inference.result import provenance
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model.nested import NestedDesign

__all__ = ["fit_nested", "sample_nested"]

Array = npt.NDArray[np.float64]


def fit_nested(
    design: NestedDesign,
    seed: int,
    settings: SamplerSettings,
    *,
    stream: tuple[int, ...] = (),
    progress: bool | None = None,
) -> NestedFit:
    """Return the fit of a design; a refit uses the stream of its seed numbered `stream`."""
    from bayesmeta.inference.engines import REFITS

    started = time.perf_counter()
    key = (REFITS, *stream) if stream else ()
    sampler_seed, draws_seed = np.random.SeedSequence(seed, spawn_key=key).spawn(2)
    posterior, statistics, settings, repeats = sampled_again(
        lambda chosen: sample_nested(design, chosen, sampler_seed, progress=progress), settings
    )
    draws = (
        assemble_nested(design, posterior, statistics, draws_seed)
        if settings.arm_draws
        else assemble_nested_parameters(design, posterior, statistics)
    )
    origin = provenance(
        design.spec,
        design.arms,
        seed=seed,
        engine="compiled",
        seconds=time.perf_counter() - started,
        stream=stream,
        repeats=repeats,
    )
    return NestedFit(
        design.spec, design.arms, settings, draws, provenance=origin, coding=design.coding
    )


def sample_nested(
    design: NestedDesign,
    settings: SamplerSettings,
    seed: np.random.SeedSequence,
    *,
    progress: bool | None = False,
    address: int | None = None,
) -> tuple[Mapping[str, Array], Mapping[str, npt.NDArray[Any]]]:
    """Return posterior variables and sampler statistics, dims (chain, draw, ...).

    `address` is that of another density of the same data and coordinates, which checks of the checks
    sample.
    """
    from bayesmeta.inference.nested.coordinates import (
        nested_size,
        nested_start,
        nested_variables,
    )
    from bayesmeta.inference.nested.log_density import nested_density
    from bayesmeta.inference.nested.views import pack_nested
    from bayesmeta.inference.nuts import Target, sample_target

    data = nested_data(design)
    target = Target(
        nested_density,
        pack_nested(data),
        nested_size(data),
        lambda rng: nested_start(data, rng),
    )
    raw = sample_target(target, settings, seed, progress=progress, address=address)
    return nested_variables(data, raw.points), raw.statistics
