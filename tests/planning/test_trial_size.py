"""The patients that a trial needs, on the teeth of the saw."""

import numpy as np
import pandas as pd
import pytest
from distributions import HISTORY, VAGUE
from scipy import stats

import bayesmeta as bm


def test_each_row_is_a_trial_and_the_first_that_meets_is_found():
    found = bm.smallest_n("P(rate > 0.2) > 0.975", VAGUE, null_rate=0.2, alternative=0.4, n_max=80)
    for row in found.table.itertuples():
        trial = bm.SingleArmTrial(row.n, VAGUE, "P(rate > 0.2) > 0.975")
        edge = None if pd.isna(row.boundary) else row.boundary
        assert edge == trial.boundary
        assert row.type_one_error == pytest.approx(trial.type_one_error(0.2))
        if trial.boundary is not None:
            assert row.power == pytest.approx(stats.binom.sf(trial.boundary - 1, row.n, 0.4))
    meets = found.table.set_index("n")["meets"]
    assert meets[found.n]
    assert not meets.loc[: found.n - 1].any()
    assert meets.loc[found.n_from :].all()
    assert not meets[found.n_from - 1]
    assert (found.n, found.n_from, found.holds_for_larger) == (35, 38, False)


def test_the_null_is_that_of_the_success_where_none_is_given():
    success = "P(rate > 0.2) > 0.9 and P(rate > 0.35) > 0.6"
    found = bm.smallest_n(success, VAGUE, alternative=0.5, n_max=40)
    same = bm.smallest_n(success, VAGUE, null_rate=0.2, alternative=0.5, n_max=40)
    pd.testing.assert_frame_equal(found.table, same.table)


def test_where_it_holds_for_all_larger_ones_and_where_for_none():
    holds = bm.smallest_n(
        "P(rate > 0.2) > 0.9", HISTORY, null_rate=0.2, alternative=0.9, alpha=0.999999, n_max=40
    )
    assert holds.holds_for_larger
    assert repr(holds) == f"SampleSize({holds.n}; for all from {holds.n} up to 40)"
    none = bm.smallest_n("P(rate > 0.2) > 0.975", VAGUE, null_rate=0.2, alternative=0.4, n_max=20)
    assert (none.n, none.n_from, none.holds_for_larger) == (None, None, False)
    assert repr(none) == "SampleSize(none up to 20)"


def test_larger_ones_are_not_promised_after_a_tooth_or_two():
    """201 to 204 patients fail, of which a search up to 200 knows nothing."""
    success, rates = "P(rate > 0.15) > 0.95", {"null_rate": 0.15, "alternative": 0.35}
    short = bm.smallest_n(success, VAGUE, **rates, n_max=200)
    meets = bm.smallest_n(success, VAGUE, **rates, n_max=204).table.set_index("n")["meets"]
    assert meets[200]
    assert not meets[199]
    assert not meets.loc[201:].any()
    assert (short.n, short.n_from) == (28, None)


def test_a_rule_for_low_rates_has_its_alternative_below():
    found = bm.smallest_n("P(rate < 0.4) > 0.95", VAGUE, null_rate=0.4, alternative=0.2)
    last = found.table.set_index("n")["boundary"][found.n]
    assert stats.binom.cdf(last, found.n, 0.4) <= 0.05
    assert stats.binom.cdf(last, found.n, 0.2) >= 0.8
    assert np.isclose(
        found.table.set_index("n")["power"][found.n], stats.binom.cdf(last, found.n, 0.2)
    )


def test_bad_input():
    def ask(success="P(rate > 0.2) > 0.9", **changed):
        given = {"null_rate": 0.2, "alternative": 0.4, "n_max": 10} | changed
        return bm.smallest_n(success, VAGUE, **given)

    with pytest.raises(
        bm.SettingsError, match=r"`alternative` must lie above the null rate of 0.2"
    ):
        ask(alternative=0.1)
    with pytest.raises(
        bm.SettingsError, match=r"`alternative` must lie below the null rate of 0.2"
    ):
        ask("P(rate < 0.2) > 0.9")
    with pytest.raises(
        bm.SettingsError, match=r"on the rate of a single arm; got P\(rate - control"
    ):
        ask("P(rate - control > 0.2) > 0.9")
    with pytest.raises(bm.SettingsError, match="rates on one side only"):
        ask("P(rate > 0.2) > 0.9 and P(rate < 0.6) > 0.9")
    with pytest.raises(bm.SettingsError, match="`alpha` must be a probability between 0 and 1"):
        ask(alpha=0)
    with pytest.raises(bm.SettingsError, match="`power` must be a probability between 0 and 1"):
        ask(power=80)
    with pytest.raises(bm.SettingsError, match="`n_max` must be a whole number of patients"):
        ask(n_max=0)
