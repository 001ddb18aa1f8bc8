"""Two-arm trials: the difference of two mixtures against other quadratures, counts against loops."""

import numpy as np
import pytest
from distributions import HISTORY, VAGUE, mixtures
from hypothesis import example, given, settings, strategies as st
from scipy import integrate, stats

import bayesmeta as bm
from bayesmeta.planning.difference import Betas, difference_above

SUCCESS = "P(rate - control > 0) > 0.9 and P(rate - control > 0.15) > 0.5"


def betas(*distributions):
    return Betas(
        *(
            np.array([getattr(distribution, name) for distribution in distributions])
            for name in ("weights", "a", "b")
        )
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


def mirrored(distribution):
    """Return the distribution of one minus the rate."""
    return bm.BetaMixture(distribution.weights, distribution.b, distribution.a)


@given(mixtures(0.002), mixtures(0.002), st.floats(0, 0.95))
@example(bm.BetaMixture([1], a=[0.5], b=[1]), VAGUE, 1e-9)
@example(bm.BetaMixture([1], a=[0.002], b=[0.002]), bm.BetaMixture([1], a=[0.002], b=[3]), 0.0)
@example(bm.BetaMixture([1], a=[0.5], b=[0.01]), bm.BetaMixture([1], a=[0.01], b=[700]), 5e-324)
@example(bm.BetaMixture([1], a=[0.002], b=[1]), bm.BetaMixture([1], a=[0.002], b=[0.002]), 5e-324)
@example(bm.BetaMixture([1], a=[0.002], b=[1]), bm.BetaMixture([1], a=[0.002], b=[0.002]), 3e-16)
@settings(max_examples=60, deadline=None)
def test_a_difference_is_that_of_the_opposite_rates(rate, control, difference):
    """Either rate may be the one that is integrated over."""
    other = above(mirrored(control), mirrored(rate), difference)
    assert above(rate, control, difference) == pytest.approx(other, abs=1e-9)
    below = above(control, rate, -difference)
    assert below == pytest.approx(1 - other, abs=1e-9)
    assert above(rate, control, 0.0) + above(control, rate, 0.0) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("a", [1e-4, 0.002, 0.4, 1, 50, 1e4, 1e6])
@pytest.mark.parametrize("other", [0.002, 0.00225, 1, 1e6])
def test_powers_of_uniform_rates_differ_as_known(a, other):
    """P(rate > control) of Beta(a, 1) and Beta(c, 1) is a / (a + c), however near to 0 they lie."""
    power, control = (bm.BetaMixture([1], [each], [1]) for each in (a, other))
    assert above(power, control, 0.0) == pytest.approx(a / (a + other), abs=1e-9)
    found = above(mirrored(control), mirrored(power), 0.0)
    assert found == pytest.approx(a / (a + other), abs=1e-9)


@pytest.mark.parametrize(
    ("rate", "control", "difference", "exact"),
    [
        ((0.002, 0.3), (0.5, 3), 0.0, 0.0116429138798109),
        ((0.002, 0.3), (0.5, 3), 0.1, 0.0085740715291805),
        ((0.002, 0.002), (0.002, 0.004), 0.0, 0.6111122024022742),
        ((0.002, 0.002), (0.002, 0.004), 0.2, 0.3351666696436281),
        ((0.002, 0.5), (1, 1), -0.3, 0.3035168745353110),
        ((3, 0.002), (2, 0.003), 0.3, 0.0015099123141956),
        ((0.002, 5), (0.01, 700), 0.0, 0.1750043502951403),
    ],
)
def test_differences_of_rates_that_pile_up_at_an_end(rate, control, difference, exact):
    """By mpmath, with 30 digits, over the log-odds of the control's rate."""
    distributions = (bm.BetaMixture([1], [a], [b]) for a, b in (rate, control))
    assert above(*distributions, difference) == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize("shape", [0.002, 0.05, 1 / 3, 1, 20, 5000])
def test_equal_distributions_are_a_toss(shape):
    distribution = bm.BetaMixture([1], a=[shape], b=[shape])
    assert above(distribution, distribution, 0.0) == pytest.approx(0.5, abs=1e-9)


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


def test_the_error_at_every_threshold_by_loops():
    """The null is the threshold of the most certain condition, whatever the other asks."""
    for certainty in (0.5, 0.6):
        success = f"P(rate - control > 0) > 0.9 and P(rate - control > 0.15) > {certainty}"
        trial = bm.TwoArmTrial(14, 9, VAGUE, HISTORY, success)
        table = trial.threshold_errors([0.2, 0.5, 0.9])
        named = list(zip(table["threshold"], table["difference"], table["control"], strict=True))
        assert named == [
            *(("null", 0.0, control) for control in (0.2, 0.5, 0.9)),
            *(("decision value", 0.15, control) for control in (0.2, 0.5)),
        ]
        for row in table.itertuples():
            y = stats.binom.pmf(np.arange(15), 14, row.control + row.difference)
            z = stats.binom.pmf(np.arange(10), 9, row.control)
            direct = sum(z[j] * y[i] for j in range(10) for i in range(15) if trial.successes[j, i])
            assert row.success == pytest.approx(direct, abs=1e-12)
        error = trial.type_one_error([0.2, 0.5, 0.9])["success"].tolist()
        assert error == pytest.approx(table["success"].tolist()[:3])


def test_a_difference_up_to_a_rate_of_1_has_an_error():
    trial = bm.TwoArmTrial(10, 10, VAGUE, VAGUE, "P(rate - control > 0.3) > 0.9")
    assert trial.type_one_error([0.7])["rate"].tolist() == [1.0]


def test_the_certainty_of_two_arms_is_the_smallest_that_keeps_the_error():
    controls = [0.2, 0.3, 0.4]
    trial = bm.TwoArmTrial(20, 12, VAGUE, HISTORY, "P(rate - control > 0) > 0.8")

    def largest(certainty):
        changed = bm.TwoArmTrial(
            20, 12, VAGUE, HISTORY, f"P(rate - control > 0) > {certainty:.15g}"
        )
        return changed.type_one_error(controls)["success"].max()

    for alpha in (0.025, 0.05, 0.1):
        found = trial.certainty_for(alpha, controls)
        assert found.type_one_error == pytest.approx(largest(found.rounded))
        assert largest(found.smallest + 1e-9) <= alpha < largest(found.smallest - 1e-9)
    with pytest.raises(bm.SettingsError, match="`alpha` must be a probability between 0 and 1"):
        trial.certainty_for(5, controls)


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
        bm.SettingsError, match="`prior_control` must be a BetaMixture or a SamPrior; got NoneType"
    ):
        bm.TwoArmTrial(5, 5, VAGUE, None, SUCCESS)
