"""Running: the same whatever the workers, and nothing that is finished is done again."""

import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.calibration import read_results, running

ARGUMENTS = {
    "parts": ("distribution-normal", "distribution-common"),
    "short": True,
    "sets": 60,
    "seed": 3,
}


def no_work(*_: object, **__: object) -> None:
    raise AssertionError("a finished case was begun")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("calibration")
    bm.calibrate(out, **ARGUMENTS)
    return out


@pytest.mark.slow
@pytest.mark.stored
def test_workers_change_nothing(folder: Path, tmp_path: Path) -> None:
    bm.calibrate(tmp_path, workers=2, **ARGUMENTS)
    for one, other in zip(read_results(folder), read_results(tmp_path), strict=True):
        assert one.name == other.name
        assert one.tally == other.tally
        assert one.identity == other.identity


@pytest.mark.slow
@pytest.mark.stored
def test_what_is_finished_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_begin", no_work)
    again = bm.calibrate(folder, **ARGUMENTS)
    assert again.results == read_results(folder)[::-1]
    with pytest.raises(AssertionError, match="begun"):
        bm.calibrate(folder, **(ARGUMENTS | {"seed": 4}))


@pytest.mark.slow
@pytest.mark.stored
def test_a_case_does_not_depend_on_the_others(folder: Path, tmp_path: Path) -> None:
    alone = bm.calibrate(tmp_path, **(ARGUMENTS | {"parts": ["distribution-common"]}))
    [stored] = [each for each in read_results(folder) if each.part == "distribution-common"]
    assert alone.results[0].tally == stored.tally


@pytest.mark.slow
@pytest.mark.stored
def test_a_worker_that_dies_is_told_with_the_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = running._begin

    def begin_and_kill_one(*arguments: object, **options: object) -> object:
        begun = begin(*arguments, **options)  # type: ignore[arg-type]
        for child in multiprocessing.active_children()[:1]:
            child.kill()
        return begun

    monkeypatch.setattr(running, "_begin", begin_and_kill_one)
    with pytest.raises(bm.SamplingError, match=r"A worker process died .*; seed 3 reproduces it"):
        bm.calibrate(tmp_path, workers=2, **ARGUMENTS)


@pytest.mark.slow
@pytest.mark.stored
def test_a_killed_run_is_taken_up(folder: Path, tmp_path: Path) -> None:
    code = f"import bayesmeta as bm; bm.calibrate({str(tmp_path)!r}, **{ARGUMENTS!r})"
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    finished = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}
    assert finished
    bm.calibrate(tmp_path, **ARGUMENTS)
    assert all(path.stat().st_mtime_ns == before for path, before in finished.items())
    assert [each.tally for each in read_results(tmp_path)] == [
        each.tally for each in read_results(folder)
    ]


@pytest.mark.slow
@pytest.mark.stored
def test_a_short_calibration_passes(tmp_path: Path) -> None:
    found = bm.calibrate(tmp_path, short=True, seed=1, workers=2)
    assert found.ok, found.ranks.query("not ok")
    assert {"distribution-normal", "nested-correlated", "nested-independent"} <= set(
        found.ranks["part"]
    )


def test_a_damaged_result_is_named(tmp_path: Path) -> None:
    (tmp_path / "distribution-normal-3-none.json").write_text('{"format": 1, "name"')
    with pytest.raises(bm.RunError, match=r"distribution-normal-3-none\.json is not a result"):
        bm.calibrate(tmp_path, **ARGUMENTS)


def test_arguments_out_of_range_are_refused(tmp_path: Path) -> None:
    for name, value in (("sets", 3), ("seed", -1), ("workers", 0), ("sets", 20.5)):
        with pytest.raises(bm.SettingsError, match=f"`{name}` must be a whole number"):
            bm.calibrate(tmp_path, **(ARGUMENTS | {name: value}))
    with pytest.raises(bm.RunError, match="There is no folder"):
        read_results(tmp_path / "none")
