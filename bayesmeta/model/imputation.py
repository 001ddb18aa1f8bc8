"""Missing values of numeric covariates, to be estimated inside the model."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from bayesmeta.arrays import Array, Integers
from bayesmeta.errors import SpecError
from bayesmeta.evidence import Arms
from bayesmeta.model.coding import Coding
from bayesmeta.priors import HalfNormal, Normal, Prior

FEWEST_KNOWN = 3
WIDTH = 2.5
"""Scale of the priors of a column's mean and standard deviation, in its known values' own."""


@dataclass(frozen=True, eq=False)
class Imputation:
    """A numeric column with missing values.

    Inside the model, values are standardised by the known values' centre and spread; there their
    mean has the prior Normal(0, 2.5) and their standard deviation HalfNormal(2.5).
    """

    name: str
    centre: float
    spread: float
    """Mean and standard deviation of the known values, in the column's own unit."""
    known: Array
    missing: Integers
    """Positions of the arms whose value is not known."""
    slope: Array
    """Change of those arms' coded covariates per standard deviation, dims (missing, covariate)."""

    mean: ClassVar[Prior] = Normal(0, WIDTH)
    sd: ClassVar[Prior] = HalfNormal(WIDTH)

    def in_own_unit(self, standard: Array) -> Array:
        """Return values of the column from standardised ones."""
        return self.centre + self.spread * standard


def imputations(coding: Coding, arms: Arms) -> tuple[Imputation, ...]:
    """Return the columns to be imputed that lack values in `arms`."""
    found = (imputation(name, coding, arms) for name in coding.covariates.impute)
    return tuple(one for one in found if one.missing.size)


def filled(coding: Coding, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with missing values of imputed columns at the mean of the known ones."""
    columns = {name: frame[name].astype(float) for name in coding.covariates.impute}
    return frame.assign(**{name: values.fillna(values.mean()) for name, values in columns.items()})


def imputation(name: str, coding: Coding, arms: Arms) -> Imputation:
    """Return a column to be imputed, whether or not it lacks values in `arms`."""
    values = arms.frame[name].to_numpy(dtype=np.float64)
    there = np.isfinite(values)
    if there.sum() < FEWEST_KNOWN:
        raise SpecError(
            f"`impute` needs {FEWEST_KNOWN} known values of '{name}'; got {there.sum()}. Leave it out."
        )
    spread, centre = float(values[there].std(ddof=1)), float(values[there].mean())
    frame = filled(coding, arms.frame)
    moved = frame.assign(**{name: np.where(there, values, centre + spread)})
    slope = coding.matrix(moved) - coding.matrix(frame)
    missing = np.flatnonzero(~there)
    return Imputation(
        name, centre, spread, (values[there] - centre) / spread, missing, slope[missing]
    )
