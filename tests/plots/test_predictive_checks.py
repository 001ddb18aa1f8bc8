"""Predictive checks show the PITs against their band, and coverage with its exact interval."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, binomtest, ecdf

import bayesmeta as bm
from bayesmeta.comparison.predictive_checks import coverage_table, pit_table

pytestmark = pytest.mark.stored


@pytest.fixture(scope="module")
def zeros(evidence_sets) -> bm.LeftOut:
    return bm.leave_one_study_out(
        bm.load_model("pooled"), evidence_sets["zeros"], seed=1, method="psis", progress=False
    )


def arms_with(pit) -> pd.DataFrame:
    """Arms with these PITs, as if each interval held those near the middle."""
    pit = np.asarray(pit)
    inside: dict[str, object] = {}
    for p in (50, 80, 95):
        inside |= {f"inside_{p}": np.abs(pit - 0.5) < p / 200, f"expected_{p}": p / 100 + 0.02}
    return pd.DataFrame({"pit": pit, **inside})


def shown(plot) -> str:
    return " ".join(text.get_text() for text in plot.figure.axes[0].texts)


@pytest.mark.slow
def test_few_arms_are_drawn_and_told(zeros, collisions):
    plot = bm.plots.predictive_checks(zeros, notes=["Further <$x$> words. " * 12])
    assert collisions(plot.figure) == ([], [])
    assert "FEW ARMS: 6." in shown(plot)
    assert repr(plot) == "Plot(predictive_checks: 6 arms)"


def test_one_arm_is_drawn(zeros, collisions):
    single = replace(zeros, arms=zeros.arms.iloc[:1], studies=zeros.studies.iloc[:1])
    plot = bm.plots.predictive_checks(single)
    assert collisions(plot.figure) == ([], [])
    assert "1 arm of 1 study" in shown(plot)


@pytest.mark.parametrize("number", [20, 60, 700])
def test_many_arms_are_drawn(zeros, collisions, number):
    many = replace(zeros, arms=arms_with(np.random.default_rng(1).random(number)))
    plot = bm.plots.predictive_checks(many)
    assert collisions(plot.figure) == ([], [])
    assert "FEW ARMS" not in shown(plot)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bundled", "sixty"])
def test_evidence_of_many_studies_is_drawn(evidence_sets, collisions, name):
    found = bm.leave_one_study_out(
        bm.load_model("pooled"), evidence_sets[name], seed=1, method="psis", progress=False
    )
    plot = bm.plots.predictive_checks(found)
    assert collisions(plot.figure) == ([], [])
    assert len(found.arms) >= 20


def test_one_study_can_not_be_predicted_from_others(evidence_sets):
    with pytest.raises(bm.EvidenceError, match="needs two studies with patients or more; got 1"):
        bm.leave_one_study_out(
            bm.load_model("pooled"), evidence_sets["one"], seed=1, progress=False
        )


def test_the_line_is_the_distribution_function_of_the_pits_minus_an_even_one(zeros):
    pit = np.random.default_rng(3).beta(2, 2, 35)
    plot = bm.plots.predictive_checks(replace(zeros, arms=arms_with(pit)))
    line = plot.figure.axes[1].lines[-1]
    place = line.get_xdata()
    np.testing.assert_allclose(line.get_ydata(), ecdf(pit).cdf.evaluate(place) - place, atol=1e-12)
    own = plot.table[plot.table["kind"] == "pit"]
    np.testing.assert_allclose(own["difference"], line.get_ydata())


def test_counts_inside_stand_at_the_tick_of_their_interval(zeros):
    graph = bm.plots.predictive_checks(zeros).figure.axes[2]
    labels = [label.get_text() for label in graph.get_yticklabels()]
    assert [label.split("\n")[0] for label in labels] == ["50%", "80%", "95%"]
    for label, row in zip(labels, coverage_table(zeros.arms).to_dict("records"), strict=True):
        expected = row["arms"] * row["expected"]
        assert label.endswith(f"\n{row['inside']} of {row['arms']}\n({expected:.1f})")
    assert not graph.texts


@pytest.mark.parametrize("number", [6, 40])
def test_the_band_holds_even_pits_with_probability_95(number):
    rng = np.random.default_rng(number)
    held = [not pit_table(arms_with(rng.random(number)))["outside"].any() for _ in range(1500)]
    # The numbers are whole, so that the band holds a little more than it must.
    assert 0.94 < np.mean(held) < 0.99


def test_shapes_mean_what_the_figure_says_of_them():
    even = (np.arange(200) + 0.5) / 200
    narrow, wide, high = (beta(a, b).ppf(even) for a, b in ((0.4, 0.4), (4, 4), (1, 3)))
    tables = {name: pit_table(arms_with(pit)).set_index("place")["difference"] for name, pit in (("narrow", narrow), ("wide", wide), ("high", high))}  # fmt: skip
    assert tables["narrow"][0.2] > 0.05 > -0.05 > tables["narrow"][0.8]
    assert tables["wide"][0.2] < -0.05 < 0.05 < tables["wide"][0.8]
    assert (tables["high"][0.1:0.9] > 0.05).all()


@pytest.mark.parametrize(("inside", "number"), [(0, 6), (6, 6), (4, 6), (57, 60), (1, 1)])
def test_coverage_has_the_exact_binomial_interval(zeros, inside, number):
    pit = np.where(np.arange(number) < inside, 0.5, 0.999)
    arms = arms_with(pit)
    expected = binomtest(inside, number).proportion_ci(0.95, method="exact")
    for row in coverage_table(arms).to_dict("records"):
        assert (row["lower"], row["upper"]) == pytest.approx((expected.low, expected.high))
    plot = bm.plots.predictive_checks(replace(zeros, arms=arms))
    wanted, lines, points = plot.figure.axes[2].collections
    np.testing.assert_allclose(
        lines.get_paths()[2].vertices[:, 0], [100 * expected.low, 100 * expected.high]
    )
    np.testing.assert_allclose(points.get_offsets()[:, 0], 100 * inside / number)
    assert [path.vertices[0, 0] for path in wanted.get_paths()] == pytest.approx([52, 82, 97])


def test_later_cohorts_are_told_from_studies_left_out(make_arms, collisions):
    train = make_arms([(3, 10), (5, 14), (8, 20), (2, 9)], ["a", "b", "c", "d"])
    test = make_arms([(4, 11), (1, 8)], ["e", "f"])
    found = bm.validate(bm.load_model("pooled"), train=train, test=test, seed=1, progress=False)
    plot = bm.plots.predictive_checks(found)
    assert "2 arms of 2 studies predicted from 4 studies" in shown(plot)
    assert collisions(plot.figure) == ([], [])


def test_arms_are_checked_by_outcome(zeros):
    both = pd.concat([zeros.arms.assign(outcome=name) for name in ("ORR", "CR")])
    several = replace(zeros, arms=both.reset_index(drop=True))
    plot = bm.plots.predictive_checks(several, outcome="CR")
    assert f"CR: Model '{zeros.model}': {len(zeros.arms)} arms" in shown(plot)
    with pytest.raises(bm.SettingsError, match="`outcome` must be one of ORR, CR"):
        bm.plots.predictive_checks(several)


def test_fits_that_failed_are_told_first(zeros):
    fits = zeros.fits.assign(ok=False)
    plot = bm.plots.predictive_checks(replace(zeros, fits=fits))
    assert shown(plot).startswith(f"WARNING: {len(fits)} of {len(fits)} fits failed")


def test_what_can_not_be_drawn_is_refused(zeros):
    with pytest.raises(
        bm.SettingsError, match="`held_out` must be a LeftOut or Validation; got Dat"
    ):
        bm.plots.predictive_checks(zeros.arms)
    with pytest.raises(bm.SettingsError, match="`held_out` has no arm that was predicted"):
        bm.plots.predictive_checks(replace(zeros, arms=zeros.arms.iloc[:0]))
