"""Checks of arguments that several answers share; those of numbers are quick to import."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number, is_whole

if TYPE_CHECKING:
    from bayesmeta.estimates.posterior import AnyFit

LARGEST_COHORT = 10_000_000
LEAST_CI_PROB, MOST_CI_PROB = 0.0001, 0.9999


def check_family(fit: "AnyFit", answer: str) -> None:
    """Raise if `fit` is of a PyMC model of the user's own, whose priors are not known here."""
    from bayesmeta.model import OwnModel

    if isinstance(fit.spec, OwnModel):
        raise SettingsError(
            f"`{answer}` needs the parts of a ModelSpec; `fit` is of a PyMC model. Leave it out for this one."
        )


def check_profiles(profiles: object) -> None:
    """Raise unless `profiles` is None or a sequence of mappings."""
    listed = isinstance(profiles, Sequence) and all(isinstance(one, Mapping) for one in profiles)
    if profiles is not None and not listed:
        raise SettingsError(
            f"`profiles` must be a list of mappings; got {profiles!r}. Write [{{...}}]."
        )


def check_ci_prob(ci_prob: object) -> None:
    """Raise unless `ci_prob` is a probability away from 0 and 1."""
    if not is_number(ci_prob) or not LEAST_CI_PROB <= ci_prob <= MOST_CI_PROB:
        raise SettingsError(
            f"`ci_prob` must lie between 0 and 1 ({LEAST_CI_PROB} to {MOST_CI_PROB}), such as 0.95; got {ci_prob!r}."
        )


def check_cohort(name: str, n: object, most: int = LARGEST_COHORT) -> int:
    """Return `n`, the patients of a cohort, checked to be a whole number from 1 to `most`."""
    if not is_whole(n) or not 1 <= n <= most:
        raise SettingsError(
            f"`{name}` must be a whole number of patients from 1 to {most:,}; got {n!r}."
        )
    return int(n)
