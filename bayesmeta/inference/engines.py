"""The engines behind `fit`: draws of a design from the compiled density or from PyMC, put together."""

import time
from typing import Any, Literal

import numpy as np

from bayesmeta.inference.blocks import filled
from bayesmeta.inference.draws import DIMS, assemble, assemble_parameters
from bayesmeta.inference.footprint import LARGEST, bytes_of_draws, check_footprint
from bayesmeta.inference.repeats import sampled_again
from bayesmeta.inference.result import Fit, provenance
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design
from bayesmeta.model.build import build_design

__all__ = ["Engine", "sample_compiled", "sampled", "seeds_of"]

Engine = Literal["compiled", "pymc"]

REFITS = 2
"""First part of the key of refits' streams; a fit's own two streams have 0 and 1."""


def sampled(
    design: Design,
    seed: int,
    settings: SamplerSettings,
    *,
    stream: tuple[int, ...] = (),
    engine: Engine = "compiled",
    progress: bool | None = None,
) -> Fit:
    """Return the fit of a design; a refit uses the stream of its seed numbered `stream`.

    It is sampled again where trajectories diverge, or where limits need more draws; see `repeats`.
    """
    started = time.perf_counter()
    sampler_seed, draws_seed = seeds_of(seed, stream)
    check_footprint(design, settings)
    engine_sample = sample_compiled if engine == "compiled" else _sample_pymc

    def sample(chosen: SamplerSettings) -> Any:
        return engine_sample(design, chosen, sampler_seed, progress=progress)

    def allows(chosen: SamplerSettings) -> bool:
        return bytes_of_draws(design, chosen) <= LARGEST

    posterior, statistics, settings, repeats = sampled_again(sample, settings, allows)
    made = assemble if settings.arm_draws else assemble_parameters
    draws = made(design, posterior, statistics, draws_seed)
    origin = provenance(
        design.spec,
        design.arms,
        seed=seed,
        engine=engine,
        seconds=time.perf_counter() - started,
        stream=stream,
        repeats=repeats,
    )
    return Fit(design.spec, design.arms, settings, draws, provenance=origin, coding=design.coding)


def seeds_of(seed: int, stream: tuple[int, ...]) -> list[np.random.SeedSequence]:
    """Return the seeds of the sampler and of all else that is drawn for a fit."""
    key = (REFITS, *stream) if stream else ()
    return np.random.SeedSequence(seed, spawn_key=key).spawn(2)


def sample_compiled(
    design: Design,
    settings: SamplerSettings,
    seed: np.random.SeedSequence,
    *,
    progress: bool | None = False,
    address: int | None = None,
) -> Any:
    """Return the variables of a design, dims (chain, draw, ...), and the sampler's statistics.

    They are from the compiled density, or from the one at `address`; see `sample_target`.
    """
    from bayesmeta.inference.nuts import sample_target
    from bayesmeta.inference.targets import target_of

    target = target_of(design)
    kept, translate = (
        (None, target.variables) if settings.arm_draws else (target.leading, target.parameters)
    )
    raw = sample_target(target, settings, seed, progress=progress, address=address, kept=kept)
    found = filled(
        lambda block: translate(raw.points[block]),
        (settings.chains, settings.draws),
        len(design.arms) * len(design.outcomes),
    )
    return found, raw.statistics


def _sample_pymc(
    design: Design,
    settings: SamplerSettings,
    seed: np.random.SeedSequence,
    *,
    progress: bool | None,
) -> Any:
    from bayesmeta.inference.nuts import STATISTICS, sample_pymc

    tree = sample_pymc(build_design(design), settings, seed, progress=progress)
    posterior = {name: np.asarray(tree.posterior[name]) for name in DIMS if name in tree.posterior}
    return posterior, {name: tree.sample_stats[key].to_numpy() for key, name in STATISTICS.items()}
