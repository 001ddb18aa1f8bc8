"""The log density of nested outcomes and its gradient, as a C function put together from its parts.

Coordinates are those of `NestedData`. Covariates are centred and tau and the partial correlations
stand on unbounded scales, as in the density of one outcome.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray

from bayesmeta.inference.compiled import compiled_callback
from bayesmeta.inference.density.callbacks import (
    LOG_DENSITY,
    state,
    value_and_gradient,
    zeros_at,
)
from bayesmeta.inference.nested.arms import log_arms
from bayesmeta.inference.nested.correlations import (
    cholesky_of,
    partial_correlations,
    pull_cholesky,
)
from bayesmeta.inference.nested.data import NestedData
from bayesmeta.inference.nested.scalars import (
    locate,
    log_coefficients,
    log_scalars,
    pull_located,
)
from bayesmeta.inference.nested.studies import log_effects, pull_studies
from bayesmeta.inference.nested.views import pack_nested, unpack_nested

__all__ = ["log_density", "nested_density"]

Array = npt.NDArray[np.float64]


def log_density(point: Array, data: NestedData, gradient: Array) -> float:
    """Return the log posterior density (normalised likelihood and priors) at a point.

    Parameters
    ----------
    point : array
        In the sampler's coordinates; see `NestedData`.
    data : NestedData
        Model and evidence.
    gradient : array
        Written: the gradient there.
    """
    value, gradient[:] = value_and_gradient(point, pack_nested(data), nested_density)
    return value


@compiled_callback(LOG_DENSITY)
def nested_density(dim: int, point: Any, slope: Any, value: Any, pointers: Any) -> int:  # noqa: PLR0917
    """Write value and gradient at `point`; what the sampler calls, without Python."""
    q, gradient, d = carray(point, (dim,)), zeros_at(slope, dim), unpack_nested(pointers)
    shape, levels = d.level.shape, d.level.shape[1]
    tau, slopes, by_tau = np.empty(levels), np.empty(levels), np.empty(levels)
    mu = np.empty(levels)
    total = locate(q, d, mu)
    total += log_coefficients(q, mu, d, gradient)
    total = log_scalars(q, d, tau, slopes, by_tau, gradient, total)
    first = levels * (1 + d.centre.size)
    partial, root = partial_correlations(q[first + levels : first + d.scales.shape[0]])
    factor = cholesky_of(partial, root, levels)
    level, standard, by_level = np.empty(shape), np.empty(shape), np.zeros(shape)
    rest = log_effects(q, mu, d, tau, factor, level, standard)
    rest += log_arms(q, d, level, by_level, gradient)
    by_factor = np.zeros((levels, levels))
    pull_studies(q, mu, d, tau, factor, standard, by_level, by_tau, by_factor, gradient)
    pull_located(q, d, gradient)
    by_partial = pull_cholesky(partial, root, factor, by_factor)
    for j in range(by_partial.size):
        gradient[first + levels + j] += by_partial[j]
    for j in range(levels):
        gradient[first + j] += by_tau[j] * slopes[j]
    value[0] = total + rest
    return state(value[0], gradient)
