"""The command line with other parts of the model: its notes, its scales, the column of tau."""

from pathlib import Path

import pytest

from bayesmeta.cli import app

TABLE = """study,arm,events,n,design
a,1,3,10,p
b,1,4,12,p
c,1,9,20,r
"""
MODEL = """schema = 1
name = "by design"

[likelihood]
link = "probit"

[study_effects]
law = "student_t"
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
    assert "Note: by design: 3 studies can't show outlying ones" in notes
    assert "Note: by design: tau rests on its prior where there are fewer" in notes
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
    assert "rates of a study not seen: its prior" in capsys.readouterr().out
