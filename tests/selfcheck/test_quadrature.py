"""Comparison with the deterministic posterior: right as it stands, wrong where one side is wrong."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.estimates import verify as verification
from bayesmeta.inference.exact import QuadratureFit
from bayesmeta.model import Design
from bayesmeta.selfcheck import quadrature
from bayesmeta.selfcheck.checks import Task, performed

pytestmark = pytest.mark.stored


@pytest.mark.slow
@pytest.mark.parametrize("task", quadrature.QUADRATURE, ids=lambda task: task.name)
def test_it_passes(task: Task, tmp_path: Path) -> None:
    check = performed(task, tmp_path)
    assert check.ok, check.detail


@pytest.mark.slow
def test_draws_of_another_model_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    exact = verification.quadrature_fit

    def of_another_prior(design: Design) -> QuadratureFit:
        return exact(replace(design, spec=replace(design.spec, mu=bm.Normal(1, 0.5))))

    monkeypatch.setattr(verification, "quadrature_fit", of_another_prior)
    found = quadrature.check_draws(quadrature.none_respond, "common_effect", tmp_path)
    assert not found.ok
    assert "another seed" in found.detail


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "ok"),
    [
        ((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), True),
        ((0.04, -0.04, 0.04, -0.04, 0.04, 0.04), True),
        ((0.06, 0.0, 0.0, 0.0, 0.0, 0.0), False),
        ((0.0, 0.0, 0.0, 0.0, 0.0, -0.06), False),
        ((0.02, 0.02, 0.02, 0.02, 0.02, 0.02), False),
        ((np.nan, 0.0, 0.0, 0.0, 0.0, 0.0), False),
    ],
)
def test_scores_of_studies_left_out_that_are_wrong_fail(
    *, error: tuple[float, ...], ok: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    grid = bm.fit(bm.load_model("pooled"), quadrature.none_respond(), method="quadrature")
    exact = grid.posterior.log_predictive_left_out()
    found = SimpleNamespace(studies=pd.DataFrame({"elpd": exact + np.array(error)}))
    monkeypatch.setattr(quadrature, "leave_one_study_out", lambda *_, **__: found)
    assert quadrature.check_left_out(quadrature.none_respond, "pooled", tmp_path).ok is ok
