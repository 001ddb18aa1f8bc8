"""How covariates become columns: learnt from the arms, applied unchanged to new profiles."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Flags
from bayesmeta.errors import ProfileError, nearest
from bayesmeta.evidence.columns import SPLIT_BY, SPLIT_LEVEL, STUDY
from bayesmeta.evidence.splits import share_of
from bayesmeta.model.centring import written_centres
from bayesmeta.model.coded_levels import NEW, CodedLevels, about_new, enclosing
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.mixtures import mixtures, parts_of
from bayesmeta.model.profile_values import check_shares, checked_number
from bayesmeta.model.study_parts import StudyParts, study_means, study_parts
from bayesmeta.model.terms import Terms, prepared_columns
from bayesmeta.model.values import Numbers, centre_text, value_text, values_text
from bayesmeta.model.walks import CodedWalk, check_years

Profile = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Coding:
    """The coding of covariates as columns of the design."""

    covariates: Covariates
    names: tuple[str, ...]
    """Label of each column, such as ``"regimen_class[ven_ldac]"``."""
    levels: dict[str, tuple[str, ...]]
    """Levels of each factor, the reference first; of a column of exchangeable levels, in order."""
    centres: dict[str, float]
    """Value of each numeric column at which `mu` stands, in the column's unit; of a random walk its last
    year."""
    origin: Array
    """Whole columns at the reference profile before it was subtracted, shape (column,)."""
    terms: Terms
    by: str | None = None
    """Study-level column whose levels each have a tau of their own."""
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    spreads: Mapping[str, float] = field(default_factory=dict)
    """Standard deviation over arms of each coded column that is made of a number; of a part within or
    between studies, that of the whole column."""
    exchangeable: tuple[CodedLevels, ...] = ()
    """Terms of exchangeable levels, and of random walks."""

    @property
    def walks(self) -> dict[str, CodedWalk]:
        """Random walks by their column of calendar years."""
        return {one.column: one for one in self.exchangeable if isinstance(one, CodedWalk)}

    @property
    def level_names(self) -> tuple[str, ...]:
        """Label of the effect of each exchangeable level, such as ``"regimen_class[ven_ldac]"``."""
        return tuple(name for one in self.exchangeable for name in one.names)

    @property
    def level_terms(self) -> tuple[str, ...]:
        """Name of each term of exchangeable levels."""
        return tuple(one.term.name for one in self.exchangeable)

    @property
    def slopes_by_study(self) -> Flags:
        """Whether each term of exchangeable levels is a slope by study, which belongs to its effect."""
        return np.array([STUDY in one.term.columns for one in self.exchangeable], dtype=bool)

    @property
    def elicited(self) -> Flags:
        """Whether the coefficient of each column has an elicited prior."""
        terms = zip(self.covariates.parsed.terms, self.terms.widths, strict=True)
        whole = [self.covariates.elicits(term) for term, width in terms for _ in range(width)]
        return np.array([whole[one.place] for one in self.parts.each], dtype=bool)

    @property
    def grouping(self) -> tuple[str, ...]:
        """Columns of exchangeable levels."""
        return self.covariates.parsed.grouping_columns

    @property
    def columns(self) -> tuple[str, ...]:
        """The covariates a profile gives."""
        used = self.covariates.parsed.columns
        return used if self.by is None or self.by in used else (*used, self.by)

    @property
    def factors(self) -> dict[str, tuple[str, ...]]:
        """Levels of each factor that may be compared, the reference or else the first in order first."""
        used = {*self.covariates.parsed.columns} - {*self.covariates.elicited}
        return {name: levels for name, levels in self.levels.items() if name in used}

    @property
    def reference(self) -> dict[str, Any]:
        """The profile at which `mu` stands."""
        return {name: self._usual(name) for name in self.columns}

    def _usual(self, name: str) -> Any:
        if name in self.grouping:
            return NEW
        return self.levels[name][0] if name in self.levels else self.centres[name]

    @cached_property
    def parts(self) -> StudyParts:
        """Which columns are whole, and which parts of them within or between studies."""
        return study_parts(self.covariates.parsed, self.terms.widths)

    def matrix(self, frame: pd.DataFrame) -> Array:
        """Return columns of rows, dims (arm, covariate); values to be imputed are at the centre.

        Coefficients stand first, and then effects of exchangeable levels. `frame` has all arms of a
        study, whose mean is taken where a covariate is split.
        """
        known = len(self.names) + len(self.level_names)
        if not known:
            return np.zeros((len(frame), 0))
        check_years(self.walks.values(), frame)
        found = self._whole(frame)
        if self.parts.split:
            whole, levels = np.split(found, [len(self.origin)], axis=1)
            found = np.hstack([self.parts.columns(whole, study_means(whole, frame)), levels])
        return found[:, :known]

    def whole(self, frame: pd.DataFrame) -> Array:
        """Return the columns of coefficients before any is split, dims (arm, column)."""
        return self._whole(frame)[:, : len(self.origin)]

    def _whole(self, frame: pd.DataFrame) -> Array:
        """Return whole columns, those of levels, and for each term of levels that of a new one."""
        found, coefficients = np.zeros((len(frame), self._width)), len(self.origin)
        # So that `mu` stands at the reference profile, splines and functions included.
        for share, part in mixtures(frame, self.covariates.level_proportions):
            found[:, :coefficients] += share[:, None] * (self._raw(part) - self.origin)
            if self.exchangeable:
                found[:, coefficients:] += share[:, None] * self._level_columns(part)
        return found

    @property
    def _width(self) -> int:
        return len(self.origin) + len(self.level_names) + len(self.exchangeable)

    def _raw(self, frame: pd.DataFrame) -> Array:
        if not self.names:
            return np.zeros((len(frame), 0))
        return self.terms.columns(
            prepared_columns(frame, self.covariates, self.levels, self.centres)
        )

    def _level_columns(self, frame: pd.DataFrame) -> Array:
        """Return the columns of exchangeable levels, and those of new ones."""
        each = [
            one.columns(frame, self.covariates.levels_of, self.centres, self.levels)
            for one in self.exchangeable
        ]
        return np.hstack([*(own[:, :-1] for own in each), *(own[:, -1:] for own in each)])

    def tau_level(self, profile: Profile | None) -> int:
        """Return the position, among the levels of `by`, of the level that the profile has."""
        if self.by is None:
            return 0
        level = self.resolved(profile)[self.by]
        if isinstance(level, Mapping):
            raise ProfileError(
                f"`profile`: '{self.by}' decides on tau and must be one level; got {dict(level)}."
            )
        return self.levels[self.by].index(level)

    def row(self, profile: Profile | None, mean: Array | None = None) -> Array:
        """Return the columns of a profile; what it leaves out is at `reference`.

        The profile is that of a whole study, or of an arm of a study with the `mean` of whole columns
        that `mean_of_study` returns. After the columns of `matrix` stand, for each term of exchangeable
        levels, that of a new one.
        """
        row = self.whole_row(profile)
        if not row.size or not self.parts.split:
            return row
        whole, levels = np.split(row, [len(self.origin)])
        own = whole if mean is None else mean
        return np.hstack([self.parts.columns(whole, own), levels])

    def whole_row(self, profile: Profile | None) -> Array:
        """Return the columns of a profile before any is split, those of exchangeable levels last."""
        if not self.columns and profile is None:
            return np.zeros(0)
        whole = self.resolved(profile)
        if not self._width:
            return np.zeros(0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                row = np.zeros(self._width)
                for share, part in parts_of(whole):
                    row += share * self._part(pd.DataFrame([part]))
        except ProfileError:
            raise
        except (ValueError, RuntimeWarning) as error:
            raise ProfileError(
                f"`profile` {values_text(profile or {})} cannot be coded: {error} Stay within the range of the evidence."
            ) from error
        if not np.isfinite(row).all():
            raise ProfileError(
                f"`profile` {values_text(profile or {})} gives a column that is not finite. Correct its numbers."
            )
        return row

    def _part(self, frame: pd.DataFrame) -> Array:
        """Return the columns of one row that is no mixture."""
        fixed = self._raw(frame)[0] - self.origin
        return np.hstack([fixed, self._level_columns(frame)[0]]) if self.exchangeable else fixed

    def profile_of(self, row: "pd.Series[Any]") -> dict[str, Any]:
        """Return the profile of an arm, with shares of a mixture; NaN for a number not known."""
        found = {name: row[name] for name in self.columns}
        split = row.get(SPLIT_BY)
        if split and split in found:
            share = share_of(row)
            found[split] = {row[split]: 1 - share, row[SPLIT_LEVEL]: share}
        for factor, columns in self.covariates.level_proportions.items():
            shares = {level: float(row[name]) for level, name in columns.items() if row[name] > 0}
            if shares:
                total = sum(shares.values())
                found[factor] = {level: share / total for level, share in shares.items()}
        return found

    def resolved(self, profile: Profile | None) -> dict[str, Any]:
        """Return the whole profile, checked: levels as text, numbers as floats."""
        if profile is None:
            return self.reference
        if not isinstance(profile, Mapping):
            raise ProfileError(
                f"`profile` must map covariates to values; got {profile!r}. Write {self._example()}."
            )
        for name in profile:
            if name not in self.columns:
                hint = (
                    nearest(name, self.columns)
                    if self.columns
                    else "The model has no covariates: leave `profile` out."
                )
                raise ProfileError(
                    f"`profile` names '{name}', which is not a covariate of the model. {hint}"
                )
        given = {name: self._value(name, profile[name]) for name in self.columns if name in profile}
        return self.reference | enclosing(self.exchangeable, given) | given

    def centre_text(self, name: str) -> str:
        """Return the centre of a numeric column as people write it: the user's own as it is."""
        own = name in self.covariates.centre or name in written_centres(self.covariates.parsed)
        value = self.centres[name]
        return value_text(value) if own else centre_text(value, self.numbers[name])

    def _example(self) -> str:
        """Return a profile that could be given."""
        if not self.columns:
            return "nothing: the model has no covariates"
        name = self.columns[0]
        value = repr(self.levels[name][0]) if name in self.levels else self.centre_text(name)
        return f"{{{name!r}: {value}}}"

    def _value(self, name: str, value: object) -> object:
        if name == STUDY:
            return str(value)
        if name in self.walks:
            return self.walks[name].year(value)
        if name in self.levels and isinstance(value, Mapping):
            return self._composition(name, value)
        if name in self.levels:
            [level] = self.covariates.levels_of(name, [value])
            if level == NEW and name in self.grouping:
                return NEW
            if level not in self.levels[name]:
                grouping, factor = name in self.grouping, name in self.factors
                raise ProfileError(
                    f"`profile`: the evidence has no level '{value}' of '{name}'. {nearest(str(value), self.levels[name])}"
                    f"{about_new(name, level, grouping=grouping, factor=factor)}"
                )
            return level
        return checked_number(name, value)

    def _composition(self, name: str, shares: Mapping[Any, Any]) -> dict[str, float]:
        """Return the shares of a factor's levels in a mixed profile, after checking them."""
        check_shares(name, shares)
        found = {str(self._value(name, level)): float(share) for level, share in shares.items()}
        if len(found) < len(shares):
            raise ProfileError(f"`profile` gives a level of '{name}' twice: {dict(shares)}.")
        return found
