"""Simultaneous bands against a closed form, against simulation, and on ranks that are even."""

import numpy as np
import pytest
from scipy.stats import binom

from bayesmeta.calibration.bands import band, p_value, relative_distance


def test_two_ranks_are_a_binomial_test() -> None:
    sets = 60
    for few in (12, 20, 29):
        p = p_value(np.array([few, sets - few]))
        assert p == pytest.approx(2 * binom.cdf(few, sets, 0.5), rel=1e-9)
    assert p_value(np.array([30, 30])) == pytest.approx(1)


def test_small_probabilities_are_resolved() -> None:
    p = p_value(np.array([140, 260]))
    assert p == pytest.approx(2 * binom.cdf(140, 400, 0.5), rel=1e-3, abs=0)
    assert p < 1e-8


def test_the_band_is_that_of_simulation() -> None:
    from arviz_stats.ecdf_utils import simulate_confidence_bands

    sets = 100
    points = np.arange(1, sets) / sets
    pointwise = simulate_confidence_bands(sets, 1, points, 0.95, 4000, np.random.default_rng(1))
    limits = band(sets, sets, 0.95)
    found = binom.cdf(limits.upper, sets, points) - binom.cdf(limits.lower - 1, sets, points)
    # Numbers are whole, so each holds somewhat more than the tail probability asks for.
    assert pointwise - 0.001 < found.min() < pointwise + 0.003


@pytest.mark.parametrize("sets", [100, 1000])
def test_even_ranks_leave_the_band_as_often_as_it_says(sets: int) -> None:
    rng = np.random.default_rng(2)
    limits = band(sets, 100, 0.9)
    # 3000 of them: a fair count of about 300 strays by more than 3.5 standard deviations (57)
    # with probability 5e-4.
    distances = [
        relative_distance(np.bincount(rng.integers(100, size=sets), minlength=100), limits)
        for _ in range(3000)
    ]
    outside = np.mean(np.array(distances) > 1)
    assert 0.07 < outside <= 0.1 + 57 / 3000


@pytest.mark.slow
def test_even_ranks_have_even_p_values() -> None:
    rng = np.random.default_rng(3)
    p = [p_value(np.bincount(rng.integers(100, size=200), minlength=100)) for _ in range(1500)]
    for level in (0.01, 0.05, 0.2, 0.5):
        spread = 3.5 * np.sqrt(level * (1 - level) / 1500)
        assert level - spread - 0.05 < np.mean(np.array(p) <= level) < level + spread


def test_p_value_and_distance_agree_on_the_band() -> None:
    rng = np.random.default_rng(4)
    limits = band(200, 100, 0.99)
    for _ in range(200):
        counts = np.bincount(rng.binomial(99, rng.beta(1, 1.3, size=200)), minlength=100)
        inside = relative_distance(counts, limits) <= 1
        assert inside == (p_value(counts) > 0.01) or abs(p_value(counts) - 0.01) < 1e-3


@pytest.mark.parametrize("sets", [50, 100])
def test_ranks_of_few_sets_lie_at_the_edge_seldom(sets: int) -> None:
    rng, limits = np.random.default_rng(5), band(sets, 100, 0.99)
    distances = [
        relative_distance(np.bincount(rng.integers(100, size=sets), minlength=100), limits)
        for _ in range(400)
    ]
    assert np.mean(np.isclose(distances, 1)) < 0.05
