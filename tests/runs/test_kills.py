"""SIGKILL at every file operation of a small run: finished jobs stay, tables are the same."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.stored,
    pytest.mark.skipif(sys.platform == "win32", reason="forks, and kills by signal"),
]


def kills(tmp_path: Path, *arguments: str) -> dict[str, object]:
    command = [sys.executable, str(HERE / "kill_points.py"), str(tmp_path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_killed_at_every_point(tmp_path: Path) -> None:
    found = kills(tmp_path)
    assert found["operations"] > 100  # type: ignore[operator]
    assert found["kills"] > found["operations"]  # type: ignore[operator]
    assert found["problems"] == []


def test_killed_twice(tmp_path: Path) -> None:
    assert kills(tmp_path, "1")["problems"] == []
