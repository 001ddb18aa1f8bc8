"""Fits under other priors: against the deterministic posterior under each, which is exact."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.sensitivity.prior_grid import usual_priors

RATES = ("tau", "typical", "mean", "new_study")
ENDS = {"": 0.5, "_lower": 0.025, "_upper": 0.975}
TRIED = {"tau": [bm.HalfNormal(0.5), bm.LogNormal(-1, 1)], "mu": [bm.StudentT(3, 0, 1)]}


@pytest.fixture(scope="module")
def drawn(pooled_fit: bm.Fit) -> pd.DataFrame:
    return bm.prior_grid(pooled_fit, priors=TRIED, rate_above=0.3)


@pytest.fixture(scope="module")
def posterior(orr: bm.Arms) -> bm.QuadratureFit:
    return bm.fit(bm.load_model("pooled"), orr, method="quadrature")


@pytest.fixture(scope="module")
def exact(posterior: bm.QuadratureFit) -> pd.DataFrame:
    return bm.prior_grid(posterior, priors=TRIED, rate_above=0.3)


@pytest.fixture(scope="module")
def small(make_arms: Callable[..., bm.Arms]) -> bm.QuadratureFit:
    arms = make_arms([(4, 20), (9, 22), (14, 31)])
    return bm.fit(bm.ModelSpec("pooled"), arms, method="quadrature")


@pytest.mark.slow
def test_refits_agree_with_the_exact_posteriors(drawn: pd.DataFrame, exact: pd.DataFrame) -> None:
    numbers = [f"{name}{end}" for name in RATES for end in ENDS] + ["probability"]
    z = (drawn[numbers] - exact[numbers]) / drawn[[f"mcse_{name}" for name in numbers]].to_numpy()
    # Of 52 numbers, four standard errors are left once in 300 runs; they are seldom independent.
    assert (z.abs() < 4).all(axis=None)
    assert drawn["ok"].all()
    assert (exact.filter(like="mcse_") == 0).all(axis=None)


def test_exact_rows_are_fits_with_those_priors(exact: pd.DataFrame, orr: bm.Arms) -> None:
    spec = bm.ModelSpec(study_effects=bm.NormalEffects(bm.LogNormal(-1, 1)))
    fit = bm.fit(spec, orr, method="quadrature")
    [row] = exact[exact["prior_tau"] == "LogNormal(-1, 1)"].to_dict("records")
    for name in RATES:
        for end, probability in ENDS.items():
            expected = fit.posterior.marginal(name).quantile(probability)
            assert row[f"{name}{end}"] == pytest.approx(float(expected), rel=1e-9)
    asked = bm.predict(fit, n=1, seed=0).probability(rate_above=0.3)
    assert row["probability"] == pytest.approx(float(asked), rel=1e-9)


def test_the_models_own_priors_come_first_and_once(
    exact: pd.DataFrame, small: bm.QuadratureFit
) -> None:
    assert exact["own"].tolist() == [True, False, False, False]
    assert exact["changed"].tolist() == ["", "tau", "tau", "mu"]
    assert exact["prior_mu"].tolist() == ["StudentT(3, 0, 1.5)"] * 3 + ["StudentT(3, 0, 1)"]
    own = bm.prior_grid(small, priors={"tau": [bm.HalfNormal(1)], "mu": [bm.StudentT(3, 0, 1.5)]})
    assert len(own) == 1
    assert "probability" not in own


@pytest.mark.slow
def test_together_every_combination_is_tried(small: bm.QuadratureFit) -> None:
    tried = {
        "tau": [bm.HalfNormal(1), bm.HalfNormal(0.5)],
        "mu": [bm.Normal(0, 1), bm.Normal(0, 2)],
    }
    found = bm.prior_grid(small, priors=tried, together=True)
    assert found["changed"].tolist() == ["", "mu", "mu", "tau, mu", "tau, mu"]
    pairs = found[["prior_tau", "prior_mu"]].apply(tuple, axis=1)
    assert pairs.is_unique


def test_the_usual_priors_are_those_of_the_link(orr: bm.Arms) -> None:
    logit, probit = (
        bm.ModelSpec(likelihood=bm.Binomial(link)) for link in (bm.Logit(), bm.Probit())
    )
    assert usual_priors(logit, orr)["mu"] == tuple(
        bm.StudentT(3, 0, scale) for scale in (1, 1.5, 2.5)
    )
    assert usual_priors(probit, orr)["mu"][1] == bm.Probit().mu
    assert set(usual_priors(logit, orr)) == {"mu", "tau"}
    assert set(usual_priors(bm.load_model("regimen"), orr)) == {"mu", "beta", "tau"}
    assert set(usual_priors(bm.load_model("common_effect"), orr)) == {"mu"}


@pytest.mark.slow
def test_a_profile_and_every_parameter(orr: bm.Arms, quick: bm.SamplerSettings) -> None:
    spec = bm.ModelSpec(
        covariates=bm.Covariates("regimen_class", {"regimen_class": "ven_hma"}),
        beta={"regimen_class[ven_ldac]": bm.Normal(-0.5, 0.5)},
        likelihood=bm.BetaBinomial(),
        study_effects=bm.ContaminatedEffects(),
    )
    fit = bm.fit(spec, orr, seed=1, settings=quick)
    tried = {
        "beta": [bm.Normal(0, 2)],
        "rho": [bm.Beta(1, 4)],
        "outlier_proportion": [bm.Uniform(0, 0.3)],
    }
    profile = {"regimen_class": "ven_ldac"}
    found = bm.prior_grid(fit, priors=tried, profile=profile, events_at_least=16, n=40)
    assert found["changed"].tolist() == ["", "beta", "rho", "outlier_proportion"]
    assert found["prior_beta"][0].endswith("regimen_class[ven_ldac] Normal(-0.5, 0.5)")
    assert found["prior_beta"][1] == "Normal(0, 2)"
    own = bm.predict(fit, n=40, profile=profile, seed=1).probability(events_at_least=16)
    assert found["probability"][0] == pytest.approx(float(own))
    # A wide prior in place of one that knows more: the interval is wider.
    width = found["typical_upper"] - found["typical_lower"]
    assert width[0] < 0.95 * width[1]


@pytest.mark.slow
def test_the_same_model_has_the_same_draws_in_every_table(
    drawn: pd.DataFrame, pooled_fit: bm.Fit
) -> None:
    again = bm.prior_grid(pooled_fit, priors={"tau": [bm.LogNormal(-1, 1)]}, rate_above=0.3)
    pd.testing.assert_series_equal(again.iloc[1], drawn.iloc[2], check_names=False)


def test_without_tau_its_numbers_are_missing(orr: bm.Arms) -> None:
    fit = bm.fit(bm.load_model("common_effect"), orr, method="quadrature")
    found = bm.prior_grid(fit)
    assert found["tau"].isna().all()
    assert found["typical"].notna().all()
    assert "prior_tau" not in found


def test_a_fit_that_can_not_be_made_is_a_row_that_is_not_ok(
    small: bm.QuadratureFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesmeta.sensitivity import prior_grid

    def fails(*_: object) -> None:
        raise bm.SamplingError("no start")

    monkeypatch.setattr(prior_grid, "refitted", fails)
    found = bm.prior_grid(small, priors={"tau": [bm.HalfNormal(0.5)]}, rate_above=0.3)
    assert found["ok"].tolist() == [True, False]
    assert np.isnan(found["probability"][1])
    assert np.isnan(found["mcse_typical"][1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"priors": {"tua": [bm.HalfNormal(1)]}}, "no prior of 'tua'. Did you mean 'tau'"),
        ({"priors": {"beta": [bm.Normal(0, 1)]}}, "no prior of 'beta'. .*Valid: mu, tau"),
        ({"priors": {"tau": []}}, r"list of priors for each parameter, such as \{'tau'"),
        ({"priors": {"tau": bm.HalfNormal(1)}}, "must give a list of priors"),
        ({"priors": {}}, "must give a list of priors"),
        ({"priors": [bm.HalfNormal(1)]}, "must give a list of priors"),
        ({"priors": {"tau": ["HalfNormal(1)"]}}, "must give a list of priors"),
        ({"ci_prob": 95}, "`ci_prob` must lie between 0 and 1"),
        ({"rate_abov": 0.3}, "no argument `rate_abov`. Did you mean 'rate_above'"),
        (
            {"rate_above": 0.3, "rate_below": 0.5},
            "exactly one of rate_above, .*; got rate_above, rate_below",
        ),
        ({"n": 40}, "exactly one of rate_above, .*; got none"),
        ({"rate_above": 0.3, "n": 40}, "`n` has no effect on `rate_above`"),
        ({"events_at_least": 3}, "`events_at_least` needs `n`"),
        ({"event": "responders >= 3"}, "responders need `n`, the patients of the cohort"),
        ({"event": "rate > 0.3", "n": 40}, "`n` has no effect on `event`, which is about a rate"),
        ({"events_at_least": 41, "n": 40}, "whole number from 0 to n = 40; got 41"),
        ({"rate_above": 30}, "`rate_above` must be a probability from 0 to 1; got 30"),
    ],
)
def test_bad_arguments(small: bm.QuadratureFit, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.prior_grid(small, **arguments)  # type: ignore[arg-type]


def test_a_prior_that_can_not_stand_there_is_refused_before_any_fit(
    small: bm.QuadratureFit,
) -> None:
    with pytest.raises(bm.SpecError, match="`tau` is a standard deviation"):
        bm.prior_grid(small, priors={"tau": [bm.Normal(0, 1)]})
