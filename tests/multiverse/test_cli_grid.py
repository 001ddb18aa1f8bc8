"""The command grid: exit codes, and that it survives being killed."""

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.cli import main
from bayesmeta.multiverse import running
from bayesmeta.multiverse.files import example_grid, parse_grid
from bayesmeta.runs import check_run

pytestmark = pytest.mark.stored

OK, DIAGNOSTICS_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3

GRID = """
schema = 1
seed = 2
outcomes = ["ORR", "CR"]
[settings]
chains = 4
warmup = 300
draws = 500
[inclusion.primary]
where = "venetoclax == 'yes'"
[inclusion.kept]
where = "venetoclax == 'yes'"
overlaps = "keep"
[study_effects.normal]
[study_effects.student]
distribution = "student_t"
[priors.default]
[priors.wide]
tau = "HalfNormal(2)"
"""
SHORT = """
schema = 1
seed = 2
outcomes = ["CR"]
[settings]
draws = 10
[inclusion.primary]
where = "venetoclax == 'yes'"
[priors.default]
[priors.wide]
tau = "HalfNormal(2)"
"""

Ended = tuple[int, str, str]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], Ended]:
    """Return a function that runs a command where grid.toml is, and returns how it ended."""
    (tmp_path / "grid.toml").write_text(GRID)
    (tmp_path / "short.toml").write_text(SHORT)
    monkeypatch.chdir(tmp_path)

    def run(line: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["bayesmeta", *shlex.split(line)])
        with pytest.raises(SystemExit) as left:
            main()
        printed, message = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, printed, message

    return run


@pytest.mark.slow
def test_the_example_is_a_grid_for_the_bundled_evidence(
    command: Callable[[str], Ended], table: bm.EvidenceTable
) -> None:
    code, printed, message = command("grid --example")
    assert (code, printed, message) == (OK, example_grid(), "")
    grid = parse_grid(printed)
    assert grid.size == 288
    rows = running.plan_rows(grid, table)
    assert all(row.fit is not None for row in rows)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("grid", "A grid file and --out FOLDER are needed"),
        ("grid grid.toml", "A grid file and --out FOLDER are needed"),
        ("grid none.toml --out new", "No file none.toml"),
        ("grid grid.toml --out new --evidence none.csv", "none.csv"),
        ("grid grid.toml --out new --workers 0", "--workers"),
        ("grid grid.toml --out new --seed -1", "`--seed` must be a whole number"),
        ("grid grid.toml --out new --dask nowhere", "`address` must be that of a Dask scheduler"),
        ("grid grid.toml --out grid.toml", "grid.toml"),
        ("grid grid.toml --out new --fail-on coverage", "diagnostics"),
    ],
)
def test_bad_input_leaves_nothing_behind(
    command: Callable[[str], Ended], tmp_path: Path, line: str, words: str
) -> None:
    code, printed, message = command(line)
    assert (code, printed) == (BAD_INPUT, "")
    assert words in message
    assert "Traceback" not in message
    left = {file.name for file in tmp_path.rglob("*")}
    assert left == {"grid.toml", "short.toml"}


@pytest.mark.slow
def test_exit_codes_follow_what_is_asked(command: Callable[[str], Ended]) -> None:
    code, printed, _ = command("grid short.toml --out short --workers 1")
    assert code == DIAGNOSTICS_FAILED
    assert printed.startswith("NOT RELIABLE: the diagnostics of 2 combinations failed")
    assert command("grid short.toml --out short --fail-on failures")[0] == OK
    code, printed, _ = command("grid short.toml --out short --json")
    assert code == DIAGNOSTICS_FAILED
    found = json.loads(printed)
    assert found["diagnostics_ok"] is False
    assert len(found["unreliable"]) == found["combinations"] == 2


def test_an_interrupted_run_says_how_to_go_on(
    command: Callable[[str], Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "fit_values", interrupted)
    code, printed, message = command("grid grid.toml --out run --workers 1")
    assert (code, printed) == (INTERRUPTED, "")
    assert "finished fits are kept in run" in message
    assert "resumes the run" in message


@pytest.mark.slow
def test_a_run_killed_with_one_worker_and_with_two_ends_with_the_bytes_of_one_undisturbed(
    command: Callable[[str], Ended], tmp_path: Path
) -> None:
    assert command("grid grid.toml --out whole --workers 1")[0] == OK
    first = killed(tmp_path / "killed", workers=1, after=3)
    assert 3 <= len(first) < 13
    second = killed(tmp_path / "killed", workers=2, after=len(first) + 2)
    assert len(first) + 2 <= len(second) < 16
    assert first.items() <= second.items()
    assert not (tmp_path / "killed" / "results.parquet").exists()

    assert command("grid grid.toml --out killed --workers 2")[0] == OK
    assert second.items() <= finished(tmp_path / "killed").items()
    assert check_run(tmp_path / "killed") == ()
    figures = [f"specification_curve_{outcome}.png" for outcome in ("ORR", "CR")]
    for name in ("results.parquet", "results.csv", *figures):
        whole, resumed = (tmp_path / folder / name for folder in ("whole", "killed"))
        assert whole.read_bytes() == resumed.read_bytes()


def killed(folder: Path, *, workers: int, after: int) -> dict[str, int]:
    """Kill a run when so many of its fits are done; return these."""
    arguments = ("grid", "grid.toml", "--out", folder, "--workers", str(workers))
    process = subprocess.Popen([sys.executable, "-m", "bayesmeta", *arguments])
    deadline = time.monotonic() + 120
    while len(finished(folder)) < after and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    return finished(folder)


def finished(folder: Path) -> dict[str, int]:
    """Return when the file of each fit that is done was last written."""
    return {file.name: file.stat().st_mtime_ns for file in (folder / "jobs").glob("[!.]*.json")}
