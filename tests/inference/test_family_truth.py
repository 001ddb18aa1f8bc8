"""Fits of each part of the model family against posteriors computed here by brute force.

Each posterior is a sum over cells of the parameters, with the prior probability of each cell from
SciPy and each study's likelihood summed over cells of its linear predictor. Nothing of the package
but `fit`, `predict` and its Monte-Carlo errors is used. Means, standard deviations and quantiles must
lie within 4 of those errors, beyond which each of some 400 correlated comparisons falls once in
16,000; the seeds are fixed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import special, stats

import bayesmeta as bm
from bayesmeta.estimates.precision import Estimate, mean_of, quantile_of, sd_of

pytestmark = [pytest.mark.slow, pytest.mark.stored]

Array = npt.NDArray[np.float64]
Above = Callable[[float], float]

SINGLE = [(4, 20), (9, 21), (3, 15), (14, 18), (6, 30), (1, 12)]
OUTLYING = [(6, 20), (8, 25), (5, 19), (7, 22), (24, 25), (9, 30)]
EDGES = np.arange(-7.0, 7.0001, 0.05)
THETA = (EDGES[:-1] + EDGES[1:]) / 2
"""Cells of the linear predictor of a study; likelihoods are summed at their middles."""

PROBABILITIES = (0.025, 0.25, 0.5, 0.75, 0.975)
RATES = (0.05, 0.2, 0.35, 0.5, 0.7, 0.9)

RATE = {
    "logit": special.expit,
    "probit": special.ndtr,
    "cloglog": lambda theta: 1 - np.exp(-np.exp(theta)),
}
LINK = {
    "logit": special.logit,
    "probit": special.ndtri,
    "cloglog": lambda rate: np.log(-np.log(1 - rate)),
}


@dataclass(frozen=True)
class Cells:
    """A parameter's cells: edges, the prior probability of each, and its prior median there."""

    edges: Array
    prior: Array
    x: Array


def cells(distribution: Any, edges: Array, below: float = 0.0) -> Cells:
    """Cells of a parameter with prior `distribution`, cut off at the probability `below`."""
    cdf = np.maximum(distribution.cdf(edges), below)
    return Cells(edges, np.diff(cdf), distribution.ppf((cdf[:-1] + cdf[1:]) / 2))


@dataclass(frozen=True)
class Truth:
    """Posterior probabilities of cells, dims in the order of `parameters`."""

    parameters: dict[str, Cells]
    mass: Array

    def check(self, name: str, draws: Array) -> None:
        cell = self.parameters[name]
        axis = list(self.parameters).index(name)
        mass = self.mass.sum(axis=tuple(i for i in range(self.mass.ndim) if i != axis))
        mean = float(mass @ cell.x)
        sd = float(np.sqrt(mass @ (cell.x - mean) ** 2))
        compare(f"mean of {name}", mean_of(draws), mean, sd)
        compare(f"sd of {name}", sd_of(draws), sd, sd)
        cdf = np.concatenate([[0], np.cumsum(mass)])
        for p in PROBABILITIES:
            quantile = float(np.interp(p, cdf, cell.edges))
            compare(f"quantile {p} of {name}", quantile_of(draws, p), quantile, sd)

    def mean(self, values: Array) -> float:
        """Posterior mean of what has a value in each cell."""
        return float((self.mass * values).sum())


def posterior(parameters: dict[str, Cells], log_likelihood: Array) -> Truth:
    prior = np.ones(())
    for cell in parameters.values():
        prior = prior[..., None] * cell.prior
    mass = prior * np.exp(log_likelihood - log_likelihood.max())
    return Truth(parameters, mass / mass.sum())


def compare(label: str, found: Estimate, truth: float, scale: float) -> None:
    """Within 4 MCSE, and a thousandth of `scale` for the cells' own error."""
    gap = abs(found.value - truth)
    assert gap <= 4 * found.mcse + 1e-3 * scale, (label, found, truth, gap / found.mcse)


def check_new_study(fit: bm.Fit, above: Above, profile: dict[str, object] | None = None) -> None:
    distribution = bm.predict(fit, n=10, profile=profile, seed=1).distribution
    for rate in RATES:
        compare(f"P(rate > {rate})", distribution.above(rate), above(rate), 0.5)


def arms_of(counts: list[tuple[int, int]], **columns: object) -> bm.Arms:
    frame = pd.DataFrame(counts, columns=["events", "n"])
    frame["study"] = [f"s{i}" for i in range(len(frame))]
    return bm.read_evidence(frame.assign(arm="1").assign(**columns)).select()


def draws_of(fit: bm.Fit, name: str) -> Array:
    return np.asarray(fit.posterior[name].to_numpy())


@cache
def likelihood(counts: tuple[tuple[int, int], ...], link: str) -> Array:
    """Likelihood of each arm at each cell of its predictor, dims (cell, arm)."""
    rate = RATE[link](THETA)[:, None]
    events, n = np.array(counts).T
    return np.asarray(stats.binom.pmf(events, n, rate))


def over_studies(place: Array, arms: Array) -> Array:
    """Log-likelihood, given the probability below each edge for every set of parameters."""
    return np.asarray(np.log(np.diff(place, axis=-1) @ arms).sum(axis=-1))


def standard(mu: Cells, tau: Cells) -> Array:
    """Standardised edges, dims (mu, tau, edge); no study lies beyond the outermost."""
    found = (EDGES - mu.x[:, None, None]) / tau.x[:, None]
    found[..., 0], found[..., -1] = -np.inf, np.inf
    return found


MU_PRIOR = {"logit": (0, 1.5), "probit": (0, 1), "cloglog": (-0.5, 1.1)}
MU = {link: bm.Normal(*numbers) for link, numbers in MU_PRIOR.items()}
TAU = bm.HalfNormal(0.5)


def mu_cells(link: str = "logit", size: int = 80) -> Cells:
    return cells(stats.norm(*MU_PRIOR[link]), np.linspace(-4, 3, size + 1))


def tau_cells(scale: float = 0.5, size: int = 60) -> Cells:
    return cells(stats.halfnorm(0, scale), np.linspace(0, 5 * scale, size + 1))


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_normal_effects_with_each_link(link: str) -> None:
    mu, tau = mu_cells(link), tau_cells()
    place = special.ndtr(standard(mu, tau))
    truth = posterior({"mu": mu, "tau": tau}, over_studies(place, likelihood(tuple(SINGLE), link)))
    kind = {"logit": bm.Logit, "probit": bm.Probit, "cloglog": bm.CLogLog}[link]
    fit = bm.fit(
        bm.ModelSpec(
            likelihood=bm.Binomial(kind()), mu=MU[link], study_effects=bm.NormalEffects(TAU)
        ),
        arms_of(SINGLE),
        seed=11,
    )
    for name in truth.parameters:
        truth.check(name, draws_of(fit, name))

    def above(rate: float) -> float:
        return truth.mean(special.ndtr((mu.x[:, None] - LINK[link](rate)) / tau.x))

    check_new_study(fit, above)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_a_beta_binomial_likelihood_without_study_effects(link: str) -> None:
    mu, rho = mu_cells(link, 160), cells(stats.beta(1, 9), np.linspace(0, 0.8, 121))
    size = 1 / rho.x - 1
    alpha, beta = RATE[link](mu.x)[:, None] * size, (1 - RATE[link](mu.x))[:, None] * size
    log_likelihood = sum(stats.betabinom.logpmf(y, n, alpha, beta) for y, n in SINGLE)
    truth = posterior({"mu": mu, "rho": rho}, log_likelihood)
    kind = {"logit": bm.Logit, "cloglog": bm.CLogLog}[link]
    likelihood = bm.BetaBinomial(kind())
    spec = bm.ModelSpec(likelihood=likelihood, mu=MU[link], study_effects=bm.CommonEffect())
    fit = bm.fit(spec, arms_of(SINGLE), seed=12)
    for name in truth.parameters:
        truth.check(name, draws_of(fit, name))
    check_new_study(fit, lambda rate: truth.mean(stats.beta.sf(rate, alpha, beta)))


def test_student_effects() -> None:
    mu, tau = mu_cells(size=56), tau_cells(size=45)
    whole = stats.gamma(2, scale=10)
    nu = cells(whole, 2 + 100 * np.linspace(0, 1, 36) ** 2, below=whole.cdf(2))
    edges, arms = standard(mu, tau), likelihood(tuple(OUTLYING), "logit")
    by_nu = [over_studies(special.stdtr(x, edges), arms) for x in nu.x]
    truth = posterior({"mu": mu, "tau": tau, "nu": nu}, np.stack(by_nu, axis=-1))
    fit = bm.fit(
        bm.ModelSpec(mu=MU["logit"], study_effects=bm.StudentTEffects(TAU)),
        arms_of(OUTLYING),
        seed=13,
    )
    for name in truth.parameters:
        truth.check(name, draws_of(fit, name))

    def above(rate: float) -> float:
        beyond = (mu.x[:, None, None] - special.logit(rate)) / tau.x[:, None]
        return truth.mean(special.stdtr(nu.x, beyond))

    check_new_study(fit, above)


def test_contaminated_effects() -> None:
    mu, tau = mu_cells(size=64), tau_cells(size=50)
    share = cells(stats.beta(1, 9), np.linspace(0, 1, 61) ** 1.5)
    edges, arms = standard(mu, tau), likelihood(tuple(OUTLYING), "logit")
    # The integral over a study is linear in the share of outlying ones.
    usual, outlying = (np.diff(special.ndtr(edges / ratio), axis=-1) @ arms for ratio in (1, 4))
    both = (1 - share.x)[:, None] * usual[:, :, None] + share.x[:, None] * outlying[:, :, None]
    truth = posterior(
        {"mu": mu, "tau": tau, "outlier_proportion": share}, np.log(both).sum(axis=-1)
    )
    fit = bm.fit(
        bm.ModelSpec(mu=MU["logit"], study_effects=bm.ContaminatedEffects(TAU)),
        arms_of(OUTLYING),
        seed=14,
    )
    for name in truth.parameters:
        truth.check(name, draws_of(fit, name))

    def above(rate: float) -> float:
        beyond = (mu.x[:, None, None] - special.logit(rate)) / tau.x[:, None]
        return truth.mean((1 - share.x) * special.ndtr(beyond) + share.x * special.ndtr(beyond / 4))

    check_new_study(fit, above)


def test_skew_normal_effects() -> None:
    mu, tau = mu_cells(size=64), tau_cells(size=50)
    skew = cells(stats.norm(0, 2), np.linspace(-8, 8, 61))
    edges, arms = standard(mu, tau), likelihood(tuple(OUTLYING), "logit")
    mean, sd = stats.skewnorm.mean(skew.x), stats.skewnorm.std(skew.x)

    def below(x: Array, k: int) -> Array:
        y = np.clip(mean[k] + sd[k] * x, -40, 40)
        return np.asarray(special.ndtr(y) - 2 * special.owens_t(y, skew.x[k]))

    # In the light tail differences are zero but for rounding, and so is the likelihood.
    by_study = [np.diff(below(edges, k), axis=-1) @ arms for k in range(skew.x.size)]
    by_skew = [np.log(np.maximum(one, 1e-300)).sum(axis=-1) for one in by_study]
    truth = posterior({"mu": mu, "tau": tau, "skew": skew}, np.stack(by_skew, axis=-1))
    spec = bm.ModelSpec(mu=MU["logit"], study_effects=bm.SkewNormalEffects(TAU))
    fit = bm.fit(spec, arms_of(OUTLYING), seed=18)
    for name in truth.parameters:
        truth.check(name, draws_of(fit, name))

    def above(rate: float) -> float:
        beyond = (special.logit(rate) - mu.x[:, None]) / tau.x
        return truth.mean(1 - np.stack([below(beyond, k) for k in range(skew.x.size)], axis=-1))

    check_new_study(fit, above)


def test_arm_effects() -> None:
    counts = [(4, 20), (10, 21), (3, 15), (8, 18), (6, 30), (5, 12)]
    mu, tau, tau_arm = mu_cells(size=64), tau_cells(size=45), tau_cells(0.25, 40)
    place, by_arm = special.ndtr(standard(mu, tau)), likelihood(tuple(counts), "logit")
    found = []
    for scale in tau_arm.x:
        arms = np.diff(special.ndtr((EDGES - THETA[:, None]) / scale), axis=-1) @ by_arm
        studies = arms[:, ::2] * arms[:, 1::2]
        found.append(over_studies(place, studies))
    truth = posterior({"mu": mu, "tau": tau, "tau_arm": tau_arm}, np.stack(found, axis=-1))
    arms = arms_of(counts, study=["a", "a", "b", "b", "c", "c"], arm=["1", "2"] * 3)
    fit = bm.fit(
        bm.ModelSpec(
            mu=MU["logit"], study_effects=bm.NormalEffects(TAU), arm_effects=bm.ArmEffects()
        ),
        arms,
        seed=15,
    )
    for name in truth.parameters:
        truth.check(name, draws_of(fit, name))

    def above(rate: float) -> float:
        scale = np.hypot(tau.x[:, None], tau_arm.x)
        return truth.mean(special.ndtr((mu.x[:, None, None] - special.logit(rate)) / scale))

    check_new_study(fit, above)


def test_tau_by_a_column() -> None:
    mu, tau = mu_cells(), tau_cells()
    place, arms = special.ndtr(standard(mu, tau)), likelihood(tuple(SINGLE), "logit")
    old, new = over_studies(place, arms[:, :4]), over_studies(place, arms[:, 4:])
    truth = posterior(
        {"mu": mu, "tau[old]": tau, "tau[new]": tau}, old[:, :, None] + new[:, None, :]
    )
    spec = bm.ModelSpec(mu=MU["logit"], study_effects=bm.NormalEffects(TAU, by="period"))
    with pytest.warns(bm.ModelWarning, match=r"tau depends on its prior .*: new \(2\)"):
        fit = bm.fit(spec, arms_of(SINGLE, period=["old"] * 4 + ["new"] * 2), seed=16)
    truth.check("mu", draws_of(fit, "mu"))
    for level in ("old", "new"):
        draws = fit.posterior["tau"].sel(level=level).to_numpy()
        truth.check(f"tau[{level}]", draws)

    def above(rate: float) -> float:
        return truth.mean(special.ndtr((mu.x[:, None] - special.logit(rate)) / tau.x)[:, None, :])

    check_new_study(fit, above, {"period": "new"})


def test_independent_studies() -> None:
    spec = bm.ModelSpec(mu=MU["logit"], study_effects=bm.IndependentStudies())
    fit = bm.fit(spec, arms_of(SINGLE), seed=17)
    level = cells(stats.norm(0, 1.5), np.linspace(-7, 7, 1401))
    nothing = posterior({"mu": level}, np.zeros(level.x.size))
    nothing.check("mu", draws_of(fit, "mu"))
    for i, (events, n) in enumerate(SINGLE):
        log_likelihood = stats.binom.logpmf(events, n, special.expit(level.x))
        truth = posterior({"theta": level}, log_likelihood)
        truth.check("theta", draws_of(fit, "theta")[..., i])
        further = bm.predict(fit, n=10, study=f"s{i}", seed=1).distribution
        above = truth.mean((level.x > 0).astype(float))
        compare(f"P(rate of s{i} > 0.5)", further.above(0.5), above, 0.5)
    check_new_study(fit, lambda rate: float(stats.norm.sf(special.logit(rate), 0, 1.5)))
