"""The fits of a joint model and of one model per outcome without a study, as one job."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from bayesmeta.comparison.held_out import arm_distribution, without
from bayesmeta.comparison.nested.held_out import (
    HeldOutCounts,
    joint_score,
    nested_distributions,
    without_study,
)
from bayesmeta.comparison.scores import Row, count_scores
from bayesmeta.comparison.streams import number_of, pit_stream
from bayesmeta.estimates.known_rates import KnownRates
from bayesmeta.inference.careful import settled
from bayesmeta.inference.light_fits import light_fit
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import Design

__all__ = ["JOINT", "SEPARATE", "joint_fit", "predict_held_out", "separate_fit"]

JOINT, SEPARATE = "joint", "separate"
"""How the two kinds of models are called in tables."""


def joint_fit(
    design: Design, seed: int, settings: SamplerSettings, stream: tuple[int, ...]
) -> tuple[Fit, bool]:
    """Return the fit of a joint model, done again once if it fails, and whether it may be used."""
    fit, found = settled(lambda own: light_fit(design, seed, own, stream=stream), settings)
    return fit, found.ok


def separate_fit(
    design: Design, seed: int, settings: SamplerSettings, stream: tuple[int, ...]
) -> tuple[Fit, bool]:
    """Return the fit of a model of one outcome, likewise."""
    fit, found = settled(lambda own: light_fit(design, seed, own, stream=stream), settings)
    return fit, found.ok


def predict_held_out(  # noqa: PLR0917 - jobs pass arguments by position
    joint: Design,
    separate: Mapping[str, Design],
    study: str,
    seed: int,
    settings: SamplerSettings,
) -> dict[str, Any]:
    """Return how both kinds of models predict a study that they were fitted without.

    Returns
    -------
    dict
        `study`, the joint model's `elpd` of all its counts together with `mcse_elpd`, `ok` (whether
        every fit may be used), and `arms`: for each arm, outcome and kind of model its `log_score`, with
        `mcse_log_score`, and what `count_scores` returns.
    """
    stream = (number_of("nested left out"), number_of(study))
    rest, own = without_study(joint, study)
    fit, ok = joint_fit(rest, seed, settings, stream)
    elpd, error = joint_score(fit, own)
    rows = [{"model": JOINT, **row} for row in _scored(nested_distributions(fit, own), seed, study)]
    for outcome, design in separate.items():
        if study in set(design.arms.frame["study"]):
            one, usable = _predicted_apart(design, outcome, study, seed, settings, stream)
            rows += [{"model": SEPARATE, **row} for row in one]
            ok = ok and usable
    return {"study": study, "elpd": elpd, "mcse_elpd": error, "ok": ok, "arms": rows}


def _predicted_apart(  # noqa: PLR0917
    design: Design,
    outcome: str,
    study: str,
    seed: int,
    settings: SamplerSettings,
    stream: tuple[int, ...],
) -> tuple[list[Row], bool]:
    rest, own = without(design, study)
    fit, ok = separate_fit(rest, seed, settings, (*stream, number_of(outcome)))
    rates = KnownRates(fit)
    distributions = (
        HeldOutCounts(
            str(own.arms.labels[place]),
            outcome,
            int(own.arms.events[place]),
            int(own.arms.n[place]),
            arm_distribution(rates, own, int(place)),
        )
        for place in np.flatnonzero(own.arms.n > 0)
    )
    return list(_scored(distributions, seed, study)), ok


def _scored(distributions: Iterable[HeldOutCounts], seed: int, study: str) -> Iterator[Row]:
    """Yield how each count lies in its predictive distribution, with its log score."""
    # The same uniform numbers for both kinds of models, so that their PITs can be compared.
    for one in distributions:
        between = pit_stream(seed, f"{study}/{one.arm}/{one.outcome}").random()
        score = one.distribution.log_probability(one.events, one.n)
        yield {
            "study": study,
            "arm": one.arm,
            "outcome": one.outcome,
            "events": one.events,
            "n": one.n,
            "log_score": score.value,
            "mcse_log_score": score.mcse,
            **count_scores(one.distribution.counts(one.n), one.n, one.events, between),
        }
