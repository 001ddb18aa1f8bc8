"""The columns that the terms of a formula become.

Terms of one plain column each, as nearly all formulas have, are coded here; formulaic, which takes a
tenth of a fit to import and to ask, codes the others, and tests hold the first to it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array
from bayesmeta.model.covariates import Covariates
from bayesmeta.model.formula import Factor, Formula
from bayesmeta.model.quoting import plain_name

CONTEXT = {"sqrt": np.sqrt}
"""What a formula may call beyond formulaic's own functions."""


@dataclass(frozen=True, eq=False)
class PlainTerms:
    """Terms that are a column each: its levels against the first, or its number less its centre."""

    centres: Mapping[str, float | None]
    """Columns under plain names, in their order, with the centre of numbers; None of levels."""
    levels: Mapping[str, tuple[str, ...]]

    empty = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, as formulaic gives them."""
        return tuple(
            name
            for column, centre in self.centres.items()
            for name in (
                [f"{column} - {centre!r}"]
                if centre is not None
                else [f"{column}[T.{level}]" for level in self.levels[column][1:]]
            )
        )

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of columns of each term."""
        return tuple(
            1 if centre is not None else len(self.levels[column]) - 1
            for column, centre in self.centres.items()
        )

    def columns(self, frame: pd.DataFrame) -> Array:
        """Return the columns for other rows."""
        return np.column_stack(
            [
                (frame[column] - centre).to_numpy(dtype=np.float64)
                if centre is not None
                else _indicators(frame[column])
                for column, centre in self.centres.items()
            ]
        )

    def content(self) -> dict[str, Any]:
        """Return what was learnt, as JSON holds it."""
        levels = {name: list(own) for name, own in self.levels.items()}
        return {"centres": dict(self.centres), "levels": levels}


def _indicators(column: pd.Series) -> Array:
    """Return a column of zeros and ones for each category but the first; NaN where there is none."""
    codes = column.cat.codes.to_numpy()[:, None]
    places = np.arange(1, len(column.cat.categories))
    return np.where(codes < 0, np.nan, (codes == places).astype(np.float64))


@dataclass(frozen=True, eq=False)
class FormulaicTerms:
    """Terms of any kind that formulas allow, as formulaic reads and learns them."""

    text: str
    spec: Any

    @classmethod
    def learnt(cls, text: str, frame: pd.DataFrame) -> "FormulaicTerms":
        """Return the terms of a formula as formulaic learns them from the rows of `frame`."""
        return cls(text, evaluated(text, frame).model_spec)

    @classmethod
    def restored(
        cls, text: str, learnt: Mapping[str, Mapping[str, Any]], frame: pd.DataFrame
    ) -> "FormulaicTerms":
        """Return the terms of a formula whose splines and polynomials were learnt before."""
        from formulaic import ModelSpec

        state = {factor: _numbered(dict(own)) for factor, own in learnt.items()}
        terms = ModelSpec.from_spec(text, transform_state=state)
        return cls(text, evaluated(terms, frame).model_spec)

    def content(self) -> dict[str, Any]:
        """Return what was learnt, as JSON holds it."""
        state = json.dumps(self.spec.transform_state, default=lambda value: value.tolist())
        return {"formula": self.text, "learnt": json.loads(state)}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, as formulaic gives them."""
        return tuple(self.spec.column_names[1:])

    @property
    def empty(self) -> tuple[str, ...]:
        """Terms that became no column."""
        return tuple(str(term) for term, places in self.spec.term_indices.items() if not places)

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of columns of each term."""
        _, *widths = (len(places) for places in self.spec.term_indices.values())
        return tuple(widths)

    def columns(self, frame: pd.DataFrame) -> Array:
        """Return the columns for other rows."""
        return np.asarray(evaluated(self.spec, frame), dtype=np.float64)[:, 1:]


Terms = PlainTerms | FormulaicTerms


def prepared_columns(
    frame: pd.DataFrame,
    covariates: Covariates,
    levels: Mapping[str, tuple[str, ...]],
    centres: Mapping[str, float],
) -> pd.DataFrame:
    """Return the columns of the formula under plain names, factors as categories."""
    columns = frame[list(covariates.parsed.fixed_columns)].copy()
    for name in covariates.impute:
        columns[name] = columns[name].astype(float).fillna(centres[name])
    for name, categories in levels.items():
        if name not in columns:
            continue
        values = covariates.levels_of(name, columns[name])
        columns[name] = pd.Categorical(values, categories=list(categories))
    return columns.rename(columns=plain_name)


def learn_terms(
    formula: Formula,
    rewritten: Mapping[Factor, str],
    frame: pd.DataFrame,
    centres: Mapping[str, float],
) -> Terms:
    """Return the terms of a formula as learnt from the rows of `frame`."""
    columns = [term[0].column for term in formula.terms if len(term) == 1 and term[0].column]
    if len(columns) == len(formula.terms):
        levels = {
            plain_name(name): tuple(frame[plain_name(name)].cat.categories)
            for name in columns
            if name not in centres
        }
        return PlainTerms({plain_name(name): centres.get(name) for name in columns}, levels)
    text = "1 + " + " + ".join(
        ":".join(rewritten[factor] for factor in term) for term in formula.terms
    )
    return FormulaicTerms.learnt(text, frame)


def _numbered(state: Any) -> Any:
    """Return a state with whole numbers as keys where JSON has their text."""
    if not isinstance(state, dict):
        return state
    return {int(key) if key.isdecimal() else key: _numbered(value) for key, value in state.items()}


def evaluated(terms: Any, frame: pd.DataFrame) -> Any:
    """Return formulaic's matrix of a formula, or of what it learnt from one."""
    from formulaic import ModelSpec
    from formulaic.errors import FormulaicError

    try:
        return ModelSpec.from_spec(terms).get_model_matrix(frame, context=CONTEXT)
    except FormulaicError as error:
        raise ValueError(str(error)) from error
