"""Bubble plots: curves are the model's at each value of the covariate, bubbles are the arms."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

COVARIATE = {"bundled": "age_median", "sixty": "age", "zeros": "age"}


@pytest.fixture(scope="module")
def age_fits(evidence_sets, quick):
    return {
        name: bm.fit(
            bm.ModelSpec("age", covariates=covariate), evidence_sets[name], seed=1, settings=quick
        )
        for name, covariate in COVARIATE.items()
    }


pytestmark = pytest.mark.filterwarnings("ignore::bayesmeta.EvidenceWarning")


@pytest.mark.parametrize("name", COVARIATE)
def test_curve_and_bubbles_are_in_their_places(name, age_fits, collisions):
    fit = age_fits[name]
    plot = bm.plots.regression(fit, COVARIATE[name], notes=["A note."])
    assert collisions(plot.figure) == ([], [])
    arms, curve = (plot.table[plot.table["kind"] == kind] for kind in ("arm", "curve"))
    graph = plot.figure.axes[1]
    bubbles = graph.collections[-1]
    expected = pd.DataFrame(
        {"x": fit.arms.frame[COVARIATE[name]], "y": 100 * fit.arms.events / fit.arms.n}
    ).astype(float)
    drawn = pd.DataFrame(bubbles.get_offsets(), columns=["x", "y"])
    if graph.get_yscale() != "linear":
        # Where there is no zero, none of n stands at the lower end.
        end = drawn["y"].min()
        assert graph.get_ylim()[0] <= end <= 100 * curve["rate"].min()
        expected["y"] = expected["y"].clip(lower=end)
    pd.testing.assert_frame_equal(
        drawn.sort_values(["x", "y"], ignore_index=True),
        expected.sort_values(["x", "y"], ignore_index=True),
    )
    sizes, n = bubbles.get_sizes(), np.sort(arms["n"].to_numpy(dtype=float))[::-1]
    seen = sizes > 5
    np.testing.assert_allclose(sizes[seen] / sizes[0], (n / n[0])[seen])
    lines = {line.get_linestyle(): line for line in graph.lines}
    np.testing.assert_allclose(lines["-"].get_ydata(), 100 * curve["rate"])
    texts = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    assert "not between patients (ecological)" in texts


def test_the_curve_is_mu_and_beta_at_each_value(age_fits):
    fit = age_fits["bundled"]
    curve = bm.plots.regression(fit, "age_median", ci_prob=0.8).table.query("kind == 'curve'")
    mu = fit.posterior["mu"].to_numpy().ravel()
    beta = fit.posterior["beta"].to_numpy().ravel()
    tau = fit.posterior["tau"].to_numpy().ravel()
    age = fit.arms.frame["age_median"].astype(float)
    assert curve["x"].iloc[[0, -1]].tolist() == [age.min(), age.max()]
    z = np.random.default_rng(1).standard_normal((200, mu.size))
    for row in curve.iloc[[0, 13, 40]].itertuples():
        theta = mu + beta * (row.x - age.mean())
        rates = 1 / (1 + np.exp(-np.quantile(theta, [0.1, 0.5, 0.9])))
        np.testing.assert_allclose([row.lower, row.rate, row.upper], rates, atol=1e-6)
        new = 1 / (1 + np.exp(-np.quantile(theta + tau * z, [0.1, 0.9])))
        np.testing.assert_allclose([row.new_study_lower, row.new_study_upper], new, atol=2e-3)


@pytest.mark.slow
def test_splines_interactions_and_profiles_are_those_of_predict(evidence_sets, quick, collisions):
    covariates = bm.Covariates("bs(age, df=4) + regimen + year:regimen", {"regimen": "$b_1 <i>"})
    spec = bm.ModelSpec("spline", covariates=covariates)
    fit = bm.fit(spec, evidence_sets["sixty"], seed=1, settings=quick)
    level = {"regimen": "a regimen whose name is long, too, and longer"}
    level["year"] = 2016
    plot = bm.plots.regression(fit, "age", profile=level)
    assert collisions(plot.figure) == ([], [])
    for row in plot.table.query("kind == 'curve'").iloc[[0, 20, 33]].itertuples():
        prediction = bm.predict(fit, n=1, profile={**level, "age": row.x}, seed=1)
        found = prediction.interval(0.95).loc["rate", ["lower", "upper"]]
        np.testing.assert_allclose([row.new_study_lower, row.new_study_upper], found.astype(float))
    texts = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    assert "Rates of the model are at regimen=a regimen whose name is long" in texts


@pytest.mark.slow
def test_arms_without_the_covariate_are_named(orr, quick, collisions):
    covariates = bm.Covariates("age_median", impute=["age_median"])
    fit = bm.fit(bm.ModelSpec("age", covariates=covariates), orr, seed=1, settings=quick)
    plot = bm.plots.regression(fit, "age_median")
    assert collisions(plot.figure) == ([], [])
    known = int(orr.frame["age_median"].notna().sum())
    assert known < len(orr)
    assert repr(plot) == f"Plot(regression: {known} arms, x from 46 to 69)"
    texts = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    assert "Not drawn, because age_median is not known: " in texts


def test_what_is_no_numeric_covariate_is_refused(pooled_fits, age_fits, regimen_fit):
    with pytest.raises(bm.SettingsError, match="model with a numeric covariate; it has none"):
        bm.plots.regression(pooled_fits["one"], "age")
    with pytest.raises(bm.SettingsError, match="model with a numeric covariate; it has none"):
        bm.plots.regression(regimen_fit, "regimen_class")
    fit = age_fits["zeros"]
    with pytest.raises(bm.SettingsError, match=r"'agee' is not a numeric.* Did you mean 'age'"):
        bm.plots.regression(fit, "agee")
    with pytest.raises(bm.ProfileError, match="names 'year', which is not a covariate"):
        bm.plots.regression(fit, "age", profile={"year": 2020})
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit, which has draws; got None"):
        bm.plots.regression(None, "age")


@pytest.fixture(scope="module")
def by_level(make_arms, quick):
    arms = make_arms(
        [(3, 10), (5, 14), (8, 20), (2, 9), (9, 30), (12, 40)],
        regimen=["a", "b", "a", "b", "a", "c"],
        age=[60, 62, 66, 71, 74, 68],
    )
    covariates = bm.Covariates("age + regimen", {"regimen": "a"})
    return bm.fit(bm.ModelSpec("both", covariates=covariates), arms, seed=1, settings=quick)


def test_each_level_has_its_colour_and_its_curve(by_level, collisions):
    plot = bm.plots.regression(by_level, "age", unit="years")
    assert collisions(plot.figure) == ([], [])
    curves = plot.table.query("kind == 'curve'")
    assert curves["level"].unique().tolist() == ["a", "b", "c"]
    assert curves[["new_study_lower", "new_study_upper"]].isna().all(axis=None)
    draws = by_level.posterior["mu"].to_numpy(), by_level.posterior["beta"].to_numpy()
    names = by_level.design.coding.names
    age = by_level.design.coding.centres["age"]
    row = curves[curves["level"] == "c"].iloc[20]
    theta = draws[0] + draws[1][..., names.index("age")] * (row["x"] - age)
    theta = theta + draws[1][..., names.index("regimen[c]")]
    assert row["rate"] == pytest.approx(np.median(1 / (1 + np.exp(-theta))), rel=1e-6)
    graph = plot.figure.axes[1]
    solid = [
        line
        for line in graph.lines
        if len(line.get_xdata()) and np.isfinite(line.get_ydata()).all()
    ]
    colours = {mpl.colors.to_hex(line.get_color()) for line in solid}
    assert len(colours) == 3
    bubbles = graph.collections[-1]
    assert {mpl.colors.to_hex(edge) for edge in bubbles.get_edgecolor()} == colours
    assert graph.get_xlabel() == "age (years)"
    texts = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    assert "Colours: regimen. Each line is the typical rate at that level." in texts


def test_a_profile_that_gives_the_factor_has_one_curve(by_level):
    plot = bm.plots.regression(by_level, "age", profile={"regimen": "b"})
    curve = plot.table.query("kind == 'curve'")
    assert len(curve) == 41
    assert curve["new_study_upper"].notna().all()
    texts = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    assert "Rates of the model are at regimen=b." in texts
