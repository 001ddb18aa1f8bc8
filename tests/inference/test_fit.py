"""Fits: what they hold, that they can be had again, and what they refuse."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayesmeta as bm
from bayesmeta.inference.draws import DIMS

GROUPS = {
    "posterior",
    "sample_stats",
    "log_likelihood",
    "posterior_predictive",
    "prior",
    "prior_predictive",
    "observed_data",
    "constant_data",
}


def test_the_draws_have_every_group_with_our_dims(regimen_fit: bm.Fit) -> None:
    draws = regimen_fit.draws
    assert set(draws.children) == GROUPS
    for group in (
        "posterior",
        "prior",
        "log_likelihood",
        "posterior_predictive",
        "prior_predictive",
    ):
        for name, variable in draws[group].data_vars.items():
            assert variable.dims == ("chain", "draw", *DIMS[name]), (group, name)
    assert set(draws["posterior"].data_vars) == {"mu", "beta", "tau", "u", "theta"}


def test_coordinates_are_labels_people_read(regimen_fit: bm.Fit) -> None:
    posterior = regimen_fit.posterior
    assert "italy57/ven_aza" in posterior["arm"]
    assert "italy57" in posterior["study"]
    assert "regimen_class[ven_ldac]" in posterior["covariate"]


def test_arviz_functions_work_on_the_draws(regimen_fit: bm.Fit) -> None:
    import arviz_stats as azs

    table = azs.summary(regimen_fit.draws, var_names=["mu", "tau", "beta"], ci_prob=0.95)
    assert len(table) == 9
    with pytest.warns(UserWarning, match="Pareto"):
        assert azs.loo(regimen_fit.draws).n_data_points == 28


def test_the_log_likelihood_is_binomial(pooled_fit: bm.Fit) -> None:
    arms, theta = pooled_fit.arms, pooled_fit.posterior["theta"].isel(chain=0, draw=0).to_numpy()
    found = pooled_fit.draws["log_likelihood"]["events"].isel(chain=0, draw=0).to_numpy()
    assert found == pytest.approx(stats.binom.logpmf(arms.events, arms.n, 1 / (1 + np.exp(-theta))))


@pytest.mark.slow
def test_theta_is_the_sum_of_its_parts(regimen_fit: bm.Fit) -> None:
    posterior, design = regimen_fit.posterior, regimen_fit.design
    rebuilt = (
        posterior["mu"].to_numpy()[..., None]
        + posterior["beta"].to_numpy() @ design.matrix.T
        + posterior["u"].to_numpy()[..., design.arms.study_index]
    )
    assert posterior["theta"].to_numpy() == pytest.approx(rebuilt)


def test_the_same_seed_gives_the_same_draws_on_any_number_of_cores(
    orr: bm.Arms, quick: bm.SamplerSettings
) -> None:
    spec = bm.load_model("regimen")
    settings = {"chains": quick.chains, "warmup": quick.warmup, "draws": quick.draws}
    one, two = (
        bm.fit(spec, orr, seed=5, settings=bm.SamplerSettings(**settings, cores=cores))
        for cores in (1, 2)
    )
    assert one.draws.identical(two.draws)
    other = bm.fit(spec, orr, seed=6, settings=quick)
    assert not one.posterior["mu"].equals(other.posterior["mu"])


def test_prior_draws_follow_the_priors(regimen_fit: bm.Fit) -> None:
    """Kolmogorov-Smirnov on 1000 draws each; false alarm 1e-4 each."""
    prior, spec = regimen_fit.draws["prior"], regimen_fit.spec
    known = {"mu": spec.mu, "tau": spec.study_effects.tau}
    for name, distribution in known.items():
        assert stats.kstest(prior[name].to_numpy().ravel(), distribution.cdf).pvalue > 1e-4
    standard = (prior["u"] / prior["tau"]).to_numpy()[..., 0].ravel()
    assert stats.kstest(standard, "norm").pvalue > 1e-4


def test_prior_draws_are_those_of_the_definition(orr: bm.Arms, regimen_fit: bm.Fit) -> None:
    """The same prior predictive in PyMC: mean responders of each arm agree within 5 standard errors."""
    import pymc as pm

    with bm.build(bm.load_model("regimen"), orr):
        theirs = pm.sample_prior_predictive(
            1000, random_seed=1, compile_kwargs={"mode": "FAST_COMPILE"}
        )
    ours = regimen_fit.draws["prior_predictive"]["events"].to_numpy()[0]
    other = theirs.prior_predictive["events"].to_numpy()[0]
    error = np.sqrt((ours.var(axis=0) + other.var(axis=0)) / 1000)
    assert (np.abs(ours.mean(axis=0) - other.mean(axis=0)) < 5 * error).all()


def test_the_posterior_predictive_covers_the_evidence(pooled_fit: bm.Fit) -> None:
    events = pooled_fit.draws["posterior_predictive"]["events"]
    low, high = events.quantile([0.025, 0.975], dim=("chain", "draw"))
    inside = (pooled_fit.arms.events >= low) & (pooled_fit.arms.events <= high)
    assert inside.mean() > 0.9


def test_a_common_effect_has_neither_tau_nor_u(orr: bm.Arms, quick: bm.SamplerSettings) -> None:
    fit = bm.fit(bm.load_model("common_effect"), orr, seed=1, settings=quick)
    assert set(fit.posterior.data_vars) == {"mu", "theta"}


def test_the_fit_says_what_it_is(regimen_fit: bm.Fit) -> None:
    assert repr(regimen_fit).startswith(
        "Fit(ModelSpec(regimen: mu + regimen_class + u, normal study effects), Arms(ORR: 28"
    )
    assert regimen_fit.provenance.seed == 1
    assert {"python", "bayesmeta", "nutpie", "numpy"} <= set(regimen_fit.provenance.versions)


@pytest.mark.slow
def test_the_pymc_engine_gives_the_same_posterior(make_arms: Callable[..., bm.Arms]) -> None:
    arms = make_arms([(3, 10), (9, 15), (4, 20), (8, 30)], x=[0, 1, 0, 1])
    spec = bm.ModelSpec(covariates="x")
    by_engine = [bm.fit(spec, arms, seed=3, engine=engine) for engine in ("compiled", "pymc")]
    compiled, pymc = (bm.summary(fit, profiles=[]).set_index("quantity") for fit in by_engine)
    error = np.hypot(compiled["mcse_mean"], pymc["mcse_mean"])
    assert (np.abs(compiled["mean"] - pymc["mean"]) < 4 * error).all()
    assert {type(fit.draws) for fit in by_engine} == {xr.DataTree}
    assert set(by_engine[1].draws["sample_stats"].data_vars) == set(
        by_engine[0].draws["sample_stats"].data_vars
    )


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"seed": None}, bm.SettingsError, "`seed` must be a whole number of at least 0; got None"),
        ({"seed": -1}, bm.SettingsError, "`seed` must be"),
        ({"seed": 1.5}, bm.SettingsError, "`seed` must be"),
        ({"engine": "stan"}, bm.SettingsError, "`engine` must be 'compiled' or 'pymc'; got 'stan'"),
        ({"method": "hmc"}, bm.SettingsError, "`method` must be 'nuts' or 'quadrature'; got 'hmc'"),
        (
            {"method": "quadrature"},
            bm.SettingsError,
            "`seed` has no effect with method='quadrature'",
        ),
        ({"spec": "pooled"}, bm.SpecError, "`spec` must be a ModelSpec or a PyMC model; got str"),
        ({"arms": "mine.csv"}, bm.SettingsError, "`arms` must be Arms; got str"),
    ],
)
def test_arguments_that_make_no_sense(
    orr: bm.Arms, change: dict[str, object], error: type[Exception], message: str
) -> None:
    arguments = {"spec": bm.ModelSpec(), "arms": orr, "seed": 1} | change
    spec, arms = arguments.pop("spec"), arguments.pop("arms")
    with pytest.raises(error, match=message):
        bm.fit(spec, arms, **arguments)  # type: ignore[call-overload]


def test_the_grid_takes_no_covariates(orr: bm.Arms) -> None:
    with pytest.raises(
        bm.SpecError, match="takes models without covariates; regimen has 'regimen_class'"
    ):
        bm.fit(bm.load_model("regimen"), orr, method="quadrature")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chains": 0}, "`chains` must be a whole number from 1 to 1,000"),
        ({"draws": 2.5}, "`draws` must be a whole number"),
        ({"warmup": 10}, "`warmup` must be a whole number from 50"),
        ({"cores": 0}, "`cores` must be"),
        ({"max_treedepth": True}, "`max_treedepth` must be"),
        ({"target_accept": 1.0}, "`target_accept` must lie between 0 and 1"),
    ],
)
def test_settings_out_of_range(change: dict[str, object], message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.SamplerSettings(**change)  # type: ignore[arg-type]


def test_the_old_word_for_quadrature_still_works_and_names_the_new_one(orr: bm.Arms) -> None:
    with pytest.warns(DeprecationWarning, match="method='grid' is now method='quadrature'"):
        found = bm.fit(bm.load_model("pooled"), orr, method="grid")  # type: ignore[call-overload]
    with pytest.warns(DeprecationWarning, match="bayesmeta.GridFit is now bayesmeta.QuadratureFit"):
        assert isinstance(found, bm.GridFit)
