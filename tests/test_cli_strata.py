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


@pytest.mark.slow
def test_totals_of_unknown_sizes_may_be_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path, "a,,20,60\nc,,9,30\nd,,12,20\nd,prior=yes,,8\n")
    options = ("--evidence", path, "--strata", "prior", "--unknown-sizes", "keep")
    assert run("evidence", "show", *options) == 0
    assert "5 arms of 4 studies, 47 of 130 patients responded" in capsys.readouterr().out
    model, folder = tmp_path / "model.toml", tmp_path / "run"
    model.write_text("""schema = 2
name = "by_prior"
[covariates]
formula = "prior"
reference = {prior = "no"}
""")
    assert run("fit", model, *options, "--out", folder, "--draws", "500") in (0, 1)
    assert run("report", folder, "--format", "md", "--force") in (0, 1)
    told = (folder / "report.md").read_text(encoding="utf-8")
    assert "Of 2 totals the sizes of the levels are unknown" in told
    assert "Studies were not left out in turn: study effects cannot be integrated out" in told
    assert "--unknown-sizes keep" in told
    assert run("leave-one-out", folder) == 2
    assert "Studies cannot be left out" in capsys.readouterr().err


@pytest.mark.parametrize("more", [(), ("--outcomes", "ORR,CR", "--strata", "prior_hma")])
def test_sizes_have_no_effect_where_arms_are_not_divided(
    more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    options = more or ("--outcome", "ORR")
    assert run("evidence", "show", *options, "--unknown-sizes", "keep") == 2
    assert "`--unknown-sizes` has no effect with" in capsys.readouterr().err
