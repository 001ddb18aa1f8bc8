"""Rules for subgroups that are reported in part: rows of an arm by level of one stratum, or its total.

An arm enters once, in the finest way that its rows allow: by level; by the level that is reported and,
by subtraction from the total, the other; or as the total of levels of known sizes, whose rates differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from bayesmeta.errors import EvidenceError
from bayesmeta.evidence.columns import (
    ARM,
    DERIVATION,
    EVENTS,
    PART_OF,
    SPLIT_BY,
    SPLIT_COLUMNS,
    SPLIT_LEVEL,
    SPLIT_N,
    STRATUM,
    STUDY,
    N,
)
from bayesmeta.evidence.derivations import CONCLUDED, standing
from bayesmeta.evidence.level_sizes import (
    LEVELS,
    ArmKey,
    level_of,
    other_level,
    stated_sizes,
)
from bayesmeta.evidence.strata import check_apart, stratum_levels
from bayesmeta.evidence.total_sizes import TotalSizes, at_level, shown

BY_SUBTRACTION = "from_total"
"""Derivation of the count of a level that is the total of its arm less the other level."""


class _Arm(NamedTuple):
    """The rows of an arm that are left: its total, and its levels."""

    total: "pd.Series[Any] | None"
    levels: pd.DataFrame

    @property
    def missing(self) -> tuple[int, int]:
        """Responders and patients of the total that are in none of the levels."""
        assert self.total is not None  # noqa: S101 - asked of arms with a total alone
        return tuple(int(self.total[name] - self.levels[name].sum()) for name in (EVENTS, N))  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class Partition:
    """One stratum of a table, whose levels divide the patients of an arm.

    `rows` are those of the outcome, whether they have counts or not: a row with `n` alone gives the
    size of its level.
    """

    stratum: str
    rows: pd.DataFrame
    keep_unknown: bool = False
    """Whether totals over two levels of unknown sizes stand, too."""

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """The levels of known size, in order; of one that is named alone, all other patients, too."""
        sized = self.rows[self.rows[N].notna()]
        found = {level for text in sized[STRATUM] if (level := self.level_of(text)) is not None}
        known = any(f"{self.stratum}_{kind}" in self.rows.columns for kind in ("n", "percent"))
        if len(found) == 1:
            found |= {other_level(*found)}
        return tuple(sorted({*found, *(LEVELS if known else ())}))

    def level_of(self, text: str) -> str | None:
        """Return the level of a row that is a level of this stratum and of no other."""
        return level_of(text, self.stratum)

    @cached_property
    def sizes(self) -> TotalSizes:
        """What is known of the sizes of the levels within totals."""
        return TotalSizes(self.stratum, self.rows, self.levels, self.keep_unknown)

    def size_alone(self, frame: pd.DataFrame) -> list[str]:
        """Drop rows that give the size of a level and no count: `sizes` has them."""
        reason = f"strata: the size of a level of '{self.stratum}', without a count"
        sized = frame[EVENTS].isna() & frame[N].notna()
        return [
            reason if alone and self.level_of(text) is not None else ""
            for alone, text in zip(sized, frame[STRATUM], strict=True)
        ]

    def outside(self, frame: pd.DataFrame) -> list[str]:
        """Drop levels of other strata: two partitions of an arm hold the same patients."""
        reason = f"strata: not a level of '{self.stratum}'"
        return [
            "" if self.level_of(text) is not None or not stratum_levels(text) else reason
            for text in frame[STRATUM]
        ]

    def instead_of_parts(self, frame: pd.DataFrame) -> list[str]:
        """Drop the parts of an arm that stands by levels, unless they stand by levels, too."""
        if PART_OF not in frame.columns:
            return [""] * len(frame)
        by_level = {
            key
            for key, text in zip(_keys(frame), frame[STRATUM], strict=True)
            if self.level_of(text) is not None or key in self.sizes.known
        }
        owners = list(zip(frame[STUDY], frame[PART_OF], strict=True))
        finer = {own for key, own in zip(_keys(frame), owners, strict=True) if key in by_level}
        reason = f"part: the whole arm stands by levels of '{self.stratum}'"
        return [reason if own in by_level and own not in finer else "" for own in owners]

    def total_or_levels(self, frame: pd.DataFrame) -> list[str]:
        """Drop totals for which levels stand, and those whose levels are of unknown size."""
        arms = self._arms(frame)
        seen = {key: self._about_total(arm) for key, arm in arms.items() if arm.total is not None}
        return [
            seen.get(key, "") if not stratum_levels(text) else ""
            for key, text in zip(_keys(frame), frame[STRATUM], strict=True)
        ]

    def completed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows with the level of each; of a total, those of its levels and their sizes."""
        arms = self._arms(frame)
        rows = [
            row
            if stratum_levels(row[STRATUM])
            else self._of_total(row, arms[str(row[STUDY]), str(row[ARM])].levels)
            for _, row in frame.iterrows()
        ]
        found = frame.assign(
            **{name: [row[name] for row in rows] for name in (STRATUM, *_counts(frame))}
        ).astype(frame.dtypes[[STRATUM, *_counts(frame)]].to_dict())
        levels = [str(row.get(self.stratum) or self.level_of(row[STRATUM])) for row in rows]
        found = found.assign(**{self.stratum: levels})
        if not any(SPLIT_N in row for row in rows):
            return found
        usual = {SPLIT_BY: "", SPLIT_LEVEL: "", SPLIT_N: 0}
        found = found.assign(
            **{name: [row.get(name, usual[name]) for row in rows] for name in SPLIT_COLUMNS}
        )
        return found.astype({SPLIT_N: "Int64"})

    def _arms(self, frame: pd.DataFrame) -> dict[ArmKey, _Arm]:
        whole = [not stratum_levels(text) for text in frame[STRATUM]]
        found = {}
        for key, rows in frame.assign(whole=whole).groupby([STUDY, ARM], sort=False):
            totals, levels = rows[rows["whole"]], rows[~rows["whole"]]
            found[key] = _Arm(totals.iloc[0] if len(totals) else None, levels)
        return found  # type: ignore[return-value]

    def _about_total(self, arm: _Arm) -> str:
        """Return why a total is dropped, after checking it against its levels."""
        assert arm.total is not None  # noqa: S101 - as in `missing`
        if arm.levels.empty:
            return self.sizes.why_unknown(arm.total)
        self._check_levels(arm)
        events, n = arm.missing
        if (events, n) == (0, 0):
            return f"strata: levels of '{self.stratum}' stand for the whole arm"
        left = self._left(arm.levels)
        if len(left) != 1:
            self._check_complete(arm, left)
            return f"strata: the patients of no reported level of '{self.stratum}' are of several"
        self._check_complement(arm, left[0])
        return ""

    def _left(self, levels: pd.DataFrame) -> list[str]:
        """Return the levels that an arm does not report."""
        there = {self.level_of(text) for text in levels[STRATUM]}
        return [level for level in self.levels if level not in there]

    def _check_levels(self, arm: _Arm) -> None:
        total, levels = arm.total, arm.levels
        assert total is not None  # noqa: S101 - as in `missing`
        for place, row in levels.iterrows():
            for name in (N, EVENTS):
                if row[name] > total[name]:
                    raise EvidenceError(
                        f"A level may have no more `{name}` than its arm; {shown(place, row)} has {row[name]}, the "
                        f"arm ({total.name}) {total[name]}. Correct the counts."
                    )
        for name in (N, EVENTS):
            both = int(levels[name].sum())
            if both > total[name]:
                raise EvidenceError(
                    f"Levels of '{self.stratum}' may share no patients; of {shown(total.name, total)} they add up to "
                    f"{both} `{name}`, more than the {total[name]} of the arm. Correct the counts, or drop the level "
                    "that overlaps another."
                )

    def _check_complete(self, arm: _Arm, left: list[str]) -> None:
        total, (events, n) = arm.total, arm.missing
        assert total is not None  # noqa: S101 - as in `missing`
        if not left or n == 0:
            raise EvidenceError(
                f"All levels of '{self.stratum}' must add up to their arm; of {shown(total.name, total)} they add up to "
                f"{total[EVENTS] - events} of {total[N] - n}, not to {total[EVENTS]} of {total[N]}. Correct the "
                f"counts, or give patients of no known level one of their own, such as {self.stratum}=unknown."
            )

    def _check_complement(self, arm: _Arm, level: str) -> None:
        total, (events, n) = arm.total, arm.missing
        assert total is not None  # noqa: S101 - as in `missing`
        size = stated_sizes(total, self.rows, self.stratum).get(level, n)
        if events > n or size != n:
            told = f"{events} responders of {n} patients"
            against = "" if size == n else f", of which there are {size}"
            raise EvidenceError(
                f"The total of an arm less its levels must be a count; {shown(total.name, total)} leaves {told} for "
                f"{self.stratum}={level}{against}. Correct the counts."
            )

    def _of_total(self, total: "pd.Series[Any]", levels: pd.DataFrame) -> "pd.Series[Any]":
        """Return a total as the level that is left, or with its levels."""
        if len(levels):
            return self._complement(total, levels)
        return self.sizes.divided(total)

    def _complement(self, total: "pd.Series[Any]", levels: pd.DataFrame) -> "pd.Series[Any]":
        events, n = _Arm(total, levels).missing
        [level] = self._left(levels)
        found = at_level(total, f"{self.stratum}={level}")
        found[EVENTS], found[N] = events, n
        if DERIVATION in found:
            ways = pd.Series([total[DERIVATION], *levels[DERIVATION]])
            concluded = standing(ways).max() == CONCLUDED
            found[DERIVATION] = "inferred" if concluded else BY_SUBTRACTION
        return found


def _keys(frame: pd.DataFrame) -> Iterable[ArmKey]:
    return list(zip(frame[STUDY], frame[ARM], strict=True))


def _counts(frame: pd.DataFrame) -> list[str]:
    return [EVENTS, N, *([DERIVATION] if DERIVATION in frame.columns else [])]


def by_level(frame: pd.DataFrame, partition: Partition) -> pd.DataFrame:
    """Return rows by level, after checking that levels of an arm share no patients."""
    found = partition.completed(frame)
    check_apart(found, partition.stratum)
    return found
