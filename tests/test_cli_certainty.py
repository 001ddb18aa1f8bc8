"""`bayesmeta certainty`, and judgements of the risk of bias in `plot` and `report`."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.cli import app

pytestmark = pytest.mark.stored

ROWS = [(3, 10), (9, 22), (14, 41), (3, 15), (8, 60)]
OVERALL = ["Low", "Low", "High", "Some concerns"]
ASKED = ("--tool", "RoB 2", "--judgements")


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app([str(one) for one in arguments])
    return int(left.value.code)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved run of five studies, of which four are judged."""
    made = tmp_path_factory.mktemp("certainty")
    frame = pd.DataFrame(ROWS, columns=["events", "n"]).assign(study=list("abcde"), outcome="CR")
    arms = bm.read_evidence(frame).select()
    bm.fit(bm.ModelSpec(), arms, seed=1).save(made / "run")
    judged = pd.DataFrame({"Study": list("abcd")})
    judged = judged.assign(**{f"D{k}": "Low" for k in range(1, 6)}, Overall=OVERALL)
    judged.to_csv(made / "judged.csv", index=False)
    return made


def test_certainty_is_that_of_the_library(folder: Path, capsys, tmp_path: Path) -> None:
    asked = ("--band", "0:0.2", "--band", "0.2:1")
    assert run("certainty", folder / "run", *asked, "--json", "--out", tmp_path / "t") == 0
    printed = json.loads(capsys.readouterr().out)
    found = bm.certainty(bm.load_fit(folder / "run"), bands=[(0, 0.2), (0.2, 1)])
    for name in ("low", "high", "typical", "new_study", "mcse_typical", "judgement", "ok"):
        assert [row[name] for row in printed["bands"]] == found[name].tolist()
    assert [row["missing_evidence"] for row in printed["bands"]] == [None, None]
    assert printed["required"] is None
    assert printed["diagnostics_ok"] is True
    written = pd.read_csv(tmp_path / "t" / "certainty.csv")
    pd.testing.assert_series_equal(written["new_study"], found["new_study"])


def test_certainty_prints_a_row_for_each_band_and_leaves_the_judgement_blank(
    folder: Path, capsys
) -> None:
    assert run("certainty", folder / "run", "--band", "0:0.2", "--band", "0.2:1") == 0
    printed = capsys.readouterr().out
    found = bm.certainty(bm.load_fit(folder / "run"), bands=[(0, 0.2), (0.2, 1)])
    [first, second] = [line for line in printed.splitlines() if "%" in line]
    for line, row in zip((first, second), found.to_dict("records"), strict=True):
        assert f"{row['typical']:.3f} (MCSE 0.00" in line
        assert f"{row['new_study']:.3f} (MCSE 0.00" in line
    assert first.split()[:3] == ["0%", "to", "20%"]
    assert second.endswith(")")
    assert "missing evidence" not in printed
    assert "The judgement is left to people" in printed


@pytest.mark.slow
def test_certainty_tells_where_missing_studies_change_a_decision(folder: Path, capsys) -> None:
    saved = folder / "run"
    for band, required, told in (("0.15:1", 0.8, "%"), ("0.1:1", 0.55, "none"), ("0.6:1", 0.9, "not met")):  # fmt: skip
        assert run("certainty", saved, "--band", band, "--required", required, "--json") == 0
        point = json.loads(capsys.readouterr().out)["bands"][0]["missing_evidence"]
        assert run("certainty", saved, "--band", band, "--required", required) == 0
        line = next(one for one in capsys.readouterr().out.splitlines() if "% to" in one)
        assert line.endswith(told if point is None else f"{100 * point:.0f}%")
        assert (point is None) == (told != "%")


def test_plots_have_the_judgements_beside_the_numbers(folder: Path, tmp_path: Path) -> None:
    asked = (*ASKED, folder / "judged.csv")
    assert run("plot", folder / "run", "forest", *asked, "--out", tmp_path / "f") == 0
    table = pd.read_csv(tmp_path / "f" / "forest.csv", keep_default_na=False)
    assert table["Overall"].tolist() == [*OVERALL, "", "", ""]
    assert table["D1"].tolist() == [*["Low"] * 4, "", "", ""]


@pytest.mark.slow
def test_reports_have_the_share_of_information(folder: Path, tmp_path: Path) -> None:
    asked = ("--quick", *ASKED, folder / "judged.csv", "--out")
    for name in ("report.md", "report.xlsx"):
        assert run("report", folder / "run", *asked, tmp_path / name) == 0
    fit = bm.load_fit(folder / "run")
    judgements = bm.read_risk_of_bias(folder / "judged.csv", tool="RoB 2")
    expected = bm.information_by_judgement(fit, judgements)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    for row in expected.to_dict("records"):
        share = f"{100 * row['information']:.1f}%"
        assert f"| {row['judgement']} | {row['studies']} | {row['patients']} | {share} |" in text
    assert "1 of 5 studies has no judgement: e." in text
    sheets = openpyxl.load_workbook(tmp_path / "report.xlsx")
    contents = {cells[0]: cells[1] for cells in sheets["Contents"].iter_rows(values_only=True)}
    [sheet] = [one for one, what in contents.items() if "Share of information" in str(what)]
    assert [cells[0] for cells in sheets[sheet].iter_rows(values_only=True)][1:] == expected[
        "judgement"
    ].tolist()
    forest = next(sheets["Figure 1"].iter_rows(values_only=True))
    assert {"D1", "D5", "Overall"} <= set(forest)


@pytest.mark.slow
def test_without_judgements_a_report_says_nothing_of_them(folder: Path, tmp_path: Path) -> None:
    assert run("report", folder / "run", "--quick", "--out", tmp_path / "report.md") == 0
    assert "Share of information" not in (tmp_path / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_reports_of_survival_say_that_there_is_no_share(tmp_path: Path) -> None:
    arms = bm.load_survival("rr_aml_venetoclax").select(outcome="EFS")
    quick = bm.SamplerSettings(chains=4, warmup=400, draws=400)
    spec = bm.ModelSpec("efs", curve=bm.WeibullSurvival())
    bm.fit(spec, arms, seed=1, settings=quick).save(tmp_path / "run")
    stars = pd.DataFrame({"Study": arms.studies}).assign(D1="4", D2="2", D3="3", Overall="9")
    judgements = bm.read_risk_of_bias(stars, tool="NOS")
    bm.write_report(tmp_path / "run", form="md", refits=False, judgements=judgements)
    text = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "The share of information by judgement is not available for survival" in text


@pytest.mark.slow
def test_a_comparison_takes_no_judgements(folder: Path, tmp_path: Path, capsys) -> None:
    arms = bm.load_fit(folder / "run").arms
    few = bm.SamplerSettings(chains=2, warmup=200, draws=200)
    specs = [bm.ModelSpec("a"), bm.ModelSpec("b", study_effects=bm.CommonEffect())]
    bm.compare(specs, arms, seed=1, settings=few, method="psis", out=tmp_path / "many")
    asked = (*ASKED, folder / "judged.csv")
    assert run("report", tmp_path / "many", *asked) == 2
    assert "`--judgements` has no effect on the report of a comparison" in capsys.readouterr().err
    assert run("plot", tmp_path / "many", *asked, "--out", tmp_path / "f") == 2
    assert "`--judgements` has no effect on a run of many fits" in capsys.readouterr().err
