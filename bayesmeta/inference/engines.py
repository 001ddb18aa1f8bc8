"""The engines behind `fit`: draws of a design from the compiled density or from PyMC, put together.

Draws that show the need are followed by others: where trajectories diverged, with smaller steps; where
the 95% limits of `mu` are known too badly, more of them. Both follow from the draws alone: the same
seed gives the same result, whatever runs beside it.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import SettingsError
from bayesmeta.inference.blocks import filled
from bayesmeta.inference.convergence import largest_mcse_of_limits
from bayesmeta.inference.draws import DIMS, PRIOR_DRAWS, assemble
from bayesmeta.inference.result import Fit, provenance
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design
from bayesmeta.model.build import build_design

Engine = Literal["compiled", "pymc"]
Sample = Callable[[SamplerSettings], tuple[Any, Mapping[str, npt.NDArray[Any]]]]

CAREFUL_ACCEPT = 0.99
"""Acceptance of a fit that is done again because trajectories diverged."""

LIMITS = 0.05
"""Monte-Carlo standard error of a 95% limit, in posterior sd, above which more is drawn."""

MOST = 8
"""How many times as many draws there are at most."""

LARGEST = 1 << 30
"""Bytes of draws that a fit may hold in memory; while it is made it holds up to three times as much."""

_NUMBER, _COUNT = 8, 4
_STATISTICS = 8

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
    light: bool = False,
) -> Fit:
    """Return the fit of a design; a refit uses the stream of its seed numbered `stream`.

    A light one has the draws and the sampler's statistics alone, since what is computed from them takes
    a fifth as long as the sampling, and no more draws than were asked for.
    """
    started = time.perf_counter()
    sampler_seed, draws_seed = _seeds_of(seed, stream)
    _check_footprint(design, settings)
    engine_sample = sample_compiled if engine == "compiled" else _sample_pymc

    def sample(chosen: SamplerSettings) -> Any:
        return engine_sample(design, chosen, sampler_seed, progress=progress)

    def allows(chosen: SamplerSettings) -> bool:
        return bytes_of_draws(design, chosen) <= LARGEST

    found = sampled_again(sample, settings, None if light else allows)
    posterior, statistics, settings, repeats = found
    draws = assemble(design, posterior, statistics, None if light else draws_seed)
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


class Sampled(NamedTuple):
    """Draws, how they were made, and why more than once."""

    posterior: Any
    statistics: Mapping[str, npt.NDArray[Any]]
    settings: SamplerSettings
    repeats: tuple[str, ...]


def sampled_again(
    sample: Sample,
    settings: SamplerSettings,
    allows: Callable[[SamplerSettings], bool] | None = None,
) -> Sampled:
    """Return draws; again, at an acceptance of 0.99, where any trajectory diverged.

    More are drawn for the sake of precise limits where `allows` says that so many may be kept. Only
    the default number of draws is raised: one that was asked for stays.
    """
    found = _careful(sample, Sampled(*sample(settings), settings, ()))
    if allows is None or found.settings.draws != SamplerSettings.draws:
        return found
    return _careful(sample, _longer(sample, found, allows))


def _careful(sample: Sample, found: Sampled) -> Sampled:
    accept, diverging = found.settings.target_accept, found.statistics["diverging"]
    if not diverging.any() or accept >= CAREFUL_ACCEPT:
        return found
    settings = replace(found.settings, target_accept=CAREFUL_ACCEPT)
    posterior, statistics = sample(settings)
    cost = statistics["n_steps"].mean() / found.statistics["n_steps"].mean()
    why = (
        f"{diverging.sum():,} of {diverging.size:,} transitions diverged at target_accept={accept:g}; "
        f"sampled again at {CAREFUL_ACCEPT}, at {cost:.1f} times the cost."
    )
    return Sampled(posterior, statistics, settings, (*found.repeats, why))


def _longer(sample: Sample, found: Sampled, allows: Callable[[SamplerSettings], bool]) -> Sampled:
    error = largest_mcse_of_limits(found.posterior["mu"])
    if not error > LIMITS:
        return found
    draws = found.settings.draws
    settings = replace(found.settings, draws=min(MOST, ceil((error / LIMITS) ** 2)) * draws)
    if not allows(settings):
        return found
    why = (
        f"The Monte-Carlo error of the 95% limits of mu was {error:.2f} posterior sd; sampled again "
        f"with {settings.draws:,} draws a chain instead of {draws:,}."
    )
    return Sampled(*sample(settings), settings, (*found.repeats, why))


_ACCEPT_ASKED = re.compile(r"diverged at target_accept=(\S+);")
_DRAWS_ASKED = re.compile(r"draws a chain instead of ([\d,]+)\.")


def asked_settings(fit: Fit) -> SamplerSettings:
    """Return the settings that a fit was asked for, where it was sampled again with others."""
    told = " ".join(fit.provenance.repeats)
    accept, draws = _ACCEPT_ASKED.search(told), _DRAWS_ASKED.search(told)
    asked: dict[str, Any] = {}
    if accept:
        asked["target_accept"] = float(accept[1])
    if draws:
        asked["draws"] = int(draws[1].replace(",", ""))
    return replace(fit.settings, **asked)


def _seeds_of(seed: int, stream: tuple[int, ...]) -> list[np.random.SeedSequence]:
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
    from bayesmeta.inference.nuts import sample_pymc

    found, statistics = sample_pymc(build_design(design), settings, seed, progress=progress)
    return {name: np.asarray(found[name]) for name in DIMS if name in found}, statistics


def bytes_of_draws(design: Design, settings: SamplerSettings) -> int:
    """Return the bytes that all groups of a fit's draws take, labels aside."""
    drawn = settings.chains * settings.draws
    outcomes = len(design.outcomes)
    parameters = outcomes * (1 + len(design.coding.names)) + len(design.scalars) + len(design.pairs)
    total = _NUMBER * (drawn * (parameters + _STATISTICS) + PRIOR_DRAWS * parameters)
    if not settings.arm_draws:
        return total
    arms, spec = len(design.arms) * outcomes, design.spec
    effects = arms * (1 + len(design.imputed) + (spec.arm_effects is not None))
    effects += len(design.arms.studies) * outcomes * spec.study_effects.has_effects
    responders = arms * _COUNT
    total += (drawn + PRIOR_DRAWS) * (_NUMBER * effects + responders)
    return total + drawn * arms * _NUMBER


def _check_footprint(design: Design, settings: SamplerSettings) -> None:
    """Raise if the draws would take more memory than `LARGEST`."""
    needed = bytes_of_draws(design, settings)
    if needed > LARGEST:
        raise SettingsError(
            f"The draws would take {needed / 2**30:.1f} GiB of memory ({len(design.arms):,} arms, "
            f"{settings.chains * settings.draws:,} draws); at most {LARGEST / 2**30:.0f} GiB is kept. "
            "Keep those of mu, beta, tau and the other parameters alone by "
            "settings=SamplerSettings(arm_draws=False), or fewer draws."
        )
