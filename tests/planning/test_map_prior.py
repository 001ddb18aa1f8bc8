"""MAP priors: near the draws, refused or marked where the draws failed, and those of RBesT."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import bayesmeta as bm
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.estimates.rates import QuadratureRates

PUBLISHED = json.loads(
    (Path(__file__).parents[1] / "reference" / "rbest" / "published.json").read_text()
)
MAP = bm.BetaMixture(**PUBLISHED["map"]["mixture"])
SPEC = bm.ModelSpec(
    mu=bm.Normal(0, 2), study_effects=bm.NormalEffects(tau=bm.HalfNormal(1)), name="spondylitis"
)


@pytest.fixture(scope="module")
def spondylitis(make_arms):
    arms = PUBLISHED["arms"]
    return make_arms(list(zip(arms["events"], arms["n"], strict=True)))


@pytest.fixture(scope="module")
def grid_prior(spondylitis):
    return bm.map_prior(bm.fit(SPEC, spondylitis, method="quadrature"))


@pytest.fixture(scope="module")
def failed(spondylitis):
    settings = bm.SamplerSettings(chains=2, warmup=50, draws=60)
    return bm.fit(SPEC, spondylitis, seed=1, settings=settings)


def test_published_summary_of_the_mixture():
    summary = [MAP.mean, MAP.sd, *(MAP.quantile(p) for p in (0.025, 0.5, 0.975))]
    np.testing.assert_allclose(summary, PUBLISHED["map"]["summary"], rtol=2e-4)


@pytest.mark.slow
def test_prior_by_quadrature_agrees_with_the_published_one(grid_prior):
    gmap = PUBLISHED["gmap"]["new_study"]
    mixture = grid_prior.mixture
    assert mixture.mean == pytest.approx(gmap["mean"], abs=0.004)
    assert mixture.sd == pytest.approx(gmap["sd"], abs=0.004)
    # Published are quantiles of about 4,000 draws: 0.006 is the standard error of the uppermost.
    for probability, rate, near in zip(
        (0.025, 0.5, 0.975), gmap["quantiles"], (0.006, 0.005, 0.015), strict=True
    ):
        assert mixture.quantile(probability) == pytest.approx(rate, abs=near)
    assert bm.effective_sample_size(grid_prior) == pytest.approx(38, rel=0.15)
    assert bm.effective_sample_size(grid_prior, method="moment") == pytest.approx(24, rel=0.08)
    assert grid_prior.ecdf_difference < 0.005
    assert grid_prior.profile == "all studies"


def test_robust_prior_and_its_posterior_are_the_published_ones():
    robust = bm.robustify(MAP, weight=0.2)
    np.testing.assert_allclose(robust.weights, PUBLISHED["map_robust"]["weights"], atol=1e-7)
    posterior = robust.update(events=1, n=6)
    np.testing.assert_allclose(posterior.weights, PUBLISHED["posterior"]["weights"], rtol=1e-9)
    for mixture, name in ((robust, "map_robust"), (posterior, "posterior")):
        mean, sd, *quantiles = PUBLISHED[name]["summary"]
        assert (mixture.mean, mixture.sd) == pytest.approx((mean, sd), rel=1e-9)
        found = [mixture.quantile(p) for p in (0.025, 0.5, 0.975)]
        np.testing.assert_allclose(found, quantiles, rtol=2e-4)


def test_published_probability_that_treatment_is_better():
    arm = PUBLISHED["difference"]["treatment"]
    treated = bm.BetaMixture([1], [arm["a"]], [arm["b"]]).update(events=14, n=24)
    placebo = bm.robustify(MAP, weight=0.2).update(events=1, n=6)
    edges = np.linspace(0, 1, 20_001)
    middle = (edges[1:] + edges[:-1]) / 2
    better = np.diff(placebo.below(edges)) @ treated.above(middle)
    assert better == pytest.approx(PUBLISHED["difference"]["probability"], abs=1e-6)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0, 20))
def test_robust_component_has_its_weight_mean_and_size(weight, mean, n):
    robust = bm.robustify(MAP, weight=weight, mean=mean, n=n)
    assert sum(robust.weights) == pytest.approx(1)
    assert robust.weights[-1] == pytest.approx(weight)
    np.testing.assert_allclose(robust.weights[:-1], (1 - weight) * np.array(MAP.weights))
    assert robust.a[-1] + robust.b[-1] == pytest.approx(n + 1)
    assert robust.a[-1] / (robust.a[-1] + robust.b[-1]) == pytest.approx(mean)
    assert robust.mean == pytest.approx((1 - weight) * MAP.mean + weight * mean)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": 0}, "`weight` must be a number between 0 and 1; got 0"),
        ({"weight": 1.0}, "`weight` must be a number between 0 and 1; got 1.0"),
        ({"weight": True}, "`weight` must be a number between 0 and 1; got True"),
        ({"weight": 0.2, "mean": 1}, "`mean` must be a number between 0 and 1; got 1"),
        ({"weight": 0.2, "n": -1}, "`n` must be a number of patients of at least 0; got -1"),
    ],
)
def test_arguments_of_robustify_are_checked(arguments, message):
    with pytest.raises(bm.SettingsError, match=message):
        bm.robustify(MAP, **arguments)


def test_failed_draws_are_refused_unless_forced_and_then_marked(failed):
    with pytest.raises(
        bm.DiagnosticsError, match=r"failed their diagnostics.*ESS is below.*force=True"
    ):
        bm.map_prior(failed)
    forced = bm.map_prior(failed, components=1, force=True)
    assert not forced.reliable
    for text in (repr(forced), forced.to_rbest(), forced.to_stan(), forced.to_brms()):
        assert "NOT RELIABLE" in text
    with pytest.raises(bm.DiagnosticsError, match="`text` holds a prior that is NOT RELIABLE"):
        bm.BetaMixture.from_json(forced.to_json())
    assert bm.BetaMixture.from_json(forced.to_json(), force=True) == forced.mixture
    with pytest.raises(bm.DiagnosticsError, match=r"`prior` is NOT RELIABLE.*`prior\.mixture`"):
        forced.robustify(weight=0.2)


def test_texts_of_a_reliable_prior_bear_no_mark(grid_prior):
    assert "NOT RELIABLE" not in repr(grid_prior) + grid_prior.to_rbest() + grid_prior.to_json()
    assert grid_prior.to_rbest() == grid_prior.mixture.to_rbest()
    assert bm.BetaMixture.from_json(grid_prior.to_json()) == grid_prior.mixture
    assert grid_prior.robustify(weight=0.2) == bm.robustify(grid_prior, weight=0.2)


def test_arguments_without_effect_are_refused(spondylitis):
    grid = bm.fit(SPEC, spondylitis, method="quadrature")
    with pytest.raises(bm.SettingsError, match="`force` has no effect on a fit without draws"):
        bm.map_prior(grid, force=True)
    with pytest.raises(bm.ProfileError, match="not a covariate of the model"):
        bm.map_prior(grid, profile={"age": 70})
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit or QuadratureFit; got str"):
        bm.map_prior("fit")


@pytest.mark.slow
def test_draws_and_quadrature_give_one_prior(spondylitis, grid_prior):
    fit = bm.fit(SPEC, spondylitis, seed=1)
    prior = bm.map_prior(fit)
    assert prior.reliable
    assert prior.ecdf_difference < 0.005
    rates = np.linspace(0.05, 0.6, 40)
    np.testing.assert_allclose(
        prior.mixture.below(rates), grid_prior.mixture.below(rates), atol=0.01
    )
    by_hand = bm.fit_mixture(profile_rates(fit, None).cohort()).mixture
    np.testing.assert_allclose(by_hand.below(rates), prior.mixture.below(rates), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("events", "n"), [([2, 18, 0, 2], 30), ([0, 0, 1, 0, 0], 40)])
def test_rates_near_zero_have_a_prior_and_a_size(make_arms, events, n):
    grid = bm.fit(SPEC, make_arms([(y, n) for y in events]), method="quadrature")
    prior = bm.map_prior(grid)
    assert prior.ecdf_difference < 0.005
    exact = QuadratureRates(grid).rate
    assert prior.mixture.mean == pytest.approx(exact.mean().value, rel=0.02)
    robust = prior.robustify(weight=0.1)
    assert 2 < bm.effective_sample_size(robust) < bm.effective_sample_size(prior) < 5 * n


@pytest.mark.slow
def test_profiles_are_those_of_the_fit(regimen_fit):
    prior = bm.map_prior(regimen_fit, profile={"regimen_class": "ven_hma"}, components=2)
    assert prior.profile == "regimen_class=ven_hma"
    with pytest.raises(bm.ProfileError, match="regimen_class"):
        bm.map_prior(regimen_fit, profile={"regimen_class": "no such regimen"})
