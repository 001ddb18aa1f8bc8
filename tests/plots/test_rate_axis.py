"""Axes of rates follow the rates, in the unit asked for, with round ticks that can be distinguished."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import bayesmeta as bm
from bayesmeta.plots.rate_axis import rate_axis
from bayesmeta.plots.ticks import number_texts, round_ticks, tick_texts


def axis_of(rates, **scale):
    return rate_axis(bm.plots.RateScale(**scale), rates, rates)


def test_rates_that_range_widely_have_the_whole_axis():
    axis = axis_of([0.1, 0.5])
    assert axis.ends == (0.0, 1.0)
    assert axis.tick_texts(axis.ticks(3.2)) == ["0", "20", "40", "60", "80", "100"]


def test_rare_events_have_an_axis_that_shows_them():
    # The median rate and interval of a safety outcome: 0.0224% (0.0168 to 0.0295).
    axis = axis_of([0.000168, 0.000224, 0.000295])
    low, high = axis.limits
    assert 0 < low < 0.0168
    assert 0.0295 < high < 0.04
    texts = axis.tick_texts(axis.ticks(3.2))
    assert len(set(texts)) == len(texts) > 2
    assert axis.scale.texts(0.000224, 0.000168, 0.000296) == ["0.022", "0.017", "0.030"]


def test_rates_near_nothing_or_all_end_there():
    assert axis_of([0.0, 0.02, 0.05]).ends[0] == 0
    assert axis_of([0.96, 0.99, 1.0]).ends[1] == 1


def test_rates_may_be_counted_per_more_patients():
    axis = axis_of([0.000168, 0.000295], per=100_000)
    assert axis.limits == pytest.approx((16.165, 30.135))
    assert axis.scale.label("Rate") == "Rate per 100,000"
    assert axis.scale.texts(0.000168, 0.000295) == ["16.8", "29.5"]


def test_estimates_that_crowd_at_an_end_have_an_axis_of_log_odds():
    axis = rate_axis(bm.plots.RateScale(), [0.0, 0.0005, 0.4], [0.0004, 0.0005, 0.0006])
    assert axis.by_odds
    assert axis.marks([0.0, 0.9]).tolist()[0] == pytest.approx(100 * axis.ends[0])
    assert np.isnan(axis.marks([0.9])[0])
    assert "log-odds" in axis.note


def test_an_axis_of_log_odds_is_even_in_them_and_labelled_with_rates():
    axis = axis_of([0.001, 0.01, 0.5], axis="logit")
    figure = Figure()
    graph = figure.add_subplot()
    axis.put_on(graph.xaxis, 4.0)
    to_pixels = graph.transData.transform([(rate, 0) for rate in (0.1, 1.0, 50.0)])[:, 0]
    odds = np.log([0.001 / 0.999, 0.01 / 0.99, 1.0])
    shares = np.diff(to_pixels) / np.diff(odds)
    assert shares[0] == pytest.approx(shares[1], rel=1e-6)
    assert {"0.1", "1", "10", "50"} <= {text.get_text() for text in graph.get_xticklabels()}


def test_an_axis_of_log_odds_holds_the_estimates():
    axis = rate_axis(bm.plots.RateScale(axis="logit"), [0.0, 0.3, 0.6], [0.05])
    assert axis.ends[0] < 0.05
    assert axis.ends[1] > 0.6


def test_limits_are_kept_and_marks_beyond_them_are_left_out():
    axis = axis_of([0.1, 0.3, 0.9], limits=(0.2, 0.4))
    assert axis.limits == pytest.approx((20, 40))
    assert np.isnan(axis.marks([0.1, 0.9])).all()
    assert axis.places([0.1, 0.3, 0.9]).tolist() == pytest.approx([20, 30, 40])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"axis": "log"}, "`axis` must be one of auto, whole, zoom, logit; got 'log'"),
        ({"per": 50}, "`per` must be one of 100, 1000, 10000, 100000; got 50"),
        ({"limits": (20, 40)}, "two rates from 0 to 1, the lower first"),
        ({"limits": (0.4, 0.2)}, "two rates from 0 to 1, the lower first"),
        ({"limits": (0, 0.2), "axis": "logit"}, "have no log-odds"),
    ],
)
def test_what_has_no_axis_is_refused(asked, message):
    with pytest.raises(bm.SettingsError, match=message):
        bm.plots.RateScale(**asked)


def test_ticks_are_round_and_labelled_with_the_decimals_of_their_step():
    assert round_ticks(0, 43, 5) == [0, 10, 20, 30, 40]
    assert tick_texts(round_ticks(0.0, 0.0042, 5)) == ["0.000", "0.001", "0.002", "0.003", "0.004"]
    assert tick_texts([2010.0, 2020.0]) == ["2010", "2020"]
    assert tick_texts([0.0, 50_000.0]) == ["0", "50,000"]
    assert tick_texts([-0.5, 0.0]) == ["\N{MINUS SIGN}0.5", "0.0"]


def test_numbers_have_the_decimals_of_their_interval():
    assert number_texts(0.00249, 0.0007, 0.00436) == ["0.0025", "0.0007", "0.0044"]
    assert number_texts(0.5, -1.0, 2.0) == ["0.50", "\N{MINUS SIGN}1.00", "2.00"]


def test_a_short_axis_of_log_odds_has_ticks_all_the_same():
    axis = axis_of([0.00011, 0.0002, 0.00042], axis="logit")
    assert axis.ticks(3.0) == pytest.approx([0.02, 0.03, 0.04])


def test_a_number_that_rounds_to_0_has_no_sign():
    assert number_texts(-0.0004, -0.09, 0.09)[0] == "0.00"
