"""The commands that read and write files of spreadsheet programs, registries and reviews."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app

RECORD = Path(__file__).parent / "evidence" / "sources" / "NCT03722472.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(arguments))
    return int(left.value.code)


def rows(file: str) -> None:
    table = {"trial": ["a", "b"], "responders": [3, None], "total": [10, 38], "orr": ["30", "76.3"]}
    pd.DataFrame(table).to_excel(file, index=False, sheet_name="Main")


@pytest.mark.parametrize(
    "options",
    [
        ("--columns", "trial=study,responders=events,total=n"),
        ("--column", "study=trial", "--columns", "events=responders,n=total"),
    ],
)
def test_a_workbook_is_read_by_its_options(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    rows("mine.xlsx")
    assert run("evidence", "check", "mine.xlsx", *options, "--rate", "orr", "--sheet", "Main") == 0
    printed, notes = capsys.readouterr()
    assert "2 studies" in printed
    assert notes == ""
    assert run("evidence", "check", "mine.xlsx") == 2
    assert "`--column`, such as study=trial and events=responders and n=total" in capsys.readouterr().err  # fmt: skip


def test_a_column_of_rates_is_of_counts() -> None:
    rows("mine.xlsx")
    assert run("evidence", "check", "mine.xlsx", "--kind", "survival", "--rate", "orr") == 2


def test_covariates_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("study,events,n,regimen\na,1,9,aza\nb,2,9,aza\nc,3,9,\n")
    assert run("evidence", "check", "a.csv") == 0
    assert "regimen    factor        1  1 level: aza (2)\n" in capsys.readouterr().out
    assert run("evidence", "check", "a.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["covariates"] == [
        {"covariate": "regimen", "kind": "factor", "values": "1 level: aza (2)", "missing": 1}
    ]


def test_a_template_is_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evidence", "template", "new/out.xlsx") == 0
    assert "fill in the first sheet" in capsys.readouterr().out
    assert openpyxl.load_workbook("new/out.xlsx").sheetnames == ["Evidence", "Notes"]
    first = Path("new/out.xlsx").read_bytes()
    assert run("evidence", "template", "new/out.xlsx") == 2
    assert "holds out.xlsx" in capsys.readouterr().err
    assert run("evidence", "template", "new/out.xlsx", "--force", "--json") == 0
    assert json.loads(capsys.readouterr().out)["saved"] == [str(Path("new/out.xlsx"))]
    assert Path("new/out.xlsx").read_bytes() == first
    assert run("evidence", "template", "out.ods") == 2


@pytest.mark.parametrize("out", ["table.csv", "table.xlsx"])
def test_a_record_becomes_a_table(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    title = "All Adverse Events"
    assert run("evidence", "import", str(RECORD), "--out", out, "--outcome", f"{title}=AE") == 0
    assert f"written to {out}" in capsys.readouterr().out
    table = bm.read_evidence(out)
    assert table.select(outcome="AE").events.tolist() == [23, 24]
    assert run("evidence", "import", str(RECORD), "--out", out) == 2
    assert run("evidence", "import", str(RECORD), "--out", out, "--force", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 14


def test_a_title_may_hold_the_sign_before_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    record = RECORD.read_text(encoding="utf-8").replace("All Adverse Events", "AE = all")
    Path("a.json").write_text(record, encoding="utf-8")
    asked = ("evidence", "import", "a.json", "--out", "a.csv")
    assert run(*asked, "--outcome", "AE = all=AE") == 0
    assert bm.read_evidence("a.csv").select(outcome="AE").events.tolist() == [23, 24]
    assert run(*asked, "--outcome", "AE", "--force") == 2
    assert "`--outcome` is written title=name; got 'AE'" in capsys.readouterr().err


@pytest.mark.parametrize(("source", "out"), [("a.txt", "b.csv"), (str(RECORD), "b.docx")])
def test_other_files_are_not_imported(source: str, out: str) -> None:
    assert run("evidence", "import", source, "--out", out) == 2
    assert not Path(out).exists()
