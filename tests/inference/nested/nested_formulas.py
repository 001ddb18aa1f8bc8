"""Nested outcomes written out in plain numpy over complex numbers, apart from the compiled code.

Points have any shape before their last axis, so that all steps of `derivative` are taken at once.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from formulas import STEP, log_normal, log_prior
from scipy import special

from bayesmeta.inference.nested.data import NestedData
from bayesmeta.model import Design
from bayesmeta.priors import Shape

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

TURN = 0.4


@dataclass
class Point:
    """The model's variables at points in the sampler's coordinates."""

    mu: Complex
    beta: Complex
    """Dims (..., level, covariate)."""
    tau: Complex
    slopes: Complex
    """Derivatives of tau in its coordinates."""
    partial: Complex
    """Partial correlations."""
    roots: Complex
    """sqrt(1 - partial**2)."""
    factor: Complex
    """Cholesky factor of the correlations."""
    standard: Complex
    """Standard normal variables of which the effects are made, dims (..., study, level)."""
    theta: Complex
    log_roots: Complex
    """Log derivatives of those and of mu in their coordinates."""


def softplus(x: Complex) -> Complex:
    above = np.real(x) > 0
    return np.where(above, x, 0) + np.log1p(np.exp(np.where(above, -x, x)))


def scale_at(support: tuple[float, float], x: Complex) -> tuple[Complex, Complex]:
    """A standard deviation and its derivative at x."""
    low, high = support
    if np.isinf(high):
        root = 2 * softplus(x / 2)
        above = TURN * root**2 * np.exp(-(softplus(-x) ** 2) / 2)
        rate = 2 * np.exp(-softplus(-x / 2)) / root + softplus(-x) * np.exp(-softplus(x))
        return low + above, above * rate
    return low + (high - low) * np.exp(-softplus(-x)), (high - low) * np.exp(
        -softplus(x) - softplus(-x)
    )


def located_at(prior: Array, x: Complex) -> tuple[Complex, Complex]:
    """Mu at the centre and its derivative at x; `prior` is the kernel of mu."""
    shape, loc, scale, df = prior[:4]
    if shape != Shape.STUDENT_T:
        return x, np.ones_like(x)
    width = scale * np.sqrt(df)
    return loc + width * (np.exp(x / width) - np.exp(-x / width)) / 2, np.cosh(x / width)


def factor_of(partial: Complex, roots: Complex, levels: int) -> Complex:
    factor = np.zeros((*partial.shape[:-1], levels, levels), dtype=complex)
    factor[..., 0, 0] = 1
    places = iter(range(partial.shape[-1]))
    for i in range(1, levels):
        left = 1.0
        for j in range(i if partial.shape[-1] else 0):
            place = next(places)
            factor[..., i, j] = partial[..., place] * left
            left = left * roots[..., place]
        factor[..., i, i] = left
    return factor


def point_at(q: Complex, design: Design, data: NestedData) -> Point:
    levels, covariates = len(design.arms.outcomes), design.matrix.shape[1]
    studies, pairs = len(design.arms.studies), len(design.pairs)
    sizes = np.cumsum([levels, levels * covariates, levels, pairs])
    leading, beta, raw, x, z = np.split(q, sizes, axis=-1)
    places = [located_at(data.priors[j], leading[..., j]) for j in range(levels)]
    centred, bends = (np.stack([place[i] for place in places], axis=-1) for i in (0, 1))
    beta = beta.reshape(*q.shape[:-1], levels, covariates)
    z = z.reshape(*q.shape[:-1], studies, levels)
    scales = [scale_at(prior.support, raw[..., j]) for j, prior in enumerate(design.tau)]
    tau, slopes = (np.stack([scale[i] for scale in scales], axis=-1) for i in (0, 1))
    partial, roots = np.tanh(x / 2), 2 * np.exp(-(softplus(x) + softplus(-x)) / 2)
    factor = factor_of(partial, roots, levels)
    mean = centred[..., None, :] + np.einsum("sk,...jk->...sj", data.study_mean, beta)
    level, standard = np.empty_like(z), np.empty_like(z)
    log_roots = np.log(bends).sum(axis=-1)
    for j in range(levels):
        expected = mean[..., j] + tau[..., None, j] * np.einsum(
            "...m,...sm->...s", factor[..., j, :j], standard[..., :j]
        )
        scale = (tau[..., j] * factor[..., j, j])[..., None]
        information, seen = data.information[:, j], data.level[:, j]
        rest = 1 / (1 + scale**2 * information)
        level[..., j] = rest * expected + scale**2 * information * rest * seen
        level[..., j] += scale * np.sqrt(rest) * z[..., j]
        standard[..., j] = (
            scale * information * rest * (seen - expected) + np.sqrt(rest) * z[..., j]
        )
        log_roots = log_roots + np.log(rest).sum(axis=-1) / 2
    theta = level[..., design.arms.study_index, :]
    theta = theta + np.einsum("ak,...jk->...aj", data.deviation, beta)
    mu = centred - beta @ data.centre
    return Point(mu, beta, tau, slopes, partial, roots, factor, standard, theta, log_roots)


def log_posterior(q: Complex, design: Design, data: NestedData) -> Complex:
    """Log likelihood, priors, and the logarithm of the change of variables."""
    at, levels = point_at(q, design, data), len(design.arms.outcomes)
    total = at.log_roots + np.log(at.slopes).sum(axis=-1)
    for j in range(levels):
        total = total + log_prior(np.array(design.mu[j].kernel), at.mu[..., j])
        total = total + log_prior(np.array(design.tau[j].kernel), at.tau[..., j])
        for k, prior in enumerate(design.beta):
            total = total + log_prior(np.array(prior.kernel), at.beta[..., j, k])
    if design.spec.correlation is not None:
        total = total + log_lkj(at, design.spec.correlation.eta)
    total = total + log_normal(at.standard).sum(axis=(-1, -2))
    return total + log_likelihood(at.theta, design)


def log_lkj(at: Point, eta: float) -> Complex:
    """Log density of the correlation matrix, over the coordinates of the partial correlations.

    det(R)**(eta - 1) over its normalising constant (Lewandowski, Kurowicka & Joe 2009), then the
    derivatives of R in its factor, of that in the partial correlations, and of those in x.
    """
    levels = at.factor.shape[-1]
    log_diagonal = np.log(np.diagonal(at.factor, axis1=-2, axis2=-1))
    powers = 2 * (eta - 1) + levels - 1 - np.arange(levels)
    log_constant = sum(
        k * special.betaln(eta + (k - 1) / 2, eta + (k - 1) / 2) + k * (2 * eta + k - 2) * np.log(2)
        for k in range(1, levels)
    )
    total = (powers * log_diagonal).sum(axis=-1) - log_constant
    return total + log_factor_slope(at) + (2 * np.log(at.roots) - np.log(2)).sum(axis=-1)


def log_factor_slope(at: Point) -> Complex:
    """Log determinant of the factor's entries below its diagonal in the partial correlations."""
    place, total = 0, 0.0
    for i in range(1, at.factor.shape[-1]):
        for j in range(i):
            total = total + (i - 1 - j) * np.log(at.roots[..., place])
            place += 1
    return total


def log_likelihood(theta: Complex, design: Design) -> Complex:
    total = np.zeros(theta.shape[:-2], dtype=complex)
    log_ratio, log_miss = log_rates(design.spec.link.code, theta)
    for arm, (n, counts) in enumerate(zip(design.arms.n, design.arms.counts, strict=True)):
        around, log_rate, log_rest = n, 0.0, None
        for level, count in enumerate(counts):
            own, miss = log_ratio[..., arm, level], log_miss[..., arm, level]
            log_rest = miss if log_rest is None else log_of_either(log_rest, log_rate + miss)
            log_rate = log_rate + own
            if np.isnan(count):
                continue
            total += log_choose(around, count)
            total += (count * log_rate if count else 0) + (around - count) * (
                log_rest if around > count else 0
            )
            around, log_rate, log_rest = count, 0.0, None
    return total


def log_of_either(a: Complex, b: Complex) -> Complex:
    top = np.maximum(np.real(a), np.real(b))
    low = np.where(np.real(a) < np.real(b), a, b)
    return np.where(np.real(a) < np.real(b), b, a) + np.log1p(
        np.exp(low - top) * np.exp(top - np.where(np.real(a) < np.real(b), b, a))
    )


def log_choose(n: float, y: float) -> float:
    return float(special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1))


def log_rates(link: int, theta: Complex) -> tuple[Complex, Complex]:
    if link == 0:
        return -softplus(-theta), -softplus(theta)
    if link == 1:
        return special.log_ndtr(theta), special.log_ndtr(-theta)
    hazard = np.exp(theta)
    near = np.where(np.real(hazard) < 1, hazard, 1)
    far = np.where(np.real(hazard) < 1, 1, hazard)
    return np.where(np.real(hazard) < 1, np.log(-np.expm1(-near)), np.log1p(-np.exp(-far))), -hazard


def derivative(q: Array, design: Design, data: NestedData) -> Array:
    """Derivatives of the log posterior by the complex step."""
    return np.imag(log_posterior(q + 1j * STEP * np.eye(q.size), design, data)) / STEP
