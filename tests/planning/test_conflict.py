"""Conflict of priors with data, against direct sums."""

import numpy as np
import pytest
from distributions import HISTORY, VAGUE

import bayesmeta as bm
from bayesmeta.planning.conflict import conflict_table


@pytest.mark.parametrize("events", [0, 5, 17, 39, 40])
def test_tails_are_sums_of_the_predictive_distribution(events):
    pmf = HISTORY.pmf(40)
    found = bm.prior_data_conflict(HISTORY, events=events, n=40)
    low, high = pmf[: events + 1].sum(), pmf[events:].sum()
    assert found.two_sided == pytest.approx(min(1, 2 * min(low, high)))
    half = pmf[events] / 2
    assert found.mid_p == pytest.approx(min(1, 2 * min(low - half, high - half)))
    assert found.box == pytest.approx(pmf[pmf <= pmf[events] * (1 + 1e-9)].sum())
    assert found.mid_p <= found.two_sided


def test_equal_probabilities_count_as_equal_whatever_the_rounding():
    for events in range(41):
        assert bm.prior_data_conflict(VAGUE, events=events, n=40).box == pytest.approx(1)


def test_words():
    prior = bm.BetaMixture([1], a=[12], b=[18])
    words = [bm.prior_data_conflict(prior, events=y, n=40).words for y in (16, 28, 3)]
    assert (
        words[0]
        == "No conflict: within what the prior predicts (16 responders of 40, 16.0 expected)."
    )
    assert words[1].startswith("Conflict: more than the prior predicts")
    assert words[2].startswith("Strong conflict: far fewer than the prior predicts")


def test_bad_input():
    with pytest.raises(bm.SettingsError, match="`events` must lie between 0 and n = 40; got 41"):
        bm.prior_data_conflict(VAGUE, events=41, n=40)
    with pytest.raises(bm.SettingsError, match="`n` must be a whole number of patients from 1"):
        bm.prior_data_conflict(VAGUE, events=0, n=0)
    with pytest.raises(bm.SettingsError, match="`prior` must be a BetaMixture; got dict"):
        bm.prior_data_conflict({}, events=0, n=10)


def test_the_whole_table_sums_to_one():
    table = conflict_table(HISTORY, 40)
    assert table["probability"].sum() == pytest.approx(1)
    np.testing.assert_array_equal(table["conflict"], table["two_sided"] < 0.05)
