"""Draws on disk and draws of parameters alone: the same draws as in memory, whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bayesmeta as bm
from bayesmeta.inference import blocks, streaming
from bayesmeta.inference.draws import parameters_of

SHORT = {"chains": 2, "warmup": 60, "draws": 70, "cores": 1}
FAMILY = {
    "normal": {},
    "common": {"study_effects": bm.CommonEffect()},
    "independent": {"study_effects": bm.IndependentStudies()},
    "arm effects": {"arm_effects": bm.ArmEffects(), "study_effects": bm.StudentTEffects()},
    "beta-binomial": {"likelihood": bm.BetaBinomial()},
    "tau by a factor": {"study_effects": bm.NormalEffects(by="group")},
    "imputed": {"covariates": bm.Covariates("dose", impute=["dose"])},
    "factor": {"covariates": bm.Covariates("group", reference={"group": "a"})},
}


@pytest.fixture(scope="module")
def arms(make_arms: Callable[..., bm.Arms]) -> bm.Arms:
    rng = np.random.default_rng(1)
    counts = [(int(rng.integers(0, n)), int(n)) for n in rng.integers(5, 40, 24)]
    studies = [f"s{i // 2}" for i in range(24)]
    dose = [float(i % 5) if i % 7 else None for i in range(24)]
    return make_arms(counts, studies=studies, group=["a", "a", "b", "b"] * 6, dose=dose)


@pytest.fixture(params=FAMILY, ids=str)
def spec(request: pytest.FixtureRequest) -> bm.ModelSpec:
    return bm.ModelSpec(**FAMILY[request.param])


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 29 draws and chunks of 10 arms, neither of which divides what there is."""
    monkeypatch.setattr(blocks, "CELLS", 29 * 24)
    monkeypatch.setattr(streaming, "CHUNK", 29 * 10)


def fitted(spec: bm.ModelSpec, arms: bm.Arms, **options: object) -> bm.Fit:
    settings = {**SHORT, **{name: options.pop(name) for name in ("arm_draws",) if name in options}}
    return bm.fit(spec, arms, seed=3, settings=bm.SamplerSettings(**settings), **options)


@pytest.mark.usefixtures("small_blocks")
def test_streamed_draws_are_those_in_memory(
    spec: bm.ModelSpec, arms: bm.Arms, tmp_path: Path
) -> None:
    memory = fitted(spec, arms)
    store = tmp_path / "draws.zarr"
    streamed = fitted(spec, arms, store=store)
    xr.testing.assert_identical(streamed.draws.load(), memory.draws)
    assert [file.name for file in tmp_path.iterdir()] == ["draws.zarr"]


@pytest.mark.usefixtures("small_blocks")
def test_parameters_alone_are_the_same(spec: bm.ModelSpec, arms: bm.Arms) -> None:
    memory, alone = fitted(spec, arms), fitted(spec, arms, arm_draws=False)
    xr.testing.assert_identical(alone.draws, parameters_of(memory.draws))
    assert "mu" in alone.posterior
    assert not {"u", "w", "x", "theta"} & set(alone.posterior)
