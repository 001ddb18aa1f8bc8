"""What is compiled is kept where it can be, follows the sources, and serves many processes at once."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import bayesmeta
from bayesmeta.inference.compiled import reached

DENSITIES = """
import sys
import numpy as np
import bayesmeta as bm
from bayesmeta.inference.compiled import functions
from bayesmeta.inference.density.coordinates import density_data
from bayesmeta.inference.density.coordinates import size
from bayesmeta.inference.density.log_density import log_density
from bayesmeta.model import make_design
arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
for model in sys.argv[1:]:
    data = density_data(make_design(bm.load_model(model), arms))
    print(log_density(np.zeros(size(data)), data, np.empty(size(data))))
print(sum(one.compiled for one in functions()))
"""
DEMO = "from bayesmeta.cli import main; main()"
NOWHERE = "import tempfile; tempfile.tempdir = '/dev/null/none'; " + DEMO
UNWRITABLE = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/cache"}

pytestmark = [pytest.mark.slow, pytest.mark.stored]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the package, in a folder of its own."""
    package = Path(bayesmeta.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, tmp_path / "bayesmeta", ignore=ignored)
    models = package.parent / "models"
    if models.is_dir():
        shutil.copytree(models, tmp_path / "models")
    return tmp_path


def start(home: Path, code: str, *words: str, **environment: str) -> subprocess.Popen[str]:
    """Start Python with the copy of the package."""
    # Python itself would not see two changes within a second.
    own = {"PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    inherited = {"NUMBA_CACHE_DIR", "PYTHONPYCACHEPREFIX"}
    others = {name: value for name, value in os.environ.items() if name not in inherited}
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=others | own,
        cwd=home,
    )


def densities(home: Path, *models: str, **environment: str) -> tuple[Sequence[float], int]:
    """Values of the densities of models at the origin, and how many functions were compiled."""
    process = start(home, DENSITIES, *models, **environment)
    out, error = process.communicate()
    assert process.returncode == 0, error
    *values, compiled = out.split()
    return [float(value) for value in values], int(compiled)


def test_the_density_follows_a_change_in_a_file_that_it_is_made_of_and_no_other(
    home: Path,
) -> None:
    kept = {"NUMBA_CACHE_DIR": str(home / "kept")}
    (first,), compiled = densities(home, "pooled", **kept)
    assert compiled > 0
    assert densities(home, "pooled", **kept) == ([first], 0)
    change(home / "bayesmeta" / "inference" / "nuts.py", "STARTS = 20", "STARTS = 21")
    assert densities(home, "pooled", **kept) == ([first], 0)
    distributions = home / "bayesmeta" / "inference" / "density" / "effects.py"
    change(distributions, "return -0.5 * x * x - LOG_ROOT", "return 9 - 0.5 * x * x - LOG_ROOT")
    (changed,), compiled = densities(home, "pooled", **kept)
    assert compiled > 0
    # Nine more for each of the 14 studies.
    assert changed - first == pytest.approx(9 * 14)


def test_a_function_follows_those_of_other_rooms_that_are_compiled_into_it() -> None:
    counts = Path(bayesmeta.__file__).parent / "estimates" / "nested_counts.py"
    assert counts.with_name("count_distributions.py") in reached(counts)
    for file in counts.parents[1].rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if re.search(r"inference\.compiled import .*(compiled|inlined|Callback)", text):
            imported = re.findall(r"(?m)^from bayesmeta\.(\S+) import|^import bayesmeta", text)
            assert "" not in imported, f"{file} imports by a road that is not followed"


def test_damaged_files_are_as_none(home: Path) -> None:
    kept = {"NUMBA_CACHE_DIR": str(home / "kept")}
    first, compiled = densities(home, "pooled", **kept)
    for file in (home / "kept").rglob("*.nbc"):
        content = file.read_bytes()
        file.write_bytes(content[:-9] + b"something")
    assert densities(home, "pooled", **kept) == (first, compiled)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_processes_that_compile_at_once_get_each_its_own(home: Path) -> None:
    models = ["pooled", "robust", "pooled", "robust"]
    processes = [start(home, DENSITIES, model, XDG_CACHE_HOME=str(home)) for model in models]
    found = [float(process.communicate()[0].split()[0]) for process in processes]
    (pooled, robust), compiled = densities(home, "pooled", "robust", XDG_CACHE_HOME=str(home))
    assert compiled == 0
    assert found == [pooled, robust, pooled, robust]
    assert not np.isclose(pooled, robust)


def test_code_is_kept_with_the_package_and_else_with_the_user(home: Path) -> None:
    user = home / "cache"
    densities(home, "pooled", XDG_CACHE_HOME=str(user))
    own = home / "bayesmeta" / "__pycache__"
    assert list(own.glob("inference.density.*.nbc"))
    assert not user.exists()
    shutil.rmtree(own)
    own.touch()
    for expected in (True, False):
        _, compiled = densities(home, "pooled", XDG_CACHE_HOME=str(user))
        assert (compiled > 0) == expected
    assert list(user.rglob("inference.density.*.nbc"))


def test_code_that_can_be_kept_nowhere_is_kept_for_the_run_and_that_is_said(home: Path) -> None:
    (home / "bayesmeta" / "__pycache__").touch()
    (home / "tmp").mkdir()
    words = ("fit", "pooled", "--outcome", "CR", "--seed", "1", "--out", "run")
    process = start(home, DEMO, *words, TMPDIR=str(home / "tmp"), **UNWRITABLE)
    _, error = process.communicate()
    assert process.returncode == 0
    told = [line for line in error.splitlines() if "NUMBA_CACHE_DIR" in line]
    assert len(told) == 1
    assert told[0].startswith("Compiled code is kept for this run alone, since ")
    assert not list((home / "tmp").glob("bayesmeta-*"))


def test_workers_share_what_can_be_kept_nowhere_and_say_so_once(home: Path) -> None:
    (home / "bayesmeta" / "__pycache__").touch()
    (home / "tmp").mkdir()
    models = ("compare", "pooled", "common_effect", "--outcome", "CR", "--draws", "200")
    words = (*models, "--workers", "2", "--seed", "1", "--out", "run", "--fail-on", "nothing")
    process = start(home, DEMO, *words, TMPDIR=str(home / "tmp"), **UNWRITABLE)
    _, error = process.communicate()
    assert process.returncode == 0, error
    assert error.count("Compiled code is kept for this run alone") == 1
    assert not list((home / "tmp").glob("bayesmeta-*"))


def test_a_machine_that_cannot_be_written_at_all_is_an_error_of_our_own(home: Path) -> None:
    (home / "bayesmeta" / "__pycache__").touch()
    words = ("fit", "pooled", "--outcome", "CR", "--seed", "1", "--out", "run")
    process = start(home, NOWHERE, *words, **UNWRITABLE)
    _, error = process.communicate()
    assert process.returncode == 2
    assert "Error: Compiled code cannot be kept: neither " in error
    assert "Set NUMBA_CACHE_DIR to a folder that can be." in error
    assert "Traceback" not in error
