"""Fits with exchangeable levels against posteriors computed here by brute force.

Given mu, tau and sigma, levels are independent: the likelihood of a level is the integral over its
mean predictor of its distribution times the likelihoods of its studies there, each an integral over
the study's own predictor. All are sums over cells. Nothing of the package but the functions under
test and its Monte-Carlo errors is used. Statistics must lie within 4 of those errors; seeds are fixed.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import special, stats

import bayesmeta as bm
from bayesmeta.comparison.approximation import LARGEST_K
from bayesmeta.estimates.precision import Draws
from bayesmeta.report.document import lines_of
from bayesmeta.report.predicted_text import left_out_blocks

pytestmark = [pytest.mark.slow, pytest.mark.stored]

Array = npt.NDArray[np.float64]

STUDIES = [
    ("x", [(4, 20), (9, 21), (7, 30)]),
    ("y", [(14, 18), (11, 16)]),
    ("z", [(6, 30)]),
    ("w", [(8, 15), (3, 12)]),
]
SIZE = sum(len(counts) for _, counts in STUDIES)
STEP = 0.05
M = np.arange(-6.0, 6.0001, STEP)
"""Mean predictors of levels and of studies, and mu."""

SCALES = (np.arange(40) + 0.5) * 0.06
"""Cells of tau and sigma."""

LEVELS = {
    "normal": bm.NormalLevels(),
    "student_t": bm.StudentTLevels(nu=4),
    "exnex": bm.PartlyExchangeableLevels(exchangeable=0.6, apart=bm.Normal(-0.3, 1.5)),
}


def kernel(name: str, sigma: float) -> Array:
    """Probability of each mean predictor of a level given mu, dims (mu, mean)."""
    gap = M - M[:, None]
    if name == "student_t":
        return stats.t(4, scale=sigma).pdf(gap) * STEP
    # Cells, not densities, so that a narrow distribution keeps its mass.
    cell = stats.norm.cdf((gap + STEP / 2) / sigma) - stats.norm.cdf((gap - STEP / 2) / sigma)
    if name == "normal":
        return cell
    return 0.6 * cell + 0.4 * stats.norm(-0.3, 1.5).pdf(gap) * STEP


@dataclass(frozen=True)
class Truth:
    """Probabilities of cells: of mu, sigma, the mean of each level and of a new one, and evidence."""

    mu: Array
    sigma: Array
    levels: dict[str, Array]
    new: Array
    log_evidence: float


@cache
def truth(name: str, without: str = "", study: int | None = None) -> Truth:
    """Return the truth of all studies, or without those of a level, or without one of them."""
    own = {level: counts for level, counts in without_study(study) if level != without}
    prior_mu = stats.t(3, 0, 1.5).pdf(M) * STEP
    prior = [stats.halfnorm(scale=scale).pdf(SCALES) * 0.06 for scale in (1, 0.5)]
    kernels = [kernel(name, sigma) for sigma in SCALES]
    total, mu, sigma = 0.0, np.zeros(M.size), np.zeros(SCALES.size)
    new, means = np.zeros(M.size), {level: np.zeros(M.size) for level in own}
    for tau, prior_tau in zip(SCALES, prior[0], strict=True):
        at = {level: likelihood(tuple(counts), tau) for level, counts in own.items()}
        for j, (each, prior_sigma) in enumerate(zip(kernels, prior[1], strict=True)):
            inside = {level: each @ values for level, values in at.items()}
            weight = prior_mu * prior_tau * prior_sigma * np.prod(list(inside.values()), axis=0)
            total += weight.sum()
            mu += weight
            sigma[j] += weight.sum()
            new += weight @ each
            for level, values in at.items():
                means[level] += (weight / inside[level]) @ each * values
    levels = {level: found / total for level, found in means.items()}
    return Truth(mu / total, sigma / total, levels, new / total, float(np.log(total)))


def without_study(left_out: int | None) -> list[tuple[str, list[tuple[int, int]]]]:
    """Levels with the counts of their studies, but for one study, counted from the first."""
    places = iter(range(SIZE))
    kept = [
        (level, [one for one in counts if next(places) != left_out]) for level, counts in STUDIES
    ]
    return [(level, counts) for level, counts in kept if counts]


@cache
def likelihood(counts: tuple[tuple[int, int], ...], tau: float) -> Array:
    """Probability of the counts of the studies of a level at each mean predictor."""
    gap = M - M[:, None]
    around = stats.norm.cdf((gap + STEP / 2) / tau) - stats.norm.cdf((gap - STEP / 2) / tau)
    each = [around @ stats.binom(n, special.expit(M)).pmf(events) for events, n in counts]
    return np.prod(each, axis=0)


def arms() -> bm.Arms:
    rows = [(level, *count) for level, counts in STUDIES for count in counts]
    frame = pd.DataFrame(rows, columns=["kind", "events", "n"])
    return bm.read_evidence(frame.assign(study=[f"s{i}" for i in range(len(frame))])).select()


@cache
def fitted(name: str) -> bm.Fit:
    spec = bm.ModelSpec(name, covariates="(1 | kind)", levels=LEVELS[name])
    return bm.fit(spec, arms(), seed=11, settings=bm.SamplerSettings(draws=5000))


def quantile(p: float, cells: Array, middles: Array) -> float:
    """Quantile of a distribution that is even within each cell."""
    half = (middles[1] - middles[0]) / 2
    edges = np.concatenate([middles[:1] - half, middles + half])
    return float(np.interp(p, np.concatenate([[0.0], np.cumsum(cells)]), edges))


def assert_quantiles(drawn: Array, cells: Array, middles: Array) -> None:
    for p in (0.025, 0.25, 0.5, 0.75, 0.975):
        found = Draws(drawn).quantile(p)
        exact = quantile(p, cells, middles)
        assert found.value == pytest.approx(exact, abs=4 * found.mcse + 0.003)


@pytest.mark.parametrize("name", LEVELS)
def test_parameters_levels_and_a_new_level(name: str) -> None:
    fit, exact = fitted(name), truth(name)
    assert bm.diagnose(fit).ok
    assert_quantiles(np.asarray(fit.posterior["mu"]), exact.mu, M)
    assert_quantiles(np.asarray(fit.posterior["sigma"])[..., 0], exact.sigma, SCALES)
    for profile, cells in [*exact.levels.items(), (bm.NEW, exact.new)]:
        table = bm.summary(fit, profiles=[{"kind": profile}]).set_index("quantity")
        row = table.loc["typical rate"]
        for column, p in (("lower", 0.025), ("median", 0.5), ("upper", 0.975)):
            expected = special.expit(quantile(p, cells, M))
            error = 4 * float(row[f"mcse_{column}"]) + 1e-3
            assert float(row[column]) == pytest.approx(expected, abs=error)


@pytest.mark.parametrize("name", LEVELS)
def test_marginal_likelihood(name: str) -> None:
    found = bm.log_marginal_likelihood(fitted(name), seed=3)
    assert found.value == pytest.approx(truth(name).log_evidence, abs=4 * found.error + 2e-3)


@pytest.mark.parametrize("name", LEVELS)
def test_each_level_predicted_from_the_others(name: str) -> None:
    spec = fitted(name).spec
    found = bm.leave_one_level_out(spec, arms(), "kind", seed=5)
    for row in found.levels.to_dict("records"):
        exact = truth(name).log_evidence - truth(name, row["level"]).log_evidence
        assert row["elpd"] == pytest.approx(exact, abs=4 * row["mcse_elpd"] + 2e-3)


@cache
def left_out(name: str, method: Literal["exact", "psis"]) -> bm.LeftOut:
    # Few draws of the whole evidence, so that PSIS must have some studies refitted.
    settings = bm.SamplerSettings(draws=1000)
    return bm.leave_one_study_out(
        fitted(name).spec, arms(), seed=6, method=method, settings=settings
    )


@pytest.mark.parametrize("method", ["exact", "psis"])
@pytest.mark.parametrize("name", LEVELS)
def test_each_study_predicted_from_the_others(name: str, method: Literal["exact", "psis"]) -> None:
    # The third level has one study: without it its effect is that of a new level.
    found, whole = left_out(name, method), truth(name).log_evidence
    exact = np.array([whole - truth(name, study=i).log_evidence for i in range(SIZE)])
    error = found.studies["elpd"].to_numpy() - exact
    stated = found.studies["mcse_elpd"].to_numpy()
    assert (np.abs(error) <= 4 * stated + 2e-3).all()
    assert stated.max() <= 0.025


@pytest.mark.parametrize("name", LEVELS)
def test_psis_agrees_with_refits_and_says_which_studies_it_refits(name: str) -> None:
    by_refits, by_psis = left_out(name, "exact"), left_out(name, "psis")
    one, other = by_refits.studies, by_psis.studies
    error = np.hypot(one["mcse_elpd"], other["mcse_elpd"])
    assert (np.abs(one["elpd"] - other["elpd"]) <= 4 * error).all()
    assert (one["method"] == "refit").all()
    refitted = set(other.loc[other["method"] != "weighted", "study"])
    assert set(other.loc[other["pareto_k"] > LARGEST_K, "study"]) <= refitted
    assert set(by_psis.fits["left_out"]) == {"", *refitted}
    assert set(other["method"]) == {"weighted", "refit"}
    [told] = [line for line in lines_of(left_out_blocks(by_psis)) if "PSIS" in line]
    assert {study for study in other["study"] if study in told} == refitted
    assert not [line for line in lines_of(left_out_blocks(by_refits)) if "PSIS" in line]
