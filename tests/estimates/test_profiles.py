"""Profiles: partial ones are completed, say so, and are told where the evidence has no such number."""

import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.estimates.profiles import (
    beyond_evidence,
    default_profiles,
    profile_label,
    reference_text,
)
from bayesmeta.model import make_design
from bayesmeta.model.coding import Coding
from bayesmeta.model.values import Numbers, centre_text, value_text


@pytest.fixture(scope="module")
def arms() -> bm.Arms:
    rows = {
        "study": list("abcdefg"),
        "events": [21, 9, 14, 23, 13, 10, 17],
        "n": [43, 25, 31, 48, 25, 22, 35],
        "regimen": ["AZA", "DEC", "AZA", "AZA", "AZA", "DEC", "AZA"],
        "age": [62, 71, 71, 54, 68, 49, 65],
        "year": [2019, 2018, 2018, 2020, 2021, 2021, 2021],
    }
    return bm.read_evidence(pd.DataFrame(rows)).select()


@pytest.fixture(scope="module")
def coding(arms: bm.Arms) -> Coding:
    covariates = bm.Covariates("regimen + age + year", {"regimen": "AZA"})
    return make_design(bm.ModelSpec(covariates=covariates), arms).coding


@pytest.mark.parametrize(
    ("profile", "label"),
    [
        (None, "regimen=AZA (reference), age=62.9 (centre), year=2020 (centre)"),
        ({}, "regimen=AZA (reference), age=62.9 (centre), year=2020 (centre)"),
        ({"regimen": "AZA", "year": 2021}, "regimen=AZA, age=62.9 (centre), year=2021"),
        ({"age": "65", "year": 2019.5}, "regimen=AZA (reference), age=65, year=2019.5"),
        (
            {"regimen": {"AZA": 0.35, "DEC": 0.65}, "age": 62.3456, "year": 2020},
            "regimen=AZA:0.35+DEC:0.65, age=62.3456, year=2020",
        ),
    ],
)
def test_a_profile_says_what_it_leaves_out(
    coding: Coding, profile: dict[str, object] | None, label: str
) -> None:
    assert profile_label(coding, profile) == label


def test_mu_stands_at_the_reference(coding: Coding) -> None:
    assert reference_text(coding) == "regimen AZA, age 62.9, year 2020"
    assert profile_label(coding, {"age": 65}, without="regimen") == "age=65, year=2020 (centre)"


def test_a_centre_of_the_users_own_is_written_as_it_is(arms: bm.Arms) -> None:
    for covariates in (
        bm.Covariates("age", centre={"age": 62.345}),
        bm.Covariates("{(age - 62.345) / 10}"),
    ):
        own = make_design(bm.ModelSpec(covariates=covariates), arms).coding
        assert profile_label(own, None) == "age=62.345 (centre)"


def test_the_other_levels_stand_where_the_profile_does(coding: Coding) -> None:
    assert default_profiles(coding) == [{"regimen": "AZA"}, {"regimen": "DEC"}]
    asked = {"regimen": "DEC", "age": 65}
    assert default_profiles(coding, asked) == [asked, {"regimen": "AZA", "age": 65}]
    assert default_profiles(coding, {"age": 65}) == [{"age": 65}, {"regimen": "DEC", "age": 65}]


def test_numbers_outside_the_evidence_are_told_with_its_range(coding: Coding) -> None:
    assert beyond_evidence(coding, None) == beyond_evidence(coding, {"age": 71}) == ()
    assert beyond_evidence(coding, {"age": 600, "year": 2017}) == (
        "age=600 lies outside the evidence, which has 49 to 71: the model extrapolates.",
        "year=2017 lies outside the evidence, which has 2018 to 2021: the model extrapolates.",
    )


def test_a_centre_outside_the_evidence_is_told_too(arms: bm.Arms) -> None:
    written = make_design(bm.ModelSpec(covariates="{year - 2000}"), arms).coding
    [told] = beyond_evidence(written, None)
    assert told.startswith("year=2000 (centre) lies outside the evidence, which has 2018 to 2021")


@pytest.mark.parametrize(
    ("centre", "numbers", "text"),
    [
        (62.86666666666667, Numbers(49, 71, 8.2, whole=True), "62.9"),
        (2019.7142857142858, Numbers(2018, 2021, 1.4, whole=True), "2020"),
        (2019.5, Numbers(2019, 2020, 0.5, whole=True), "2020"),
        (416.6666666666667, Numbers(100, 800, 256, whole=True), "417"),
        (0.3483333333333, Numbers(0.1, 0.7, 0.2, whole=False), "0.348"),
        (65.0, Numbers(60, 70, 4, whole=True), "65"),
        (1000.5266666, Numbers(1000.1, 1000.9, 0.2, whole=False), "1000.5"),
        (-3.21987, Numbers(-9, 4, 3, whole=False), "-3.22"),
        (0.0, Numbers(-1, 1, 0.7, whole=False), "0"),
    ],
)
def test_a_mean_has_the_digits_that_tell_something(
    centre: float, numbers: Numbers, text: str
) -> None:
    assert centre_text(centre, numbers) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2021.0, "2021"), (62.8667, "62.8667"), ("AZA", "AZA"), (0.00249, "0.00249")],
)
def test_what_was_given_is_written_as_given(value: object, text: str) -> None:
    assert value_text(value) == text
