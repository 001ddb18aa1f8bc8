"""Estimates of trials: coverage of intervals, and the difference of two arms, against brute force."""

import numpy as np
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.planning.estimation import coverage, estimation_of_difference

VAGUE = bm.BetaMixture([1], a=[1], b=[1])
HISTORY = bm.BetaMixture([0.7, 0.3], a=[6, 1], b=[14, 1])
SAM = bm.SamPrior(HISTORY, 0.2)
RATES = np.array([0.0, 0.05, 0.3, 0.62, 1.0])


def test_coverage_of_one_beta_is_that_of_its_quantiles():
    found = coverage(VAGUE, 12, RATES, ci_prob=0.9)
    for row in found.itertuples():
        ends = [stats.beta.ppf([0.05, 0.95], 1 + y, 13 - y) for y in range(13)]
        chances = stats.binom.pmf(np.arange(13), 12, row.rate)
        holds = [low <= row.rate <= high for low, high in ends]
        assert row.coverage == pytest.approx(chances @ holds, abs=1e-12)
        assert row.width == pytest.approx(chances @ [high - low for low, high in ends], abs=1e-9)


@pytest.mark.parametrize("prior", [HISTORY, SAM], ids=["mixture", "SAM"])
def test_coverage_is_that_of_each_posterior(prior):
    found = coverage(prior, 20, RATES, ci_prob=0.95)
    after = [prior.update(events=y, n=20) for y in range(21)]
    for row in found.itertuples():
        # A rate lies within where neither tail beyond it is below 2.5%.
        holds = [min(each.below(row.rate), each.above(row.rate)) >= 0.025 - 1e-9 for each in after]
        chances = stats.binom.pmf(np.arange(21), 20, row.rate)
        assert row.coverage == pytest.approx(chances @ holds, abs=1e-12)


def test_without_patients_the_interval_is_that_of_the_prior():
    low, high = HISTORY.interval(0.95)
    found = coverage(HISTORY, 0, np.array([low - 0.01, 0.3, high + 0.01]), ci_prob=0.95)
    assert found["coverage"].tolist() == [0, 1, 0]
    assert found["width"].tolist() == pytest.approx([high - low] * 3)


@pytest.mark.parametrize("control", [HISTORY, SAM], ids=["mixture", "SAM"])
@pytest.mark.parametrize("n_control", [0, 7])
def test_the_difference_against_loops_over_both_arms(control, n_control):
    found = estimation_of_difference(
        (VAGUE, 9), (control, n_control), np.array([0.2, 0.7]), np.array([0.1, 0.4])
    )
    assert found[["rate", "control"]].to_numpy().tolist() == [
        [0.2, 0.1],
        [0.2, 0.4],
        [0.7, 0.1],
        [0.7, 0.4],
    ]
    means = [VAGUE.update(events=y, n=9).mean for y in range(10)]
    own = (
        [control.update(events=y, n=n_control).mean for y in range(n_control + 1)]
        if n_control
        else [control.at(events=0, n=0).mean if isinstance(control, bm.SamPrior) else control.mean]
    )
    for row in found.itertuples():
        chances = np.outer(
            stats.binom.pmf(np.arange(10), 9, row.rate),
            stats.binom.pmf(np.arange(n_control + 1), n_control, row.control),
        )
        errors = np.subtract.outer(means, own) - (row.rate - row.control)
        assert row.bias == pytest.approx((chances * errors).sum(), abs=1e-12)
        assert row.mse == pytest.approx((chances * errors**2).sum(), abs=1e-12)
