"""Fits among many that nobody watches: one that fails its diagnostics is done again, with care."""

from collections.abc import Callable
from dataclasses import replace

from bayesmeta.inference.diagnosis import Diagnostics, diagnose
from bayesmeta.inference.nested.result import NestedFit
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings

__all__ = ["settled"]

MORE_WARMUP, MORE_DRAWS = 2, 4
"""How many times as many there are the second time: about 3 of 100 fits of all kinds of models fail,
mostly for the tail of one outlying study's effect, and nearly none then."""

CAREFUL_ACCEPT = 0.99
"""Acceptance of a fit that is done again because trajectories diverged."""


def settled[F: (Fit, NestedFit)](
    make: Callable[[SamplerSettings], F], settings: SamplerSettings
) -> tuple[F, Diagnostics]:
    """Return a fit and its diagnosis; where that fails, of a second fit, once.

    Parameters
    ----------
    make : callable
        From settings to a fit.
    settings : SamplerSettings
        Those of the first fit; those of the second are in it.
    """
    fit = make(settings)
    diagnostics = diagnose(fit)
    if diagnostics.ok:
        return fit, diagnostics
    fit = make(_careful(settings, diverged=diagnostics.divergences > 0))
    return fit, diagnose(fit)


def _careful(settings: SamplerSettings, *, diverged: bool) -> SamplerSettings:
    return replace(
        settings,
        warmup=MORE_WARMUP * settings.warmup,
        draws=MORE_DRAWS * settings.draws,
        target_accept=max(settings.target_accept, CAREFUL_ACCEPT if diverged else 0.0),
    )
