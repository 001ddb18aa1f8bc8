"""What a prior for the next trial costs: `uv run pytest tests/benchmarks --benchmark-only`."""

from collections.abc import Callable

import numpy as np
import pytest

import bayesmeta as bm


@pytest.fixture
def log_odds() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(-1, 0.3, 4000) + rng.standard_t(4, 4000) * np.abs(rng.normal(0, 0.5, 4000))


def test_mixture_of_4000_draws(benchmark: Callable[..., object], log_odds: np.ndarray) -> None:
    benchmark(bm.fit_mixture, log_odds)


def test_effective_sample_size(benchmark: Callable[..., object], log_odds: np.ndarray) -> None:
    prior = bm.fit_mixture(log_odds).mixture
    benchmark(bm.effective_sample_size, prior)
