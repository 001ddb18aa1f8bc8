"""How many of the counts behind a rate are inferred: printed by no source, but concluded by someone."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from bayesmeta.arrays import Flags
from bayesmeta.errors import counted
from bayesmeta.estimates.posterior import AnyFit, named_outcomes
from bayesmeta.estimates.profiles import profile_label
from bayesmeta.evidence.derivations import inferred_counts
from bayesmeta.model.coding import Coding, Profile
from bayesmeta.wording import PLAIN, Wording

if TYPE_CHECKING:
    from bayesmeta.estimates.contrast_table import Contrasts


INFERRED_MARK = "†"
"""Stands after what rests on inferred counts."""


class Inferred(NamedTuple):
    """Arms at a profile with a count, and those of them whose count is inferred."""

    where: str
    """The profile, after the outcome where there are several."""
    arms: int
    inferred: int


def inferred_at(fit: AnyFit, profile: Profile | None, outcome: str = "") -> Inferred:
    """Return how many counts a rate rests on directly, and how many of these are inferred.

    Its arms are those at the levels that the profile has beside the reference; at the reference
    profile, those at the reference of every factor. Numbers make no difference.
    """
    return _among(fit, arms_at(fit, profile), profile_label(fit.coding, profile), outcome)


def arms_at(fit: AnyFit, profile: Profile | None) -> Flags:
    """Return which arms are at the levels of a profile (see `inferred_at`); all without covariates."""
    if not fit.coding.columns:
        return np.ones(len(fit.arms), dtype=bool)
    return _at(fit.coding, fit.arms.frame, profile)


def basis_of(
    fit: AnyFit, profile: Profile | None, study: str | None = None
) -> tuple[Inferred, ...]:
    """Return what a prediction rests on, outcome by outcome: the arms of a profile, or of a study."""
    outcomes = named_outcomes(fit.arms)
    if study is None:
        return tuple(inferred_at(fit, profile, outcome) for outcome in outcomes)
    here = (fit.arms.frame["study"] == study).to_numpy()
    return tuple(_among(fit, here, study, outcome) for outcome in outcomes)


def _among(fit: AnyFit, here: Flags, where: str, outcome: str) -> Inferred:
    """Return how many counts of an outcome these arms have, and how many of them are inferred."""
    seen = here & (fit.arms.n > 0)
    if outcome:
        seen &= fit.arms.frame[outcome].notna().to_numpy()
        where = f"{outcome}, {where}"
    found = seen & inferred_counts(fit.arms.frame, outcome or None)
    return Inferred(where, int(seen.sum()), int(found.sum()))


def with_inferred(table: pd.DataFrame, fit: AnyFit, profiles: list[Profile]) -> pd.DataFrame:
    """Return a summary with `arms` and `inferred` beside each profile, missing for parameters."""
    found = {
        (outcome, profile_label(fit.coding, profile)): inferred_at(fit, profile, outcome)
        for profile in profiles
        for outcome in named_outcomes(fit.arms)
    }
    outcomes = table["outcome"] if "outcome" in table else [""] * len(table)
    rows = [found.get(key) for key in zip(outcomes, table["profile"], strict=True)]
    return table.assign(
        arms=pd.array([row and row.arms for row in rows], "Int64"),
        inferred=pd.array([row and row.inferred for row in rows], "Int64"),
    )


def _at(coding: Coding, frame: pd.DataFrame, profile: Profile | None) -> Flags:
    """Return which arms are at the levels of a profile."""
    whole = coding.resolved(profile)
    others = [name for name in coding.factors if whole[name] != coding.reference[name]]
    names = others or list(coding.factors)
    found = [[_level(coding, name, row) for name in names] for _, row in frame.iterrows()]
    return np.array([own == [whole[name] for name in names] for own in found], dtype=bool)


def _level(coding: Coding, name: str, row: "pd.Series[Any]") -> Any:
    """Return an arm's level of a factor, or the shares of a known mixture, as a profile has it."""
    return coding.resolved({name: coding.profile_of(row)[name]})[name]


def marked(label: str, inferred: int) -> str:
    """Return a label with the mark of what rests on inferred counts, where it does."""
    return f"{label} {INFERRED_MARK}" if inferred else label


def inferred_lines(summary: pd.DataFrame, words: Wording = PLAIN) -> list[str]:
    """Return how many counts behind the marked rates of a summary are inferred; none where none is."""
    rows = summary[summary["inferred"] > 0].drop_duplicates(["profile", "arms", "inferred"])
    found = ((row["profile"], row["arms"], row["inferred"]) for row in rows.to_dict("records"))
    return inferred_words(found, words)


def contrast_inferred(contrasts: "Contrasts", words: Wording = PLAIN) -> list[str]:
    """Return how many counts behind the marked levels of contrasts are inferred; none where none is."""
    names = [(end, f"arms_{end}", f"inferred_{end}") for end in ("level", "versus")]
    rows = contrasts.table.to_dict("records")
    found = dict.fromkeys(
        (words.level(contrasts.factor, row[end]), row[arms], row[few])
        for row in rows
        for end, arms, few in names
    )
    return inferred_words(found)


def inferred_words(found: Iterable[tuple[str, int, int]], words: Wording = PLAIN) -> list[str]:
    """Return one line on profiles that rest on inferred counts: where, of how many arms, how many."""
    parts = [
        f"{words.text(where)} {few} of {counted(arms, 'arm')}" for where, arms, few in found if few
    ]
    if not parts:
        return []
    return [
        f"{INFERRED_MARK} Some counts are inferred, which no source prints (column derivation): {'; '.join(parts)}."
    ]
