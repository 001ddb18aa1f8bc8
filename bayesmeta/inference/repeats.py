"""Sampling again where the first draws show the need: one road for every fit.

Where trajectories diverged, smaller steps. Where the 95% limits of `mu` are known too badly, more draws.
Both follow from the draws alone: the same seed gives the same result, whatever runs beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.convergence import mcse_limits
from bayesmeta.inference.settings import SamplerSettings

__all__ = ["CAREFUL_ACCEPT", "Sample", "Sampled", "limits_of", "sampled_again"]

Array = npt.NDArray[np.float64]
Sample = Callable[[SamplerSettings], tuple[Any, Mapping[str, npt.NDArray[Any]]]]

CAREFUL_ACCEPT = 0.99
"""Acceptance of a fit that is done again because trajectories diverged."""

LIMITS = 0.05
"""Monte-Carlo standard error of a 95% limit, in posterior sd, above which more is drawn."""

MOST = 8
"""How many times as many draws there are at most."""


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
    error = limits_of(found.posterior)
    if not error > LIMITS:
        return found
    draws = found.settings.draws
    settings = replace(found.settings, draws=min(MOST, ceil((error / LIMITS) ** 2)) * draws)
    if not allows(settings):
        return found
    why = (
        f"The 95% limits of mu were known to {error:.2f} posterior standard deviations; sampled again "
        f"with {settings.draws:,} draws a chain instead of {draws:,}."
    )
    return Sampled(*sample(settings), settings, (*found.repeats, why))


def limits_of(posterior: Mapping[str, Any]) -> float:
    """Return the largest Monte-Carlo standard error of the 95% limits of mu, in posterior sd."""
    mu = np.asarray(posterior["mu"], dtype=np.float64)
    draws = np.moveaxis(mu.reshape(*mu.shape[:2], -1), -1, 0)
    return float(np.max(mcse_limits(draws)))
