"""What is compiled ahead, and that it is then there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AFTERWARDS = """
import sys
from bayesmeta.cli import app
from bayesmeta.inference.compiled import functions
try:
    app(sys.argv[1:])
finally:
    print(sum(function.compiled for function in functions()), file=sys.stderr)
"""

pytestmark = pytest.mark.slow


def warm() -> Any:
    command = [sys.executable, "-m", "bayesmeta", "warm", "--json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def test_what_was_compiled_ahead_is_compiled_no_more(tmp_path: Path) -> None:
    # The suite has warmed this code before the first test.
    found = warm()
    assert found["compiled"]
    assert set(found["compiled"].values()) == {0}
    assert list(Path(found["kept"]).glob("inference.density.log_density.*.nbc"))
    command = [sys.executable, "-c", AFTERWARDS, "demo", "--out", str(tmp_path / "demo")]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stderr.split()[-1] == "0"
