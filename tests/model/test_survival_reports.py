"""What arms report of survival, as rows: hand-computed examples, and identities of counts."""

import warnings
from itertools import pairwise
from math import exp, inf, log, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import binom, multinomial, norm

import bayesmeta as bm
from bayesmeta.inference.survival.reports import log_reports_at
from bayesmeta.model.curves import CURVES
from bayesmeta.model.survival_reports import Kind, Report, reports_of

Z = norm.ppf(0.975)


def rows_of(*rows: dict[str, object]) -> list[Report]:
    """The rows of one arm."""
    frame = pd.DataFrame([{"study": "a", **row} for row in rows])
    with warnings.catch_warnings(action="ignore", category=bm.EvidenceWarning):
        arms = bm.read_survival(frame, time_unit="months").select()
    return [Report(*row) for row in reports_of(arms).rows]


def landmark(time: float, survival: float, **own: object) -> dict[str, object]:
    return {"time": time, "survival": survival, **own}


def interval(survival: float, error: float, scale: str) -> tuple[float, float]:
    """The 95% interval of a survival with a standard error on the scale of its complementary log-log."""
    if scale == "plain":
        half = Z * error * survival * -log(survival)
        return survival - half, survival + half
    if scale == "log":
        half = Z * error * -log(survival)
        return survival * exp(-half), survival * exp(half)
    return exp(log(survival) * exp(Z * error)), exp(log(survival) * exp(-Z * error))


@pytest.mark.parametrize("scale", ["plain", "log", "log-log"])
@pytest.mark.parametrize(("survival", "error"), [(0.3, 0.25), (0.5, 0.2), (0.8, 0.4), (0.12, 0.2)])
def test_the_scale_of_an_interval_is_recognised(survival: float, error: float, scale: str) -> None:
    low, high = interval(survival, error, scale)
    [row] = rows_of(landmark(12, survival, ci_low=low, ci_high=high))
    assert (row.kind, row.time, row.start, row.end) == (Kind.LANDMARK, 12, 0, inf)
    assert row.value == pytest.approx(log(-log(survival)))
    assert row.size == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("scale", ["plain", "log", "log-log"])
def test_the_scale_is_recognised_of_percentages_without_decimals(scale: str) -> None:
    """Rounding to a percent changes the standard error by at most 0.01 / (Z S -log(S)) of itself."""
    low, high = interval(0.4, 0.3, scale)
    [row] = rows_of(landmark(12, 0.4, ci_low=round(low, 2), ci_high=round(high, 2)))
    assert row.size == pytest.approx(0.3, abs=0.01 / (Z * 0.4 * -log(0.4)))


def test_an_interval_that_reaches_0_or_1_is_taken_as_plain() -> None:
    [row] = rows_of(landmark(12, 0.9, ci_low=0.78, ci_high=1.0))
    assert row.size == pytest.approx(0.22 / (2 * Z) / (0.9 * -log(0.9)))


def test_patients_at_risk_are_those_alive() -> None:
    """9 at risk at a survival of 0.3 stand for 30 patients who were all followed."""
    [row] = rows_of(landmark(12, 0.3, at_risk=9, n=40))
    assert row == Report(0, Kind.ALIVE, 12, 0, inf, 0.3, 30, 0)


def test_patients_are_never_more_than_were_treated() -> None:
    [row] = rows_of(landmark(12, 0.3, at_risk=9, n=28))
    assert row == Report(0, Kind.ALIVE, 12, 0, inf, 0.3, 28, 0)


def test_patients_without_numbers_at_risk_are_discounted() -> None:
    assert rows_of(landmark(12, 0.3, n=40)) == [Report(0, Kind.ALIVE, 12, 0, inf, 0.3, 40, 1)]
    assert rows_of({"median": 8, "n": 40}) == [
        Report(0, Kind.MEDIAN_OF_PATIENTS, 1, 0, inf, log(8), 40, 1)
    ]


def test_the_interval_of_a_median_is_taken_on_the_log_scale() -> None:
    [row] = rows_of({"median": 8, "median_low": 5, "median_high": 12.8, "n": 40})
    assert row == Report(0, Kind.MEDIAN, 1, 0, inf, log(8), pytest.approx(log(2.56) / 2 / Z), 0)


@pytest.mark.parametrize("high", ["NR", None])
def test_of_an_interval_without_an_upper_limit_the_lower_half_tells(high: object) -> None:
    [row] = rows_of({"median": 8, "median_low": 5, "median_high": high, "n": 40})
    assert row.kind == Kind.MEDIAN
    assert row.size == pytest.approx(log(8 / 5) / Z)


@pytest.mark.parametrize(("low", "high"), [(8, "NR"), (8, 8)])
def test_an_interval_without_width_tells_nothing(low: float, high: object) -> None:
    [row] = rows_of({"median": 8, "median_low": low, "median_high": high, "n": 40})
    assert row == Report(0, Kind.MEDIAN_OF_PATIENTS, 1, 0, inf, log(8), 40, 1)


@pytest.mark.parametrize(
    "row",
    [
        landmark(12, 1.0, ci_low=0.8, ci_high=1.0),
        {"median": 8, "median_low": 8, "median_high": "NR"},
    ],
)
def test_where_an_interval_tells_nothing_patients_must_be_known(row: dict[str, object]) -> None:
    with pytest.raises(bm.EvidenceError, match="`n` must be given where there is no interval"):
        rows_of(row)
    [known] = rows_of({**row, "n": 20})
    assert (known.size, known.discounted) == (20, 1)


def test_a_median_that_was_not_reached_lies_beyond_the_follow_up() -> None:
    [row] = rows_of({"median": "NR", "followup": 9, "n": 15})
    assert row == Report(0, Kind.BEYOND, 1, 0, inf, log(9), 15, 1)
    [row] = rows_of({"median": "NR", "median_low": 7, "n": 15})
    assert row == Report(0, Kind.BEYOND, 1, 0, inf, log(7), 15, 1)


def test_a_median_that_was_not_reached_tells_nothing_beside_a_landmark() -> None:
    [row] = rows_of({"median": "NR", "followup": 9, "n": 15}, landmark(6, 0.8, at_risk=12, n=15))
    assert row == Report(0, Kind.ALIVE, 6, 0, inf, 0.8, 15, 0)


def test_landmarks_are_conditional_on_the_median_and_those_nearer_to_it() -> None:
    rows = rows_of(
        landmark(24, 0.1, at_risk=4, n=40),
        landmark(12, 0.35, at_risk=14, n=40),
        landmark(3, 0.85, at_risk=34, n=40),
        landmark(6, 0.6, at_risk=24, n=40),
        {"median": 8, "median_low": 5, "median_high": 13, "n": 40},
    )
    assert [(row.kind, row.time, row.start, row.end) for row in rows[1:]] == [
        (Kind.ALIVE, 6, 0, 8),
        (Kind.ALIVE, 12, 8, inf),
        (Kind.ALIVE, 3, 0, 6),
        (Kind.ALIVE, 24, 12, inf),
    ]
    shares = [(0.6 - 0.5) / 0.5, 0.35 / 0.5, (0.85 - 0.6) / 0.4, 0.1 / 0.35]
    patients = [20, 20, 16, 14]
    assert [row.value for row in rows[1:]] == pytest.approx(shares)
    assert [row.size for row in rows[1:]] == pytest.approx(patients)


def test_a_landmark_that_contradicts_the_median_leaves_none_alive() -> None:
    """45% alive before the median: of those who died before it none was alive."""
    _, row = rows_of({"median": 8, "n": 40}, landmark(6, 0.45, n=40))
    assert (row.value, row.size) == (0.0, 20.0)


def test_a_landmark_at_the_median_tells_nothing_more() -> None:
    [row] = rows_of({"median": 8, "n": 40}, landmark(8, 0.5, n=40))
    assert row.kind == Kind.MEDIAN_OF_PATIENTS


def test_survival_that_does_not_fall_tells_of_the_patients_who_remain() -> None:
    first, second = rows_of(landmark(6, 0.4, at_risk=8, n=20), landmark(12, 0.4, at_risk=8, n=20))
    assert first == Report(0, Kind.ALIVE, 6, 0, inf, 0.4, 20, 0)
    assert second == Report(0, Kind.ALIVE, 12, 6, inf, 1.0, 8, 0)


def test_nobody_is_left_after_a_survival_of_zero() -> None:
    [row] = rows_of(landmark(6, 0.0, n=20), landmark(12, 0.0, n=20))
    assert (row.time, row.value) == (6, 0.0)


@st.composite
def followed(draw: st.DrawFn) -> tuple[list[float], list[int]]:
    """Times, and deaths between them; someone is alive until after the last."""
    times = draw(st.lists(st.integers(1, 60), min_size=1, max_size=5, unique=True))
    size = len(times)
    deaths = draw(st.lists(st.integers(0, 30), min_size=size + 1, max_size=size + 1))
    deaths[-1] += 1
    return [float(time) for time in sorted(times)], deaths


def log_density_of(rows: list[Report], curve: str, median: float, shape: float) -> float:
    """What the rows tell of a curve, as probabilities of counts."""
    found = log_reports_at(
        np.array(rows, dtype=np.float64),
        CURVES[curve].code,
        np.array([[log(median)]]),
        np.array([[log(shape)]]),
        np.array([[0.0, 1.0]]),
    )
    # The density of a share is spread over 1 / patients.
    return float(found[0, 0]) - sum(log(row.size) for row in rows)


@settings(max_examples=30)
@given(
    counts=followed(),
    curve=st.sampled_from(sorted(CURVES)),
    median=st.floats(5, 80),
    shape=st.floats(0.4, 2.5),
    seed=st.integers(0, 1000),
)
def test_the_landmarks_of_a_curve_are_a_multinomial_of_its_deaths(
    counts: tuple[list[float], list[int]], curve: str, median: float, shape: float, seed: int
) -> None:
    """For patients who are all followed, whatever the order of the rows."""
    times, deaths = counts
    n = sum(deaths)
    alive = n - np.cumsum(deaths)[:-1]
    rows = [
        landmark(time, count / n, at_risk=count, n=n)
        for time, count in zip(times, alive, strict=True)
    ]
    shape = 1.0 if curve == "exponential" else shape
    survival = [1.0, *(float(CURVES[curve]().survival(t, median, shape)) for t in times), 0.0]
    cells = -np.diff(survival)
    shuffled = [rows[k] for k in np.random.default_rng(seed).permutation(len(rows))]
    found = log_density_of(rows_of(*shuffled), curve, median, shape)
    assert found == pytest.approx(multinomial.logpmf(deaths, n, cells), rel=1e-7, abs=1e-7)


@settings(max_examples=30)
@given(
    before=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    after=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    curve=st.sampled_from(sorted(CURVES)),
    shape=st.floats(0.4, 2.5),
)
def test_landmarks_around_a_median_are_a_multinomial_given_the_deaths_before_it(
    before: list[int], after: list[int], curve: str, shape: float
) -> None:
    """The landmarks before and after a median are two multinomials, each of half the patients."""
    shape = 1.0 if curve == "exponential" else shape
    # The halves have as many patients, all of whom die in some cell.
    half = max(sum(before), sum(after)) + 1
    early, late = [*before, half - sum(before)], [*after, half - sum(after)]
    n, middle = 2 * half, 10.0
    times = [*np.linspace(1, 9, len(before)), middle, *np.linspace(12, 50, len(after))]
    alive = n - np.cumsum([*early, *late])
    rows = [
        landmark(time, count / n, at_risk=int(count), n=n)
        for time, count in zip(times, alive[:-1], strict=True)
        if time != middle
    ]
    found = rows_of({"median": middle, "n": n}, *rows)
    survival = [1.0, *(float(CURVES[curve]().survival(t, 8.0, shape)) for t in times), 0.0]
    cells = [one - other for one, other in pairwise(survival)]
    parts = []
    for deaths, own in ((early, cells[: len(early)]), (late, cells[len(early) :])):
        parts.append(multinomial.logpmf(deaths, half, np.array(own) / sum(own)))
    assert log_density_of(found[1:], curve, 8.0, shape) == pytest.approx(sum(parts), rel=1e-7)


@pytest.mark.parametrize(("first", "second"), [(0.7, 0.4), (0.9, 0.1), (0.5, 0.45)])
def test_two_times_of_a_curve_have_greenwoods_variance(first: float, second: float) -> None:
    """Var(log S_t) = Var(log S_s) + Var(log S_t / S_s): Cov(log S_s, log S_t) is Var(log S_s)."""
    n = 40.0
    one, two = rows_of(
        landmark(6, first, at_risk=round(n * first), n=n),
        landmark(12, second, at_risk=round(n * second), n=n),
    )
    # Of a binomial share q of m patients, Var(log q) = (1 - q) / (m q).
    each = [(1 - row.value) / (row.size * row.value) for row in (one, two)]
    assert each[0] == pytest.approx((1 - first) / (n * first))
    assert sum(each) == pytest.approx((1 - second) / (n * second))


def test_an_interval_is_worth_the_patients_that_have_its_variance() -> None:
    """Conditional on another report, an interval of the variance of 50 patients counts as 50."""
    survival, n = 0.35, 50
    error = sqrt((1 - survival) / (n * survival)) / -log(survival)
    low, high = interval(survival, error, "log-log")
    _, row = rows_of({"median": 8, "n": 80}, landmark(12, survival, ci_low=low, ci_high=high))
    assert (row.kind, row.start, row.discounted) == (Kind.ALIVE, 8, 0)
    assert row.size == pytest.approx(n / 2)
    assert row.value == pytest.approx(survival / 0.5)


def test_the_density_of_a_share_is_the_binomial_probability_over_its_spacing() -> None:
    rows = rows_of(landmark(12, 0.3, at_risk=9, n=30))
    survival = float(bm.WeibullSurvival().survival(12.0, 8.0, 1.3))
    expected = binom.logpmf(9, 30, survival)
    assert log_density_of(rows, "weibull", 8.0, 1.3) == pytest.approx(expected, rel=1e-10)


def test_labels_name_arm_and_time() -> None:
    frame = pd.DataFrame({"study": ["a", "a"], "median": [8, None], "time": [None, 6.5]})
    frame = frame.assign(survival=[None, 0.7], n=40)
    arms = bm.read_survival(frame, time_unit="months").select()
    assert reports_of(arms).labels(arms.labels) == ["a/median", "a/6.5 months"]
