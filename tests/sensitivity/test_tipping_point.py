"""Tipping points: that of draws against that of deterministic posteriors, and that against itself."""

from collections.abc import Callable
from dataclasses import replace

import pytest

import bayesmeta as bm

ASKED = {"rate_above": 0.3, "certainty": 0.95}
NAMED = bm.ModelSpec(
    "pooled", mu=bm.Normal(0, 1.5), study_effects=bm.NormalEffects(bm.HalfNormal(0.5))
)
"""The model whose figures are pinned here, whatever the defaults."""


@pytest.fixture(scope="module")
def arms(make_arms: Callable[..., bm.Arms]) -> bm.Arms:
    return make_arms([(12, 26), (9, 22), (14, 31), (15, 25)])


@pytest.fixture(scope="module")
def posterior(arms: bm.Arms) -> bm.QuadratureFit:
    return bm.fit(NAMED, arms, method="quadrature")


@pytest.fixture(scope="module")
def exact(posterior: bm.QuadratureFit) -> bm.TippingPoint:
    return bm.tipping_point(posterior, **ASKED)


@pytest.mark.slow
def test_at_the_tipping_point_the_probability_is_the_certainty(
    exact: bm.TippingPoint, arms: bm.Arms
) -> None:
    tau = bm.HalfNormal(0.5 * exact.factor)
    spec = replace(NAMED, study_effects=bm.NormalEffects(tau))
    there = bm.predict(bm.fit(spec, arms, method="quadrature"), n=1, seed=0).probability(
        rate_above=0.3
    )
    assert there == pytest.approx(0.95, abs=1e-5)
    assert exact.factor_interval == (exact.factor, exact.factor)
    assert exact.bracket["factor"].min() < exact.factor < exact.bracket["factor"].max()
    assert exact.bracket["probability"].min() < 0.95 < exact.bracket["probability"].max()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_that_of_draws_is_the_exact_one_within_its_error(
    exact: bm.TippingPoint, arms: bm.Arms, seed: int
) -> None:
    found = bm.tipping_point(bm.fit(NAMED, arms, seed=seed), **ASKED)
    low, high = found.factor_interval
    # Four standard errors; the interval has 1.96 to each side.
    reach = 2.1 * (high - low) / 2
    assert found.factor == pytest.approx(exact.factor, abs=reach)
    assert 0 < high / low < 1.1
    assert found.exists
    assert found.ok
    below, above = found.bracket.to_dict("records")
    assert below["factor"] < found.factor < above["factor"]
    low, high = (above["probability"] + 3 * above["mcse"], below["probability"] - 3 * below["mcse"])
    assert low < 0.95 < high


def test_a_decision_may_not_change(posterior: bm.QuadratureFit) -> None:
    found = bm.tipping_point(posterior, parameter="mu", **ASKED)
    assert not found.exists
    assert found.factor != found.factor
    assert found.bracket.empty
    assert found.trials["factor"].tolist() == [0.125, 0.25, 0.5, 1, 2, 4, 8]
    assert (found.trials["probability"] > 0.95).all()
    assert "0.95 is not crossed at 0.125 to 8 times its scale" in repr(found)


def test_trials_say_which_prior_each_had(exact: bm.TippingPoint) -> None:
    first, own = exact.trials.iloc[0], exact.trials[exact.trials["factor"] == 1].iloc[0]
    assert (first["prior"], own["prior"]) == ("HalfNormal(0.0625)", "HalfNormal(0.5)")
    assert exact.trials["factor"].is_monotonic_increasing
    assert repr(exact).startswith("TippingPoint(P(rate of a new study > 0.3) = 0.966, prior of tau")


@pytest.mark.slow
def test_what_monte_carlo_error_leaves_open_is_said(
    arms: bm.Arms, posterior: bm.QuadratureFit
) -> None:
    own = bm.predict(posterior, n=1, seed=0).probability(rate_above=0.3)
    few = bm.SamplerSettings(draws=300)
    fit = bm.fit(NAMED, arms, seed=1, settings=few)
    found = bm.tipping_point(fit, rate_above=0.3, certainty=float(own))
    assert found.open_at_own
    low, high = found.factor_interval
    assert found.factor == pytest.approx(1, abs=2.1 * (high - low) / 2)


@pytest.mark.slow
def test_coefficients_with_priors_of_their_own_are_all_scaled(
    orr: bm.Arms, quick: bm.SamplerSettings
) -> None:
    spec = bm.ModelSpec(
        covariates=bm.Covariates("regimen_class", {"regimen_class": "ven_hma"}),
        beta={"regimen_class[ven_ldac]": bm.Normal(-0.5, 0.5)},
    )
    fit = bm.fit(spec, orr, seed=1, settings=quick)
    found = bm.tipping_point(
        fit, parameter="beta", certainty=0.9, profile={"regimen_class": "ven_ldac"}, rate_above=0.3
    )
    wide = found.trials["prior"].iloc[-1]
    assert wide == "default Normal(0, 8); regimen_class[ven_ldac] Normal(-0.5, 4)"
    assert found.profile == "regimen_class=ven_ldac"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"certainty": 0.5}, "`certainty` must lie above 0.5 and below 1; got 0.5"),
        ({"certainty": 1}, "`certainty` must lie above 0.5 and below 1; got 1"),
        ({"certainty": 90}, "got 90. Write 90% as 0.9"),
        ({"certainty": "0.9"}, "`certainty` must lie above 0.5 and below 1; got '0.9'"),
        (
            {"rate_above": None},
            "`tipping_point` needs a question. Give one, such as rate_above=0.3",
        ),
        ({"parameter": "beta"}, "no prior of 'beta'. .*Valid: mu, tau"),
        ({"parameter": "Tau"}, "no prior of 'Tau'. Did you mean 'tau'"),
        ({"outcome": "CR"}, "`outcome` must be left out: there is one; got 'CR'"),
    ],
)
def test_bad_arguments(
    posterior: bm.QuadratureFit, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.tipping_point(posterior, **(ASKED | arguments))  # type: ignore[arg-type]


def test_a_prior_without_a_scale_is_refused(arms: bm.Arms) -> None:
    few = bm.SamplerSettings(chains=2, warmup=100, draws=100)
    spec = bm.ModelSpec(likelihood=bm.BetaBinomial(), study_effects=bm.CommonEffect())
    fit = bm.fit(spec, arms, seed=1, settings=few)
    with pytest.raises(bm.SpecError, match=r"Beta\(1, 9\) has no scale that could be changed"):
        bm.tipping_point(fit, parameter="rho", **ASKED)
