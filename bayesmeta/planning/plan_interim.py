"""What an interim look at a planned trial finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayesmeta.errors import SettingsError
from bayesmeta.numeric import is_whole
from bayesmeta.planning.conflict import Conflict, prior_data_conflict
from bayesmeta.planning.interim import InterimLook
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan_priors import ROBUST
from bayesmeta.planning.single_arm import SingleArmTrial

__all__ = ["Interim", "interim_of"]


@dataclass(frozen=True)
class Interim:
    """What an interim look at the trial finds.

    Parameters
    ----------
    events, n : int
        Responders and patients seen.
    success : dict of str to float
        Predictive probability of success at the end, by prior of the analysis.
    conflict : Conflict
        How surprising the responders are to the MAP prior.
    look : InterimLook
        The look at so many patients, which stops the trial under the robust prior.
    """

    events: int
    n: int
    success: dict[str, float]
    conflict: Conflict
    look: InterimLook


def interim_of(
    trials: Mapping[str, SingleArmTrial],
    mixture: BetaMixture,
    seen: tuple[int, int],
    stop_below: float,
) -> Interim:
    """Return what the patients seen say of the end, with each prior."""
    events, n = _seen(seen)
    look = InterimLook(trials[ROBUST], n, stop_below)
    success = {
        name: trial.probability_of_success(events=events, n=n) for name, trial in trials.items()
    }
    return Interim(events, n, success, prior_data_conflict(mixture, events=events, n=n), look)


def _seen(interim: object) -> tuple[int, int]:
    """Return responders and patients of an interim look, after checking them."""
    pair = tuple(interim) if isinstance(interim, Sequence | np.ndarray) else ()
    if len(pair) != len(("events", "n")) or not all(map(is_whole, pair)):
        raise SettingsError(
            f"`interim` must be responders and patients, two whole numbers; got {interim!r}. Write (8, 20)."
        )
    events, n = map(int, pair)
    if not 0 <= events <= n:
        raise SettingsError(
            f"`interim` must be responders and patients, at most so many responders as patients; got {events} of {n}. "
            "Write (8, 20)."
        )
    return events, n
