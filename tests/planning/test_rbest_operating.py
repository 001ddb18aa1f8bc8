"""Boundaries, operating characteristics and probabilities of success of RBesT."""

import json
from pathlib import Path

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.planning.difference import Betas, difference_above

FILE = Path(__file__).parents[1] / "reference" / "rbest" / "operating.json"
PINS = json.loads(FILE.read_text(encoding="utf-8"))
PRIORS = {name: bm.BetaMixture(**values) for name, values in PINS["priors"].items()}


def named(case):
    names = [str(case[key]) for key in ("prior", "treated", "control", "success") if key in case]
    return "-".join(names).replace(" ", "")


@pytest.mark.parametrize("case", PINS["single_arm"], ids=named)
def test_single_arm(case):
    trial = bm.SingleArmTrial(case["n"], PRIORS[case["prior"]], case["success"])
    # RBesT gives the last count before the decision changes.
    edge = trial.largest if case["lower_tail"] else trial.boundary - 1
    assert edge == case["critical"]
    found = trial.operating_characteristics(PINS["rates"])["success"]
    np.testing.assert_allclose(found, case["oc"], atol=1e-12)
    assert trial.probability_of_success() == pytest.approx(case["pos_prior"], abs=1e-11)
    assert trial.probability_of_success(PRIORS["three"]) == pytest.approx(
        case["pos_three"], abs=1e-11
    )
    interim = trial.probability_of_success(events=case["interim_events"], n=case["interim_n"])
    assert interim == pytest.approx(case["pos_interim"], abs=1e-11)


@pytest.mark.parametrize("case", PINS["two_arm"], ids=named)
def test_two_arm(case):
    trial = bm.TwoArmTrial(
        case["n_treated"],
        case["n_control"],
        PRIORS[case["treated"]],
        PRIORS[case["control"]],
        case["success"],
    )
    edges = trial.boundary.fillna(-1)
    assert edges["smallest"].tolist() == case["smallest"]
    assert edges["largest"].tolist() == case["largest"]
    rates, controls = np.transpose(PINS["pairs"])
    found = np.diag(
        trial.operating_characteristics(rates, controls)["success"]
        .to_numpy()
        .reshape(len(controls), len(rates))
    )
    np.testing.assert_allclose(found, case["oc"], atol=1e-11)
    assert trial.probability_of_success() == pytest.approx(case["pos"], abs=1e-11)


def test_differences():
    for case in PINS["differences"]:
        distributions = [
            Betas(*(np.array([getattr(PRIORS[case[arm]], name)]) for name in ("weights", "a", "b")))
            for arm in ("treated", "control")
        ]
        # RBesT integrates to about 1e-6.
        found = difference_above(*distributions, case["difference"])[0, 0]
        assert found == pytest.approx(case["above"], abs=5e-6)


def test_published_boundaries_of_rbest():
    """The boundaries in RBesT's own tests, last counts before the decision changes."""
    prior = bm.BetaMixture([0.2, 0.8], a=[2, 5], b=[2, 5])
    assert bm.SingleArmTrial(50, prior, "P(rate < 0.6) > 0.95").largest == 24
    assert bm.SingleArmTrial(50, prior, "P(rate > 0.6) > 0.6").boundary == 31 + 1
    treated, control = bm.BetaMixture([1], a=[10], b=[40]), bm.BetaMixture([1], a=[1], b=[2])
    success = "P(rate - control > 0) > 0.95 and P(rate - control > 0.2) > 0.5"
    smallest = bm.TwoArmTrial(20, 20, treated, control, success).boundary["smallest"]
    assert smallest.dropna().tolist() == [each + 1 for each in (6, 9, 12, 15, 18)]
    futile = bm.TwoArmTrial(20, 20, treated, control, "P(rate - control < 0.2) > 0.9").boundary
    assert futile["largest"].tolist() == [1, 3, 5, 8, 10, 13, 15, 18] + 13 * [20]


def test_published_scenarios_of_the_spondylitis_trial():
    """With 15 treated responders at most 3 of control succeed; below 10 treated none does."""
    trial = bm.TwoArmTrial(24, 6, PRIORS["treat"], PRIORS["as_map"], "P(rate - control > 0) > 0.95")
    assert trial.successes[3, 15]
    assert not trial.successes[4, 14]
    assert not trial.successes[:, :10].any()


@pytest.mark.parametrize(
    ("control", "n_control", "error", "power"),
    [
        ("schmidli", 20, [0, 1.6, 6.1, 13.7, 26.0, 44.4], [81.6, 87.8, 93.4, 97.9, 99.6, 100]),
        ("uniform", 38, [1.8, 2.3, 2.4, 2.6, 2.8, 2.6], [89.7, 82.1, 79.5, 79.5, 81.9, 89.8]),
    ],
)
def test_published_table_of_schmidli(control, n_control, error, power):
    """Table 2 of Schmidli et al. 2014, doi:10.1111/biom.12242, in percent, by their simulation."""
    trial = bm.TwoArmTrial(
        40, n_control, PRIORS["uniform"], PRIORS[control], "P(rate - control > 0) > 0.975"
    )
    controls = np.arange(1, 7) / 10
    for shift, expected in ((0.0, error), (0.3, power)):
        for rate, percent in zip(controls, expected, strict=True):
            found = trial.operating_characteristics([rate + shift], [rate])["success"].iloc[0]
            assert 100 * found == pytest.approx(percent, abs=2.5)
