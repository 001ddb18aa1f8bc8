"""Runs that release 0.1.0 saved: they load with the same numbers, and answer.

The numbers were read from the files by h5py and pandas alone.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from report_reading import run

from bayesmeta.report.saved_runs import SavedComparison, load_run

SAVED = Path(__file__).parent / "saved_0_1_0"

MEANS = {
    "one": {
        "mu": -0.2333607654213101,
        "beta": [0.25229929804909274, -0.06657057005513864],
        "tau": 0.40808065844861274,
    },
    "nested": {
        "mu": [-0.16399415552971622, -0.09137820548782258],
        "tau": [0.3723644155247607, 0.4472927266712146],
        "correlation": [0.04996723630318316],
    },
}
"""Means of draws, on the scale of log-odds."""


@pytest.mark.parametrize("name", MEANS)
def test_a_fit_loads(name: str) -> None:
    fit = load_run(SAVED / name)
    assert dict(fit.posterior.sizes).items() >= {"chain": 2, "draw": 100, "arm": 4}.items()
    for variable, mean in MEANS[name].items():
        np.testing.assert_allclose(
            fit.posterior[variable].mean(("chain", "draw")), mean, rtol=1e-12
        )
    assert fit.arms.n.tolist() == [20, 30, 18, 25]
    assert ("outcome" in fit.posterior.dims) == (len(fit.outcomes) > 1) == (name == "nested")
    assert fit.provenance.versions["bayesmeta"] == "0.1.0"


def test_covariates_are_coded_as_they_were() -> None:
    fit = load_run(SAVED / "one")
    assert fit.design.coding.names == ("regimen[y]", "age")
    np.testing.assert_allclose(
        fit.design.matrix, [[0, -2.75], [1, 6.25], [0, 2.25], [1, -5.75]], rtol=1e-12
    )


def test_a_comparison_loads() -> None:
    found = load_run(SAVED / "compare")
    assert isinstance(found, SavedComparison)
    assert found.table["elpd"].tolist() == [-9.60376107470373, -10.212334188755008]
    assert found.left_out["pooled"].studies["elpd"].tolist()[0] == -2.220192321196235
    assert found.predictions[""].pmf["probability"].iloc[10] == 0.0075492684324447255


@pytest.mark.slow
@pytest.mark.parametrize("name", [*MEANS, "compare"])
def test_it_is_shown_and_reported(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(SAVED / name, tmp_path / name)
    # The draws of the fits are too few, and said to be.
    code = 0 if name == "compare" else 1
    assert run("report", folder, "--format", "json", *(["--quick"] if code else [])) == code
    told = json.loads((folder / "report.json").read_text())
    assert told["title"].startswith("ORR")
    capsys.readouterr()
    assert run("show", folder, "--json") == code
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", MEANS)
def test_a_fit_predicts(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", SAVED / name, "--n", "10", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    found = told if name == "one" else told["outcomes"]["ORR"]
    assert len(found["pmf"]) == 11
    assert np.isclose(sum(found["pmf"]), 1)
