"""Numbers as people read them: digits by the width of an interval, one rounding for each number."""

import math

import pytest
from hypothesis import given, strategies as st

import bayesmeta as bm
from bayesmeta.rounding import (
    Rates,
    error_text,
    fixed_text,
    number_texts,
    percent,
    places,
    probability_text,
)

probabilities = st.floats(1e-9, 1 - 1e-9)


@pytest.mark.parametrize(
    ("estimate", "low", "high", "text"),
    [
        (0.499, 0.322, 0.658, "50% (32% to 66%)"),
        (0.000224, 0.000168, 0.000295, "0.0224% (0.0168% to 0.0295%)"),
        (1 - 0.000224, 1 - 0.000295, 1 - 0.000168, "99.9776% (99.9705% to 99.9832%)"),
        (0.02, 0.0004, 0.31, "2% (<1% to 31%)"),
        (0.0004, 0.00002, 0.31, "0.04% (<0.01% to 31.00%)"),
        (0.98, 0.69, 0.9996, "98% (69% to >99%)"),
        (0.0, 0.0, 0.4, "0% (0% to 40%)"),
        (1.0, 0.6, 1.0, "100% (60% to 100%)"),
    ],
)
def test_rates_have_the_digits_of_their_interval(
    estimate: float, low: float, high: float, text: str
) -> None:
    assert Rates().interval(estimate, low, high) == text


def test_rates_may_be_per_more_patients() -> None:
    rare = (0.000224, 0.000168, 0.000295)
    assert Rates(1_000).sentence(*rare) == "0.224 (0.168 to 0.295) per 1,000"
    assert Rates(100_000).sentence(*rare) == "22.4 (16.8 to 29.5) per 100,000"
    assert Rates(1_000).note == ", per 1,000"
    assert Rates(1_000).given(0.0005) == "0.5 per 1,000"


@pytest.mark.parametrize("per", [10, 0, 100.0, True, "1000"])
def test_rates_are_per_a_power_of_ten(per: object) -> None:
    with pytest.raises(bm.SettingsError, match=r"`rates_per` must be one of 100, 1000, 10000"):
        Rates(per)  # type: ignore[arg-type]


@given(st.lists(probabilities, min_size=3, max_size=3))
def test_no_rate_is_written_as_0_or_100_percent_unless_it_is(values: list[float]) -> None:
    low, estimate, high = sorted(values)
    texts = Rates().texts(estimate, low, high)
    shown = [float(text.strip("<>%")) for text in texts]
    decimals = {len(text.strip("<>%").partition(".")[2]) for text in texts}
    assert all(0 < value < 100 for value in shown)
    assert len(decimals) == 1
    step = 10.0 ** -decimals.pop()
    for value, text, number in zip((estimate, low, high), texts, shown, strict=True):
        assert abs(100 * value - number) <= (step if text[0] in "<>" else 0.5000001 * step)


@given(st.floats(1e-9, 1e6), st.integers(1, 100))
def test_places_are_the_fewest_that_show_so_many_steps(size: float, steps: int) -> None:
    found = places(size, steps)
    assert found == 12 or size * 10**found >= steps * (1 - 1e-6)
    assert found == 0 or size * 10 ** (found - 1) < steps


def test_coefficients_have_two_digits_of_their_deviation() -> None:
    assert number_texts(0.002493, 0.000702, 0.004351) == ["0.00249", "0.00070", "0.00435"]
    assert number_texts(0.512, -0.2, 1.3) == ["0.51", "-0.20", "1.30"]
    assert fixed_text(-0.001, 2) == "0.00"


def test_a_tie_goes_to_the_even_digit_and_what_is_rounded_is_the_stored_number() -> None:
    assert Rates().text(0.125, 0) == "12%"
    assert Rates().text(0.375, 0) == "38%"
    # In two roundings, 65.46 would become 65.5 and then 66.
    assert Rates().text(0.6546, 0) == "65%"


def test_errors_and_probabilities_are_never_nothing() -> None:
    assert [error_text(value) for value in (0.31, 0.034, 0.00021, 0.0)] == ["0.3", "0.03", "0.0002", "0"]  # fmt: skip
    assert [error_text(value) for value in (1e-6, 1e-9, 1e-17)] == ["0.000001", "<0.000001", "<0.000001"]  # fmt: skip
    assert [probability_text(value) for value in (0.0, 1e-9, 0.5, 1 - 1e-9, 1.0)] == [
        "0.000",
        "<0.001",
        "0.500",
        ">0.999",
        "1.000",
    ]
    assert [percent(value) for value in (0, 0.001, 0.5, 0.999, 1)] == ["0%", "<1%", "50%", ">99%", "100%"]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "n", "text"),
    [(80, 320_000, "0.0250%"), (13, 40, "32%"), (0, 40, "0%"), (40, 40, "100%"), (0, 0, "")],
)
def test_observed_rates_are_as_fine_as_their_patients_tell(events: int, n: int, text: str) -> None:
    assert Rates().observed(events, n) == text


def test_places_of_what_has_no_width_are_none() -> None:
    assert [places(value) for value in (0.0, -1.0, math.inf, math.nan)] == [0, 0, 0, 0]
