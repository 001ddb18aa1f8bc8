"""The PyMC definition at points in the sampler's coordinates, for tests of compiled densities.

The sampler's coordinates are mapped to PyMC's; the densities differ by the log Jacobian of the map.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pymc as pm
from formulas import Complex, log_normal, point_at
from pytensor.compile.mode import get_mode

from bayesmeta.inference.density.data import DensityData, Parts
from bayesmeta.model import Design
from bayesmeta.model.build import build_design

Array = npt.NDArray[np.float64]
Density = Callable[[dict[str, Complex]], tuple[float, Array]]


def pymc_values(q: Complex, data: DensityData, design: Design) -> dict[str, Complex]:
    """PyMC's unconstrained values at q, by the name of the variable."""
    at, parts = point_at(q, data), Parts(*data.parts)
    found: dict[str, Complex] = {"mu": np.array([at.mu])}
    if len(set(design.beta)) == 1:
        found["beta"] = at.beta
    found |= {f"beta_{k}": at.beta[k : k + 1] for k in range(len(design.beta))}
    own = [
        pymc_scale(scale, value)[0]
        for scale, value in zip(pymc_bounds(design), at.scalars, strict=True)
    ]
    for name in dict.fromkeys(scalar.name for scalar in design.scalars):
        pymc_name = f"{name}_standard" if name.startswith("x_") else name
        found[pymc_name] = np.array([own[place] for place in design.places(name)])
    if design.level_effects:
        found["sigma"] = np.array([own[place] for place in design.places("sigma")])
        found |= {f"sigma_{t}": found["sigma"][t : t + 1] for t in range(len(found["sigma"]))}
    for t, levels in enumerate(design.level_effects):
        those = design.term_of_level == t
        mixed = levels.mixture[0] < 1
        found[f"b_{t}" if mixed else f"z_b_{t}"] = (at.b if mixed else at.level_standard)[those]
    centre, scale = data.priors[0, 1:3]
    found["study_level"] = centre + scale * at.standard
    found["z"], found["z_arm"] = at.standard, at.arm_standard
    for c in range(len(design.imputed)):
        found[f"x_z_{c}"] = at.x_standard[data.missing_column == c]
    assert parts.distribution == design.spec.study_effects.code
    return found


def pymc_bounds(design: Design) -> list[tuple[float, float]]:
    """Bounds between which PyMC places each scalar; what is cut off below it leaves open above."""
    supports = [(scalar.name, *scalar.prior.support) for scalar in design.scalars]
    return [(low, np.inf if name == "nu" else high) for name, low, high in supports]


def pymc_scale(bounds: tuple[float, float], value: complex) -> tuple[complex, complex]:
    """PyMC's unconstrained value of a scalar, and its derivative in the scalar."""
    low, high = bounds
    if np.isinf(low):
        return value, 1.0
    if np.isinf(high):
        return np.log(value - low), 1 / (value - low)
    return np.log((value - low) / (high - value)), 1 / (value - low) + 1 / (high - value)


def log_determinant(q: Complex, data: DensityData, design: Design) -> complex:
    """Log of the Jacobian of PyMC's values in q, which is triangular."""
    at, parts = point_at(q, data), Parts(*data.parts)
    total = at.log_roots
    for bounds, value, slope in zip(pymc_bounds(design), at.scalars, at.slopes, strict=True):
        total += np.log(slope * pymc_scale(bounds, value)[1])
    # Of a mixture, PyMC has the effects themselves, of which the standardised ones are quantiles.
    for level, sigma, z, b in zip(
        data.levels, at.level_sigma, at.level_standard, at.b, strict=True
    ):
        if level[1] < 1:
            one = np.log(level[1]) + log_normal(b / sigma) - np.log(sigma)
            other = np.log(1 - level[1]) + log_normal((b - level[2]) / level[3]) - np.log(level[3])
            top = max(one.real, other.real)
            total += log_normal(z) - top - np.log(np.exp(one - top) + np.exp(other - top))
    if not parts.pools:
        total += data.level.size * np.log(data.priors[0, 2])
    return total + 0j


def flat(values: dict[str, Complex]) -> Complex:
    return np.concatenate([np.atleast_1d(values[name]) for name in flat.order])  # type: ignore[attr-defined]


def pymc_value(design: Design) -> Callable[[dict[str, Complex]], float]:
    """Value of the PyMC model at its own values."""
    model = build_design(design)
    value, variables = compiled(model, [model.logp()])
    return lambda values: float(value(*real(model, variables, values))[0])


def pymc_density(design: Design) -> Density:
    """Value and gradient of the PyMC model at its own values, in the order that `flat` has."""
    model = build_design(design)
    both, variables = compiled(model, [model.logp(), model.dlogp(model.free_RVs)])
    flat.order = [variable.name for variable in model.free_RVs]  # type: ignore[attr-defined]

    def density(values: dict[str, Complex]) -> tuple[float, Array]:
        value, slope = both(*real(model, variables, values))
        return float(value), np.asarray(slope)

    return density


def compiled(model: pm.Model, outputs: list[Any]) -> tuple[Any, list[Any]]:
    """A function of the model's free variables, and these variables."""
    variables = [model.rvs_to_values[variable] for variable in model.free_RVs]
    # As nutpie compiles it: without stabilising, log(1 - sigmoid(40)) is minus infinity.
    mode = get_mode("FAST_COMPILE").including("canonicalize", "stabilize")
    return model.compile_fn(outputs, inputs=variables, mode=mode, point_fn=False), variables


def real(model: pm.Model, variables: list[Any], values: dict[str, Complex]) -> list[Array]:
    """The values in the order and shapes of the model's variables."""
    initial = model.initial_point()
    return [
        np.real(values[free.name]).reshape(np.shape(initial[value.name]))
        for free, value in zip(model.free_RVs, variables, strict=True)
    ]
