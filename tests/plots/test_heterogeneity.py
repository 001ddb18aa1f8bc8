"""Heterogeneity plots: bands are quantiles of study effects, the bar is the posterior."""

import numpy as np
import pytest
from scipy import stats

import bayesmeta as bm

SETS = ("bundled", "one", "sixty", "zeros")


def expit(theta):
    return 1 / (1 + np.exp(-theta))


@pytest.mark.parametrize("name", SETS)
def test_the_band_is_the_normal_distribution_about_the_typical_rate(name, pooled_fits, collisions):
    fit = pooled_fits[name]
    plot = bm.plots.heterogeneity(fit, notes=["A note."])
    assert collisions(plot.figure) == ([], [])
    mu, tau = np.median(fit.posterior["mu"]), fit.posterior["tau"].to_numpy()
    for row in plot.table.itertuples():
        spread = stats.norm(mu, max(row.tau, 1e-12)).ppf([0.025, 0.975])
        np.testing.assert_allclose([row.lower, row.upper], expit(spread))
        assert row.typical == pytest.approx(expit(mu))
    [posterior] = plot.table.query("kind == 'posterior'").itertuples()
    np.testing.assert_allclose(
        [posterior.tau_lower, posterior.tau, posterior.tau_upper],
        np.quantile(tau, [0.025, 0.5, 0.975]),
    )
    assert plot.table.query("kind == 'band'")["tau"].iloc[-1] > posterior.tau_upper


def test_what_is_drawn_is_the_table(pooled_fits):
    plot = bm.plots.heterogeneity(pooled_fits["bundled"])
    graph, table = plot.figure.axes[1], plot.table
    band = table.query("kind == 'band'")
    [posterior] = table.query("kind == 'posterior'").itertuples()
    curves = [line for line in graph.lines if len(line.get_xdata()) == len(band)]
    lower, upper, typical = [(line.get_xdata(), line.get_ydata()) for line in curves]
    [bar] = [list(line.get_xdata()) for line in graph.lines if line.get_linewidth() == 4]
    [median] = [list(line.get_xdata()) for line in graph.lines if line.get_marker() == "D"]
    for (x, y), column in ((lower, "lower"), (upper, "upper"), (typical, "typical")):
        np.testing.assert_allclose(x, band["tau"])
        np.testing.assert_allclose(y, 100 * band[column])
    assert bar == [posterior.tau_lower, posterior.tau_upper]
    assert median == [posterior.tau]
    guides = table.query("kind == 'guide'")
    assert dict(zip(guides["name"], guides["tau"], strict=True)) == {
        "small": 0.125,
        "moderate": 0.25,
        "substantial": 0.5,
        "large": 1.0,
    }
    assert {text.get_text() for text in graph.texts} == set(guides["name"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmeta.ModelWarning")
@pytest.mark.parametrize("name", ["robust", "outlying", "cloglog", "tau_by_design", "arms"])
def test_other_distributions_links_and_levels(name, orr, quick, collisions):
    fit = bm.fit(bm.load_model(name), orr, seed=1, settings=quick)
    plot = bm.plots.heterogeneity(fit, ci_prob=0.8)
    assert collisions(plot.figure) == ([], [])
    posterior, spec = fit.posterior, fit.spec
    [row] = plot.table.query("kind == 'posterior'").itertuples()
    tau = posterior["tau"] if posterior["tau"].ndim == 2 else posterior["tau"][..., 0]
    assert row.tau == pytest.approx(float(np.median(tau)))
    probability = _distribution(name, posterior).cdf
    theta = [float(spec.link.theta(rate)) for rate in (row.lower, row.typical, row.upper)]
    effects = (np.array(theta) - theta[1]) / row.tau
    np.testing.assert_allclose(probability(effects), [0.1, 0.5, 0.9], atol=1e-6)
    assert theta[1] == pytest.approx(float(np.median(posterior["mu"])))
    assert (plot.table["kind"] == "guide").any() == (name != "cloglog")


class _Contaminated:
    def __init__(self, share):
        self.share = share

    def cdf(self, x):
        return (1 - self.share) * stats.norm.cdf(x) + self.share * stats.norm(0, 4).cdf(x)


def _distribution(name, posterior):
    if name == "robust":
        return stats.t(float(np.median(posterior["nu"])))
    if name == "outlying":
        return _Contaminated(float(np.median(posterior["outlier_proportion"])))
    return stats.norm


def test_a_profile_moves_the_typical_rate(regimen_fit):
    profile = {"regimen_class": "ven_ldac"}
    plot = bm.plots.heterogeneity(regimen_fit, profile=profile)
    beta = regimen_fit.posterior["beta"].sel(covariate="regimen_class[ven_ldac]")
    typical = np.median(expit(regimen_fit.posterior["mu"] + beta))
    assert plot.table["typical"].iloc[0] == pytest.approx(float(typical), abs=1e-6)
    texts = " ".join(text.get_text() for text in plot.figure.axes[0].texts)
    assert "regimen_class=venetoclax + LDAC" in texts
    tau = float(np.median(regimen_fit.posterior["tau"]))
    assert repr(plot).startswith(f"Plot(heterogeneity: tau {tau:.2f},")


def test_models_without_tau_are_refused(pooled_fits, quick):
    arms = pooled_fits["zeros"].arms
    for name, distribution in (("common_effect", "common"), ("independent", "independent")):
        fit = bm.fit(bm.load_model(name), arms, seed=1, settings=quick)
        with pytest.raises(
            bm.SettingsError,
            match=f"must be of a model with tau; '{name}' has {distribution} study effects",
        ):
            bm.plots.heterogeneity(fit)
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit, which has draws; got str"):
        bm.plots.heterogeneity("fit")
    with pytest.raises(bm.ProfileError, match="The model has no covariates"):
        bm.plots.heterogeneity(pooled_fits["one"], profile={"age": 3})
