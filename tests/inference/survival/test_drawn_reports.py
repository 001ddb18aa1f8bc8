"""Reports drawn given curves have the distribution that their likelihood says.

Means and shares of many draws are compared with exact ones within 4 standard errors: each comparison
has a false alarm with a probability of 6e-5.
"""

import warnings
from math import exp, log

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import norm

import bayesmeta as bm
from bayesmeta.inference.survival.drawn_reports import draw_reports, draw_share
from bayesmeta.inference.survival.reports import log_reports_at
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
    error = np.std(values) / np.sqrt(len(values))
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


@pytest.mark.parametrize(("patients", "rate"), [(1.3, 0.4), (7.5, 0.9), (12.2, 0.05)])
def test_a_share_that_is_no_count_has_its_density(patients: float, rate: float) -> None:
    def density(share: float) -> float:
        alive, dead = patients * share, patients * (1 - share)
        log_density = alive * log(rate) + dead * log(1 - rate)
        return exp(log_density - gammaln(alive + 1) - gammaln(dead + 1))

    rng = np.random.default_rng(1)
    values = [draw_share(patients, log(rate), log(1 - rate), rng) for _ in range(DRAWS)]
    whole = quad(density, 0, 1)[0]
    mean = quad(lambda share: share * density(share), 0, 1)[0] / whole
    check_mean(values, mean)
    below = quad(density, 0, mean)[0] / whole
    check_mean([float(value < mean) for value in values], below)


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
