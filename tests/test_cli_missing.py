"""`bayesmeta missing` and `bayesmeta evidence outcomes`: what they print, write and refuse."""

import json
from pathlib import Path

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app

pytestmark = pytest.mark.stored

ROWS = [(3, 10), (9, 22), (14, 41), (3, 15), (8, 60)]


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app([str(one) for one in arguments])
    return int(left.value.code)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("missing")
    frame = pd.DataFrame(ROWS, columns=["events", "n"]).assign(derivation="reported", outcome="CR")
    frame.loc[len(frame)] = [None, 30, "not_reported", "CR"]
    frame.insert(0, "study", list("abcdef"))
    frame.astype({"events": "Int64", "n": "Int64"}).to_csv(made / "arms.csv", index=False)
    arms = bm.read_evidence(made / "arms.csv").select()
    bm.fit(bm.ModelSpec(), arms, seed=1).save(made / "run")
    return made


@pytest.mark.slow
def test_the_answer_is_that_of_the_library(folder: Path, capsys, tmp_path: Path) -> None:
    asked = ["--smallest", 0.5, "--rho", 0.9, "--rate-above", 0.2, "--delta", -1]
    assert run("missing", folder / "run", *asked, "--json", "--out", tmp_path / "t") == 0
    printed = json.loads(capsys.readouterr().out)
    fit = bm.load_fit(folder / "run")
    found = bm.selection(fit, smallest=0.5, rho=0.9, rate_above=0.2)
    assert [row["typical"] for row in printed["selection"]] == found.table["typical"].tolist()
    others = bm.unreported(fit, delta=-1, rate_above=0.2)
    assert printed["unreported"][0]["new_study"] == others["new_study"][0]
    assert printed["unreported"][0]["unreported"] == 1
    written = sorted(file.name for file in (tmp_path / "t").iterdir())
    assert written == ["selection.csv", "tipping_points.csv", "unreported.csv"]


@pytest.mark.slow
def test_it_prints_what_is_assumed_and_where_the_decision_changes(folder: Path, capsys) -> None:
    asked = ["--smallest", 0.5, "--rho", 0.9, "--rate-above", 0.15, "--certainty", 0.8]
    assert run("missing", folder / "run", *asked) == 0
    printed = capsys.readouterr().out
    for text in (
        "If studies with low rates were published less often",
        "50% to 99.9%",
        "Published studies cannot estimate these; they are assumed.",
        "Tipping point: P(rate of a new study > 0.15) of 0.8 required",
        "With 1 registered study without results beside 5 with",
    ):
        assert text in printed


def test_what_makes_no_sense_is_refused(folder: Path, capsys) -> None:
    for asked, message in {
        ("--rho", "2"): "`--rho` must lie above -1 and below 1; got 2.0",
        ("--smallest", "50"): "`--smallest` must be a probability above 0 and below 1",
        ("--studies", "0"): "`--studies` must be a whole number of at least 1",
        ("--certainty", "0.9"): "`--certainty` has no effect",
    }.items():
        assert run("missing", folder / "run", *asked) == 2
        assert message in capsys.readouterr().err


@pytest.mark.slow
def test_the_report_says_what_missing_studies_could_do(folder: Path, tmp_path: Path) -> None:
    bm.write_report(folder / "run", out=tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "If studies with low rates were published less often" in text
    assert "1 study of the table has no count of this outcome and no part in the result: f." in text


def test_outcomes_of_studies(folder: Path, capsys, tmp_path: Path) -> None:
    assert run("evidence", "outcomes", folder / "arms.csv", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0] == {"study": "a", "CR": "reported"}
    assert rows[-1] == {"study": "f", "CR": "no count"}
    assert run("evidence", "outcomes", "--out", tmp_path / "t") == 0
    assert "70 more outcomes" in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "t" / "reported.csv").shape == (46, 76)
    assert run("evidence", "outcomes", "--outcomes", "ORR, CR", "--json") == 0
    assert list(json.loads(capsys.readouterr().out)[0]) == ["study", "ORR", "CR"]
