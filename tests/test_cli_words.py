"""The words of the command line: options in messages, old names of options, errors as JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli import app

TABLE = "study,arm,events,n,year\na,x,3,10,2001\nb,x,5,20,2002\nc,x,1,8,2003\nd,x,7,12,2004\n"

PYTHON = (
    "force=True",
    "load_evidence",
    "load_nested",
    "bm.",
    "`form`",
    "`profile`",
    "Fit.save",
    "store=",
)
"""What nobody at a command line can type."""


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(arguments))
    return int(left.value.code)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and a saved run of few draws."""
    made = tmp_path_factory.mktemp("words")
    (made / "arms.csv").write_text(TABLE)
    arms = bm.read_evidence(made / "arms.csv").select()
    few = bm.SamplerSettings(chains=2, warmup=200, draws=200)
    bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=few).save(made / "run")
    return made


REFUSED = [
    (["fit", "pooled", "--evidence", "arms.csv", "--out", "run"], ["replace it with --force"]),
    (["fit", "pooled", "--evidence", "no.csv", "-o", "x"], ["see `bayesmeta evidence list`"]),
        (["fit", "pooled", "-o", "x", "--ci", "3"], ["`--ci` must lie"]),
    (["fit", "pooled", "-o", "x", "--n", "0"], ["`--n` must"]),
    (["fit", "pooled", "-o", "x", "--target-accept", "2"], ["`--target-accept` must lie"]),
    (["fit", "pooled", "-o", "x", "--where", "age >"], ["`--where` cannot be read"]),
    (["fit", "pooled", "-o", "x"], ["Name one by `--outcome`", "`--outcomes`"]),
    (["fit", "pooled", "-o", "x", "--outcomes", "ORR"], ["`--outcomes` must", "use `--outcome`"]),
    (["evidence", "check", "arms.csv", "--column", "xi=yi"], ["`--column` maps to 'xi'"]),
    (["evidence", "check", "arms.csv", "--text", "xi"], ["`--text` names 'xi'"]),
    (["predict", "nothing", "--n", "3"], ["no run folder", "save it there first"]),
    (["predict", "run", "--n", "0"], ["`--n` must"]),
    (["predict", "run", "--n", "9", "--at-least", "10"], ["`--at-least` must"]),
    (["predict", "run", "--n", "9", "--profile", "a=b"], ["`--profile` names 'a'"]),
    (["predict", "run", "--n", "9", "--study", "z"], ["`--study`: the fit has no study"]),
    (["contrast", "run"], ["`RUN` is of a model without factors"]),
    (["cumulative", "run", "--by", "age"], ["`--by`: the evidence has no column"]),
    (["leave-one-out", "run", "--workers", "2", "--ci", "0"], ["`--ci` must lie"]),
    (["report", "run", "--format", "docx", "-o", "x.html"], ["`--format` is docx", "Leave `--format` out"]),
    (["report", "run", "--per", "age=10"], ["leave `--per` out"]),
    (["sensitivity", "run", "--certainty", "0.9"], ["`--certainty` has no effect", "--rate-above 0.3"]),
    (["sensitivity", "run", "--at-least", "3", "--certainty", "0.9"], ["`--at-least` needs `--n`", "--n 40"]),
    (["plan", "run", "--n", "9", "--success", "P(rate > 35) > 0.9"], ["`--success` cannot be read"]),
    (["plan", "run", "--n", "9", "--success", "P(rate > 0.3) > 0.9", "--weight", "2", "--allow-unreliable"], ["`--weight` must"]),
    (["plot", "run", "regression", "-o", "x"], ["has no numeric covariate"]),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "parts"), REFUSED, ids=lambda one: " ".join(one)[:40])
def test_errors_name_options(
    arguments: Sequence[str],
    parts: Sequence[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert run(*arguments, "--json") == 2
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert printed.err.endswith(f"Error: {error}\n")
    for part in parts:
        assert part in error
    assert [word for word in PYTHON if word in error] == []


def test_in_python_the_same_errors_name_arguments(folder: Path) -> None:
    fit = bm.load_fit(folder / "run")
    with pytest.raises(bm.RunError, match="replace it with force=True"):
        fit.save(folder / "run")
    with pytest.raises(bm.SettingsError, match="`form` is docx"):
        bm.write_report(folder / "run", out="x.html", form="docx")


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit", "--nonsense"],
        ["fitt"],
        ["fit", "pooled", "-o", "x", "--seed", "a"],
        ["evidence", "look"],
    ],
)
def test_errors_of_usage_are_json_too(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments, "--json") == 2
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"] in printed.err
    assert run(*arguments) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "old", "new"),
    [
        (["fit", "pooled", "--cohort=0", "-o", "x"], "--cohort", "--n"),
        (["report", "run", "--cohort", "0"], "--cohort", "--n"),
        (["compare", "pooled", "--cohort", "0", "-o", "x", "--outcome", "CR"], "--cohort", "--n"),
        (
            ["plan", "no", "--robust", "0.1", "--n", "9", "--success", "P(rate>0.3)>0.9"],
            "--robust",
            "--weight",
        ),
    ],
)
def test_old_options_work_and_name_the_new(
    arguments: list[str],
    old: str,
    new: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"Note: `{old}` is now called `{new}`.\n")
    assert "No such option" not in told
    assert new == "--allow-unreliable" or f"`{new}` must" in told or "no run folder" in told


def test_evidence_is_named_alike_everywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    shown = []
    for command in ("show", "check"):
        for table in (["arms.csv"], ["--evidence", "arms.csv"]):
            assert run("evidence", command, *table) == 0
            shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert shown[2] == shown[3]
    assert run("evidence", "show", "arms.csv", "--evidence", "arms.csv") == 2
    assert "given twice" in capsys.readouterr().err
    assert run("evidence", "check") == 2
    assert "A file is needed" in capsys.readouterr().err


def test_an_empty_table_is_not_printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert run("evidence", "show", "arms.csv") == 0
    assert "Left out" not in capsys.readouterr().out
    assert run("evidence", "show", "arms.csv", "--where", "n > 8") == 0
    assert "Left out" in capsys.readouterr().out


def test_models_are_listed_with_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models") == 0
    lines = capsys.readouterr().out.splitlines()
    for name in bm.bundled_models():
        assert [line for line in lines if line.split()[:1] == [name] and len(line.split()) > 3]
    assert run("models", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["models"]) == set(bm.bundled_models())
    # Those of divided arms cannot be fitted to the same arms as the others.
    assert set(found["models_of_strata"]) == {"by_prior_hma"}
    survival = {"survival", "survival_log_logistic", "survival_regimen"}
    assert set(found["models_of_survival"]) == survival
    dated = lines.index("Of arms with a calendar year (column year):")
    named = {line.split()[0] for line in lines[lines.index("Of survival:") + 1 : dated] if line}
    assert named == survival
    assert set(found["models_of_years"]) == {"drift"}
    assert lines[dated + 1].startswith("drift ")
    apart = lines.index("Of arms divided by a stratum (--strata):")
    assert lines[apart + 1].startswith("by_prior_hma ")


def test_a_folder_below_home_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert run("evidence", "check", "--evidence=~/arms.csv") == 0
    assert run("shrinkage", "~/run", "--out=~/shrinkage") in (0, 1)
    assert (folder / "shrinkage" / "shrinkage.csv").is_file()
    assert "arms.csv: 4 studies" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_taught(shell: str) -> None:
    assert "_BAYESMETA_COMPLETE" in completing(f"source_{shell}")


def test_shells_complete_commands_and_options() -> None:
    words = {"COMP_WORDS": "bayesmeta shr", "COMP_CWORD": "1"}
    assert completing("complete_bash", **words).split() == ["shrinkage"]
    words = {"COMP_WORDS": "bayesmeta fit --see", "COMP_CWORD": "2"}
    assert completing("complete_bash", **words).split() == ["--seed"]


def completing(task: str, **words: str) -> str:
    """Return what the command prints to a shell that asks it."""
    command = Path(sys.executable).with_name("bayesmeta")
    return subprocess.run(
        [command],
        env={**os.environ, "_BAYESMETA_COMPLETE": task, **words},
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def test_arms_of_one_study_are_told_apart_and_rates_are_medians(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "arms.csv").write_text("study,arm,events,n\na,low,3,10\na,high,5,14\n")
    arms = bm.read_evidence(tmp_path / "arms.csv").select()
    few = bm.SamplerSettings(chains=2, warmup=200, draws=200)
    fit = bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=few)
    fit.save(tmp_path / "run")
    run("shrinkage", str(tmp_path / "run"))
    told = capsys.readouterr().out
    assert "True rate of each arm: posterior median and 95% interval" in told
    assert "a, low " in told
    assert "a, high " in told
