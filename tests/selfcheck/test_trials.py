"""The checks of trials against RBesT: they pass, and fail where the package would decide otherwise."""

import json
from pathlib import Path

import pytest

import bayesmeta as bm
from bayesmeta.selfcheck import trials
from bayesmeta.selfcheck.checks import Finding

REFERENCE = Path(__file__).parents[1] / "reference" / "rbest"


def failed(found: Finding) -> list[str]:
    return [one.quantity for one in found.compared if not one.ok]


@pytest.mark.parametrize("check", [trials.check_one_arm, trials.check_two_arms, trials.check_sizes])
def test_they_pass(check, tmp_path: Path) -> None:
    found = check(tmp_path)
    assert failed(found) == []
    assert found.ok


def test_numbers_are_those_of_the_reference() -> None:
    pins = json.loads((REFERENCE / "operating.json").read_text(encoding="utf-8"))
    [one] = [each for each in pins["single_arm"] if each["success"] == trials.ONE_ARM]
    assert (one["prior"], one["n"], one["critical"]) == ("as_robust", 60, 27)
    rates = dict(zip(pins["rates"], one["oc"], strict=True))
    assert {rate: rates[rate] for rate in trials.ONE_ARM_SUCCESS} == trials.ONE_ARM_SUCCESS
    assert one["pos_prior"] == trials.ONE_ARM_EXPECTED
    assert pins["priors"]["as_robust"]["weights"] == pytest.approx(trials.ROBUST.weights)
    [two] = [each for each in pins["two_arm"] if each["control"] == "as_map"]
    assert list(trials.TWO_ARMS_BOUNDARY) == two["smallest"]
    pairs = dict(zip(map(tuple, pins["pairs"]), two["oc"], strict=True))
    assert {pair: pairs[pair] for pair in trials.TWO_ARMS_SUCCESS} == trials.TWO_ARMS_SUCCESS
    assert two["pos"] == trials.TWO_ARMS_EXPECTED
    sizes = json.loads((REFERENCE / "published.json").read_text(encoding="utf-8"))["stanvar"]
    assert sizes["ess"] == trials.SIZES
    assert bm.BetaMixture(**sizes["mixture"]) == trials.HISTORY


def test_another_prior_fails_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = bm.BetaMixture([0.62, 0.38], a=[19.3, 3.5], b=[57.8, 9.4])
    monkeypatch.setattr(trials, "HISTORY", other)
    monkeypatch.setattr(trials, "ROBUST", other)
    assert "success over the priors" in failed(trials.check_two_arms(tmp_path))
    assert "smallest number of responders" in failed(trials.check_one_arm(tmp_path))
    assert failed(trials.check_sizes(tmp_path))[0] == "elir (patients)"


def test_a_rule_that_never_succeeds_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(trials, "ONE_ARM", "P(rate > 0.99) > 0.9999")
    assert "smallest number of responders" in failed(trials.check_one_arm(tmp_path))
