"""Reports drawn given curves have the distribution that their likelihood says.

Means and shares of many draws are compared with exact ones within 4 standard errors: each comparison
has a false alarm with a probability of 6e-5.
"""

import warnings
from math import exp, log, log1p

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import beta, norm

import bayesmeta as bm
from bayesmeta.inference.survival.drawn_reports import draw_reports, draw_share
from bayesmeta.inference.survival.reports import log_reports_at, log_share
from bayesmeta.inference.survival.simulation import new_study_survival, survival_log_likelihood
from bayesmeta.model import Design, make_design
from bayesmeta.model.survival_reports import Kind, Report

Array = npt.NDArray[np.float64]

MEDIAN, SHAPE, RETENTION, DRAWS = 8.0, 1.3, 0.6, 2000
TYPICAL = 0.9
"""Shape that a median without an interval is taken to have."""


def design_of(*rows: dict[str, object]) -> Design:
    frame = pd.DataFrame([{"study": "a", "n": 40, **row} for row in rows])
    with warnings.catch_warnings(action="ignore"):
        arms = bm.read_survival(frame, time_unit="months").select()
        return make_design(bm.ModelSpec(curve=bm.WeibullSurvival()), arms)


VARIABLES = {
    "theta": np.array([log(MEDIAN)]),
    "log_shape": np.array([log(SHAPE)]),
    "kappa": np.array(log(TYPICAL)),
    "retention": np.array(RETENTION),
}


def drawn(design: Design) -> list[list[Report]]:
    rng = np.random.default_rng(1)
    return [
        [Report(*row) for row in draw_reports(design, VARIABLES, rng).rows] for _ in range(DRAWS)
    ]


def survival(time: float) -> float:
    return float(bm.WeibullSurvival().survival(time, np.array(MEDIAN), np.array(SHAPE)))


def check_mean(values: list[float], expected: float) -> None:
    # Where none of the draws is an event so rare, their spread is no error.
    error = max(np.std(values), 1 / np.sqrt(len(values))) / np.sqrt(len(values))
    assert np.mean(values) == pytest.approx(expected, abs=4 * error)


def check_spread(values: list[float], expected: float) -> None:
    assert np.std(values) == pytest.approx(expected, rel=4 / np.sqrt(2 * len(values)))


def test_intervals_are_normal_on_their_scales() -> None:
    found = drawn(design_of({"median": 7, "median_low": 5, "median_high": 9.8}))
    values = [row.value for [row] in found]
    check_mean(values, log(MEDIAN))
    check_spread(values, log(9.8 / 5) / 2 / norm.ppf(0.975))
    found = drawn(design_of({"time": 12, "survival": 0.4, "ci_low": 0.25, "ci_high": 0.55}))
    values = [row.value for [row] in found]
    check_mean(values, log(-log(survival(12))))
    check_spread(values, 0.15 / norm.ppf(0.975) / (0.4 * -log(0.4)))


def test_a_median_by_patients_alone_has_the_error_of_those_who_count() -> None:
    values = [row.value for [row] in drawn(design_of({"median": 7}))]
    check_mean(values, log(MEDIAN))
    check_spread(values, 1 / (log(2) * TYPICAL * np.sqrt(RETENTION * 40)))


def test_a_median_is_not_reached_where_it_lies_beyond_the_follow_up() -> None:
    error = 1 / (log(2) * TYPICAL * np.sqrt(RETENTION * 40))
    found = [row for [row] in drawn(design_of({"median": "NR", "followup": 9}))]
    beyond = [row.kind == Kind.BEYOND for row in found]
    check_mean([float(one) for one in beyond], norm.sf((log(9) - log(MEDIAN)) / error))
    assert {row.value for row, one in zip(found, beyond, strict=True) if one} == {log(9)}
    assert all(row.value < log(9) for row in found if row.kind == Kind.MEDIAN_OF_PATIENTS)


def test_landmarks_of_patients_who_are_all_followed_are_counts() -> None:
    """Both are binomial, and their survival has the covariance of one curve."""
    rows = [
        {"time": 6, "survival": 0.65, "at_risk": 26},
        {"time": 12, "survival": 0.25, "at_risk": 10},
    ]
    first, second = [], []
    for one, other in drawn(design_of(*rows)):
        assert (one.size, other.start, other.size) == (40, 6, 40 * one.value)
        first.append(one.value)
        second.append(one.value * other.value)
    for values, time in ((first, 6), (second, 12)):
        expected = survival(time)
        check_mean(values, expected)
        check_spread(values, np.sqrt(expected * (1 - expected) / 40))
    check_mean([a * b for a, b in zip(first, second, strict=True)], _product())


def _product() -> float:
    """The mean of the product of both shares: their covariance is S(12) (1 - S(6)) / 40."""
    early, late = survival(6), survival(12)
    return early * late + late * (1 - early) / 40


def test_later_reports_depend_on_those_drawn_before_them() -> None:
    """A landmark stands before or after the median that was drawn, and not the one of the design."""
    found = drawn(design_of({"median": 7}, {"time": 6, "survival": 0.6, "at_risk": 24}))
    for middle, alive in found:
        before = exp(middle.value) > 6
        assert (alive.start == 0) == before
        assert alive.size == 20
        assert (alive.end if before else alive.start) == pytest.approx(exp(middle.value))


SHARES = [(0.4, 0.3), (1.3, 0.4), (7.5, 0.9), (12.2, 0.05), (40.0, 0.995)]


def density_of(share: float, patients: float, rate: float) -> float:
    return exp(log_share(patients, share, log(rate), log1p(-rate)).value)


@pytest.mark.parametrize(("patients", "rate"), SHARES)
def test_the_density_of_a_share_that_is_no_count_integrates_to_1(
    patients: float, rate: float
) -> None:
    """With the probabilities that all are alive, and none; so that the number can be estimated."""
    ends = density_of(0.0, patients, rate), density_of(1.0, patients, rate)
    assert ends == pytest.approx(((1 - rate) ** (1 + patients), rate ** (1 + patients)))
    # Weights for the poles at either end, of which the density is what is left.
    a, b = patients * rate, patients * (1 - rate)
    middle = 0.3
    whole = density_of(middle, patients, rate) / beta.pdf(middle, a, b)
    for share in (0.01, 0.5, 0.97):
        expected = whole * beta.pdf(share, a, b)
        assert density_of(share, patients, rate) == pytest.approx(expected, rel=1e-9)
    assert whole + sum(ends) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(("patients", "rate"), SHARES)
def test_a_share_that_is_no_count_has_its_density(patients: float, rate: float) -> None:
    rng = np.random.default_rng(1)
    values = np.array([draw_share(patients, log(rate), log1p(-rate), rng) for _ in range(DRAWS)])
    ends = density_of(0.0, patients, rate), density_of(1.0, patients, rate)
    between = 1 - sum(ends)
    check_mean([float(value == 1) for value in values], ends[1])
    check_mean(list(values), ends[1] + between * rate)
    below = beta.cdf(0.35, patients * rate, patients * (1 - rate))
    check_mean([float(value < 0.35) for value in values], ends[0] + between * below)


def test_the_log_likelihood_is_the_sum_over_the_reports_of_an_arm() -> None:
    design = design_of({"median": 7}, {"time": 6, "survival": 0.6, "at_risk": 24})
    found = survival_log_likelihood(design, VARIABLES)
    each = [
        log_reports_at(
            row[None],
            0,
            VARIABLES["theta"][None],
            VARIABLES["log_shape"][None],
            np.array([[log(TYPICAL), RETENTION]]),
        )
        for row in design.reports.rows
    ]
    assert found == pytest.approx(np.sum(each), rel=1e-12)


def test_the_survival_of_a_new_study_has_its_median_and_its_shape() -> None:
    design = design_of({"median": 7})
    variables = {name: np.array(value) for name, value in OF_NEW.items()}
    points = {"u": np.array(norm.cdf(1.0)), "w": np.array(norm.cdf(-0.5))}
    found = new_study_survival(design, variables, points, 0.2, time=12.0)
    shape, median = exp(0.1 - 0.5 * 0.3), exp(2.0 + 0.2 + 0.4)
    assert found == pytest.approx(0.5 ** ((12 / median) ** shape), rel=1e-12)


OF_NEW = {"mu": 2.0, "tau": 0.4, "kappa": 0.1, "tau_k": 0.3}
