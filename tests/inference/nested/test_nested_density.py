"""The compiled density of nested outcomes, held to formulas written apart from it."""

import ctypes
import functools

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import Phase, given, settings, strategies as st
from nested_family import PRIORS, combinations, design_of, named, outcomes_of
from nested_formulas import derivative, log_posterior, point_at
from scipy.optimize import brentq

import bayesmeta as bm
from bayesmeta.inference.density.callbacks import value_and_gradient
from bayesmeta.inference.nested.coordinates import (
    nested_data,
    nested_size,
    nested_start,
    nested_variables,
)
from bayesmeta.inference.nested.data import NestedData, pack_nested
from bayesmeta.inference.nested.log_density import nested_density
from bayesmeta.model import Design, make_design

Array = npt.NDArray[np.float64]

NEAR_ONE = 25.0
"""Coordinate of a partial correlation that is 1 but for 3e-11."""


def random_point(data: NestedData, rng: np.random.Generator) -> Array:
    return nested_start(data, rng) + rng.normal(size=nested_size(data))


def assert_matches_formulas(q: Array, design: Design, data: NestedData) -> None:
    """As the sampler calls it; what is not finite in value or gradient fails."""
    value, gradient = value_and_gradient(q, pack_nested(data), nested_density)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert value == pytest.approx(
        np.real(log_posterior(q.astype(complex), design, data)), rel=1e-10
    )
    expected = derivative(q, design, data)
    assert np.abs(gradient - expected).max() <= 1e-10 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize(("levels", "link", "covariates", "correlation"), combinations(), ids=named)
def test_value_and_gradient_of_every_combination(
    levels: int, link: str, covariates: str, correlation: bm.LKJ | None
) -> None:
    design = design_of(levels, link, covariates, correlation)
    data = nested_data(design)
    rng = np.random.default_rng(1)
    for _ in range(4):
        assert_matches_formulas(random_point(data, rng), design, data)


@pytest.mark.parametrize("priors", PRIORS, ids=str)
def test_value_and_gradient_of_priors_by_outcome(priors: dict[str, object]) -> None:
    design = design_of(3, correlation=bm.LKJ(0.7), **priors)  # type: ignore[arg-type]
    data = nested_data(design)
    rng = np.random.default_rng(1)
    for _ in range(4):
        assert_matches_formulas(random_point(data, rng), design, data)


@functools.cache
def extreme_design(counts: tuple[tuple[int | None, ...], ...], eta: float) -> Design:
    frame = pd.DataFrame(counts, columns=["n", *outcomes_of(3)])
    arms = bm.Arms(
        frame.assign(study=[f"s{i}" for i in range(len(frame))]),
        pd.DataFrame(),
        outcomes=outcomes_of(3),
    )
    spec = bm.ModelSpec(
        mu=bm.Cauchy(0, 2),
        study_effects=bm.NormalEffects(bm.HalfCauchy(1)),
        correlation=bm.LKJ(eta),
    )
    return make_design(spec, arms)


def unbounded(log_tau: float) -> float:
    """The place on the unbounded scale at which tau is exp(log_tau)."""

    def gap(x: float) -> float:
        root = 2 * np.logaddexp(0, x / 2)
        return np.log(0.4) + 2 * np.log(root) - np.logaddexp(0, -x) ** 2 / 2 - log_tau

    return brentq(gap, -50, 5e6, xtol=1e-14)


@st.composite
def counts_of_arms(draw: st.DrawFn) -> tuple[tuple[int | None, ...], ...]:
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        n, *own = sorted(
            draw(st.lists(st.integers(0, 10**6), min_size=4, max_size=4)), reverse=True
        )
        shown = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()).filter(any))
        rows.append((n, *[count if one else None for count, one in zip(own, shown, strict=True)]))
    return tuple(rows)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, phases=[Phase.generate])
@given(
    log_tau=st.lists(st.floats(np.log(1e-8), np.log(1e3)), min_size=3, max_size=3),
    mu=st.lists(st.floats(-700, 700), min_size=3, max_size=3),
    partial=st.lists(st.floats(-NEAR_ONE, NEAR_ONE), min_size=3, max_size=3),
    counts=counts_of_arms(),
    eta=st.sampled_from([0.5, 1.0, 2.0, 50.0]),
    noise=st.integers(0, 2**32 - 1),
)
def test_value_and_gradient_at_extreme_points(
    log_tau: list[float],
    mu: list[float],
    partial: list[float],
    counts: tuple[tuple[int | None, ...], ...],
    eta: float,
    noise: int,
) -> None:
    design = extreme_design(counts, eta)
    data = nested_data(design)
    q = np.random.default_rng(noise).normal(size=nested_size(data))
    # Under Cauchy(0, 2), mu is twice the hyperbolic sine of half its coordinate.
    q[:3] = 2 * np.arcsinh(np.array(mu) / 2)
    q[3:6], q[6:9] = [unbounded(x) for x in log_tau], partial
    assert nested_variables(data, q)["mu"] == pytest.approx(mu, rel=1e-9, abs=1e-9)
    assert nested_variables(data, q)["tau"] == pytest.approx(np.exp(log_tau), rel=1e-9)
    assert_matches_formulas(q, design, data)


@pytest.mark.parametrize("near", [-36.0, 36.0, -60.0, 60.0])
def test_correlations_of_one_but_for_rounding(near: float) -> None:
    """The distance from 1 is beyond the digits of the correlation, but the density knows it."""
    design = design_of(3, correlation=bm.LKJ(1.0))
    data = nested_data(design)
    q = np.full(nested_size(data), 0.1)
    q[6:9] = near
    assert_matches_formulas(q, design, data)


@pytest.mark.parametrize("correlation", [None, bm.LKJ(1.5)], ids=named)
@pytest.mark.parametrize("covariates", ["none", "both"])
@pytest.mark.parametrize("levels", [2, 4])
def test_pointers_lead_to_the_same_data(
    levels: int, covariates: str, correlation: bm.LKJ | None
) -> None:
    data = nested_data(design_of(levels, "logit", covariates, correlation))
    places = pack_nested(data).addresses[1:]
    for address, (name, part) in zip(places, data._asdict().items(), strict=True):
        values = (ctypes.c_double * part.size).from_address(int(address))
        assert list(values) == part.ravel().tolist(), name


@pytest.mark.parametrize(("levels", "link", "covariates", "correlation"), combinations(), ids=named)
def test_translation_gives_the_models_own_variables(
    levels: int, link: str, covariates: str, correlation: bm.LKJ | None
) -> None:
    """theta is the sum of its parts, and u is made of the correlations and tau, as of the definition."""
    design = design_of(levels, link, covariates, correlation)
    data = nested_data(design)
    points = np.stack([random_point(data, np.random.default_rng(i)) for i in range(3)])
    found = nested_variables(data, points)
    theta = found["mu"][:, None, :] + found["u"][:, design.arms.study_index]
    if covariates != "none":
        theta = theta + np.einsum("ak,djk->daj", design.matrix, found["beta"])
    assert found["theta"] == pytest.approx(theta, rel=1e-11)
    at = point_at(points.astype(complex), design, data)
    assert found["theta"] == pytest.approx(at.theta.real, rel=1e-11)
    assert found["tau"] == pytest.approx(at.tau.real, rel=1e-12)
    effects = at.tau[:, None] * np.einsum("djm,dsm->dsj", at.factor, at.standard)
    assert found["u"] == pytest.approx(effects.real, rel=1e-9, abs=1e-12)
    assert ("correlation" in found) == (correlation is not None)
    if correlation is not None:
        matrix = (at.factor @ np.swapaxes(at.factor, -1, -2)).real
        first, second = np.triu_indices(levels, 1)
        assert found["correlation"] == pytest.approx(matrix[:, first, second], rel=1e-12)
        assert [
            f"{design.arms.outcomes[i]}, {design.arms.outcomes[j]}"
            for i, j in zip(first, second, strict=True)
        ] == list(design.pairs)
