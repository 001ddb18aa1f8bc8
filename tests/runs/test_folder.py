"""The folder of a run: what is refused, what is kept, and what damage does."""

import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from run_works import TEXTS, jobs_of, log_lines, small_run, tables_in

import bayesmeta as bm
from bayesmeta.runs import Failed, Finished, check_run, describe_run, open_run, run_jobs
from bayesmeta.runs.files import check_folder_writable, file_names
from bayesmeta.runs.jobs import record_path

ARGUMENTS: dict[str, Any] = {"kind": "small", "identity": {"seed": 1, "model": {"tau": 0.5}}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("run")
    small_run(base / "run", base / "log")
    return base


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "copy")
    return tmp_path / "copy"


def states(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_it_holds_what_it_should(whole: Path) -> None:
    names = {path.relative_to(whole / "run").as_posix() for path in (whole / "run").rglob("*")}
    jobs = {name for name in names if name.startswith("jobs/")}
    assert len(jobs) == 4
    assert names - jobs == {
        *("manifest.json", "hashes.json", "times.json", "lock", "jobs", "table.csv", "failed.txt"),
        *("inputs", "inputs/model.toml", "inputs/evidence", "inputs/evidence/arms.csv"),
    }
    assert check_run(whole / "run") == ()


def test_it_says_where_it_comes_from(whole: Path) -> None:
    found = describe_run(whole / "run")
    assert (found.finished, len(found.failed), found.damaged, found.complete) == (3, 1, 0, True)
    assert found.failed[0].outcome == Failed(
        "SamplingError",
        "The sampler stopped. Seed 100 reproduces it.",
        found.failed[0].outcome.seconds,
    )
    assert found.manifest.identity == {"seed": 1}
    assert {"bayesmeta", "numpy", "nutpie", "python"} <= set(found.manifest.versions)
    assert {"platform", "processors", "python"} <= set(found.manifest.machine)
    assert 0 < found.work_seconds <= found.open_seconds


def test_a_finished_run_that_is_opened_again_is_not_touched(copy: Path) -> None:
    before = states(copy)
    small_run(copy / "run", copy / "log")
    assert states(copy) == before


def test_a_run_with_more_jobs_goes_on(copy: Path) -> None:
    small_run(copy / "run", copy / "log", range(4))
    assert check_run(copy / "run") == ()
    assert [len(log_lines(str(copy / "log"), number)) for number in range(4)] == [1, 1, 1, 1]


def test_values_are_the_same_from_the_folder_and_from_the_work(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path / "log", range(2))
    with open_run(tmp_path / "run", **ARGUMENTS) as run:
        first, again = run_jobs(jobs, folder=run), run_jobs(jobs, folder=run)
    assert repr(first) == repr(again)
    assert list(first) == ["job 0", "job 1"]


def test_another_run_is_refused_by_the_names_that_differ(copy: Path) -> None:
    before = states(copy)
    asked = {"kind": "large", "identity": {"seed": 2, "model": "robust"}, "texts": {"a.toml": ""}}
    with pytest.raises(bm.RunError, match="holds another run, and is not changed") as refused:
        open_run(copy / "run", **asked).__enter__()  # type: ignore[arg-type]
    for entry in (
        "inputs/a.toml",
        "kind (there small, here large)",
        'model (there none, here "robust")',
    ):
        assert entry in str(refused.value)
    assert "and 1 more" in str(refused.value)
    assert "Choose another folder" in str(refused.value)
    assert states(copy) == before


def test_a_nested_entry_and_a_version_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_run(tmp_path, **ARGUMENTS):
        pass
    with pytest.raises(bm.RunError, match=r"differ: model\.tau \(there 0\.5, here 1\)"):
        open_run(tmp_path, kind="small", identity={"seed": 1, "model": {"tau": 1}}).__enter__()
    monkeypatch.setattr("bayesmeta.runs.manifest.versions", lambda: {"numpy": "0.1"})
    with pytest.raises(bm.RunError, match=r"version of numpy \(there .*, here 0\.1\)"):
        open_run(tmp_path, **ARGUMENTS).__enter__()


def test_what_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(bm.RunError, match=r"is not a run \(it holds thesis\.docx.*not changed"):
        open_run(tmp_path, **ARGUMENTS).__enter__()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]
    with pytest.raises(bm.RunError, match="is not a folder"):
        open_run(tmp_path / "thesis.docx", **ARGUMENTS).__enter__()
    with pytest.raises(bm.RunError, match=r"thesis\.docx.* cannot be written"):
        open_run(tmp_path / "thesis.docx" / "run", **ARGUMENTS).__enter__()


def test_a_run_without_its_manifest_is_no_run(copy: Path) -> None:
    (copy / "run" / "manifest.json").unlink()
    with pytest.raises(bm.RunError, match=r"is not a run .* no manifest\.json"):
        small_run(copy / "run", copy / "log")
    with pytest.raises(bm.RunError, match=r"is not a run: it holds no manifest\.json"):
        check_run(copy / "run")


@pytest.mark.parametrize("path", [3, "a\0b", None])
def test_what_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(bm.RunError, match=r"must be a path|cannot be read"):
        open_run(path, **ARGUMENTS).__enter__()
    with pytest.raises(bm.RunError, match=r"must be a path|cannot be read|is not a run"):
        check_run(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content.replace(b'"square": 4', b'"square": 5'),
        lambda content: b"null",
        lambda content: b"[" * 100_000,
        lambda content: b"\xff" * 200,
    ],
    ids=["empty", "half", "last byte", "edited", "null", "deep", "no text"],
)
def test_a_damaged_job_is_seen_and_done_again(copy: Path, damage: Any) -> None:
    reference = tables_in(copy / "run")
    [job] = jobs_of(copy / "log", [2])
    path = record_path(copy / "run", job.key)
    path.write_bytes(damage(path.read_bytes()))
    assert check_run(copy / "run") == (f"jobs/{path.name} differs",)
    assert describe_run(copy / "run").damaged == 1
    small_run(copy / "run", copy / "log")
    assert [len(log_lines(str(copy / "log"), number)) for number in (0, 1, 2, 100)] == [1, 1, 2, 1]
    assert tables_in(copy / "run") == reference
    assert check_run(copy / "run") == ()


def test_the_file_of_another_job_is_not_taken(copy: Path) -> None:
    one, other = (record_path(copy / "run", job.key) for job in jobs_of(copy / "log", [1, 2]))
    shutil.copy(one, other)
    small_run(copy / "run", copy / "log")
    assert len(log_lines(str(copy / "log"), 2)) == 2


@pytest.mark.parametrize("name", ["table.csv", "inputs/model.toml", "times.json", "hashes.json"])
def test_other_damage_is_seen_and_mended(copy: Path, name: str) -> None:
    reference = tables_in(copy / "run")
    (copy / "run" / name).write_bytes(b"damaged")
    assert any(name in problem for problem in check_run(copy / "run"))
    small_run(copy / "run", copy / "log")
    assert check_run(copy / "run") == ()
    assert tables_in(copy / "run") == reference


@pytest.mark.parametrize("name", ["table.csv", "inputs/model.toml", "jobs"])
def test_what_is_missing_is_seen(copy: Path, name: str) -> None:
    path = copy / "run" / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert any(problem.endswith("is missing") for problem in check_run(copy / "run"))
    small_run(copy / "run", copy / "log")
    assert check_run(copy / "run") == ()


@pytest.mark.parametrize("content", [b"", b'{"sha256": "', b"{}", b"null"])
def test_a_damaged_manifest_is_an_error_with_a_remedy(copy: Path, content: bytes) -> None:
    (copy / "run" / "manifest.json").write_bytes(content)
    before = states(copy)
    with pytest.raises(bm.RunError, match=r"manifest\.json is damaged: .* choose another folder"):
        small_run(copy / "run", copy / "log")
    [problem] = check_run(copy / "run")
    assert "is damaged" in problem
    assert states(copy) == before


def test_another_format_is_told(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesmeta.runs.manifest.FORMAT", 2)
    with pytest.raises(bm.RunError, match="has format 1; this release reads format 2"):
        small_run(copy / "run", copy / "log")


def test_a_run_that_is_not_finished_is_told_so(tmp_path: Path) -> None:
    def stopped() -> None:
        with open_run(tmp_path / "run", **ARGUMENTS, texts={"a.toml": "x = 1"}) as folder:
            run_jobs(jobs_of(tmp_path / "log", [1]), folder=folder)
            raise ZeroDivisionError("stopped")

    with pytest.raises(ZeroDivisionError, match="stopped"):
        stopped()
    assert not describe_run(tmp_path / "run").complete
    assert check_run(tmp_path / "run") == ("hashes.json is missing: the run was not finished",)
    (tmp_path / "run" / "inputs" / "a.toml").write_text("x = 2")
    next((tmp_path / "run" / "jobs").iterdir()).write_text("")
    assert len(check_run(tmp_path / "run")) == 3


def test_a_finished_run_that_is_changed_and_stopped_is_not_finished(copy: Path) -> None:
    def stopped() -> None:
        with open_run(copy / "run", kind="small", identity={"seed": 1}, texts=TEXTS) as folder:
            folder.write("table.csv", b"half of the new rows")
            raise ZeroDivisionError("stopped")

    with pytest.raises(ZeroDivisionError, match="stopped"):
        stopped()
    assert check_run(copy / "run") == ("hashes.json is missing: the run was not finished",)


def test_what_a_killed_run_was_writing_is_removed(copy: Path) -> None:
    places = ("", "jobs/", "inputs/", "inputs/evidence/")
    left = [copy / "run" / f"{place}.old.csv.partial" for place in places]
    for path in left:
        path.write_text("half")
    assert check_run(copy / "run") == ()
    small_run(copy / "run", copy / "log")
    assert not any(path.exists() for path in left)


def test_hidden_files_and_those_of_others_are_no_damage(copy: Path) -> None:
    for name in (".DS_Store", "notes.txt", "inputs/.hidden"):
        (copy / "run" / name).write_text("mine")
    assert check_run(copy / "run") == ()
    small_run(copy / "run", copy / "log")
    assert (copy / "run" / "notes.txt").read_text() == "mine"
    assert check_run(copy / "run") == ()


@pytest.mark.parametrize(
    "name", ["", "a/b", "../a", "/a", ".a", "manifest.json", "JOBS", "a\\b", "a\n"]
)
def test_tables_stay_inside_the_folder(tmp_path: Path, name: str) -> None:
    with (
        open_run(tmp_path, **ARGUMENTS) as run,
        pytest.raises(bm.SettingsError, match="`name` must be the plain name of a file"),
    ):
        run.write(name, b"")


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["regimen", "robust-2.1+x"], ["regimen", "robust-2.1+x"]),
        (["my model", "my/model"], ["my_model", "my_model_2"]),
        (["my model", "my_model"], ["my_model_2", "my_model"]),
        (["Pooled", "pooled"], ["Pooled", "pooled_2"]),
        (["", "..", ".hidden", "Müller"], ["_", "_..", "_.hidden", "M_ller"]),
        (["x" * 300], ["x" * 100]),
    ],
)
def test_names_of_files_are_plain_and_differ(
    tmp_path: Path, names: list[str], files: list[str]
) -> None:
    assert file_names(names) == file_names(names[::-1]) == dict(zip(names, files, strict=True))
    with open_run(tmp_path / "run", **ARGUMENTS, texts=dict.fromkeys(files, "")):
        pass


@pytest.mark.parametrize("name", ["", "/a", "../a", "a/../b", "a//b", ".a", "a\\b"])
def test_so_do_texts(tmp_path: Path, name: str) -> None:
    with pytest.raises(bm.SettingsError, match="`texts` must be named by plain names"):
        open_run(tmp_path / "run", **ARGUMENTS, texts={name: ""}).__enter__()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": ""}, "`kind` must be text"),
        ({"identity": {"a": object()}}, "`identity` must be what JSON can hold"),
        ({"identity": {"a": float("nan")}}, "`identity` must be what JSON can hold"),
    ],
)
def test_arguments_are_checked(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(bm.SettingsError, match=words):
        open_run(tmp_path / "run", **(ARGUMENTS | changes)).__enter__()
    assert not (tmp_path / "run").exists()


def test_identity_may_be_given_in_any_order(tmp_path: Path) -> None:
    with open_run(tmp_path, **ARGUMENTS):
        pass
    with open_run(tmp_path, kind="small", identity={"model": {"tau": 0.5}, "seed": 1}):
        pass


def test_an_outcome_that_is_kept_is_read(tmp_path: Path) -> None:
    [one, other] = jobs_of(tmp_path / "log", [1, 2])
    with open_run(tmp_path / "run", **ARGUMENTS) as run:
        run.keep(one, Finished({"a": [1, None, "\ud800"]}, 0.5))
        assert run.outcome(one) == Finished({"a": [1, None, "\ud800"]}, 0.5)
        assert run.outcome(other) is None


def test_files_are_json_for_others(whole: Path) -> None:
    for path in (whole / "run").rglob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        assert set(content) == {"sha256", "content"}
        assert re.fullmatch("[0-9a-f]{64}", content["sha256"])
    assert os.access(whole / "run" / "table.csv", os.R_OK)


def test_runs_that_begin_at_once_try_the_same_folder(tmp_path: Path) -> None:
    """With one name for what is tried, they removed each other's file: "No such file or directory"."""

    def tries(name: str) -> None:
        for _ in range(300):
            check_folder_writable(tmp_path / name, remedy="Choose another folder")

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tries, "abcd")) == [None] * 4
    assert list(tmp_path.iterdir()) == []
