"""The killed run of the self-check: every way in which it fails.

That it passes is shown by the whole self-check.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from run_works import small_run

from bayesmeta.selfcheck import interruption
from bayesmeta.selfcheck.interruption import check_kill, jobs_in, killed, problem_of


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Return a run and another that ended the same."""
    for name in ("stopped", "whole"):
        small_run(tmp_path / name, tmp_path / "log")
    return tmp_path / "stopped", tmp_path / "whole"


def test_a_run_that_ended_the_same_has_no_problem(runs: tuple[Path, Path]) -> None:
    assert problem_of(*runs, jobs_in(runs[0])) == ""


def test_a_table_that_differs_is_a_problem(runs: tuple[Path, Path]) -> None:
    table = runs[0] / "table.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    assert "tables differ from those of an undisturbed run: table.csv" in problem_of(*runs, {})


def test_a_table_too_many_is_a_problem(runs: tuple[Path, Path]) -> None:
    (runs[0] / "other.csv").touch()
    assert "tables differ" in problem_of(*runs, {})


def test_no_tables_at_all_are_a_problem(runs: tuple[Path, Path]) -> None:
    for folder in runs:
        (folder / "table.csv").unlink()
    assert "tables differ" in problem_of(*runs, {})


def test_a_fit_done_again_is_a_problem(runs: tuple[Path, Path]) -> None:
    kept = jobs_in(runs[0])
    first = runs[0] / "jobs" / next(iter(kept))
    first.write_bytes(first.read_bytes())  # the same bytes, at another time
    assert problem_of(*runs, kept) == f"fits were done again or lost: {first.name}"


def test_a_fit_that_is_not_done_is_a_problem(runs: tuple[Path, Path]) -> None:
    jobs = jobs_in(runs[0])
    (runs[0] / "jobs" / next(iter(jobs))).unlink()
    assert problem_of(*runs, {}) == f"{len(jobs) - 1} fits are kept rather than {len(jobs)}"


def test_damage_is_a_problem(runs: tuple[Path, Path]) -> None:
    (runs[0] / "manifest.json").write_text("{")
    assert "files have changed since they were written" in problem_of(*runs, {})


def stand_in(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let another program do the run."""

    def begun(folder: Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", program, str(folder)]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    monkeypatch.setattr(interruption, "begun", begun)


KEEPS = """
import sys, time
from pathlib import Path
jobs = Path(sys.argv[1]) / "jobs"
jobs.mkdir(parents=True)
for k in range({fits}):
    (jobs / f"{{k}}.json").touch()
time.sleep({seconds})
"""


def test_it_is_killed_when_some_fits_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, KEEPS.format(fits=interruption.ENOUGH, seconds=60))
    assert killed(tmp_path / "run", 5)


def test_a_run_that_ended_was_not_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, KEEPS.format(fits=2, seconds=0))
    assert not killed(tmp_path / "run", 2)


def test_a_run_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "raise SystemExit('no disk')")
    with pytest.raises(RuntimeError, match="the run failed by itself: no disk"):
        killed(tmp_path / "run", 5)


def test_a_run_that_keeps_nothing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(interruption, "PATIENCE", 0.2)
    with pytest.raises(TimeoutError, match="kept fewer than 3 fits"):
        killed(tmp_path / "run", 5)


def test_runs_that_always_end_too_soon_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interruption, "small_comparison", lambda _: None)
    monkeypatch.setattr(interruption, "killed", lambda *_: False)
    found = check_kill(tmp_path)
    assert not found.ok
    assert found.detail == "none of 3 runs could be killed before its end"
