"""Decisions averaged over a design prior, and estimates: against quadrature over rates and loops."""

import numpy as np
import pytest
from distributions import BOTH, HISTORY, VAGUE
from scipy import integrate, stats

import bayesmeta as bm

DESIGN = bm.BetaMixture([0.7, 0.3], a=[14, 3], b=[16, 6])
SAM = bm.SamPrior(HISTORY, delta=0.2)
ANALYSES = {"none": VAGUE, "robust": bm.robustify(HISTORY, weight=0.2), "SAM": SAM}


def mean_over(low: float, high: float, function) -> float:
    """Return the mean of a function of the rate over the design prior, between two rates."""

    def weighed(rate: float) -> float:
        return float(DESIGN.pdf(rate)) * function(rate)

    found, _ = integrate.quad(weighed, low, high, epsabs=1e-11, epsrel=1e-11, limit=200)
    return found


@pytest.mark.parametrize("analysis", ANALYSES)
@pytest.mark.parametrize(
    ("success", "null", "alternative"),
    [(BOTH, 0.35, 0.5), ("P(rate > 0.35) > 0.9", 0.35, 0.6), ("P(rate < 0.5) > 0.9", 0.5, 0.4)],
)
def test_one_arm_against_quadrature(analysis, success, null, alternative):
    """P(rate <= null | success) is an integral of power times the design prior over low rates."""
    trial = bm.SingleArmTrial(30, ANALYSES[analysis], success)
    met = np.flatnonzero(trial.successes)

    def power(rate: float) -> float:
        return float(stats.binom.pmf(met, 30, rate).sum())

    asked = None if success == BOTH else alternative
    found = trial.bayesian_characteristics(DESIGN, alternative=asked)
    up = trial.success.direction == ">"
    wrong, right = ((0, null), (alternative, 1)) if up else ((null, 1), (0, alternative))
    total = mean_over(0, 1, power)
    assert (found.null, found.alternative) == (null, alternative)
    assert found.success == pytest.approx(total, abs=1e-9)
    assert found.success == pytest.approx(trial.probability_of_success(DESIGN))
    assert found.false_success == pytest.approx(mean_over(*wrong, power) / total, abs=1e-9)
    missed = mean_over(*right, lambda rate: 1 - power(rate)) / (1 - total)
    assert found.missed == pytest.approx(missed, abs=1e-9)
    assert found.true_null == pytest.approx(mean_over(*wrong, lambda _: 1.0), abs=1e-9)
    assert found.true_alternative == pytest.approx(mean_over(*right, lambda _: 1.0), abs=1e-9)


@pytest.mark.parametrize("n_control", [0, 5])
@pytest.mark.parametrize(
    "success", ["P(rate - control > 0.1) > 0.8", "P(rate - control < 0) > 0.7"]
)
def test_two_arms_against_a_grid_of_rates(success, n_control):
    """Midpoints of a fine grid over both rates; its error is that of the step at the null."""
    control, alternative = bm.BetaMixture([1], a=[6], b=[9]), 0.2 if ">" in success[:20] else -0.1
    trial = bm.TwoArmTrial(8, n_control, VAGUE, HISTORY, success)
    found = trial.bayesian_characteristics(DESIGN, control, alternative=alternative)
    grid = (np.arange(2000) + 0.5) / 2000
    treated_rate, control_rate = np.meshgrid(grid, grid, indexing="ij")
    density = DESIGN.pdf(grid)[:, None] * control.pdf(grid) / 2000**2
    counts = [stats.binom.pmf(np.arange(n + 1)[:, None], n, grid) for n in (8, n_control)]
    power = counts[0].T @ trial.successes.T @ counts[1]
    difference, up = treated_rate - control_rate, ">" in success[:20]
    wrong = difference <= found.null if up else difference >= found.null
    right = difference > alternative if up else difference < alternative
    total = (density * power).sum()
    assert found.success == pytest.approx(total, abs=1e-6)
    assert found.success == pytest.approx(trial.probability_of_success(DESIGN, control))
    assert found.false_success == pytest.approx((density * power)[wrong].sum() / total, abs=2e-3)
    missed = (density * (1 - power))[right].sum() / (1 - total)
    assert found.missed == pytest.approx(missed, abs=2e-3)
    assert found.true_null == pytest.approx(density[wrong].sum(), abs=2e-3)


def test_the_design_prior_is_that_of_the_analysis_where_none_is_given():
    trial = bm.SingleArmTrial(30, HISTORY, BOTH)
    assert trial.bayesian_characteristics() == trial.bayesian_characteristics(HISTORY)
    two = bm.TwoArmTrial(8, 5, VAGUE, HISTORY, "P(rate - control > 0) > 0.8")
    assert two.bayesian_characteristics() == two.bayesian_characteristics(VAGUE, HISTORY)
    sam = bm.SingleArmTrial(30, SAM, BOTH)
    assert sam.bayesian_characteristics() == sam.bayesian_characteristics(SAM.at(events=0, n=0))


def test_a_design_prior_of_two_single_rates():
    """So narrow that logs of its beta functions differ by less than their rounding."""
    trial = bm.SingleArmTrial(40, VAGUE, "P(rate > 0.35) > 0.9")
    found = trial.bayesian_characteristics(bm.BetaMixture([0.5, 0.5], [2e12, 5e12], [8e12, 5e12]))
    low, high = stats.binom.sf(17, 40, [0.2, 0.5])
    assert found.success == pytest.approx((low + high) / 2, abs=1e-11)
    assert found.false_success == pytest.approx(low / (low + high), abs=1e-11)
    assert found.missed == pytest.approx((1 - high) / (2 - low - high), abs=1e-11)
    assert (found.true_null, found.true_alternative) == pytest.approx((0.5, 0.5), abs=1e-11)
    # After 18 of 40 the two are as probable as by Bayes' rule.
    after = (binomial := stats.binom.pmf(18, 40, [0.2, 0.5])) / binomial.sum()
    mixed = bm.SingleArmTrial(
        40, bm.BetaMixture([0.5, 0.5], [2e12, 5e12], [8e12, 5e12]), trial.success
    )
    assert mixed.decisions.loc[18, "P(rate > 0.35)"] == pytest.approx(after[1], abs=1e-11)


def test_no_success_and_no_failure_have_no_error():
    never = bm.SingleArmTrial(1, VAGUE, "P(rate > 0.9) > 0.9").bayesian_characteristics()
    assert (never.success, never.false_success) == (0, None)
    assert never.missed == pytest.approx(0.1)
    always = bm.SingleArmTrial(3, VAGUE, "P(rate > 0.01) > 0.9").bayesian_characteristics()
    assert (always.success, always.missed) == (pytest.approx(1), None)
    assert always.false_success == pytest.approx(0.01)


@pytest.mark.parametrize("analysis", ANALYSES)
def test_estimates_against_loops(analysis):
    prior, rates = ANALYSES[analysis], [0.05, 0.4, 0.8]
    table = bm.SingleArmTrial(25, prior, BOTH).estimation(rates)
    after = [prior.update(events=y, n=25) for y in range(26)]
    for row in table.itertuples():
        chance = stats.binom.pmf(np.arange(26), 25, row.rate)
        errors = np.array([each.mean for each in after]) - row.rate
        sizes = [bm.effective_sample_size(each, method="moment") - 25 for each in after]
        assert row.bias == pytest.approx(chance @ errors)
        assert row.mse == pytest.approx(chance @ errors**2)
        assert row.ess == pytest.approx(chance @ sizes)


def test_a_beta_prior_is_worth_its_patients_whatever_the_data():
    table = bm.SingleArmTrial(25, bm.BetaMixture([1], a=[7], b=[11]), BOTH).estimation([0.1, 0.9])
    assert table["ess"].to_numpy() == pytest.approx([18, 18])


def test_bad_input():
    trial = bm.SingleArmTrial(30, HISTORY, BOTH)
    with pytest.raises(bm.SettingsError, match="`design` must be a BetaMixture; got SamPrior"):
        trial.bayesian_characteristics(SAM)
    for alternative in (0, 1, "0.5"):
        with pytest.raises(bm.SettingsError, match="`alternative` must be a rate between 0 and 1"):
            trial.bayesian_characteristics(DESIGN, alternative=alternative)
    with pytest.raises(
        bm.SettingsError, match=r"must not lie below the null value of 0.35.*got 0.3"
    ):
        trial.bayesian_characteristics(DESIGN, alternative=0.3)
    two = bm.TwoArmTrial(8, 5, VAGUE, HISTORY, "P(rate - control < 0) > 0.8")
    with pytest.raises(bm.SettingsError, match=r"must not lie above the null value of 0.*got 0.2"):
        two.bayesian_characteristics(alternative=0.2)
    with pytest.raises(bm.SettingsError, match="`design_control` must be a BetaMixture; got int"):
        two.bayesian_characteristics(VAGUE, 1)
    with pytest.raises(
        bm.SettingsError, match=r"`design_treated` of two arms .* 1,000,000; got 1e"
    ):
        two.bayesian_characteristics(bm.BetaMixture([1], [4e9], [6e9]))
    with pytest.raises(bm.SettingsError, match=r"`prior_control` of two arms .* 1,000,000; got 1e"):
        bm.TwoArmTrial(8, 5, VAGUE, bm.BetaMixture([1], [4e9], [6e9]), two.success)
    with pytest.raises(bm.SettingsError, match="`rates` must be probabilities"):
        trial.estimation([35])
