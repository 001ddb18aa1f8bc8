"""Between a design of nested outcomes and its compiled density: arrays, starts, and variables."""

import numpy as np
from scipy.special import gammaln

from bayesmeta.arrays import Array
from bayesmeta.inference.density.empirical import study_means
from bayesmeta.inference.kernels import bounded_values, located_values, unlocated
from bayesmeta.inference.nested.data import NestedData
from bayesmeta.inference.nested.studies import cholesky_rows
from bayesmeta.model import Design
from bayesmeta.priors import Beta, Prior

HALF = 0.5
TURN = 0.4
"""Transition scale of tau; geometry only."""


SPREAD = 0.3
"""Standard deviation of where chains start about the data."""


def nested_data(design: Design) -> NestedData:
    """Return the arrays that the compiled density needs."""
    arms, seen = design.arms, design.conditional_counts
    study, n = arms.study_index, arms.n.astype(np.float64)
    means = study_means(design.matrix, n, study)
    centre = design.matrix.mean(axis=0)
    level, information = _empirical(design)
    bounded = [*design.tau, *correlation_priors(design)]
    return NestedData(
        study=study.astype(np.float64),
        deviation=np.ascontiguousarray(design.matrix - means[study]),
        study_mean=means - centre,
        centre=centre,
        level=level,
        information=information,
        arm=seen.arm.astype(np.float64),
        first=seen.first.astype(np.float64),
        last=seen.last.astype(np.float64),
        trials=seen.trials,
        events=seen.events,
        log_coefficient=gammaln(seen.trials + 1)
        - gammaln(seen.events + 1)
        - gammaln(seen.trials - seen.events + 1),
        priors=_kernels([*design.mu, *bounded]),
        beta_priors=_kernels(design.beta),
        scales=np.array([[*prior.support, TURN] for prior in bounded]),
        link=np.array([design.spec.link.code], dtype=np.float64),
    )


def correlation_priors(design: Design) -> tuple[Prior, ...]:
    """Return the priors of the partial correlations, moved from (-1, 1) to (0, 1), in rows.

    Under an LKJ prior they are independent, and beta (Lewandowski, Kurowicka & Joe 2009,
    doi:10.1016/j.jmva.2009.04.008); row i has those of level i with each level before it, given the
    levels before that one.
    """
    if design.spec.correlation is None:
        return ()
    levels, eta = len(design.arms.outcomes), design.spec.correlation.eta
    shapes = [eta + HALF * (levels - 2 - j) for i in range(1, levels) for j in range(i)]
    return tuple(Beta(shape, shape) for shape in shapes)


def _kernels(priors: "list[Prior] | tuple[Prior, ...]") -> Array:
    return np.array([[*prior.kernel] for prior in priors], dtype=np.float64).reshape(-1, 5)


def _empirical(design: Design) -> tuple[Array, Array]:
    """Return each study's predictor of each ratio and the information on it, where counted directly.

    A product of ratios informs on none of them alone, and counts for its first one only where it is
    the one; elsewhere the information is 0. So it is of a ratio that is 0 or 1 in all studies: beyond a
    bound the likelihood is flat, and mu may lie far from what would place the effects.
    """
    arms, seen, link = design.arms, design.conditional_counts, design.spec.link
    shape = (len(arms.studies), len(arms.outcomes))
    events, trials = np.zeros(shape), np.zeros(shape)
    single = seen.first == seen.last
    place = arms.study_index[seen.arm[single]], seen.last[single]
    np.add.at(events, place, seen.events[single])
    np.add.at(trials, place, seen.trials[single])
    some = (events.sum(axis=0) > 0) & (events.sum(axis=0) < trials.sum(axis=0))
    informed = (trials > 0) & some
    theta = link.theta((events + HALF) / (trials + 1))
    return theta, np.where(informed, (trials + 1) * link.information(theta), 0.0)


def nested_parameters_size(data: NestedData) -> int:
    """Return the number of coordinates of mu, beta, tau and the partial correlations."""
    return int(data.level.shape[1]) * (1 + data.centre.size) + len(data.scales)


def nested_size(data: NestedData) -> int:
    """Return the number of coordinates."""
    return nested_parameters_size(data) + data.level.size


def nested_start(data: NestedData, rng: np.random.Generator) -> Array:
    """Return a point near the data from which a chain may start, different for each call."""
    point = rng.normal(scale=SPREAD, size=nested_size(data))
    weight = data.information + 1e-6
    mean = (weight * data.level).sum(axis=0) / weight.sum(axis=0)
    point[: mean.size] += [unlocated(*pair) for pair in zip(data.priors, mean, strict=False)]
    return point


def nested_variables(data: NestedData, points: Array) -> dict[str, Array]:
    """Return the model's variables at points in the sampler's coordinates, shape (..., coordinates).

    `mu` and `tau` with last dim outcome, `beta` (outcome, covariate) where there are covariates,
    `correlation` (pair) where effects are correlated, `u` (study, outcome) and `theta` (arm, outcome);
    on the scale of the link but for the correlations.
    """
    studies, levels = data.level.shape
    beta, factor = _coefficients(data, points), _factor(data, points)
    z = points[..., nested_parameters_size(data) :].reshape(*points.shape[:-1], studies, levels)
    mean = _centred(data, points)[..., None, :] + np.einsum(
        "sk,...jk->...sj", data.study_mean, beta
    )
    found = nested_parameters(data, points)
    level = _levels(data, mean, found["tau"], factor, z)
    theta = level[..., data.study.astype(np.int64), :]
    theta = theta + np.einsum("ak,...jk->...aj", data.deviation, beta)
    return found | {"u": level - mean, "theta": theta}


def nested_parameters(data: NestedData, points: Array) -> dict[str, Array]:
    """Return mu, tau, beta and the correlations as `nested_variables` does, from leading coordinates."""
    levels, beta = data.level.shape[1], _coefficients(data, points)
    place = levels * (1 + data.centre.size)
    tau = bounded_values(data.scales[:levels], points[..., place : place + levels])
    found = {"mu": _centred(data, points) - beta @ data.centre, "tau": tau}
    if data.centre.size:
        found["beta"] = beta
    if len(data.scales) > levels:
        found["correlation"] = correlations_of(_factor(data, points))
    return found


def _centred(data: NestedData, points: Array) -> Array:
    """Return mu at the centre of the covariates."""
    columns = (located_values(data.priors[j], points[..., j]) for j in range(data.level.shape[1]))
    return np.stack(list(columns), axis=-1)


def _coefficients(data: NestedData, points: Array) -> Array:
    levels, covariates = data.level.shape[1], data.centre.size
    beta = points[..., levels : levels * (1 + covariates)]
    return beta.reshape(*points.shape[:-1], levels, covariates)


def _factor(data: NestedData, points: Array) -> Array:
    """Return the Cholesky factor of the correlations."""
    levels, last = data.level.shape[1], nested_parameters_size(data)
    x = points[..., levels * (2 + data.centre.size) : last]
    log_root = -(np.logaddexp(0, x) + np.logaddexp(0, -x)) / 2
    return cholesky_rows(np.tanh(x / 2), 2 * np.exp(log_root), levels)


def _levels(data: NestedData, mean: Array, tau: Array, factor: Array, z: Array) -> Array:  # noqa: PLR0917
    """Return each study's predictor of each ratio, placed one ratio after the other."""
    level, standard = np.empty_like(z), np.empty_like(z)
    for j in range(z.shape[-1]):
        scale = (tau[..., j] * factor[..., j, j])[..., None]
        before = np.einsum("...m,...sm->...s", factor[..., j, :j], standard[..., :j])
        expected = mean[..., j] + tau[..., None, j] * before
        q = scale**2 * data.information[:, j]
        rest = 1 / (1 + q)
        moved = scale * np.sqrt(rest) * z[..., j]
        level[..., j] = rest * expected + q * rest * data.level[:, j] + moved
        shift = scale * data.information[:, j] * rest * (data.level[:, j] - expected)
        standard[..., j] = shift + np.sqrt(rest) * z[..., j]
    return level


def correlations_of(factor: Array) -> Array:
    """Return the correlation of each pair of levels, in the order of `Design.pairs`."""
    matrix = factor @ np.swapaxes(factor, -1, -2)
    first, second = np.triu_indices(factor.shape[-1], 1)
    return np.asarray(matrix[..., first, second])
