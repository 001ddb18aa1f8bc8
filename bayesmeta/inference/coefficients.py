"""The coefficients of a design's columns: those of covariates, then effects of exchangeable levels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from bayesmeta.arrays import Array


def coefficients_of(variables: Mapping[str, Any] | xr.Dataset) -> Array:
    """Return the coefficients in each draw, in the order of the columns of `Design.matrix`."""
    each = [np.asarray(variables[name]) for name in ("beta", "b") if name in variables]
    if not each:
        return np.zeros((*np.shape(variables["mu"]), 0))
    return each[0] if len(each) == 1 else np.concatenate(each, axis=-1)
