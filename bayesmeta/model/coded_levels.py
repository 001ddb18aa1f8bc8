"""How exchangeable levels become columns: one for each level, and one for a level never seen."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Integers
from bayesmeta.errors import ProfileError, listed, nearest
from bayesmeta.model.level_terms import LevelTerm
from bayesmeta.model.values import Numbers

NEW: Final = "NEW"
"""A level of a column of exchangeable levels that no arm has.

Examples
--------
>>> import bayesmeta as bm
>>> profile = {"regimen_class": bm.NEW}
"""

LevelsOf = Callable[[str, Iterable[object]], list[str]]


@dataclass(frozen=True)
class CodedLevels:
    """A term of exchangeable levels with the levels that the evidence has."""

    term: LevelTerm
    levels: tuple[tuple[str, ...], ...]
    """Level of each of the term's columns, for each effect."""

    @property
    def names(self) -> tuple[str, ...]:
        """Label of each effect, such as ``"regimen_class[ven_ldac]"``."""
        return tuple(f"{self.term.name}[{'/'.join(level)}]" for level in self.levels)

    def spread(self, numbers: Mapping[str, Numbers]) -> float:
        """Return the spread of what an effect is multiplied by: of a slope, the SD of its column."""
        slope = self.term.slope
        return numbers[slope].spread if slope is not None and slope in numbers else 1.0

    def places(self, rows: Sequence[tuple[str, ...]]) -> Integers:
        """Return the place of each row's effect; that of a new level is last."""
        known = {level: place for place, level in enumerate(self.levels)}
        for row in rows:
            if row not in known and NEW not in row:
                raise self._unknown(row)
        return np.array([known.get(row, len(known)) for row in rows], dtype=np.int64)

    def _unknown(self, row: tuple[str, ...]) -> ProfileError:
        asked, seen = "/".join(row), ["/".join(level) for level in self.levels]
        columns = ", ".join(self.term.columns)
        return ProfileError(
            f"`profile`: the evidence has no level '{asked}' of {columns}. {nearest(asked, seen)} For a level that "
            f"no arm has, give {NEW}."
        )

    def columns(
        self,
        frame: pd.DataFrame,
        levels_of: LevelsOf,
        centres: Mapping[str, float],
        factors: Mapping[str, tuple[str, ...]],
    ) -> Array:
        """Return 1, or the value of what has a slope, in the column of each row's level.

        That of a number is what it is above its centre; of a factor of two levels, 1 at the second.
        """
        each = [levels_of(name, frame[name]) for name in self.term.columns]
        places = self.places(list(zip(*each, strict=True)))
        found = np.zeros((len(frame), len(self.levels) + 1))
        slope, values = self.term.slope, np.ones(len(frame))
        if slope is not None and slope in factors:
            second = factors[slope][1]
            values = np.array([float(x == second) for x in levels_of(slope, frame[slope])])
        elif slope is not None:
            values = frame[slope].to_numpy(dtype=np.float64) - centres[slope]
        found[np.arange(len(frame)), places] = values
        return found


def enclosing(coded: Iterable[CodedLevels], given: Mapping[str, Any]) -> dict[str, str]:
    """Return the levels that a profile implies: of a known nested level, the one that encloses it."""
    found: dict[str, str] = {}
    for one in coded:
        *outer, inner = one.term.columns
        value = given.get(inner)
        if not outer or not isinstance(value, str) or value == NEW:
            continue
        for place, name in enumerate(outer):
            seen = sorted({level[place] for level in one.levels if level[-1] == value})
            if name in given:
                if given[name] == NEW:
                    raise ProfileError(
                        f"`profile` asks for a new level of '{name}' with '{value}' of '{inner}', which the evidence has "
                        f"in {listed(seen)}. Leave one of them out."
                    )
            elif len(seen) > 1:
                raise ProfileError(
                    f"`profile` must give '{name}': '{value}' of '{inner}' occurs in {listed(seen)}."
                )
            else:
                found[name] = seen[0]
    return found


def about_new(name: str, level: str, *, grouping: bool, factor: bool) -> str:
    """Return what to do for a level of a column that no arm has."""
    if grouping:
        return f" For a level that no arm has, give {NEW}."
    if level != NEW or not factor:
        return ""
    return (
        f" '{name}' has a coefficient for each level, so that nothing is known of others. For a level that no "
        f"arm has, fit a model with (1 | {name})."
    )
