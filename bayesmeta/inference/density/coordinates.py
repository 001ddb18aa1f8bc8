"""Between a design and its compiled density: its arrays, starting points, and draws as variables."""

import numpy as np

from bayesmeta.arrays import Array
from bayesmeta.inference.coefficients import coefficients_of
from bayesmeta.inference.density.data import DensityData, Parts
from bayesmeta.inference.density.empirical import (
    TYPICAL_TAU_ARM,
    Informed,
    by_study,
    empirical,
    study_means,
)
from bayesmeta.inference.density.levels import effects_of
from bayesmeta.inference.kernels import bounded_values, located_values, unlocated
from bayesmeta.model import Design
from bayesmeta.model.totals import Totals
from bayesmeta.model.weights import weighted_counts


def density_data(design: Design) -> DensityData:
    """Return the arrays that the compiled density needs."""
    arms, spec = design.arms, design.spec
    events, n, coefficients = weighted_counts(arms, design.weights)
    arm_level, arm_information = empirical(events, n, spec)
    if spec.arm_effects is not None:
        study = by_study(arm_level, arm_information, arms.study_index, TYPICAL_TAU_ARM)
    else:
        totals = [np.bincount(arms.study_index, weights=counts) for counts in (events, n)]
        study = Informed(*empirical(totals[0], totals[1], spec))
        arm_level = arm_information = np.zeros(0)
    events, n = (_without_totals(design.totals, counts) for counts in (events, n))
    return assembled(design, events, n, study)._replace(
        log_coefficient=_without_totals(design.totals, coefficients),
        arm_level=arm_level,
        arm_information=arm_information,
    )


def assembled(design: Design, events: Array, n: Array, of_study: Informed) -> DensityData:
    """Return the arrays of a design, without effects of arms and coefficients of their counts."""
    study, distribution = design.arms.study_index, design.spec.study_effects
    means = study_means(design.matrix, design.arms.n.astype(np.float64), study)
    centre = design.matrix.mean(axis=0) if distribution.pools else np.zeros(design.matrix.shape[1])
    levels = [design.level_effects[place] for place in design.term_of_level]
    own = [design.mu[0], *design.beta, *(one.standard for one in levels)]
    own += [scalar.prior for scalar in design.scalars]
    return DensityData(
        events=events,
        n=n,
        study=study.astype(np.float64),
        log_coefficient=np.zeros(len(n)),
        deviation=np.ascontiguousarray(design.matrix - means[study]),
        study_mean=means - centre,
        centre=centre,
        level=of_study.level,
        information=of_study.information,
        arm_level=np.zeros(0),
        arm_information=np.zeros(0),
        tau_of_study=design.tau_of_study.astype(np.float64)[
            : None if distribution.has_effects else 0
        ],
        priors=np.array([[*prior.kernel] for prior in own], dtype=np.float64),
        scales=np.array(
            [[*scalar.prior.support, scalar.transition_scale] for scalar in design.scalars]
        ).reshape(-1, 3),
        parts=np.array(_parts(design), dtype=np.float64),
        levels=_levels_of(design),
        totals=design.totals.rows,
        step=np.ascontiguousarray(design.totals.step),
        published=design.published,
        **_imputation(design),
    )


def _without_totals(totals: Totals, counts: Array) -> Array:
    """Return counts with zeros for totals over levels, which have a likelihood of their own."""
    counts[totals.arm] = 0.0
    return counts


def _parts(design: Design) -> Parts:
    distribution = design.spec.study_effects

    def place(name: str) -> int:
        return next(iter(design.places(name)), -1)

    own = place(next(iter(distribution.parameters), ""))
    return Parts(
        design.spec.link.code,
        design.spec.likelihood.code,
        distribution.code,
        own,
        place("tau_arm"),
        place(next(iter(design.spec.likelihood.parameters), "")),
        place("x_mean"),
        distribution.constants[0],
        int(distribution.pools),
    )


def _levels_of(design: Design) -> Array:
    """Return the rows of `DensityData.levels`, whose coordinates are standardised effects."""
    places = design.places("sigma")
    rows = []
    for term in design.term_of_level:
        probability, apart = design.level_effects[term].mixture
        rows.append([places[term], probability, apart.loc, apart.scale, 0.0])
    return np.array(rows, dtype=np.float64).reshape(-1, 5)


def _imputation(design: Design) -> dict[str, Array]:
    imputed = design.imputed
    covariates = design.matrix.shape[1]
    known = [
        [one.known.size, one.known.mean(), ((one.known - one.known.mean()) ** 2).sum()]
        for one in imputed
    ]
    columns = [np.full(one.missing.size, c) for c, one in enumerate(imputed)]
    none = np.zeros(0)
    return {
        "missing_arm": np.concatenate([none, *(one.missing for one in imputed)]),
        "missing_column": np.concatenate([none, *columns]),
        "missing_slope": np.ascontiguousarray(
            np.concatenate([np.zeros((0, covariates)), *(one.slope for one in imputed)])
        ),
        "known": np.array(known, dtype=np.float64).reshape(-1, 3),
    }


def size(data: DensityData) -> int:
    """Return the number of coordinates."""
    effects = data.tau_of_study.size
    return parameters_size(data) + effects + data.arm_level.size + data.missing_arm.size


def parameters_size(data: DensityData) -> int:
    """Return the number of coordinates of mu, the coefficients and the scalars, which stand first."""
    return 1 + data.centre.size + len(data.scales)


def starting_point(data: DensityData, rng: np.random.Generator) -> Array:
    """Return a point near the data from which a chain may start, different for each call."""
    point = rng.normal(scale=0.3, size=size(data))
    if Parts(*data.parts).pools:
        weight = data.information + 1e-6
        point[0] += unlocated(data.priors[0], weight @ data.level / weight.sum())
    return point


def variables(design: Design, data: DensityData, points: Array) -> dict[str, Array]:
    """Return the variables of a design at points in the sampler's coordinates, shape (..., coordinate).

    As of `translate`, with the scalars under their own names and `x` with dims arm and imputed, in the
    columns' own units.
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
        by_level = name == "tau" and design.spec.study_effects.by
        several = name.startswith("x_") or name == "sigma" or by_level
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
    """Return mu, the scalars, theta and, where the model has them, beta, u, w and x at points.

    On the scale of the link but for `x`, which is standardised, and scalars that have other units; `x`
    has a last dim of missing values.
    """
    found, rest = _leading(data, points), points[..., parameters_size(data) :]
    return found | _levels(data, found, located_values(data.priors[0], points[..., :1]), rest)


def _leading(data: DensityData, points: Array) -> dict[str, Array]:
    """Return mu, beta, b and the scalars."""
    first, levels = 1 + data.centre.size, len(data.levels)
    # Copies, so that products do not depend on what stands beside.
    coefficients = np.ascontiguousarray(points[..., 1:first])
    scalars = np.ascontiguousarray(points[..., first : parameters_size(data)])
    values = bounded_values(data.scales, scalars)
    fixed = coefficients.shape[-1] - levels
    if levels:
        z = np.ascontiguousarray(coefficients[..., fixed:]).reshape(-1, levels)
        effects = effects_of(data.levels, values.reshape(len(z), -1), z)
        coefficients[..., fixed:] = effects.reshape(*points.shape[:-1], levels)
    found = {"mu": located_values(data.priors[0], points[..., 0]) - coefficients @ data.centre}
    if fixed:
        found["beta"] = np.ascontiguousarray(coefficients[..., :fixed])
    if levels:
        found["b"] = np.ascontiguousarray(coefficients[..., fixed:])
    found["scalars"] = values
    return found


def _levels(data: DensityData, found: dict[str, Array], mu: Array, rest: Array) -> dict[str, Array]:
    """Return effects, missing values and the linear predictor of each arm."""
    beta = coefficients_of(found)
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
    """Return the effect that z stands for, its data being `gap` from its mean; see `effects`."""
    rest = 1 / (1 + tau**2 * information)
    return np.asarray((1 - rest) * gap + tau * np.sqrt(rest) * z)


def _missing(data: DensityData, scalars: Array, z: Array) -> Array:
    """Return missing values, standardised; `scalars` begin with means and standard deviations."""
    column = 2 * data.missing_column.astype(np.int64)
    return np.asarray(scalars[..., column] + scalars[..., column + 1] * z)
