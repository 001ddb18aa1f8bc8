"""Draws of parameters alone: the same as those beside draws of studies and arms."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesmeta as bm
from bayesmeta.estimates.contrasts import contrast
from bayesmeta.estimates.heterogeneity import i_squared
from bayesmeta.estimates.notes import notes
from bayesmeta.estimates.outcome_draws import draws_of
from bayesmeta.estimates.shrinkage import shrinkage
from bayesmeta.inference import blocks, engines
from bayesmeta.inference.draws import is_large
from bayesmeta.inference.engines import bytes_of_draws

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
    """Blocks of 29 draws, which do not divide what there is."""
    monkeypatch.setattr(blocks, "CELLS", 29 * 24)


def fitted(spec: bm.ModelSpec, arms: bm.Arms, **options: object) -> bm.Fit:
    settings = {**SHORT, **{name: options.pop(name) for name in ("arm_draws",) if name in options}}
    return bm.fit(spec, arms, seed=3, settings=bm.SamplerSettings(**settings), **options)


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Demand the same table: the draws are the same bytes, but not sums over another memory layout."""
    pd.testing.assert_frame_equal(one, other, rtol=1e-12)


def parameters_of(draws: xr.DataTree) -> xr.DataTree:
    """Return draws without what each study and arm has in every draw."""
    groups = {}
    for name, node in draws.children.items():
        group = node.to_dataset()
        rest = group.drop_vars([one for one, variable in group.items() if is_large(variable)])
        used = {dim for variable in rest.values() for dim in variable.dims}
        if used:
            groups[f"/{name}"] = rest.drop_vars([dim for dim in rest.coords if dim not in used])
    return xr.DataTree.from_dict(groups)


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
        lambda fit: i_squared(draws_of(fit)),
        bm.plots.forest,
        lambda fit: bm.predict(fit, n=20, profile={"group": "a"}, study="s1", seed=1),
    ],
)
def test_what_needs_draws_of_arms_says_so(ask: Callable[[bm.Fit], object], alone: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match=r"did not keep \(arm_draws=False\).*Fit again"):
        ask(alone)


def test_arguments_that_do_not_go_together_are_refused(arms: bm.Arms) -> None:
    with pytest.raises(bm.SettingsError, match="`arm_draws=False` needs engine='compiled'"):
        fitted(bm.ModelSpec(), arms, arm_draws=False, engine="pymc")
    with pytest.raises(bm.SettingsError, match="`arm_draws` must be True or False; got 1"):
        bm.SamplerSettings(arm_draws=1)


@pytest.mark.parametrize("options", [{}, {"method": "grid"}, {"engine": "pymc"}], ids=str)
def test_a_store_is_refused_with_what_to_do(options: dict[str, str], arms: bm.Arms) -> None:
    with pytest.raises(bm.SettingsError, match=r"`store`='draws.zarr': .*\(arm_draws=False\)"):
        bm.fit(bm.ModelSpec(), arms, seed=1, store="draws.zarr", **options)


def test_a_saved_run_that_points_to_a_store_loads_without_draws_of_arms(
    alone: bm.Fit, tmp_path: Path
) -> None:
    alone.save(tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "fit.json").read_text())
    manifest["settings"]["arm_draws"] = True
    text = json.dumps(manifest | {"store": "/gone/draws.zarr"})
    (tmp_path / "run" / "fit.json").write_text(text)
    loaded = bm.load_fit(tmp_path / "run")
    xr.testing.assert_identical(loaded.draws, alone.draws)
    with pytest.raises(bm.SettingsError, match=r"needs the draws of `theta`.* did not keep"):
        shrinkage(loaded)


def test_draws_too_large_for_memory_are_refused_with_the_remedy(
    arms: bm.Arms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "LARGEST", 1000)
    with pytest.raises(
        bm.SettingsError, match=r"GiB of memory \(24 arms, 140 draws\).*arm_draws=False"
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
        assert not any(map(is_large, group.data_vars.values()))
