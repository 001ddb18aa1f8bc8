"""The command line with other parts of the model: its notes, its scales, the column of tau."""

import json
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli import app

TABLE = """study,arm,events,n,design
a,1,3,10,p
b,1,4,12,p
c,1,9,20,r
"""
MODEL = """schema = 2
name = "by design"

[likelihood]
link = "probit"

[study_effects]
distribution = "student_t"
by = "design"
"""
QUICK = ("--seed", "1", "--warmup", "200", "--draws", "200")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(arguments))
    return int(left.value.code)


def test_parts_that_rest_on_priors_are_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text(TABLE)
    Path("by.toml").write_text(MODEL)
    run("fit", "by.toml", "--evidence", "mine.csv", "--out", "run", *QUICK)
    printed, notes = capsys.readouterr()
    assert "Note: by design: 3 studies cannot identify outlying studies" in notes
    assert "Note: by design: tau depends on its prior where there are fewer" in notes
    assert "Parameters (probit; 95% interval)" in printed
    assert "one for each level of design" in printed
    assert "tau[p]" in printed
    run("predict", "run", "--n", "20", "--profile", "design=r")
    printed, notes = capsys.readouterr()
    assert "True rate of a new study (design=r)" in printed
    assert "Note" not in notes


def test_independent_studies_come_with_their_caveat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text(TABLE)
    run("fit", "independent", "--evidence", "mine.csv", "--out", "run", *QUICK)
    assert "rates of a new study by its prior" in capsys.readouterr().out


@pytest.mark.slow
def test_levels_are_compared_from_a_saved_run(
    regimen_fit: bm.Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "run")
    regimen_fit.save(folder)
    assert run("contrast", folder, "--against", "ven_hma") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Contrasts of regimen_class: median and 95% interval")
    assert "venetoclax + LDAC vs venetoclax + HMA" in printed
    assert "Probability of each rank" not in printed
    assert "some levels are not compared within studies; --ranks shows them" in printed
    assert run("contrast", folder, "--ranks") == 0
    assert "Probability of each rank" in capsys.readouterr().out
    assert run("contrast", folder, "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["ranks"] is None
    assert len(content["contrasts"]) == 28
    assert content["diagnostics_ok"] is True
    assert run("contrast", folder, "--against", "ven_hm") == 2
    assert "Did you mean 'ven_hma'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_profile_may_be_a_mixture(
    regimen_fit: bm.Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "run")
    regimen_fit.save(folder)
    predict = ("predict", folder, "--n", "40", "--profile")
    assert run(*predict, "regimen_class=ven_hma:0.65+ven_ldac:0.35") == 0
    assert (
        "regimen_class=0.65 of venetoclax + HMA and 0.35 of venetoclax + LDAC"
        in capsys.readouterr().out
    )
    assert run(*predict, "regimen_class=ven_hma:most") == 2
    assert "shares are numbers, written level:share+level:share" in capsys.readouterr().err
