"""A random walk over calendar years: its steps as columns, and what the years of arms may be.

The walk d adds to the linear predictor, is 0 at the last year of the arms, and moves by independent
steps ``d(t) - d(t - 1) ~ Normal(0, sigma)``, one for each year, whether it has arms or not. An arm of
an earlier year is below `mu` by the steps in between. A later year has the walk at the last one, and as
many further steps as years, whose sum is normal with standard deviation ``sigma * sqrt(years)``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, override

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import InapplicableError, ProfileError, SpecError, listed
from bayesmeta.evidence.columns import STUDY
from bayesmeta.model.coded_levels import CodedLevels, LevelsOf
from bayesmeta.model.level_terms import LevelTerm
from bayesmeta.model.profile_values import checked_number
from bayesmeta.model.values import Numbers

MOST_YEARS = 100
"""From the first year to the last, or to that of a profile; more are a mistake, such as 202 for 2020."""


@dataclass(frozen=True)
class CodedWalk(CodedLevels):
    """A random walk, whose `levels` are the years into which its steps lead, the first year aside."""

    @property
    def column(self) -> str:
        """The column of calendar years."""
        return self.term.columns[0]

    @property
    def first(self) -> int:
        """First year of the arms."""
        return int(self.levels[0][0]) - 1

    @property
    def last(self) -> int:
        """Last year of the arms, at which `mu` stands."""
        return int(self.levels[-1][0])

    def year(self, value: object) -> float:
        """Return the year of a profile, after checking it."""
        year = checked_number(self.column, value)
        if not year.is_integer():
            raise ProfileError(
                f"`profile`: '{self.column}' must be a whole calendar year; got {value!r}. Round it."
            )
        if year < self.first:
            raise ProfileError(
                f"`profile`: '{self.column}' must not be before {self.first}, where {self.term.name} begins; got "
                f"{year:.0f}. Give a year from {self.first} on."
            )
        if year - self.first >= MOST_YEARS:
            raise ProfileError(
                f"`profile`: '{self.column}' must be less than {MOST_YEARS} years after {self.first}, where {self.term.name} "
                f"begins; got {year:.0f}. Correct it."
            )
        return year

    @override
    def spread(self, numbers: Mapping[str, Numbers]) -> float:
        """Return the root of the steps: how many times that of a step the SD of the whole drift is."""
        return float(np.sqrt(len(self.levels)))

    @override
    def columns(
        self,
        frame: pd.DataFrame,
        levels_of: LevelsOf,
        centres: Mapping[str, float],
        factors: Mapping[str, tuple[str, ...]],
    ) -> Array:
        """Return -1 at each step after a row's year; last, the root of the years after the last one."""
        year = frame[self.column].to_numpy(dtype=np.float64)
        steps = np.array([float(into) for (into,) in self.levels])
        later = np.sqrt(np.maximum(year - self.last, 0.0))
        return np.column_stack([-(year[:, None] < steps).astype(np.float64), later])


def learn_walk(term: LevelTerm, frame: pd.DataFrame) -> CodedWalk:
    """Return the walk over the years of `frame`, after checking these."""
    [column] = term.columns
    given = frame[column]
    years = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64)
    bad = ~np.isfinite(years) | (years % 1 != 0)
    if bad.any():
        rows = zip(frame.loc[bad, STUDY], given[bad], strict=True)
        raise SpecError(
            f"`formula`: {term.name} takes whole calendar years; not so in "
            f"{listed(dict.fromkeys(f'{study} ({_text(value)})' for study, value in rows))}. Correct the table."
        )
    first, last = int(years.min()), int(years.max())
    if first == last:
        raise InapplicableError(
            f"`formula`: {term.name} has one year only, {last}, in these arms. Leave it out."
        )
    if last - first >= MOST_YEARS:
        raise SpecError(
            f"`formula`: {term.name} takes at most {MOST_YEARS} years; got {first} to {last}. Correct the table."
        )
    return CodedWalk(term, tuple((str(year),) for year in range(first + 1, last + 1)))


def check_years(walks: Iterable[CodedWalk], frame: pd.DataFrame) -> None:
    """Raise if a row is of a year before the walk, or after its last, where it has steps of its own."""
    for walk in walks:
        given = frame[walk.column].to_numpy(dtype=np.float64)
        for year in map(walk.year, np.unique(given[np.isfinite(given)])):
            if year > walk.last:
                raise ProfileError(after_last(walk, year))


def after_last(walk: CodedWalk, year: float) -> str:
    """Return why arms of a later year are not coded as those of the evidence."""
    return (
        f"{walk.column}={year:.0f} lies after {walk.last}, the last year of {walk.term.name}: its further steps are "
        "known of a profile alone."
    )


def _text(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else repr(value)
