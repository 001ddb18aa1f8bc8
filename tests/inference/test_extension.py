"""What a fit imports, and that nutpie itself still works after it."""

import subprocess
import sys

import pytest

FIT = """
import sys
import bayesmeta as bm
arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
spec, settings = bm.load_model("pooled"), bm.SamplerSettings(chains=2, warmup=300, draws=300)
first = bm.fit(spec, arms, seed=1, settings=settings)
bm.diagnose(first), bm.summary(first), bm.predict(first, n=40, seed=1).interval(0.95)
"""
LIST = """
from bayesmeta.report import text
print(*sys.modules)
"""
PYMC = """
second = bm.fit(spec, arms, seed=1, settings=settings, engine="pymc")
print(float(abs(first.posterior["mu"].mean() - second.posterior["mu"].mean())))
"""


def run(script: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.slow
def test_a_fit_and_its_answers_import_nothing_heavy_that_they_do_not_need() -> None:
    loaded = set(run(FIT + LIST).split())
    assert "nutpie._lib" in loaded
    heavy = {
        "nutpie",
        "matplotlib",
        "pymc",
        "arviz",
        "arviz_stats",
        "scipy.stats",
        "scipy.optimize",
    }
    assert not loaded & heavy


@pytest.mark.slow
def test_nutpie_itself_works_after_its_extension_was_loaded_alone() -> None:
    # Standard errors of mu are near 0.01 here.
    assert float(run(FIT + PYMC)) < 0.1
