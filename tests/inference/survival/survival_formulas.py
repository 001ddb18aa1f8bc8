"""Models of survival written out in plain numpy over complex numbers, apart from the compiled code."""

import numpy as np
from formulas import Complex, log_normal, log_posterior, point_at
from scipy import special

from bayesmeta.inference.survival.coordinates import SurvivalData
from bayesmeta.model.survival_reports import Kind, Report


def survival(curve: int, x: complex) -> complex:
    """Survival at x, as probability."""
    return np.exp(-np.log(2) * np.exp(x)) if curve == 0 else 1 / (1 + np.exp(x))


def deaths(curve: int, x: complex) -> complex:
    """One minus the survival at x, with its digits where it is small."""
    return -np.expm1(-np.log(2) * np.exp(x)) if curve == 0 else 1 / (1 + np.exp(-x))


def log_survival(curve: int, x: complex) -> complex:
    return -np.log(2) * np.exp(x) if curve == 0 else -np.log1p(np.exp(x))


def between(curve: int, early: complex | None, late: complex | None) -> complex:
    """Log of the share whose time lies between two points, of which either may be none."""
    if early is None and late is None:
        return 0j
    if early is None:
        return np.log(deaths(curve, late))
    first = log_survival(curve, early)
    if late is None:
        return first
    return first + np.log(-np.expm1(log_survival(curve, late) - first))


def log_report(
    report: Report, curve: int, theta: complex, log_shape: complex, retention: complex
) -> complex:
    k = np.exp(log_shape)
    kept = retention if report.discounted else 1.0
    if report.kind == Kind.MEDIAN:
        return log_normal((report.value - theta) / report.size) - np.log(report.size)
    if report.kind in (Kind.MEDIAN_OF_PATIENTS, Kind.BEYOND):
        # The delta method: the density at the median in log time is k log(2) / 2, or k / 4.
        density = k * (np.log(2) / 2 if curve == 0 else 1 / 4)
        error = 0.5 / np.sqrt(kept * report.size) / density
        if report.kind == Kind.BEYOND:
            return special.log_ndtr((theta - report.value) / error)
        return log_normal((report.value - theta) / error) - np.log(error)

    def at(time: float) -> complex | None:
        return k * (np.log(time) - theta) if 0 < time < np.inf else None

    x = at(report.time)
    if report.kind == Kind.LANDMARK:
        found = np.log(-log_survival(curve, x))
        return log_normal((report.value - found) / report.size) - np.log(report.size)
    whole = between(curve, at(report.start), at(report.end))
    alive, n = between(curve, x, at(report.end)) - whole, kept * report.size
    dead = between(curve, at(report.start), x) - whole
    if report.discounted:
        return log_part(report.value, n, alive, dead)
    choose = special.loggamma(n + 1) - special.loggamma(n * report.value + 1)
    total = np.log(n) + choose - special.loggamma(n * (1 - report.value) + 1)
    total += n * report.value * alive if report.value else 0
    return total + (n * (1 - report.value) * dead if report.value < 1 else 0)


def log_part(share: float, n: complex, log_alive: complex, log_dead: complex) -> complex:
    """A beta distribution, beside the probabilities that all or none of 1 + n are alive."""
    if share in {0.0, 1.0}:
        return (1 + n) * (log_alive if share else log_dead)
    a, b = n * np.exp(log_alive), n * np.exp(log_dead)
    log_beta = special.loggamma(1 + a) + special.loggamma(1 + b) - special.loggamma(1 + n)
    log_beta -= np.log(n) + log_alive + log_dead
    # Near 0 or 1 one of the two differences has lost its digits, and the other is n times the rest.
    parts = [
        one + np.log(-np.expm1(n * one)) if one.real < -1e-8 else np.log(n) + other
        for one, other in ((log_alive, log_dead), (log_dead, log_alive))
    ]
    top = max(part.real for part in parts)
    mixed = top + np.log(sum(np.exp(part - top) for part in parts))
    return mixed - log_beta + (a - 1) * np.log(share) + (b - 1) * np.log1p(-share)


def log_survival_posterior(q: Complex, data: SurvivalData) -> complex:
    """Log likelihood, priors, and the logarithm of the change of variables."""
    size = q.size - data.shapes
    shared, z = q[:size], q[size:]
    at = point_at(shared, data.shared)
    curve, kappa, tau, retention = (int(one) for one in data.curve)
    total = log_posterior(shared, data.shared) + sum(map(log_normal, z))
    for row in data.reports:
        arm = int(row[0])
        log_shape = 0j
        if kappa >= 0:
            # Of a median without an interval, the shape is the typical one.
            own = 0 if row[1] in (Kind.MEDIAN_OF_PATIENTS, Kind.BEYOND) else z[arm]
            log_shape = at.scalars[kappa] + at.scalars[tau] * own
        kept = at.scalars[retention] if retention >= 0 else 1.0
        total += log_report(Report(*row), curve, at.theta[arm], log_shape, kept)
    return total
