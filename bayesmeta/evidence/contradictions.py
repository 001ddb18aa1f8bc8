"""Counts that cannot all be true: percentages, parts, subgroups and outcomes that contradict them.

A part leaves a rest: the patients of the whole that it does not hold. Where the rest would have fewer
than no patients or responders, or more responders than patients, the figures contradict each other.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.evidence.columns import (
    ARM,
    COUNTS,
    EVENTS,
    KEY,
    OUTCOME,
    PART_OF,
    PRINTED,
    STRATUM,
    STUDY,
    N,
    labels_of,
)
from bayesmeta.evidence.findings import Finding
from bayesmeta.evidence.printed import against_the_counts
from bayesmeta.evidence.strata import is_mixed, stratum_levels
from bayesmeta.spelling import folded

CONTRADICTION = "contradiction"
"""The kind of these findings."""

_REMEDY = "Compare both with the source."

_LOOKED_AT = (*KEY, *COUNTS, PART_OF, *PRINTED)
"""Columns that can contradict each other."""

_INNER = {
    "orr": ("crcri", "crc", "cr", "cri", "pr"),
    "overallresponse": ("crcri", "crc", "cr", "cri", "pr"),
    "crcri": ("cr", "cri"),
    "crc": ("cr", "cri"),
}
"""Of outcomes of response, as `folded` writes them: those that are counted within them."""


def contradictions(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Return rows whose counts contradict what is printed beside them, or other rows of their study."""
    known = (frame[EVENTS].notna() & frame[N].notna()).to_numpy(dtype=bool)
    # Few columns: rows are looked at one by one.
    counted = frame.loc[known, [name for name in _LOOKED_AT if name in frame.columns]]
    return (
        *against_the_counts(counted),
        *_parts(counted),
        *_subgroups(counted),
        *_outcomes(counted),
    )


def _parts(rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield the arms whose parts together contradict them."""
    if PART_OF not in rows.columns:
        return
    parts = rows[rows[PART_OF] != ""]
    wholes = _wholes(rows, parts)
    for (study, *key, owner), own in parts.groupby([STUDY, STRATUM, OUTCOME, PART_OF], sort=False):
        whole = wholes.get(tuple(map(str, (study, *key, owner))))
        if whole is not None:
            yield from _against_the_whole(own, whole, f"the parts of arm '{owner}'")


def _subgroups(rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield the levels of a stratum that, alone or together, contradict their arm."""
    of_levels = [not is_mixed(text) and bool(stratum_levels(text)) for text in rows[STRATUM]]
    levels = rows[np.array(of_levels, dtype=bool)]
    wholes = _wholes(rows[rows[STRATUM] == ""], levels)
    for (study, outcome, arm), own in levels.groupby([STUDY, OUTCOME, ARM], sort=False):
        whole = wholes.get(tuple(map(str, (study, "", outcome, arm))))
        if whole is None:
            continue
        for names, group in own.groupby(own[STRATUM].map(_names), sort=False):
            together = group[STRATUM].map(_is_apart).all()
            sets = [group] if together else [group.iloc[[i]] for i in range(len(group))]
            for one in sets:
                what = "a subgroup" if len(one) == 1 else f"the levels of '{names}'"
                yield from _against_the_whole(one, whole, what)


def _names(stratum: str) -> str:
    return ";".join(stratum_levels(stratum))


def _is_apart(stratum: str) -> bool:
    """Return whether the levels of a stratum hold different patients; those of >=2 and >=3 do not."""
    levels = list(stratum_levels(stratum).values())
    return len(levels) == 1 and levels[0][0] not in "<>"


def _wholes(rows: pd.DataFrame, parts: pd.DataFrame) -> dict[tuple[str, ...], Any]:
    """Return the rows of the studies that have parts, by study, stratum, outcome and arm."""
    there = rows[rows[STUDY].isin(set(parts[STUDY]))]
    keys = zip(*(there[name] for name in (STUDY, STRATUM, OUTCOME, ARM)), strict=True)
    return dict(zip(keys, (row for _, row in there.iterrows()), strict=True))


def _against_the_whole(parts: pd.DataFrame, whole: Any, what: str) -> Iterator[Finding]:
    events, n = int(parts[EVENTS].sum()), int(parts[N].sum())
    if 0 <= whole[EVENTS] - events <= whole[N] - n:
        return
    outcome = f", {whole[OUTCOME]}" if whole[OUTCOME] else ""
    places = list(map(str, parts.index))
    text = (
        f"{whole[STUDY]}{outcome}: {what}, {events} of {n} ({_places(places)}), cannot lie within the whole, "
        f"{whole[EVENTS]} of {whole[N]} ({whole.name})"
    )
    yield Finding(CONTRADICTION, (*places, str(whole.name)), text, _REMEDY)


def _places(places: list[str]) -> str:
    return places[0] if len(places) == 1 else f"{places[0]} and {len(places) - 1} more"


def _outcomes(rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield the outcomes that hold more of the same patients than the enclosing outcome."""
    patients = [STUDY, ARM, STRATUM, N]
    names = {name: folded(str(name)) for name in rows[OUTCOME].unique()}
    several = rows[rows.duplicated(patients, keep=False)]
    for _, own in several.groupby(patients, sort=False):
        of = {names[row[OUTCOME]]: row for _, row in own.iterrows()}
        for outer in _INNER:
            if outer in of:
                yield from _within(of[outer], (of[name] for name in _INNER[outer] if name in of))


def _within(outer: Any, inner: Iterable[Any]) -> Iterator[Finding]:
    for one in inner:
        if one[EVENTS] > outer[EVENTS]:
            label = labels_of(pd.DataFrame([outer]))[0]
            text = (
                f"{label}: {one[OUTCOME]} of {one[EVENTS]} ({one.name}) is within {outer[OUTCOME]}, which is of "
                f"{outer[EVENTS]} ({outer.name}), of the same {outer[N]} patients"
            )
            yield Finding(CONTRADICTION, (str(one.name), str(outer.name)), text, _REMEDY)
