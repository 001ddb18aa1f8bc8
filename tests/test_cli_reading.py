"""Options that say how a file is written: one set for every command that reads evidence."""

from pathlib import Path

import pytest

from bayesmeta.cli import app

TABLE = "study;xi;n;code;age\na;3;10;1;61,5\nb;4;12;2;?\nc;9;20;3x;70,5\n"
READING = ("--column", "events=xi", "--text", "code", "--missing", "?,NR")


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text(TABLE)
    Path("grid.toml").write_text('schema = 1\n[priors.wide]\ntau = "HalfNormal(1)"\n')


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(arguments))
    return int(left.value.code)


def test_a_file_is_checked_and_shown_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("check", "show"):
        assert run("evidence", command, "mine.csv", *READING) == 0
        printed, notes = capsys.readouterr()
        assert notes == ""
        assert "3 studies" in printed


COMMANDS = (
    "evidence show mine.csv",
    "evidence check mine.csv",
    "fit pooled --evidence mine.csv --seed 1 --out run",
    "compare pooled --evidence mine.csv --out run",
    "validate pooled --evidence mine.csv --train n>10 --test n<11",
    "grid grid.toml --evidence mine.csv --out run",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_the_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of all that is wrong with the table, only what the options leave is told."""
    assert run(*command.split(), "--column", "events=xi", "--missing", "?") == 2
    told = capsys.readouterr().err
    assert "column 'code' is numeric" in told
    assert "list it in `--text`" in told
    assert "rules" not in told
    assert run(*command.split()) == 2
    assert "`--column`, such as events=xi" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--column", "xi"), "`--column` must be written events=xi; got 'xi'"),
        (("--column", "responders=xi"), "`--column` maps to 'responders', which has no meaning"),
        (("--text", "events"), "`--text` names 'events', which is not a covariate"),
    ],
)
def test_options_that_say_nothing(
    options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evidence", "check", "mine.csv", *options) == 2
    assert message in capsys.readouterr().err


def test_a_bundled_table_is_written_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evidence", "show", "--missing", "NR", "--column", "events=xi") == 2
    assert "`--column`, `--missing` have no effect on the bundled table" in capsys.readouterr().err
    assert run("evidence", "show", "--missing", "NR") == 2
    assert "`--missing` has no effect on the bundled table" in capsys.readouterr().err


def test_notes_are_told_before_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.csv").write_text("study,events,n\na,3,10\nA,4,12\nTotal,7,23\n")
    assert run("evidence", "show", "mine.csv") == 0
    printed, notes = capsys.readouterr()
    assert "Note: mine.csv: `study`: 'a' (row 1 (line 2)) and 'A'" in notes
    assert "Note: mine.csv: 'Total' (row 3 (line 4)) is named like a total" in notes
    assert "Check: 'Total' is named like a total" in printed


def test_a_file_of_survival_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    file, months = Path("survival.csv"), ("--kind", "survival", "--time-unit", "months")
    file.write_text("study,time,survival,n\na,6,0.4,20\na,12,40,20\n")
    assert run("evidence", "check", "survival.csv", *months) == 2
    told = capsys.readouterr().err
    assert "`survival` must be a probability from 0 to 1; not so in row 2 (line 3): '40'" in told
    file.write_text("study,time,survival,n\na,6,0.4,20\na,12,0.3,20\n")
    assert run("evidence", "check", "survival.csv", *months) == 0
    printed = capsys.readouterr().out
    assert "1 study, 1 arm, 2 landmarks and 0 medians): no problem found." in printed
    assert run("evidence", "check", "mine.csv", "--time-unit", "months") == 2
    assert "`--time-unit` has no effect without `--kind survival`" in capsys.readouterr().err
