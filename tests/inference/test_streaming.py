"""Draws on disk and draws of parameters alone: the same draws as in memory, whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmeta as bm
from bayesmeta.estimates.contrasts import contrast
from bayesmeta.estimates.heterogeneity import i_squared
from bayesmeta.estimates.identifiability import notes
from bayesmeta.estimates.shrinkage import shrinkage
from bayesmeta.inference import blocks, footprint, streaming
from bayesmeta.inference.draws import PER_ARM, is_large, parameters_of
from bayesmeta.inference.footprint import bytes_of_draws

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


FAST = ("normal", "imputed")
"""Parts of the family of which the fast tests have each check; the others are slow."""


@pytest.fixture(
    params=[
        pytest.param(name, marks=() if name in FAST else pytest.mark.slow, id=name)
        for name in FAMILY
    ]
)
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


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Demand the same table: the draws are the same bytes, but not sums over another memory layout."""
    pd.testing.assert_frame_equal(one, other, rtol=1e-12)


@pytest.mark.slow
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


@pytest.fixture(scope="module")
def alone(arms: bm.Arms) -> bm.Fit:
    return fitted(bm.ModelSpec(**FAMILY["factor"]), arms, arm_draws=False)


@pytest.fixture(scope="module")
def whole(arms: bm.Arms) -> bm.Fit:
    return fitted(bm.ModelSpec(**FAMILY["factor"]), arms)


def test_what_rests_on_parameters_is_the_same_without_draws_of_arms(
    alone: bm.Fit, whole: bm.Fit
) -> None:
    tables = [bm.summary(fit).set_index("quantity") for fit in (alone, whole)]
    assert "i_squared" not in tables[0].index
    assert_same(tables[0], tables[1].drop("i_squared"))
    predictions = [bm.predict(fit, n=20, profile={"group": "b"}, seed=1) for fit in (alone, whole)]
    assert_same(predictions[0].pmf, predictions[1].pmf)
    pairs = [contrast(fit).table for fit in (alone, whole)]
    assert_same(pairs[0][["odds_ratio"]], pairs[1][["odds_ratio"]])
    # At the typical instead of each arm's own rate.
    assert pairs[0]["within_share"].to_numpy() == pytest.approx(
        pairs[1]["within_share"].to_numpy(), abs=0.1
    )
    assert not [note for note in notes(alone) if "says nothing" in note]


def test_the_diagnosis_names_what_it_could_not_check(alone: bm.Fit, whole: bm.Fit) -> None:
    found, full = bm.diagnose(alone), bm.diagnose(whole)
    assert found.unchecked == ("u",)
    assert "u not kept, not checked" in repr(found)
    assert full.unchecked == ()
    assert_same(found.table, full.table.loc[found.table.index])


@pytest.mark.parametrize(
    "ask",
    [
        shrinkage,
        i_squared,
        bm.plots.forest,
        lambda fit: bm.predict(fit, n=20, profile={"group": "a"}, study="s1", seed=1),
    ],
)
def test_what_needs_draws_of_arms_says_so(ask: Callable[[bm.Fit], object], alone: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match=r"did not keep \(arm_draws=False\).*Fit again"):
        ask(alone)


def test_streamed_draws_answer_as_those_in_memory_do(
    arms: bm.Arms, whole: bm.Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamed = fitted(whole.spec, arms, store=tmp_path / "draws.zarr")
    monkeypatch.setattr(blocks, "CELLS", 500)
    expected = bm.diagnose(whole).table
    assert_same(bm.diagnose(streamed).table.loc[expected.index], expected)
    assert_same(bm.summary(streamed), bm.summary(whole))
    ours, theirs = shrinkage(streamed), shrinkage(whole)
    numbers = ours.select_dtypes("number").columns
    assert ours[numbers].to_numpy() == pytest.approx(theirs[numbers].to_numpy(), rel=1e-12)
    further = [
        bm.predict(fit, n=9, profile={"group": "a"}, study="s1", seed=1).pmf
        for fit in (streamed, whole)
    ]
    assert_same(further[0], further[1])


def test_draws_of_arms_stay_on_disk_until_asked_for(
    arms: bm.Arms, whole: bm.Fit, tmp_path: Path
) -> None:
    streamed = fitted(whole.spec, arms, store=tmp_path / "draws.zarr")
    for group in streamed.draws.children.values():
        for name, variable in group.to_dataset().items():
            assert variable.variable._in_memory != is_large(variable), name
    streamed.posterior["theta"].to_numpy()
    assert not streamed.posterior["theta"].variable._in_memory


@pytest.mark.slow
def test_a_saved_fit_keeps_the_path_of_its_store(
    arms: bm.Arms, whole: bm.Fit, tmp_path: Path
) -> None:
    streamed = fitted(whole.spec, arms, store=tmp_path / "draws.zarr")
    streamed.save(tmp_path / "run")
    loaded = bm.load_fit(tmp_path / "run")
    xr.testing.assert_identical(loaded.draws.load(), whole.draws)
    (tmp_path / "draws.zarr").rename(tmp_path / "moved.zarr")
    without = bm.load_fit(tmp_path / "run")
    xr.testing.assert_identical(without.draws, parameters_of(whole.draws))
    with pytest.raises(bm.SettingsError, match=r"in the store .*draws.zarr; it is not there"):
        shrinkage(without)


def test_a_store_that_lacks_a_part_is_refused(arms: bm.Arms, whole: bm.Fit, tmp_path: Path) -> None:
    store = tmp_path / "draws.zarr"
    fitted(whole.spec, arms, store=store)
    chunks = (store / "posterior" / "theta" / "c").rglob("*")
    next(file for file in chunks if file.is_file()).unlink()
    with pytest.raises(bm.RunError, match=r"part of posterior/theta is missing. Fit again"):
        streaming.open_store(store)


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_nothing_is_left_of_a_store_that_was_not_finished(
    fault: BaseException, arms: bm.Arms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(streaming, "_write_rest", fail)
    expected = bm.RunError if isinstance(fault, OSError) else KeyboardInterrupt
    with pytest.raises(expected, match="No space left" if expected is bm.RunError else "^$"):
        fitted(bm.ModelSpec(), arms, store=tmp_path / "draws.zarr")
    assert not list(tmp_path.iterdir())


def test_a_store_that_exists_is_refused_before_anything_is_sampled(
    arms: bm.Arms, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(bm.RunError, match=r"exists. Choose another folder, or delete it first"):
        fitted(bm.ModelSpec(), arms, store=tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "kept"
    with pytest.raises(bm.RunError, match="must be a path; got 7"):
        fitted(bm.ModelSpec(), arms, store=7)


def test_arguments_that_do_not_go_together_are_refused(arms: bm.Arms, tmp_path: Path) -> None:
    store = tmp_path / "draws.zarr"
    with pytest.raises(bm.SettingsError, match="no effect with arm_draws=False"):
        fitted(bm.ModelSpec(), arms, store=store, arm_draws=False)
    with pytest.raises(bm.SettingsError, match="`store` needs engine='compiled'"):
        fitted(bm.ModelSpec(), arms, store=store, engine="pymc")
    with pytest.raises(bm.SettingsError, match="`arm_draws=False` needs engine='compiled'"):
        fitted(bm.ModelSpec(), arms, arm_draws=False, engine="pymc")
    with pytest.raises(bm.SettingsError, match="`store` has no effect with method='quadrature'"):
        bm.fit(bm.ModelSpec(), arms, method="quadrature", store=store)
    with pytest.raises(bm.SettingsError, match="`arm_draws` must be True or False; got 1"):
        bm.SamplerSettings(arm_draws=1)


def test_draws_too_large_for_memory_are_refused_with_both_remedies(
    arms: bm.Arms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footprint, "LARGEST", 1000)
    with pytest.raises(
        bm.SettingsError, match=r"GiB of memory \(24 arms, 140 draws\).*store=.*arm_draws=False"
    ):
        fitted(bm.ModelSpec(), arms)


def drawn_bytes(draws: xr.DataTree) -> int:
    """Return the bytes of the groups that hold draws, labels aside."""
    return sum(
        variable.nbytes
        for group in draws.children.values()
        for variable in group.data_vars.values()
        if "draw" in variable.dims
    )


def test_the_memory_predicted_is_what_draws_take(spec: bm.ModelSpec, arms: bm.Arms) -> None:
    fit = fitted(spec, arms)
    predicted = bytes_of_draws(fit.design, fit.settings)
    # Statistics are predicted as numbers; some are smaller.
    assert predicted * 0.97 <= drawn_bytes(fit.draws) <= predicted


@pytest.mark.slow
def test_parameters_alone_take_no_more_memory_with_3000_arms(
    make_arms: Callable[..., bm.Arms],
) -> None:
    rng = np.random.default_rng(1)
    n = rng.integers(5, 40, 3000)
    many = make_arms(list(zip(rng.binomial(n, 0.4).tolist(), n.tolist(), strict=True)))
    few = make_arms([(3, 9), (4, 11), (6, 12)])
    fits = [fitted(bm.ModelSpec(), arms, arm_draws=False) for arms in (many, few)]
    assert drawn_bytes(fits[0].draws) == drawn_bytes(fits[1].draws)
    for group in fits[0].draws.children.values():
        for variable in group.data_vars.values():
            assert not ("draw" in variable.dims and PER_ARM & set(variable.dims))
