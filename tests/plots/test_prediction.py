"""The figure of a prediction shows its probabilities, and marks what was asked."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import betabinom

import bayesmeta as bm
from bayesmeta.estimates.count_distributions import ListedCounts

pytestmark = pytest.mark.stored

SIZES = {"bundled": 40, "one": 1, "sixty": 500, "zeros": 20}


def shown(plot) -> set[str]:
    return {text.get_text() for axes in plot.figure.axes for text in axes.texts}


@pytest.fixture(scope="module")
def exact() -> bm.Prediction:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    return bm.predict(bm.fit(bm.load_model("pooled"), arms, method="quadrature"), n=30, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SIZES)
def test_nothing_overlaps_or_is_cut_off(pooled_fits, collisions, name):
    n = SIZES[name]
    prediction = bm.predict(pooled_fits[name], n=n, seed=1)
    for asked in ({}, {"rate_above": 0.3, "events_at_least": 1}, {"rate_above": 1.0}):
        plot = bm.plots.prediction(prediction, **asked, notes=["Further <$x$> words. " * 12])
        assert collisions(plot.figure) == ([], [])
    assert repr(plot) == f"Plot(prediction: {n} patient{'s' * (n > 1)})"


def test_the_title_names_the_outcome(exact, pooled_fits):
    drawn = bm.predict(pooled_fits["bundled"], n=30, seed=1)
    for prediction, outcome in ((exact, "CR"), (drawn, "ORR")):
        title = f"Predicted {outcome} of 30 patients in a new study: all studies"
        assert title in shown(bm.plots.prediction(prediction))


def test_a_profile_and_a_study_with_long_names_are_wrapped(exact, collisions):
    long = replace(exact, study="<script>alert(1)</script> " * 6, profile="regimen=$b_1$ " * 12)
    plot = bm.plots.prediction(long)
    assert collisions(plot.figure) == ([], [])
    assert any("<script>" in text for text in shown(plot))


def test_bars_are_binomial_probabilities_averaged_over_the_distribution_of_the_rate(pooled_fits):
    prediction = bm.predict(pooled_fits["zeros"], n=20, seed=1)
    plot = bm.plots.prediction(prediction)
    rate = 1 / (1 + np.exp(-prediction.distribution.theta.ravel()))
    events = plot.table[plot.table["kind"] == "events"]
    expected = [np.mean((1 - rate) ** 20), np.mean(20 * rate * (1 - rate) ** 19)]
    np.testing.assert_allclose(events["probability"][:2], expected, rtol=1e-9)
    bars = {round(bar.get_x() + bar.get_width() / 2): bar for bar in plot.figure.axes[2].patches}
    heights = [bars[number].get_height() for number in range(21)]
    np.testing.assert_allclose(heights, 100 * events["probability"])
    low, high = np.searchsorted(np.cumsum(events["probability"]), [0.025, 0.975])
    assert events.loc[events["inside"], "lower"].tolist() == list(range(low, high + 1))
    dark = bars[int(low)].get_facecolor()
    assert all((bars[k].get_facecolor() == dark) == (low <= k <= high) for k in range(21))


def test_bins_hold_the_share_of_rates_between_their_edges(pooled_fits):
    prediction = bm.predict(pooled_fits["bundled"], n=40, seed=1)
    plot = bm.plots.prediction(prediction, rate_above=0.3)
    rate = 1 / (1 + np.exp(-prediction.distribution.theta.ravel()))
    bins = plot.table[plot.table["kind"] == "rate"]
    assert bins["probability"].sum() == pytest.approx(1, abs=1e-9)
    assert bins.loc[bins["asked"], "probability"].sum() == pytest.approx((rate > 0.3).mean())
    inside = bins.loc[bins["inside"], ["lower", "upper"]]
    ends = np.quantile(rate, [0.025, 0.975])
    np.testing.assert_allclose([inside["lower"].min(), inside["upper"].max()], ends, atol=1e-4)
    within = (rate > 0.4) & (rate <= 0.5)
    tenth = bins[(bins["lower"] > 0.399) & (bins["upper"] < 0.501)]
    assert tenth["probability"].sum() == pytest.approx(within.mean())


def test_thresholds_are_dashed_and_their_probabilities_told(exact):
    plot = bm.plots.prediction(exact, rate_above=0.25, events_at_least=9)
    [rate], [count] = (
        [line for line in axes.lines if line.get_linestyle() == "--"]
        for axes in plot.figure.axes[1:]
    )
    assert rate.get_xdata() == [25, 25]
    assert count.get_xdata() == [8.5, 8.5]
    probability = exact.pmf["probability"][9:].sum()
    assert f"9 or more responders: probability {100 * probability:.1f}%" in shown(plot)
    assert any(text.startswith("Rate above 25%: probability ") for text in shown(plot))
    assert any("30 patients in a new study: all studies" in text for text in shown(plot))
    certain = bm.plots.prediction(exact, events_at_least=0, rate_above=0.99)
    assert {
        "0 or more responders: probability 100.0%",
        "Rate above 99%: probability under 0.1%",
    } <= shown(certain)


@pytest.mark.slow
def test_counts_stand_below_the_rates_that_they_are_shares_of_n_of(exact):
    for n, at_least in ((1, 1), (7, 3), (2000, None)):
        plot = bm.plots.prediction(replace(exact, n=n), events_at_least=at_least)
        _, upper, lower = plot.figure.axes
        np.testing.assert_allclose(
            np.array(lower.get_xlim()) / n, np.array(upper.get_xlim()) / 100, rtol=1e-12
        )


@pytest.mark.slow
def test_a_known_beta_binomial_distribution_is_drawn_as_it_is(collisions):
    class Beta:
        """A stand-in distribution with closed forms."""

        def __init__(self, prediction):
            self.__dict__.update(prediction.distribution.__dict__)
            self.rate, self.above = prediction.distribution.rate, prediction.distribution.above
            self.pmf = lambda n: betabinom(n, 2, 5).pmf(np.arange(n + 1))
            self.counts = lambda n: ListedCounts(self.pmf(n))

    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    fitted = bm.predict(bm.fit(bm.load_model("pooled"), arms, method="quadrature"), n=12, seed=1)
    plot = bm.plots.prediction(replace(fitted, distributions={"": Beta(fitted)}))
    heights = [bar.get_height() for bar in plot.figure.axes[2].patches]
    assert sorted(heights) == pytest.approx(sorted(100 * betabinom(12, 2, 5).pmf(np.arange(13))))
    assert collisions(plot.figure) == ([], [])


def test_rare_events_of_many_patients_have_a_bar_for_each_number(make_arms):
    arms = make_arms([(y, 80_000) for y in (20, 16, 22, 18)])
    plot = bm.plots.prediction(
        bm.predict(bm.fit(bm.load_model("pooled"), arms, method="quadrature"), n=40_000, seed=1)
    )
    rates, events = (plot.table[plot.table["kind"] == kind] for kind in ("rate", "events"))
    assert events["probability"].sum() == pytest.approx(1)
    assert len(rates) >= 40
    bars = [bar for bar in plot.figure.axes[2].patches if bar.get_height() > 0.1]
    assert len(bars) > 15
    assert max(bar.get_height() for bar in bars) < 20
    assert plot.figure.axes[2].get_xlabel() == "Responders"


@pytest.mark.slow
def test_millions_of_patients_are_drawn_by_ranges(collisions):
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    posterior = bm.fit(bm.load_model("pooled"), arms, method="quadrature")
    plot = bm.plots.prediction(bm.predict(posterior, n=10_000_000, seed=1))
    assert repr(plot) == "Plot(prediction: 10,000,000 patients)"
    bars = plot.table[plot.table["kind"] == "events"]
    assert bars["probability"].sum() == pytest.approx(1)
    assert ((bars["lower"].iloc[1:] - bars["upper"].shift().iloc[1:]) == 1).all()
    assert plot.figure.axes[2].get_xlabel() == "Responders, by 100,000"
    assert collisions(plot.figure) == ([], [])


def test_draws_that_failed_are_told_first(make_arms):
    settings = bm.SamplerSettings(chains=1, warmup=200, draws=200)
    failed = bm.fit(
        bm.load_model("pooled"), make_arms([(3, 10), (4, 12)]), seed=1, settings=settings
    )
    plot = bm.plots.prediction(bm.predict(failed, n=10, seed=1))
    first, *_ = plot.figure.axes[0].texts
    assert first.get_text().startswith("WARNING: the draws failed their diagnostics (chains")
    assert first.get_color() == "#b03000"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"rate_above": 30}, "`rate_above` must be a probability from 0 to 1; got 30"),
        ({"events_at_least": 31}, "`events_at_least` must be a whole number from 0 to n = 30"),
        ({"ci_prob": 95}, "`ci_prob` must lie between 0 and 1"),
    ],
)
def test_what_can_not_be_asked_is_refused(exact, asked, message):
    with pytest.raises(bm.SettingsError, match=message):
        bm.plots.prediction(exact, **asked)


def test_what_is_no_prediction_is_refused(exact):
    with pytest.raises(bm.SettingsError, match="`prediction` must be a Prediction; got DataFrame"):
        bm.plots.prediction(exact.pmf)
