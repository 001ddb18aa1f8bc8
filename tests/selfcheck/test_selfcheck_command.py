"""The command `bayesmeta selfcheck`, and `bayesmeta --version`."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta import selfcheck
from bayesmeta.cli import app
from bayesmeta.selfcheck.checks import Finding, Task, within
from bayesmeta.selfcheck.running import TASKS

pytestmark = pytest.mark.stored


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit, match=r"\d") as left:
        app(list(arguments))
    return int(left.value.code)


def only(monkeypatch: pytest.MonkeyPatch, *oks: bool) -> None:
    """Let the command do other checks, which pass or fail as told."""
    tasks = [
        Task(
            "references",
            f"number {k}",
            lambda _, ok=ok: Finding(ok, "seen\ntwice", (within("rate", 0.5, 0.4, 0.2),)),
            f"Number {k} holds.",
        )
        for k, ok in enumerate(oks, start=1)
    ]
    monkeypatch.setattr(selfcheck, "run_selfcheck", partial(selfcheck.run_selfcheck, tasks))


def test_all_passed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    only(monkeypatch, True, True)
    assert run("selfcheck") == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"bayesmeta {bm.__version__}, Python 3.")
    assert "PASS    0.0 s  references: number 1 (seen twice)\n" in printed
    assert printed.endswith("PASS: all 2 checks passed, in 0:00:00.\n")
    assert "FAIL" not in printed


def test_one_failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    only(monkeypatch, True, False)
    assert run("selfcheck") == 1
    printed = capsys.readouterr().out
    assert "FAIL    0.0 s  references: number 2 (seen twice)\n" in printed
    assert "FAIL: 1 of 2 checks failed, in 0:00:00.\n  references: number 2\n" in printed


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_json(
    *, ok: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, ok)
    assert run("selfcheck", "--json") == code
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is ok
    assert content["checks"][0] | {"seconds": 0} == {
        "group": "references",
        "name": "number 1",
        "requirement": "Number 1 holds.",
        "ok": ok,
        "detail": "seen\ntwice",
        "compared": [
            {"quantity": "rate", "expected": 0.5, "obtained": 0.4, "ok": True, "tolerance": 0.2}
        ],
        "seconds": 0,
    }
    assert content["environment"]["bayesmeta"] == bm.__version__
    assert "numpy" in content["environment"]["packages"]


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"bayesmeta {bm.__version__}\n"


@pytest.mark.slow
def test_the_whole_passes_in_an_empty_folder_and_leaves_it_empty(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bayesmeta", "selfcheck"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.count("PASS") == len(TASKS) + 1
    for task in TASKS:
        assert f" s  {task.group}: {task.name} (" in done.stdout
    assert "of 30 fits kept, went on with the others; " in done.stdout
    assert list(tmp_path.iterdir()) == []
