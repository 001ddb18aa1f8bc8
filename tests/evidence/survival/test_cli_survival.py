"""Survival on the command line: what is checked, shown and refused."""

import json
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli import app

ROWS = "a,12,40%,,,20,\nb,,,8.2,4.8,57,\nc,,,NR,,12,10\nd,,,9,,,\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "survival.csv"
    path.write_text(
        f"study,time,survival,median,median_low,n,followup,derivation\n{_derived(ROWS)}"
    )
    return path


def _derived(rows: str) -> str:
    return "".join(f"{row},reported\n" for row in rows.splitlines())


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(["evidence", *map(str, arguments)])
    return int(left.value.code)


SURVIVAL = ("--kind", "survival", "--time-unit", "months")


def test_a_selection_is_shown_with_its_units(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", table, *SURVIVAL) == 0
    printed = capsys.readouterr().out
    assert "3 arms of 3 studies, 1 landmark and 2 medians. Times are in months" in printed
    assert "1 row left out (no precision 1)." in printed
    shown = [line.split() for line in printed.splitlines() if line.startswith("  ")]
    assert ["a", "20", "12.0", "40%"] in shown
    assert ["b", "57", "8.2", "(4.8", "to", "NR)"] in shown
    assert ["c", "12", "NR", "10.0"] in shown


def test_tables_and_json_have_every_row(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", table, *SURVIVAL, "--json", "--out", tmp_path / "out") == 0
    content = json.loads(capsys.readouterr().out)
    assert [row["median"] for row in content["rows"]] == [None, 8.2, "NR"]
    assert content["rows"][1]["median_high"] == "NR"
    assert [row["study"] for row in content["excluded"]] == ["d"]
    assert content["selection"]["reading"] == {"time_unit": "months"}
    # What was written is read again.
    assert run("check", tmp_path / "out" / "arms.csv", *SURVIVAL[:2]) == 0


def test_the_bundled_survival_is_shown_by_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "--kind", "survival") == 0
    assert "RFS" in capsys.readouterr().out
    assert run("show", "--kind", "survival", "--outcome", "EFS", "--include", "all") == 0
    assert "Evidence   survival (EFS) in rr_aml_venetoclax" in capsys.readouterr().out


def test_the_bundled_tables_are_checked_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "rr_aml_venetoclax", "--kind", "survival") == 0
    told = capsys.readouterr().out.splitlines()
    found = [line for line in told if line.startswith("- ")]
    assert [line.split(":")[0] for line in found] == ["- ram2019", "- ram2019"]
    assert run("check", "--evidence", "rr_aml_venetoclax", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["hash"] == bm.load_evidence("rr_aml_venetoclax").hash
    assert run("check", "rr_aml_venetoclax", "--sheet", "A") == 2
    assert "no effect on the bundled table" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--kind", "survival", "--strata", "x"), "`--strata` has no effect with `--kind survival`"),
        (("--kind", "survival", "--outcomes", "OS,EFS"), "`--outcomes` has no effect"),
        (("--kind", "survival", "--unknown-sizes", "keep"), "`--unknown-sizes` has no effect"),
        (("--time-unit", "days"), "`--time-unit` has no effect without `--kind survival`"),
        ((*SURVIVAL, "--outcome", "OS"), "no effect on the bundled table"),
        (("--kind", "survival", "--outcome", "PFS"), "has no outcome 'PFS'"),
    ],
)  # fmt: skip
def test_what_does_not_apply_is_refused(
    options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", *options) == 2
    assert message in capsys.readouterr().err


def test_survival_read_as_counts_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "os.csv"
    path.write_text("study,median,n\na,8,20\n")
    assert run("check", path) == 2
    told = capsys.readouterr().err
    assert "column 'events' is missing" in told
    assert "`evidence check --kind survival`" in told
    path.write_text("study,age,n\na,8,20\n")
    assert run("check", path) == 2
    assert "survival" not in capsys.readouterr().err


def test_a_broken_rule_names_its_row_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "percent.csv"
    path.write_text("study,time,survival,n,unit\na,12,40,20,months\n")
    for command in ("check", "show"):
        assert run(command, path, "--kind", "survival") == 2
        told = capsys.readouterr().err
        assert "not so in row 1 (line 2): '40'. Write 0.74, or 74% with its sign." in told


def test_a_column_is_not_taken_for_an_option_of_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("study,time,survival,n,unit\na,0,1,20,months\n")
    given = ["fit", "survival", "--evidence", str(path), "--out", str(tmp_path / "run")]
    with pytest.raises(SystemExit, match="2"):
        app(given)
    assert "`time` must be a length of time above 0" in capsys.readouterr().err
    path.write_text("study,time,survival,n,unit\na,12,0.4,20,months\n")
    with pytest.raises(SystemExit, match="2"):
        app([*given, "--time", "0"])
    assert "`--time` must be months above 0" in capsys.readouterr().err
