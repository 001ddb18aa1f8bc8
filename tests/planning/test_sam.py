"""SAM priors: weights against the published figures, and decisions against loops over counts."""

import numpy as np
import pytest
from distributions import BOTH, HISTORY, VAGUE, conditions, mixtures
from hypothesis import assume, given, settings, strategies as st
from scipy import stats

import bayesmeta as bm

EXAMPLE = bm.BetaMixture([1], a=[40], b=[60])


def weight(events: int, n: int, mean: float, delta: float, odds: float) -> float:
    """Return the weight of history from binomial probabilities, as Yang et al. 2023 define it."""
    sides = [rate for rate in (mean - delta, mean + delta) if 0 < rate < 1]
    other = max(stats.binom.pmf(events, n, rate) for rate in sides)
    ratio = odds * stats.binom.pmf(events, n, mean) / other
    return float(ratio / (1 + ratio))


@pytest.mark.parametrize(("odds", "found"), [(1, 0.006238), (1 / 9, 0.000697)])
def test_the_example_of_the_r_package(odds, found):
    """SAMprior, example of `SAM_weight`: 12 of 60 against Beta(40, 60), difference 0.15."""
    prior = bm.SamPrior(EXAMPLE, delta=0.15, prior_odds=odds)
    assert prior.weight(events=12, n=60) == pytest.approx(found, abs=5e-7)
    assert prior.history_weights(60)[12] == prior.weight(events=12, n=60)


@pytest.mark.parametrize("delta", [0.05, 0.15, 0.45, 0.55])
@pytest.mark.parametrize("odds", [0.2, 1, 3])
def test_weights_of_all_counts(delta, odds):
    prior = bm.SamPrior(HISTORY, delta, odds)
    direct = [weight(y, 35, HISTORY.mean, delta, odds) for y in range(36)]
    np.testing.assert_allclose(prior.history_weights(35), direct, rtol=1e-9)
    assert np.exp(prior.log_weights(35)).sum(axis=1) == pytest.approx(np.ones(36))


def test_a_rate_outside_0_to_1_is_no_hypothesis():
    low = bm.SamPrior(bm.BetaMixture([1], a=[10], b=[90]), delta=0.15)
    assert low.weight(events=0, n=60) == pytest.approx(weight(0, 60, 0.1, 0.15, 1))
    assert low.weight(events=0, n=60) > 0.999


def test_without_patients_the_weight_is_that_of_the_odds():
    prior = bm.SamPrior(EXAMPLE, delta=0.15, prior_odds=3)
    assert prior.at(events=0, n=0) == bm.robustify(EXAMPLE, weight=0.25)


def test_weights_of_many_patients_are_kept_as_logs():
    """With 10,000 patients the likelihood ratio underflows, and its log does not."""
    prior = bm.SamPrior(EXAMPLE, delta=0.15)
    assert prior.weight(events=9_000, n=10_000) == 0
    assert np.isfinite(prior.log_weights(10_000)).all()


@given(
    mixtures(),
    st.floats(0.02, 0.6),
    st.floats(0.1, 10),
    st.integers(1, 25),
    st.lists(conditions(">") | conditions("<"), min_size=1, max_size=2),
)
@settings(max_examples=60, deadline=None)
def test_decisions_are_those_of_the_prior_of_each_count(history, delta, odds, n, listed):
    assume(history.mean - delta > 0 or history.mean + delta < 1)
    prior, success = bm.SamPrior(history, delta, odds, HISTORY), bm.Success(listed)
    trial = bm.SingleArmTrial(n, prior, success)
    for y in range(n + 1):
        vague = 1 - weight(y, n, history.mean, delta, odds)
        mixed = bm.BetaMixture(
            [(1 - vague) * w for w in history.weights] + [vague * w for w in HISTORY.weights],
            [*history.a, *HISTORY.a],
            [*history.b, *HISTORY.b],
        )
        after = mixed.update(events=y, n=n)
        assert prior.update(events=y, n=n).mean == pytest.approx(after.mean, abs=1e-9)
        for each in listed:
            tail = after.above if each.direction == ">" else after.below
            found = trial.decisions.loc[y, f"P(rate {each.direction} {each.threshold:.15g})"]
            assert found == pytest.approx(float(tail(each.threshold)), abs=1e-9)
    met = [y for y in range(n + 1) if trial.successes[y]]
    direct = [sum(stats.binom.pmf(y, n, rate) for y in met) for rate in (0.1, 0.4, 0.8)]
    found = trial.operating_characteristics([0.1, 0.4, 0.8])["success"]
    np.testing.assert_allclose(found, direct, atol=1e-12)


@pytest.mark.parametrize("alpha", [0.025, 0.05, 0.1])
def test_the_certainty_that_keeps_the_error_is_the_smallest(alpha):
    prior = bm.SamPrior(EXAMPLE, delta=0.15)
    trial = bm.SingleArmTrial(30, prior, "P(rate > 0.35) > 0.9")
    certainties = [float(prior.update(events=y, n=30).above(0.35)) for y in range(31)]
    errors = {
        level: sum(stats.binom.pmf(y, 30, 0.35) for y in range(31) if certainties[y] > level)
        for level in (0.5, *certainties)
    }
    kept = min(level for level, error in errors.items() if level >= 0.5 and error <= alpha)
    found = trial.certainty_for(alpha)
    assert found.smallest == pytest.approx(kept)
    assert found.type_one_error == pytest.approx(errors[kept])
    again = bm.SingleArmTrial(30, prior, trial.success.with_certainty(found.rounded))
    assert again.type_one_error() == pytest.approx(errors[kept])


def test_more_responders_may_fail_where_fewer_succeed():
    """4 of 10 agree with Beta(200, 300), and borrow; 5 and 6 borrow less, and are less certain."""
    prior = bm.SamPrior(bm.BetaMixture([1], a=[200], b=[300]), delta=0.3)
    certain = [float(prior.update(events=y, n=10).above(0.35)) for y in (4, 5)]
    assert certain == pytest.approx([0.97389, 0.96566], abs=1e-5)
    trial = bm.SingleArmTrial(10, prior, "P(rate > 0.35) > 0.97")
    assert not trial.monotone
    assert trial.words == "5 numbers from 4 to 10 of 10"
    direct = stats.binom.pmf(4, 10, 0.35) + stats.binom.sf(6, 10, 0.35)
    assert trial.type_one_error() == pytest.approx(direct)


def test_patients_are_not_enough_where_more_responders_may_fail():
    """10 patients succeed at 4 and at 7 to 10, but not at 5 and 6: the error need not be at the null."""
    prior, success = (
        bm.SamPrior(bm.BetaMixture([1], a=[200], b=[300]), 0.3),
        "P(rate > 0.35) > 0.97",
    )
    found = bm.smallest_n(success, prior, alternative=0.6, alpha=0.4, power=0.3, n_max=30)
    split = []
    for row in found.table.itertuples():
        trial = bm.SingleArmTrial(row.n, prior, success)
        assert row.type_one_error == trial.type_one_error()
        kept = row.type_one_error <= 0.4 and row.power >= 0.3
        assert row.meets == (kept and trial.monotone)
        split += [row.n] if kept and not trial.monotone else []
    assert 10 in split
    assert found.n is not None


def test_the_control_of_two_arms():
    prior = bm.SamPrior(bm.BetaMixture([1], a=[10], b=[30]), delta=0.2)
    trial = bm.TwoArmTrial(14, 8, VAGUE, prior, "P(rate - control > 0) > 0.9")
    for y in range(9):
        fixed = bm.TwoArmTrial(14, 8, VAGUE, prior.at(events=y, n=8), trial.success)
        assert (trial.successes[y] == fixed.successes[y]).all()
    met = np.argwhere(trial.successes)
    direct = sum(stats.binom.pmf(c, 8, 0.3) * stats.binom.pmf(t, 14, 0.3) for c, t in met)
    assert trial.type_one_error([0.3])["success"].item() == pytest.approx(direct)
    found = trial.certainty_for(0.05, [0.2, 0.3, 0.4])
    again = bm.TwoArmTrial(14, 8, VAGUE, prior, trial.success.with_certainty(found.rounded))
    largest = again.type_one_error([0.2, 0.3, 0.4])["success"].max()
    assert largest == pytest.approx(found.type_one_error)
    assert largest <= 0.05


def test_predictions_at_an_interim_use_the_weight_of_its_patients():
    prior = bm.SamPrior(EXAMPLE, delta=0.15)
    trial = bm.SingleArmTrial(30, prior, BOTH)
    for events, n in ((0, 0), (4, 12), (9, 12)):
        seen = prior.at(events=events, n=n)
        found = trial.probability_of_success(events=events, n=n)
        assert found == trial.probability_of_success(seen, events=events, n=n)
    with pytest.raises(bm.SettingsError, match="`distribution` is needed where the prior of `tria"):
        bm.InterimLook(trial, 12, stop_below=0.1)
    look = bm.InterimLook(trial, 12, stop_below=0.1, distribution=EXAMPLE)
    assert look.table["success"].iloc[4] == pytest.approx(
        trial.probability_of_success(EXAMPLE, events=4, n=12)
    )


def test_bad_input():
    with pytest.raises(bm.SettingsError, match="`history` must be a BetaMixture; got float"):
        bm.SamPrior(0.4, delta=0.15)
    with pytest.raises(bm.SettingsError, match="`vague` must be a BetaMixture; got NoneType"):
        bm.SamPrior(EXAMPLE, 0.15, vague=None)
    for delta in (0, 1, "0.15", float("nan")):
        with pytest.raises(bm.SettingsError, match="`delta` must be a probability between 0 and 1"):
            bm.SamPrior(EXAMPLE, delta=delta)
    with pytest.raises(bm.SettingsError, match=r"`delta` must leave a rate .* from 0.4, the mean"):
        bm.SamPrior(EXAMPLE, delta=0.7)
    for odds in (0, -1, float("inf"), "1:9"):
        with pytest.raises(bm.SettingsError, match="`prior_odds` must be a positive number"):
            bm.SamPrior(EXAMPLE, 0.15, prior_odds=odds)
    with pytest.raises(bm.SettingsError, match="`events` must lie between 0 and n = 60; got 61"):
        bm.SamPrior(EXAMPLE, 0.15).weight(events=61, n=60)
