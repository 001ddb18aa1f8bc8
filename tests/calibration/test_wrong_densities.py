"""Calibration finds densities that are wrong; each is the real one with one fault.

A wrong density calls the real one and alters what goes in or what comes out, so that compiling it costs
next to nothing; and it is compiled where its test runs, so that collecting tests compiles nothing.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numba import carray, cfunc

from bayesmeta.calibration import all_cases, judge, run_case
from bayesmeta.inference.compiled import Callback
from bayesmeta.inference.density.callbacks import LOG_DENSITY
from bayesmeta.inference.density.data import unpack
from bayesmeta.inference.density.log_density import usual_density
from bayesmeta.inference.engines import sample_compiled
from bayesmeta.inference.kernels import bounded, log_prior
from bayesmeta.inference.nested.data import unpack_nested
from bayesmeta.inference.nested.log_density import nested_density

CASES = {case.name: case for case in all_cases()}

Density = Callable[..., int]

pytestmark = [pytest.mark.slow, pytest.mark.stored]


def without_jacobian(right: Any) -> Density:
    """The prior of tau on the sampler's scale without the change of variables."""

    def density(dim, point, slope, value, pointers):
        state = right(dim, point, slope, value, pointers)
        q, gradient, d = carray(point, (dim,)), carray(slope, (dim,)), unpack(pointers)
        place = 1 + d.centre.size
        _, _, log_slope, bend = bounded(d.scales[0], q[place])
        value[0] -= log_slope
        gradient[place] -= bend
        return state

    return density


def scale_as_variance(right: Any) -> Density:
    """The scale of the prior of tau taken as a variance."""

    def density(dim, point, slope, value, pointers):
        state = right(dim, point, slope, value, pointers)
        q, gradient, d = carray(point, (dim,)), carray(slope, (dim,)), unpack(pointers)
        place = 1 + d.centre.size
        tau, by_place, _, _ = bounded(d.scales[0], q[place])
        wrong = d.priors[place].copy()
        wrong[2] = np.sqrt(wrong[2])
        (was, slope_was), (now, slope_now) = log_prior(d.priors[place], tau), log_prior(wrong, tau)
        value[0] += now - was
        gradient[place] += (slope_now - slope_was) * by_place
        return state

    return density


def without_evidence(right: Any) -> Density:
    """The prior, whatever was observed."""

    def density(dim, point, slope, value, pointers):
        d = unpack(pointers)
        d.events[:] = 0
        d.n[:] = 0
        d.log_coefficient[:] = 0
        return right(dim, point, slope, value, pointers)

    return density


def nested_without_jacobian(right: Any) -> Density:
    """The prior of partial correlations on the sampler's scale without the change of variables."""

    def density(dim, point, slope, value, pointers):
        state = right(dim, point, slope, value, pointers)
        q, gradient, d = carray(point, (dim,)), carray(slope, (dim,)), unpack_nested(pointers)
        levels = d.level.shape[1]
        first = levels * (1 + d.centre.size)
        for place in range(levels, d.scales.shape[0]):
            _, _, log_slope, bend = bounded(d.scales[place], q[first + place])
            value[0] -= log_slope
            gradient[first + place] -= bend
        return state

    return density


def products_as_single_ratios(right: Any) -> Density:
    """Counts of arms that leave out the outcomes between, taken for those of the last ratio alone."""

    def density(dim, point, slope, value, pointers):
        d = unpack_nested(pointers)
        d.first[:] = d.last
        return right(dim, point, slope, value, pointers)

    return density


def verdicts(
    case: str,
    wrong: Callable[[Any], Density],
    sets: int,
    right: Callback = usual_density,
) -> pd.Series:
    density = cfunc(LOG_DENSITY, error_model="numpy")(wrong(right.ctypes))
    sampler = partial(sample_compiled, address=density.address)
    result = run_case(CASES[case], sets=sets, seed=1, sampler=sampler)
    return judge([result]).set_index("quantity")["p"]


def test_a_jacobian_left_out_is_found() -> None:
    # With this prior the density stays proper without it, so that chains do not run away.
    assert verdicts("tau-LogNormal-3-none", without_jacobian, 800)["tau"] < 1e-6


def test_a_scale_taken_as_a_variance_is_found() -> None:
    assert verdicts("distribution-normal-3-none", scale_as_variance, 600)["tau"] < 1e-6


def test_ignored_evidence_is_found_and_only_by_the_log_likelihood() -> None:
    p = verdicts("distribution-normal-3-factor", without_evidence, 100)
    assert p["log_likelihood"] < 1e-6
    assert (p.drop("log_likelihood") > 1e-3).all()


def test_a_jacobian_of_correlations_left_out_is_found() -> None:
    p = verdicts("nested-correlated-3-none", nested_without_jacobian, 600, nested_density)
    assert p[[name for name in p.index if name.startswith("correlation")]].min() < 1e-6


def test_outcomes_left_out_and_forgotten_are_found() -> None:
    p = verdicts("nested-independent-3-none", products_as_single_ratios, 100, nested_density)
    assert p[["mu[CR_CRi]", "mu[CR]"]].min() < 1e-6
