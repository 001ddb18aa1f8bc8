"""What planning a trial costs: `uv run pytest tests/benchmarks/test_trials.py --benchmark-only`."""

from collections.abc import Callable

import numpy as np

import bayesmeta as bm

PRIOR = bm.BetaMixture([0.6, 0.3, 0.1], a=[19, 4, 1], b=[29, 5, 1])
RATES = np.linspace(0, 1, 200)
LIMIT = 0.2
"""Seconds that the operating characteristics of 200 patients may take."""


def test_operating_characteristics(benchmark: Callable[..., object]) -> None:
    def curve() -> object:
        trial = bm.SingleArmTrial(200, PRIOR, "P(rate > 0.35) > 0.9 and P(rate > 0.5) > 0.5")
        return trial.operating_characteristics(RATES)

    benchmark(curve)
    assert benchmark.stats.stats.median < LIMIT  # type: ignore[attr-defined]


def test_interim_look(benchmark: Callable[..., object]) -> None:
    trial = bm.SingleArmTrial(200, PRIOR, "P(rate > 0.35) > 0.9")
    benchmark(lambda: bm.InterimLook(trial, 100, 0.1).operating_characteristics(RATES))


def test_smallest_n(benchmark: Callable[..., object]) -> None:
    benchmark(
        bm.smallest_n, "P(rate > 0.2) > 0.975", PRIOR, null_rate=0.2, alternative=0.4, n_max=100
    )


def test_two_arms(benchmark: Callable[..., object]) -> None:
    def curve() -> object:
        trial = bm.TwoArmTrial(60, 30, PRIOR, PRIOR, "P(rate - control > 0.1) > 0.9")
        return trial.operating_characteristics(RATES, RATES)

    benchmark(curve)
