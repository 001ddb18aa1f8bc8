"""Survival tables: what is read, what is refused, and what is told."""

from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import bayesmeta as bm

ROW: Mapping[str, Any] = {"study": "a", "n": 20, "unit": "months"}


def read(*rows: Mapping[str, Any], **arguments: Any) -> bm.SurvivalTable:
    return bm.read_survival(pd.DataFrame([{**ROW, **row} for row in rows]), **arguments)


def landmark(time: object = 12, survival: object = 0.4, **others: object) -> dict[str, object]:
    return {"time": time, "survival": survival, **others}


def test_lengths_of_time_are_in_months() -> None:
    units = {"days": 12 / 365.25, "weeks": 84 / 365.25, "months": 1.0, "years": 12.0}
    rows = [{"study": unit, "median": 2, "unit": unit} for unit in units]
    assert read(*rows).frame["median"].tolist() == pytest.approx([2 * m for m in units.values()])


@pytest.mark.parametrize("written", ["mo", "Months", "month", "m"])
def test_units_may_be_short(written: str) -> None:
    assert read({"median": 2, "unit": written}).frame["unit"].tolist() == ["months"]


def test_a_table_without_units_has_that_which_is_given() -> None:
    rows = pd.DataFrame({"study": ["a"], "median": [1.5], "n": [8]})
    assert bm.read_survival(rows, time_unit="years").frame["median"].tolist() == [18.0]


@pytest.mark.parametrize("written", ["NR", "nr", "not reached", "NE", inf])
def test_what_was_not_reached_is_infinite(written: object) -> None:
    frame = read({"median": written}, {"study": "b", "median": 5, "median_low": 2, "median_high": written}).frame  # fmt: skip
    assert frame["median"].tolist() == [inf, 5]
    assert frame["reached"].tolist() == ["no", "yes"]
    assert frame["median_high"].tolist()[1] == inf


def test_a_lower_limit_alone_says_that_the_upper_was_not_reached() -> None:
    frame = read(
        {"median": 5, "median_low": 2}, {"study": "b", "reached": "no", "median": None}
    ).frame
    assert frame["median_high"].tolist()[0] == inf
    assert frame["median"].tolist()[1] == inf


def test_landmarks_in_years_stand_beside_medians_in_months() -> None:
    frame = read(landmark(1, 0.4, unit="years"), {"median": 9}).frame
    assert frame["time"].tolist()[0] == 12
    # Limits of a median that was not reached may not be reached either.
    limits = {"median": "NR", "median_low": "NR", "median_high": "NR"}
    assert read(limits).frame["reached"].tolist() == ["no"]


def test_a_percentage_with_its_sign_is_a_probability() -> None:
    frame = read(landmark(survival="74%", ci_low="60 %", ci_high="0.9")).frame
    assert frame[["survival", "ci_low", "ci_high"]].to_numpy().tolist() == [[0.74, 0.6, 0.9]]


def test_a_file_is_read_as_a_frame_is(tmp_path: Path) -> None:
    path = tmp_path / "survival.csv"
    path.write_text("study;time;survival;n;unit\na;6,5;0,4;20;months\n")
    frame = bm.read_survival(path).frame
    assert frame[["time", "survival"]].to_numpy().tolist() == [[6.5, 0.4]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([landmark(survival=74)], r"`survival` must be a probability from 0 to 1; not so in row 1: '74'\. Write 0\.74, or 74% with its sign"),
        ([landmark(survival=-0.1)], r"`survival` must be a probability"),
        ([landmark(survival="140%")], r"`survival` must be a probability"),
        ([landmark(survival=0.4, ci_low=0.5, ci_high=0.7)], r"`ci_low` to `ci_high` must hold `survival`; not so in row 1: 'survival 0\.4, ci_low 0\.5, ci_high 0\.7'"),
        ([{"median": 3, "median_low": 4, "median_high": 9}], r"`median_low` to `median_high` must hold `median`"),
        ([{"median": "NR", "median_low": 4, "median_high": 9}], r"must hold `median`; not so in row 1: 'median not reached"),
        ([landmark(time=0)], r"`time` must be a length of time above 0; not so in row 1: '0'"),
        ([landmark(time=-3)], r"`time` must be a length of time above 0"),
        ([{"median": 0}], r"`median` must be a length of time above 0"),
        ([landmark(6, 0.4), landmark(12, 0.5)], r"survival must not rise with time; not so in row 2: 'a, 0\.4 at 6 months and 0\.5 at 12'"),
        ([landmark(n=None)], r"`n` must be given where there is no interval"),
        ([{"median": 4, "n": None}], r"`n` must be given where there is no interval"),
        ([landmark(n=0)], r"`n` must be a whole number from 1"),
        ([landmark(at_risk=30)], r"`at_risk` must not be more than `n`; not so in row 1: 'at_risk 30, n 20'"),
        ([{"outcome": "DOR", "median": 4}], r"a duration of response is of responders, and `stratum` must say of which"),
        ([landmark(median=9)], r"a row must have a landmark \(`time` and `survival`\) or a `median`, and not both"),
        ([{"median": None, "time": 6, "survival": None}], r"`time` and `survival` must be given together"),
        ([{"median": 9, "reached": "no"}], r"`reached` must be yes, no or blank, and agree with `median`"),
        ([{"median": 9, "reached": "maybe"}], r"`reached` must be yes, no or blank"),
        ([{"median": 9, "unit": "fortnights"}], r"`unit` must be a unit of time; not so in row 1: 'fortnights'\. Write one of days, weeks, months, years"),
        ([landmark(), landmark()], r"must have one median, and one landmark at a time"),
        ([{"median": 9}, {"median": 8}], r"must have one median, and one landmark at a time"),
        ([{"median": "8 months"}], r"`median` must be a length of time above 0; not so in row 1: '8 months'\. Write a number, its unit in `unit`"),
        ([landmark(52, 0.3, unit="weeks"), {"median": 9}], r"`unit` must be the same for all times of one curve \(months and years may mix\); not so in row 1: 'study a, unit weeks', row 2: 'study a, unit months'"),
        ([landmark(survival="NR")], r"^DataFrame: `time` and `survival` must be given together; not so in row 1: 'time 12, survival blank'\. Complete the landmark, or drop the row"),
        ([{"median": 7, "median_low": "NR", "median_high": 9}], r"`median_low` and `median_high` must be given together; not so in row 1: 'median 7, median_low blank, median_high 9'"),
        ([{"time": 6, "survival": 0.5, "ci_high": 0.6}], r"`ci_low` and `ci_high` must be given together"),
        ([{"median": 8, "median_low": "NR", "median_high": "NR"}], r"`median_high` may be not reached beside a `median_low` alone, .* not so in row 1: 'median 8, median_low blank, median_high not reached'\. Give the lower limit; leave both blank"),
        ([{"outcome": "Duration of response", "median": 4}], r"a duration of response is of responders, .*'study a, stratum blank'"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_refused(rows: list[dict[str, object]], message: str) -> None:
    with pytest.raises(bm.EvidenceError, match=message):
        read(*rows)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"study": ["a"], "median": [3], "n": [9]}, r"the unit of time is not known: there is no column 'unit'"),
        ({"study": ["a"], "n": [9], "unit": ["months"]}, r"columns 'survival' and 'median' are both missing"),
        ({"study": ["a"], "survival": [0.3], "n": [9], "unit": ["months"]}, r"column 'time' is missing beside 'survival'"),
        ({"trial": ["a"], "median": [3], "n": [9], "unit": ["months"]}, r"column 'study' is missing"),
    ],
)  # fmt: skip
def test_columns_that_are_needed_are_named(frame: dict[str, list[object]], message: str) -> None:
    with pytest.raises(bm.EvidenceError, match=message):
        bm.read_survival(pd.DataFrame(frame))


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(
        bm.SettingsError, match=r"`time_unit` must be a unit of time; got 'moons'. Did you mean"
    ):
        read({"median": 3}, time_unit="moons")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([landmark(6, 0.74), {"median": 5.6}], "survival of 0.74 at 6 months (row 1) contradicts the median, which is 5.6 months"),
        ([landmark(6, 0.3), {"median": 9}], "contradicts the median, which is 9 months"),
        ([landmark(6, 0.3), {"median": "NR", "followup": 9}], "contradicts the median, which was not reached"),
        ([{"median": 5.6, "median_low": 4.9, "median_high": 6.2, "n": 23}], "is narrower than 23 patients allow"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_told(rows: list[dict[str, object]], found: str) -> None:
    table = read(*rows)
    assert any(found in finding.text for finding in table.findings)
    with pytest.warns(bm.EvidenceWarning, match="Compare"):
        table.select()


def test_figures_that_agree_are_not_told() -> None:
    rows = [landmark(6, 0.62), landmark(12, 0.41), {"median": 8.2, "median_low": 4.8, "median_high": 18.6, "n": 57}]  # fmt: skip
    assert read(*rows).findings == ()


@pytest.mark.slow
@given(st.floats(1, 60), st.floats(0.4, 3), st.lists(st.floats(0.5, 60), min_size=1, max_size=5, unique=True))  # fmt: skip
def test_a_weibull_curve_contradicts_nothing(
    median: float, shape: float, times: list[float]
) -> None:
    rows = [landmark(time, 0.5 ** ((time / median) ** shape)) for time in times]
    error = 1.96 / (shape * np.log(2) * np.sqrt(20))
    ends = {"median_low": median * np.exp(-error), "median_high": median * np.exp(error)}
    table = read(*rows, {"median": median, **(ends if shape < 1.9 else {})})
    assert table.findings == ()
    assert len(table.select().landmarks) == len(times)


@pytest.mark.parametrize(
    ("dropped", "kinds"),
    [
        ("study", ["column", "number", "inclusion"]),
        ("time", ["column", "number", "name", "inclusion"]),
        ("survival", ["column", "number", "name", "inclusion"]),
        ("unit", ["column", "number", "name", "inclusion"]),
    ],
)
def test_other_rules_are_told_beside_a_missing_column(dropped: str, kinds: list[str]) -> None:
    rows = pd.DataFrame(
        {
            "study": ["a", "a", None], "time": [6, 12, 6], "survival": [0.5, 0.4, 0.3], "n": [20, "x", 9],
            "unit": "months", "default_include": ["yes", "perhaps", "no"],
        }
    ).drop(columns=dropped)  # fmt: skip
    with pytest.raises(bm.EvidenceError, match=r"missing|not known") as caught:
        bm.read_survival(rows)
    assert sorted(one.kind for one in caught.value.findings) == sorted(kinds)


@pytest.mark.parametrize("dropped", ["study", "time", "survival", "unit"])
def test_what_only_follows_from_a_missing_column_is_not_told(dropped: str) -> None:
    rows = pd.DataFrame({"study": "a", "time": [6, 12], "survival": [0.5, 0.4], "n": 20, "unit": "months"})  # fmt: skip
    assert len(bm.read_survival(rows)) == 2
    with pytest.raises(bm.EvidenceError, match=r"missing|not known") as caught:
        bm.read_survival(rows.drop(columns=dropped))
    assert [one.kind for one in caught.value.findings] == ["column"]
