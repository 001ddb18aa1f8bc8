"""Rules that join the rows of nested outcomes to one row per arm.

An arm stands for the same patients in every outcome. Counts must be nested: each outcome is among the
patients of the one before it.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from bayesmeta.errors import EvidenceError, SettingsError, listed, nearest
from bayesmeta.evidence.arms import Arms
from bayesmeta.evidence.columns import (
    ARM,
    COUNTS,
    DERIVATION,
    EVENTS,
    INFERRED,
    OUTCOME,
    STRATUM,
    STUDY,
    N,
)
from bayesmeta.evidence.derivations import inferred_counts
from bayesmeta.evidence.strata import with_stratum_column

WHOLE_ARM = (STUDY, ARM, STRATUM)
"""Columns that name an arm."""

FEWEST, MOST = 2, 8
"""Outcomes that make a nest."""


def asked_outcomes(frame: pd.DataFrame, name: str, outcomes: object) -> tuple[str, ...]:
    """Return the nested outcomes asked for, outermost first, after checking them."""
    if isinstance(outcomes, str) or not isinstance(outcomes, Sequence):
        raise SettingsError(
            f"`outcomes` must list outcomes outermost first, such as ['ORR', 'CR']; got {outcomes!r}."
        )
    wanted = [str(outcome) for outcome in outcomes]
    if len(wanted) < FEWEST or len(set(wanted)) < len(wanted):
        raise SettingsError(
            f"`outcomes` must name two outcomes or more, each once; got {wanted}. For one, use `outcome`."
        )
    if len(wanted) > MOST:
        raise SettingsError(f"`outcomes` must name at most {MOST} outcomes; got {len(wanted)}.")
    there = [str(found) for found in pd.unique(frame[OUTCOME])]
    for outcome in wanted:
        if outcome not in there:
            raise EvidenceError(f"{name} has no outcome '{outcome}'. {nearest(outcome, there)}")
        if outcome in frame.columns:
            raise EvidenceError(
                f"{name} has a column '{outcome}' besides the outcome of that name, whose counts would replace "
                "it. Rename the column."
            )
    return tuple(wanted)


def nested_arms(kept: pd.DataFrame, excluded: pd.DataFrame, selection: dict[str, Any]) -> Arms:
    """Return the arms of nested outcomes from their rows, and note in `selection` what was left out."""
    outcomes = tuple(selection["outcomes"])
    wide = _one_row_per_arm(kept, outcomes, selection["table"])
    selection["differing"] = [
        str(name) for name in kept.columns if name not in (*wide.columns, OUTCOME, *COUNTS)
    ]
    if selection["by_definition"] == "missing":
        told = _told_by_definition(wide, kept, outcomes)
        for _, row in told.iterrows():
            same = (wide[list(WHOLE_ARM)] == row[list(WHOLE_ARM)]).all(axis=1)
            wide.loc[same, row["inner"]] = row[EVENTS]
            wide.loc[same, row[OUTCOME]] = pd.NA
        moved = kept.merge(told.drop(columns=[EVENTS, "inner"]), on=[*WHOLE_ARM, OUTCOME])
        excluded = pd.concat([excluded, moved]) if len(moved) else excluded
    wide = wide.drop(columns=[_definition_column(name) for name in outcomes], errors="ignore")
    return Arms(with_stratum_column(wide, selection["strata"]), excluded, selection, outcomes)


def _one_row_per_arm(frame: pd.DataFrame, outcomes: Sequence[str], name: str) -> pd.DataFrame:
    """Return one row per arm with each count, without columns that differ within arms."""
    grouped = frame.groupby(list(WHOLE_ARM), sort=False)
    sizes = grouped[N].nunique()
    several = ["/".join(filter(None, arm)) for arm in sizes.index[sizes > 1]]
    if several:
        raise EvidenceError(
            f"{name}: the patients `n` of an arm must be the same for all of {listed(outcomes)}; not so in "
            f"{listed(several)}. Correct the table, or leave the row out by `where`."
        )
    own = (OUTCOME, EVENTS)
    values = grouped.nunique(dropna=False).max()
    same = [str(name) for name, most in values.items() if name not in own and most == 1]
    wide = grouped[same].first().drop(columns=list(WHOLE_ARM), errors="ignore").reset_index()
    for outcome in outcomes:
        counts = frame[frame[OUTCOME] == outcome].set_index(list(WHOLE_ARM))[EVENTS]
        wide[outcome] = counts.reindex(pd.MultiIndex.from_frame(wide[list(WHOLE_ARM)])).to_numpy()
        wide[outcome] = wide[outcome].astype("Int64")
    return _with_inferred(wide, frame)


def _with_inferred(wide: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the arms with the outcomes whose counts are inferred, where the table says how any is."""
    if DERIVATION not in frame.columns:
        return wide
    rows = frame[inferred_counts(frame)]
    found = rows.groupby(list(WHOLE_ARM))[OUTCOME].agg(";".join)
    keys = wide[list(WHOLE_ARM)].itertuples(index=False, name=None)
    return wide.assign(**{INFERRED: [found.get(key, "") for key in keys]})


def _told_by_definition(
    frame: pd.DataFrame, definitions: pd.DataFrame, outcomes: Sequence[str]
) -> pd.DataFrame:
    """Return the counts that say nothing beyond the outcome within, by the column of definitions.

    An arm whose definition of an outcome lists no category but those of the outcome within it, such
    as ``CR+CRi`` of an overall response around ``CR_CRi``, recorded nothing more: its count is the
    inner one. Columns `study`, `arm`, `stratum`, `outcome`, `inner`, `events` and `rule`.
    """
    rows = []
    for outer, inner in pairwise(outcomes):
        column = _definition_column(outer)
        if column not in definitions.columns:
            continue
        own = definitions[definitions[OUTCOME] == outer].set_index(list(WHOLE_ARM))[column]
        for _, row in frame[frame[outer].notna()].iterrows():
            text = own.get(tuple(row[list(WHOLE_ARM)]))
            if not isinstance(text, str) or not _adds_nothing(text, inner):
                continue
            if pd.notna(row[inner]) and row[outer] != row[inner]:
                raise EvidenceError(
                    f"The definition of {outer} of arm {_label(row)} is '{text}', which is that of {inner}, but their "
                    f"counts are {row[outer]} and {row[inner]}. Correct the table."
                )
            found = {one: row[one] for one in WHOLE_ARM} | {"inner": inner}
            rule = f"definition: {outer} is '{text}', so it recorded no response beyond {inner}"
            rows.append({**found, OUTCOME: outer, EVENTS: int(row[outer]), "rule": rule})
    return pd.DataFrame(rows, columns=[*WHOLE_ARM, OUTCOME, "inner", EVENTS, "rule"])


def _label(row: "pd.Series[Any]") -> str:
    return "/".join(filter(None, (row[one] for one in WHOLE_ARM)))


def _definition_column(outcome: str) -> str:
    """Return the column that says which categories an outcome counts: ``orr_definition`` of ORR."""
    return f"{outcome.lower()}_definition"


def _adds_nothing(definition: str, inner: str) -> bool:
    """Return whether a definition, ``"equals CR+CRi"``, lists only parts of `inner`, ``CR_CRi``."""
    last = definition.split(";")[-1].strip().removeprefix("equals").removesuffix("overall").strip()
    categories = {part.strip().casefold() for part in re.split(r"[+,/]|\band\b", last)}
    return bool(last) and categories <= {part.casefold() for part in inner.split("_")}
