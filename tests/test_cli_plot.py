"""The command plot: every figure that a saved run allows, with its numbers, or nothing at all."""

import json
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app

pytestmark = pytest.mark.stored

QUICK = bm.SamplerSettings(chains=4, warmup=300, draws=500)


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(["plot", *map(str, arguments)])
    return int(left.value.code)


@pytest.fixture(scope="module")
def arms(make_arms) -> bm.Arms:
    return make_arms([(3, 10), (5, 14), (8, 20), (2, 9)], regimen=["a", "b", "a", "b"])


@pytest.fixture(scope="module")
def saved(arms, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "one"
    spec = bm.ModelSpec("regimen", covariates=bm.Covariates("regimen", {"regimen": "a"}))
    bm.fit(spec, arms, seed=1, settings=QUICK).save(folder)
    return folder


@pytest.fixture(scope="module")
def pooled(arms, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "pooled"
    bm.fit(bm.load_model("pooled"), arms, seed=1, settings=QUICK).save(folder)
    return folder


@pytest.mark.slow
def test_all_figures_of_a_run_are_drawn_with_their_numbers(saved, tmp_path, capsys):
    code = run(saved, "--out", tmp_path / "figures", "--n", 20, "--json")
    found = json.loads(capsys.readouterr().out)
    assert code == (0 if found["diagnostics_ok"] else 1)
    assert {"forest", "prediction", "contrasts"} <= set(found["figures"])
    # What the run cannot have is not listed.
    assert "comparison" not in found["not_drawn"]
    # No figure fits again unless it is asked for.
    assert found["not_drawn"]["selection"] == "it needs refits. Ask for it by name"
    assert sorted(map(Path, found["saved"])) == sorted((tmp_path / "figures").iterdir())
    for name in found["figures"]:
        assert (tmp_path / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    table = pd.read_csv(tmp_path / "figures" / "prediction.csv")
    prediction = bm.predict(bm.load_fit(saved), n=20, profile={"regimen": "a"}, seed=1)
    events = table[table["kind"] == "events"]["probability"]
    assert events.to_numpy() == pytest.approx(prediction.pmf["probability"].to_numpy())


@pytest.mark.slow
def test_a_figure_that_needs_refits_is_drawn_by_its_name(pooled, tmp_path):
    run(pooled, "selection", "--out", tmp_path)
    table = pd.read_csv(tmp_path / "selection.csv")
    expected = bm.selection(bm.load_fit(pooled)).table
    assert table["typical"].to_numpy() == pytest.approx(expected["typical"].to_numpy())


@pytest.mark.slow
def test_a_profile_is_that_of_the_prediction(saved, tmp_path, capsys):
    run(saved, "prediction", "--n", 20, "--profile", "regimen=b", "--out", tmp_path / "b")
    assert "20 patients" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "b" / "prediction.csv")
    expected = bm.predict(bm.load_fit(saved), n=20, profile={"regimen": "b"}, seed=1).pmf
    events = table[table["kind"] == "events"]["probability"]
    assert events.to_numpy() == pytest.approx(expected["probability"].to_numpy())


@pytest.mark.slow
@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_figures_have_the_format_asked_for(pooled, tmp_path, form, start):
    run(pooled, "forest", "--format", form, "--out", tmp_path)
    assert (tmp_path / f"forest.{form}").read_bytes().startswith(start)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["forest.csv", f"forest.{form}"]


@pytest.mark.slow
def test_what_a_run_does_not_allow_is_told_or_refused(pooled, tmp_path, capsys):
    run(pooled, "--out", tmp_path / "all")
    printed = capsys.readouterr().out
    told = [line for line in printed.splitlines() if line.startswith("Not drawn")]
    assert told == [
        "Not drawn: prediction, since it needs the patients of the cohort. Give --n, such as --n 40.",
        "Not drawn: selection, since it needs refits. Ask for it by name.",
    ]
    assert run(pooled, "forest", "contrasts", "--out", tmp_path / "named") == 2
    assert "'contrasts' cannot be drawn: the model has no factor" in capsys.readouterr().err
    assert not (tmp_path / "named").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["forrest"], "There is no figure 'forrest'. Did you mean 'forest'"),
        (["--n", "0"], "`--n` must be a whole number of patients from 1"),
        (["--profile", "regimen=c"], "regimen"),
        (["--unit", "age=years"], "`--unit` names 'age', which is not a numeric covariate"),
    ],
)
def test_what_can_not_be_asked_leaves_nothing_behind(saved, tmp_path, capsys, arguments, message):
    assert run(saved, *arguments, "--out", tmp_path / "figures") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "figures").exists()


@pytest.mark.slow
def test_figures_are_replaced_only_if_asked(pooled, tmp_path, capsys):
    (tmp_path / "forest.csv").write_text("mine")
    assert run(pooled, "forest", "--out", tmp_path) == 2
    assert "holds forest.csv" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["forest.csv"]
    assert (tmp_path / "forest.csv").read_text() == "mine"
    assert run(pooled, "forest", "--out", tmp_path, "--force") in (0, 1)
    assert (tmp_path / "forest.csv").read_text() != "mine"


def test_folders_that_hold_no_run_are_refused(pooled, tmp_path, capsys):
    assert run(tmp_path / "nothing", "--out", tmp_path / "out") == 2
    assert "There is no folder" in capsys.readouterr().err
    assert run(tmp_path, "--out", tmp_path / "out") == 2
    assert run(pooled, "--out", pooled) == 2
    assert "`--out` is the run itself" in capsys.readouterr().err


def test_an_out_that_can_not_be_a_folder_is_refused(pooled, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    # It is told before the run is read.
    for folder in (pooled, tmp_path / "nothing"):
        assert run(folder, "forest", "--out", tmp_path / "file" / "in") == 2
        assert "cannot be written" in capsys.readouterr().err
    (tmp_path / "forest.png").write_text("mine")
    assert run(tmp_path / "nothing", "forest", "--out", tmp_path) == 2
    assert "holds forest.png" in capsys.readouterr().err


@pytest.mark.slow
def test_a_comparison_has_its_figures(arms, tmp_path, capsys):
    models = [bm.load_model("pooled"), bm.load_model("common_effect")]
    found = bm.compare(
        models, arms, seed=1, method="psis", marginal=False, out=tmp_path / "run", progress=False
    )
    assert run(tmp_path / "run", "--out", tmp_path / "figures") in (0, 1)
    printed = capsys.readouterr().out
    assert "2 models" in printed
    assert "4 studies left out" in printed
    assert "4 arms" in printed
    best = found.left_out[found.table["model"].iloc[0]]
    drawn = pd.read_csv(tmp_path / "figures" / "leave_one_out.csv")
    expected = best.influence_on("typical rate")
    assert drawn["estimate"].tolist() == pytest.approx(
        [*expected.loc[expected["study"] == "", "estimate"], *expected.loc[expected["study"] != "", "estimate"]]
    )  # fmt: skip
    assert run(tmp_path / "run", "--n", "5", "--out", tmp_path / "more") == 2
    assert "`--n` has no effect on a run of many fits" in capsys.readouterr().err
    per = ("leave_one_out", "--rates-per", "1000", "--format", "svg")
    assert run(tmp_path / "run", *per, "--out", tmp_path / "per") in (0, 1)
    assert "per 1,000" in (tmp_path / "per" / "leave_one_out.svg").read_text(encoding="utf-8")
    (tmp_path / "labels.csv").write_text("column,value,label\nstudy,nobody,Nobody\n")
    assert run(tmp_path / "run", "--labels", tmp_path / "labels.csv", "--out", tmp_path / "l") == 2
    assert "`--labels` names 'nobody'" in capsys.readouterr().err
    (tmp_path / "run" / "arms.csv").write_text("changed")
    assert run(tmp_path / "run", "--out", tmp_path / "more") == 2
    assert "changed since it was written" in capsys.readouterr().err


def test_a_grid_has_its_curve(arms, tmp_path, capsys):
    table = bm.read_evidence(arms.frame[["study", "events", "n"]])
    grid = bm.SpecificationGrid(
        study_effects={"normal": bm.NormalEffects(), "common": bm.CommonEffect()}, seed=1
    )
    found = bm.run_grid(grid, table, out=tmp_path / "run", progress=False)
    assert run(tmp_path / "run", "--out", tmp_path / "figures") in (0, 1)
    assert "2 fits" in capsys.readouterr().out
    drawn = pd.read_csv(tmp_path / "figures" / "specification_curve.csv")
    assert drawn["estimate"].tolist() == pytest.approx(sorted(found.curve["estimate"]))


@pytest.mark.slow
def test_nested_outcomes_have_their_figures(tmp_path, capsys):
    frame = pd.DataFrame(
        [
            {"study": study, "outcome": outcome, "events": events, "n": n}
            for study, n, counts in (("s1", 20, (12, 5)), ("s2", 30, (14, 9)), ("s3", 15, (9, 2)))
            for outcome, events in zip(("ORR", "CR"), counts, strict=True)
        ]
    )
    arms = bm.read_evidence(frame).select(outcomes=["ORR", "CR"])
    quick = bm.SamplerSettings(warmup=300, draws=300)
    bm.fit(bm.load_model("pooled"), arms, seed=1, settings=quick).save(tmp_path / "run")
    run(tmp_path / "run", "--n", "25", "--out", tmp_path / "figures", "--json")
    found = json.loads(capsys.readouterr().out)
    of_each = ("forest", "funnel", "heterogeneity", "prediction", "prior_posterior")
    by_outcome = {f"{figure}_{outcome}" for figure in of_each for outcome in ("ORR", "CR")}
    assert set(found["figures"]) == {"trace", "nested_outcomes", *by_outcome}


def test_figures_of_failed_draws_are_told_first(arms, tmp_path, capsys):
    few = bm.SamplerSettings(chains=1, warmup=50, draws=50)
    bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=few).save(tmp_path / "bad")
    assert run(tmp_path / "bad", "forest", "--out", tmp_path / "figures") == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == "NOT RELIABLE: the diagnostics failed; do not use these numbers."
    assert "forest.png" in second


@pytest.mark.slow
def test_options_say_how_rates_are_shown_and_what_stands_in_the_forest(pooled, tmp_path, capsys):
    options = ["--rates-per", 1000, "--axis", "whole", "--order", "-observed", "--title", "Mine"]
    run(pooled, "forest", "--format", "svg", *options, "--no-tables", "--out", tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["forest.svg"]
    text = (tmp_path / "out" / "forest.svg").read_text(encoding="utf-8")
    assert "Rate per 1,000" in text
    assert "Mine" in text
    assert run(pooled, "forest", "--order", "colour", "--out", tmp_path / "no") == 2
    assert "`--order` names 'colour', which is not a column" in capsys.readouterr().err
