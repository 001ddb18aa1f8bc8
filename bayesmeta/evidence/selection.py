"""Rules that turn the rows of a table, of any kind, into the arms of one analysis.

Each rule marks rows to drop; the first that marks a row is the reason kept for it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayesmeta.errors import EvidenceError, listed
from bayesmeta.evidence.columns import (
    ARM,
    DEFAULT_INCLUDE,
    DERIVATION,
    EXCLUSION_REASON,
    OVERLAP_GROUP,
    OVERLAP_RANK,
    PART_OF,
    STRATUM,
    STUDY,
)
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
