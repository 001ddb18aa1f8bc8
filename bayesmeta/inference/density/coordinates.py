"""Between the sampler's coordinates and the model's variables: starting points in, draws out."""

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from bayesmeta.inference.density.data import DensityData, Parts
from bayesmeta.model import Design
from bayesmeta.priors import Shape

__all__ = [
    "bounded_values",
    "located_values",
    "named_scalars",
    "parameters",
    "parameters_size",
    "size",
    "starting_point",
    "translate",
    "unlocated",
    "variables",
]

Array = npt.NDArray[np.float64]


def size(data: DensityData) -> int:
    """Return the number of coordinates."""
    effects = data.tau_of_study.size
    return parameters_size(data) + effects + data.arm_level.size + data.missing_arm.size


def parameters_size(data: DensityData) -> int:
    """Return the number of coordinates of mu, beta and the scalars, which stand first."""
    return 1 + data.centre.size + len(data.scales)


def starting_point(data: DensityData, rng: np.random.Generator) -> Array:
    """Return a point near the data from which a chain may start, different for each call."""
    point = rng.normal(scale=0.3, size=size(data))
    if Parts(*data.parts).pools:
        weight = data.information + 1e-6
        point[0] += unlocated(data.priors[0], weight @ data.level / weight.sum())
    return point


def variables(design: Design, data: DensityData, points: Array) -> dict[str, Array]:
    """Return the variables of a design at points in the sampler's coordinates.

    Parameters
    ----------
    design : Design
        The model and its arms.
    data : DensityData
        Its arrays.
    points : array
        Shape (..., coordinates).

    Returns
    -------
    dict
        As of `translate`, with the scalars under their own names and, of imputed covariates, `x`
        with dims arm and imputed, in their own units.
    """
    found = translate(data, points)
    named = named_scalars(design, found.pop("scalars"))
    if "x" in found:
        named["x"] = _values(design, found.pop("x"))
    return found | named


def parameters(design: Design, data: DensityData, points: Array) -> dict[str, Array]:
    """Return mu, beta and the scalars as `variables` does, from points of whatever length."""
    found = _leading(data, points)
    return found | named_scalars(design, found.pop("scalars"))


def named_scalars(design: Design, scalars: Array) -> dict[str, Array]:
    """Return the scalars beside mu and beta as variables; shape (..., scalar) to (...) or (..., own)."""
    found = {}
    for name in dict.fromkeys(scalar.name for scalar in design.scalars):
        places = design.places(name)
        several = name.startswith("x_") or (name == "tau" and design.spec.study_effects.by)
        found[name] = scalars[..., places] if several else scalars[..., places[0]]
    if design.imputed:
        spread = np.array([one.spread for one in design.imputed])
        centre = np.array([one.centre for one in design.imputed])
        found["x_mean"] = centre + spread * found["x_mean"]
        found["x_sd"] = spread * found["x_sd"]
    return found


def _values(design: Design, missing: Array) -> Array:
    """Return every arm's value of the imputed covariates, dims (..., arm, imputed)."""
    x = np.empty((*missing.shape[:-1], len(design.arms), len(design.imputed)))
    first = 0
    for i, one in enumerate(design.imputed):
        x[..., i] = design.arms.frame[one.name].to_numpy(dtype=np.float64)
        last = first + one.missing.size
        x[..., one.missing, i] = one.in_own_unit(missing[..., first:last])
        first = last
    return x


def translate(data: DensityData, points: Array) -> dict[str, Array]:
    """Return the model's variables at points in the sampler's coordinates.

    Parameters
    ----------
    data : DensityData
        Model and evidence.
    points : array
        Shape (..., coordinates).

    Returns
    -------
    dict
        `mu` and `scalars`, and where the model has them `beta`, `u`, `w` and `x`, and `theta`;
        shape (...) and (..., covariate, study, arm, or missing value); on the scale of the link
        but for `x`, which is standardised, and those of `scalars` that have other units.
    """
    found, rest = _leading(data, points), points[..., parameters_size(data) :]
    return found | _levels(data, found, located_values(data.priors[0], points[..., :1]), rest)


def _leading(data: DensityData, points: Array) -> dict[str, Array]:
    """Return mu, beta and the scalars."""
    first = 1 + data.centre.size
    # Copies, so that products don't depend on what stands beside.
    beta = np.ascontiguousarray(points[..., 1:first])
    scalars = np.ascontiguousarray(points[..., first : parameters_size(data)])
    found = {"mu": located_values(data.priors[0], points[..., 0]) - beta @ data.centre}
    if beta.shape[-1]:
        found["beta"] = beta
    found["scalars"] = bounded_values(data.scales, scalars)
    return found


def _levels(data: DensityData, found: dict[str, Array], mu: Array, rest: Array) -> dict[str, Array]:
    """Return effects, missing values and the linear predictor of each arm."""
    beta = found.get("beta", np.zeros((*mu.shape[:-1], 0)))
    parts, study = Parts(*data.parts), data.study.astype(np.int64)
    scalars, new = found["scalars"], {}
    effects = data.tau_of_study.size
    mean = mu if parts.pools else data.priors[0, 1]
    level = mean + beta @ data.study_mean.T
    if effects:
        if parts.pools:
            tau = scalars[..., data.tau_of_study.astype(np.int64)]
        else:
            tau = np.full((*mu.shape[:-1], 1), data.priors[0, 2])
        u = _effect(tau, data.information, data.level - level, rest[..., :effects])
        level = level + u
        # Of an independent study, u is what its level has beyond mu.
        new["u"] = u if parts.pools else u + (mean - found["mu"][..., None])
    theta = level[..., study] + beta @ data.deviation.T
    rest = rest[..., effects:]
    if data.missing_arm.size:
        new["x"] = _missing(
            data, scalars[..., int(parts.imputed) :], rest[..., -data.missing_arm.size :]
        )
        shift = new["x"] * (beta @ data.missing_slope.T)
        # One column at a time: an arm may lack the values of several.
        for column in np.unique(data.missing_column):
            own = data.missing_column == column
            theta[..., data.missing_arm[own].astype(np.int64)] += shift[..., own]
    if data.arm_level.size:
        tau_arm = scalars[..., int(parts.tau_arm), None]
        z = rest[..., : data.arm_level.size]
        new["w"] = _effect(tau_arm, data.arm_information, data.arm_level - theta, z)
        theta = theta + new["w"]
    return new | {"theta": theta}


def _effect(tau: Array, information: Array, gap: Array, z: Array) -> Array:
    """Return the effect that z stands for, its data being `gap` from its mean; see `noncentring`."""
    rest = 1 / (1 + tau**2 * information)
    return np.asarray((1 - rest) * gap + tau * np.sqrt(rest) * z)


def _missing(data: DensityData, scalars: Array, z: Array) -> Array:
    """Return missing values, standardised; `scalars` begin with means and standard deviations."""
    column = 2 * data.missing_column.astype(np.int64)
    return np.asarray(scalars[..., column] + scalars[..., column + 1] * z)


def bounded_values(scales: Array, x: Array) -> Array:
    """Return scalars at x on their unbounded scales; see `scales`."""
    values = np.array(x, dtype=np.float64)
    for j, (low, high, transition) in enumerate(scales):
        at = x[..., j]
        if np.isfinite(low) and np.isinf(high):
            root, soft = 2 * np.logaddexp(0, at / 2), np.logaddexp(0, -at)
            values[..., j] = low + transition * np.exp(2 * np.log(root) - soft**2 / 2)
        elif np.isfinite(low):
            values[..., j] = low + (high - low) * expit(at)
    return values


def located_values(prior: Array, x: Array) -> Array:
    """Return mu at x, under the prior of a row of `DensityData.priors`; see `scales`."""
    if prior[0] != Shape.STUDENT_T:
        return x
    width = prior[2] * np.sqrt(prior[3])
    return np.asarray(prior[1] + width * np.sinh(x / width))


def unlocated(prior: Array, mu: Array) -> Array:
    """Return the x at which `located_values` is mu."""
    if prior[0] != Shape.STUDENT_T:
        return mu
    width = prior[2] * np.sqrt(prior[3])
    return np.asarray(width * np.arcsinh((mu - prior[1]) / width))
