"""Figures of plans show the numbers of their tables, whatever the trial."""

import numpy as np
import pytest
from scipy.stats import nbinom

import bayesmeta as bm

VAGUE = bm.BetaMixture([1], a=[1], b=[1])
HISTORY = bm.BetaMixture([0.7, 0.3], a=[22, 4], b=[20, 4])
SUCCESS = "P(rate > 0.35) > 0.9 and P(rate > 0.5) > 0.5"
NEVER = "P(rate > 0.9) > 0.95"
LONG = "a prior whose name says where each of its studies was done, by whom and why, and then some"


def trial(n, prior=VAGUE, success=SUCCESS):
    return bm.SingleArmTrial(n, prior, success)


DESIGNS = {
    "MAP": trial(40, HISTORY),
    LONG: trial(1),
    "never": trial(1, success=NEVER),
    "<$x$>": trial(200),
    "futile": trial(40, success="P(rate < 0.35) > 0.9"),
    "between": trial(40, success="P(rate > 0.3) > 0.6 and P(rate < 0.6) > 0.6"),
}


@pytest.mark.slow
def test_nothing_overlaps_or_is_cut_off(collisions):
    plots = [
        bm.plots.power(DESIGNS, notes=["A note."]),
        bm.plots.power({"one": trial(40)}),
        bm.plots.boundary({"MAP": HISTORY, LONG: VAGUE}, SUCCESS, n=range(5, 201)),
        bm.plots.boundary({"none": VAGUE}, NEVER, n=[1]),
        bm.plots.boundary({"none": VAGUE}, "P(rate < 0.2) > 0.9", n=range(1, 40)),
        *(bm.plots.responders(each, distribution=HISTORY) for each in DESIGNS.values()),
    ]
    for plot in plots:
        assert collisions(plot.figure) == ([], [])


@pytest.mark.slow
def test_power_curves_are_operating_characteristics():
    plot = bm.plots.power({"MAP": trial(40, HISTORY), "none": trial(40)})
    graph = plot.figure.axes[1]
    for name, prior in (("MAP", HISTORY), ("none", VAGUE)):
        rows = plot.table[plot.table["design"] == name]
        expected = trial(40, prior).operating_characteristics(rows["rate"])["success"]
        np.testing.assert_allclose(rows["success"], expected)
    curves = [line for line in graph.lines if len(line.get_xdata()) > 2]
    for line, name in zip(curves, ("MAP", "none"), strict=True):
        shown = plot.table.loc[plot.table["design"] == name, "success"]
        np.testing.assert_allclose(line.get_ydata(), 100 * shown)
    assert len({str(line.get_linestyle()) for line in curves}) == 2
    errors = [points.get_offsets()[0].tolist() for points in graph.collections]
    assert errors == [
        pytest.approx([35, 100 * trial(40, prior).type_one_error()]) for prior in (HISTORY, VAGUE)
    ]
    assert repr(plot) == "Plot(power: 2 designs)"


def page_text(plot):
    return " ".join(" ".join(text.get_text().split()) for text in plot.figure.axes[0].texts)


def test_power_names_its_thresholds_and_the_lines_that_coincide():
    designs = {"MAP": trial(40), "robust": trial(40), "other": trial(40, HISTORY)}
    plot = bm.plots.power(designs)
    text = page_text(plot)
    assert "null 35%, decision value 50%" in text
    assert text.count("on the line of MAP") == 1
    dotted = [line for line in plot.figure.axes[1].lines if len(line.get_xdata()) == 2]
    assert [line.get_xdata()[0] for line in dotted] == [35, 50]
    point = plot.figure.axes[1].collections[0].get_offsets()[0]
    assert point.tolist() == pytest.approx([35, 100 * trial(40).type_one_error()])


def test_power_of_rare_events_fills_its_axis():
    plot = bm.plots.power({"safety": trial(2000, success="P(rate < 0.01) > 0.95")})
    assert plot.table["rate"].max() == 0.02
    assert plot.table["success"].iloc[-1] < 0.001
    assert plot.figure.axes[1].get_xlim() == (0, 2)


def test_boundaries_name_their_thresholds_and_the_lines_that_coincide():
    plot = bm.plots.boundary({"a": VAGUE, "b": VAGUE, "c": HISTORY}, SUCCESS, n=[20, 40])
    text = page_text(plot)
    assert "35%, the null and 50%, the decision value" in text
    assert text.count("on the line of a") == 1
    dotted = [line for line in plot.figure.axes[1].lines if line.get_linestyle() == ":"][:2]
    assert [line.get_ydata()[-1] for line in dotted] == [14, 20]
    never = bm.plots.boundary({"a": VAGUE, "b": VAGUE}, NEVER, n=[10, 59])
    assert page_text(never).count("on the line of a") == 1


def test_boundaries_are_those_of_trials():
    plot = bm.plots.boundary({"none": VAGUE}, NEVER, n=[10, 28, 59])
    assert plot.table["boundary"].isna().tolist() == [True, False, False]
    for row in plot.table.dropna().itertuples():
        assert row.boundary == trial(row.n, success=NEVER).boundary
    texts = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    assert "none of fewer" in texts
    below = bm.plots.boundary({"none": VAGUE}, "P(rate < 0.35) > 0.9", n=[40])
    assert below.table["boundary"].tolist() == [9]
    assert repr(below) == "Plot(boundary: 1 prior)"


@pytest.mark.parametrize("n", [1, 40, 200])
def test_bars_are_the_predictive_distribution_and_their_lightness_the_decision(n):
    plot = bm.plots.responders(trial(n), distribution=HISTORY)
    graph = plot.figure.axes[1]
    heights = {round(bar.get_x() + bar.get_width() / 2): bar for bar in graph.patches}
    for row in plot.table.itertuples():
        bar = heights[row.events]
        assert bar.get_height() == pytest.approx(100 * row.probability)
        assert (np.dot(bar.get_facecolor()[:3], [0.3, 0.6, 0.1]) < 0.5) == row.success
    title = plot.figure.axes[0].texts[0].get_text()
    assert f"{100 * trial(n).probability_of_success(HISTORY):.1f}%" in title
    assert repr(plot) == f"Plot(responders: {n} patients)"


def test_responders_of_a_rare_event_are_seen():
    rare = bm.BetaMixture([1], a=[25], b=[100_000])
    plot = bm.plots.responders(trial(5000, success="P(rate < 0.0004) > 0.9"), distribution=rare)
    low, high = plot.figure.axes[1].get_xlim()
    assert low < 0
    assert nbinom(25, 100_000 / 105_000).ppf(0.999) < high < 20


def test_what_can_not_be_drawn_is_refused():
    with pytest.raises(bm.SettingsError, match="`designs` must map a name to each SingleArmTrial"):
        bm.plots.power({})
    with pytest.raises(bm.SettingsError, match=r"`designs` must have at most 6 entries.* got 7"):
        bm.plots.power({**DESIGNS, "seventh": trial(5)})
    with pytest.raises(bm.SettingsError, match="`n` must be ascending numbers of patients"):
        bm.plots.boundary({"none": VAGUE}, SUCCESS, n=[20, 10])
    with pytest.raises(bm.SettingsError, match="`n` must be a whole number of patients"):
        bm.plots.boundary({"none": VAGUE}, SUCCESS, n=[0])
    with pytest.raises(
        bm.SettingsError, match="rates on one side only, else it has two boundaries"
    ):
        bm.plots.boundary({"none": VAGUE}, "P(rate > 0.3) > 0.6 and P(rate < 0.6) > 0.6", n=[20])
    with pytest.raises(bm.SettingsError, match="`trial` must be a SingleArmTrial; got int"):
        bm.plots.responders(40)
