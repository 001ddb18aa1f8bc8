"""The model family written out in plain numpy over complex numbers, apart from the compiled code.

Over complex numbers the derivative of each formula is its imaginary part after a tiny imaginary
step, exact to rounding (Squire & Trapp 1998, doi:10.1137/S003614459631241X).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.optimize import brentq

from bayesmeta.inference.density.data import DensityData, Parts
from bayesmeta.priors import Shape

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

STEP = 1e-30
NORMAL, STUDENT, CONTAMINATED, SKEW_NORMAL = range(4)


@dataclass
class Point:
    """The model's variables at a point in the sampler's coordinates."""

    mu: complex
    beta: Complex
    scalars: Complex
    slopes: Complex
    """Derivatives of the scalars in their coordinates."""
    standard: Complex
    """Study effects over tau; of independent studies, standardised levels."""
    arm_standard: Complex
    x_standard: Complex
    """Standardised missing values about their mean."""
    theta: Complex
    log_roots: complex
    """Log derivatives of mu, the effects and the levels' standardised effects in their coordinates."""
    level_standard: Complex
    """Effects of exchangeable levels over their sigma."""
    level_sigma: Complex
    b: Complex


def softplus(x: complex) -> complex:
    return x + np.log1p(np.exp(-x)) if np.real(x) > 0 else np.log1p(np.exp(x))


def scalar_at(scale: Array, x: complex) -> tuple[complex, complex]:
    """A scalar and its derivative at x; `scale` is its bounds and turn."""
    low, high, turn = scale
    if np.isinf(low):
        return x, 1.0
    if np.isinf(high):
        root = 2 * softplus(x / 2)
        above = turn * root**2 * np.exp(-(softplus(-x) ** 2) / 2)
        rate = 2 / (1 + np.exp(-x / 2)) / root + softplus(-x) / (1 + np.exp(x))
        return low + above, above * rate
    share = 1 / (1 + np.exp(-x)) if np.real(x) > 0 else np.exp(x) / (1 + np.exp(x))
    return low + (high - low) * share, (high - low) * np.exp(-softplus(x) - softplus(-x))


def located(prior: Array, x: complex) -> tuple[complex, complex]:
    """Mu at the centre and its derivative at x; `prior` is the kernel of mu."""
    shape, loc, scale, df = prior[:4]
    if shape != Shape.STUDENT_T:
        return x, 1.0
    width = scale * np.sqrt(df)
    return loc + width * (np.exp(x / width) - np.exp(-x / width)) / 2, np.cosh(x / width)


def effect(
    tau: Complex, information: Array, data: Array, mean: Complex, z: Complex
) -> tuple[Complex, Complex, Complex]:
    """Mean and effect together, effect over tau, and the log derivative of that in z."""
    rest = 1 / (1 + tau**2 * information)
    level = rest * mean + tau**2 * information * rest * data + tau * np.sqrt(rest) * z
    standard = tau * information * rest * (data - mean) + np.sqrt(rest) * z
    return level, standard, np.log(rest) / 2


def point_at(q: Complex, data: DensityData) -> Point:
    parts, k, p = Parts(*data.parts), data.centre.size, len(data.scales)
    fixed = k - len(data.levels)
    beta, level_z, rest = q[1 : 1 + fixed], q[1 + fixed : 1 + k], q[1 + k + p :]
    pairs = [
        scalar_at(scale, x) for scale, x in zip(data.scales, q[1 + k : 1 + k + p], strict=True)
    ]
    scalars, slopes = (np.array([pair[i] for pair in pairs], dtype=complex) for i in (0, 1))
    sigma = scalars[data.levels[:, 0].astype(int)]
    level_standard, level_roots = level_coordinates(data.levels, sigma, level_z)
    b = np.array(
        [level_effect(*row) for row in zip(data.levels, sigma, level_standard, strict=True)]
    )
    coefficients = np.concatenate([beta, b])
    centred, slope = located(data.priors[0], q[0])
    level = (centred if parts.pools else data.priors[0, 1]) + data.study_mean @ coefficients
    standard, log_roots = np.zeros(0, dtype=complex), np.log(slope) + level_roots
    if data.tau_of_study.size:
        studies = level.size
        tau = np.full(studies, data.priors[0, 2] + 0j)
        if parts.pools:
            tau = scalars[data.tau_of_study.astype(int)]
        level, standard, log_root = effect(tau, data.information, data.level, level, rest[:studies])
        rest = rest[studies:]
        log_roots = log_roots + log_root.sum()
    theta = level[data.study.astype(int)] + data.deviation @ coefficients
    arm_standard = np.zeros(0, dtype=complex)
    number = data.arm_level.size
    x_standard = rest[number:]
    for arm, column, slope, z in zip(
        data.missing_arm, data.missing_column, data.missing_slope, x_standard, strict=True
    ):
        mean, sd = scalars[int(parts.imputed + 2 * column) :][:2]
        theta[int(arm)] += (mean + sd * z) * (slope @ coefficients)
    if number:
        tau_arm = scalars[int(parts.tau_arm)]
        theta, arm_standard, log_root = effect(
            tau_arm, data.arm_information, data.arm_level, theta, rest[:number]
        )
        log_roots = log_roots + log_root.sum()
    return Point(
        centred - data.centre @ coefficients,
        beta,
        scalars,
        slopes,
        standard,
        arm_standard,
        x_standard,
        theta,
        log_roots,
        level_standard,
        sigma,
        b,
    )


def log_posterior(q: Complex, data: DensityData) -> complex:
    """Log likelihood, priors, and the logarithm of the change of variables."""
    parts, at = Parts(*data.parts), point_at(q, data)
    fixed = 1 + at.beta.size
    priors = [*data.priors[:fixed], *data.priors[fixed + len(data.levels) :]]
    total = sum(
        log_prior(row, x) for row, x in zip(priors, [at.mu, *at.beta, *at.scalars], strict=True)
    )
    total += sum(
        log_prior(row, x) for row, x in zip(data.priors[fixed:], at.level_standard, strict=False)
    )
    total += np.log(at.slopes).sum() + at.log_roots
    total += sum(log_effect(data, parts, at, x) for x in at.standard)
    total += sum(log_normal(x) for x in [*at.arm_standard, *at.x_standard])
    for c, (number, mean, squares) in enumerate(data.known):
        m, s = at.scalars[int(parts.imputed) + 2 * c :][:2]
        total -= number * (np.log(s) + np.log(2 * np.pi) / 2)
        total -= (squares + number * (mean - m) ** 2) / (2 * s**2)
    rho = at.scalars[int(parts.rho)] if parts.rho >= 0 else 0.0
    coefficients = np.concatenate([at.beta, at.b])
    for (arm, *counts), step in zip(data.totals, data.step, strict=True):
        total += log_total(*counts, at.theta[int(arm)], step @ coefficients)
    arms = zip(data.events, data.n, at.theta, strict=True)
    return total + data.log_coefficient.sum() + sum(log_arm(parts, *arm, rho) for arm in arms)


def log_total(
    events: int, first: float, second: float, unknown: int, theta: complex, difference: complex
) -> complex:
    """The sum over every way in which two binomial counts share the responders of both.

    Where their sizes are unknown, the mean over all sizes of the second.
    """
    n = round(first + second)
    share = second / n
    low, high = theta - share * difference, theta + (1 - share) * difference
    sizes = range(n + 1) if unknown else [round(second)]
    parts = [
        log_binomial(events - k, n - size, low) + log_binomial(k, size, high)
        for size in sizes
        for k in range(max(0, int(events) - n + size), min(int(events), size) + 1)
    ]
    top = max(part.real for part in parts)
    return top + np.log(sum(np.exp(part - top) for part in parts) / len(sizes))


def log_binomial(y: int, n: int, theta: complex) -> complex:
    choose = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
    return choose - y * softplus(-theta) - (n - y) * softplus(theta)


def level_coordinates(levels: Array, sigma: Complex, z: Complex) -> tuple[Complex, complex]:
    """Standardised effects of levels, and the sum of their log derivatives in z."""
    root = 1 / np.sqrt(1 + sigma**2 * levels[:, 4])
    return root * z, np.log(root).sum()


def level_effect(level: Array, sigma: complex, z: complex) -> complex:
    """The effect of a level; of a mixture, where its distribution function is that of z."""
    _, exchangeable, loc, scale, _ = level
    if exchangeable == 1:
        return sigma * z
    sign = -1.0 if z.real > 0 else 1.0

    def gap(b: complex, sigma: complex, z: complex) -> complex:
        one, other = sign * b / sigma, sign * (b - loc) / scale
        mixed = (
            np.log(exchangeable) + special.log_ndtr(one),
            np.log(1 - exchangeable) + special.log_ndtr(other),
        )
        high = max(part.real for part in mixed)
        return (
            high + np.log(sum(np.exp(part - high) for part in mixed)) - special.log_ndtr(sign * z)
        )

    ends = sorted([sigma.real * z.real, loc + scale * z.real])
    b = ends[0]
    if ends[1] > ends[0]:
        real = complex(sigma.real), complex(z.real)
        b = brentq(lambda at: gap(complex(at), *real).real, *ends, xtol=1e-300, rtol=1e-15)
    slope = gap(b + 1j * STEP, complex(sigma.real), complex(z.real)).imag / STEP
    return b - 1j * gap(complex(b), sigma, z).imag / slope


def log_normal(x: complex) -> complex:
    return -(x**2) / 2 - np.log(2 * np.pi) / 2


def log_effect(data: DensityData, parts: Parts, at: Point, x: complex) -> complex:
    if not parts.pools:
        centre, scale = data.priors[0, 1], data.priors[0, 2]
        return log_prior(data.priors[0], centre + scale * x) + np.log(scale)
    own = at.scalars[int(parts.own)] if parts.own >= 0 else None
    if parts.distribution == STUDENT:
        half = special.loggamma((own + 1) / 2) - special.loggamma(own / 2)
        return half - np.log(own * np.pi) / 2 - (own + 1) / 2 * np.log1p(x**2 / own)
    if parts.distribution == CONTAMINATED:
        ratio = parts.constant
        usual, outlying = -(x**2) / 2, -((x / ratio) ** 2) / 2 - np.log(ratio)
        top = max(usual.real, outlying.real)
        mixture = (1 - own) * np.exp(usual - top) + own * np.exp(outlying - top)
        return top + np.log(mixture) - np.log(2 * np.pi) / 2
    if parts.distribution == SKEW_NORMAL:
        mean = np.sqrt(2 / np.pi) * own / np.sqrt(1 + own**2)
        sd = np.sqrt(1 - mean**2)
        y = mean + sd * x
        return np.log(2 * sd) + log_normal(y) + special.log_ndtr(own * y)
    return log_normal(x)


def log_arm(parts: Parts, y: float, n: float, theta: complex, rho: complex) -> complex:
    log_rate, log_rest = LOG_RATES[int(parts.link)](theta)
    if parts.likelihood == 0:
        return (y * log_rate if y else 0.0) + ((n - y) * log_rest if n > y else 0.0)
    size = (1 - rho) / rho
    # gamma(y + a) / gamma(a) with its first factor a apart, which may be far out.
    total = -special.loggamma(n + size) + special.loggamma(size)
    for count, log_share in ((y, log_rate), (n - y, log_rest)):
        if count:
            a = size * np.exp(log_share)
            total += (
                np.log(size) + log_share + special.loggamma(count + a) - special.loggamma(1 + a)
            )
    return total


def _probit(theta: complex) -> tuple[complex, complex]:
    return special.log_ndtr(theta), special.log_ndtr(-theta)


def _cloglog(theta: complex) -> tuple[complex, complex]:
    hazard = np.exp(theta)
    if hazard.real < 1e-5:
        return theta + np.log1p(-hazard / 2 + hazard**2 / 6), -hazard
    return np.log1p(-np.exp(-hazard)), -hazard


LOG_RATES: list[Callable[[complex], tuple[complex, complex]]] = [
    lambda theta: (-softplus(-theta), -softplus(theta)),
    _probit,
    _cloglog,
]


def log_prior(kernel: Array, x: complex) -> complex:  # noqa: PLR0911
    shape, a, b, c, constant = kernel
    if shape == Shape.NORMAL:
        return constant - ((x - a) / b) ** 2 / 2
    if shape == Shape.STUDENT_T:
        return constant - (c + 1) / 2 * np.log1p(((x - a) / b) ** 2 / c)
    if shape == Shape.LOG_NORMAL:
        return constant - np.log(x) - ((np.log(x) - a) / b) ** 2 / 2
    if shape == Shape.GAMMA:
        return constant + (a - 1) * np.log(x) - b * x
    if shape == Shape.INVERSE_GAMMA:
        return constant - (a + 1) * np.log(x) - b / x
    if shape == Shape.BETA:
        return constant + (a - 1) * np.log(x) + (b - 1) * np.log1p(-x)
    return constant


def derivative(function: Callable[[Complex], complex | Complex], q: Array) -> Array:
    """Derivatives by the complex step, one row for each coordinate."""
    shifts = q + 1j * STEP * np.eye(q.size)
    return np.array([np.imag(function(shifted)) / STEP for shifted in shifts])
