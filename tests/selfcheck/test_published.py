"""Comparison with other programs: right as it stands, and wrong where either side is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.selfcheck import published
from bayesmeta.selfcheck.checks import Finding

REFERENCE = Path(__file__).parents[1] / "reference" / "r"
MAXIMUM = json.loads((REFERENCE / "reference.json").read_text())["data_sets"]["pritz1997"]
BAYESIAN = json.loads((REFERENCE / "bayesian_reference.json").read_text())["results"]


@pytest.mark.parametrize(
    ("name", "arms"), [("pritz1997", published.pritz), ("cbpp", published.cbpp)]
)
def test_the_data_are_those_of_the_references(name: str, arms: Callable[[], bm.Arms]) -> None:
    ours, theirs = arms(), bm.read_evidence(REFERENCE / f"{name}.csv").select()
    assert ours.events.tolist() == theirs.events.tolist()
    assert ours.n.tolist() == theirs.n.tolist()
    assert ours.study_index.tolist() == theirs.study_index.tolist()
    if name == "cbpp":
        assert ours.frame["period"].tolist() == theirs.frame["period"].tolist()


def test_the_pinned_numbers_are_those_of_the_references() -> None:
    ml = MAXIMUM["models"]["intercept"]["ml"]
    [mu] = ml["coefficients"].values()
    expected = {"mu": mu, "tau": ml["tau"], "loglik": ml["loglik"]}
    assert dict(published.PRITZ_MAXIMUM) == pytest.approx(expected, abs=1e-9)
    truth = BAYESIAN["pritz1997_quadrature"]
    assert truth["log_evidence"] == pytest.approx(published.PRITZ_LOG_EVIDENCE, abs=1e-12)
    for name, own in published.PRITZ_POSTERIOR.items():
        theirs = truth["posterior"][name]
        limits = [theirs["quantiles"][label] for label in ("q2.5", "q97.5")]
        assert own == pytest.approx((theirs["mean"], theirs["sd"], *limits), abs=1e-12)


def test_the_pinned_draws_are_those_of_the_references() -> None:
    for name, theirs in BAYESIAN["cbpp_period_reference"]["posterior"].items():
        level = name.removeprefix("period")
        label = {"(Intercept)": "mu", "tau": "tau"}.get(name, f"period[{level}]")
        values, errors = theirs["quantiles"], theirs["mcse_quantiles"]
        limits = [(values[q], errors[q]) for q in ("q2.5", "q97.5")]
        expected = np.array([(theirs["mean"], theirs["mcse_mean"]), *limits])
        assert np.array(published.CBPP_RSTANARM[label]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("check", [published.check_posterior, published.check_maximum])
def test_what_is_deterministic_passes(check: Callable[[Path], Finding], tmp_path: Path) -> None:
    assert check(tmp_path).ok


def test_a_wrong_posterior_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    truth = dict(published.PRITZ_POSTERIOR)
    mean, *others = truth["tau"]
    wrong = MappingProxyType(truth | {"tau": (mean + 0.001, *others)})
    monkeypatch.setattr(published, "PRITZ_POSTERIOR", wrong)
    found = published.check_posterior(tmp_path)
    assert not found.ok
    assert found.detail.startswith("largest error 1e-03 of 1e-04")


def test_a_wrong_evidence_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(published, "PRITZ_LOG_EVIDENCE", -35.7605)
    assert not published.check_posterior(tmp_path).ok


@pytest.mark.parametrize("name", ["mu", "tau", "loglik"])
def test_a_wrong_maximum_fails(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    truth = dict(published.PRITZ_MAXIMUM)
    wrong = MappingProxyType(truth | {name: truth[name] + 0.001})
    monkeypatch.setattr(published, "PRITZ_MAXIMUM", wrong)
    assert not published.check_maximum(tmp_path).ok


@pytest.mark.parametrize("count", [(15, 17), (16, 18)])
def test_wrong_counts_fail(
    count: tuple[int, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(published, "PRITZ", (count, *published.PRITZ[1:]))
    assert not published.check_posterior(tmp_path).ok
    assert not published.check_maximum(tmp_path).ok


@pytest.mark.slow
def test_a_regression_passes_and_fails_where_a_pinned_number_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert published.check_regression(tmp_path).ok
    truth = dict(published.CBPP_RSTANARM)
    (mean, mcse), *limits = truth["period[p3]"]
    wrong = MappingProxyType(truth | {"period[p3]": ((mean + 0.1, mcse), *limits)})
    monkeypatch.setattr(published, "CBPP_RSTANARM", wrong)
    found = published.check_regression(tmp_path)
    assert not found.ok
    assert "another seed" in found.detail


def test_what_is_no_number_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nowhere = MappingProxyType(dict.fromkeys(published.PRITZ_POSTERIOR, (np.nan,) * 4))
    monkeypatch.setattr(published, "PRITZ_POSTERIOR", nowhere)
    assert not published.check_posterior(tmp_path).ok
    monkeypatch.setattr(published, "log_likelihood", lambda *_: np.nan)
    assert not published.check_maximum(tmp_path).ok
