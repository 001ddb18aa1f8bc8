"""Running a grid: its numbers are those of single fits, whoever makes them and however often stopped."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.multiverse import running
from bayesmeta.multiverse.combinations import PlannedFit
from bayesmeta.multiverse.files import grid_toml, parse_grid
from bayesmeta.runs import check_run

pytestmark = pytest.mark.stored

VENETOCLAX = {"where": "venetoclax == 'yes'"}
NUMBERS = ("median", "lower", "upper", "mcse_median", "mcse_lower", "mcse_upper")

GRID = bm.SpecificationGrid(
    "small",
    outcomes=["ORR", "CR"],
    inclusion={"primary": VENETOCLAX, "ven_hma": {"where": "regimen_class == 'ven_hma'"}},
    covariates={
        "none": bm.Covariates(),
        "regimen": bm.Covariates("regimen_class", {"regimen_class": "ven_hma"}),
    },
    study_effects={"normal": bm.NormalEffects(), "common": bm.CommonEffect()},
    priors={"default": {}, "wide": {"tau": bm.HalfNormal(2)}},
    question=bm.Question(profile={"regimen_class": "ven_hma"}, rate_above=0.4, cohort=20),
    seed=11,
)


@pytest.fixture(scope="module")
def results(table: bm.EvidenceTable) -> bm.GridResults:
    return bm.run_grid(GRID, table)


def row_of(results: bm.GridResults, label: str) -> pd.Series:
    names = results.table.iloc[:, :6].agg(" / ".join, axis=1)
    [row] = results.table[names == label].to_dict("records")
    return pd.Series(row)


@pytest.mark.slow
def test_the_table_has_a_row_for_each_combination(results: bm.GridResults) -> None:
    table = results.table
    assert len(table) == GRID.size == 32
    assert results.fits == 18
    assert table["state"].value_counts().to_dict() == {"done": 24, "not possible": 8}
    assert results.meets("diagnostics")
    assert results.failed.empty
    assert results.unreliable.empty
    done = table[table["state"] == "done"]
    rates = [f"{rate}_{number}" for rate in ("typical", "mean", "new_study") for number in NUMBERS]
    assert done[rates].notna().all(axis=None)
    assert (done["tau_median"].isna() == (done["study_effects"] == "common")).all()
    assert (done["cohort_lower"] <= done["cohort_median"]).all()
    assert done["cohort_upper"].between(0, 20).all()
    assert (results.impossible["reason"].str.contains("one level only")).all()
    assert results.impossible[[*rates, "arms", "key"]].replace("", np.nan).isna().all(axis=None)
    same = done[done["same_as"] != ""]
    assert same["same_as"].str.endswith("common / binomial / default").all()
    assert done.groupby("key")["mean_median"].nunique().max() == 1


@pytest.mark.slow
@pytest.mark.parametrize("distribution", ["normal", "common"])
def test_a_row_is_the_refit_of_its_stream(
    table: bm.EvidenceTable, results: bm.GridResults, distribution: str
) -> None:
    row = row_of(results, f"ORR / primary / regimen / {distribution} / binomial / wide")
    choices = dict(row.iloc[:6])
    arms = table.select(outcome="ORR", **VENETOCLAX)
    first = bm.fit(bm.load_model("pooled"), arms, seed=11, settings=GRID.settings)
    refit = bm.refit(first, spec=GRID.model(choices), stream=row["stream"])
    profile = {"regimen_class": "ven_hma"}
    summary = bm.summary(refit, profiles=[profile], cohort=20).set_index("quantity")
    quantities = {"typical": "typical rate", "mean": "mean rate", "new_study": "new study"}
    for rate, quantity in quantities.items():
        for number in NUMBERS:
            assert row[f"{rate}_{number}"] == pytest.approx(
                summary.loc[quantity, number], rel=1e-12
            )
    for number in ("median", "lower", "upper"):
        assert row[f"cohort_{number}"] == summary.loc["new cohort", number]
    if distribution == "normal":
        assert row["tau_upper"] == pytest.approx(summary.loc["tau", "upper"], rel=1e-12)
    above = bm.predict(refit, n=20, profile=profile, seed=1).probability(rate_above=0.4)
    assert row["new_study_above"] == pytest.approx(float(above), rel=1e-12)
    assert row["new_study_mcse_above"] == pytest.approx(above.mcse, rel=1e-12)
    diagnostics = bm.diagnose(refit)
    assert row["ok"] == diagnostics.ok
    assert row["r_hat"] == pytest.approx(diagnostics.table["r_hat"].max(), rel=1e-12)


@pytest.mark.slow
def test_rows_without_covariates_agree_with_the_deterministic_posterior(
    table: bm.EvidenceTable, results: bm.GridResults
) -> None:
    """Of 12 fits, 84 numbers: by chance, one is 4 errors off in 1 of 190 seeds; this one is fixed."""
    done = results.table[(results.table["covariates"] == "none") & (results.table["same_as"] == "")]
    z = []
    for row in done.to_dict("records"):
        rule = GRID.inclusion[row["inclusion"]]
        choices = {name: row[name] for name in list(row)[:6]}
        arms = table.select(outcome=row["outcome"], **rule)
        exact = bm.fit(GRID.model(choices), arms, method="quadrature")
        summary = bm.summary(exact, cohort=20).set_index("quantity")
        for rate, quantity in (("typical", "typical rate"), ("mean", "mean rate"), ("new_study", "new study")):  # fmt: skip
            for number in ("median", "lower", "upper"):
                off = row[f"{rate}_{number}"] - summary.loc[quantity, number]
                z.append(off / row[f"{rate}_mcse_{number}"])
        above = bm.predict(exact, n=20, seed=1).probability(rate_above=0.4)
        error = max(row["new_study_mcse_above"], 1e-3)
        z.append((row["new_study_above"] - float(above)) / error)
    assert len(z) == 10 * len(done) == 120
    assert np.abs(z).max() < 4
    assert 0.6 < np.sqrt(np.mean(np.square(z))) < 1.4


@pytest.mark.slow
def test_whoever_fits_the_bytes_are_the_same(
    table: bm.EvidenceTable, results: bm.GridResults, tmp_path: Path
) -> None:
    two = bm.run_grid(GRID, table, workers=2, out=tmp_path / "two")
    with ThreadPoolExecutor(3) as executor:
        threads = bm.run_grid(GRID, table, executor=executor)
    one = results.parquet()
    assert (tmp_path / "two" / "results.parquet").read_bytes() == one
    assert two.parquet() == threads.parquet() == one
    assert two.csv() == results.csv()
    read = pd.read_parquet(io.BytesIO(one))
    pd.testing.assert_frame_equal(read, results.table)
    assert check_run(tmp_path / "two") == ()


@pytest.mark.slow
def test_a_row_does_not_depend_on_the_rest_of_the_grid(
    table: bm.EvidenceTable, results: bm.GridResults
) -> None:
    smaller = replace(
        GRID,
        outcomes=["CR"],
        inclusion={"primary": VENETOCLAX},
        study_effects={"common": bm.CommonEffect(), "normal": bm.NormalEffects()},
        priors={"wide": {"tau": bm.HalfNormal(2)}},
    )
    label = "CR / primary / regimen / normal / binomial / wide"
    alone, among = (row_of(found, label) for found in (bm.run_grid(smaller, table), results))
    pd.testing.assert_series_equal(alone, among)


@pytest.mark.slow
def test_another_seed_gives_other_draws(table: bm.EvidenceTable, results: bm.GridResults) -> None:
    one = replace(GRID, outcomes=["CR"], inclusion={"primary": VENETOCLAX})
    again, other = bm.run_grid(one, table), bm.run_grid(one, table, seed=12)
    label = "CR / primary / none / normal / binomial / default"
    assert row_of(again, label)["mean_median"] == row_of(results, label)["mean_median"]
    difference = row_of(other, label)["mean_median"] - row_of(again, label)["mean_median"]
    assert 0 < abs(difference) < 6 * row_of(again, label)["mean_mcse_median"]


def one_fails(planned: PlannedFit, *arguments: Any) -> dict[str, Any]:
    if planned.design.spec.study_effects.tau is None:
        raise bm.SamplingError(f"No common effect. Seed 11, stream {planned.stream} reproduces it.")
    return {"ok": True, "problems": "", "mean_median": 0.5, "mean_lower": 0.4, "mean_upper": 0.6}


def never(*_: Any) -> dict[str, Any]:
    raise AssertionError("a finished fit was done again")


@pytest.mark.slow
def test_a_fit_that_fails_is_a_row_and_stops_no_other(
    table: bm.EvidenceTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "fit_values", one_fails)
    found = bm.run_grid(GRID, table, out=tmp_path / "run")
    failed = found.failed
    assert set(failed["study_effects"]) == {"common"}
    assert (found.table["state"] == "done").sum() == 12
    for row in failed.to_dict("records"):
        assert row["reason"] == (
            f"SamplingError: No common effect. Seed 11, stream {row['stream']} reproduces it."
        )
    assert failed["mean_median"].isna().all()
    assert failed["arms"].notna().all()
    assert not found.meets("failures")
    assert not found.meets("diagnostics")
    assert found.meets("nothing")
    assert len(found.curve) == 12

    monkeypatch.setattr(running, "fit_values", never)
    again = bm.run_grid(GRID, table, out=tmp_path / "run")
    assert again.parquet() == found.parquet()


def test_a_folder_of_another_grid_is_refused(
    table: bm.EvidenceTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "fit_values", one_fails)
    small = replace(GRID, outcomes=["CR"], inclusion={"primary": VENETOCLAX})
    bm.run_grid(small, table, out=tmp_path / "run")
    with pytest.raises(bm.RunError, match=r"holds another run, .*seed \(there 11, here 12\)"):
        bm.run_grid(small, table, seed=12, out=tmp_path / "run")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(bm.RunError, match="is not a run"):
        bm.run_grid(small, table, out=tmp_path / "mine")


@pytest.mark.slow
def test_a_fit_that_fails_its_diagnostics_is_done_again_with_more_draws(
    table: bm.EvidenceTable,
) -> None:
    settings = bm.SamplerSettings(chains=4, warmup=400, draws=150)
    grid = bm.SpecificationGrid(outcomes=["CR"], inclusion={"primary": VENETOCLAX}, settings=settings)  # fmt: skip
    [row] = bm.run_grid(grid, table, seed=1).table.to_dict("records")
    assert (row["warmup"], row["draws"]) == (800, 600)
    assert row["ok"]
    few = replace(grid, settings=bm.SamplerSettings(chains=2, warmup=50, draws=20))
    found = bm.run_grid(few, table, seed=1)
    assert found.table["draws"].tolist() == [80]
    assert len(found.unreliable) == 1
    assert "ESS is below 400" in found.unreliable["problems"].iloc[0]
    assert (found.meets("diagnostics"), found.meets("failures")) == (False, True)


def test_arguments_of_the_wrong_kind_are_refused(table: bm.EvidenceTable, orr: bm.Arms) -> None:
    with pytest.raises(bm.SettingsError, match=r"`grid` must be a SpecificationGrid; got str"):
        bm.run_grid("grid.toml", table)  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match=r"`table` must be an EvidenceTable; got Arms"):
        bm.run_grid(GRID, orr)  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match=r"`seed` must be a whole number .* got None"):
        bm.run_grid(replace(GRID, seed=None), table)
    for seed in (-1, 2.5, True):
        with pytest.raises(bm.SettingsError, match="`seed` must be a whole number"):
            bm.run_grid(GRID, table, seed=seed)  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match="`workers` must be a whole number"):
        bm.run_grid(GRID, table, workers=0)


@pytest.mark.slow
def test_several_outcomes_are_one_choice_of_the_grid(table: bm.EvidenceTable) -> None:
    grid = bm.SpecificationGrid(
        outcomes=["CR_CRi", ["ORR", "CR_CRi"]],
        inclusion={"large": {"where": "venetoclax == 'yes' and n >= 40"}},
        study_effects={"normal": bm.NormalEffects(), "t": bm.StudentTEffects()},
        question=bm.Question(outcome="CR_CRi", rate="typical", rate_above=0.4),
        settings=bm.SamplerSettings(chains=4, warmup=300, draws=500),
        seed=3,
    )
    found = bm.run_grid(grid, table)
    joint = "CR_CRi (ORR > CR_CRi)"
    assert list(found.table["outcome"].unique()) == ["CR_CRi", joint]
    # Effects on several outcomes are normal: that combination says why it is not possible.
    assert found.impossible["reason"].str.contains("other than the normal").tolist() == [True]
    row = row_of(found, f"{joint} / large / none / normal / binomial / default")
    arms = table.select(outcomes=["ORR", "CR_CRi"], where="venetoclax == 'yes' and n >= 40")
    first = bm.fit(bm.ModelSpec(), arms, seed=3, settings=grid.settings)
    refit = bm.refit(first, stream=row["stream"])
    summary = bm.summary(refit).set_index(["outcome", "quantity"])
    for column, quantity in (
        ("typical", "typical rate"),
        ("new_study", "new study"),
        ("tau", "tau"),
    ):
        own = summary.loc[("CR_CRi", quantity)]
        numbers = [row[f"{column}_{end}"] for end in ("median", "lower", "upper")]
        assert numbers == pytest.approx(own[["median", "lower", "upper"]].tolist())
    assert row["events"] == int(np.nansum(arms.counts[:, 1]))
    assert set(found.ranges["outcome"]) == {"CR_CRi", joint}
    assert set(found.effects["outcome"]) == {"CR_CRi"}
    assert parse_grid(grid_toml(grid)) == grid
