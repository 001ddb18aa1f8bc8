"""`nested_study_log_likelihood`: studies of several outcomes, their effects integrated out.

Adaptive Gauss-Hermite quadrature over a study's effects on all outcomes together (Pinheiro & Bates
1995, doi:10.1080/10618600.1995.10474663).
"""

from collections.abc import Mapping
from itertools import product
from math import exp, inf
from typing import NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import gammaln

from bayesmeta.arrays import Array, Integers
from bayesmeta.inference.compiled import compiled
from bayesmeta.inference.density.likelihoods import log_rates
from bayesmeta.inference.kernels import log_sum
from bayesmeta.model import Design

NODES = (32, 16, 7, 5, 4, 3, 3, 3)
"""Nodes of each dimension, by the number of effects. Of three, the root mean square error of a log
is about 0.001 over draws of the bundled evidence. Where a study reports an inner outcome alone, the
integrand is curved: the log of single draws was off by 0.05 in a posterior, by 0.3 under wide priors."""

NEGLIGIBLE = 1e-10
"""Weight of a node, as a share of the largest, below which it is left out."""

STEPS, CLOSE = 60, 1e-6


class _Counts(NamedTuple):
    """The counts of one study."""

    arm: Integers
    first: Integers
    last: Integers
    events: Array
    others: Array


def correlation_factor(variables: Mapping[str, Array]) -> Array:
    """Return the Cholesky factor of the effects' correlations, dims (..., outcome, outcome)."""
    shape = variables["mu"].shape
    matrix = np.zeros((*shape, shape[-1])) + np.eye(shape[-1])
    if "correlation" not in variables:
        return matrix
    first, second = np.triu_indices(shape[-1], 1)
    matrix[..., first, second] = matrix[..., second, first] = variables["correlation"]
    return np.linalg.cholesky(matrix)


def nested_study_log_likelihood(
    design: Design, variables: Mapping[str, Array], factor: Array | None = None
) -> Array:
    """Return the log probability of each study's counts given the parameters, dims (..., study).

    `variables` are `mu` and `tau`, dims (..., outcome), `beta`, dims (..., outcome, covariate), and
    `correlation`, dims (..., pair), or the Cholesky `factor` of the correlations in its place.
    """
    shape = variables["mu"].shape[:-1]
    levels = len(design.outcomes)
    factor = correlation_factor(variables) if factor is None else factor
    root = (variables["tau"][..., None] * factor).reshape(-1, levels, levels)
    mean = np.broadcast_to(variables["mu"][..., None, :], (*shape, len(design.arms), levels))
    if "beta" in variables:
        mean = mean + np.einsum("ak,...jk->...aj", design.matrix, variables["beta"])
    mean = np.ascontiguousarray(mean).reshape(-1, len(design.arms), levels)
    seen, link = design.conditional_counts, design.spec.link.code
    others = seen.trials - seen.events
    choose = gammaln(seen.trials + 1) - gammaln(seen.events + 1) - gammaln(others + 1)
    study = design.arms.study_index[seen.arm]
    found = np.zeros((len(mean), len(design.arms.studies)))
    for place in np.unique(study[seen.trials > 0]):
        own = (study == place) & (seen.trials > 0)
        counts = _Counts(
            *(np.ascontiguousarray(one[own]) for one in (seen.arm, seen.first, seen.last)),
            *(np.ascontiguousarray(one[own]) for one in (seen.events, others)),
        )
        # Effects on outcomes beyond those that the study reports change nothing.
        dims = int(counts.last.max()) + 1
        found[:, place] = _integrals(counts, mean, root, *_rule(dims), link) + choose[own].sum()
    return found.reshape(*shape, -1)


def _rule(dims: int) -> tuple[Array, Array]:
    """Return nodes and log weights of a standard normal of so many dims."""
    nodes, weights = hermegauss(NODES[dims - 1])
    weights /= weights.sum()
    points = np.array(list(product(nodes, repeat=dims)))
    products = np.array(list(product(weights, repeat=dims))).prod(axis=1)
    kept = products > NEGLIGIBLE * products.max()
    return points[kept], np.log(products[kept])


@compiled
def _integrals(  # noqa: PLR0917
    counts: _Counts, mean: Array, root: Array, points: Array, log_weights: Array, link: int
) -> Array:
    """Return the log integral over one study's effects in each draw, without coefficients."""
    draws, dims = mean.shape[0], points.shape[1]
    found, values, z = np.empty(draws), np.empty(log_weights.size), np.empty(dims)
    for d in range(draws):
        peak, scale = _peak(counts, mean[d], root[d], dims, link)
        for k in range(log_weights.size):
            squares = 0.0
            for i in range(dims):
                z[i], squares = peak[i], squares + points[k, i] * points[k, i]
                for j in range(dims):
                    z[i] += scale[i, j] * points[k, j]
            values[k] = log_weights[k] + squares / 2 + _log_joint(counts, mean[d], root[d], z, link)
        top, total, log_volume = values.max(), 0.0, 0.0
        for k in range(values.size):
            total += exp(values[k] - top)
        for i in range(dims):
            log_volume += np.log(abs(scale[i, i]))
        found[d] = top + np.log(total) + log_volume
    return found


@compiled
def _peak(counts: _Counts, mean: Array, root: Array, dims: int, link: int) -> tuple[Array, Array]:  # noqa: PLR0917
    """Return where the joint density of counts and standard effects is highest, and its scale there.

    By Fisher scoring; the scale is a triangular root of the inverse information.
    """
    z, step = np.zeros(dims), np.zeros(dims)
    value = _log_joint(counts, mean, root, z, link)
    information = np.eye(dims)
    for _ in range(STEPS):
        slope, information = _derivatives(counts, mean, root, z, link)
        step = np.linalg.solve(information, slope)
        share = 1.0
        while share > CLOSE:
            better = _log_joint(counts, mean, root, z + share * step, link)
            if better >= value:
                break
            share /= 2
        if share <= CLOSE:
            break
        z, value = z + share * step, better
        if np.abs(step).max() < CLOSE:
            break
    _, information = _derivatives(counts, mean, root, z, link)
    return z, np.ascontiguousarray(np.linalg.inv(np.linalg.cholesky(information)).T)


@compiled
def _log_joint(counts: _Counts, mean: Array, root: Array, z: Array, link: int) -> float:  # noqa: PLR0917
    """Return the log density of counts and standard effects, without constants."""
    total = 0.0
    for i in range(z.size):
        total -= z[i] * z[i] / 2
    for g in range(counts.arm.size):
        log_rate, log_rest = 0.0, -inf
        for j in range(counts.first[g], counts.last[g] + 1):
            log_ratio, log_miss, _, _ = log_rates(link, _theta(mean, root, z, counts.arm[g], j))
            log_rest = log_sum(log_rest, log_rate + log_miss)
            log_rate += log_ratio
        if counts.events[g] > 0:
            total += counts.events[g] * log_rate
        if counts.others[g] > 0:
            total += counts.others[g] * log_rest
    return total


@compiled
def _derivatives(  # noqa: PLR0917
    counts: _Counts, mean: Array, root: Array, z: Array, link: int
) -> tuple[Array, Array]:
    """Return the slope of `_log_joint` in the effects, and their expected information."""
    slope, information, by_z = -z, np.eye(z.size), np.empty(z.size)
    for g in range(counts.arm.size):
        log_rate, log_rest = 0.0, -inf
        by_z[:] = 0.0
        for j in range(counts.first[g], counts.last[g] + 1):
            log_ratio, log_miss, own, _ = log_rates(link, _theta(mean, root, z, counts.arm[g], j))
            log_rest = log_sum(log_rest, log_rate + log_miss)
            log_rate += log_ratio
            for i in range(j + 1):
                by_z[i] += own * root[j, i]
        odds = exp(min(log_rate - log_rest, 700.0))
        slope += (counts.events[g] - counts.others[g] * odds) * by_z
        weight = (counts.events[g] + counts.others[g]) * odds
        for i in range(z.size):
            for j in range(z.size):
                information[i, j] += weight * by_z[i] * by_z[j]
    return slope, information


@compiled
def _theta(mean: Array, root: Array, z: Array, arm: int, level: int) -> float:  # noqa: PLR0917
    """Return the predictor of an outcome in an arm."""
    found = float(mean[arm, level])
    for i in range(level + 1):
        found += root[level, i] * z[i]
    return found
