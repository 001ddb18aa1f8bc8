"""Dossiers of plans with a SAM and a design prior: what they are, and what they do to the trial."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dossier_reading import check_manifest, check_rows, numbers_of, row_of

import bayesmeta as bm

RULE = "P(rate > 0.2) > 0.9"
DESIGN = bm.BetaMixture([0.75, 0.25], a=[12, 1], b=[18, 1])
ASKED: dict[str, Any] = {"sam_delta": 0.15, "sam_odds": 0.5, "design": DESIGN}


def components_of(written: bm.WrittenDossier, prior: str) -> pd.DataFrame:
    table = pd.read_csv(written.path / "priors.csv")
    return table[table["prior"] == prior]


@pytest.mark.slow
def test_a_sam_and_a_design_prior_are_named(exact_prior: bm.MapPrior, tmp_path: Path) -> None:
    one = bm.plan(exact_prior, n=30, success=RULE, rates=[0.2, 0.4], **ASKED)
    written = bm.write_dossier(one, tmp_path / "one")
    check_rows(written.path)
    check_manifest(written.path)
    sam = bm.SamPrior(exact_prior.mixture, 0.15, 0.5)
    weights = numbers_of(written, "sam_prior")
    assert weights["weight of history, 3 responders"] == sam.weight(events=3, n=30)
    assert "difference 0.15, prior odds 0.5: " in row_of(written, "sam_prior")["answer"]
    assert components_of(written, "SAM")[["a", "b"]].to_numpy().tolist() == [
        [*exact_prior.mixture.a, *exact_prior.mixture.b],
        [1, 1],
    ]
    assert components_of(written, "SAM")["weight"].isna().all()
    found = numbers_of(written, "design_prior")
    assert [found[f"component {i}, weight"] for i in (1, 2)] == [0.75, 0.25]
    summary = pd.read_csv(written.path / "prior_summary.csv").set_index("prior")
    assert summary.loc["design", "mean"] == pytest.approx(DESIGN.mean, rel=1e-12)
    quantities = pd.read_csv(written.path / "design.csv").set_index("quantity")["value"]
    assert float(quantities["difference of the SAM prior"]) == 0.15


@pytest.mark.slow
def test_the_characteristics_of_sam_and_design_priors_are_those_of_the_trial(
    exact_prior: bm.MapPrior, tmp_path: Path
) -> None:
    one = bm.plan(exact_prior, n=30, success=RULE, rates=[0.2, 0.4], **ASKED)
    written = bm.write_dossier(one, tmp_path / "one")
    trial = bm.SingleArmTrial(30, bm.SamPrior(exact_prior.mixture, 0.15, 0.5), RULE)
    direct = trial.operating_characteristics([0.4])["success"].item()
    assert numbers_of(written, "sam_characteristics")["true rate 0.4"] == direct
    joint = trial.bayesian_characteristics(DESIGN)
    answers = numbers_of(written, "bayesian_characteristics")
    assert answers["P(rate <= 0.2 | success), SAM"] == joint.false_success
    expected = one.trial.probability_of_success(DESIGN)
    success = numbers_of(written, "expected_success")["probability of success"]
    assert success == pytest.approx(expected, rel=1e-12)
    assert "over the design prior: " in row_of(written, "expected_success")["answer"]
    assert "bias, SAM, true rate 0.4" in numbers_of(written, "estimation")

    rule = "P(rate - control > 0) > 0.95"
    two = bm.plan_two_arms(exact_prior, n=20, n_control=10, success=rule, controls=[0.2], **ASKED)
    written = bm.write_dossier(two, tmp_path / "two")
    check_rows(written.path)
    table = two.operating_characteristics
    assert set(numbers_of(written, "sam_characteristics").values()) == set(
        table.loc[table["prior"] == "SAM", "success"]
    )
    assert "design prior of the treated rate" in row_of(written, "expected_success")["answer"]
    assert "mse, SAM, true control rate 0.2" in numbers_of(written, "estimation")
