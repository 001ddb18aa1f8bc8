"""Figures of arms divided by a stratum, and of contrasts within studies."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.estimates.forest_table import ARM, TOTALS, TYPICAL


@pytest.fixture(scope="module")
def totals(fit_divided):
    with pytest.warns(bm.ModelWarning, match="2 levels"):
        return fit_divided("s2", "s4")


@pytest.fixture(scope="module")
def split(quick):
    counts = {"ab": [(8, 20), (13, 20)], "a": [(6, 20)], "b": [(8, 20)], "c": [(3, 20)]}
    rows = [
        (f"{arms}{i}", drug, events + i, n)
        for arms, own in counts.items()
        for i in range(3)
        for drug, (events, n) in zip(arms, own, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["study", "arm", "events", "n"])
    frame = frame.assign(drug=frame["arm"])
    covariates = bm.Covariates("within(drug) + between(drug)", {"drug": "a"})
    spec = bm.ModelSpec("split", covariates=covariates, beta=bm.Normal(0, 1))
    arms = bm.read_evidence(frame).select()
    with pytest.warns(bm.ModelWarning, match="no study tells"):
        found = bm.fit(spec, arms, seed=1, settings=quick)
    return bm.contrast(found, against="a")


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_a_forest_has_the_levels_and_then_the_totals(divided_fit, collisions):
    plot = bm.plots.forest(divided_fit)
    assert collisions(plot.figure) == ([], [])
    arms = plot.table[plot.table["kind"] == ARM]
    assert arms.groupby("group", sort=False)["label"].agg(list).to_dict() == {
        "no": ["s1 (by subtraction)", "s3 (by subtraction)", "s5"],
        "yes": ["s1", "s3"],
        TOTALS: ["s2 (15 no, 25 yes)", "s4 (60 no, 30 yes)"],
    }
    typical = plot.table[plot.table["kind"] == TYPICAL]
    # Totals inform both levels, but their patients are at neither.
    assert typical[["group", "studies", "events", "n"]].to_numpy().tolist() == [
        ["no", 5, 12 + 9 + 12, 34 + 19 + 28],
        ["yes", 4, 4 + 3, 26 + 12],
    ]
    shown = texts(plot.figure)
    assert {"3 studies, 81 patients", "2 studies, 38 patients", "2 studies, 130 patients"} <= set(
        shown
    )
    assert "prior: total of both levels only" in shown


def test_a_forest_states_the_contrast_between_levels(divided_fit):
    ratios = np.exp(np.asarray(divided_fit.posterior["beta"]).ravel())
    lower, median, upper = np.quantile(ratios, [0.025, 0.5, 0.975])
    share = bm.contrast(divided_fit).table["within_share"].iloc[0]
    words = " ".join(" ".join(texts(bm.plots.forest(divided_fit).figure)).split())
    assert (
        f"yes against no {median:.2f} ({lower:.2f} to {upper:.2f}), "
        f"{100 * share:.0f}% of the information within studies" in words
    )
    assert "Heterogeneity of coefficients between studies: sigma[prior|study]" in words


def test_levels_in_totals_only_have_rates_without_counts(totals, collisions):
    plot = bm.plots.forest(totals)
    assert collisions(plot.figure) == ([], [])
    assert texts(plot.figure).count("in totals only") == 2
    assert "0/0" not in texts(plot.figure)
    assert plot.table["kind"].value_counts()[ARM] == 2


def test_subgroups_count_totals_among_all_studies_only(divided_fit, totals, collisions):
    plot = bm.plots.subgroups(divided_fit)
    assert collisions(plot.figure) == ([], [])
    assert plot.table[["label", "studies", "events", "n"]].to_numpy().tolist() == [
        ["no", 5, 33, 81],
        ["yes", 4, 7, 38],
        ["all studies", 5, 90, 249],
    ]
    assert "(50 responders of 130 patients)" in " ".join(texts(plot.figure))
    assert bm.plots.subgroups(totals).table["n"].tolist() == [0, 0, 130]


def test_subgroups_have_a_new_level_where_levels_are_exchangeable(make_arms, quick, collisions):
    arms = make_arms([(3, 10), (5, 14), (8, 20), (2, 9)], regimen=["a", "b", "c", "a"])
    spec = bm.ModelSpec("levels", covariates="(1 | regimen)")
    fit = bm.fit(spec, arms, seed=1, settings=quick)
    plot = bm.plots.subgroups(fit)
    assert collisions(plot.figure) == ([], [])
    assert repr(plot) == "Plot(subgroups: 3 levels)"
    table = plot.table.set_index("label")
    assert table.index.tolist()[-2:] == ["NEW", "all studies"]
    new = bm.predict(fit, n=1, profile={"regimen": bm.NEW}, seed=1).interval(0.95).loc["rate"]
    ends = table.loc["NEW", ["new_study_lower", "new_study_upper"]].astype(float)
    np.testing.assert_allclose(ends, new[["lower", "upper"]].astype(float), atol=0.01)
    assert "New level" in texts(plot.figure)
    # Without a share of its own in the mean over levels.
    rates = table["typical"].to_numpy()
    assert rates[:3].min() < rates[-1] < rates[:3].max()


def test_contrasts_of_arms_of_one_study_have_a_line_of_their_own(split, collisions):
    plot = bm.plots.contrasts(split)
    assert collisions(plot.figure) == ([], [])
    graph = plot.figure.axes[1]
    marks = np.concatenate(
        [points.get_offsets() for points in graph.collections if hasattr(points, "get_sizes")]
    )
    expected = split.table[["odds_ratio", "within_odds_ratio"]].to_numpy().ravel()
    for ratio in expected:
        assert np.isclose(marks[:, 0], ratio).sum() == 1
    shown = texts(plot.figure)
    assert [one for one in shown if one.endswith(", in one study")] == [
        "b, in one study",
        "c, in one study",
    ]
    first = split.table.iloc[0]
    assert first["within_compared"]
    assert f"{first['conflict']:.2f}".replace("-", "\N{MINUS SIGN}") in " ".join(shown)
    # No study compares c with a.
    assert not split.table["within_compared"].iloc[1]
    assert "no studies compare such arms" in " ".join(" ".join(shown).split())
