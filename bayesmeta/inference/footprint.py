"""How much memory draws take, and what is refused because it takes too much."""

from bayesmeta.errors import SettingsError
from bayesmeta.inference.draws import PRIOR_DRAWS
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design

__all__ = ["LARGEST", "bytes_of_draws", "check_footprint"]

LARGEST = 1 << 30
"""Bytes of draws that a fit may hold in memory; while it is made it holds up to three times as much."""

_NUMBER, _COUNT = 8, 4
_STATISTICS = 8


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


def check_footprint(design: Design, settings: SamplerSettings) -> None:
    """Raise if the draws would not fit in memory.

    Raises
    ------
    SettingsError
        If they take more than `LARGEST`.
    """
    needed = bytes_of_draws(design, settings)
    if needed > LARGEST:
        raise SettingsError(
            f"The draws would take {needed / 2**30:.1f} GiB of memory ({len(design.arms):,} arms, "
            f"{settings.chains * settings.draws:,} draws); at most {LARGEST / 2**30:.0f} GiB is kept. "
            "Keep those of mu, beta, tau and the other parameters alone by "
            "settings=SamplerSettings(arm_draws=False), or fewer draws."
        )
