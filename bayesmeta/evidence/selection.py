"""Rules that turn the rows of an evidence table into the arms of one analysis.

Each rule marks rows to drop; the first that marks a row is the reason kept for it. In this order:
conditions asked for, rows without a count, derivations, default exclusions, strata and mixed
populations, parts or the whole, overlapping cohorts, totals or levels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.arrays import Integers
from bayesmeta.errors import EvidenceError, listed
from bayesmeta.evidence.columns import (
    ARM,
    DEFAULT_INCLUDE,
    DERIVATION,
    EVENTS,
    EXCLUSION_REASON,
    OUTCOME,
    OVERLAP_GROUP,
    OVERLAP_RANK,
    PART_OF,
    STRATUM,
    STUDY,
    N,
)
from bayesmeta.evidence.derivations import standing
from bayesmeta.evidence.partition import Partition
from bayesmeta.evidence.strata import is_mixed, stratum_levels

Rule = Callable[[pd.DataFrame], list[str]]
"""Returns why each row is dropped; empty where it is kept."""

Parts = Mapping[tuple[str, str], set[str]]
Places = npt.NDArray[np.intp]


def apply_rules(frame: pd.DataFrame, rules: Sequence[Rule]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that every rule keeps, and the others with the `rule` that dropped each."""
    excluded = [frame.iloc[:0].assign(rule=pd.Series(dtype="str"))]
    for rule in rules:
        reasons = rule(frame)
        dropped = np.array(list(map(bool, reasons)), dtype=bool)
        if dropped.any():
            excluded.append(frame[dropped].assign(rule=list(filter(None, reasons))))
            frame = frame[~dropped]
    kept = [part for part in excluded if len(part)]
    return frame, pd.concat(kept).sort_index(kind="stable") if kept else excluded[0]


def check_left(name: str, kept: pd.DataFrame, excluded: pd.DataFrame) -> None:
    """Raise if the rules left nothing, with the rules that dropped most."""
    if kept.empty:
        counts = excluded["rule"].value_counts().items()
        reasons = [f"{reason} ({rows} rows)" for reason, rows in counts]
        raise EvidenceError(
            f"{name}: the selection leaves no arm. Dropped by: {listed(reasons)}. Relax a condition."
        )


def selection_rules(
    *,
    parts: Rule,
    strata: str | None,
    partition: Partition | None,
    derivations: Sequence[str] | None,
    overlaps: str,
    include: str,
    mixed: bool,
) -> list[Rule]:
    """Return the rules of `select` in order.

    `parts` chooses between an arm and its parts, `partition` between its total and its levels.
    """
    rules: list[Rule] = [_without_count]
    if partition is not None:
        rules.insert(0, partition.size_alone)
    if derivations is not None:
        rules.append(lambda frame: derived_otherwise(frame, derivations))
    if include == "default":
        rules.append(excluded_by_default)
    if not mixed:
        rules.append(mixed_population)
    if partition is None:
        rules.append(lambda frame: _outside_stratum(frame, strata))
    else:
        rules.append(partition.outside)
    rules.append(mixed_beside_target)
    rules += [parts] if partition is None else [partition.instead_of_parts, parts]
    rules += [overlapping] if overlaps == "resolve" else []
    return rules if partition is None else [*rules, partition.total_or_levels]


def _without_count(frame: pd.DataFrame) -> list[str]:
    reasons = np.select(
        [frame[EVENTS].isna(), frame[N].isna()],
        [
            "no count: none can be recovered from the source",
            "no count: the number of patients is not known",
        ],
        "",
    )
    return list(map(str, reasons))


def derived_otherwise(frame: pd.DataFrame, derivations: Sequence[str]) -> list[str]:
    """Drop rows whose derivation is not asked for."""
    return [
        "" if how in derivations else f"derivation: count is '{how}'" for how in frame[DERIVATION]
    ]


def excluded_by_default(frame: pd.DataFrame) -> list[str]:
    """Drop studies that are marked so."""
    none = pd.Series("", frame.index)
    rows = frame.get(DEFAULT_INCLUDE, none) == "no"
    why = frame.get(EXCLUSION_REASON, none)
    return [
        f"excluded by default: {reason or 'no reason given'}" if row else ""
        for row, reason in zip(rows, why, strict=True)
    ]


def mixed_population(frame: pd.DataFrame) -> list[str]:
    """Drop rows with patients outside the target population."""
    reason = "mixed population: patients outside the target population are counted"
    return [reason if is_mixed(stratum) else "" for stratum in frame[STRATUM]]


def _outside_stratum(frame: pd.DataFrame, name: str | None) -> list[str]:
    """Drop strata, or all that are not levels of the one asked for."""
    if name is None:
        return [
            f"stratum: {stratum} is part of the arm" if stratum_levels(stratum) else ""
            for stratum in frame[STRATUM]
        ]
    reason = f"strata: not a level of '{name}'"
    return ["" if list(stratum_levels(text)) == [name] else reason for text in frame[STRATUM]]


def mixed_beside_target(frame: pd.DataFrame) -> list[str]:
    """Drop a mixed count where the same arm reports its target population."""
    levels = [tuple(stratum_levels(text).items()) for text in frame[STRATUM]]
    keys = list(zip(frame[STUDY], frame[ARM], levels, strict=True))
    mixed = [is_mixed(text) for text in frame[STRATUM]]
    pure = {key for key, is_mixed in zip(keys, mixed, strict=True) if not is_mixed}
    whole = {key[:2] for key in pure if not key[2]}
    reason = "mixed population: the arm reports the target population apart"
    return [
        reason if is_mixed and (key in pure or key[:2] in whole) else ""
        for key, is_mixed in zip(keys, mixed, strict=True)
    ]


class _Counts(NamedTuple):
    """Counts of rows and how each was derived: looked up once, however many arms have parts."""

    events: Integers
    n: Integers
    standing: Integers


def _counts(frame: pd.DataFrame) -> _Counts:
    events, n = (frame[name].to_numpy(dtype=np.int64) for name in (EVENTS, N))
    known = DERIVATION in frame.columns
    return _Counts(events, n, standing(frame[DERIVATION]) if known else np.zeros_like(n))


def parts_or_whole(
    frame: pd.DataFrame, all_parts: Parts, *, prefer_parts: bool, nested: bool
) -> list[str]:
    """Drop a whole arm whose parts stand for it, or else the parts; for all its outcomes together.

    Parts do if every one of them reports each outcome that the whole arm reports and, in each, they add
    up to the whole and are derived no worse. `all_parts` names them, whatever outcome they report.
    """
    reasons = np.full(len(frame), "", dtype=object)
    counts, outcomes, arms = _counts(frame), frame[OUTCOME].to_numpy(), frame[ARM].to_numpy()
    every = "report every outcome that it reports" if nested else "all report the outcome"
    for arm, whole, parts in families(frame):
        reported = set(zip(arms[parts], outcomes[parts], strict=True))
        wanted = {(part, outcome) for part in all_parts[arm] for outcome in outcomes[whole]}
        against = "" if prefer_parts and wanted <= reported else "the whole arm is kept"
        # By name, so that the reason does not depend on the order of the rows.
        for outcome in sorted(outcomes[whole]):
            own, inner = (places[outcomes[places] == outcome] for places in (whole, parts))
            where = f" ({outcome})" if nested else ""
            against = against or _against_parts(counts, own, inner, where)
        reasons[parts if against else whole] = (
            f"part: {against}" if against else f"whole: its parts {every}, and add up to it"
        )
    return list(reasons)


def _against_parts(counts: _Counts, whole: Places, parts: Places, where: str) -> str:
    """Return why the parts of an arm do not stand for it in an outcome; empty if they do."""
    [own], [own_n] = counts.events[whole], counts.n[whole]
    events, n = counts.events[parts].sum(), counts.n[parts].sum()
    if (events, n) != (own, own_n):
        return f"the whole arm is kept, for its parts add up to {events} of {n}, not to {own} of {own_n}{where}"
    worst, best = int(counts.standing[parts].max()), int(counts.standing[whole][0])
    if worst <= best:
        return ""
    words = ("reported", "derived", "inferred")
    return (
        f"the whole arm is kept, for its count is {words[best]} and counts of its parts are "
        f"{words[worst]}{where}"
    )


def families(frame: pd.DataFrame) -> Iterator[tuple[tuple[str, str], Places, Places]]:
    """Yield, per arm that stands beside parts of itself, its names, and where it and they stand."""
    if PART_OF not in frame.columns:
        return
    wholes, parts = (_places(frame, column) for column in (ARM, PART_OF))
    for (study, arm, stratum), own in parts.items():
        whole = wholes.get((study, arm, stratum))
        if arm and whole is not None:
            yield (study, arm), whole, own


def _places(frame: pd.DataFrame, column: str) -> dict[tuple[str, str, str], Places]:
    """Return where the rows stand of each study, value of the column and stratum."""
    found: dict[tuple[str, str, str], list[int]] = {}
    keys = zip(frame[STUDY], frame[column], frame[STRATUM], strict=True)
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return {key: np.array(places, dtype=np.intp) for key, places in found.items()}


def overlapping(frame: pd.DataFrame) -> list[str]:
    """Drop cohorts that share patients with one of a lower rank."""
    if OVERLAP_GROUP not in frame.columns:
        return [""] * len(frame)
    grouped = frame[frame[OVERLAP_GROUP] != ""]
    best = grouped.groupby(OVERLAP_GROUP)[OVERLAP_RANK].min()
    lowest = frame[OVERLAP_GROUP].map(best)
    rows = (frame[OVERLAP_RANK] > lowest).fillna(value=False)
    return [
        f"overlap: group '{group}' is represented by a lower rank" if row else ""
        for group, row in zip(frame[OVERLAP_GROUP], rows, strict=True)
    ]
