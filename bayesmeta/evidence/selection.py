"""Rules that turn the rows of an evidence table into the arms of one analysis.

Each rule marks rows to drop; the first that marks a row is the reason kept for it. In this order:
conditions asked for, rows without a count, derivations, default exclusions, strata and mixed
populations, parts or the whole, overlapping cohorts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

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
from bayesmeta.evidence.conditions import Mask
from bayesmeta.evidence.derivations import standing
from bayesmeta.evidence.strata import is_mixed, stratum_levels

__all__ = [
    "CountedRows",
    "Dropped",
    "Parts",
    "Rule",
    "apply_rules",
    "parts_or_whole",
    "selection_rules",
]


@dataclass(frozen=True)
class Dropped:
    """Rows a rule drops, with the reason kept for each."""

    rows: Mask
    reasons: Sequence[str]


@dataclass(frozen=True)
class CountedRows:
    """Counts of rows and how each stands: looked up once, however many arms have parts."""

    events: npt.NDArray[np.int64]
    n: npt.NDArray[np.int64]
    standing: npt.NDArray[np.int64]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "CountedRows":
        """Return those of rows that all have a count."""
        events, n = (frame[name].to_numpy(dtype=np.int64) for name in (EVENTS, N))
        if DERIVATION not in frame.columns:
            return cls(events, n, np.zeros(len(frame), dtype=np.int64))
        return cls(events, n, standing(frame[DERIVATION]))


Rule = Callable[[pd.DataFrame], Dropped]
Parts = Mapping[tuple[str, str], set[str]]
Places = npt.NDArray[np.intp]


def apply_rules(frame: pd.DataFrame, rules: Sequence[Rule]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that every rule keeps, and the others with the `rule` that dropped each."""
    excluded = [frame.iloc[:0].assign(rule=pd.Series(dtype="str"))]
    for rule in rules:
        dropped = rule(frame)
        if dropped.rows.any():
            reasons = [
                reason for reason, row in zip(dropped.reasons, dropped.rows, strict=True) if row
            ]
            excluded.append(frame[dropped.rows].assign(rule=reasons))
            frame = frame[~dropped.rows]
    kept = [part for part in excluded if len(part)]
    return frame, pd.concat(kept).sort_index(kind="stable") if kept else excluded[0]


def selection_rules(
    *,
    parts: Rule,
    strata: str | None,
    derivations: Sequence[str] | None,
    overlaps: str,
    include: str,
    mixed: bool,
) -> list[Rule]:
    """Return the rules of `EvidenceTable.select` in the order in which they apply.

    `parts` is the rule that chooses between an arm and its parts.
    """
    rules: list[Rule] = [_without_count]
    if derivations is not None:
        rules.append(lambda frame: _derived_otherwise(frame, derivations))
    if include == "default":
        rules.append(_excluded_by_default)
    if not mixed:
        rules.append(_mixed_population)
    rules.append(
        _strata_left_out if strata is None else lambda frame: _outside_stratum(frame, strata)
    )
    rules.append(_mixed_beside_target)
    rules.append(parts)
    if overlaps == "resolve":
        rules.append(_overlapping)
    return rules


def _same_reason(rows: Mask, reason: str) -> Dropped:
    return Dropped(rows, [reason] * len(rows))


def _without_count(frame: pd.DataFrame) -> Dropped:
    no_events, no_n = (frame[name].isna().to_numpy() for name in (EVENTS, N))
    reasons = {
        True: "no count: the source prints none that can be recovered",
        False: "no count: of how many patients is not known",
    }
    return Dropped(no_events | no_n, [reasons[bool(missing)] for missing in no_events])


def _derived_otherwise(frame: pd.DataFrame, derivations: Sequence[str]) -> Dropped:
    rows = ~frame[DERIVATION].isin(derivations).to_numpy()
    return Dropped(rows, [f"derivation: count is '{how}'" for how in frame[DERIVATION]])


def _excluded_by_default(frame: pd.DataFrame) -> Dropped:
    if DEFAULT_INCLUDE not in frame.columns:
        return _same_reason(np.zeros(len(frame), dtype=bool), "")
    rows = (frame[DEFAULT_INCLUDE] == "no").to_numpy()
    why = frame[EXCLUSION_REASON] if EXCLUSION_REASON in frame.columns else [""] * len(frame)
    return Dropped(rows, [f"excluded by default: {reason or 'no reason given'}" for reason in why])


def _mixed_population(frame: pd.DataFrame) -> Dropped:
    rows = np.array([is_mixed(stratum) for stratum in frame[STRATUM]], dtype=bool)
    return _same_reason(
        rows, "mixed population: patients outside the target population are counted"
    )


def _strata_left_out(frame: pd.DataFrame) -> Dropped:
    rows = np.array([bool(stratum_levels(stratum)) for stratum in frame[STRATUM]], dtype=bool)
    return Dropped(rows, [f"stratum: {stratum} is part of the arm" for stratum in frame[STRATUM]])


def _outside_stratum(frame: pd.DataFrame, name: str) -> Dropped:
    rows = np.array([list(stratum_levels(text)) != [name] for text in frame[STRATUM]], dtype=bool)
    return _same_reason(rows, f"strata: not a level of '{name}'")


def _mixed_beside_target(frame: pd.DataFrame) -> Dropped:
    """Drop a mixed count where the same arm reports its target population."""
    levels = [tuple(stratum_levels(text).items()) for text in frame[STRATUM]]
    keys = list(zip(frame[STUDY], frame[ARM], levels, strict=True))
    mixed = [is_mixed(text) for text in frame[STRATUM]]
    pure = {key for key, is_mixed in zip(keys, mixed, strict=True) if not is_mixed}
    whole = {key[:2] for key in pure if not key[2]}
    rows = [m and (key in pure or key[:2] in whole) for key, m in zip(keys, mixed, strict=True)]
    return _same_reason(
        np.array(rows, dtype=bool), "mixed population: the arm reports the target population apart"
    )


def parts_or_whole(
    frame: pd.DataFrame, all_parts: Parts, *, prefer_parts: bool, nested: bool
) -> Dropped:
    """Drop a whole arm whose parts stand for it, or else the parts; for all its outcomes together.

    Parts do if every one of them reports each outcome that the whole arm reports and, in each, they add
    up to the whole and are derived no worse. `all_parts` names them, whatever outcome they report.
    """
    rows, reasons = np.zeros(len(frame), dtype=bool), np.full(len(frame), "", dtype=object)
    counts, outcomes, arms = CountedRows.of(frame), frame[OUTCOME].to_numpy(), frame[ARM].to_numpy()
    every = "report every outcome that it reports" if nested else "all report the outcome"
    for arm, whole, parts in _families(frame):
        reported = set(zip(arms[parts], outcomes[parts], strict=True))
        wanted = {(part, outcome) for part in all_parts[arm] for outcome in outcomes[whole]}
        against = "" if prefer_parts and wanted <= reported else "the whole arm is kept"
        # By name, so that the reason does not depend on the order of the rows.
        for outcome in sorted(outcomes[whole]):
            own, inner = (places[outcomes[places] == outcome] for places in (whole, parts))
            where = f" ({outcome})" if nested else ""
            against = against or _against_parts(counts, own, inner, where)
        dropped = parts if against else whole
        rows[dropped] = True
        reasons[dropped] = (
            f"part: {against}" if against else f"whole: its parts {every}, and add up to it"
        )
    return Dropped(rows, list(reasons))


def _against_parts(counts: CountedRows, whole: Places, parts: Places, where: str) -> str:
    """Return why the parts of an arm don't stand for it in an outcome; empty if they do."""
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


def _families(frame: pd.DataFrame) -> Iterator[tuple[tuple[str, str], Places, Places]]:
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


def _overlapping(frame: pd.DataFrame) -> Dropped:
    if OVERLAP_GROUP not in frame.columns:
        return _same_reason(np.zeros(len(frame), dtype=bool), "")
    grouped = frame[frame[OVERLAP_GROUP] != ""]
    best = grouped.groupby(OVERLAP_GROUP)[OVERLAP_RANK].min()
    lowest = frame[OVERLAP_GROUP].map(best)
    rows = (frame[OVERLAP_RANK] > lowest).fillna(value=False).to_numpy(dtype=bool)
    return Dropped(
        rows,
        [
            f"overlap: group '{group}' is represented by a lower rank"
            for group in frame[OVERLAP_GROUP]
        ],
    )
