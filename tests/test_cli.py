"""The command line: what it prints, saves and returns."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli import app


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(arguments))
    return int(left.value.code)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "orr"
    assert (
        run(
            "fit",
            "regimen",
            "--outcome",
            "ORR",
            "--where",
            "venetoclax == 'yes'",
            "--seed",
            "1",
            "--out",
            str(folder),
        )
        == 0
    )
    return folder


def test_fit_saves_what_the_library_would(saved: Path, regimen_fit: bm.Fit) -> None:
    loaded = bm.load_fit(saved)
    assert loaded.draws.identical(regimen_fit.draws)
    assert loaded.spec == regimen_fit.spec
    assert loaded.arms.frame.equals(regimen_fit.arms.frame)


def test_fit_prints_what_matters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("fit", "pooled", "--outcome", "CR", "--seed", "1", "--out", str(tmp_path / "cr")) == 0
    )
    text = capsys.readouterr().out
    for part in (
        "Evidence   CR in rr_aml",
        "Model      pooled: events ~",
        "Draws      ok: 4 chains",
        "Parameters",
        "responders of 40",
        "Monte-Carlo",
        "Saved in",
    ):
        assert part in text, part


def test_predict_prints_and_agrees_with_the_library(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (
        "predict",
        str(saved),
        "--n",
        "40",
        "--profile",
        "regimen_class=ven_hma",
        "--rate-above",
        "0.5",
        "--at-least",
        "24",
    )
    assert run(*arguments) == 0
    text = capsys.readouterr().out
    assert "P(rate > 0.5) = " in text
    assert "P(responders >= 24) = " in text
    assert run(*arguments, "--json") == 0
    content = json.loads(capsys.readouterr().out)
    prediction = bm.predict(bm.load_fit(saved), n=40, profile={"regimen_class": "ven_hma"}, seed=0)
    assert content["probabilities"]["rate_above"]["probability"] == pytest.approx(
        prediction.probability(rate_above=0.5)
    )
    assert content["pmf"] == pytest.approx(prediction.pmf["probability"].tolist())
    assert content["diagnostics_ok"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ("evidence", "list"),
        ("evidence", "show"),
        ("evidence", "show", "--outcome", "ORR"),
        ("fit", "pooled", "--outcome", "CR", "--seed", "1", "--out", "{tmp}/run"),
    ],
)
def test_json_is_all_that_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(*(argument.format(tmp=tmp_path) for argument in arguments), "--json") == 0
    assert json.loads(capsys.readouterr().out)


def test_evidence_commands_print_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.csv").write_text("study,events,n\na,1,4\n")
    assert (
        run("evidence", "list")
        == run("evidence", "show")
        == run("evidence", "check", str(tmp_path / "mine.csv"))
        == 0
    )
    assert run("evidence", "show", "--outcome", "CR") == 0
    text = capsys.readouterr().out
    assert "mine.csv: 1 study, 1 arm, 1 outcome, 1 row): no problem found." in text
    assert "overlap: group 'aldoss' is represented by a lower rank" in text


def test_failed_diagnostics_are_said_first_and_by_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("--draws", "20", "--warmup", "60", "--out", str(tmp_path / "few"))
    assert run("fit", "pooled", "--outcome", "CR", "--seed", "1", *few) == 1
    assert capsys.readouterr().out.startswith("NOT RELIABLE: the diagnostics failed")
    assert run("predict", str(tmp_path / "few"), "--n", "10") == 1
    assert capsys.readouterr().out.startswith("NOT RELIABLE")


@pytest.mark.slow
def test_arms_left_out_are_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "design.toml"
    model.write_text(
        'schema = 2\n[covariates]\nformula = "design"\nreference = { design = "retrospective" }\n'
    )
    out = str(tmp_path / "run")
    assert run("fit", str(model), "--outcome", "ORR", "--seed", "1", "--out", out) == 0
    assert (
        "Note: 1 of 29 arms are left out because design is missing: hu2023/ven_mvho."
        in capsys.readouterr().err
    )


@pytest.mark.slow
def test_the_demo_may_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("demo") == 0
    capsys.readouterr()
    assert run("demo", "--json") == 0
    assert json.loads(capsys.readouterr().out)
    assert run("demo", "--out", "runs/demo") == 2


def test_help_tells_the_commands() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from bayesmeta.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("demo", "evidence", "fit", "predict"):
        assert command in done.stdout
