"""Cochrane data packages.

The packages are made here in the published form of version 1 (files and columns as the R package meta
reads them). Their numbers are those of Fleiss (1993), doi:10.1177/096228029300200202, aspirin after
myocardial infarction, compared with `data/Fleiss93.txt` and `data/Fleiss1993bin.rda` of that package
(repository guido-s/meta). The data package of RevMan that it carries, `inst/extdata/Fleiss1993.zip`,
was read once with the same result; its licence keeps it out of here.
"""

import io
import zipfile
from pathlib import Path

import pytest

import bayesmeta as bm

FLEISS = {
    "MRC-1": (49, 615, 67, 624), "CDP": (44, 758, 64, 771), "MRC-2": (102, 832, 126, 850),
    "GASP": (32, 317, 38, 309), "PARIS": (85, 810, 52, 406), "AMIS": (246, 2267, 219, 2257),
    "ISIS-2": (1570, 8587, 1720, 8600),
}  # fmt: skip

ROWS = (
    "Analysis group,Analysis number,Analysis name,Subgroup,Applicability,Study,Study year,GIV Mean,GIV SE,"
    "Experimental mean,Experimental SD,Experimental cases,Experimental N,Control mean,Control SD,"
    "Control cases,Control N,O-E,Variance,Weight,Mean,CI start,CI end,Footnotes"
)
SETTINGS = (
    "Analysis group,Analysis number,Analysis name,Analysis group name,Data type,Experimental group label,"
    "Control group label,Effect measure"
)


def row(study: str, counts: tuple[object, ...], number: str = "1", subgroup: str = "") -> str:
    e, ne, c, nc = counts
    return f'1,{number},Death,{subgroup},,"{study}",1980,,,,,{e},{ne},,,{c},{nc},,,,0.9,0.8,1.1,'


def package(
    folder: Path,
    rows: list[str],
    kinds: tuple[str, ...] = ("Dichotomous",),
    *,
    within: bool = False,
) -> Path:
    settings = [
        f"1,{i},Death,Aspirin,{kind},Aspirin,Placebo,Odds Ratio"
        for i, kind in enumerate(kinds, start=1)
    ]
    files = {
        "CD1-analysis-data/CD1-data-rows.csv": [ROWS, *rows],
        "CD1-analysis-data/CD1-overall-estimates-and-settings.csv": [SETTINGS, *settings],
        "CD1-analysis-data/CD1-subgroup-estimates.csv": ["Analysis group"],
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, lines in files.items():
            archive.writestr(name, "\ufeff" + "\n".join(lines) + "\n")
    if within:
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w") as archive:
            archive.writestr("CD1-files/CD1-data.zip", written.getvalue())
        written = outer
    file = folder / "CD1.zip"
    file.write_bytes(written.getvalue())
    return file


@pytest.mark.parametrize("within", [False, True])
def test_both_arms_of_each_study_are_read(tmp_path: Path, within: bool) -> None:  # noqa: FBT001
    rows = [row(study, counts) for study, counts in FLEISS.items()]
    table = bm.read_cochrane(package(tmp_path, rows, within=within))
    frame = table.frame
    assert frame["outcome"].unique().tolist() == ["1.1 Death"]
    pairs = frame.groupby("study", sort=False)[["events", "n"]].apply(lambda one: tuple(one.to_numpy().ravel()))  # fmt: skip
    assert pairs.to_dict() == FLEISS
    assert frame["arm"].tolist() == ["Aspirin", "Placebo"] * 7
    assert set(frame["derivation"]) == {"reported"}
    assert frame["locator"].iloc[2] == "CD1-data-rows.csv, line 3, experimental"
    assert table.findings == ()
    assert len(table.select()) == 14


def test_analyses_of_other_data_are_left_out_and_wanted_ones_named(tmp_path: Path) -> None:
    rows = [row("a", (1, 9, 2, 8)), row("a", (1, 9, 2, 8), "2"), row("a", (3, 9, 2, 8), "3")]
    file = package(tmp_path, rows, ("Dichotomous", "Continuous", "Dichotomous"))
    assert bm.read_cochrane(file).outcomes.index.tolist() == ["1.1 Death", "1.3 Death"]
    named = bm.read_cochrane(file, outcomes={"1.3 Death": "death"})
    assert named.frame[["outcome", "events"]].to_numpy().tolist() == [["death", 3], ["death", 2]]


def test_a_study_in_several_subgroups_has_an_arm_in_each(tmp_path: Path) -> None:
    rows = [
        row("a", (1, 9, 2, 8), subgroup="young"),
        row("a", (3, 9, 2, 8), subgroup="old"),
        row("a", (4, 9, 2, 8), subgroup="old"),
        row("b", (4, 9, 2, 8), subgroup="old"),
    ]
    table = bm.read_cochrane(package(tmp_path, rows))
    assert table.frame["arm"].tolist()[::2] == [
        "Aspirin, young", "Aspirin, old", "Aspirin, old, 2", "Aspirin",
    ]  # fmt: skip
    told = [one.text for one in table.findings if one.kind == "same patients"]
    assert any("1 study in several rows of one analysis" in text for text in told)


def test_counts_that_are_not_whole_are_left_out_and_told(tmp_path: Path) -> None:
    table = bm.read_cochrane(package(tmp_path, [row("a", (1, 9, 2.5, 8.5)), row("b", (2, 9, "3.0", 8))]))  # fmt: skip
    assert table.frame["events"].tolist() == [1, 2, 3]
    (found,) = (one for one in table.findings if one.kind == "count")
    assert "a (2.5 of 8.5, CD1-data-rows.csv, line 2, control)" in found.text


def test_what_is_told_is_of_the_outcomes_that_are_wanted(tmp_path: Path) -> None:
    rows = [row("a", (1, 9, 2.5, 8)), row("b", (1, 9, 2, 8)), row("b", (1, 9, 2, 8)), row("a", (1, 9, 2, 8), "2")]  # fmt: skip
    file = package(tmp_path, rows, ("Dichotomous", "Dichotomous"))
    assert {one.kind for one in bm.read_cochrane(file).findings} >= {"count", "same patients"}
    assert bm.read_cochrane(file, outcomes={"1.2 Death": "death"}).findings == ()
    with pytest.raises(bm.EvidenceError, match="no dichotomous outcome with counts"):
        bm.read_cochrane(package(tmp_path, [row("a", (1.5, 9, "", 8))]))
    with pytest.raises(bm.SettingsError, match="`outcomes` must map titles"):
        bm.read_cochrane(file, outcomes={})
