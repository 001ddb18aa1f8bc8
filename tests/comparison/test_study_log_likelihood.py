"""The log likelihood by study: ArviZ leaves out studies as the package does."""

import arviz as az
import numpy as np
import pytest

import bayesmeta as bm


@pytest.mark.slow
def test_arviz_leaves_out_studies_as_the_package_does() -> None:
    table = bm.load_evidence("rr_aml_venetoclax")
    arms = table.select(outcome="CR", venetoclax="yes")
    effects = bm.NormalEffects(tau=bm.HalfNormal(0.5))
    spec, settings = bm.ModelSpec("narrow", study_effects=effects), bm.SamplerSettings(draws=2000)
    loo = az.loo(bm.log_likelihood_by_study(bm.fit(spec, arms, seed=1, settings=settings)))
    own = bm.leave_one_study_out(spec, arms, seed=2, method="psis", settings=settings)
    studies = own.studies.set_index("study")
    elpd = loo.elpd_i.to_series()
    assert set(elpd.index) == set(studies.index)
    error = 4 * np.hypot(studies["mcse_elpd"], studies["mcse_elpd"]) + 0.01
    assert ((elpd - studies["elpd"]).abs() < error).all()
    assert loo.elpd == pytest.approx(own.elpd, abs=0.2)
    assert float(loo.pareto_k.max()) < 0.7


def test_a_fit_of_draws_is_needed() -> None:
    arms = bm.load_evidence("rr_aml_venetoclax").select(outcome="CR", venetoclax="yes")
    grid = bm.fit(bm.load_model("common_effect"), arms, method="quadrature")
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit"):
        bm.log_likelihood_by_study(grid)


def test_of_several_outcomes_it_is_that_of_all_counts_of_a_study(made_up: bm.Fit) -> None:
    found = bm.log_likelihood_by_study(made_up)["log_likelihood"]["counts"]
    assert found.dims == ("chain", "draw", "study")
    assert found["study"].to_numpy().tolist() == ["s1", "s2", "s3", "s4"]
    assert np.isfinite(found).all()
    # A study of one outcome is that of a fit of it by itself at the same draws: 9 of 15.
    posterior = made_up.posterior
    x = np.linspace(-9, 9, 2001)
    weights = np.exp(-(x**2) / 2)
    mu, tau = (np.asarray(posterior[name])[..., 0, None] for name in ("mu", "tau"))
    rate = 1 / (1 + np.exp(-(mu + tau * x)))
    exact = (5005 * rate**9 * (1 - rate) ** 6) @ (weights / weights.sum())
    assert np.exp(found.sel(study="s3")).to_numpy() == pytest.approx(exact, rel=1e-4)
