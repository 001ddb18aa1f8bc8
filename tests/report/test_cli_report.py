"""The command report, run as a person runs it."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from report_reading import run

import bayesmeta as bm
from bayesmeta.report.document import Document
from bayesmeta.report.options import Options
from bayesmeta.report.writing import document_of

pytestmark = pytest.mark.stored

QUICK = bm.SamplerSettings(chains=2, warmup=120, draws=100)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fit whose draws are too few, of few studies, so that it is soon reported."""
    folder = tmp_path_factory.mktemp("saved") / "run"
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    bm.fit(bm.load_model("common_effect"), arms, seed=1, settings=QUICK).save(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "run"))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.slow
def test_the_report_stands_in_the_run_and_is_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = names(folder)
    assert run("report", folder, "--quick", "--format", "json") == 1
    printed = capsys.readouterr().out
    assert printed.startswith("NOT RELIABLE: ")
    assert printed.splitlines()[-1] == f"Written to {folder / 'report.json'}."
    first = (folder / "report.json").read_bytes()
    assert json.loads(first)["warning"].startswith("NOT RELIABLE")
    (folder / "report.json").write_text("old")
    assert run("report", folder, "--quick", "--format", "json", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["report"] == str(folder / "report.json")
    assert told["warning"].startswith("NOT RELIABLE")
    assert (folder / "report.json").read_bytes() == first
    assert names(folder) == before | {"report.json"}


@pytest.mark.slow
def test_a_file_is_replaced_only_by_force(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text("mine")
    command = ("report", folder, "--quick", "--format", "json", "--out", mine)
    assert run(*command) == 2
    assert "exists. Choose another file, or replace it with --force." in capsys.readouterr().err
    assert mine.read_text() == "mine"
    assert run(*command, "--force") == 1
    assert json.loads(mine.read_text())["title"].startswith("CR: model 'common_effect'")
    assert "report.json" not in names(folder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "nowhere/report.html"), "There is no folder"),
        (("--n", "0"), "`--n` must"),
        (("--out", "nowhere/report.html", "--force"), "There is no folder"),
        (("--out", ".", "--format", "html"), "is a folder. Choose a file."),
        (("--title", " \n "), "`--title` must be text in one line"),
        (("--ci", "1.5"), "`--ci` must lie"),
        (("--rate-above", "40"), "`--rate-above` must"),
        (("--profile", "regimen_class=ven_hma"), "regimen_class"),
    ],
)
def test_what_can_not_be_done_is_refused_and_leaves_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    before = names(folder)
    assert run("report", folder, "--quick", *arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert message in said
    assert names(folder) == before


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder nobody can write")
def test_a_file_that_can_not_be_written_is_told_before_the_run_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", tmp_path / "no_run", "--out", "/proc/self/report.html") == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.slow
def test_the_author_says_title_author_protocol_and_date(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = document_of(folder, options=Options(refits=False))
    monkeypatch.setattr("bayesmeta.report.writing.document_of", lambda *_: document)
    said = {"title": "A <title>", "author": "A. Author", "protocol": "CRD42", "date": "2026-01-31"}
    pages = [
        bm.write_report(folder, out=tmp_path / f"{i}.md", refits=False, **said).path.read_text()
        for i in range(2)
    ]
    assert pages[0] == pages[1]
    head = pages[0].partition("## Summary")[0]
    assert head.startswith("# A \\<title\\>\n")
    for line in ("Author: A. Author", "Protocol: CRD42", "Date: 2026\\-01\\-31"):
        assert f"\n{line}\n" in head
    assert "Analysis: CR: model 'common" in head


@pytest.mark.parametrize(
    ("made", "message"),
    [("missing", "There is no folder"), ("empty", "holds no"), ("file", "There is no folder")],
)
def test_what_is_no_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], made: str, message: str
) -> None:
    if made == "empty":
        (tmp_path / made).mkdir()
    if made == "file":
        (tmp_path / made).write_text("")
    before = names(tmp_path)
    assert run("report", tmp_path / made) == 2
    assert message in capsys.readouterr().err
    assert names(tmp_path) == before


def test_a_fit_replaces_a_run_with_its_report(folder: Path) -> None:
    (folder / "report.html").write_text("")
    command = ("fit", "common_effect", "--outcome", "CR", "--where", "venetoclax == 'yes'")
    small = ("--seed", "1", "--chains", "2", "--warmup", "120", "--draws", "100")
    assert run(*command, *small, "--out", folder, "--force") in (0, 1)
    assert "report.html" not in names(folder)


def test_a_folder_that_can_not_be_written_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = names(folder)
    nothing = Document("Title", "", (), "made")
    monkeypatch.setattr("bayesmeta.report.writing.document_of", lambda *_: nothing)
    monkeypatch.setattr("bayesmeta.runs.files.os.fsync", full)
    assert run("report", folder, "--format", "json") == 2
    assert "No space left on device. Choose another file." in capsys.readouterr().err
    assert names(folder) == before


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["compare", "grid"])
@pytest.mark.parametrize(
    "option",
    [("--n", "20"), ("--ci", "0.9"), ("--quick",), ("--rate-above", "0.3"), ("--profile", "a=b")],
)  # fmt: skip
def test_options_without_effect_on_many_fits_are_refused(
    runs: dict[str, Path], capsys: pytest.CaptureFixture[str], kind: str, option: tuple[str, ...]
) -> None:
    before = names(runs[kind])
    assert run("report", runs[kind], *option) == 2
    assert f"`{option[0]}` has no effect on the report of a " in capsys.readouterr().err
    assert names(runs[kind]) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "options"), [("compare", ()), ("grid", ()), ("nested", ("--quick",)), ("few", ())]
)
def test_other_runs_are_reported_and_stay_whole(
    runs: dict[str, Path],
    saved: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    options: tuple[str, ...],
) -> None:
    """The whole report of a fit, refits included, is that of few draws: its bytes are the matter."""
    folder = Path(shutil.copytree(saved if kind == "few" else runs[kind], tmp_path / kind))
    command = ("report", folder, *options, "--format", "json")
    assert run(*command, "--json") in (0, 1)
    told = json.loads(capsys.readouterr().out)
    first = (folder / "report.json").read_bytes()
    # A report in the folder is no damage to the run.
    assert run(*command) == (1 if told["warning"] else 0)
    assert (folder / "report.json").read_bytes() == first


@pytest.mark.slow
def test_an_unfinished_comparison_is_refused(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(runs["compare"], tmp_path / "half"))
    (folder / "comparison.csv").unlink()
    assert run("report", folder) == 2
    assert "is not finished, or changed since it was written" in capsys.readouterr().err
    assert "report.html" not in names(folder)


@pytest.mark.slow
def test_the_suffix_of_a_file_says_its_format(runs: dict[str, Path], tmp_path: Path) -> None:
    written = bm.write_report(runs["grid"], out=tmp_path / "mine.json")
    assert json.loads(written.path.read_text(encoding="utf-8"))["title"] == written.title
    plain = bm.write_report(runs["grid"], out=tmp_path / "mine")
    assert plain.path.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"out": "mine.foo"}, "The suffix of `out` must be one of html, md, json, docx, xlsx; got 'foo'"),
        ({"out": "mine.docx", "form": "html"}, "`form` is html, but the file mine.docx is called .docx"),
        ({"form": "pdf"}, "`form` must be one of html, md, json, docx, xlsx; got 'pdf'"),
    ],
)  # fmt: skip
def test_a_file_that_is_called_otherwise_is_refused(
    arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(bm.SettingsError, match=re.escape(message)):
        bm.write_report("runs/none", **arguments)  # type: ignore[arg-type]


def test_arguments_of_another_kind_are_refused(saved: Path) -> None:
    write: Any = bm.write_report
    with pytest.raises(
        bm.SettingsError, match=r"got Fit\. Save it first, fit\.save\(folder\), and"
    ):
        write(bm.load_fit(saved))
    with pytest.raises(bm.SettingsError, match="`run` must be a path; got 3"):
        write(3)
    with pytest.raises(bm.SettingsError, match="`out` must be a path; got 3"):
        write(saved, out=3)
    for form in (["html"], "htm"):
        with pytest.raises(
            bm.SettingsError, match="`form` must be one of html, md, json, docx, xlsx; got"
        ):
            write(saved, form=form)
