"""The record of a self-check: what it says of what passed, failed or could not be shown."""

import hashlib
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bayesmeta import selfcheck
from bayesmeta.cli import app
from bayesmeta.report.document import Document, Table
from bayesmeta.report.qualification import is_complete, qualification_document
from bayesmeta.report.rendering import FORMATS
from bayesmeta.selfcheck import SelfCheck, environment, this_environment
from bayesmeta.selfcheck.checks import Check, Finding, Task, same, within
from bayesmeta.selfcheck.installation import FILES

WHEN = "2026-01-02 03:04:05 UTC"


def checked(*, ok: bool = True, editable: bool = False) -> SelfCheck:
    """Return a self-check of one requirement of the installation, one of files, and one of operation."""
    versions = (same("numpy", "2.1", "2.1"),)
    files = (same("bayesmeta/__init__.py", "ab" * 32, "ab" * 32),)
    numbers = (
        within("mu, mean", 1.31791271, 1.31791274 if ok else 1.4, 1e-4),
        within("elpd", 0.0, 0.0, 0.0),
    )
    checks = (
        Check("installation", "versions", "Versions hold.", True, "1 version", versions, 0.1),
        Check(FILES.group, FILES.name, FILES.requirement, True, "1 file", files, 0.1),
        Check("references", "posterior", "It is <R's>.", ok, "error\n1 of 2", numbers, 0.1),
        Check("references", "stopped", "It ends.", True, "as it should be", (), 0.1),
    )
    return SelfCheck(replace(this_environment(), editable=editable), checks, 12.4)


def record(*, ok: bool = True, editable: bool = False) -> Document:
    return qualification_document(checked(ok=ok, editable=editable), performed=WHEN)


def tables(document: Document) -> dict[str, Table]:
    blocks = (block for section in document.sections for block in section.blocks)
    return {block.caption: block for block in blocks if isinstance(block, Table)}


def test_every_requirement_is_numbered_with_its_test_and_result() -> None:
    found = [
        block
        for section in record().sections
        for block in section.blocks
        if isinstance(block, Table) and block.caption == "Requirements"
    ]
    rows = [row for table in found for row in table.rows]
    assert rows == [
        ["IQ-1", "Versions hold.", "versions", "1 version", "passed"],
        ["IQ-2", FILES.requirement, FILES.name, "1 file", "passed"],
        ["OQ-1", "It is <R's>.", "posterior", "error 1 of 2", "passed"],
        ["OQ-2", "It ends.", "stopped", "as it should be", "passed"],
    ]


def test_values_stand_beside_what_was_expected() -> None:
    found = tables(record())
    assert found["IQ-1: versions"].rows == [["numpy", "2.1", "2.1", "passed"]]
    assert found["OQ-1: posterior"].rows == [
        ["mu, mean", "1.31791", "1.31791", "3.0e-08", "1.0e-04", "passed"],
        ["elpd", "0.000000", "0.000000", "0.0e+00", "0.0e+00", "passed"],
    ]
    assert found[f"IQ-2: {FILES.name}"].rows == [["bayesmeta/__init__.py", "ab" * 32, "yes"]]
    assert not [caption for caption in found if caption.startswith("OQ-2")]
    assert "numpy" in [row[0] for row in found["Packages"].rows]


def test_a_record_passes() -> None:
    found = record()
    assert found.warning == ""
    assert found.verdict == "PASSED: all 4 requirements are met."
    assert dict(found.facts) == {"Date": WHEN}
    assert is_complete(checked())


def test_a_failure_stands_at_the_top_and_with_its_value() -> None:
    found = record(ok=False, editable=True)
    assert found.warning == (
        "FAILED: 1 of 4 requirements not met (OQ-1). Do not use numbers from this installation until "
        "this is explained."
    )
    assert tables(found)["OQ-1: posterior"].rows[0][-1] == "FAILED"
    assert tables(found)["Requirements by result"].rows[1] == ["Operation (OQ)", "2", "1", "1"]
    html = FORMATS["html"](found).decode()
    assert html.index('role="alert">FAILED: 1 of 4') < html.index("<h2>Summary</h2>")
    assert "It is &lt;R&#39;s&gt;." in html
    assert not is_complete(checked(ok=False))


def test_nothing_tested_is_a_failure() -> None:
    nothing = SelfCheck(replace(this_environment(), editable=False), (), 0.0)
    found = qualification_document(nothing, performed=WHEN)
    assert found.warning.startswith("FAILED: 0 of 0 requirements")


def test_an_editable_installation_is_never_complete() -> None:
    found = record(editable=True)
    assert found.warning.startswith("NOT COMPLETE: the installation is editable. ")
    assert not is_complete(checked(editable=True))


def test_there_are_lines_to_sign() -> None:
    found = tables(record())["Signatures"]
    assert found.columns == ["", "name", "signature", "date"]
    assert [row[0] for row in found.rows] == ["Performed by", "Reviewed by", "Approved by"]
    assert {cell for row in found.rows for cell in row[1:]} == {"_" * 24}
    blank = tables(record())["Deviations, to be filled in; none if left blank"]
    assert blank.columns == ["requirement", "deviation", "explanation"]
    assert {cell for row in blank.rows for cell in row} == {"_" * 24}


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(["selfcheck", *map(str, arguments)])
    return int(left.value.code)


def only(monkeypatch: pytest.MonkeyPatch, *, ok: bool = True, editable: bool = False) -> None:
    """Let the command do one check, on an installation that is editable or not."""
    task = Task("references", "one", lambda _: Finding(ok, "seen"), "It holds.")
    monkeypatch.setattr(selfcheck, "run_selfcheck", partial(selfcheck.run_selfcheck, [task]))
    monkeypatch.setattr(environment, "is_editable", lambda _: editable)


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_html_and_word_are_written_whole(
    *,
    ok: bool,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    only(monkeypatch, ok=ok)
    folder = tmp_path / "new" / "iq"
    assert run("--report", folder) == code
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "iq",
        "new",
        "record.docx",
        "record.html",
    ]
    printed = capsys.readouterr().out
    html = (folder / "record.html").read_bytes()
    assert f"  record.html  SHA-256 {hashlib.sha256(html).hexdigest()}\n" in printed
    assert ("FAILED: 1 of 1 requirement not met (OQ-1)" in printed) is not ok
    assert (b'role="alert">FAILED' in html) is not ok
    assert (folder / "record.docx").read_bytes().startswith(b"PK")


def test_without_pandoc_the_html_is_written_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch)
    monkeypatch.setenv("PATH", "")
    assert run("--report", tmp_path / "iq") == 0
    assert [path.name for path in (tmp_path / "iq").iterdir()] == ["record.html"]
    assert "No Word file was made: that needs pandoc" in capsys.readouterr().out


def test_of_an_editable_installation_it_is_not_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, editable=True)
    monkeypatch.setenv("PATH", "")
    assert run("--report", tmp_path / "iq", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert told["record"]["warning"].startswith("NOT COMPLETE")
    assert list(told["record"]["files"]) == ["record.html"]


def test_an_existing_folder_is_replaced_only_if_told_and_only_if_it_is_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(folder: Path, *options: str) -> str:
        assert run("--report", folder, *options) == 2
        return capsys.readouterr().err

    only(monkeypatch)
    monkeypatch.setenv("PATH", "")
    folder = tmp_path / "iq"
    folder.mkdir()
    (folder / "record.docx").write_text("old")
    assert "is not a record (it holds no record.html)" in refused(folder, "--force")
    (folder / "record.html").write_text("old")
    assert "exists. Choose another folder, or replace it with --force." in refused(folder)
    assert (folder / "record.html").read_text() == "old"
    assert run("--report", folder, "--force") == 0
    # A Word file of another time is not left beside the new HTML.
    assert [path.name for path in folder.iterdir()] == ["record.html"]
    (folder / "mine.csv").touch()
    capsys.readouterr()
    assert "would be lost: mine.csv. Move them first." in refused(folder, "--force")
    assert "is not a record" in refused(folder / "mine.csv", "--force")
    assert "is not a folder" in refused(folder / "mine.csv" / "iq")


def test_a_folder_may_be_named_by_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch)
    monkeypatch.setenv("PATH", "")
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert run("--report", "~/iq") == 0
    html = (tmp_path / "iq" / "record.html").read_bytes()
    assert hashlib.sha256(html).hexdigest() in capsys.readouterr().out


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> bytes:
        raise KeyboardInterrupt("pressed")

    only(monkeypatch)
    monkeypatch.setitem(FORMATS, "html", interrupted)
    assert run("--report", tmp_path / "iq") == 3
    assert list(tmp_path.iterdir()) == []
