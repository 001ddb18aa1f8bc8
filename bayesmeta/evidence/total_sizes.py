"""Totals of arms whose levels have no counts: how their patients divide, or why this is not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from bayesmeta.errors import EvidenceError, listed
from bayesmeta.evidence.columns import ARM, SPLIT_COLUMNS, STRATUM, STUDY, N, labels_of
from bayesmeta.evidence.level_sizes import LEVELS, ArmKey, level_sizes, stated_sizes

Sizes = Mapping[str, int]

UNKNOWN_SIZES = "strata: the sizes of the levels of"
"""How the reason begins for which totals are left out where no row or column gives the sizes."""


@dataclass(frozen=True, eq=False)
class TotalSizes:
    """The sizes of the levels of a stratum within totals; see `Partition`, whose values these are."""

    stratum: str
    rows: pd.DataFrame
    levels: tuple[str, ...]
    keep_unknown: bool

    @cached_property
    def known(self) -> dict[ArmKey, dict[str, int]]:
        """Patients at each level of the arms whose levels are of known size, at most two of them."""
        return level_sizes(self.rows, self.stratum, self.levels)

    def why_unknown(self, total: "pd.Series[Any]") -> str:
        """Return why a total is dropped, after checking it against the sizes that are stated."""
        if (total[STUDY], total[ARM]) in self.known:
            return ""
        stated = stated_sizes(total, self.rows, self.stratum)
        self._check(total, stated)
        if len(stated) == len(self.levels):
            return (
                f"strata: the sizes of the levels add up to {sum(stated.values())} of {total[N]} patients, or are "
                "of more than two levels"
            )
        if self.keep_unknown and len(self.levels) == len(LEVELS):
            return ""
        return (
            f"{UNKNOWN_SIZES} '{self.stratum}' are not known; a row of a level with `n`, or "
            f"a column {self.stratum}_n, gives them"
        )

    def divided(self, total: "pd.Series[Any]") -> "pd.Series[Any]":
        """Return a total with its levels and their sizes; at one level, where that has all patients."""
        sizes = self.known.get((total[STUDY], total[ARM]))
        if sizes is None:
            first, second = self.levels
            return self._split(total, first, second, pd.NA)
        (first, _), *others = sorted(sizes.items()) if min(sizes.values()) else _alone(sizes)
        if not others:
            return at_level(total, f"{self.stratum}={first}")
        [(second, size)] = others
        return self._split(total, first, second, size)

    def _split(
        self, total: "pd.Series[Any]", first: str, second: str, size: object
    ) -> "pd.Series[Any]":
        """Return a total with its levels, and the patients at the second."""
        found = total.copy()
        for name, value in zip(SPLIT_COLUMNS, (self.stratum, second, size), strict=True):
            found[name] = value
        found[self.stratum] = first
        return found

    def _check(self, total: "pd.Series[Any]", stated: Sizes) -> None:
        """Raise if rows without a count state more patients at levels than the arm has."""
        if sum(stated.values()) > total[N]:
            raise EvidenceError(
                f"Levels of '{self.stratum}' may have no more patients than their arm; {shown(total.name, total)} has "
                f"{total[N]}, its levels {listed(f'{n} at {level}' for level, n in sorted(stated.items()))}. Correct `n`."
            )


def at_level(total: "pd.Series[Any]", stratum: str) -> "pd.Series[Any]":
    """Return a total as a row of one level."""
    found = total.copy()
    found[STRATUM] = ";".join(filter(None, (total[STRATUM], stratum)))
    return found


def shown(place: object, row: "pd.Series[Any]") -> str:
    """Return the label of a row and where it stands, as messages tell them."""
    return f"{labels_of(pd.DataFrame([row]))[0]} ({place})"


def _alone(sizes: Sizes) -> list[tuple[str, int]]:
    """Return the level that has all patients; the first where there are none."""
    return [max(sorted(sizes.items()), key=lambda item: item[1])]
