"""The contract: compiled density and PyMC definition of nested outcomes agree.

The sampler's coordinates are mapped to PyMC's; the densities differ by the log Jacobian of the map.
Values are compared for every combination of parts, gradients for combinations in which every pair of
parts occurs: `test_nested_density` holds the gradient of every combination to formulas of its own.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pymc as pm
import pytest
from formulas import STEP
from nested_family import PRIORS, combinations, design_of, named
from nested_formulas import Complex, factor_of, log_factor_slope, point_at
from pairs import pairwise
from pytensor.compile.mode import Mode
from scipy.optimize import brentq

import bayesmeta as bm
from bayesmeta.inference.density.callbacks import value_and_gradient
from bayesmeta.inference.nested.coordinates import nested_data, nested_size, nested_start
from bayesmeta.inference.nested.data import NestedData, pack_nested
from bayesmeta.inference.nested.log_density import nested_density
from bayesmeta.model import Design
from bayesmeta.model.build import build_design

pytestmark = pytest.mark.stored("tests/inference/density")

Array = npt.NDArray[np.float64]

ORDER = {
    2: [(1, 0)],
    3: [(2, 1), (2, 0), (1, 0)],
    4: [(3, 2), (3, 1), (3, 0), (1, 0), (2, 1), (2, 0)],
}
"""Entry of the factor behind each of PyMC's unconstrained values of it."""

FAST = [
    (2, "logit", "both", bm.LKJ(1.5)),
    (3, "probit", "none", None),
    (3, "cloglog", "none", None),
]

PAIRS = pairwise(combinations(), lambda parts: [named(part) for part in parts])
OTHERS = [parts for parts in combinations() if parts not in PAIRS]


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "link", "covariates", "correlation"), PAIRS, ids=named)
def test_gradients_of_every_pair_of_parts(
    levels: int, link: str, covariates: str, correlation: bm.LKJ | None
) -> None:
    assert_contract(design_of(levels, link, covariates, correlation))


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "link", "covariates", "correlation"), OTHERS, ids=named)
def test_values_of_every_other_combination(
    levels: int, link: str, covariates: str, correlation: bm.LKJ | None
) -> None:
    design = design_of(levels, link, covariates, correlation)
    data = nested_data(design)
    definition = pymc_value(design)
    for q in points_of(design, data):
        log_det = float(log_determinant(q.astype(complex), design, data).real)
        found, _ = value_and_gradient(q, pack_nested(data), nested_density)
        value = definition(pymc_values(q.astype(complex), design, data))
        assert found == pytest.approx(value + log_det, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "link", "covariates", "correlation"), FAST, ids=named)
def test_each_link(levels: int, link: str, covariates: str, correlation: bm.LKJ | None) -> None:
    assert_contract(design_of(levels, link, covariates, correlation))


@pytest.mark.slow
@pytest.mark.parametrize("priors", PRIORS, ids=str)
def test_priors_by_outcome(priors: dict[str, object]) -> None:
    assert_contract(design_of(3, correlation=bm.LKJ(0.7), **priors))  # type: ignore[arg-type]


@pytest.mark.parametrize("levels", ORDER)
def test_the_map_of_the_factor_is_that_of_pymc(levels: int) -> None:
    x = np.random.default_rng(levels).normal(size=len(ORDER[levels]))
    transform = pm.distributions.transforms.CholeskyCorrTransform(levels)
    factor = factor_of(np.tanh(x / 2), 1 / np.cosh(x / 2), levels).real
    found = transform.forward(factor).eval(mode=Mode("py", "fast_compile"))
    assert found == pytest.approx(factor_values(factor), rel=1e-12)


def assert_contract(design: Design) -> None:
    data = nested_data(design)
    definition = pymc_density(design)
    for q in points_of(design, data):
        value, slope = definition(pymc_values(q.astype(complex), design, data))
        log_det = log_determinant(q.astype(complex), design, data)
        found, gradient = value_and_gradient(q, pack_nested(data), nested_density)
        assert found == pytest.approx(value + float(log_det.real), rel=1e-9)
        shifted = q + 1j * STEP * np.eye(q.size)
        jacobian = np.imag(flat(pymc_values(shifted, design, data), design)) / STEP
        expected = jacobian @ slope + np.imag(log_determinant(shifted, design, data)) / STEP
        assert np.abs(gradient - expected).max() <= 1e-9 * max(1.0, np.abs(expected).max())


def points_of(design: Design, data: NestedData) -> list[Array]:
    """Three points near the data, and far ones."""
    rng = np.random.default_rng(7)
    near = [nested_start(data, rng) + rng.normal(size=nested_size(data)) for _ in range(3)]
    return [*near, *far_points(design, data)]


def far_points(design: Design, data: NestedData) -> list[Array]:
    """Points at tau = 1e-8 and 20, ratios and correlations far out, as far as PyMC can follow."""
    levels, covariates = data.level.shape[1], data.centre.size
    far = {"logit": 15.0, "probit": 4.0, "cloglog": 1.5}[design.spec.link.name]
    found = []
    for theta in (-far, far):
        for log_tau in (np.log(1e-8), np.log(20)):
            q = np.full(nested_size(data), 0.01)
            q[:levels] = theta
            place = levels * (1 + covariates)
            for j, prior in enumerate(design.tau):
                bent = np.isinf(prior.support[1])
                q[place + j] = unbounded(log_tau) if bent else np.sign(log_tau) * 8
            q[place + levels : place + levels + len(design.pairs)] = np.sign(theta) * 5
            found.append(q)
    return found


def unbounded(log_tau: float) -> float:
    def gap(x: float) -> float:
        root = 2 * np.logaddexp(0, x / 2)
        return np.log(0.4) + 2 * np.log(root) - np.logaddexp(0, -x) ** 2 / 2 - log_tau

    return brentq(gap, -50, 5e6, xtol=1e-13)


def pymc_values(q: Complex, design: Design, data: NestedData) -> dict[str, Complex]:
    """PyMC's unconstrained values at q, by the name of the variable, dims (..., value)."""
    at, head = point_at(q, design, data), q.shape[:-1]
    scales = [pymc_scale(prior.support, at.tau[..., j])[0] for j, prior in enumerate(design.tau)]
    found = {
        "mu": at.mu,
        "beta": at.beta.reshape(*head, -1),
        "tau": np.stack(scales, axis=-1),
        "cholesky": factor_values(at.factor),
        "z": at.standard.reshape(*head, -1),
    }
    for j in range(len(design.arms.outcomes)):
        found |= {f"{name}_{j}": found[name][..., j : j + 1] for name in ("mu", "tau")}
    for k in range(len(design.beta)):
        found[f"beta_{k}"] = at.beta[..., k]
    return found


def factor_values(factor: Complex) -> Complex:
    entries = [factor[..., i, j] / factor[..., i, i] for i, j in ORDER[factor.shape[-1]]]
    return np.stack(entries, axis=-1)


def pymc_scale(support: tuple[float, float], value: Complex) -> tuple[Complex, Complex]:
    """PyMC's unconstrained value of a standard deviation, and its derivative in that."""
    low, high = support
    if np.isinf(high):
        return np.log(value - low), 1 / (value - low)
    return np.log((value - low) / (high - value)), 1 / (value - low) + 1 / (high - value)


def log_determinant(q: Complex, design: Design, data: NestedData) -> Complex:
    """Log of the Jacobian of PyMC's values in q, which is triangular."""
    at = point_at(q, design, data)
    total = at.log_roots
    for j, prior in enumerate(design.tau):
        total = total + np.log(at.slopes[..., j] * pymc_scale(prior.support, at.tau[..., j])[1])
    if design.pairs:
        # In x, then in the entries of the factor, then of those in PyMC's values.
        total = total + (2 * np.log(at.roots) - np.log(2)).sum(axis=-1) + log_factor_slope(at)
        diagonal = np.diagonal(at.factor, axis1=-2, axis2=-1)
        total = total - (np.log(diagonal) * (np.arange(diagonal.shape[-1]) + 2)).sum(axis=-1)
    return total


def flat(values: dict[str, Complex], design: Design) -> Complex:
    """Values in the order of the model's variables, dims (..., value)."""
    return np.concatenate([values[name] for name in free_names(design)], axis=-1)


def free_names(design: Design) -> list[str]:
    def each(name: str, priors: tuple[bm.priors.Prior, ...]) -> list[str]:
        return [name] if len(set(priors)) == 1 else [f"{name}_{i}" for i in range(len(priors))]

    beta = each("beta", design.beta) if design.beta else []
    names = [*each("mu", design.mu), *beta, *each("tau", design.tau), "z"]
    return [*names, "cholesky"] if design.pairs else names


def pymc_value(design: Design) -> Callable[[dict[str, Complex]], float]:
    """Value of the PyMC model at its own values."""
    model = build_design(design)
    value = compiled(model, [model.logp()])
    return lambda values: float(value(*real(design, values))[0])


def pymc_density(design: Design) -> Callable[[dict[str, Complex]], tuple[float, Array]]:
    """Value and gradient of the PyMC model at its own values, in the order that `flat` has."""
    model = build_design(design)
    assert [variable.name for variable in model.free_RVs] == free_names(design)
    both = compiled(model, [model.logp(), model.dlogp(model.free_RVs)])

    def density(values: dict[str, Complex]) -> tuple[float, Array]:
        value, slope = both(*real(design, values))
        return float(value), np.asarray(slope)

    return density


def compiled(model: pm.Model, outputs: list[Any]) -> Any:
    """A function of the model's free variables."""
    # As nutpie stabilises it, without which log(1 - sigmoid(40)) is minus infinity; and in Python,
    # where products of matrices need no other library.
    mode = Mode("py", "fast_compile").including("canonicalize", "stabilize")
    variables = [model.rvs_to_values[variable] for variable in model.free_RVs]
    return model.compile_fn(outputs, inputs=variables, mode=mode, point_fn=False)


def real(design: Design, values: dict[str, Complex]) -> list[Array]:
    """The values in the order and shapes of the model's variables."""
    shapes = {
        "z": (len(design.arms.studies), len(design.arms.outcomes)),
        "beta": (len(design.arms.outcomes), len(design.beta)),
    }
    return [
        np.real(values[name]).reshape(
            shapes.get(name, () if name.startswith(("mu_", "tau_")) else (-1,))
        )
        for name in free_names(design)
    ]
