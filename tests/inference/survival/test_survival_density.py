"""The compiled density of survival compared with formulas written apart from it, and with PyMC's."""

import numpy as np
import numpy.typing as npt
import pytest
from definition import flat, log_determinant, pymc_density, pymc_value, pymc_values
from formulas import Complex, derivative
from survival_family import PRIORS, STRUCTURES, combinations, design_of
from survival_formulas import log_survival_posterior

import bayesmeta as bm
from bayesmeta.inference.density.callbacks import value_and_gradient
from bayesmeta.inference.density.coordinates import unlocated
from bayesmeta.inference.survival.coordinates import (
    SurvivalData,
    survival_data,
    survival_size,
    survival_start,
    survival_variables,
)
from bayesmeta.inference.survival.log_density import survival_density
from bayesmeta.model import Design
from bayesmeta.model.curves import CURVES, SurvivalCurve
from bayesmeta.model.survival_reports import Kind, Report

Array = npt.NDArray[np.float64]


def points_of(data: SurvivalData) -> list[Array]:
    """Three points near the data, and far ones: medians of a day, and of centuries."""
    rng = np.random.default_rng(7)
    size = survival_size(data)
    near = [survival_start(data, rng) + 0.7 * rng.normal(size=size) for _ in range(3)]
    far = []
    for theta, scalars in ((-4.0, -6.0), (-4.0, 1.5), (9.0, -6.0), (9.0, 1.5)):
        q = np.full(size, 0.3)
        q[0] = unlocated(data.shared.priors[0], theta)
        first = 1 + data.shared.centre.size
        q[first : first + len(data.shared.scales)] = scalars
        if data.shapes:
            q[first + int(data.curve[1])] = -0.4
        far.append(q)
    return [*near, *far]


def assert_matches_formulas(design: Design) -> None:
    data = survival_data(design)
    for q in points_of(data):
        value, gradient = value_and_gradient(q, data.pointers, survival_density)
        assert np.isfinite(value)
        assert value == pytest.approx(
            np.real(log_survival_posterior(q.astype(complex), data)), rel=1e-10
        )
        expected = derivative(lambda at: log_survival_posterior(at, data), q)
        assert np.abs(gradient - expected).max() <= 1e-9 * max(1.0, np.abs(expected).max())


def own_values(q: Complex, data: SurvivalData, design: Design) -> dict[str, Complex]:
    """PyMC's unconstrained values at q: those of all models, and the standardised log shapes."""
    size = q.size - data.shapes
    found = pymc_values(q[:size], data.shared, design)
    return found | ({"z_shape": q[size:]} if data.shapes else {})


def own_determinant(q: Complex, data: SurvivalData, design: Design) -> complex:
    return log_determinant(q[: q.size - data.shapes], data.shared, design)


@pytest.mark.parametrize(("curve", "structure", "discounted"), combinations())
def test_value_and_gradient_of_every_combination(
    curve: str, structure: str, *, discounted: bool
) -> None:
    assert_matches_formulas(design_of(CURVES[curve](), structure, discounted=discounted))


@pytest.mark.parametrize("curve", PRIORS, ids=str)
def test_value_and_gradient_of_other_priors(curve: SurvivalCurve) -> None:
    assert_matches_formulas(design_of(curve))


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.parametrize(
    ("curve", "structure", "discounted"),
    [one for one in combinations() if one[2] or one[1] == "none"],
)
def test_values_are_those_of_the_definition(
    curve: str, structure: str, *, discounted: bool
) -> None:
    design = design_of(CURVES[curve](), structure, discounted=discounted)
    data = survival_data(design)
    definition = pymc_value(design)
    for q in points_of(data):
        log_det = own_determinant(q.astype(complex), data, design).real
        expected = definition(own_values(q.astype(complex), data, design)) + log_det
        value, _ = value_and_gradient(q, data.pointers, survival_density)
        assert value == pytest.approx(expected, rel=1e-8)


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.parametrize("curve", CURVES)
def test_gradients_are_those_of_the_definition(curve: str) -> None:
    """PyMC compiles a gradient for long: one structure for each curve, near the data and far from it."""
    structure = dict(zip(CURVES, ("covariates", "levels", "student"), strict=True))[curve]
    design = design_of(CURVES[curve](), structure)
    data = survival_data(design)
    definition = pymc_density(design)
    for q in points_of(data):
        _, slope = definition(own_values(q.astype(complex), data, design))
        jacobian = derivative(lambda at: flat(own_values(at, data, design)), q)
        expected = jacobian @ slope + derivative(lambda at: own_determinant(at, data, design), q)
        _, gradient = value_and_gradient(q, data.pointers, survival_density)
        assert np.abs(gradient - expected).max() <= 1e-7 * max(1.0, np.abs(expected).max())


def test_the_evidence_has_every_kind_of_report() -> None:
    rows = [Report(*row) for row in design_of(bm.WeibullSurvival()).reports.rows]
    assert {row.kind for row in rows} == set(Kind)
    alive = [row for row in rows if row.kind == Kind.ALIVE]
    assert {(row.start > 0, row.end < np.inf) for row in alive} == {
        (False, False),
        (True, False),
        (False, True),
    }
    assert {row.discounted for row in alive} == {0.0, 1.0}
    assert {0.0, 1.0} <= {row.value for row in alive}
    assert not design_of(bm.WeibullSurvival(), discounted=False).reports.discounts


@pytest.mark.parametrize("structure", STRUCTURES)
def test_translation_gives_the_models_own_variables(structure: str) -> None:
    """Log shapes are their mean and their standardised deviations, as in the definition."""
    design = design_of(bm.WeibullSurvival(), structure)
    data = survival_data(design)
    points = np.stack(points_of(data))
    found = survival_variables(design, data, points)
    z = points[:, points.shape[1] - data.shapes :]
    expected = found["kappa"][:, None] + found["tau_k"][:, None] * z
    assert found["log_shape"] == pytest.approx(expected, rel=1e-12)
    assert ((found["retention"] > 0) & (found["retention"] < 1)).all()
    assert found["theta"].shape == (len(points), len(design.arms))
