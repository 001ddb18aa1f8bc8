"""Plans of two arms put the parts together; here on a deterministic posterior."""

import json
from typing import Any

import numpy as np
import pytest
from distributions import VAGUE
from scipy import stats

import bayesmeta as bm
from bayesmeta.report.document import lines_of
from bayesmeta.report.plan_tables import plan_json
from bayesmeta.report.plan_text import plan_blocks

SUCCESS = "P(rate - control > 0) > 0.9 and P(rate - control > 0.1) > 0.6"


def text_of(plan: bm.TwoArmPlan) -> str:
    return "\n".join(lines_of(plan_blocks(plan)))


def content_of(plan: bm.TwoArmPlan) -> dict[str, Any]:
    return plan_json(plan, prior=plan.map_prior, sizes=None)


@pytest.fixture(scope="module")
def prior() -> bm.MapPrior:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    return bm.map_prior(bm.fit(bm.load_model("pooled"), arms, method="quadrature"), components=2)


@pytest.fixture(scope="module")
def found(prior) -> bm.TwoArmPlan:
    asked = {"robust": [0.3, 0.6], "controls": [0.15, 0.3, 0.95], "rates": [0.3, 0.6]}
    return bm.plan_two_arms(prior, n=16, n_control=8, success=SUCCESS, **asked)


def test_trials_are_those_of_the_three_priors(prior, found):
    robust = bm.robustify(prior, weight=0.3)
    assert found.trials == {
        "MAP": bm.TwoArmTrial(16, 8, VAGUE, prior.mixture, SUCCESS),
        "robust": bm.TwoArmTrial(16, 8, VAGUE, robust, SUCCESS),
        "none": bm.TwoArmTrial(16, 8, VAGUE, VAGUE, SUCCESS),
    }
    assert found.trial is found.trials["robust"]
    sizes = [trial.successes for trial in found.trials.values()]
    assert found.decides_alike == np.array_equal(sizes[0], sizes[1])


def by_loops(trial, rate, control):
    treated = stats.binom.pmf(np.arange(17), 16, rate)
    controls = stats.binom.pmf(np.arange(9), 8, control)
    return controls @ trial.successes @ treated


def test_errors_are_those_of_loops_over_counts(found):
    table = found.threshold_errors
    assert set(table.loc[table["threshold"] == "null", "control"]) == {0.15, 0.3, 0.95}
    assert set(table.loc[table["threshold"] == "decision value", "control"]) == {0.15, 0.3}
    for row in table.itertuples():
        direct = by_loops(found.trials[row.prior], row.control + row.difference, row.control)
        assert row.success == pytest.approx(direct, abs=1e-12)
    for row in found.operating_characteristics.itertuples():
        direct = by_loops(found.trials[row.prior], row.rate, row.control)
        assert row.success == pytest.approx(direct, abs=1e-12)


def test_the_largest_error_is_that_among_the_rates_that_history_expects(prior, found):
    low, high = prior.mixture.interval(0.95)
    for row in found.largest_errors.itertuples():
        trial = found.trials[row.prior]
        direct = by_loops(trial, row.control, row.control)
        assert row.success == pytest.approx(direct, abs=1e-12)
        among = np.linspace(low, high, 9) if row.controls == "expected" else [0.15, 0.3, 0.95]
        assert row.success >= max(by_loops(trial, each, each) for each in among) - 1e-3


def test_the_certainty_keeps_the_error_wherever_history_expects_control(found):
    for row in found.certainties.dropna(subset="rounded").itertuples():
        trial = found.trials[row.prior]
        changed = bm.TwoArmTrial(
            16, 8, VAGUE, trial.prior_control, trial.success.with_certainty(row.rounded)
        )
        errors = [by_loops(changed, each, each) for each in found.expected_controls]
        assert max(errors) == pytest.approx(row.type_one_error, abs=1e-12)
        assert max(errors) <= row.alpha


def test_all_is_told(found):
    told, content = text_of(found), content_of(found)
    assert "MAP prior  of the control rate (all studies): " in told
    assert (
        "16 patients in the treated arm, 8 in the control arm. The prior of the treated rate is uniform"
        in told
    )
    assert (
        "Type-I error at the null, a true difference of 0, by true control rate and prior" in told
    )
    assert "Success at the decision value, a true difference of 0.1" in told
    assert "By the weight of the vague component, Beta(1, 1); the plan is for 0.3" in told
    assert content == json.loads(json.dumps(content, allow_nan=False))
    [largest] = [
        row
        for row in content["largest_errors"]
        if (row["prior"], row["controls"]) == ("robust", "expected")
    ]
    assert bool(content["warnings"]) == (largest["success"] > 0.1)
    assert ("WARNING " in told) == (largest["success"] > 0.1)
    assert len(content["boundary"]) == 9


def test_history_alone_may_be_the_control(prior):
    found = bm.plan_two_arms(prior, n=12, n_control=0, success="P(rate - control > 0.1) > 0.9")
    assert found.conflict is None
    assert content_of(found)["conflict"] is None
    assert "0: " in text_of(found)


@pytest.mark.parametrize("null", [0.9, -0.9])
def test_a_difference_that_few_rates_leave_room_for_can_be_told(prior, null):
    success = f"P(rate - control > {null}) > 0.9"
    found = bm.plan_two_arms(prior, n=5, n_control=5, success=success)
    assert text_of(found)
    assert (found.expected_controls + null).min() >= 0
    assert (found.expected_controls + null).max() <= 1


def test_bad_input(prior):
    def ask(**changed):
        given = {"n": 12, "n_control": 6, "success": "P(rate - control > 0.1) > 0.9"} | changed
        return bm.plan_two_arms(prior, **given)

    with pytest.raises(bm.SettingsError, match="`success` of two arms is on their difference"):
        ask(success="P(rate > 0.1) > 0.9")
    with pytest.raises(bm.SettingsError, match=r"`design` of two arms must .* 1,000,000; got"):
        ask(design=bm.BetaMixture([1], [4e9], [6e9]))
    with pytest.raises(bm.SettingsError, match="`n_control` must be a whole number of patients"):
        ask(n_control=-1)
    with pytest.raises(
        bm.SettingsError, match=r"`controls` must hold a rate to which 0\.1, .* 0\.95"
    ):
        ask(controls=[0.95])
    with pytest.raises(bm.SettingsError, match="`controls` must be probabilities from 0 to 1"):
        ask(controls=[20])
    with pytest.raises(bm.SettingsError, match="`map_prior` must be a MapPrior; got BetaMixture"):
        bm.plan_two_arms(VAGUE, n=12, n_control=6, success="P(rate - control > 0.1) > 0.9")


def test_a_sam_prior_and_a_design_prior_of_the_treated_rate(prior):
    design = bm.BetaMixture([1], a=[9], b=[11])
    asked = {"controls": [0.15, 0.3, 0.95], "rates": [0.6], "sam_delta": 0.15, "design": design}
    plan = bm.plan_two_arms(prior, n=16, n_control=8, success=SUCCESS, **asked)
    sam = bm.SamPrior(prior.mixture, 0.15)
    assert plan.trials["SAM"] == bm.TwoArmTrial(16, 8, VAGUE, sam, SUCCESS)
    assert plan.sam_weights["weight"].to_numpy() == pytest.approx(sam.history_weights(8))
    for name, trial in plan.trials.items():
        direct = trial.bayesian_characteristics(design, prior.mixture)
        assert plan.characteristics[name] == direct
        rows = plan.borrowing[plan.borrowing["prior"] == name].set_index("control")
        assert set(rows["missed"]) == {direct.missed}
        for control in (0.15, 0.3, 0.95):
            assert rows.loc[control, "type_one_error"] == pytest.approx(
                by_loops(trial, control, control)
            )
        after = [mean_after(trial.prior_control, y) for y in range(9)]
        chance = stats.binom.pmf(np.arange(9), 8, 0.3)
        assert rows.loc[0.3, "bias"] == pytest.approx(chance @ after - 0.3)
        assert rows.loc[0.3, "mse"] == pytest.approx(chance @ (np.array(after) - 0.3) ** 2)
    told = text_of(plan)
    assert "SAM        difference 0.15, prior odds 1: history has weight" in told
    assert "P(rate - control <= 0 | success)" in told
    assert "P(rate - control > 0.1 | failure)" in told
    assert "over the design prior of the treated rate and the MAP prior of the control" in told
    content = json.loads(json.dumps(content_of(plan)))
    assert content["design"] == {"weights": [1], "a": [9], "b": [11]}
    assert content["bayesian_characteristics"]["SAM"]["success"] > 0


def mean_after(prior, events):
    return prior.update(events=events, n=8).mean


def test_the_sam_prior_needs_patients_of_control(prior):
    with pytest.raises(bm.SettingsError, match="`sam_delta` has no effect without control patie"):
        bm.plan_two_arms(prior, n=16, n_control=0, success=SUCCESS, sam_delta=0.15)
