"""Arms divided by a stratum on the command line: what is said of them, and what is refused."""

from pathlib import Path

import pytest

from bayesmeta.cli import app

ROWS = "b,prior=no,4,10\nb,prior=yes,2,10\n"


def run(*args: object) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(map(str, args)))
    return int(left.value.code)


def table(folder: Path, rows: str) -> Path:
    path = folder / "evidence.csv"
    path.write_text(f"study,stratum,events,n\n{ROWS}{rows}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,,20,60\na,prior=yes,25,40\n", "no more `events` than its arm; a/prior=yes"),
        ("a,,20,60\na,prior=yes,15,70\n", "no more `n` than its arm; a/prior=yes"),
        ("a,,20,60\na,prior=yes,15,40\na,prior=no,5,30\n", "may share no patients; of a"),
        ("a,,20,60\na,prior=yes,,70\n", "no more patients than their arm; a"),
        ("a,prior>=1,4,10\na,prior>=2,3,8\n", "'prior' share patients of arm a. Drop"),
        ("a,prior=yes,,\n", "`n` must not be missing"),
        ("a,,,60\n", "`events` must not be missing"),
    ],
)
def test_levels_that_cannot_be(
    rows: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evidence", "show", "--evidence", table(tmp_path, rows), "--strata", "prior") == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_totals_of_unknown_sizes_are_counted_with_their_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path, "a,,20,60\nc,,9,30\nd,,93000,200000\nd,prior=yes,,100000\n")
    assert run("evidence", "show", "--evidence", path, "--strata", "prior") == 0
    printed = capsys.readouterr().out
    assert (
        "2 totals among them: the sizes of the levels of 'prior' are not known; a row of a level with `n`, or a column "
        "prior_n, gives them." in printed
    )
    assert "the size of a level of 'prior', without a count" in printed
