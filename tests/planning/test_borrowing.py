"""Borrowing against none: each row is a trial of its own."""

import pytest
from distributions import BOTH, HISTORY, VAGUE

import bayesmeta as bm


def test_rows_are_trials_and_gains_are_over_the_uniform_prior():
    robust = bm.BetaMixture([0.48, 0.24, 0.28], a=[19, 4, 1], b=[29, 5, 1])
    table = bm.borrowing(40, BOTH, {"MAP": HISTORY, "robust": robust}, rates=[0.35, 0.5, 0.6])
    assert table["prior"].unique().tolist() == ["MAP", "robust", "none"]
    assert len(table) == 9
    none = bm.SingleArmTrial(40, VAGUE, BOTH)
    for prior, name in ((HISTORY, "MAP"), (robust, "robust"), (VAGUE, "none")):
        trial = bm.SingleArmTrial(40, prior, BOTH)
        rows = table[table["prior"] == name]
        assert set(rows["boundary"]) == {trial.boundary}
        assert rows["type_one_error"].iloc[0] == pytest.approx(trial.type_one_error())
        for row in rows.itertuples():
            of = [t.operating_characteristics([row.rate])["success"].iloc[0] for t in (trial, none)]
            assert (row.success, row.gain) == pytest.approx((of[0], of[0] - of[1]))
        expected = [t.probability_of_success(HISTORY) for t in (trial, none)]
        assert rows["expected_success"].iloc[0] == pytest.approx(expected[0])
        assert rows["expected_gain"].iloc[0] == pytest.approx(expected[0] - expected[1])


def test_a_prior_that_never_succeeds_has_no_boundary():
    table = bm.borrowing(2, "P(rate > 0.9) > 0.99", {"low": HISTORY}, rates=[0.5])
    assert table["boundary"].isna().all()


def test_bad_input():
    with pytest.raises(bm.SettingsError, match="must not use the name 'none'"):
        bm.borrowing(40, BOTH, {"none": HISTORY}, rates=[0.5])
    with pytest.raises(bm.SettingsError, match="`priors` must map a name to each prior"):
        bm.borrowing(40, BOTH, {}, rates=[0.5])
    with pytest.raises(
        bm.SettingsError, match=r"`priors\['MAP'\]` must be a BetaMixture or a SamPrior; got int"
    ):
        bm.borrowing(40, BOTH, {"MAP": 1}, rates=[0.5])
