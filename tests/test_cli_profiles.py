"""One profile, whole or partial, serves every command; a number far out is told by each."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app

pytestmark = [pytest.mark.slow, pytest.mark.stored]

TINY = bm.SamplerSettings(chains=2, warmup=200, draws=200)
WHOLE = ("--profile", "regimen=AZA", "--profile", "age=65", "--profile", "year=2021")
FAR = "age=600 lies outside the evidence, which has 49 to 71: the model extrapolates."


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = {
        "study": list("abcdefg"),
        "events": [21, 9, 14, 23, 13, 10, 17],
        "n": [43, 25, 31, 48, 25, 22, 35],
        "regimen": ["AZA", "DEC", "AZA", "AZA", "AZA", "DEC", "AZA"],
        "age": [62, 71, 71, 54, 68, 49, 65],
        "year": [2019, 2018, 2018, 2020, 2021, 2021, 2021],
    }
    file = tmp_path_factory.mktemp("evidence") / "mine.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def saved(evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    covariates = bm.Covariates("regimen + age + year", {"regimen": "AZA"})
    arms = bm.read_evidence(evidence).select()
    folder = tmp_path_factory.mktemp("runs") / "run"
    bm.fit(bm.ModelSpec("m", covariates=covariates), arms, seed=1, settings=TINY).save(folder)
    return folder


def run(*arguments: object) -> None:
    with pytest.raises(SystemExit, match=r"0|1"):
        app([*map(str, arguments)])


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[dict[str, Any], str]:
    """Return what a command prints as JSON, and its notes."""
    run(*arguments, "--json")
    printed, notes = capsys.readouterr()
    return json.loads(printed), notes


def test_every_figure_takes_the_whole_profile(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, notes = answer(capsys, "plot", saved, "--out", tmp_path, "--n", 20, *WHOLE)
    assert {"regression_age", "regression_year", "forest", "contrasts", "prediction"} <= set(
        found["figures"]
    )
    assert (found["notes"], notes) == ([], "")
    # The curve goes along age; the year stands at the profile's.
    fit, table = bm.load_fit(saved), pd.read_csv(tmp_path / "regression_age.csv")
    first = table[table["kind"] == "curve"].iloc[0]
    profile = {"regimen": "AZA", "age": first["x"], "year": 2021}
    wanted = bm.summary(fit, profiles=[profile]).set_index("quantity").loc["typical rate"]
    assert first["rate"] == pytest.approx(wanted["median"])


def test_every_section_of_a_report_takes_the_whole_profile(saved: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    run("report", saved, *WHOLE, "--quick", "--out", file, "--per", "age=10")
    text = file.read_text(encoding="utf-8")
    assert "regimen=AZA, age=65, year=2021" in text
    assert "regimen=DEC, age=65, year=2021" in text
    # Where mu stands, and nothing else, is at the centres.
    assert "mu: the log-odds at regimen AZA, age 62.9, year 2020." in text
    assert "(centre)" not in text.replace("Limits are at", "")
    assert "62.857" not in text


def test_what_a_profile_leaves_out_is_said(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    partial = "regimen=AZA (reference), age=65, year=2020 (centre)"
    for command in (
        ("predict", saved, "--n", 20),
        ("plan", saved, "--n", 20, "--success", "P(rate > 0.3) > 0.9", "--allow-unreliable"),
    ):
        found, _ = answer(capsys, *command, "--profile", "age=65")
        assert partial in json.dumps(found)
    found, _ = answer(capsys, "contrast", saved, "--profile", "age=65")
    assert found["profile"] == "age=65, year=2020 (centre)"


def test_a_number_far_out_is_told_once_by_every_command(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = ("--profile", "age=600")
    for command in (
        ("predict", saved, "--n", 20),
        ("contrast", saved),
        ("plan", saved, "--n", 20, "--success", "P(rate > 0.3) > 0.9", "--allow-unreliable"),
        ("plot", saved, "heterogeneity", "--out", tmp_path / "figures"),
        ("report", saved, "--quick", "--out", tmp_path / "report.md"),
    ):
        found, notes = answer(capsys, *command, *far)
        assert found["notes"] == [FAR], command
        assert notes == f"Note: {FAR}\n", command
    assert FAR.removesuffix(".") in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_comparison_tells_it_and_says_where_rates_stand(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "age.toml"
    model.write_text('schema = 2\nname = "age"\n\n[covariates]\nformula = "age + year"\n')
    options = ("--evidence", evidence, "--method", "psis", "--workers", 1, "--draws", 300)
    found, notes = answer(
        capsys, "compare", model, *options, "--profile", "age=600", "--out", tmp_path / "run"
    )
    assert found["notes"][-1] == FAR
    assert notes.count(FAR) == 1
    assert found["profile"] == "age=600, year=2020 (centre)"


def test_a_grid_tells_it_once_and_says_where_rates_stand(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = tmp_path / "grid.toml"
    grid.write_text(
        "schema = 1\nseed = 1\n[settings]\nchains = 2\nwarmup = 200\ndraws = 200\n"
        '[question.profile]\nage = 600\n[covariates.age]\nformula = "age"\n'
        '[covariates.both]\nformula = "age + year"\n'
    )
    run("grid", grid, "--evidence", evidence, "--workers", 1, "--out", tmp_path / "run")
    printed, notes = capsys.readouterr()
    assert "For age=600; at reference or centre: year." in printed
    assert notes.count(f"Note: {FAR}\n") == 1
    run("report", tmp_path / "run", "--out", tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "(age=600; at reference or centre: year)" in text


def test_nested_outcomes_take_the_same_profiles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"study": list("abcde") * 2, "outcome": ["ORR"] * 5 + ["CR"] * 5}
    rows |= {"events": [21, 9, 24, 12, 14, 13, 2, 14, 6, 7], "n": [45, 43, 55, 30, 35] * 2}
    rows |= {"regimen": list("xyxyx") * 2, "age": [61, 70, 55, 48, 66] * 2}
    arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])
    spec = bm.ModelSpec(covariates=bm.Covariates("regimen + age", {"regimen": "x"}))
    folder, file = tmp_path / "run", tmp_path / "report.json"
    bm.fit(spec, arms, seed=1, settings=TINY).save(folder)
    found, notes = answer(capsys, "predict", folder, "--n", 20, "--profile", "age=80")
    far = "age=80 lies outside the evidence, which has 48 to 70: the model extrapolates."
    assert (found["notes"], notes) == ([far], f"Note: {far}\n")
    assert "regimen=x (reference), age=80" in json.dumps(found)
    whole = ("--profile", "regimen=y", "--profile", "age=65", "--per", "age=10")
    run("report", folder, *whole, "--quick", "--out", file)
    text = file.read_text(encoding="utf-8")
    assert "regimen=y, age=65" in text
    assert "mu: the log-odds at regimen x, age 60." in text
    assert "(centre)" not in text


def test_fit_prints_what_was_chosen_and_odds_ratios(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "m.toml"
    model.write_text('schema = 2\n\n[covariates]\nformula = "{(age - 65) / 10} + year"\n')
    quick = ("--seed", 1, "--chains", 2, "--warmup", 200, "--draws", 200)
    run("fit", model, "--evidence", evidence, "--out", tmp_path / "run", "--per", "year=5", *quick)
    printed = capsys.readouterr().out
    assert "mu: the log-odds at age 65, year 2020." in printed
    assert "beta[year] ~ Normal(0, 0.7246) per unit: over one standard deviation (1.38)" in printed
    assert [line.split()[:2] for line in printed.splitlines() if line.startswith("  year")] == [
        ["year", "1"],
        ["year", "5"],
    ]
    saved = (tmp_path / "run" / "model.toml").read_text(encoding="utf-8")
    assert 'year = "Normal(0, 0.7246)"' in saved


@pytest.mark.parametrize(
    ("unit", "message"),
    [
        ("age", "`--per` is written covariate=value; got 'age'"),
        ("age=ten", "units are numbers, such as age=10"),
        ("ages=10", "'ages', of which there is no odds ratio per unit. Did you mean 'age'"),
    ],
)
def test_units_that_are_refused(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], unit: str, message: str
) -> None:
    model = tmp_path / "m.toml"
    model.write_text('schema = 2\n\n[covariates]\nformula = "age"\n')
    with pytest.raises(SystemExit, match="2"):
        app(
            [
                *("fit", str(model), "--evidence", str(evidence), "--out", str(tmp_path / "run")),
                *("--seed", "1", "--warmup", "100", "--draws", "100", "--per", unit),
            ]
        )
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_drift_is_projected_to_the_year_of_a_trial(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    run("fit", "drift", "--evidence", evidence, "--seed", 1, "--out", folder)
    assert "year=2021 (last year)" in capsys.readouterr().out
    drawn = bm.load_fit(folder)
    widths = {}
    for year in (2021, 2027):
        asked = ("--profile", f"year={year}", "--n", 40, "--success", "P(rate > 0.35) > 0.9")
        plan, notes = answer(capsys, "plan", folder, *asked)
        assert "lies outside the evidence" not in notes
        exact = bm.map_prior(drawn, profile={"year": year}).mixture
        assert plan["profile"] == f"year={year}"
        assert plan["priors"]["MAP"]["a"] == pytest.approx(list(exact.a))
        low, high = exact.interval(0.95)
        widths[year] = high - low
    assert widths[2027] > widths[2021] + 0.03
    with pytest.raises(SystemExit, match="2"):
        app(["predict", str(folder), "--n", "40", "--profile", "year=2017"])
    assert "'year' must not be before 2018" in capsys.readouterr().err
