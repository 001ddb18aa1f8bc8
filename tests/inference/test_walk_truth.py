"""Fits with a random walk over calendar years against posteriors computed here by brute force.

Given mu, tau and sigma, the predictors of years are a Markov chain: that of an earlier year is normal
about that of the next one with arms, with variance sigma squared for each year between. All sums are
over cells. Nothing of the package but the functions under test and its Monte-Carlo errors is used;
statistics must lie within 4 of these errors. Seeds are fixed.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import special, stats

import bayesmeta as bm
from bayesmeta.estimates.precision import Draws

pytestmark = [pytest.mark.slow, pytest.mark.stored]

Array = npt.NDArray[np.float64]

STUDIES = {2017: [(4, 20), (9, 21)], 2018: [(14, 18)], 2021: [(11, 16), (21, 30)]}
"""Responders and patients by year; 2019 and 2020 have none."""

LATER = 2024
STEP = 0.05
M = np.arange(-7.0, 7.0001, STEP)
"""Mean predictors of years and of studies, and mu."""

SCALES = (np.arange(50) + 0.5) * 0.06
"""Cells of tau and sigma."""

SIGMA = 0.6
"""Scale of the half-normal prior of sigma."""


@cache
def moved(scale: float) -> Array:
    """Probability of each predictor that is normal about another, dims (other, predictor)."""
    # Cells, not densities, so that a narrow distribution keeps its mass.
    gap = M - M[:, None]
    return stats.norm.cdf((gap + STEP / 2) / scale) - stats.norm.cdf((gap - STEP / 2) / scale)


@cache
def likelihood(counts: tuple[tuple[int, int], ...], tau: float) -> Array:
    """Probability of the counts of the studies of a year at each mean predictor."""
    each = [moved(tau) @ stats.binom(n, special.expit(M)).pmf(y) for y, n in counts]
    return np.prod([np.ones(M.size), *each], axis=0)


@dataclass(frozen=True)
class Truth:
    """Probabilities of cells: of sigma, and of the predictors of years and of a new study in them."""

    sigma: Array
    years: dict[int, Array]
    new_study: dict[int, Array]
    log_evidence: float


@cache
def truth(without: tuple[int, int] | None = None) -> Truth:
    """Return the truth of all studies, or without the one of these counts."""
    own = {
        year: tuple(count for count in counts if count != without)
        for year, counts in STUDIES.items()
    }
    prior_mu = stats.t(3, 0, 1.5).pdf(M) * STEP
    prior_tau, prior_sigma = (stats.halfnorm(scale=s).pdf(SCALES) * 0.06 for s in (1, SIGMA))
    sigma, years = np.zeros(SCALES.size), {year: np.zeros(M.size) for year in (*STUDIES, LATER)}
    new = {year: np.zeros(M.size) for year in (2021, LATER)}
    for j, scale in enumerate(SCALES):
        three, one = moved(scale * np.sqrt(3)), moved(scale)
        for tau, weight in zip(SCALES, prior_tau * prior_sigma[j], strict=True):
            at = {year: likelihood(counts, tau) for year, counts in own.items()}
            from_2017 = one @ at[2017]
            from_2018 = three @ (at[2018] * from_2017)
            last = weight * prior_mu * at[2021] * from_2018
            sigma[j] += last.sum()
            later = last @ three
            years[2021] += last
            years[LATER] += later
            new[2021] += last @ moved(tau)
            new[LATER] += later @ moved(tau)
            at_2018 = ((last / from_2018) @ three) * at[2018]
            years[2018] += at_2018 * from_2017
            years[2017] += (at_2018 @ one) * at[2017]
    total = sigma.sum()
    of_years, of_new = ({y: one / total for y, one in found.items()} for found in (years, new))
    return Truth(sigma / total, of_years, of_new, float(np.log(total)))


def arms() -> bm.Arms:
    rows = [(year, *count) for year, counts in STUDIES.items() for count in counts]
    frame = pd.DataFrame(rows, columns=["year", "events", "n"])
    return bm.read_evidence(frame.assign(study=[f"s{i}" for i in range(len(frame))])).select()


@cache
def fitted() -> bm.Fit:
    levels = bm.NormalLevels(bm.HalfNormal(SIGMA))
    spec = bm.ModelSpec("drift", covariates="walk(year)", levels=levels)
    return bm.fit(spec, arms(), seed=3, settings=bm.SamplerSettings(draws=5000))


def quantile(p: float, cells: Array, middles: Array) -> float:
    """Quantile of a distribution that is even within each cell."""
    half = (middles[1] - middles[0]) / 2
    edges = np.concatenate([middles[:1] - half, middles + half])
    return float(np.interp(p, np.concatenate([[0.0], np.cumsum(cells)]), edges))


def test_the_parameters() -> None:
    fit, exact = fitted(), truth()
    assert bm.diagnose(fit).ok
    drawn = (
        (np.asarray(fit.posterior["mu"]), exact.years[2021], M),
        (np.asarray(fit.posterior["sigma"])[..., 0], exact.sigma, SCALES),
    )
    for values, cells, middles in drawn:
        for p in (0.025, 0.25, 0.5, 0.75, 0.975):
            found = Draws(values).quantile(p)
            assert found.value == pytest.approx(
                quantile(p, cells, middles), abs=4 * found.mcse + 0.003
            )


@pytest.mark.parametrize(
    ("quantity", "year"),
    [
        *(("typical rate", year) for year in (*STUDIES, LATER)),
        ("new study", 2021),
        ("new study", LATER),
    ],
)
def test_rates_of_years_with_arms_and_of_a_later_one(quantity: str, year: int) -> None:
    table = bm.summary(fitted(), profiles=[{"year": year}]).set_index("quantity")
    exact_of = truth().years if quantity == "typical rate" else truth().new_study
    row, cells = table.loc[quantity], exact_of[year]
    for column, p in (("lower", 0.025), ("median", 0.5), ("upper", 0.975)):
        exact = float(special.expit(quantile(p, cells, M)))
        assert row[column] == pytest.approx(exact, abs=4 * row[f"mcse_{column}"] + 0.001)


def test_the_evidence() -> None:
    found = bm.log_marginal_likelihood(fitted(), seed=3)
    assert found.value == pytest.approx(truth().log_evidence, abs=4 * found.error + 2e-3)


def test_each_study_predicted_from_the_others() -> None:
    # The walk keeps its years: without its one study, of 2018 nothing tells but years before and after.
    settings = bm.SamplerSettings(draws=2000)
    found = bm.leave_one_study_out(fitted().spec, arms(), seed=6, settings=settings).studies
    counts = [count for each in STUDIES.values() for count in each]
    exact = np.array([truth().log_evidence - truth(one).log_evidence for one in counts])
    error = found["elpd"].to_numpy() - exact
    assert (np.abs(error) <= 4 * found["mcse_elpd"].to_numpy() + 2e-3).all()
