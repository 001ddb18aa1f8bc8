"""Fits among many that nobody watches: one that fails its diagnostics is done again, with care."""

from collections.abc import Callable
from dataclasses import replace

from bayesmeta.inference.diagnosis import Diagnostics, diagnose
from bayesmeta.inference.draws import dataset, statistics_of, tree_of
from bayesmeta.inference.engines import sample_compiled, seeds_of
from bayesmeta.inference.footprint import check_footprint
from bayesmeta.inference.repeats import sampled_again
from bayesmeta.inference.result import Fit, Provenance
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design

__all__ = ["fit_with_retry", "light_fit", "refit_with_retry"]

MORE_WARMUP, MORE_DRAWS = 2, 4
"""How many times as many there are the second time: about 3 of 100 fits of all kinds of models fail,
mostly for the tail of one outlying study's effect, and nearly none then."""


def fit_with_retry(
    make: Callable[[SamplerSettings], Fit], settings: SamplerSettings
) -> tuple[Fit, Diagnostics]:
    """Return a fit and its diagnosis; where that fails, of a second fit, once, with its own settings."""
    fit = make(settings)
    diagnostics = diagnose(fit)
    if diagnostics.ok:
        return fit, diagnostics
    # Where trajectories diverged, the fit was sampled with smaller steps already.
    own = fit.settings
    fit = make(replace(own, warmup=MORE_WARMUP * own.warmup, draws=MORE_DRAWS * own.draws))
    return fit, diagnose(fit)


def refit_with_retry(
    design: Design, seed: int, settings: SamplerSettings, stream: tuple[int, ...]
) -> tuple[Fit, Diagnostics]:
    """Return the refit of a design, and its diagnosis, likewise."""
    return fit_with_retry(lambda own: light_fit(design, seed, own, stream=stream), settings)


def light_fit(
    design: Design, seed: int, settings: SamplerSettings, *, stream: tuple[int, ...] = ()
) -> Fit:
    """Return the refit of a design: its posterior and the sampler's statistics, and no more.

    The draws are those of `refit` with the same seed and streams, but for those that `refit` adds for
    the limits of `mu`. What a fit that is kept has beside them takes a fifth as long as the sampling.
    """
    check_footprint(design, settings)
    sampler_seed = seeds_of(seed, stream)[0]
    posterior, statistics, settings, repeats = sampled_again(
        lambda chosen: sample_compiled(design, chosen, sampler_seed, progress=False), settings
    )
    groups = {"posterior": dataset(design, posterior), "sample_stats": statistics_of(statistics)}
    origin = Provenance(seed, "compiled", "", 0.0, {}, "", "", stream, repeats)
    fit = Fit(
        design.spec, design.arms, settings, tree_of(groups), provenance=origin, coding=design.coding
    )
    vars(fit)["design"] = design
    return fit
