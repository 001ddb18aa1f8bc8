"""Calibration finds densities that are wrong; each is a copy of the real one with one fault."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from numba import carray, cfunc, types

from bayesmeta.calibration import all_cases, judge, run_case
from bayesmeta.calibration.single import sample_compiled
from bayesmeta.inference.density.callbacks import HEADER, unpack
from bayesmeta.inference.density.log_density import log_density
from bayesmeta.inference.density.scales import bounded
from bayesmeta.inference.nested.callbacks import HEADER as NESTED_HEADER, unpack_nested
from bayesmeta.inference.nested.log_density import log_density as nested_log_density
from bayesmeta.inference.nested.sampling import sample_nested

DENSITY = types.int64(
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.voidptr,
)
CASES = {case.name: case for case in all_cases()}

pytestmark = pytest.mark.slow


def without_jacobian(dim, point, gradient, value, packed):
    """The prior of tau on the sampler's scale without the change of variables."""
    size = int(carray(packed, (1,), np.float64)[0]) + HEADER
    data = unpack(carray(packed, (size,), np.float64))
    q, slope = carray(point, (dim,)), carray(gradient, (dim,))
    value[0] = log_density(q, data, slope)
    place = 1 + data.centre.size
    _, _, log_slope, bend = bounded(data.scales[0], q[place])
    value[0] -= log_slope
    slope[place] -= bend
    return 0 if np.isfinite(value[0]) and np.all(np.isfinite(slope)) else 1


def scale_as_variance(dim, point, gradient, value, packed):
    """The scale of the prior of tau taken as a variance."""
    size = int(carray(packed, (1,), np.float64)[0]) + HEADER
    data = unpack(carray(packed, (size,), np.float64).copy())
    place = 1 + data.centre.size
    data.priors[place, 2] = np.sqrt(data.priors[place, 2])
    slope = carray(gradient, (dim,))
    value[0] = log_density(carray(point, (dim,)), data, slope)
    return 0 if np.isfinite(value[0]) and np.all(np.isfinite(slope)) else 1


def without_evidence(dim, point, gradient, value, packed):
    """The prior, whatever was observed."""
    size = int(carray(packed, (1,), np.float64)[0]) + HEADER
    data = unpack(carray(packed, (size,), np.float64).copy())
    data.events[:] = 0
    data.n[:] = 0
    data.log_coefficient[:] = 0
    slope = carray(gradient, (dim,))
    value[0] = log_density(carray(point, (dim,)), data, slope)
    return 0 if np.isfinite(value[0]) and np.all(np.isfinite(slope)) else 1


def nested_without_jacobian(dim, point, gradient, value, packed):
    """The prior of partial correlations on the sampler's scale without the change of variables."""
    size = int(carray(packed, (1,), np.float64)[0]) + NESTED_HEADER
    data = unpack_nested(carray(packed, (size,), np.float64))
    q, slope = carray(point, (dim,)), carray(gradient, (dim,))
    value[0] = nested_log_density(q, data, slope)
    levels = data.level.shape[1]
    first = levels * (1 + data.centre.size)
    for place in range(levels, data.scales.shape[0]):
        _, _, log_slope, bend = bounded(data.scales[place], q[first + place])
        value[0] -= log_slope
        slope[first + place] -= bend
    return 0 if np.isfinite(value[0]) and np.all(np.isfinite(slope)) else 1


def products_as_single_ratios(dim, point, gradient, value, packed):
    """Counts of arms that leave out the outcomes between, taken for those of the last ratio alone."""
    size = int(carray(packed, (1,), np.float64)[0]) + NESTED_HEADER
    data = unpack_nested(carray(packed, (size,), np.float64).copy())
    data.first[:] = data.last
    slope = carray(gradient, (dim,))
    value[0] = nested_log_density(carray(point, (dim,)), data, slope)
    return 0 if np.isfinite(value[0]) and np.all(np.isfinite(slope)) else 1


def verdicts(case: str, density, sets: int, fit=sample_compiled) -> pd.Series:
    # Compiled here and not where it is defined: collecting tests compiles nothing.
    compiled = cfunc(DENSITY, error_model="numpy")(density)
    sampler = partial(fit, address=compiled.address)
    result = run_case(CASES[case], sets=sets, seed=1, sampler=sampler)
    return judge([result]).set_index("quantity")["p"]


def test_a_jacobian_left_out_is_found() -> None:
    # With this prior the density stays proper without it, so that chains don't run away.
    assert verdicts("tau-LogNormal-3-none", without_jacobian, 250)["tau"] < 1e-6


def test_a_scale_taken_as_a_variance_is_found() -> None:
    assert verdicts("law-normal-3-none", scale_as_variance, 300)["tau"] < 1e-6


def test_ignored_evidence_is_found_and_only_by_the_log_likelihood() -> None:
    p = verdicts("law-normal-3-factor", without_evidence, 100)
    assert p["log_likelihood"] < 1e-6
    assert (p.drop("log_likelihood") > 1e-3).all()


def test_a_jacobian_of_correlations_left_out_is_found() -> None:
    p = verdicts("nested-correlated-3-none", nested_without_jacobian, 600, sample_nested)
    assert p[[name for name in p.index if name.startswith("correlation")]].min() < 1e-6


def test_outcomes_left_out_and_forgotten_are_found() -> None:
    p = verdicts("nested-independent-3-none", products_as_single_ratios, 100, sample_nested)
    assert p[["mu[CR_CRi]", "mu[CR]"]].min() < 1e-6
