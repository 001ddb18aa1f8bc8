"""What is probably not meant: totals, patients who count twice, and one name in two spellings."""

import re
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import listed
from bayesmeta.evidence.columns import (
    ALWAYS_TEXT,
    ARM,
    DERIVATION,
    EVENTS,
    OUTCOME,
    OVERLAP_GROUP,
    PART_OF,
    STRATUM,
    STUDY,
    N,
    labels_of,
)
from bayesmeta.evidence.findings import Finding, place_of
from bayesmeta.spelling import alike, differences, shown

Groups = npt.NDArray[np.intp]
"""Position of each row's group."""

_TOTAL = re.compile("combined|overall|pooled|subtotal|sum|summary|totals?")
_BESIDE = re.compile(
    "all|arms|ci|effects?|estimates?|fixed|grand|model|n|patients|population|random|rates?|results?|studies|sub|the|trials"
)
"""Words that may stand beside one that names a total; beside others, it is a treatment or an author."""

_NO_TOTALS = "Drop it, or name it in `part_of` of its parts, unless it holds other patients."

_YEAR = re.compile(r"(19|20)\d\d")

FEWEST_SUMMED, FEWEST_PATIENTS = 2, 10
"""Rows of which another is said to be the sum, and its patients; fewer add up by chance."""

FEWEST_ARMS = 3
"""Arms of one size that are told of a single study; two are as often randomised in equal numbers."""

FEWEST_STUDIES = 3
"""Studies of two arms of one size that are told, where all studies of several arms are such."""


def patients_twice(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Return rows that look like totals of others, and arms that look like outcomes of one arm."""
    groups = _counted_together(frame)
    return tuple(finding for rows in groups for finding in (*_totals(rows), *_same_patients(rows)))


def named_totals(frame: pd.DataFrame) -> list[Finding]:
    """Return studies that are named like a total and are the sum of all others: certainly none."""
    # Names are few, and looked at first: hardly any table has such a one.
    if not _names_totals(frame[STUDY]).any():
        return []
    return [
        finding
        for rows in _counted_together(frame)
        for finding in _totals(
            rows, _names_totals(rows[STUDY]) & _is_sum(rows, np.zeros(len(rows), dtype=np.intp))
        )
    ]


def _counted_together(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows with counts of each outcome and stratum."""
    known = (frame[EVENTS].notna() & frame[N].notna()).to_numpy(dtype=bool)
    counted = frame[known & ~_parts_beside_their_whole(frame)]
    by = [column for column in (OUTCOME, STRATUM) if column in counted.columns]
    return [rows for _, rows in counted.groupby(by, sort=False)] if by else [counted]


def _parts_beside_their_whole(frame: pd.DataFrame) -> Flags:
    if PART_OF not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    arms = set(zip(frame[STUDY], frame[ARM], strict=True))
    owners = zip(frame[STUDY], frame[PART_OF], strict=True)
    return np.array([bool(owner[1]) and owner in arms for owner in owners], dtype=bool)


def _totals(rows: pd.DataFrame, certain: Flags | None = None) -> Iterator[Finding]:
    """Yield rows that look like totals; where `certain` is given, those alone."""
    study = pd.factorize(rows[STUDY])[0]
    of_all, of_study = _is_sum(rows, np.zeros_like(study)), _is_sum(rows, study)
    named = _named(rows, study)
    told = named | of_all | of_study if certain is None else certain
    for i in map(int, np.flatnonzero(told)):
        reasons = ["is named like a total"] if named[i] else []
        if of_all[i] or of_study[i]:
            counts = f"{rows[EVENTS].iloc[i]} of {rows[N].iloc[i]}"
            others = "all others" if of_all[i] else "the other arms of its study"
            reasons.append(f"has counts, {counts}, that are the sum of {others}")
        place, label = str(rows.index[i]), labels_of(rows.iloc[[i]])[0]
        what = shown(label) if place == label else f"{shown(label)} ({place})"
        yield Finding("total", (place,), f"{what} {' and '.join(reasons)}", _NO_TOTALS)


def _is_sum(rows: pd.DataFrame, group: Groups) -> Flags:
    """Return which rows have the counts of all others of their group together."""
    events, n = _counts(rows)
    found = (np.bincount(group)[group] > FEWEST_SUMMED) & (n >= FEWEST_PATIENTS)
    for counts in (events, n):
        found &= 2 * counts == np.bincount(group, weights=counts)[group]
    return found


def _counts(rows: pd.DataFrame) -> tuple[Array, Array]:
    return rows[EVENTS].to_numpy(dtype=np.float64), rows[N].to_numpy(dtype=np.float64)


def _named(rows: pd.DataFrame, study: Groups) -> Flags:
    """Return which rows have a study or, beside other arms, an arm that is named like a total."""
    found = _names_totals(rows[STUDY])
    if ARM in rows.columns:
        found = found | (_names_totals(rows[ARM]) & (np.bincount(study)[study] > 1))
    return found


def _names_totals(names: "pd.Series[str]") -> Flags:
    return names.isin([name for name in names.unique() if _names_total(name)]).to_numpy(dtype=bool)


def _names_total(name: str) -> bool:
    words = re.findall(r"[^\W\d_]+", name.casefold())
    others = [word for word in words if not _TOTAL.fullmatch(word)]
    return (
        len(others) < len(words) and all(map(_BESIDE.fullmatch, others)) and not _YEAR.search(name)
    )


def _same_patients(rows: pd.DataFrame) -> Iterator[Finding]:
    """Yield the studies whose arms have one size and, together, no more responders than patients."""
    # Parts of one arm hold different patients.
    arms = rows[rows[PART_OF] == ""] if PART_OF in rows.columns else rows
    study, names = pd.factorize(arms[STUDY])
    size = np.bincount(study)
    told = _one_size(arms, study) & (size > 1)
    if not (told.sum() == (size > 1).sum() >= FEWEST_STUDIES):
        told &= size >= FEWEST_ARMS
    if not told.any():
        return
    events, n = _counts(arms)
    shares = (
        f"{names[i]} ({events[study == i].sum():.0f} of {n[study == i][0]:.0f} in {size[i]} arms)"
        for i in map(int, np.flatnonzero(told))
    )
    yield Finding(
        "same patients",
        tuple(map(str, arms.index[told[study]])),
        f"arms may be exclusive outcomes of the same patients, since they are of one size and have together no more "
        f"responders than that, or one is the sum of the others: {listed(shares)}",
        "Name outcomes in column `outcome`, one row each; arms hold different patients.",
    )


def _one_size(arms: pd.DataFrame, study: Groups) -> Flags:
    """Return which studies have arms of one size that may be exclusive outcomes of the same patients."""
    events, n = _counts(arms)
    most, total = np.zeros(len(np.bincount(study))), np.bincount(study, weights=events)
    np.maximum.at(most, study, events)
    size = np.zeros_like(most)
    np.maximum.at(size, study, n)
    differs = np.bincount(study, weights=n != size[study])
    exclusive = (total <= size) | (2 * most == total)
    return np.asarray((differs == 0) & (size > 0) & exclusive, dtype=bool)


SPELLING = "spelling"
"""The kind of these findings."""

_NAMES = (STUDY, OUTCOME, STRATUM, OVERLAP_GROUP, DERIVATION)
"""Columns besides covariates whose values are compared throughout the table."""

LONGEST_NAME = 80
"""Characters beyond which a text is no name but a remark."""

_REMEDY = "Spell them alike, or rename one if they are two."


def two_spellings(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Return names of columns, studies, arms, outcomes and levels that differ only in spelling."""
    return tuple([*_columns(frame), *_values(frame), *_arms(frame)])


def _columns(frame: pd.DataFrame) -> Iterator[Finding]:
    for names in alike(map(str, frame.columns)):
        yield Finding(SPELLING, (), f"columns {_joined(map(shown, names))} {_only(names)}", _REMEDY)


def _values(frame: pd.DataFrame) -> Iterator[Finding]:
    for column in map(str, frame.columns):
        compared = column in _NAMES or column not in ALWAYS_TEXT
        if compared and pd.api.types.is_string_dtype(frame[column]):
            yield from _alike(frame[column], f"`{column}`")


def _arms(frame: pd.DataFrame) -> Iterator[Finding]:
    if ARM not in frame.columns:
        return
    several = frame.groupby(STUDY, sort=False)[ARM].transform("nunique") > 1
    for study, arms in frame[several].groupby(STUDY, sort=False)[ARM]:
        yield from _alike(arms, f"`{ARM}` of study {shown(str(study))}")


def _alike(column: "pd.Series[str]", what: str) -> Iterator[Finding]:
    rows = _rows_of_names(column)
    for names in alike(rows):
        spelt = [_spelt(name, rows[name]) for name in names]
        concerned = tuple(row for name in names for row in rows[name])
        yield Finding(SPELLING, concerned, f"{what}: {_joined(spelt)} {_only(names)}", _REMEDY)


def _spelt(name: str, rows: list[str]) -> str:
    # The label of a study's only arm is its name.
    where = "" if rows == [name] else f" ({place_of(rows)})"
    return f"{shown(name)}{where}"


def _rows_of_names(column: "pd.Series[str]") -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for row, name in column.items():
        if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME:
            rows.setdefault(name, []).append(str(row))
    return rows


def _only(names: tuple[str, ...]) -> str:
    return f"differ only in {_joined(differences(names))}"


def _joined(items: Iterable[str]) -> str:
    """Return items as a list in a sentence: a, b and c."""
    *before, last = items
    return f"{', '.join(before)} and {last}" if before else str(last)
