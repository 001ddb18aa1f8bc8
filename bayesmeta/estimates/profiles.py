"""Profiles: the covariate values that an estimate is for, and how they are written."""

from collections.abc import Mapping

from bayesmeta.model.coding import Coding, Profile

__all__ = ["default_profiles", "profile_label"]


def default_profiles(coding: Coding) -> list[Profile | None]:
    """Return the reference profile, then each other level of each factor in turn."""
    if not coding.columns:
        return [None]
    reference = coding.reference
    others = [
        {**reference, name: level} for name, levels in coding.levels.items() for level in levels[1:]
    ]
    return [reference, *others]


def profile_label(coding: Coding, profile: Profile | None, *, without: str | None = None) -> str:
    """Return a profile as people write it; ``"all studies"`` where there are no covariates.

    The covariate `without` is not written.
    """
    if not coding.columns:
        return "all studies"
    values = coding.reference if profile is None else coding.checked(profile)
    return ", ".join(f"{name}={_text(value)}" for name, value in values.items() if name != without)


def _text(value: object) -> str:
    """Return a value of a profile: a level, a number, or the shares of a mixture."""
    if isinstance(value, Mapping):
        return "+".join(f"{level}:{share:g}" for level, share in value.items())
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """Return a number to four decimals, and whole numbers whole."""
    return str(int(value)) if value.is_integer() else f"{value:.4f}".rstrip("0")
