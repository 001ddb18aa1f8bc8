"""How covariates become columns: learnt from the arms, applied unchanged to new profiles."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.errors import ProfileError, nearest
from bayesmeta.model.centring import written_centres
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.mixtures import mixtures, parts_of
from bayesmeta.model.quoting import plain_name
from bayesmeta.model.terms import FormulaicTerms, PlainTerms, Terms
from bayesmeta.model.values import Numbers, centre_text, value_text, values_text
from bayesmeta.numeric import is_number

Profile = Mapping[str, Any]

SHARE_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Coding:
    """The coding of covariates as columns of the design."""

    covariates: Covariates
    names: tuple[str, ...]
    """Label of each column, such as ``"regimen_class[ven_ldac]"``."""
    levels: dict[str, tuple[str, ...]]
    """Levels of each factor, the reference first."""
    centres: dict[str, float]
    """Value of each numeric column at which `mu` stands, in the column's unit."""
    origin: Array
    """Columns at the reference profile before it was subtracted, shape (covariate,)."""
    terms: Terms
    by: str | None = None
    """Study-level column whose levels each have a tau of their own."""
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    spreads: Mapping[str, float] = field(default_factory=dict)
    """Standard deviation over arms of each coded column that is made of a number."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The covariates a profile gives."""
        used = self.covariates.parsed.columns
        return used if self.by is None or self.by in used else (*used, self.by)

    @property
    def factors(self) -> dict[str, tuple[str, ...]]:
        """Levels of each factor of the formula, the reference first."""
        used = self.covariates.parsed.columns
        return {name: levels for name, levels in self.levels.items() if name in used}

    @property
    def reference(self) -> dict[str, Any]:
        """The profile at which `mu` stands."""
        return {
            name: self.levels[name][0] if name in self.levels else self.centres[name]
            for name in self.columns
        }

    def matrix(self, frame: pd.DataFrame) -> Array:
        """Return columns of rows, dims (arm, covariate); values to be imputed are at the centre."""
        if not self.names:
            return np.zeros((len(frame), 0))
        parts = mixtures(frame, self.covariates.level_proportions)
        # So that `mu` stands at the reference profile, splines and functions included.
        found = np.zeros((len(frame), len(self.names)))
        for share, part in parts:
            found += share[:, None] * (self._raw(part) - self.origin)
        return found

    def _raw(self, frame: pd.DataFrame) -> Array:
        return self.terms.columns(
            prepared_columns(frame, self.covariates, self.levels, self.centres)
        )

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

    def row(self, profile: Profile | None) -> Array:
        """Return the columns of a profile, shape (covariate,); what it leaves out is at `reference`."""
        if not self.columns and profile is None:
            return np.zeros(0)
        whole = self.resolved(profile)
        if not self.names:
            return np.zeros(0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                row = np.zeros(len(self.names))
                for share, part in parts_of(whole):
                    row += share * (self._raw(pd.DataFrame([part]))[0] - self.origin)
        except (ValueError, RuntimeWarning) as error:
            raise ProfileError(
                f"`profile` {values_text(profile or {})} cannot be coded: {error} Stay within the range of the evidence."
            ) from error
        if not np.isfinite(row).all():
            raise ProfileError(
                f"`profile` {values_text(profile or {})} gives a column that is not finite. Correct its numbers."
            )
        return row

    def profile_of(self, row: "pd.Series[Any]") -> dict[str, Any]:
        """Return the profile of an arm, with shares of a mixture; NaN for a number not known."""
        found = {name: row[name] for name in self.columns}
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
        return self.reference | {
            name: self._value(name, profile[name]) for name in self.columns if name in profile
        }

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
        if name in self.levels and isinstance(value, Mapping):
            return self._composition(name, value)
        if name in self.levels:
            [level] = self.covariates.levels_of(name, [value])
            if level not in self.levels[name]:
                raise ProfileError(
                    f"`profile`: the evidence has no level '{value}' of '{name}'. {nearest(str(value), self.levels[name])}"
                )
            return level
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = np.nan
        # float() would also read 6_0.
        odd = isinstance(value, bool | np.bool_) or (isinstance(value, str) and "_" in value)
        if odd or not np.isfinite(number):
            raise ProfileError(f"`profile`: '{name}' must be a finite number; got {value!r}.")
        return number

    def _composition(self, name: str, shares: Mapping[Any, Any]) -> dict[str, float]:
        """Return the shares of a factor's levels in a mixed profile, after checking them."""
        numbers = all(is_number(share) for share in shares.values())
        if not numbers or not all(0 <= share <= 1 for share in shares.values()):
            raise ProfileError(
                f"`profile`: shares of '{name}' must lie within 0 and 1; got {dict(shares)}."
            )
        if abs(sum(shares.values()) - 1) > SHARE_TOLERANCE:
            raise ProfileError(
                f"`profile`: shares of '{name}' must sum to 1; got {dict(shares)}, {sum(shares.values()):g}."
            )
        found = {str(self._value(name, level)): float(share) for level, share in shares.items()}
        if len(found) < len(shares):
            raise ProfileError(f"`profile` gives a level of '{name}' twice: {dict(shares)}.")
        return found


def prepared_columns(
    frame: pd.DataFrame,
    covariates: Covariates,
    levels: Mapping[str, tuple[str, ...]],
    centres: Mapping[str, float],
) -> pd.DataFrame:
    """Return the columns of the formula under plain names, factors as categories."""
    columns = frame[list(covariates.parsed.columns)].copy()
    for name in covariates.impute:
        columns[name] = columns[name].astype(float).fillna(centres[name])
    for name, categories in levels.items():
        if name not in columns:
            continue
        values = covariates.levels_of(name, columns[name])
        columns[name] = pd.Categorical(values, categories=list(categories))
    return columns.rename(columns=plain_name)


def coding_json(coding: Coding) -> dict[str, Any]:
    """Return what a coding has learnt from its arms, as JSON holds it."""
    return {
        "names": list(coding.names),
        "levels": {name: list(levels) for name, levels in coding.levels.items()},
        "centres": coding.centres,
        "origin": coding.origin.tolist(),
        "by": coding.by,
        "numbers": {name: numbers._asdict() for name, numbers in coding.numbers.items()},
        "spreads": dict(coding.spreads),
        "terms": coding.terms.content(),
    }


def read_coding(content: Mapping[str, Any], covariates: Covariates) -> Coding:
    """Return the coding of `covariates` that `coding_json` made `content` of."""
    levels = {name: tuple(own) for name, own in content["levels"].items()}
    return Coding(
        covariates,
        tuple(content["names"]),
        levels,
        content["centres"],
        np.array(content["origin"], dtype=np.float64),
        _terms(content, covariates, levels),
        content["by"],
        {name: Numbers(**numbers) for name, numbers in content["numbers"].items()},
        content["spreads"],
    )


def _terms(
    content: Mapping[str, Any], covariates: Covariates, levels: Mapping[str, tuple[str, ...]]
) -> Terms:
    found, centres = content["terms"], content["centres"]
    if "formula" not in found:
        return PlainTerms(
            found["centres"], {name: tuple(own) for name, own in found["levels"].items()}
        )
    # Any row that can be coded shows formulaic the kinds of the columns.
    reference = {
        name: levels[name][0] if name in levels else centres[name]
        for name in covariates.parsed.columns
    }
    row = prepared_columns(pd.DataFrame([reference]), covariates, levels, centres)
    return FormulaicTerms.restored(found["formula"], found["learnt"], row)
