"""Funnel plots: limits are those of binomial and mixed distributions, and arms stand at their counts."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import bayesmeta as bm
from bayesmeta.estimates.funnel_numbers import interpolated_limits, representatives, residuals

SETS = ("bundled", "one", "sixty", "zeros")


def exact_side(events, n, distribution):
    """Return whether so few or so many responders have a tail probability below 2.5%."""
    return (distribution.cdf(events) < 0.025) | (distribution.sf(events - 1) < 0.025)


@pytest.mark.parametrize("rate", [0.02, 0.4, 0.97])
def test_limits_without_heterogeneity_part_what_the_binomial_parts(rate):
    n = np.arange(1, 120)
    lower, upper = interpolated_limits(n, np.array([rate]), 0.95)
    for size, low, high in zip(n, lower, upper, strict=True):
        distribution = stats.binom(size, rate)
        events = np.arange(size + 1)
        outside = (events / size < low - 1e-12) | (events / size > high + 1e-12)
        assert outside.tolist() == exact_side(events, size, distribution).tolist()


def test_limits_are_interpolated_as_published():
    # Spiegelhalter 2005, appendix A.1.1: r - (F(r) - p) / (F(r) - F(r - 1)).
    distribution, tail = stats.binom(40, 0.3), 0.025
    r = distribution.ppf(tail)
    expected = (r - (distribution.cdf(r) - tail) / distribution.pmf(r)) / 40
    [lower], _ = interpolated_limits(np.array([40]), np.array([0.3]), 0.95)
    assert lower == pytest.approx(expected, rel=1e-12)


def test_limits_with_heterogeneity_are_those_of_the_beta_binomial():
    rates = representatives(stats.beta(3, 5).ppf((np.arange(100_000) + 0.5) / 100_000))
    for size in (1, 10, 80):
        [lower], [upper] = interpolated_limits(np.array([size]), rates, 0.95)
        distribution = stats.betabinom(size, 3, 5)
        for events in range(size + 1):
            # Far enough from the tail that 400 rates in place of the distribution do not matter.
            if (
                min(abs(distribution.cdf(events) - 0.025), abs(distribution.sf(events - 1) - 0.025))
                > 1e-4
            ):
                outside = events / size < lower - 1e-12 or events / size > upper + 1e-12
                assert outside == bool(exact_side(events, size, distribution))


@pytest.mark.parametrize("name", SETS)
def test_every_number_is_drawn_in_its_place(name, pooled_fits, collisions):
    fit = pooled_fits[name]
    plot = bm.plots.funnel(fit, notes=["A note $x$ <script>."])
    assert collisions(plot.figure) == ([], [])
    graph = plot.figure.axes[1]
    arms, limits = (plot.table[plot.table["kind"] == kind] for kind in ("arm", "limits"))
    assert sorted(arms["events"]) == sorted(fit.arms.events)
    drawn = np.concatenate([points.get_offsets() for points in graph.collections])
    expected = np.column_stack([100 * arms["events"] / arms["n"], np.sqrt(arms["n"])])
    np.testing.assert_allclose(
        drawn[np.lexsort(drawn.T)], expected.astype(float)[np.lexsort(expected.astype(float).T)]
    )
    curves = [line.get_xdata() for line in graph.lines[1:]]
    columns = ["chance_lower", "chance_upper", "model_lower", "model_upper"]
    np.testing.assert_allclose(curves, 100 * limits[columns].to_numpy().T)
    typical = np.median(1 / (1 + np.exp(-fit.posterior["mu"])))
    assert graph.lines[0].get_xdata()[0] == pytest.approx(100 * typical)
    texts = [text.get_text() for text in plot.figure.axes[0].texts]
    assert "A note $x$ <script>." in texts
    assert any("Asymmetry has no clear meaning" in text for text in texts)
    assert (arms["outside"] == "model").sum() == len(graph.collections[1].get_offsets())


def test_arms_are_outside_by_the_exact_tails(pooled_fits):
    fit = pooled_fits["bundled"]
    arms = bm.plots.funnel(fit).table.query("kind == 'arm'")
    typical = float(np.median(1 / (1 + np.exp(-fit.posterior["mu"]))))
    distribution = bm.predict(fit, n=10, seed=1).distribution
    for row in arms.itertuples():
        expected = ""
        if exact_side(row.events, row.n, stats.binom(row.n, typical)):
            expected = "chance"
        pmf = distribution.pmf(row.n)
        tails = pmf[: row.events + 1].sum(), pmf[row.events :].sum()
        if min(tails) < 0.025:
            expected = "model"
        assert abs(min(tails) - 0.025) < 1e-3 or row.outside == expected
    assert {"chance", "model"} <= set(arms["outside"])


def test_residuals_pass_the_quantile_of_the_tail_where_counts_pass_their_limits():
    rates = representatives(stats.beta(2, 5).ppf((np.arange(4000) + 0.5) / 4000))
    events = np.arange(41)
    n = np.full(41, 40)
    found = residuals(events, n, rates)
    [low], [high] = interpolated_limits(n[:1], rates, 0.95)
    beyond = (events / 40 < low) | (events / 40 > high)
    assert (np.abs(found) > stats.norm.ppf(0.975)).tolist() == beyond.tolist()
    assert (np.diff(found) >= 0).all()
    expected = stats.norm.ppf(stats.betabinom(40, 2, 5).cdf(3))
    assert found[3] == pytest.approx(expected, abs=0.01)


def test_residuals_of_the_farthest_counts_are_finite():
    found = residuals(np.array([0, 10**6]), np.array([10**6, 10**6]), np.array([0.5]))
    assert found == pytest.approx([-37.0, 37.0], abs=0.1)


def test_each_arm_has_the_limits_of_its_own_covariates(regimen_fit, collisions):
    plot = bm.plots.funnel(regimen_fit, ci_prob=0.8)
    assert collisions(plot.figure) == ([], [])
    arms = plot.table
    assert arms["events"].tolist() == regimen_fit.arms.events.tolist()
    classes = regimen_fit.arms.frame["regimen_class"].astype(str)
    predicted = {
        level: bm.predict(regimen_fit, n=10, profile={"regimen_class": level}, seed=1).distribution
        for level in classes.unique()
    }
    for row, level in zip(arms.itertuples(), classes, strict=True):
        pmf = predicted[level].pmf(row.n)
        tails = pmf[: row.events + 1].sum(), pmf[row.events :].sum()
        expected = stats.norm.ppf(min(*tails, 0.5)) * (1 if tails[0] < tails[1] else -1)
        assert row.residual == pytest.approx(expected, abs=0.02)
        assert abs(min(tails) - 0.1) < 1e-3 or (row.outside == "model") == (min(tails) < 0.1)
    graph = plot.figure.axes[1]
    drawn = np.concatenate([points.get_offsets() for points in graph.collections])
    expected = arms[["residual", "n"]].assign(n=np.sqrt(arms["n"])).to_numpy(dtype=float)
    np.testing.assert_allclose(drawn[np.lexsort(drawn.T)], expected[np.lexsort(expected.T)])
    ends = [line.get_xdata()[0] for line in graph.lines]
    assert ends == pytest.approx([0, -stats.norm.ppf(0.9), stats.norm.ppf(0.9)])


def test_an_arm_within_its_own_prediction_is_not_called_outside(regimen_fit):
    # 42 of 51 of ven_hma_plus, whose class is expected to have about 70%.
    fit = regimen_fit
    plot = bm.plots.funnel(fit)
    [arm] = plot.table.query("events == 42 and n == 51").to_dict("records")
    assert arm["outside"] == ""
    prediction = bm.predict(fit, n=51, profile={"regimen_class": "ven_hma_plus"}, seed=1)
    found = prediction.interval(0.95)
    rate = found.loc["rate", ["lower", "upper"]].tolist()
    own = fit.posterior.sel(covariate="regimen_class[ven_hma_plus]")
    z = np.random.default_rng(2).standard_normal((200, *own["tau"].shape))
    drawn = special.expit((own["mu"] + own["beta"]).to_numpy() + own["tau"].to_numpy() * z)
    assert rate == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.01)
    # Limits of counts lie within half a responder of the whole numbers.
    counts = found.loc["events", ["lower", "upper"]].tolist()
    assert [51 * arm["model_lower"], 51 * arm["model_upper"]] == pytest.approx(counts, abs=1)
    texts = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    [low] = plot.table.query("study == 'masarova2021'")["model_lower"]
    assert f"Outside the limits of the model: Masarova 2021 (0/17; limits {100 * low:.1f}" in texts
    assert "42/51" not in texts


def test_arms_of_unknown_covariates_are_named(quick):
    frame = pd.DataFrame(
        {
            "study": list("abcd"),
            "events": [1, 4, 9, 3],
            "n": [9, 10, 12, 8],
            "age": [60, 65, 70, None],
        }
    )
    spec = bm.ModelSpec("age", covariates=bm.Covariates("age", impute=["age"]))
    plot = bm.plots.funnel(bm.fit(spec, bm.read_evidence(frame).select(), seed=1, settings=quick))
    assert plot.table["study"].tolist() == ["a", "b", "c"]
    texts = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    assert "Not drawn, because a covariate is not known: d." in texts


def test_the_axis_of_rare_events_goes_as_far_as_they_do(quick):
    frame = pd.DataFrame(
        {"study": list("abc"), "events": [12, 25, 13], "n": [60_000, 90_000, 50_000]}
    )
    spec = bm.ModelSpec(
        "rare", mu=bm.Normal(0, 5), study_effects=bm.NormalEffects(bm.HalfNormal(0.5))
    )
    fit = bm.fit(spec, bm.read_evidence(frame).select(), seed=1, settings=quick)
    graph = bm.plots.funnel(fit, scale=bm.plots.RateScale(per=100_000)).figure.axes[1]
    assert graph.get_xlim()[1] < 100
    assert graph.get_xlabel() == "Observed rate per 100,000"


def test_what_can_not_be_drawn_is_refused(pooled_fits):
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit, which has draws; got int"):
        bm.plots.funnel(7)
    with pytest.raises(bm.SettingsError, match="`ci_prob` must lie between 0 and 1"):
        bm.plots.funnel(pooled_fits["one"], ci_prob=95)
    grid = bm.fit(bm.load_model("pooled"), pooled_fits["one"].arms, method="quadrature")
    with pytest.raises(bm.SettingsError, match=r'got QuadratureFit.*with method="nuts"'):
        bm.plots.funnel(grid)


def test_arms_without_patients_are_not_drawn(quick):
    frame = pd.DataFrame({"study": ["a", "b", "c"], "events": [0, 4, 9], "n": [0, 10, 12]})
    fit = bm.fit(bm.load_model("pooled"), bm.read_evidence(frame).select(), seed=1, settings=quick)
    plot = bm.plots.funnel(fit)
    assert plot.table.query("kind == 'arm'")["study"].tolist() == ["b", "c"]
    assert repr(plot) == "Plot(funnel: 2 arms, 0 outside the limits of the model)"
