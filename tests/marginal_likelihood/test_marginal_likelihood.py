"""Log marginal likelihoods: held to the grid, and to integrals over one or two parameters."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import integrate, special, stats

import bayesmeta as bm
from bayesmeta.marginal_likelihood.marginal_likelihood import (
    bridge_of,
    log_marginal_likelihood,
    marginal_likelihood_sensitivity,
)

pytestmark = pytest.mark.stored

Make = Callable[..., bm.Arms]

COUNTS = {
    "none responded": [(0, 12), (0, 30), (0, 8)],
    "all responded": [(9, 9), (20, 20)],
    "one study": [(7, 19)],
    "one patient each": [(1, 1), (0, 1), (1, 1), (1, 1)],
    "very different": [(0, 40), (38, 40), (1, 30), (25, 25), (20, 41)],
    "large": [(900, 2000), (1100, 2000), (950, 2100)],
}
PLAIN = bm.ModelSpec()
WIDE = bm.ModelSpec(study_effects=bm.NormalEffects(bm.HalfCauchy(1)), mu=bm.Cauchy(0, 2))
COMMON = bm.ModelSpec(study_effects=bm.CommonEffect())


def assert_near_grid(spec: bm.ModelSpec, arms: bm.Arms) -> None:
    # How far it depends on the priors, which costs as much again, has tests of its own.
    found = bridge_of(bm.fit(spec, arms, seed=1), seed=2)
    exact = bm.fit(spec, arms, method="quadrature").log_marginal_likelihood
    assert abs(found.value - exact) < 0.05
    # 5 standard errors: by chance once in 1.7 million.
    assert abs(found.value - exact) < 5 * found.error < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("spec", [PLAIN, WIDE, COMMON], ids=["plain", "wide", "common"])
@pytest.mark.parametrize("counts", COUNTS)
def test_odd_evidence_against_the_grid(make_arms: Make, counts: str, spec: bm.ModelSpec) -> None:
    assert_near_grid(spec, make_arms(COUNTS[counts]))


@pytest.mark.slow
@pytest.mark.parametrize("spec", [PLAIN, WIDE, COMMON], ids=["plain", "wide", "common"])
@pytest.mark.parametrize("outcome", ["CR", "CR_CRi", "ORR"])
def test_bundled_evidence_against_the_grid(
    table: bm.EvidenceTable, outcome: str, spec: bm.ModelSpec
) -> None:
    assert_near_grid(spec, table.select(outcome=outcome, venetoclax="yes"))


DOSED = [(3, 20), (9, 25), (4, 12), (14, 22)]
DOSES = [1.0, 2.0, 2.5, 4.0]


@pytest.mark.slow
def test_a_covariate_against_quadrature(make_arms: Make) -> None:
    arms = make_arms(DOSED, dose=DOSES)
    spec = bm.ModelSpec(study_effects=bm.CommonEffect(), covariates="dose", beta=bm.Normal(0, 1))
    found = log_marginal_likelihood(bm.fit(spec, arms, seed=1), seed=2)
    mu, beta = np.meshgrid(np.linspace(-6, 6, 801), np.linspace(-5, 5, 801), indexing="ij")
    log_density = stats.t.logpdf(mu, 3, 0, 1.5) + stats.norm.logpdf(beta)
    for (y, n), dose in zip(DOSED, DOSES, strict=True):
        rate = special.expit(mu + beta * (dose - np.mean(DOSES)))
        log_density += stats.binom.logpmf(y, n, rate)
    exact = special.logsumexp(log_density) + np.log(12 / 800 * 10 / 800)
    assert found.method == "bridge"
    assert abs(found.value - exact) < min(0.05, 5 * found.error)


@pytest.mark.slow
def test_overdispersion_against_quadrature(make_arms: Make) -> None:
    arms = make_arms(DOSED)
    spec = bm.ModelSpec(likelihood=bm.BetaBinomial(), study_effects=bm.CommonEffect())
    found = log_marginal_likelihood(bm.fit(spec, arms, seed=1), seed=2)
    mu, x = np.meshgrid(np.linspace(-6, 6, 601), np.linspace(-16, 8, 801), indexing="ij")
    rho = special.expit(x)
    log_density = stats.t.logpdf(mu, 3, 0, 1.5) + stats.beta.logpdf(rho, 1, 9)
    log_density += np.log(rho) + np.log1p(-rho)
    size, rate = (1 - rho) / rho, special.expit(mu)
    for y, n in DOSED:
        log_density += stats.betabinom.logpmf(y, n, size * rate, size * (1 - rate))
    exact = special.logsumexp(log_density) + np.log(12 / 600 * 24 / 800)
    assert abs(found.value - exact) < min(0.05, 5 * found.error)


@pytest.mark.slow
def test_independent_studies_are_integrals_of_their_own(make_arms: Make) -> None:
    spec = bm.ModelSpec(study_effects=bm.IndependentStudies())
    found = log_marginal_likelihood(bm.fit(spec, make_arms(DOSED), seed=1), seed=2)
    exact = [
        integrate.quad(
            lambda u, y=y, n=n: stats.t.pdf(u, 3, 0, 1.5) * stats.binom.pmf(y, n, special.expit(u)),
            -15,
            15,
        )[0]
        for y, n in DOSED
    ]
    assert found.value == pytest.approx(np.log(exact).sum(), abs=1e-7)
    assert (found.error, found.most_changed) == (0.0, "mu")


@pytest.mark.slow
def test_its_error_is_honest(make_arms: Make) -> None:
    arms = make_arms([(4, 20), (9, 30), (12, 25), (2, 18), (11, 16), (5, 9)])
    exact = bm.fit(PLAIN, arms, method="quadrature").log_marginal_likelihood
    settings = bm.SamplerSettings(chains=2, warmup=300, draws=300)
    fits = [bm.fit(PLAIN, arms, seed=seed, settings=settings) for seed in range(40)]
    found = [log_marginal_likelihood(fit, seed=i) for i, fit in enumerate(fits)]
    z = np.array([(one.value - exact) / one.error for one in found])
    # The root mean square of 40 standard normals is outside once in 200.
    assert 0.7 < np.sqrt(np.mean(z**2)) < 1.4


@pytest.mark.slow
def test_draws_of_arms_are_not_needed(make_arms: Make) -> None:
    arms = make_arms(DOSED, dose=DOSES)
    spec = bm.ModelSpec(covariates="dose", likelihood=bm.Binomial(bm.CLogLog()))
    values = [
        log_marginal_likelihood(
            bm.fit(spec, arms, seed=1, settings=bm.SamplerSettings(arm_draws=kept)), seed=2
        )
        for kept in (True, False)
    ]
    assert values[0].value == pytest.approx(values[1].value, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("counts", ["very different", "none responded", "large"])
def test_sensitivity_against_the_grid(make_arms: Make, counts: str) -> None:
    arms = make_arms(COUNTS[counts])
    found = marginal_likelihood_sensitivity(bm.fit(PLAIN, arms, seed=1), seed=2)
    exact = marginal_likelihood_sensitivity(bm.fit(PLAIN, arms, method="quadrature"), seed=2)
    keys = ["parameter", "prior", "factor"]
    pd.testing.assert_frame_equal(found[keys], exact[keys])
    assert found["parameter"].tolist() == ["mu", "mu", "tau", "tau"]
    gap = (found["change"] - exact["change"]).abs()
    assert (gap < 5 * found["error"]).all()
    assert (gap < 0.1).all()
    value = log_marginal_likelihood(bm.fit(PLAIN, arms, method="quadrature"), seed=1)
    assert (value.method, value.error) == ("quadrature", 0.0)
    assert value.prior_change == pytest.approx(exact["change"].abs().max())
    assert f"the prior of {value.most_changed} half or twice as wide" in value.note


@pytest.mark.slow
def test_sensitivity_to_priors_of_coefficients(make_arms: Make) -> None:
    arms = make_arms(DOSED, dose=DOSES)
    beta = {"default": bm.Normal(0, 1), "dose": bm.Normal(0, 0.6)}
    spec = bm.ModelSpec(study_effects=bm.CommonEffect(), covariates="dose", beta=beta)
    fit = bm.fit(spec, arms, seed=1)
    found = marginal_likelihood_sensitivity(fit, seed=2).set_index(["parameter", "factor"])
    other = bm.ModelSpec(
        study_effects=bm.CommonEffect(), covariates="dose", beta={"dose": bm.Normal(0, 1.2)}
    )
    change = (
        log_marginal_likelihood(bm.fit(other, arms, seed=1), seed=2).value
        - log_marginal_likelihood(fit, seed=2).value
    )
    assert found.loc[("beta[dose]", 2.0), "change"] == pytest.approx(change, abs=0.05)


@pytest.mark.slow
def test_what_has_none_is_told(make_arms: Make) -> None:
    with pytest.raises(bm.SettingsError, match="must be a Fit or QuadratureFit; got str"):
        log_marginal_likelihood("fit", seed=1)  # type: ignore[arg-type]
    with pytest.raises(bm.SettingsError, match="`seed` must be a whole number"):
        log_marginal_likelihood(bm.fit(PLAIN, make_arms(DOSED), method="quadrature"), seed=-1)
    arms = make_arms(DOSED, dose=[1.0, None, 2.5, 4.0])
    spec = bm.ModelSpec(covariates=bm.Covariates("dose", impute=["dose"]))
    with pytest.raises(bm.SettingsError, match="imputes dose, whose known values"):
        log_marginal_likelihood(bm.fit(spec, arms, seed=1), seed=1)
    few = bm.SamplerSettings(chains=1, warmup=100, draws=50)
    with pytest.raises(bm.SettingsError, match="needs 200 draws; the fit has 50"):
        log_marginal_likelihood(bm.fit(PLAIN, arms, seed=1, settings=few), seed=1)
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 1.5)
        theta = pm.Deterministic("theta", mu + np.zeros(len(arms)))
        pm.Binomial("events", n=arms.n, logit_p=theta, observed=arms.events)
    with pytest.raises(bm.SettingsError, match="of a PyMC model"):
        log_marginal_likelihood(bm.fit(model, arms, seed=1), seed=1)


def test_a_prior_between_fixed_bounds_has_no_scale_to_change(
    make_arms: Callable[..., bm.Arms],
) -> None:
    spec = bm.ModelSpec("bounded", study_effects=bm.NormalEffects(tau=bm.Uniform(0, 2)))
    fit = bm.fit(spec, make_arms([(4, 20), (9, 22)]), method="quadrature")
    found = bm.marginal_likelihood_sensitivity(fit, seed=1)
    assert found["parameter"].tolist() == ["mu", "mu"]
    assert found["factor"].tolist() == [0.5, 2.0]
