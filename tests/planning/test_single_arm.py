"""Single-arm trials against loops over counts, and what must hold of them whatever the prior."""

from fractions import Fraction
from itertools import combinations_with_replacement
from math import comb

import numpy as np
import pytest
from distributions import BOTH, HISTORY, VAGUE, conditions, mixtures
from hypothesis import given, settings, strategies as st
from scipy import integrate, stats

import bayesmeta as bm

RATES = np.linspace(0, 1, 21)


def test_decisions_are_those_of_each_posterior():
    trial = bm.SingleArmTrial(40, HISTORY, BOTH)
    for y in range(41):
        after = HISTORY.update(events=y, n=40)
        row = trial.decisions.loc[y]
        assert row["P(rate > 0.35)"] == pytest.approx(float(after.above(0.35)), rel=1e-10)
        assert row["success"] == (after.above(0.35) > 0.9 and after.above(0.5) > 0.5)
    assert trial.boundary == int(trial.decisions["success"].to_numpy().argmax())
    assert trial.monotone


@given(mixtures(), st.integers(1, 30), st.lists(conditions(">"), min_size=1, max_size=2))
@settings(max_examples=60, deadline=None)
def test_rules_on_one_side_are_monotone(prior, n, listed):
    trial = bm.SingleArmTrial(n, prior, bm.Success(listed))
    assert trial.monotone
    success = trial.operating_characteristics(RATES)["success"].to_numpy()
    assert (np.diff(success) >= -1e-12).all()
    assert ((success >= -1e-12) & (success <= 1 + 1e-12)).all()


@given(
    mixtures(),
    st.integers(1, 25),
    st.lists(conditions(">") | conditions("<"), min_size=1, max_size=3),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_enumeration_agrees_with_loops(prior, n, listed, data):
    trial = bm.SingleArmTrial(n, prior, bm.Success(listed))
    met = [y for y in range(n + 1) if trial.successes[y]]
    direct = [sum(stats.binom.pmf(y, n, rate) for y in met) for rate in RATES]
    found = trial.operating_characteristics(RATES)["success"]
    np.testing.assert_allclose(found, direct, atol=1e-12)
    seen = data.draw(st.integers(0, n))
    events = data.draw(st.integers(0, seen))
    rest = n - seen
    distribution = prior.update(events=events, n=seen) if seen else prior
    after = distribution.pmf(rest) if rest else [1.0]
    direct = sum(after[y] for y in range(rest + 1) if trial.successes[events + y])
    assert trial.probability_of_success(events=events, n=seen) == pytest.approx(direct, abs=1e-10)


def test_probability_of_success_is_the_mean_power():
    trial = bm.SingleArmTrial(40, VAGUE, BOTH)

    def weighed(rate):
        return float(HISTORY.pdf(rate) * trial.operating_characteristics([rate])["success"].iloc[0])

    mean, _ = integrate.quad(weighed, 0, 1, epsabs=1e-10)
    assert trial.probability_of_success(HISTORY) == pytest.approx(mean, abs=1e-8)


def test_interim_at_the_end_is_the_decision():
    trial = bm.SingleArmTrial(40, HISTORY, BOTH)
    for y in (0, trial.boundary - 1, trial.boundary, 40):
        expected = float(trial.successes[y])
        assert trial.probability_of_success(events=y, n=40) == pytest.approx(expected)


class Impossible:
    """A distribution of counts in which nobody responds."""

    def pmf(self, n):
        return np.eye(n + 1)[0]


def test_a_distribution_of_counts_is_enough():
    trial = bm.SingleArmTrial(20, VAGUE, "P(rate < 0.35) > 0.9")
    assert trial.probability_of_success(Impossible(), events=0, n=5) == pytest.approx(1)
    with pytest.raises(
        bm.SettingsError, match="`distribution` holds 1 responders of 5 to be impossible"
    ):
        trial.probability_of_success(Impossible(), events=1, n=5)


@pytest.mark.parametrize(
    ("n", "success", "words", "boundary", "monotone"),
    [
        (40, "P(rate > 0.35) > 0.9", "18 or more of 40", 18, True),
        (1, "P(rate > 0.9) > 0.9", "none of 0 to 1", None, True),
        (3, "P(rate > 0.01) > 0.9", "all of 0 to 3", 0, True),
        (40, "P(rate < 0.35) > 0.9", "9 or fewer of 40", 0, False),
        (40, "P(rate > 0.3) > 0.6 and P(rate < 0.6) > 0.6", "13 to 23 of 40", 13, False),
    ],
)
def test_shapes_of_rules(n, success, words, boundary, monotone):
    trial = bm.SingleArmTrial(n, VAGUE, success)
    assert (trial.words, trial.boundary, trial.monotone) == (words, boundary, monotone)


def test_never_and_always_have_flat_characteristics():
    never = bm.SingleArmTrial(1, VAGUE, "P(rate > 0.9) > 0.9")
    assert never.largest is None
    assert (never.operating_characteristics(RATES)["success"] == 0).all()
    always = bm.SingleArmTrial(3, VAGUE, "P(rate > 0.01) > 0.9")
    assert (always.operating_characteristics(RATES)["success"] == 1).all()
    assert always.type_one_error(0.005) == 1


@pytest.mark.parametrize("certainty", [0.5, 0.51])
def test_the_error_at_every_threshold_is_named(certainty):
    success = f"P(rate > 0.35) > 0.9 and P(rate > 0.5) > {certainty}"
    trial = bm.SingleArmTrial(40, VAGUE, success)
    assert trial.words == "21 or more of 40"
    exact = {rate: stats.binom.sf(20, 40, rate) for rate in (0.35, 0.5)}
    assert trial.type_one_error() == pytest.approx(exact[0.35])
    assert round(trial.type_one_error(), 4) == 0.0173
    rows = list(trial.threshold_errors.itertuples(index=False, name=None))
    assert [row[:2] for row in rows] == [("null", 0.35), ("decision value", 0.5)]
    assert [row[2] for row in rows] == pytest.approx([exact[0.35], exact[0.5]])


@given(
    mixtures(),
    st.integers(1, 25),
    st.lists(conditions(">") | conditions("<"), min_size=1, max_size=2),
    st.sampled_from([0.025, 0.05, 0.1]),
)
@settings(max_examples=60, deadline=None)
def test_the_certainty_is_the_smallest_that_keeps_the_error(prior, n, listed, alpha):
    """Each possible certainty tried in turn: the posterior probabilities, and the least allowed."""
    success = bm.Success(listed)
    null, others = success.null, [each for each in listed if each is not success.null]
    after = [prior.update(events=y, n=n) for y in range(n + 1)]

    def certainty(distribution, each):
        return float(
            (distribution.above if each.direction == ">" else distribution.below)(each.threshold)
        )

    allowed = [
        all(certainty(distribution, each) > each.certainty for each in others)
        for distribution in after
    ]
    floor = max([0.5, *(each.certainty for each in others)])
    found = bm.SingleArmTrial(n, prior, success).certainty_for(alpha)
    tried = []
    for level in sorted({floor, *(certainty(distribution, null) for distribution in after)}):
        met = [y for y in range(n + 1) if allowed[y] and certainty(after[y], null) > level]
        error = sum(stats.binom.pmf(y, n, null.threshold) for y in met)
        if level >= floor and met and error <= alpha:
            tried.append((level, error))
    if not tried or tried[0][0] > 1 - 1e-9:
        assert found.smallest is None or found.smallest > 1 - 2e-9
        return
    assert (found.smallest, found.type_one_error) == pytest.approx(tried[0], abs=1e-8)
    least = [
        stats.binom.pmf(y, n, null.threshold)
        for y in range(n + 1)
        if allowed[y] and certainty(after[y], null) > 0.5
    ]
    assert found.always == (sum(least) <= alpha)
    again = bm.SingleArmTrial(n, prior, success.with_certainty(found.rounded))
    assert again.type_one_error() == pytest.approx(found.type_one_error, abs=1e-12)
    assert again.boundary is not None


def test_the_certainty_is_above_that_of_other_conditions():
    """At a certainty of 0.95 the null would be 0.35; at 0.9, which is less, the error is 13%."""
    trial = bm.SingleArmTrial(20, VAGUE, "P(rate > 0.5) > 0.99 and P(rate > 0.35) > 0.95")
    found = trial.certainty_for(0.1)
    assert (found.smallest, found.rounded, found.always) == (0.95, 0.9501, False)
    again = bm.SingleArmTrial(20, VAGUE, trial.success.with_certainty(found.rounded))
    assert again.success.null_value == 0.5
    assert again.type_one_error() == pytest.approx(stats.binom.sf(13, 20, 0.5))
    assert found.type_one_error == pytest.approx(stats.binom.sf(13, 20, 0.5))
    other = bm.SingleArmTrial(20, VAGUE, "P(rate > 0.5) > 0.9 and P(rate > 0.35) > 0.95")
    assert other.type_one_error(0.5) == pytest.approx(stats.binom.sf(12, 20, 0.5))
    assert trial.certainty_for(0.5).always


def test_a_probability_that_equals_the_certainty_does_not_exceed_it():
    """Of a uniform prior it is a polynomial in the threshold: hundreds of exact ties."""
    ties = 0
    for y, n in combinations_with_replacement(range(31), 2):
        if n == 0:
            continue
        for rate in (
            Fraction(1, 2),
            Fraction(1, 4),
            Fraction(2, 5),
            Fraction(3, 10),
            Fraction(1, 5),
        ):
            below = sum(
                comb(n + 1, j) * rate**j * (1 - rate) ** (n + 1 - j) for j in range(y + 1, n + 2)
            )
            for direction, exact in ((">", 1 - below), ("<", below)):
                if not 0.5 <= exact < 1 or Fraction(repr(float(exact))) != exact:
                    continue
                condition = bm.Condition(float(rate), float(exact), direction)
                assert not bm.SingleArmTrial(n, VAGUE, condition).successes[y]
                ties += 1
    assert ties > 500


def test_certainties_of_a_trial_by_hand():
    """18 or more of 40 succeed at 0.9; 20 or more keep 5%, 21 or more 2.5%."""
    trial = bm.SingleArmTrial(40, VAGUE, "P(rate > 0.35) > 0.9")
    for alpha, boundary in ((0.1, 19), (0.05, 20), (0.025, 21)):
        found = trial.certainty_for(alpha)
        assert found.smallest == pytest.approx(stats.beta(boundary, 42 - boundary).sf(0.35))
        assert found.type_one_error == pytest.approx(stats.binom.sf(boundary - 1, 40, 0.35))
        assert stats.binom.sf(boundary - 2, 40, 0.35) > alpha
    assert trial.certainty_for(0.05).rounded == 0.952
    assert bm.SingleArmTrial(2, VAGUE, "P(rate > 0.5) > 0.6").certainty_for(0.1).smallest is None


def test_interim_probabilities_do_not_need_a_table_of_all_counts():
    trial = bm.SingleArmTrial(10_000, HISTORY, "P(rate > 0.35) > 0.9")
    after = HISTORY.update(events=1770, n=5000).pmf(5000)
    found = trial.probability_of_success(events=1770, n=5000)
    assert found == pytest.approx(after[trial.boundary - 1770 :].sum(), abs=1e-9)
    assert 0.05 < found < 0.95


def test_bad_input():
    for n in (0, -1, 2.5, True):
        with pytest.raises(bm.SettingsError, match="`n` must be a whole number of patients"):
            bm.SingleArmTrial(n, VAGUE, BOTH)
    with pytest.raises(
        bm.SettingsError, match="`prior` must be a BetaMixture or a SamPrior; got float"
    ):
        bm.SingleArmTrial(40, 0.3, BOTH)
    with pytest.raises(bm.SettingsError, match=r"of a single arm is on the rate; .* TwoArmTrial"):
        bm.SingleArmTrial(40, VAGUE, "P(rate - control > 0.1) > 0.9")
    trial = bm.SingleArmTrial(40, VAGUE, BOTH)
    for rates in ([0.2, 1.2], "x", [], [[0.2]], float("nan")):
        with pytest.raises(bm.SettingsError, match=r"`rates` must be (one or more )?probabilities"):
            trial.operating_characteristics(rates)
    with pytest.raises(bm.SettingsError, match=r"`events` must lie between 0 and n = 20; got 21"):
        trial.probability_of_success(events=21, n=20)
    with pytest.raises(bm.SettingsError, match="`n` must lie between 0 and 40; got 41"):
        trial.probability_of_success(events=8, n=41)
    with pytest.raises(bm.SettingsError, match=r"`events` must be a whole number; got 1.5"):
        trial.probability_of_success(events=1.5, n=20)
    with pytest.raises(bm.SettingsError, match="`null_rate` must be a probability between 0 and 1"):
        trial.type_one_error(1)
