"""Checks of arguments that several answers about a trial share."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_number, is_whole, probabilities
from bayesmeta.planning.mixtures import BetaMixture

if TYPE_CHECKING:
    from bayesmeta.planning.analysis_priors import AnalysisPrior

LARGEST_TRIAL = 10_000
"""Patients of the largest arm: all numbers of responders are enumerated."""

LARGEST_PRIOR = 1_000_000
"""Largest effective sample size of a prior of one of two rates: a narrow one needs many nodes."""


def check_mixture(name: str, value: object) -> None:
    """Raise unless `value` is a BetaMixture."""
    if not isinstance(value, BetaMixture):
        raise SettingsError(
            f"`{name}` must be a BetaMixture; got {type(value).__name__}. "
            "Write BetaMixture([1], a=[1], b=[1]), or take the `mixture` of a MAP prior."
        )


def check_width(name: str, prior: "AnalysisPrior") -> None:
    """Raise if a component is so narrow that quadrature over its rates has no end."""
    most = max(a + b for a, b in zip(prior.a, prior.b, strict=True))
    if most > LARGEST_PRIOR:
        raise SettingsError(
            f"`{name}` of two arms must not have a component with an effective sample size above {LARGEST_PRIOR:,}; got {most:.4g}. "
            "For a single true rate, use operating_characteristics."
        )


def check_distribution(name: str, distribution: object) -> None:
    """Raise unless `distribution` tells how probable each count of responders is."""
    if not callable(getattr(distribution, "pmf", None)):
        raise SettingsError(
            f"`{name}` must be a BetaMixture, or the `distribution` of a prediction; got {type(distribution).__name__}. "
            "Write BetaMixture([1], a=[1], b=[1]), or predict(fit, ...).distribution."
        )


def check_rates(name: str, rates: object) -> Array:
    """Return rates as an array, after checking that they are one or more probabilities."""
    found = np.atleast_1d(probabilities(name, rates))
    if found.ndim != 1 or not found.size:
        raise SettingsError(
            f"`{name}` must be one or more probabilities in a row; got {rates!r}. Write [0.2, 0.35]."
        )
    return found


def check_open(name: str, value: object) -> float:
    """Return a probability, after checking that it lies between 0 and 1, both excluded."""
    if not is_number(value) or not 0 < value < 1:
        raise SettingsError(
            f"`{name}` must be a probability between 0 and 1, both excluded; got {value!r}. Write 35% as 0.35."
        )
    return float(value)


def check_patients(name: str, n: object, *, least: int = 1) -> int:
    """Return the patients of an arm, after checking that they are a whole number in range."""
    if not is_whole(n) or not least <= n <= LARGEST_TRIAL:
        raise SettingsError(
            f"`{name}` must be a whole number of patients from {least} to {LARGEST_TRIAL:,}; got {n!r}."
        )
    return int(n)


def check_events(events: object, n: object, most: int = LARGEST_TRIAL) -> tuple[int, int]:
    """Return responders and patients, after checking 0 <= events <= n <= most."""
    for name, value in (("events", events), ("n", n)):
        if not is_whole(value):
            raise SettingsError(f"`{name}` must be a whole number; got {value!r}.")
    if not 0 <= n <= most:  # type: ignore[operator]
        raise SettingsError(f"`n` must lie between 0 and {most:,}; got {n}.")
    if not 0 <= events <= n:  # type: ignore[operator]
        raise SettingsError(f"`events` must lie between 0 and n = {n}; got {events}.")
    return int(events), int(n)  # type: ignore[call-overload]
