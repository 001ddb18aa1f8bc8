"""The commands compare and validate, run as a person runs them."""

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bayesmeta.cli import app

pytestmark = pytest.mark.stored

MODELS = Path(__file__).parents[1] / "models"
SMALL = ["--outcome", "CR", "--where", "venetoclax == 'yes'", "--draws", "300"]


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bayesmeta", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Return the folder and the JSON of an undisturbed comparison."""
    where = tmp_path_factory.mktemp("compared")
    done = run(
        "compare", "pooled", MODELS / "common_effect.toml", *SMALL, "--out", "run", "--json",
        "--workers", "2", cwd=where,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return where / "run", json.loads(done.stdout)


@pytest.mark.slow
def test_a_comparison_is_printed_kept_and_not_done_again(
    compared: tuple[Path, dict[str, Any]],
) -> None:
    folder, content = compared
    assert [row["model"] for row in content["models"]] == ["pooled", "common_effect"]
    assert content["gates"] == []
    with (folder / "comparison.csv").open(encoding="utf-8") as file:
        assert [row["model"] for row in csv.DictReader(file)] == ["pooled", "common_effect"]
    jobs = times_of(folder / "jobs")
    assert len(jobs) == 2 * 15
    again = run(
        "compare", "pooled", "common_effect", *SMALL, "--out", folder, "--workers", "1",
        cwd=folder.parent,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Evidence   CR in rr_aml_venetoclax: 14 arms of 14 studies")
    assert "Models by what each predicts" in again.stdout
    assert "Influence of single studies: the typical rate by pooled" in again.stdout
    assert {"comparison.png", "leave_one_out.png"} <= {path.name for path in folder.iterdir()}
    assert "A new cohort of 40 (all studies), by " in again.stdout
    assert jobs == times_of(folder / "jobs")
    checked = run("run", folder, "--check", cwd=folder.parent)
    assert checked.returncode == 0
    assert "No file has changed since it was written." in checked.stdout


@pytest.mark.slow
def test_models_are_weighted_by_the_method_asked_for(
    compared: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """Of fits that are there, since another method needs no new ones."""
    folder, default = compared
    shutil.copytree(folder, tmp_path / "run")
    jobs = times_of(tmp_path / "run" / "jobs")
    found = {}
    for method in ("stacking", "pseudo_bma_plus"):
        done = run(
            "compare", "pooled", "common_effect", *SMALL, "--out", "run", "--workers", "1",
            "--weights", method, "--json", cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found[method] = json.loads(done.stdout)
        assert found[method]["weighted_by"] == method
        for row in found[method]["models"]:
            assert 0 <= row["weight_lower"] <= row["weight_upper"] <= 1
    assert default["models"] == found["pseudo_bma_plus"]["models"]
    first, second = (one["models"][0]["weight"] for one in found.values())
    assert abs(first - second) > 0.01
    assert times_of(tmp_path / "run" / "jobs") == jobs


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_comparison_that_is_interrupted_and_killed_ends_with_the_same_bytes(
    compared: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, _ = compared
    returned, told = stopped(tmp_path, signal.SIGINT, after=2)
    assert returned == 3
    assert "finished fits are kept in run. The same command resumes the run." in told
    assert "Traceback" not in told
    interrupted = contents(tmp_path / "run" / "jobs")
    assert 2 <= len(interrupted) < 28
    stopped(tmp_path, signal.SIGKILL, after=len(interrupted) + 2)
    killed = contents(tmp_path / "run" / "jobs")
    assert len(interrupted) + 2 <= len(killed) < 30
    assert interrupted.items() <= killed.items()
    resumed = subprocess.run(COMMAND, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert resumed.returncode == 0, resumed.stderr
    assert killed.items() <= contents(tmp_path / "run" / "jobs").items()
    for table in sorted(folder.glob("*.csv")):
        assert (tmp_path / "run" / table.name).read_bytes() == table.read_bytes(), table.name


COMMAND = [
    *(sys.executable, "-m", "bayesmeta", "compare", "pooled", "common_effect", *SMALL),
    *("--out", "run", "--workers", "2"),
]


def stopped(where: Path, by: signal.Signals, *, after: int) -> tuple[int, str]:
    """Stop the command by a signal when so many fits are done; return its exit code and errors."""
    # Behind this process, which has to see the first fits before the last ones are done.
    process = subprocess.Popen(
        ["nice", *COMMAND],
        cwd=where,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    jobs = where / "run" / "jobs"
    while not jobs.is_dir() or len(list(jobs.glob("*.json"))) < after:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(by)
    _, told = process.communicate(timeout=60)
    return process.returncode, told


def contents(jobs: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in jobs.glob("*.json")}


def times_of(jobs: Path) -> dict[str, int]:
    """Return when each file was last written."""
    return {path.name: path.stat().st_mtime_ns for path in jobs.iterdir()}


@pytest.mark.slow
def test_later_cohorts_are_predicted(tmp_path: Path) -> None:
    arguments = [
        "validate", MODELS / "pooled.toml", "--outcome", "ORR", "--where", "venetoclax == 'yes'",
        "--train", "source == '001'", "--test", "source in ['000','003']",
    ]  # fmt: skip
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "made from 20 arms of 20 studies, predicts 8 arms of 7 studies" in done.stdout
    assert "6 of 8 inside 95%" in done.stdout
    gated = run(*arguments, "--json", "--fail-on", "coverage", cwd=tmp_path)
    content = json.loads(gated.stdout)
    assert [row["inside_95"] for row in content["arms"]].count(False) == 2
    # Two of eight outside happens by chance in 6 of 100 cases: the gate holds.
    assert (gated.returncode, content["gates"]) == (0, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["compare", "nomodel", "--outcome", "CR", "--out", "run"],
            "no bundled model 'nomodel'",
        ),
        (["compare", ".", "--outcome", "CR", "--out", "run"], "holds no model file"),
        (["compare", "pooled", "pooled", "--outcome", "CR", "--out", "run"], "pooled occurs again"),
        (["compare", "pooled", "--out", "run"], "Name one by `--outcome`"),
        (["compare", "pooled", *SMALL, "--out", "run", "--profile", "age=3"], "is not a covariate"),
        (["compare", "arms", *SMALL, "--out", "run"], "need studies of several arms"),
        (
            ["compare", "pooled", *SMALL, "--out", "run", "--workers", "0"],
            "greater than or equal to 1",
        ),
        (
            ["compare", "pooled", *SMALL, "--out", "run", "--workers", "2", "--dask", "tcp://x:1"],
            "`--workers` has no effect with `--dask`",
        ),
        (
            ["compare", "pooled", *SMALL, "--out", "run", "--weights", "bma"],
            "'bma' is not one of 'pseudo_bma_plus', 'stacking', 'dirichlet_stacking'",
        ),
        (
            ["validate", "pooled", "--outcome", "CR", "--train", "n > 5", "--test", "n > 50"],
            "both in `--train` and in `--test`",
        ),
        (
            ["validate", "pooled", "--outcome", "CR", "--train", "n >", "--test", "n > 50"],
            "`--train`: `--where` cannot be read",
        ),
    ],
)
def test_what_is_refused_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        app(arguments)
    printed, said = capsys.readouterr()
    assert re.search(told, said), said
    assert "Traceback" not in said
    assert printed == ""
    assert list(tmp_path.iterdir()) == []
