"""Figures of survival: what arms report and what the model says stand where their numbers are."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Polygon, Rectangle

import bayesmeta as bm
from bayesmeta.plots.months_axis import months_axis

QUICK = bm.SamplerSettings(chains=2, warmup=300, draws=300)
LONG = "A very long name of a multicentre consortium for acute myeloid leukaemia in relapse, part"

pytestmark = [
    pytest.mark.stored,
    pytest.mark.filterwarnings(
        "ignore::bayesmeta.EvidenceWarning", "ignore::bayesmeta.ModelWarning"
    ),
]


def fit_of(curve=None, covariates="", settings=QUICK, **columns):
    table = bm.read_survival(pd.DataFrame(columns), time_unit="months")
    spec = bm.ModelSpec("$curve_1$", covariates=covariates, curve=curve or bm.WeibullSurvival())
    return bm.fit(spec, table.select(), seed=1, settings=settings)


def crowd_fit():
    """Sixty arms with long names: medians, some without an upper limit, and landmarks."""
    rng = np.random.default_rng(1)
    median = np.exp(rng.normal(2, 0.5, 60)).round(1)
    landmark = np.arange(60) % 3 == 0
    return fit_of(
        study=[f"{LONG} {i}" for i in range(60)],
        n=rng.integers(5, 2000, 60),
        time=np.where(landmark, 12.0, np.nan),
        survival=np.where(landmark, rng.uniform(0.1, 0.9, 60).round(2), np.nan),
        median=np.where(landmark, np.nan, median),
        median_low=np.where(landmark, np.nan, (median / 1.5).round(1)),
        median_high=np.where(landmark | (np.arange(60) % 7 == 1), np.nan, (median * 1.8).round(1)),
    )


def odd_fit():
    """Levels, names of all kinds, and every kind of report."""
    return fit_of(
        covariates=bm.Covariates("regimen", {"regimen": "aza & co"}),
        study=["Müller <$x_1$>", "Müller <$x_1$>", "a_b^{2}", "日本", "new\nline", "late"],
        arm=["ven+aza", "ven+aza", "", "", "", ""],
        regimen=["aza & co", "aza & co", "$r_1", "$r_1", "aza & co", "#level%"],
        n=[40, 40, 25, 31, 18, None],
        time=[12, None, None, 6, None, None],
        survival=[0.4, None, None, 1.0, None, None],
        ci_low=[0.25, None, None, None, None, None],
        ci_high=[0.55, None, None, None, None, None],
        median=[None, 9.0, "NR", None, 16.8, 7.0],
        median_low=[None, 6.0, None, None, 6.6, 5.0],
        median_high=[None, 14.0, None, None, "NR", 11.0],
        followup=[None, None, 10.5, None, None, None],
    )


MADE = {
    "odd": odd_fit,
    "crowd": crowd_fit,
    "one": lambda: fit_of(study=["only"], n=[20], median=[7.0]),
    "unreached": lambda: fit_of(
        bm.ExponentialSurvival(),
        study=["a", "b"],
        n=[20, 31],
        median=["NR", "NR"],
        followup=[9, 14],
    ),
}


@pytest.fixture(scope="module")
def fits():
    return {name: make() for name, make in MADE.items()}


@pytest.fixture(scope="module")
def durations():
    frame = pd.DataFrame({"study": list("abc"), "n": [11, 23, 15], "median": [4.4, 16.8, 8.1]})
    frame = frame.assign(outcome="DOR", stratum="responders=yes")
    arms = bm.read_survival(frame, time_unit="months").select(outcome="DOR")
    spec = bm.ModelSpec("dor", curve=bm.LogLogisticSurvival())
    return bm.fit(spec, arms, seed=1, settings=QUICK)


def lines_of(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def said_in(plot):
    return " ".join(lines_of(plot.figure))


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("asked", [{}, {"quantity": "survival", "time": 6}])
def test_nothing_overlaps_or_is_cut_off_in_a_forest(name, asked, fits, collisions):
    assert collisions(bm.plots.survival_forest(fits[name], **asked).figure) == ([], [])


@pytest.mark.parametrize("name", MADE)
def test_nothing_overlaps_or_is_cut_off_in_curves(name, fits, collisions):
    assert collisions(bm.plots.survival_curve(fits[name], until=30).figure) == ([], [])


def test_arms_have_the_median_of_their_draws(fits):
    fit = fits["odd"]
    table = bm.plots.survival_forest(fit, ci_prob=0.8).table.query("kind == 'arm'")
    median = np.exp(fit.posterior["theta"]).to_numpy().reshape(-1, len(fit.arms))
    expected = np.quantile(median, [0.1, 0.5, 0.9], axis=0)
    places = [fit.arms.frame["study"].tolist().index(study) for study in table["study"]]
    found = table[["lower", "median", "upper"]].T
    np.testing.assert_allclose(found, expected[:, places])


@pytest.mark.parametrize("time", [6, 12])
def test_arms_have_the_survival_of_their_curves(time, fits):
    fit = fits["odd"]
    table = bm.plots.survival_forest(fit, "survival", time=time).table.query("kind == 'arm'")
    theta, log_shape = (
        fit.posterior[name].to_numpy().reshape(-1, len(fit.arms)) for name in ("theta", "log_shape")
    )
    # Half of the patients are alive at the median, whatever the shape.
    alive = 0.5 ** np.exp(np.exp(log_shape) * (np.log(time) - theta))
    places = [fit.arms.frame["study"].tolist().index(study) for study in table["study"]]
    expected = np.quantile(alive, [0.025, 0.5, 0.975], axis=0)[:, places]
    np.testing.assert_allclose(table[["lower", "survival", "upper"]].T, expected)


@pytest.mark.parametrize("level", ["aza & co", "$r_1"])
def test_typical_and_new_studies_are_those_of_the_summary(level, fits):
    fit = fits["odd"]
    summary = bm.summary(fit, profiles=[{"regimen": level}], times=6).set_index("quantity")
    for quantity, typical in (("median", "typical median"), ("survival", "typical survival")):
        asked = {} if quantity == "median" else {"time": 6}
        table = bm.plots.survival_forest(fit, quantity, **asked).table
        rows = table[table["group"] == level].set_index("kind")
        for kind, name in ((typical, typical), ("new study", f"new study {quantity}")):
            found = rows.loc[kind, [quantity, "lower", "upper"]].astype(float)
            np.testing.assert_allclose(
                found, summary.loc[name, ["median", "lower", "upper"]].astype(float)
            )


def test_marks_stand_at_the_numbers_of_the_table(fits):
    plot = bm.plots.survival_forest(fits["crowd"])
    graph = plot.figure.axes[1]
    assert graph.get_xscale() == "log"
    arms = plot.table.query("kind == 'arm'")
    low, high = graph.get_xlim()
    seen = arms["observed"].notna()
    by_size = {len(points.get_offsets()): points for points in graph.collections}
    observed, model = (by_size[size].get_offsets()[:, 0] for size in (seen.sum(), 60))
    inside = arms["observed"][seen].between(low, high)
    np.testing.assert_allclose(observed[inside], arms["observed"][seen][inside])
    np.testing.assert_allclose(model, arms["median"])
    [diamond] = [patch.get_xy()[:3, 0] for patch in graph.patches if isinstance(patch, Polygon)]
    [typical] = plot.table.query("kind == 'typical median'").to_dict("records")
    np.testing.assert_allclose(diamond, [typical[one] for one in ("lower", "median", "upper")])
    [bar] = [patch for patch in graph.patches if isinstance(patch, Rectangle)]
    [new] = plot.table.query("kind == 'new study'").to_dict("records")
    np.testing.assert_allclose(
        bar.get_x() + np.array([0, bar.get_width()]), [new["lower"], new["upper"]]
    )


def test_what_was_not_reached_is_an_arrow_and_words(fits):
    plot = bm.plots.survival_forest(fits["odd"])
    shown = lines_of(plot.figure)
    assert "not reached (follow-up 10.5)" in shown
    assert "16.8 (6.6 to not reached)" in shown
    assert "100% at 6 months" in shown
    graph = plot.figure.axes[1]
    end = graph.get_xlim()[1]
    arrows = [
        offset
        for points in graph.collections
        for offset in points.get_offsets()
        if len(points.get_offsets()) <= 2 and np.isclose(offset[0], end)
    ]
    assert len(arrows) >= 2
    assert "a median, or a limit of it, that was not reached" in said_in(plot)
    assert "not reached" not in said_in(bm.plots.survival_forest(fits["one"]))


def test_an_arm_that_does_not_say_how_many_patients_it_has_is_drawn(fits):
    plot = bm.plots.survival_forest(fits["odd"])
    shown = lines_of(plot.figure)
    assert "7.0 (5.0 to 11.0)" in shown
    assert {"1 study", "2 studies, 56 patients"} <= set(shown)
    drawn = np.concatenate([one.get_offsets()[:, 0] for one in plot.figure.axes[1].collections])
    assert 7.0 in drawn


def test_survival_at_a_time_shows_the_landmark_and_what_else_there_is(fits):
    plot = bm.plots.survival_forest(fits["odd"], "survival")
    shown = lines_of(plot.figure)
    assert {"40 (25 to 55)", "median not reached", "median 16.8 months"} <= set(shown)
    row = plot.table.query("arm == 'ven+aza'").iloc[0]
    assert (row["observed"], row["observed_lower"], row["observed_upper"]) == (0.4, 0.25, 0.55)
    assert row["others"] == "median 9.0 months"
    assert plot.table["time"].eq(12).all()
    low, high = plot.figure.axes[1].get_xlim()
    assert 0 <= low < high <= 100


def test_a_landmark_of_52_weeks_is_one_of_a_year():
    fit = fit_of(study=["a", "b"], n=[20, 31], time=[52 * 7 * 12 / 365.25, 11], survival=[0.4, 0.5])
    table = bm.plots.survival_forest(fit, "survival", time=12).table
    assert table["observed"].iloc[0] == 0.4
    assert np.isnan(table["observed"].iloc[1])


def test_options_of_the_forest_say_what_stands_where(fits, collisions):
    plot = bm.plots.survival_forest(
        fits["odd"],
        order="-n",
        columns=["regimen", "model"],
        labels={"late": "Renamed"},
        title="Mine",
        ci_prob=0.8,
    )
    assert collisions(plot.figure) == ([], [])
    shown = lines_of(plot.figure)
    assert {"Mine", "Renamed", "months (80% CrI)", "$r_1"} <= set(shown)
    assert "Reported" not in shown
    first = plot.table[plot.table["group"] == "aza & co"].query("kind == 'arm'")
    assert (np.diff(first["n"]) <= 0).all()


def test_survival_of_responders_says_so(durations, collisions):
    for plot in (
        bm.plots.survival_forest(durations),
        bm.plots.survival_forest(durations, "survival"),
        bm.plots.survival_curve(durations),
    ):
        assert collisions(plot.figure) == ([], [])
        assert "DOR is of responders alone: every number is conditional on response." in said_in(
            plot
        )
        assert said_in(plot).count("conditional on response") == 1
        assert says_response(plot)
        assert "Evidence: 3 studies, 3 arms, 49 responders." in said_in(plot)


def test_a_forest_of_responders_counts_responders(durations, fits):
    said = said_in(bm.plots.survival_forest(durations))
    assert "3 studies, 49 responders" in said
    assert "increases with the number of responders" in said
    curve = bm.plots.survival_curve(durations, cohort=20)
    assert curve.figure.axes[2].get_ylabel() == "Responders of 20 in response"
    assert "responders" not in said_in(bm.plots.survival_forest(next(iter(fits.values()))))


def says_response(plot):
    """Whether a figure speaks of response, and nowhere of survival."""
    axes = plot.figure.axes
    text = " ".join([said_in(plot), *(f"{one.get_xlabel()} {one.get_ylabel()}" for one in axes)])
    return "response" in text and not re.search("surviv|alive", text.lower())


def test_curves_are_those_of_the_draws(fits):
    fit = fits["crowd"]
    plot = bm.plots.survival_curve(fit, ci_prob=0.8, until=12)
    curve = plot.table.query("kind == 'curve'").set_index("time")
    mu, kappa = (fit.posterior[name].to_numpy().ravel() for name in ("mu", "kappa"))
    for time in (3.0, 12.0):
        alive = 0.5 ** np.exp(np.exp(kappa) * (np.log(time) - mu))
        expected = np.quantile(alive, [0.1, 0.5, 0.9])
        np.testing.assert_allclose(
            curve.loc[time, ["lower", "survival", "upper"]].astype(float), expected
        )
    graph = plot.figure.axes[1]
    [line] = [one for one in graph.lines if len(one.get_xdata()) == len(curve)]
    np.testing.assert_allclose(line.get_ydata(), 100 * curve["survival"])
    assert curve.iloc[0][["survival", "alive"]].tolist() == [1, 40]


def test_a_new_cohort_is_that_of_predict(fits):
    fit = fits["odd"]
    level = {"regimen": "$r_1"}
    curve = bm.plots.survival_curve(fit, profile=level, cohort=25).table.query("kind == 'curve'")
    row = curve.set_index("time").loc[12.0]
    found = bm.predict(fit, n=25, profile=level, time=12, seed=1).interval(0.95)
    ends = ["alive_lower", "alive", "alive_upper"]
    assert row[ends].tolist() == found.loc["alive", ["lower", "median", "upper"]].tolist()
    new = row[["new_study_lower", "new_study_upper"]].astype(float)
    np.testing.assert_allclose(new, found.loc["survival", ["lower", "upper"]].astype(float))


def test_points_are_as_reported_and_medians_stand_about_one_half(fits):
    plot = bm.plots.survival_curve(fits["crowd"], until=24)
    graph, reports = plot.figure.axes[1], plot.table.query("kind != 'curve'")
    drawn = np.concatenate(
        [points.get_offsets() for points in graph.collections if points.get_offsets().size]
    )
    landmarks = reports.query("kind == 'landmark'")
    for row in landmarks.itertuples():
        assert np.isclose(drawn, [row.time, 100 * row.survival]).all(axis=1).any()
    for row in reports.query("kind == 'median' and time <= 24").itertuples():
        [height, *_] = drawn[np.isclose(drawn[:, 0], row.time), 1]
        assert 37 <= height <= 63
    assert "moved apart" in said_in(plot)


def test_arms_at_other_levels_are_light(fits):
    plot = bm.plots.survival_curve(fits["odd"], profile={"regimen": "$r_1"})
    reports = plot.table.query("kind != 'curve'")
    assert reports["own"].sum() == 2
    assert "Light: 4 reports of arms at other levels." in said_in(plot)
    assert "regimen=$r_1" in said_in(plot)


@pytest.mark.parametrize("name", ["survival_forest", "survival_curve"])
def test_what_is_wrong_is_refused(name, fits, pooled_fit):
    draw = getattr(bm.plots, name)
    with pytest.raises(
        bm.SettingsError, match=r"must be of survival; pooled is a model of response"
    ):
        draw(pooled_fit)
    with pytest.raises(
        bm.SettingsError, match="`fit` must be a Fit, which has draws; got NoneType"
    ):
        draw(None)
    with pytest.raises(bm.SettingsError, match="`ci_prob` must lie between 0 and 1"):
        draw(fits["one"], ci_prob=95)
    with pytest.raises(bm.ProfileError, match="names 'colour', which is not a covariate"):
        draw(fits["odd"], profile={"colour": "red"})


def test_a_wrong_quantity_or_time_is_refused(fits):
    fit = fits["one"]
    with pytest.raises(
        bm.SettingsError, match=r"there is none called 'medain'. Did you mean 'median'"
    ):
        bm.plots.survival_forest(fit, "medain")
    with pytest.raises(bm.SettingsError, match="`time` has no effect on medians"):
        bm.plots.survival_forest(fit, time=12)
    for time in (0, -1, "12", np.nan, 2000):
        with pytest.raises(bm.SettingsError, match="`time` must be months above 0, 1,200 at most"):
            bm.plots.survival_forest(fit, "survival", time=time)
        with pytest.raises(bm.SettingsError, match="`until` must be months"):
            bm.plots.survival_curve(fit, until=time)
    with pytest.raises(bm.SettingsError, match="`until` must be months"):
        bm.plots.survival_curve(fit, until=[6, 12])
    with pytest.raises(bm.SettingsError, match="`cohort` must be a whole number of patients"):
        bm.plots.survival_curve(fit, cohort=0)
    with pytest.raises(bm.SettingsError, match="`columns` must list names, each once; got 'n'"):
        bm.plots.survival_forest(fit, columns="n")
    with pytest.raises(bm.SettingsError, match=r"`labels` names 'onli'.* Did you mean 'only'"):
        bm.plots.survival_forest(fit, labels={"onli": "x"})


def test_draws_that_were_not_kept_are_asked_for():
    settings = bm.SamplerSettings(chains=2, warmup=200, draws=200, arm_draws=False)
    fit = fit_of(study=["a", "b"], n=[20, 31], median=[7.0, 9.0], settings=settings)
    with pytest.raises(
        bm.SettingsError, match="needs the draws of `theta`, which this fit did not keep"
    ):
        bm.plots.survival_forest(fit)


def test_an_axis_of_months_does_not_follow_a_wild_interval():
    axis = months_axis([0.01, 5, 900], [4, 8], "Months")
    assert axis.ends == pytest.approx((4 / 6, 48))
    np.testing.assert_allclose(axis.places([0.01, 5, 900]), [4 / 6, 5, 48])
    np.testing.assert_array_equal(np.isnan(axis.marks([0.01, 5, 900])), [True, False, True])


def test_the_prediction_of_a_duration_speaks_of_patients_in_response(durations, collisions):
    prediction = bm.predict(durations, n=40, time=12, seed=1)
    assert "in response at 12 months of 40 responders, 95% interval" in repr(prediction)
    plot = bm.plots.prediction(prediction, rate_above=0.3, events_at_least=15)
    assert collisions(plot.figure) == ([], [])
    shown = said_in(plot)
    assert "Predicted DOR at 12 months of 40 patients in a new study" in shown
    assert "DOR is of responders alone" in shown
    assert "15 or more in response at 12 months" in shown
    assert says_response(plot)
    assert "responders;" not in shown
    assert (
        plot.figure.axes[1].get_xlabel() == "True share in response of the cohort at 12 months (%)"
    )
    assert plot.figure.axes[2].get_xlabel() == "In response at 12 months"


def test_contrasts_count_studies_that_do_not_say_how_many_patients_they_have():
    fit = fit_of(
        covariates=bm.Covariates("regimen", {"regimen": "x"}),
        study=list("abcd"),
        regimen=["x", "x", "x", "y"],
        median=[5.0, 6, 9, 10],
        median_low=[4.0, 5, 7, 8],
        median_high=[7.0, 8, 12, 13],
    )
    contrasts = bm.contrast(fit, time=12)
    assert contrasts.table[["studies_level", "studies_versus"]].iloc[0].tolist() == [1, 3]
    with pytest.raises(bm.SettingsError, match="is not available for survival"):
        bm.plots.contrasts(contrasts)


def test_a_model_without_study_effects_says_what_arms_share():
    spec = bm.ModelSpec("ce", curve=bm.ExponentialSurvival(), study_effects=bm.CommonEffect())
    rows = pd.DataFrame({"study": ["a", "b"], "n": [20, 31], "median": [7.0, 9.0]})
    arms = bm.read_survival(rows, time_unit="months").select()
    fit = bm.fit(spec, arms, seed=1, settings=QUICK)
    assert "arms of one profile share one median" in said_in(bm.plots.survival_forest(fit))


def test_the_forest_of_rates_names_the_one_of_survival(fits):
    with pytest.raises(bm.SettingsError, match=r"or for `plots\.survival_forest`"):
        bm.plots.forest(fits["one"])
