"""The rows of `summary` that are of survival: medians, survival at each time, restricted means."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.estimates.precision import Distribution, Draws
from bayesmeta.estimates.profile_survival import ProfileSurvival, SurvivalAt, profile_survival
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.estimates.summary_rows import cohort_row, drawn_parameters, row_of
from bayesmeta.estimates.survival_words import (
    ALIVE,
    MEAN_SURVIVAL,
    MEDIAN_RATIO,
    NEW_MEDIAN,
    NEW_RESTRICTED_MEAN,
    NEW_SURVIVAL,
    RATIO_SCALE,
    TIME,
    TYPICAL_MEDIAN,
    TYPICAL_RESTRICTED_MEAN,
    TYPICAL_SURVIVAL,
    words_of_outcome,
)
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Profile

Answer = tuple[str, str, float, str, Distribution | DrawnRates]
"""Quantity, profile, time, scale and posterior; of patients alive that of their rate."""


def conditional_note(arms: Arms | None) -> str:
    """Return what survival from response on is conditional on; empty of other outcomes."""
    if not isinstance(arms, SurvivalArms) or not arms.is_conditional:
        return ""
    return f"{arms.outcome} is of responders alone: every number is conditional on response."


def person_of(arms: Arms | None) -> str:
    """Return what text calls one of those whom arms count: a patient, or a responder."""
    return "responder" if conditional_note(arms) else "patient"


def survival_table(
    fit: Fit, profiles: Iterable[Profile], times: Sequence[float], *, ci_prob: float, cohort: int
) -> pd.DataFrame:
    """Return the summary of a fit of survival."""
    rows = [
        row_of((name, "", scale), distribution, ci_prob) | {TIME: np.nan}
        for _, name, scale, distribution in drawn_parameters(fit)
    ]
    rows += [
        row_of((name, "", RATIO_SCALE), distribution, ci_prob) | {TIME: np.nan}
        for name, distribution in _median_ratios(fit)
    ]
    for name, label, time, scale, found in _survival_answers(fit, profiles, times, cohort):
        if isinstance(found, DrawnRates):
            row = cohort_row(found, (name, label, scale), ci_prob, cohort)
        else:
            row = row_of((name, label, scale), found, ci_prob)
        rows.append(row | {TIME: time})
    return pd.DataFrame(rows)


def _median_ratios(fit: Fit) -> Iterator[tuple[str, Distribution]]:
    """Yield the ratio of medians that each coefficient stands for, per unit of its column."""
    if not fit.coding.names:
        return
    draws = np.asarray(fit.posterior["beta"])
    for place, name in enumerate(fit.coding.names):
        yield f"{MEDIAN_RATIO}[{name}]", Draws(_ratio(draws[..., place]))


def _ratio(log_ratio: Array) -> Array:
    # Beyond these nothing is distinguished; their squares are still numbers.
    return np.exp(np.clip(log_ratio, -300.0, 300.0))


def _survival_answers(
    fit: Fit, profiles: Iterable[Profile], times: Sequence[float], cohort: int
) -> Iterator[Answer]:
    """Yield what a fit says of the survival of each profile."""
    counted = f"{words_of_outcome(fit.arms).state} of {cohort}"
    for profile in profiles:
        label, found = profile_label(fit.coding, profile), profile_survival(fit, profile)
        for name, scale, time, posterior in _of_profile(found, times, counted):
            yield name, label, time, scale, posterior


def _of_profile(
    found: ProfileSurvival, times: Sequence[float], counted: str
) -> Iterator[tuple[str, str, float, Distribution | DrawnRates]]:
    yield TYPICAL_MEDIAN, "months", np.nan, Draws(found.typical.median)
    yield NEW_MEDIAN, "months", np.nan, Draws(found.new_study.median)
    for time in times:
        at = SurvivalAt(found, time)
        typical, mean = at.distribution("typical"), at.distribution("mean")
        if typical is not None and mean is not None:
            yield TYPICAL_SURVIVAL, "probability", time, typical
            yield MEAN_SURVIVAL, "probability", time, mean
        yield NEW_SURVIVAL, "probability", time, at.cohort().rate
        yield ALIVE, counted, time, at.cohort()
        yield TYPICAL_RESTRICTED_MEAN, "months", time, Draws(found.typical.mean_to(time))
        yield NEW_RESTRICTED_MEAN, "months", time, Draws(found.new_study.mean_to(time))
