"""Distributions of counts: by tails as by listing every count, and large ones as mpmath has them."""

import mpmath
import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

import bayesmeta as bm
from bayesmeta.estimates.count_distributions import ListedCounts, MixedCounts
from bayesmeta.estimates.funnel_numbers import interpolated_limits
from bayesmeta.estimates.rates import DrawnRates

DISTRIBUTIONS = {
    "wide": (-1, 0.5),
    "narrow": (-1, 0.01),
    "one rate": (-1, 0.0),
    "rare": (-7, 1),
    "nearly certain": (7, 2),
    "everywhere": (0, 6),
}
TAILS = (0.001, 0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975, 0.999)


@pytest.mark.slow
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("n", [1000, 10_000])
def test_tails_say_what_listing_every_count_says(distribution: str, n: int) -> None:
    mu, tau = DISTRIBUTIONS[distribution]
    theta = mu + tau * np.random.default_rng(1).standard_normal((2, 250, 4))
    weights = np.random.default_rng(2).dirichlet(np.full(500, 2.0))
    listed = DrawnRates(theta).counts(n, weights)
    assert isinstance(listed, ListedCounts)
    mixed = MixedCounts(n, expit(theta.ravel()), np.repeat(weights / 4, 4))
    counts = np.arange(-1, n + 1)
    assert mixed.at_most(counts) == pytest.approx(listed.at_most(counts), abs=1e-6)
    quantiles = listed.quantiles(TAILS)
    assert mixed.quantiles(TAILS) == pytest.approx(quantiles, abs=1)
    for seen in (0, 1, quantiles[1], quantiles[4], quantiles[-1], n // 2, n):
        assert mixed.crps(seen) == pytest.approx(listed.crps(seen), rel=2e-4)


def test_tails_of_ten_million_are_those_of_mpmath() -> None:
    n, rates = 10_000_000, np.array([0.2, 0.2001, 0.3])
    distribution = MixedCounts(n, rates, np.array([0.3, 0.3, 0.4]))
    for count in (1_997_500, 2_000_000, 2_000_900, 2_999_000, 3_001_000):
        tails = [at_most(count, n, rate) for rate in rates.tolist()]
        exact = 0.3 * tails[0] + 0.3 * tails[1] + 0.4 * tails[2]
        assert float(distribution.at_most(count)) == pytest.approx(exact, abs=1e-6)


def at_most(count: int, n: int, rate: float) -> float:
    """Return a binomial tail as the integral of a beta density from the rate up."""
    mode, sd = count / n, (count * (n - count) / n**3) ** 0.5
    if abs(rate - mode) > 12 * sd:
        return float(rate < mode)
    with mpmath.workdps(25):
        constant = mpmath.loggamma(n + 1) - mpmath.loggamma(count + 1) - mpmath.loggamma(n - count)

        def density(x: mpmath.mpf) -> mpmath.mpf:
            return mpmath.exp(constant + count * mpmath.log(x) + (n - count - 1) * mpmath.log1p(-x))

        ends = [rate, *(mode + k * sd for k in range(-12, 13, 3) if mode + k * sd > rate)]
        return float(mpmath.quad(density, ends))


@pytest.mark.parametrize("rates", [(0.3, 0.32, 0.9), (1e-5, 4e-5, 0.001)])
def test_scores_of_large_counts_are_sums_over_all(rates: tuple[float, ...]) -> None:
    n = 200_000
    distribution = MixedCounts(n, np.array(rates), np.full(3, 1 / 3))
    counts = np.arange(n + 1)
    cumulative = binom.cdf(counts[:, None], n, rates).mean(axis=1)
    for seen in (0, round(rates[0] * n), round(rates[1] * n) + 9, n):
        exact = ((cumulative - (counts >= seen)) ** 2).sum()
        assert distribution.crps(seen) == pytest.approx(exact, rel=1e-4)


def test_limits_of_a_funnel_hold_for_ten_million_patients() -> None:
    n = np.array([10_000_000])
    found = interpolated_limits(n, np.array([0.3]), 0.95)
    sd = np.sqrt(0.3 * 0.7 / n[0])
    # At that size the normal approximation is right to a thousandth of a standard deviation.
    assert np.concatenate(found) == pytest.approx([0.3 - 1.96 * sd, 0.3 + 1.96 * sd], abs=0.01 * sd)


def test_a_distribution_listed_by_ranges_agrees_with_its_questions() -> None:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    exact = bm.predict(
        bm.fit(bm.load_model("pooled"), arms, method="quadrature"), n=250_000, seed=1
    )
    pmf = exact.pmf
    assert (pmf.index.step, len(pmf)) == (1000, 251)
    assert pmf["probability"].sum() == pytest.approx(1)
    assert pmf.loc[50_000, "at_least"] == pytest.approx(exact.probability(events_at_least=50_000))
    low, median, high = exact.interval(0.95).loc["events", ["lower", "median", "upper"]]
    rates = exact.interval(0.95).loc["rate", ["lower", "median", "upper"]]
    # Binomial chance in so many patients moves a limit by a thousandth of the rate at most.
    assert np.array([low, median, high]) / 250_000 == pytest.approx(rates.to_numpy(), abs=1e-4)
    drawn = bm.predict(bm.fit(bm.load_model("pooled"), arms, seed=1), n=250_000, seed=1)
    assert drawn.interval(0.95).loc["events", "median"] / median == pytest.approx(1, abs=0.02)
