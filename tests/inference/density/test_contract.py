"""The contract: compiled density and PyMC definition agree for the whole family.

The sampler's coordinates are mapped to PyMC's; the densities differ by the log Jacobian of the map.
Values are compared for every combination of parts, gradients for combinations in which every pair of
parts occurs: PyMC compiles a gradient three times as long as a value, and `test_density` holds the
gradient of every combination to formulas of its own.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from definition import flat, log_determinant, pymc_density, pymc_value, pymc_values
from family import (
    LEVELS,
    MU_PRIORS,
    TAU_PRIORS,
    combinations,
    design_of,
    made_design,
    named,
    parts_of,
)
from formulas import derivative
from pairs import pairwise
from scipy.optimize import brentq

import bayesmeta as bm
from bayesmeta.inference.density.coordinates import density_data, size, starting_point, unlocated
from bayesmeta.inference.density.data import DensityData
from bayesmeta.inference.density.log_density import log_density
from bayesmeta.inference.kernels import bounded
from bayesmeta.model import Design

Array = npt.NDArray[np.float64]

PAIRS = pairwise(combinations(), parts_of)
PRIORS: list[dict[str, object]] = [
    *[{"covariates": "number", "mu": mu} for mu in MU_PRIORS],
    *[{"study_effects": bm.NormalEffects(tau), "covariates": "none"} for tau in TAU_PRIORS],
    {"study_effects": bm.StudentTEffects(nu=bm.Uniform(0, 40)), "covariates": "none"},
    {
        "study_effects": bm.ContaminatedEffects(outlier_proportion=bm.Uniform(0, 0.2)),
        "covariates": "none",
    },
    {"likelihood": bm.BetaBinomial(rho=bm.Uniform(0, 0.5)), "covariates": "none"},
    *[{"levels": levels, "covariates": "levels"} for levels in LEVELS],
    {
        "beta": {"default": bm.Normal(0, 1), "regimen[b]": bm.StudentT(3, 0, 1)},
        "covariates": "factor",
    },
]


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.parametrize("parts", PAIRS, ids=named)
def test_gradients_of_every_pair_of_parts(parts: dict[str, object]) -> None:
    assert_contract(design_of(**parts))


@pytest.mark.slow
@pytest.mark.stored
@pytest.mark.parametrize(
    "parts", [parts for parts in combinations() if parts not in PAIRS], ids=named
)
def test_values_of_every_other_combination(parts: dict[str, object]) -> None:
    design = design_of(**parts)
    data = density_data(design)
    definition = pymc_value(design)
    for q in points_of(design, data):
        log_det = log_determinant(q.astype(complex), data, design)
        value = definition(pymc_values(q.astype(complex), data, design)) + log_det.real
        assert log_density(q, data, np.empty_like(q)) == pytest.approx(value, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("parts", PRIORS, ids=str)
def test_every_prior(parts: dict[str, object]) -> None:
    assert_contract(made_design(**parts))


@pytest.mark.slow
@pytest.mark.parametrize("covariates", ["none", "factor"])
@pytest.mark.parametrize("likelihood", [bm.Binomial(), bm.BetaBinomial()], ids=repr)
@pytest.mark.parametrize("rho", [-0.5, 0.9])
def test_publication_that_depends_on_rates(
    covariates: str, likelihood: bm.Likelihood, rho: float
) -> None:
    design = design_of(covariates=covariates, likelihood=likelihood)
    assert_contract(replace(design, publication=bm.Publication(0.3, 0.9, rho)))


@pytest.mark.parametrize("arm_effects", [None, bm.ArmEffects()], ids=repr)
@pytest.mark.parametrize("link", [bm.Logit(), bm.CLogLog()], ids=repr)
def test_likelihoods_to_a_power(link: bm.Link, arm_effects: bm.ArmEffects | None) -> None:
    """Powers from 0 to 1, of arms of one study among them."""
    design = design_of(likelihood=bm.Binomial(link), arm_effects=arm_effects, covariates="factor")
    weights = np.array([1.0, 0.3, 0.5, 0.0, 0.9, 0.2, 0.7, 1.0])
    assert_contract(replace(design, weights=weights))


def assert_contract(design: Design) -> None:
    data = density_data(design)
    definition = pymc_density(design)
    for q in points_of(design, data):
        value, slope = definition(pymc_values(q.astype(complex), data, design))
        log_det = log_determinant(q.astype(complex), data, design)
        gradient = np.empty_like(q)
        assert log_density(q, data, gradient) == pytest.approx(value + log_det.real, rel=1e-9)
        jacobian = derivative(lambda at: flat(pymc_values(at, data, design)), q)
        expected = jacobian @ slope + derivative(lambda at: log_determinant(at, data, design), q)
        assert np.abs(gradient - expected).max() <= 1e-9 * max(1.0, np.abs(expected).max())


def points_of(design: Design, data: DensityData) -> list[Array]:
    """Three points near the data, and far ones."""
    rng = np.random.default_rng(7)
    near = [starting_point(data, rng) + rng.normal(size=size(data)) for _ in range(3)]
    return [*near, *far_points(design, data)]


def far_points(design: Design, data: DensityData) -> list[Array]:
    """Points at theta = -40 and 40, tau = 1e-8 and 1e3, as far as PyMC itself can follow."""
    thetas, others = (-40.0, 40.0), 0.1
    if design.spec.likelihood.parameters and design.spec.link != bm.Logit():
        # Its beta-binomial has no parameters as small as these links give.
        thetas, others = (-4.0, 1.0), 0.01
    found = []
    for theta in thetas:
        for log_tau in (np.log(1e-8), np.log(1e3)):
            q = np.full(size(data), others)
            q[0] = unlocated(data.priors[0], theta)
            for j, scale in enumerate(data.scales[: len(design.places("tau"))]):
                # On a bounded scale a far point lies near a bound instead.
                bent = np.isinf(scale[1])
                q[1 + data.centre.size + j] = (
                    unbounded(scale, log_tau) if bent else np.sign(log_tau) * 8
                )
            found.append(q)
    return found


def unbounded(scale: Array, log_tau: float) -> float:
    # Above its transition scale a scalar grows like the square of its coordinate.
    far = 2 * np.exp(max(log_tau - np.log(scale[2]), 0) / 2) + 30
    return brentq(lambda x: np.log(bounded(scale, x)[0] - scale[0]) - log_tau, -12, far, xtol=1e-13)
