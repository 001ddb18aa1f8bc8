"""Figures of chains: what is drawn is the draws, and what is told of them is ArviZ's."""

from dataclasses import replace

import arviz_stats
import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy import stats

import bayesmeta as bm
from bayesmeta.calibration.bands import chain_band
from bayesmeta.estimates.trace_numbers import rank_differences
from bayesmeta.inference.diagnosis import THRESHOLDS
from bayesmeta.plots.fit_text import names_of

pytestmark = pytest.mark.stored

SETS = ("bundled", "one", "sixty", "zeros")


def words_of(plot):
    return [text.get_text() for text in plot.figure.axes[0].texts]


def with_draws(fit, **changed):
    """Return the fit with other draws of some parameters."""
    posterior = fit.posterior.assign(
        {name: (fit.posterior[name].dims, values) for name, values in changed.items()}
    )
    groups = {name: fit.draws[name].to_dataset() for name in fit.draws.children}
    return replace(fit, draws=xr.DataTree.from_dict({**groups, "posterior": posterior}))


@pytest.mark.parametrize("name", SETS)
def test_traces_ranks_and_numbers_are_those_of_the_draws(name, pooled_fits, collisions):
    fit = pooled_fits[name]
    plot = bm.plots.trace(fit, notes=["A note."])
    assert collisions(plot.figure) == ([], [])
    assert plot.table["quantity"].tolist() == ["mu", "tau"]
    graphs = iter(plot.figure.axes[1:])
    for row in plot.table.itertuples():
        draws = fit.posterior[row.quantity].to_numpy()
        traces, ranks = next(graphs), next(graphs)
        np.testing.assert_allclose([line.get_ydata() for line in traces.lines], draws)
        places = stats.rankdata(draws).reshape(draws.shape) / draws.size
        for line, chain in zip(ranks.lines[1:], places, strict=True):
            share, difference = line.get_data()
            expected = [(chain <= one).mean() - one for one in share]
            np.testing.assert_allclose(difference, expected, atol=2 / draws.shape[1])
        assert row.mean == pytest.approx(draws.mean())
        assert row.sd == pytest.approx(draws.std(ddof=1))
        assert row.r_hat == pytest.approx(float(arviz_stats.rhat(draws)), rel=1e-9)
        assert row.ess_bulk == pytest.approx(float(arviz_stats.ess(draws)), rel=1e-6)
        shown = words_of(plot)
        failed = " !" if row.r_hat > THRESHOLDS.r_hat else ""
        assert f"R-hat {row.r_hat:.3f}{failed}" in shown
        failed = " !" if row.ess_tail < THRESHOLDS.ess else ""
        assert f"tail ESS {row.ess_tail:,.0f}{failed}" in shown


def test_ranks_of_a_chain_apart_leave_the_band_and_numbers_say_so(pooled_fits, collisions):
    fit = pooled_fits["sixty"]
    mu = fit.posterior["mu"].to_numpy().copy()
    mu[0] += 3 * mu.std()
    plot = bm.plots.trace(with_draws(fit, mu=mu))
    assert collisions(plot.figure) == ([], [])
    assert plot.table.set_index("quantity")["failed"].to_dict() == {"mu": True, "tau": False}
    assert repr(plot) == "Plot(trace: 2 quantities, 1 failed)"
    words = words_of(plot)
    assert words[0].startswith("WARNING: the draws failed their diagnostics (r hat")
    assert any(text.startswith("R-hat") and text.endswith(" !") for text in words)
    ranks = plot.figure.axes[2]
    band = ranks.collections[0].get_paths()[0].vertices[:, 1]
    assert np.abs(ranks.lines[1].get_ydata()).max() > 2 * np.abs(band).max()


def test_the_band_holds_chains_that_are_alike_and_not_much_more():
    # For 4 chains of independent draws, all stay inside with 95% or somewhat more.
    lower, upper = chain_band(250.0, chains=4, draws=250, sure=0.95)
    rng, inside = np.random.default_rng(1), []
    for _ in range(400):
        ranks = rank_differences(rng.standard_normal((4, 250)), 25)
        inside.append(((ranks >= lower - 1e-9) & (ranks <= upper + 1e-9)).all())
    assert 0.94 <= np.mean(inside) <= 1
    assert np.abs(upper).max() < 0.12


def test_a_chain_that_stands_still_is_drawn(pooled_fits, collisions):
    fit = pooled_fits["one"]
    still = with_draws(fit, mu=np.full(fit.posterior["mu"].shape, 0.3))
    plot = bm.plots.trace(still)
    assert collisions(plot.figure) == ([], [])
    assert plot.table["failed"].tolist()[0]
    assert "stuck" in words_of(plot)[0]


@pytest.mark.slow
def test_many_coefficients_make_the_page_longer(regimen_fit, collisions):
    plot = bm.plots.trace(regimen_fit)
    assert collisions(plot.figure) == ([], [])
    assert not any("\N{HORIZONTAL ELLIPSIS}" in text for text in words_of(plot))
    names = [f"beta[{name}]" for name in regimen_fit.design.coding.names]
    assert sorted(plot.table["quantity"]) == sorted(["mu", "tau", *names])
    two = bm.plots.trace(regimen_fit, quantities=["tau", names[0]])
    assert two.table["quantity"].tolist() == ["tau", names[0]]
    assert plot.figure.get_figheight() > two.figure.get_figheight() + 4
    assert len(bm.plots.trace(regimen_fit, quantities=["beta"]).table) == len(names)


@pytest.mark.slow
def test_nested_outcomes_have_chains(table, quick, collisions):
    arms = table.select(outcomes=["ORR", "CR_CRi", "CR"], venetoclax="yes")
    fit = bm.fit(bm.load_model("pooled"), arms, seed=1, settings=quick)
    plot = bm.plots.trace(fit)
    assert collisions(plot.figure) == ([], [])
    assert {"mu[ORR]", "tau[CR]"} <= set(plot.table["quantity"])
    assert not plot.table["sd"].eq(0).any()
    words = words_of(plot)
    assert words.count("correlation") == 3
    assert {"ORR, CR/CRi", "ORR, CR", "CR/CRi, CR"} <= set(words)
    for other in (bm.plots.funnel, bm.plots.heterogeneity, bm.plots.prior_posterior):
        with pytest.raises(
            bm.SettingsError, match=r"`outcome` must be one of ORR, .* it is missing"
        ):
            other(fit)
    with pytest.raises(bm.SettingsError, match=r"`outcome` must be one of ORR, .* it is missing"):
        bm.plots.regression(fit, "age_median")


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [
        ("mu", ("mu", "")),
        ("beta[age]", ("beta: age", "")),
        ("beta[regimen[x, y]]", ("beta: x, y", "")),
        ("beta[ORR, age]", ("beta[ORR]", "age")),
        ("beta[CR/CRi, regimen[x]]", ("beta[CR/CRi]", "x")),
        ("correlation[ORR, CR]", ("correlation", "ORR, CR")),
    ],
)
def test_coefficients_are_named_by_what_tells_them_apart(quantity, shown):
    assert names_of(quantity) == shown


@pytest.mark.slow
def test_models_of_ones_own_are_drawn_where_their_parts_are_known(quick, collisions):
    frame = pd.DataFrame({"study": list("abcd"), "events": [3, 9, 4, 7], "n": [10, 20, 15, 12]})
    arms = bm.read_evidence(frame).select()
    with pm.Model() as model:
        mu, tau = pm.Normal("mu", 0, 1.5), pm.HalfNormal("tau", 0.5)
        z = pm.Normal("z", 0, 1, shape=4)
        u = pm.Deterministic("u", tau * z)
        theta = pm.Deterministic("theta", mu + u)
        pm.Binomial("events", n=arms.n, logit_p=theta, observed=arms.events)
    fit = bm.fit(model, arms, seed=1, settings=quick)
    assert set(bm.plots.trace(fit).table["quantity"]) == {"mu", "tau"}
    for draw in (bm.plots.trace, bm.plots.funnel, bm.plots.heterogeneity):
        assert collisions(draw(fit).figure) == ([], [])
    with pytest.raises(bm.SettingsError, match="needs the parts of a ModelSpec"):
        bm.plots.prior_posterior(fit)
    with pytest.raises(bm.SettingsError, match="of a ModelSpec; `fit` is of a PyMC model"):
        bm.plots.regression(fit, "age")


def test_what_is_no_parameter_is_refused(pooled_fits):
    fit = pooled_fits["one"]
    with pytest.raises(bm.SettingsError, match=r"'tua', which is not a parameter.*'tau'"):
        bm.plots.trace(fit, quantities=["tua"])
    with pytest.raises(bm.SettingsError, match="`quantities` must list parameters"):
        bm.plots.trace(fit, quantities="tau")
    with pytest.raises(bm.SettingsError, match=r"'u', which is not a parameter of the model"):
        bm.plots.trace(fit, quantities=["u"])
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit, which has draws; got int"):
        bm.plots.trace(3)
