"""Convergence statistics: ArviZ's are the truth, for one parameter and for many at once."""

import numpy as np
import numpy.typing as npt
import pytest
from arviz_stats.base import array_stats

from bayesmeta.inference.convergence import e_bfmi, ess_bulk, ess_tail, mcse_mean, r_hat

Array = npt.NDArray[np.float64]

SHAPES = [(1, 40), (2, 4), (2, 5), (2, 6), (3, 7), (4, 9), (4, 50), (4, 101), (4, 1000), (7, 333)]
KINDS = ["independent", "slow", "alternating", "apart", "heavy", "tied", "few values"]


def chains(kind: str, shape: tuple[int, int], seed: int) -> Array:
    """Return chains of first-order autoregressions, changed as the kind says."""
    rng = np.random.default_rng(seed)
    push = rng.standard_cauchy(shape) if kind == "heavy" else rng.normal(size=shape)
    memory = {"slow": 0.95, "alternating": -0.6, "tied": 0.5}.get(kind, 0.0)
    out = np.zeros(shape)
    out[:, 0] = push[:, 0]
    for t in range(1, shape[1]):
        out[:, t] = memory * out[:, t - 1] + push[:, t]
    if kind == "apart":
        out += np.arange(shape[0])[:, None]
    if kind == "tied":
        out = np.maximum(out, 0.3)
    return np.round(out) if kind == "few values" else out


def of_arviz(name: str, draws: Array) -> float:
    if np.ptp(draws) == 0:
        return 0.0 if name == "mcse_mean" else np.nan
    axes = {"chain_axis": 0, "draw_axis": 1}
    if name == "r_hat":
        with np.errstate(divide="ignore", invalid="ignore"):
            return (
                float(array_stats.rhat(draws, method="rank", **axes)) if len(draws) > 1 else np.nan
            )
    if name == "mcse_mean":
        return float(array_stats.mcse(draws, method="mean", **axes))
    prob = {"prob": (0.05, 0.95)} if name == "ess_tail" else {}
    return float(array_stats.ess(draws, method=name.removeprefix("ess_"), **prob, **axes))


OURS = {"r_hat": r_hat, "ess_bulk": ess_bulk, "ess_tail": ess_tail, "mcse_mean": mcse_mean}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_they_are_those_of_arviz(kind: str, shape: tuple[int, int]) -> None:
    draws = np.stack([chains(kind, shape, seed) for seed in range(8)])
    for name, ours in OURS.items():
        expected = [of_arviz(name, one) for one in draws]
        np.testing.assert_allclose(ours(draws), expected, rtol=1e-10, err_msg=name)
        np.testing.assert_allclose(ours(draws[3]), expected[3], rtol=1e-10, err_msg=name)


@pytest.mark.parametrize("shape", [(1, 10), (4, 100), (2, 3), (2, 1)], ids=str)
def test_constants_have_no_convergence_and_no_error(shape: tuple[int, int]) -> None:
    draws = np.full(shape, 0.1)
    assert np.isnan([r_hat(draws), ess_bulk(draws), ess_tail(draws)]).all()
    assert mcse_mean(draws) == 0


@pytest.mark.parametrize("draws", [1, 2, 3])
def test_of_few_draws_nothing_is_known(draws: int) -> None:
    few = np.random.default_rng(1).normal(size=(5, 4, draws))
    for ours in OURS.values():
        assert ours(few).shape == (5,)
        assert np.isnan(ours(few)).all()


def test_a_stuck_chain_and_a_chain_of_constants_are_those_of_arviz() -> None:
    draws = chains("independent", (4, 100), 1)
    draws[2] = 0.3
    stepped = np.repeat([[0.0], [1.0], [1.0], [0.0]], 100, axis=1)
    for name, ours in OURS.items():
        np.testing.assert_allclose(ours(draws), of_arviz(name, draws), rtol=1e-10, err_msg=name)
    assert r_hat(stepped) > 1e6


def test_the_energy_fraction_is_that_of_arviz() -> None:
    energy = chains("slow", (4, 300), 1)
    np.testing.assert_allclose(e_bfmi(energy), array_stats.bfmi(energy), rtol=1e-12)
    assert np.isnan(e_bfmi(energy[:, :1])).all()
