"""Interim looks against loops over interim and final counts."""

import numpy as np
import pytest
from distributions import BOTH, HISTORY, VAGUE
from scipy import stats

import bayesmeta as bm

RATES = [0.0, 0.2, 0.35, 0.5, 0.7, 1.0]


@pytest.mark.parametrize("stop_below", [0.05, 0.2, 0.6])
@pytest.mark.parametrize("prior", [VAGUE, HISTORY])
def test_characteristics_agree_with_loops(prior, stop_below):
    trial = bm.SingleArmTrial(25, prior, BOTH)
    look = bm.InterimLook(trial, 10, stop_below)
    found = look.operating_characteristics(RATES)
    for i, rate in enumerate(RATES):
        success = stop = 0.0
        for y in range(11):
            seen = stats.binom.pmf(y, 10, rate)
            if trial.probability_of_success(events=y, n=10) < stop_below:
                stop += seen
                continue
            rest = stats.binom.pmf(np.arange(16), 15, rate)
            success += seen * sum(rest[z] for z in range(16) if trial.successes[y + z])
        row = found.iloc[i]
        assert row["success"] == pytest.approx(success, abs=1e-12)
        assert row["stop"] == pytest.approx(stop, abs=1e-12)
        assert row["expected_n"] == pytest.approx(10 * stop + 25 * (1 - stop))


def test_a_look_at_many_patients_agrees_with_updates():
    """So many that not all counts are held at once."""
    trial = bm.SingleArmTrial(1500, HISTORY, "P(rate > 0.35) > 0.9")
    look = bm.InterimLook(trial, 800, 0.2)
    for events in (0, 270, 290, 800):
        after = HISTORY.update(events=events, n=800).pmf(700)
        succeeds = trial.successes[events : events + 701]
        assert look.table["success"][events] == pytest.approx(after @ succeeds, abs=1e-9)
    [row] = look.operating_characteristics([0.36]).to_dict("records")
    seen, rest = stats.binom.pmf(np.arange(801), 800, 0.36), np.arange(701)
    goes_on = [e for e in range(801) if not look.stops[e]]
    later = stats.binom.pmf(rest, 700, 0.36)
    success = sum(seen[e] * later[trial.successes[e : e + 701]].sum() for e in goes_on)
    assert row["success"] == pytest.approx(success, abs=1e-9)


def test_a_look_that_never_stops_changes_nothing():
    trial = bm.SingleArmTrial(25, HISTORY, BOTH)
    look = bm.InterimLook(trial, 10, 1e-12)
    assert not look.stops.any()
    np.testing.assert_allclose(
        look.operating_characteristics(RATES)["success"],
        trial.operating_characteristics(RATES)["success"],
        atol=1e-12,
    )


def test_another_distribution_predicts_with_its_own_certainty():
    trial = bm.SingleArmTrial(25, VAGUE, BOTH)
    sure = bm.InterimLook(trial, 10, 0.1, distribution=HISTORY).table["success"]
    for y in (0, 4, 10):
        assert sure[y] == pytest.approx(trial.probability_of_success(HISTORY, events=y, n=10))


def test_bad_input():
    trial = bm.SingleArmTrial(25, VAGUE, BOTH)
    with pytest.raises(bm.SettingsError, match=r"`n` of an interim look must be less than .* 25"):
        bm.InterimLook(trial, 25, 0.1)
    with pytest.raises(bm.SettingsError, match="`n` must be a whole number of patients"):
        bm.InterimLook(trial, 0, 0.1)
    with pytest.raises(
        bm.SettingsError, match="`stop_below` must be a probability between 0 and 1"
    ):
        bm.InterimLook(trial, 10, 0)
    with pytest.raises(bm.SettingsError, match="`trial` must be a SingleArmTrial; got str"):
        bm.InterimLook("trial", 10, 0.1)


@pytest.mark.parametrize("distribution", ["x", 0.4, [0.2, 0.8]])
def test_what_is_no_distribution_is_refused(distribution: object) -> None:
    flat, condition = bm.BetaMixture([1], a=[1], b=[1]), bm.Condition(0.3, certainty=0.9)
    single = bm.SingleArmTrial(20, prior=flat, success=condition)
    two = bm.TwoArmTrial(20, 20, prior_treated=flat, prior_control=flat, success=bm.DifferenceCondition(0.0, certainty=0.9))  # fmt: skip
    message = "must be a BetaMixture, or the `distribution` of a prediction; got"
    with pytest.raises(bm.SettingsError, match=f"`distribution` {message}"):
        single.probability_of_success(distribution)  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match=f"`distribution` {message}"):
        bm.InterimLook(single, n=10, stop_below=0.1, distribution=distribution)  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match=f"`distribution_treated` {message}"):
        two.probability_of_success(distribution)  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match=f"`distribution_control` {message}"):
        two.probability_of_success(None, distribution)  # type: ignore[arg-type]
