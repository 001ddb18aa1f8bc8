"""How many of the counts behind a rate are inferred: printed by no source, but concluded by someone."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.estimates.profiles import profile_label
from bayesmeta.evidence.derivations import inferred_counts
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.inference.result import Fit
from bayesmeta.model.coding import Coding, Profile

__all__ = ["INFERRED_MARK", "Inferred", "basis_of", "inferred_at", "with_inferred"]

INFERRED_MARK = "†"
"""Stands after what rests on inferred counts."""


class Inferred(NamedTuple):
    """Arms at a profile with a count, and those of them whose count is inferred."""

    where: str
    """The profile, after the outcome where there are several."""
    arms: int
    inferred: int


def inferred_at(
    fit: Fit | QuadratureFit, profile: Profile | None, outcome: str | None = None
) -> Inferred:
    """Return how many counts a rate rests on directly, and how many of these are inferred.

    Its arms are those at the levels that the profile has beside the reference; at the reference
    profile, those at the reference of every factor. Numbers make no difference.

    Parameters
    ----------
    fit : Fit or QuadratureFit
        Posterior draws, or the deterministic posterior.
    profile : mapping or None
        Covariate values, as of `summary`.
    outcome : str, optional
        Which of nested outcomes.
    """
    if isinstance(fit, QuadratureFit) or not fit.coding.columns:
        here, where = np.ones(len(fit.arms), dtype=bool), "all studies"
    else:
        here, where = _at(fit.coding, fit.arms.frame, profile), profile_label(fit.coding, profile)
    seen = here & (fit.arms.n > 0)
    if outcome is not None:
        seen &= fit.arms.frame[outcome].notna().to_numpy()
        where = f"{outcome}, {where}"
    found = seen & inferred_counts(fit.arms.frame, outcome)
    return Inferred(where, int(seen.sum()), int(found.sum()))


def basis_of(fit: Fit, profile: Profile | None, study: str | None = None) -> tuple[Inferred, ...]:
    """Return what a prediction rests on, outcome by outcome: the arms of a profile, or of a study."""
    outcomes = fit.arms.outcomes if len(fit.arms.outcomes) > 1 else (None,)
    if study is None:
        return tuple(inferred_at(fit, profile, outcome) for outcome in outcomes)
    return tuple(_of_study(fit, study, outcome) for outcome in outcomes)


def _of_study(fit: Fit, study: str, outcome: str | None) -> Inferred:
    frame = fit.arms.frame
    seen = (frame["study"] == study).to_numpy() & (fit.arms.n > 0)
    if outcome is not None:
        seen &= frame[outcome].notna().to_numpy()
    found = seen & inferred_counts(frame, outcome)
    where = study if outcome is None else f"{outcome}, {study}"
    return Inferred(where, int(seen.sum()), int(found.sum()))


def with_inferred(
    table: pd.DataFrame, fit: Fit | QuadratureFit, profiles: list[Profile]
) -> pd.DataFrame:
    """Return a summary with `arms` and `inferred` beside each profile, missing for parameters."""
    found = dict(_by_row(fit, profiles))
    several = "outcome" in table
    outcomes = table["outcome"] if several else [""] * len(table)
    keys = list(zip(outcomes, table["profile"], strict=True))
    counts = {
        name: pd.array(
            [getattr(found[key], name) if key in found else None for key in keys], "Int64"
        )
        for name in ("arms", "inferred")
    }
    return table.assign(**counts)


def _by_row(
    fit: Fit | QuadratureFit, profiles: list[Profile]
) -> Iterator[tuple[tuple[str, str], Inferred]]:
    """Yield outcome and profile of the rows of a summary, with what these rest on."""
    for profile in profiles:
        label = (
            "all studies" if isinstance(fit, QuadratureFit) else profile_label(fit.coding, profile)
        )
        for outcome in fit.arms.outcomes if len(fit.arms.outcomes) > 1 else ("",):
            yield (outcome, label), inferred_at(fit, profile, outcome or None)


def _at(coding: Coding, frame: pd.DataFrame, profile: Profile | None) -> npt.NDArray[np.bool_]:
    """Return which arms are at the levels of a profile."""
    whole = coding.resolved(profile)
    others = [name for name in coding.factors if whole[name] != coding.reference[name]]
    names = others or list(coding.factors)
    found = [[_level(coding, name, row) for name in names] for _, row in frame.iterrows()]
    return np.array([own == [whole[name] for name in names] for own in found], dtype=bool)


def _level(coding: Coding, name: str, row: "pd.Series[Any]") -> Any:
    """Return an arm's level of a factor, or the shares of a known mixture, as a profile has it."""
    return coding.resolved({name: coding.profile_of(row)[name]})[name]
