"""What is kept on disk follows the sources, those of other files included."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bayesmeta

DENSITY = """
import numpy as np
import bayesmeta as bm
from bayesmeta.inference.density import callbacks
from bayesmeta.inference.density.arrays import density_data
from bayesmeta.inference.density.coordinates import size
from bayesmeta.model import make_design
arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
data = density_data(make_design(bm.load_model("pooled"), arms))
value, _ = callbacks.value_and_gradient(np.zeros(size(data)), callbacks.pack(data))
print(value, callbacks.compiled_log_density._cache_hits)
"""


@pytest.mark.slow
def test_the_samplers_density_follows_a_change_in_another_file(tmp_path: Path) -> None:
    home = tmp_path / "bayesmeta"
    shutil.copytree(Path(bayesmeta.__file__).parent, home, ignore=shutil.ignore_patterns("*.nb?"))
    models = Path(bayesmeta.__file__).parents[1] / "models"
    if models.is_dir():
        shutil.copytree(models, tmp_path / "models")

    def density() -> tuple[float, int]:
        places = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
        # Python itself would not see two changes within a second.
        environment = os.environ | places | {"PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("PYTHONPYCACHEPREFIX", None)
        done = subprocess.run(
            [sys.executable, "-c", DENSITY],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=tmp_path,
        )
        value, hits = done.stdout.split()
        return float(value), int(hits)

    first, hits = density()
    assert hits == 0
    assert density() == (first, 1)
    laws = home / "inference" / "density" / "laws.py"
    text = laws.read_text(encoding="utf-8")
    assert "return -0.5 * x * x - _LOG_ROOT_TWO_PI, -x" in text
    laws.write_text(text.replace("return -0.5 * x * x - ", "return 9 - 0.5 * x * x - "))
    changed, hits = density()
    assert hits == 0
    # Nine more for each of the 14 studies.
    assert changed - first == pytest.approx(9 * 14)
