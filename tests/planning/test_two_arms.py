"""Two-arm trials: the difference of two mixtures against other quadratures, counts against loops."""

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from laws import HISTORY, VAGUE, mixtures
from scipy import integrate, stats

import bayesmeta as bm
from bayesmeta.planning.difference import Betas, difference_above

SUCCESS = "P(rate - control > 0) > 0.9 and P(rate - control > 0.15) > 0.5"


def betas(*laws):
    return Betas(
        *(np.array([getattr(law, name) for law in laws]) for name in ("weights", "a", "b"))
    )


def above(rate, control, difference):
    return difference_above(betas(rate), betas(control), difference)[0, 0]


@pytest.mark.parametrize("difference", [-0.6, -0.1, 0.0, 0.2, 0.7])
@pytest.mark.parametrize(
    ("rate", "control"),
    [
        (VAGUE, HISTORY),
        (HISTORY.update(events=12, n=20), VAGUE.update(events=3, n=20)),
        (bm.BetaMixture([1], a=[2], b=[5]), bm.BetaMixture([0.5, 0.5], a=[3, 30], b=[9, 30])),
    ],
)
def test_difference_agrees_with_double_integration(rate, control, difference):
    direct, _ = integrate.dblquad(
        lambda x, z: float(rate.pdf(x) * control.pdf(z)),
        0,
        1,
        lambda z: float(np.clip(z + difference, 0, 1)),
        1,
        epsabs=1e-9,
    )
    assert above(rate, control, difference) == pytest.approx(direct, abs=1e-6)


@given(mixtures(), mixtures(), st.floats(-0.95, 0.95))
@example(bm.BetaMixture([1], a=[0.5], b=[1]), VAGUE, 1e-9)
@settings(max_examples=60, deadline=None)
def test_differences_and_their_opposites_sum_to_one(rate, control, difference):
    assert above(rate, control, difference) + above(control, rate, -difference) == pytest.approx(
        1, abs=1e-9
    )


@pytest.mark.parametrize("shape", [0.05, 1 / 3, 1, 20, 5000])
def test_equal_laws_are_a_toss(shape):
    law = bm.BetaMixture([1], a=[shape], b=[shape])
    assert above(law, law, 0.0) == pytest.approx(0.5, abs=1e-9)


def test_uniform_rates_differ_by_a_triangle():
    for difference in (-0.7, 0.0, 0.3):
        triangle = (1 - difference) ** 2 / 2 if difference > 0 else 1 - (1 + difference) ** 2 / 2
        assert above(VAGUE, VAGUE, difference) == pytest.approx(triangle, abs=1e-13)


def test_decisions_and_characteristics_agree_with_loops():
    trial = bm.TwoArmTrial(12, 5, VAGUE, HISTORY, SUCCESS)
    met = np.zeros((6, 13), dtype=bool)
    for z in range(6):
        for y in range(13):
            pair = VAGUE.update(events=y, n=12), HISTORY.update(events=z, n=5)
            met[z, y] = above(*pair, 0.0) > 0.9 and above(*pair, 0.15) > 0.5
    np.testing.assert_array_equal(trial.successes, met)
    table = trial.boundary
    for z in range(6):
        counts = np.flatnonzero(met[z])
        assert table.loc[z].dropna().tolist() == [*counts[:1], *counts[-1:]]
    found = trial.operating_characteristics([0.3, 0.8], [0.1, 0.4])
    for row in found.itertuples():
        y, z = (
            stats.binom.pmf(np.arange(13), 12, row.rate),
            stats.binom.pmf(np.arange(6), 5, row.control),
        )
        direct = sum(y[i] * z[j] for j in range(6) for i in range(13) if met[j, i])
        assert row.success == pytest.approx(direct, abs=1e-12)
    assert list(zip(found["rate"], found["control"], strict=True))[:2] == [(0.3, 0.1), (0.8, 0.1)]
    direct = HISTORY.pmf(5) @ met @ VAGUE.pmf(12)
    assert trial.probability_of_success() == pytest.approx(direct)
    assert trial.probability_of_success(HISTORY, VAGUE) == pytest.approx(
        VAGUE.pmf(5) @ met @ HISTORY.pmf(12)
    )


def test_type_one_error_lies_on_the_line_of_the_difference():
    trial = bm.TwoArmTrial(20, 20, VAGUE, VAGUE, "P(rate - control > 0.1) > 0.95")
    error = trial.type_one_error([0.1, 0.5])
    np.testing.assert_allclose(error["rate"], [0.2, 0.6])
    for row in error.itertuples():
        single = trial.operating_characteristics([row.rate], [row.control])["success"].iloc[0]
        assert row.success == pytest.approx(single)
    with pytest.raises(bm.SettingsError, match=r"`controls \+ difference` must be probabilities"):
        trial.type_one_error([0.95])


def test_a_control_of_history_alone_and_counts_that_never_succeed():
    alone = bm.TwoArmTrial(20, 0, VAGUE, HISTORY, SUCCESS)
    assert alone.boundary.shape == (1, 2)
    never = bm.TwoArmTrial(2, 2, VAGUE, VAGUE, "P(rate - control > 0.9) > 0.9")
    assert never.boundary.isna().all(axis=None)
    assert never.probability_of_success() == 0


def test_bad_input():
    with pytest.raises(bm.SettingsError, match="`n_treated` must be a whole number of patients"):
        bm.TwoArmTrial(0, 5, VAGUE, VAGUE, SUCCESS)
    for n in (-1, 2.5, True):
        with pytest.raises(
            bm.SettingsError, match="`n_control` must be a whole number of patients"
        ):
            bm.TwoArmTrial(5, n, VAGUE, VAGUE, SUCCESS)
    with pytest.raises(bm.SettingsError, match="`success` of two arms is on their difference"):
        bm.TwoArmTrial(5, 5, VAGUE, VAGUE, "P(rate > 0.3) > 0.9")
    with pytest.raises(
        bm.SettingsError, match="`prior_control` must be a BetaMixture; got NoneType"
    ):
        bm.TwoArmTrial(5, 5, VAGUE, None, SUCCESS)
