"""Priors against posteriors: priors are those simulated apart, posteriors the draws."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.estimates.prior_posterior_numbers import prior_posterior_numbers

pytestmark = pytest.mark.stored

SETS = ("bundled", "one", "sixty", "zeros")
DRAWS = 400_000


def simulated_priors(fit, beta_prior=None):
    """Return random typical and new-study rates from the priors of the bundled models."""
    rng, spec = np.random.default_rng(3), fit.spec
    theta = spec.mu.draw(rng, DRAWS)
    if beta_prior is not None:
        theta = theta + beta_prior.draw(rng, DRAWS)
    new = theta
    distribution = spec.study_effects
    if distribution.tau is not None:
        z = rng.standard_normal(DRAWS)
        if distribution.name == "student_t":
            z = rng.standard_t(distribution.parameters["nu"].draw(rng, DRAWS))
        new = theta + distribution.tau.draw(rng, DRAWS) * z
    if spec.arm_effects is not None:
        new = new + spec.arm_effects.tau_arm.draw(rng, DRAWS) * rng.standard_normal(DRAWS)
    typical, new = spec.link.rate(theta), spec.link.rate(new)
    if spec.likelihood.parameters:
        size = 1 / spec.likelihood.rho.draw(rng, DRAWS) - 1
        new = rng.beta(np.maximum(new * size, 1e-9), np.maximum((1 - new) * size, 1e-9))
    return {"typical rate": typical, "new study": new}


def agrees(numbers, simulated):
    table, rows = numbers.table, numbers.intervals.set_index("quantity")
    for name, rates in simulated.items():
        found = rows.loc[name, ["prior_lower", "prior_median", "prior_upper"]].astype(float)
        np.testing.assert_allclose(found, np.quantile(rates, [0.025, 0.5, 0.975]), atol=4e-3)
        prior = table[(table["quantity"] == name) & (table["kind"] == "prior")]
        counts, edges = np.histogram(rates, np.linspace(0.05, 0.95, 19))
        middle = (edges[1:] + edges[:-1]) / 2
        expected = counts / rates.size / np.diff(edges)
        # Densities are drawn as far as the posterior goes.
        drawn = (edges[:-1] >= prior["x"].min()) & (edges[1:] <= prior["x"].max())
        assert drawn.sum() >= 10
        found = np.interp(middle, prior["x"], prior["density"])
        np.testing.assert_allclose(found[drawn], expected[drawn], rtol=0.04, atol=0.01)


@pytest.mark.parametrize("name", SETS)
def test_every_panel_shows_its_prior_and_its_draws(name, pooled_fits, collisions):
    fit = pooled_fits[name]
    plot = bm.plots.prior_posterior(fit, notes=["A note."])
    assert collisions(plot.figure) == ([], [])
    assert repr(plot) == "Plot(prior_posterior: 3 quantities)"
    table = plot.table
    drawn = {
        "typical rate": 1 / (1 + np.exp(-fit.posterior["mu"].to_numpy().ravel())),
        "tau": fit.posterior["tau"].to_numpy().ravel(),
    }
    for graph, (quantity, rows) in zip(
        plot.figure.axes[1:], table.groupby("quantity", sort=False), strict=True
    ):
        prior, bars = (rows[rows["kind"] == kind] for kind in ("prior", "posterior"))
        unit = 1 if quantity == "tau" else 100
        [line] = graph.lines
        np.testing.assert_allclose(line.get_xydata()[:, 0], unit * prior["x"])
        np.testing.assert_allclose(line.get_ydata(), prior["density"])
        heights, edges, _ = graph.patches[0].get_data()
        np.testing.assert_allclose(heights, bars["density"])
        np.testing.assert_allclose(edges[:-1], unit * bars["x"])
        mass = bars["density"] * (bars["x_end"] - bars["x"])
        assert mass.sum() == pytest.approx(1)
        if quantity in drawn:
            middle = bars["x_end"].iloc[20]
            share = (drawn[quantity] < middle).mean()
            assert mass.iloc[:21].sum() == pytest.approx(share, abs=2e-3)


def test_the_prior_at_the_reference_is_the_logit_t_and_tau_the_half_normal(pooled_fits):
    table = bm.plots.prior_posterior(pooled_fits["one"]).table.query("kind == 'prior'")
    typical, tau = (table[table["quantity"] == name] for name in ("typical rate", "tau"))
    x = typical["x"].to_numpy()
    expected = stats.t(3, 0, 1.5).pdf(np.log(x / (1 - x))) / (x * (1 - x))
    np.testing.assert_allclose(typical["density"], expected, rtol=2e-4)
    expected = stats.halfnorm(scale=1).pdf(tau["x"])
    np.testing.assert_allclose(tau["density"], expected, rtol=1e-9)


def test_intervals_and_overlap_are_told(pooled_fits):
    fit = pooled_fits["zeros"]
    numbers = prior_posterior_numbers(fit, ci_prob=0.8)
    rows = numbers.intervals.set_index("quantity")
    low, high = stats.t(3, 0, 1.5).ppf([0.1, 0.9])
    found = rows.loc["typical rate", ["prior_lower", "prior_upper"]].astype(float)
    np.testing.assert_allclose(found, 1 / (1 + np.exp([-low, -high])), atol=1e-4)
    new = bm.predict(fit, n=1, seed=1).interval(0.8).loc["rate", ["lower", "median", "upper"]]
    names = ["posterior_lower", "posterior_median", "posterior_upper"]
    np.testing.assert_allclose(rows.loc["new study", names].astype(float), new.astype(float))
    # Both densities by histograms on the scale of mu.
    mu, edges = fit.posterior["mu"].to_numpy().ravel(), np.linspace(-60, 60, 801)
    posterior = np.histogram(mu, edges)[0] / mu.size
    prior = np.diff(stats.t(3, 0, 1.5).cdf(edges))
    overlap = np.minimum(posterior, prior).sum()
    assert rows.loc["typical rate", "overlap"] == pytest.approx(overlap, abs=0.02)
    texts = " ".join(
        text.get_text() for text in bm.plots.prior_posterior(fit, ci_prob=0.8).figure.axes[0].texts
    )
    assert "80% interval" in texts
    assert f"overlap {100 * rows.loc['tau', 'overlap']:.0f}%." in texts


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
@pytest.mark.parametrize("name", ["regimen", "robust", "arms", "overdispersed", "cloglog"])
def test_priors_of_all_models_are_those_simulated(name, orr, quick, collisions):
    fit = bm.fit(bm.load_model(name), orr, seed=1, settings=quick)
    agrees(prior_posterior_numbers(fit), simulated_priors(fit))
    profile = {"regimen_class": "ven_ldac"}
    numbers = prior_posterior_numbers(fit, profile=profile)
    agrees(numbers, simulated_priors(fit, fit.design.beta[0]))
    assert numbers.profile == "regimen_class=ven_ldac"
    assert collisions(bm.plots.prior_posterior(fit, profile=profile).figure) == ([], [])


def test_coefficients_have_a_panel_with_their_own_prior(quick, collisions):
    frame = pd.DataFrame(
        {
            "study": list("abcd"),
            "age": [60, 64, 70, 71],
            "events": [3, 5, 9, 8],
            "n": [10, 12, 20, 15],
        }
    )
    spec = bm.ModelSpec("age", covariates="age", beta=bm.Normal(0, 0.2))
    fit = bm.fit(spec, bm.read_evidence(frame).select(), seed=1, settings=quick)
    plot = bm.plots.prior_posterior(fit)
    assert collisions(plot.figure) == ([], [])
    own = plot.table[plot.table["quantity"] == "beta[age]"]
    prior, bars = (own[own["kind"] == kind] for kind in ("prior", "posterior"))
    np.testing.assert_allclose(prior["density"], stats.norm(0, 0.2).pdf(prior["x"]), rtol=1e-9)
    draws = fit.posterior["beta"].to_numpy().ravel()
    assert [bars["x"].iloc[0], bars["x_end"].iloc[-1]] == pytest.approx([draws.min(), draws.max()])
    graph = plot.figure.axes[-1]
    assert graph.get_xlabel() == "beta[age] (log-odds)"
    low, high = graph.get_xlim()
    assert low < np.quantile(draws, 0.005) < np.quantile(draws, 0.995) < high


def test_rates_of_rare_events_are_shown_as_far_as_they_go(quick):
    frame = pd.DataFrame({"study": list("abc"), "events": [3, 5, 9], "n": [4000, 5000, 8000]})
    effects = bm.NormalEffects(bm.HalfNormal(0.5))
    spec = bm.ModelSpec("rare", mu=bm.Normal(0, 5), study_effects=effects)
    fit = bm.fit(spec, bm.read_evidence(frame).select(), seed=1, settings=quick)
    plot = bm.plots.prior_posterior(fit, scale=bm.plots.RateScale(per=1000))
    typical = plot.figure.axes[1]
    assert typical.get_xlabel() == "Typical rate per 1,000"
    assert typical.get_xlim()[1] < 20


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
def test_each_tau_has_a_panel_and_no_tau_has_none(orr, quick, collisions):
    fit = bm.fit(bm.load_model("tau_by_design"), orr, seed=1, settings=quick)
    plot = bm.plots.prior_posterior(fit)
    assert collisions(plot.figure) == ([], [])
    taus = [f"tau[{level}]" for level in fit.design.tau_levels]
    betas = [f"beta[{name}]" for name in fit.design.coding.names]
    assert list(dict.fromkeys(plot.table["quantity"]))[2:] == [*taus, *betas]
    for name in ("common_effect", "independent"):
        fit = bm.fit(bm.load_model(name), orr, seed=1, settings=quick)
        plot = bm.plots.prior_posterior(fit)
        assert collisions(plot.figure) == ([], [])
        assert list(dict.fromkeys(plot.table["quantity"])) == ["typical rate", "new study"]


def test_a_heavy_tailed_prior_is_cut_off_not_the_posterior(quick, collisions):
    spec = bm.ModelSpec(
        "wide", mu=bm.Cauchy(0, 2.5), study_effects=bm.NormalEffects(bm.HalfCauchy(1))
    )
    frame = pd.DataFrame({"study": list("abc"), "events": [3, 5, 9], "n": [10, 12, 20]})
    fit = bm.fit(spec, bm.read_evidence(frame).select(), seed=1, settings=quick)
    plot = bm.plots.prior_posterior(fit)
    assert collisions(plot.figure) == ([], [])
    for graph in plot.figure.axes[1:]:
        assert graph.get_ylim()[1] < 4 * graph.patches[0].get_data()[0].max()


def test_what_can_not_be_drawn_is_refused(pooled_fits):
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit, which has draws; got dict"):
        bm.plots.prior_posterior({})
    with pytest.raises(bm.ProfileError, match="The model has no covariates"):
        bm.plots.prior_posterior(pooled_fits["one"], profile={"age": 60})
