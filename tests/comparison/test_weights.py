"""Weights of models: held to ArviZ, to direct optimisation, and to bounds that hold by algebra."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_stats import compare as arviz_compare
from arviz_stats.utils import ELPDDataLOO
from hypothesis import example, given, settings, strategies as st
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit
from scipy.stats import dirichlet

import bayesmeta as bm
from bayesmeta.arrays import Array
from bayesmeta.comparison.stacking import maximising_weights
from bayesmeta.comparison.weights import DEFAULT, METHODS, SAMPLES, SPREAD, Weighting
from bayesmeta.report.comparison_text import comparison_blocks
from bayesmeta.report.document import lines_of
from bayesmeta.report.saved_runs import SavedComparison, load_run

Maker = Callable[..., bm.Arms]

STREAM = 5
SEEDS = st.integers(0, 10_000)


def scores(seed: int, studies: int, models: int, spread: float = 0.7) -> pd.DataFrame:
    """Return log densities of studies that differ among each other, and less among models."""
    rng = np.random.default_rng(seed)
    own = rng.normal(-3, 1, (studies, 1)) + rng.normal(0, spread, (studies, models))
    return pd.DataFrame(own, columns=list("abcdefgh")[:models])


def by_arviz(elpd: pd.DataFrame, method: str) -> Array:
    data = {
        name: ELPDDataLOO(
            elpd=own.sum(), se=1.0, p=np.nan, n_samples=1, n_data_points=len(own), scale="log",
            warning=False, good_k=0.7, elpd_i=xr.DataArray(own.to_numpy(), dims="study"),
        )
        for name, own in elpd.items()
    }  # fmt: skip
    table = arviz_compare(data, method=method, round_to="none")
    return table["weight"][list(elpd.columns)].to_numpy(dtype=np.float64)


def stated(elpd: pd.DataFrame, method: str, seed: int = 1) -> Array:
    return Weighting(method, seed, 0.95).of(elpd)["weight"].to_numpy()


@pytest.mark.parametrize(("studies", "models"), [(5, 2), (27, 4), (100, 3)])
def test_pseudo_bma_plus_is_that_of_arviz(studies: int, models: int) -> None:
    elpd = scores(3, studies, models)
    expected = by_arviz(elpd, "BB-pseudo-BMA")
    # From the very samples that ArviZ draws.
    samples = studies * dirichlet.rvs(np.ones(studies), size=1000, random_state=124)
    method = METHODS["pseudo_bma_plus"]
    assert method.stated(elpd.to_numpy(), samples) == pytest.approx(expected, rel=1e-9)
    # And from others, within Monte-Carlo error.
    each = method.each(elpd.to_numpy(), samples)
    error = each.std(axis=0) * np.sqrt(1 / len(samples) + 1 / SAMPLES)
    assert (np.abs(stated(elpd, "pseudo_bma_plus") - expected) < 4 * error + 1e-12).all()


@pytest.mark.parametrize(("studies", "models"), [(5, 2), (27, 4), (27, 8), (100, 3)])
def test_stacking_is_that_of_arviz(studies: int, models: int) -> None:
    elpd = scores(5, studies, models)
    found, theirs = stated(elpd, "stacking"), by_arviz(elpd, "stacking")
    assert found == pytest.approx(theirs, abs=2e-3)
    best, other = (np.log(np.exp(elpd.to_numpy()) @ one).sum() for one in (found, theirs))
    assert best > other - 1e-6


@given(SEEDS)
@settings(max_examples=40)
def test_stacking_weights_maximise_the_score_of_the_mixture(seed: int) -> None:
    elpd = scores(seed, 20, 4).to_numpy()
    shares = 20 * np.random.default_rng(seed).dirichlet(np.ones(20), 5)
    for own, weights in zip(shares, maximising_weights(elpd, shares, 0.0), strict=True):
        density = np.exp(elpd)
        slope = own @ (density / (density @ weights)[:, None]) / 20
        # The condition of Kuhn and Tucker: no model would gain, and those that have weight do not lose.
        assert slope.max() < 1 + 1e-6
        assert slope[weights > 1e-3] == pytest.approx(1, abs=1e-5)
        assert weights.sum() == pytest.approx(1)


@given(SEEDS, st.sampled_from([3, 12, 60]), st.floats(0.1, 3))
@example(125, 3, 0.125)
@settings(max_examples=40)
def test_dirichlet_weights_of_two_models_are_the_mode(
    seed: int, studies: int, spread: float
) -> None:
    elpd = scores(seed, studies, 2, spread)
    density = np.exp(elpd.to_numpy())

    def log_posterior(logit: float) -> float:
        w = np.array([expit(logit), expit(-logit)])
        # A prior of 1.5 and 1.5: half a study for each of two models.
        return float(np.log(density @ w).sum() + 0.5 * np.log(w).sum())

    found = minimize_scalar(
        lambda logit: -log_posterior(logit), bounds=(-12, 12), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    assert stated(elpd, "dirichlet_stacking")[0] == pytest.approx(expit(found.x), abs=1e-5)


def test_dirichlet_weights_of_more_models_are_the_mode() -> None:
    elpd = scores(11, 30, 5)
    density = np.exp(elpd.to_numpy())

    def loss(logits: Array) -> float:
        w = np.exp(logits) / np.exp(logits).sum()
        return float(-np.log(density @ w).sum() - np.log(w).sum() / 5)

    found = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-7})
    expected = np.exp(found.x) / np.exp(found.x).sum()
    assert stated(elpd, "dirichlet_stacking") == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_models_that_predict_alike_have_the_same_weight(method: str) -> None:
    elpd = scores(7, 25, 3).assign(e=lambda table: table["a"], f=lambda table: table["a"])
    found = Weighting(method, 1, 0.9).of(elpd)
    for name in ("e", "f"):
        assert found.loc[name, "weight"] == pytest.approx(found.loc["a", "weight"], abs=1e-6)
    assert found["weight"].sum() == pytest.approx(1)
    assert (found["weight_lower"] <= found["weight_upper"]).all()
    assert found["weighted_by"].tolist() == [method] * 5


@pytest.mark.parametrize("method", METHODS)
def test_weights_follow_models_in_any_order(method: str) -> None:
    elpd = scores(8, 20, 4)
    found, other = (Weighting(method, 3, 0.9).of(one) for one in (elpd, elpd[list("dbca")]))
    pd.testing.assert_frame_equal(found, other.loc[list("abcd")], check_exact=False, atol=1e-6)


def test_a_hopeless_model_has_the_weight_that_the_method_allows() -> None:
    elpd = scores(9, 20, 3, 0.1).assign(d=-800.0)
    assert stated(elpd, "pseudo_bma_plus")[3] < 1e-100
    assert stated(elpd, "stacking")[3] == pytest.approx(0, abs=1e-8)
    # A quarter of a study, among 20 and the prior's one.
    assert stated(elpd, "dirichlet_stacking")[3] == pytest.approx(0.25 / 21, rel=1e-6)


def test_a_model_that_complements_a_better_one_keeps_weight_by_stacking_alone() -> None:
    # Sharper for most studies, and 34 worse in all: what a common effect is to a hierarchical model.
    better = np.full(27, -3.0)
    sharp = better + np.where(np.arange(27) < 20, 0.6, -46 / 7)
    elpd = pd.DataFrame({"better": better, "sharp": sharp})
    assert elpd.sum()["sharp"] - elpd.sum()["better"] == pytest.approx(-34)
    assert stated(elpd, "stacking")[1] > 0.28
    assert stated(elpd, "pseudo_bma_plus")[1] < 0.05


def test_intervals_are_quantiles_over_bayesian_bootstrap_samples() -> None:
    elpd = scores(2, 12, 2, 0.4)
    stream = np.random.default_rng(np.random.SeedSequence(4, spawn_key=(STREAM,)))
    samples = 12 * stream.dirichlet(np.ones(12), SAMPLES)[:SPREAD]
    each = expit(samples @ (elpd["a"] - elpd["b"]).to_numpy())
    found = Weighting("pseudo_bma_plus", 4, 0.8).of(elpd)
    ends = found.loc["a", ["weight_lower", "weight_upper"]].astype(float)
    assert ends.tolist() == pytest.approx(np.quantile(each, [0.1, 0.9]).tolist())
    other = Weighting("pseudo_bma_plus", 5, 0.8).of(elpd)
    assert not np.allclose(found["weight_lower"], other["weight_lower"])


@pytest.fixture(scope="module")
def arms(make_arms: Maker) -> bm.Arms:
    return make_arms([(4, 20), (9, 22), (14, 31), (5, 25), (20, 30)], regimen=list("baaab"))


@pytest.fixture(scope="module")
def run(arms: bm.Arms, tmp_path_factory: pytest.TempPathFactory) -> tuple[bm.Comparison, Path]:
    folder = tmp_path_factory.mktemp("weights") / "run"
    return compared(arms, folder), folder


def compared(arms: bm.Arms, folder: Path, **options: str) -> bm.Comparison:
    models = [
        bm.ModelSpec("pooled"),
        bm.ModelSpec("common", study_effects=bm.CommonEffect()),
        bm.ModelSpec("independent", study_effects=bm.IndependentStudies()),
        bm.ModelSpec("regimen", covariates=bm.Covariates("regimen", {"regimen": "a"})),
    ]
    few = bm.SamplerSettings(chains=2, warmup=300, draws=300)
    return bm.compare(
        models, arms, seed=1, method="psis", marginal=False, settings=few, ci_prob=0.9,
        out=folder, **options,
    )  # fmt: skip


def test_a_comparison_is_weighted_again_without_fits(
    arms: bm.Arms, run: tuple[bm.Comparison, Path]
) -> None:
    found, folder = run
    assert found.table["weighted_by"].tolist() == [DEFAULT] * 4
    jobs = {path.name: path.stat().st_mtime_ns for path in (folder / "jobs").iterdir()}
    again = compared(arms, folder, weights="stacking")
    assert jobs == {path.name: path.stat().st_mtime_ns for path in (folder / "jobs").iterdir()}
    own = found.weighted("stacking")
    pd.testing.assert_frame_equal(own.table, again.table)
    assert own.files() == again.files()
    assert own.notes == found.notes
    assert found.table["weight"].sum() == pytest.approx(1)
    # Those are averaged that answer as the best does; the bootstrap samples are the same.
    alike = own.table.dropna(subset="average_weight")
    assert set(alike["answers_for"]) == {"all studies"}
    assert dict(own.prediction.weights) == dict(
        zip(alike["model"], alike["average_weight"], strict=True)
    )
    compared(arms, folder)


def test_text_and_saved_runs_tell_the_method_and_the_spread(
    run: tuple[bm.Comparison, Path],
) -> None:
    found, folder = run
    row = found.table.iloc[0]
    cell = f"{row['weight']:.2f} ({row['weight_lower']:.2f} to {row['weight_upper']:.2f})"
    told = lines_of(comparison_blocks(found, 0.9))
    assert any(cell in line for line in told)
    assert any("Weight: by pseudo-BMA+, the mean over" in line for line in told)
    assert any("In brackets: 90% interval of the weight over Bayesian" in line for line in told)
    read = load_run(folder)
    assert isinstance(read, SavedComparison)
    assert lines_of(comparison_blocks(read, 0.9)) == told
    for name, method in METHODS.items():
        own = lines_of(comparison_blocks(found.weighted(name), 0.9))  # type: ignore[arg-type]
        assert any(f"Weight: by {method.name}, " in line for line in own)


def test_a_table_of_an_earlier_release_is_weighted_by_stacking() -> None:
    saved = Path(__file__).parents[1] / "runs" / "saved_0_1_0" / "compare"
    read = load_run(saved)
    assert isinstance(read, SavedComparison)
    told = lines_of(comparison_blocks(read, 0.95))
    assert any(line.strip().startswith("Weight: by stacking, which max") for line in told)
    assert not any("In brackets: 95% interval of the weight" in line for line in told)


def test_another_method_is_refused(arms: bm.Arms, run: tuple[bm.Comparison, Path]) -> None:
    told = "`weights` must be 'pseudo_bma_plus', 'stacking' or 'dirichlet_stacking'; got 'bma'"
    with pytest.raises(bm.SettingsError, match=told):
        bm.compare([bm.ModelSpec()], arms, seed=1, weights="bma")  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match=told):
        run[0].weighted("bma")  # type: ignore[arg-type]
