"""The integrated likelihood by dense quadrature in numpy and scipy, apart from the compiled code."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

Array = npt.NDArray[np.float64]
Arm = dict[str, float]
Distribution = dict[str, float | str]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
INNER = np.linspace(-12, 12, 961)
"""Standardised perturbations of an arm, for a trapezoid rule."""


def log_rates(link: str, theta: Array) -> tuple[Array, Array]:
    if link == "logit":
        return special.log_expit(theta), special.log_expit(-theta)
    if link == "probit":
        return special.log_ndtr(theta), special.log_ndtr(-theta)
    hazard = np.exp(np.minimum(theta, 700.0))
    with np.errstate(divide="ignore"):
        log_rate = np.log(-np.expm1(-hazard))
    return np.where(theta < -30, theta, log_rate), -hazard


def log_binomial(y: float, n: float, log_rate: Array, log_rest: Array) -> Array:
    choose = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
    found = np.full(np.shape(log_rate), choose)
    if y > 0:
        found += y * log_rate
    if n > y:
        found += (n - y) * log_rest
    return found


def log_beta_binomial(y: float, n: float, log_rate: Array, log_rest: Array, rho: float) -> Array:
    """By products, each factor over (1 - rho)."""
    found = np.full(np.shape(log_rate), special.gammaln(n + 1))
    found -= special.gammaln(y + 1) + special.gammaln(n - y + 1)
    odds = rho / (1 - rho)
    for count, log_share in ((y, log_rate), (n - y, log_rest)):
        if count > 0:
            found += log_share
        for j in range(1, int(count)):
            found += np.log(np.exp(log_share) + j * odds)
    for j in range(int(n)):
        found -= np.log1p(j * odds)
    return found


def log_arm(arm: Arm, link: str, rho: float | None, theta: Array) -> Array:
    if rho is None:
        return log_binomial(arm["y"], arm["n"], *log_rates(link, theta))
    return log_beta_binomial(arm["y"], arm["n"], *log_rates(link, theta), rho)


def log_moved_arm(arm: Arm, link: str, rho: float | None, theta: Array) -> Array:
    """With its own normal perturbation integrated out."""
    if arm["spread"] == 0:
        return log_arm(arm, link, rho, theta)
    moved = theta[..., None] + arm["spread"] * INNER
    inside = log_arm(arm, link, rho, moved) + stats.norm.logpdf(INNER)
    return np.asarray(special.logsumexp(inside, axis=-1) + np.log(INNER[1] - INNER[0]))


def log_distribution(distribution: Distribution, u: Array) -> Array:
    tau = float(distribution["tau"])
    if distribution["name"] == "student_t":
        return np.asarray(stats.t.logpdf(u, distribution["nu"], scale=tau))
    if distribution["name"] == "skew_normal":
        skew = float(distribution["skew"])
        mean = np.sqrt(2 / np.pi) * skew / np.sqrt(1 + skew**2)
        sd = np.sqrt(1 - mean**2)
        y = mean + sd * u / tau
        return np.asarray(np.log(2 * sd / tau) + stats.norm.logpdf(y) + special.log_ndtr(skew * y))
    usual = stats.norm.logpdf(u, scale=tau)
    if distribution["name"] == "normal":
        return np.asarray(usual)
    share, outlying = (
        float(distribution["outlier_proportion"]),
        stats.norm.logpdf(u, scale=tau * float(distribution["outlier_scale"])),
    )
    return np.asarray(np.logaddexp(np.log1p(-share) + usual, np.log(share) + outlying))


def log_study(
    arms: list[Arm], link: str, distribution: Distribution, rho: float | None = None
) -> float:
    """Return the log probability of a study's events, effects integrated out.

    `arms` have y, n, eta and spread; `distribution` has name, tau and what its distribution needs.
    """

    def log_arms(u: Array) -> Array:
        return np.sum([log_moved_arm(arm, link, rho, arm["eta"] + u) for arm in arms], axis=0)

    if distribution["name"] == "common":
        return float(log_arms(np.zeros(1))[0])
    edges = panel_edges(
        arms, link, distribution, lambda u: log_arms(u) + log_distribution(distribution, u)
    )
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    u = middle[:, None] + half[:, None] * NODES
    logs = (log_arms(u.ravel()) + log_distribution(distribution, u.ravel())).reshape(u.shape)
    return float(special.logsumexp(logs + np.log(half[:, None] * WEIGHTS)))


def panel_edges(
    arms: list[Arm], link: str, distribution: Distribution, log_integrand: Callable[[Array], Array]
) -> Array:
    """Panels that double in length away from every place where something may happen."""
    tau, centres = float(distribution["tau"]), [0.0]
    for arm in arms:
        rate = (arm["y"] + 0.5) / (arm["n"] + 1)
        theta = {
            "logit": special.logit(rate),
            "probit": special.ndtri(rate),
            "cloglog": np.log(-np.log1p(-rate)),
        }[link]
        centres.append(float(theta) - arm["eta"])
    # No normal effect goes so far, however strongly it is pulled; a Student one may.
    reach = 1e9 if distribution["name"] == "student_t" else 4 * max(map(abs, centres)) + 200 * tau
    scan = [np.linspace(c - 12 * s, c + 12 * s, 101) for c in centres for s in (tau, 1, 0.1)]
    scan = np.concatenate(scan)
    centres.append(float(scan[np.argmax(log_integrand(scan))]))
    steps = min(tau, 0.05) / 2 * 2.0 ** np.arange(64)
    steps = steps[steps < reach]
    edges = np.unique(np.concatenate([c + sign * steps for c in centres for sign in (-1, 1)]))
    heights = log_integrand(edges)
    seen = heights > heights.max() - 60 - np.log1p(np.abs(edges) / tau)
    first, last = np.flatnonzero(seen)[[0, -1]]
    return np.asarray(edges[max(first - 1, 0) : last + 2])


@pytest.fixture(scope="session")
def dense() -> Callable[..., float]:
    return log_study
