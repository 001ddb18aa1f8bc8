"""A pass is stored for the code that it was of: when that changes, the tests run again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent / "support"
TEST = """
import pytest
from bayesmeta import ANSWER

pytestmark = [pytest.mark.slow, pytest.mark.stored("notebooks")]

def test_answer():
    assert ANSWER == 42
"""
CONFIG = """
[tool.pytest.ini_options]
markers = ["slow: x", "stored(*places): x"]
pythonpath = [".", "tests/support"]
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one expensive test, whose pass is stored."""
    root = tmp_path_factory.mktemp("stored") / "project"
    for folder in ("bayesmeta", "models", "notebooks", "tests/reference"):
        (root / folder).mkdir(parents=True)
    shutil.copytree(SUPPORT, root / "tests" / "support")
    (root / "bayesmeta" / "__init__.py").write_text("ANSWER = 42\n")
    (root / "pyproject.toml").write_text(CONFIG)
    (root / "tests" / "test_dear.py").write_text(TEST)
    assert run(root, "--store-passes") == "1 passed"
    return root


@pytest.fixture
def project(stored: Path, tmp_path: Path) -> Path:
    return shutil.copytree(stored, tmp_path / "project")


def run(project: Path, *options: str, mark: str = "slow or not slow") -> str:
    """Return what pytest counts at its end."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "stored", "-m", mark, *options]
    # Bytecode of a file that is changed within a second would be taken for that of the change.
    own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=project, env=os.environ | own, capture_output=True, text=True, check=False
    )
    counts: str = (done.stdout + done.stderr).strip().splitlines()[-1].split(" in ")[0]
    return counts


@pytest.mark.slow
def test_a_stored_pass_stands_until_reachable_code_changes(project: Path) -> None:
    assert run(project) == "1 deselected"
    (project / "tests" / "test_other.py").write_text("")
    assert run(project) == "1 deselected"
    (project / "bayesmeta" / "other.py").write_text("VALUE = 1\n")
    assert run(project) == "1 passed"


@pytest.mark.slow
def test_fast_tests_of_a_file_run_all_the_same(project: Path) -> None:
    file = project / "tests" / "test_dear.py"
    slow, fast = "@pytest.mark.slow\ndef test_answer", "def test_fast():\n    pass\n"
    whole = TEST.replace("[pytest.mark.slow, ", "[").replace("def test_answer", slow)
    file.write_text(f"{whole}\n{fast}")
    assert run(project, "--store-passes") == "2 passed"
    assert run(project) == "1 passed, 1 deselected"


@pytest.mark.parametrize(
    "place", ["models/new.toml", "notebooks/new.ipynb", "tests/conftest.py", "tests/support/new.py"]
)
def test_every_place_that_it_reaches_counts(project: Path, place: str) -> None:
    (project / place).write_text("")
    assert run(project) == "1 passed"


def test_all_can_be_run_whatever_is_stored(project: Path) -> None:
    assert run(project, "--rerun-stored") == "1 passed"


def test_a_failure_is_not_stored_and_takes_an_old_pass_away(project: Path) -> None:
    (project / "bayesmeta" / "__init__.py").write_text("ANSWER = 41\n")
    assert run(project, "--store-passes") == "1 failed"
    assert run(project) == "1 failed"
    (project / "bayesmeta" / "__init__.py").write_text("ANSWER = 42\n")
    assert run(project) == "1 passed"


def test_parts_of_a_file_are_not_stored(project: Path) -> None:
    for options in (["-k", "answer"], ["tests/test_dear.py::test_answer"]):
        assert "--store-passes keeps passes of whole files" in run(
            project, "--store-passes", *options
        )
    for options in (["-x"], ["--deselect", "tests/test_dear.py::test_other"], ["--lf"]):
        assert "--store-passes keeps" in run(project, "--store-passes", *options)
    assert "--store-passes keeps" in run(project, "--store-passes", mark="slow")


def add(project: Path, test: str) -> None:
    """Add a test to the expensive one, and store what becomes of both."""
    with (project / "tests" / "test_dear.py").open("a") as file:
        file.write(test)


def test_a_crash_is_not_stored(project: Path) -> None:
    add(project, "\ndef test_crash():\n    import os\n    os._exit(1)\n")
    workers = ("-p", "xdist.plugin", "-n", "1", "--max-worker-restart", "1")
    run(project, "--store-passes", *workers)
    assert "test_dear" not in (project / "tests" / "reference" / "passes.json").read_text()


def test_an_interrupted_run_stores_nothing(project: Path) -> None:
    before = (project / "tests" / "reference" / "passes.json").read_text()
    add(project, "\ndef test_stopped():\n    raise KeyboardInterrupt\n")
    run(project, "--store-passes")
    assert (project / "tests" / "reference" / "passes.json").read_text() == before


def test_code_that_changes_while_tests_run_is_not_what_they_ran(project: Path) -> None:
    write = "__import__('pathlib').Path('bayesmeta/new.py').write_text('')"
    add(project, f"\ndef test_writes():\n    {write}\n")
    assert run(project, "--store-passes") == "2 passed"
    assert run(project) == "2 passed"
