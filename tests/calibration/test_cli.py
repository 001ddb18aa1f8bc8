"""The command `bayesmeta calibrate`."""

import json
from fnmatch import fnmatch
from pathlib import Path

import pytest

from bayesmeta.calibration import all_cases
from bayesmeta.cli import app


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(["calibrate", *arguments])
    return int(left.value.code)


@pytest.mark.slow
def test_it_prints_and_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--short", "--sets", "20", "--out", str(tmp_path))
    assert run(*arguments, "--part", "coverage", "--part", "distribution-common") == 0
    text = capsys.readouterr().out
    for part in (
        "Calibration(2 cases, 40 fits: ok)",
        "coverage-3",
        "Ranks",
        "distribution-common",
        "Kept in",
    ):
        assert part in text, part
    assert run(*arguments, "--part", "distribution-common", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is True
    assert {row["quantity"] for row in content["ranks"]} == {
        "mu",
        "beta[regimen[b]]",
        "new_study_rate",
        "log_likelihood",
    }


def test_a_part_that_is_none_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--part", "distribution-norml", "--out", str(tmp_path)) == 2
    assert "Did you mean 'distribution-normal'?" in capsys.readouterr().err


def test_help_names_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    named = [word.strip(",;.") for word in capsys.readouterr().out.split()]
    for part in {case.part for case in all_cases()}:
        assert any(fnmatch(part, name) for name in named if name.strip("*")), part
