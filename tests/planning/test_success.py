"""Conditions of success, as values and as text."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

import bayesmeta as bm
from bayesmeta.planning.success import as_success

certainties = st.floats(0.5, 1, exclude_max=True).map(lambda x: round(x, 6)).filter(lambda x: x < 1)
directions = st.sampled_from([">", "<"])
rates = st.builds(
    bm.Condition,
    st.floats(0.001, 0.999).map(lambda x: round(x, 6)),
    certainties,
    directions,
)
differences = st.builds(
    bm.DifferenceCondition,
    st.floats(-0.999, 0.999).map(lambda x: round(x, 6)),
    certainties,
    directions,
)


@given(
    st.one_of(
        st.lists(rates, min_size=1, max_size=4), st.lists(differences, min_size=1, max_size=4)
    )
)
def test_what_is_printed_is_read_again(conditions):
    success = bm.Success(conditions)
    assert bm.parse_success(str(success)) == success


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("P(rate > 0.35) > 0.9", [bm.Condition(0.35, 0.9)]),
        ("  P ( rate>.35 )>.9 ", [bm.Condition(0.35, 0.9)]),
        (
            "P(rate > 0.35) > 0.9 and P(rate > 0.5) > 0.5",
            [bm.Condition(0.35, 0.9), bm.Condition(0.5, 0.5)],
        ),
        ("P(rate >= 0.35) > 0.9", [bm.Condition(0.35, 0.9)]),
        ("P(rate < 2e-1) > 0.8", [bm.Condition(0.2, 0.8, "<")]),
        ("P(rate - control > -0.1) > 0.9", [bm.DifferenceCondition(-0.1, 0.9)]),
    ],
)
def test_text(text, conditions):
    assert bm.parse_success(text) == bm.Success(conditions)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("rate > 0.35", 1, "expected `P`, got `rate`"),
        ("P(response > 0.35) > 0.9", 3, "expected `rate`, got `response`"),
        ("P(rate 0.35) > 0.9", 8, "expected `>` or `<` or `>=` or `<=`, got `0.35`"),
        ("P(rate == 0.35) > 0.9", 8, "A rate is above or below a number, never equal to it"),
        ("P(rate > x) > 0.9", 10, "expected a number, got `x`"),
        ("P(rate > 35%) > 0.9", 10, "got `35%`. Write 0.35."),
        ("P(rate > 0.35 > 0.9", 15, r"expected `\)`, got `>`"),
        ("P(rate > 0.35) < 0.9", 16, "expected `>`, got `<`"),
        ("P(rate > 0.35) >", 17, "expected a number, got the end"),
        ("P(rate > 0.35) > 0.9 or P(rate > 0.5) > 0.5", 22, "joined by `and` only"),
        ("P(rate > 0.35) > 0.9)", 21, r"expected `and` or the end, got `\)`"),
        ("P(rate > 0.35) > 0.9 and", 25, "expected `P`, got the end"),
        ("P(rate - arm > 0.1) > 0.9", 10, "expected `control`, got `arm`"),
        ("P(rate > 1) > 0.9", 10, "between 0 and 1, both excluded; got 1"),
        ("P(rate > 0) > 0.9", 10, "between 0 and 1, both excluded; got 0"),
        ("P(rate > -0.1) > 0.9", 10, "between 0 and 1, both excluded; got -0.1"),
        ("P(rate - control > 1) > 0.9", 20, "between -1 and 1, both excluded; got 1"),
        ("P(rate > 0.35) > 1", 18, "from 0.5 to below 1; got 1"),
        ("P(rate > 0.35) > 0.4", 18, "from 0.5 to below 1; got 0.4"),
        ("P(rate > 0.35) > 90", 18, "got 90. Write 90% as 0.9"),
        ("P(rate > 0.35) > 0.9; import os", 21, "expected `and` or the end, got `;`"),
    ],
)
def test_a_fault_is_pointed_at(text, place, message):
    with pytest.raises(bm.SettingsError, match=message) as caught:
        bm.parse_success(text)
    assert f"cannot be read at character {place}:" in str(caught.value)
    _, shown, pointer, _ = str(caught.value).split("\n")
    assert shown.strip() == text.strip()
    assert pointer.index("^") == 2 + place - 1


def test_faults_of_values():
    with pytest.raises(bm.SettingsError, match=r"`threshold` of a rate must lie .* got 1.2"):
        bm.Condition(1.2, 0.9)
    with pytest.raises(bm.SettingsError, match=r"`threshold` of a rate must lie .* got nan"):
        bm.Condition(float("nan"), 0.9)
    with pytest.raises(
        bm.SettingsError, match="`threshold` of a rate - control must lie between -1"
    ):
        bm.DifferenceCondition(-1, 0.9)
    with pytest.raises(bm.SettingsError, match=r"`certainty` must be .* got 1"):
        bm.Condition(0.35, 1)
    with pytest.raises(bm.SettingsError, match=r"`certainty` must be .* got True"):
        bm.Condition(0.35, True)
    with pytest.raises(bm.SettingsError, match=r"`direction` must be '>' or '<'.* got '>='"):
        bm.Condition(0.35, 0.9, ">=")
    with pytest.raises(
        bm.SettingsError, match=r"`conditions` must be one Condition or more; got \[\]"
    ):
        bm.Success([])
    with pytest.raises(bm.SettingsError, match="all be on the rate, or all on rate - control"):
        bm.Success([bm.Condition(0.35, 0.9), bm.DifferenceCondition(0.1, 0.9)])
    with pytest.raises(bm.SettingsError, match="must be text or a Success; got float"):
        as_success(0.9)
    with pytest.raises(bm.SettingsError, match="at most 500 characters; got 501"):
        bm.parse_success("P" * 501)


def test_what_conditions_have_in_common():
    both = bm.parse_success("P(rate > 0.35) > 0.9 and P(rate < 0.5) > 0.5")
    assert (both.direction, both.null_value, both.of_two_arms) == (None, 0.35, False)
    assert as_success(bm.Condition(0.2, 0.8, "<")).direction == "<"


@pytest.mark.parametrize(
    ("text", "null"),
    [
        ("P(rate > 0.3) > 0.9 and P(rate > 0.5) > 0.9", 0.5),
        ("P(rate > 0.5) > 0.9 and P(rate > 0.3) > 0.9", 0.5),
        ("P(rate > 0.3) > 0.95 and P(rate > 0.5) > 0.9", 0.3),
        ("P(rate > 0.35) > 0.9 and P(rate > 0.5) > 0.51", 0.35),
        ("P(rate > 0.5) > 0.51 and P(rate > 0.35) > 0.9", 0.35),
        ("P(rate > 0.35) > 0.9 and P(rate > 0.5) > 0.5", 0.35),
        ("P(rate < 0.3) > 0.9 and P(rate < 0.2) > 0.8", 0.3),
        ("P(rate < 0.3) > 0.9 and P(rate < 0.2) > 0.9", 0.2),
        ("P(rate < 0.6) > 0.9 and P(rate > 0.3) > 0.8", 0.6),
        ("P(rate - control > 0) > 0.9 and P(rate - control > 0.15) > 0.6", 0.0),
        ("P(rate < 0.5) > 0.9 and P(rate > 0.2) > 0.9", 0.2),
        ("P(rate > 0.2) > 0.5 and P(rate > 0.4) > 0.5", 0.4),
    ],
)
def test_the_null_is_that_of_the_most_certain_condition(text: str, null: float) -> None:
    assert bm.parse_success(text).null_value == null


def test_thresholds_have_their_names():
    success = bm.parse_success(
        "P(rate > 0.5) > 0.6 and P(rate > 0.35) > 0.9 and P(rate > 0.4) > 0.7"
    )
    named = [("null", 0.35), ("decision value", 0.4), ("decision value", 0.5)]
    assert list(success.thresholds) == named
    twice = bm.parse_success("P(rate > 0.35) > 0.9 and P(rate > 0.35) > 0.8")
    assert list(twice.thresholds) == [("null", 0.35)]


def test_another_certainty_is_that_of_the_null():
    success = bm.parse_success("P(rate > 0.5) > 0.6 and P(rate > 0.35) > 0.9")
    assert str(success.with_certainty(0.97)) == "P(rate > 0.5) > 0.6 and P(rate > 0.35) > 0.97"
    with pytest.raises(bm.SettingsError, match=r"`certainty` must be .* got 1\.2"):
        success.with_certainty(1.2)


@pytest.mark.parametrize("text", [0.9, None, "", ["P(rate > 0.3) > 0.9"]])
def test_what_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(bm.SettingsError, match=r"`success` must be text; got .* Write it such as"):
        bm.parse_success(text)
