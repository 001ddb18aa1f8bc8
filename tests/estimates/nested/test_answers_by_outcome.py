"""Answers about one of several nested outcomes, against sums over the draws and a fit of one outcome."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import bayesmeta as bm
from bayesmeta.estimates.contrasts import contrast
from bayesmeta.estimates.forest_table import forest_numbers
from bayesmeta.estimates.funnel_numbers import funnel_numbers
from bayesmeta.estimates.heterogeneity import i_squared
from bayesmeta.estimates.identifiability import identifiability
from bayesmeta.estimates.outcome_draws import draws_of
from bayesmeta.estimates.prior_posterior_numbers import prior_posterior_numbers
from bayesmeta.estimates.subgroup_numbers import subgroup_numbers
from bayesmeta.estimates.tau_numbers import tau_numbers
from bayesmeta.inference.draws import assemble
from bayesmeta.inference.result import provenance
from bayesmeta.model import make_design

BY_REGIMEN = bm.Covariates("regimen", reference={"regimen": "a"})
SPEC = bm.ModelSpec(covariates=BY_REGIMEN, correlation=bm.LKJ(2))


@pytest.fixture(scope="module")
def fit(make_fit: Callable[[bm.ModelSpec], bm.Fit]) -> bm.Fit:
    return make_fit(SPEC)


@pytest.fixture(scope="module")
def alone(fit: bm.Fit) -> bm.Fit:
    """A fit of the outermost outcome by itself, with the same draws."""
    arms = fit.arms.of("ORR")
    there = fit.arms.frame["ORR"].notna().to_numpy()
    spec = bm.ModelSpec(
        "orr", covariates=BY_REGIMEN, study_effects=bm.NormalEffects(fit.design.tau[0])
    )
    design = make_design(spec, arms, warn=False)
    whole = fit.posterior
    studies = [list(fit.arms.studies).index(study) for study in arms.studies]
    drawn = {
        "mu": np.asarray(whole["mu"])[..., 0],
        "beta": np.asarray(whole["beta"])[..., 0, :],
        "tau": np.asarray(whole["tau"])[..., 0],
        "u": np.asarray(whole["u"])[:, :, studies, 0],
        "theta": np.asarray(whole["theta"])[:, :, there, 0],
    }
    statistics = {
        name: np.asarray(one) for name, one in fit.draws["sample_stats"].to_dataset().items()
    }
    draws = assemble(design, drawn, statistics, np.random.SeedSequence(1))
    origin = provenance(spec, arms, seed=1, engine="compiled", seconds=0.0)
    return bm.Fit(design.spec, arms, fit.settings, draws, provenance=origin, coding=design.coding)


def test_the_outermost_outcome_is_answered_as_one_by_itself(fit: bm.Fit, alone: bm.Fit) -> None:
    pd.testing.assert_frame_equal(bm.shrinkage(fit, outcome="ORR"), bm.shrinkage(alone))
    both = contrast(fit, outcome="ORR"), contrast(alone)
    pd.testing.assert_frame_equal(both[0].table, both[1].table)
    pd.testing.assert_frame_equal(both[0].ranks, both[1].ranks)
    np.testing.assert_allclose(
        i_squared(draws_of(fit, "ORR"))[""], i_squared(draws_of(alone))[""], rtol=1e-12
    )
    tables = [forest_numbers(fit, outcome="ORR").table, forest_numbers(alone).table]
    kept = [table[table["kind"] != "new study"] for table in tables]
    pd.testing.assert_frame_equal(*kept)
    columns = ["rate", "lower", "upper"]
    ends = [table.loc[table["kind"] == "new study", columns].to_numpy(float) for table in tables]
    # Effects of new studies enter at other points.
    np.testing.assert_allclose(*ends, atol=0.01)


@pytest.mark.slow
def test_figures_of_the_outermost_outcome_are_those_of_it_by_itself(
    fit: bm.Fit, alone: bm.Fit
) -> None:
    tau = tau_numbers(fit, outcome="ORR").table, tau_numbers(alone).table
    pd.testing.assert_frame_equal(*tau)
    groups = [
        found.table.drop(columns=["new_study_lower", "new_study_upper"])
        for found in (subgroup_numbers(fit, outcome="ORR"), subgroup_numbers(alone))
    ]
    pd.testing.assert_frame_equal(*groups)
    funnels = [funnel_numbers(fit, outcome="ORR").table, funnel_numbers(alone).table]
    shown = ["study", "events", "n", "rate", "typical", "chance_lower", "chance_upper"]
    pd.testing.assert_frame_equal(funnels[0][shown], funnels[1][shown])
    numbers = prior_posterior_numbers(fit, outcome="ORR"), prior_posterior_numbers(alone)
    intervals = [found.intervals.set_index("quantity") for found in numbers]
    assert list(intervals[0].index) == list(intervals[1].index)
    parameters = [found.drop(["typical rate", "new study"]) for found in intervals]
    pd.testing.assert_frame_equal(*parameters)
    rates = [
        found.loc["typical rate", "prior_median":"prior_upper"].astype(float) for found in intervals
    ]
    # The prior of an outcome is known by 1,000 draws.
    np.testing.assert_allclose(*rates, atol=0.05)


def test_a_contrast_is_that_of_typical_rates_in_the_draws(fit: bm.Fit) -> None:
    rates = {level: draws_of(fit, "CR").rates({"regimen": level}).typical for level in ("a", "b")}
    [row] = contrast(fit, outcome="CR", against="a").table.to_dict("records")
    ratio = np.exp(logit(rates["b"]) - logit(rates["a"]))
    assert row["odds_ratio"] == pytest.approx(np.median(ratio))
    assert row["odds_ratio_upper"] == pytest.approx(np.quantile(ratio, 0.975), rel=1e-4)
    assert row["rate_difference"] == pytest.approx(np.median(rates["b"] - rates["a"]))
    assert row["probability_higher"] == pytest.approx((rates["b"] > rates["a"]).mean())
    # No study has CR in regimen b.
    assert (row["studies_level"], row["arms_level"]) == (0, 0)
    assert "Contrasts(CR, regimen" in repr(contrast(fit, outcome="CR"))


def test_shrinkage_has_the_product_of_conditional_probabilities(fit: bm.Fit) -> None:
    table = bm.shrinkage(fit, outcome="CR")
    assert table["study"].tolist() == ["s1", "s3"]
    assert table["events"].tolist() == [5, 2]
    whole = expit(np.asarray(fit.posterior["theta"])).prod(axis=-1)[..., [0, 2]]
    found = np.quantile(whole, [0.025, 0.5, 0.975], axis=(0, 1)).T
    np.testing.assert_allclose(table[["lower", "rate", "upper"]], found, rtol=1e-12)
    assert table["shrinkage"].between(0, 1).all()


def test_the_variance_between_studies_is_that_of_simulated_studies(fit: bm.Fit) -> None:
    small = fit.posterior["tau"].copy(data=np.full(fit.posterior["tau"].shape, 0.05))
    draws = fit.draws.copy()
    draws["posterior"] = fit.posterior.assign(tau=small)
    narrow = bm.Fit(
        fit.spec, fit.arms, fit.settings, draws, provenance=fit.provenance, coding=fit.coding
    )
    drawn = draws_of(narrow, "CR")
    nodes = drawn.rates(None).cohort().theta
    # The 16 nodes of a draw are evenly spread; of effects this small the delta method is right.
    assert drawn.between.mean() == pytest.approx(nodes.var(axis=-1).mean(), rel=0.05)


def test_a_prediction_of_one_outcome_is_that_of_all(fit: bm.Fit) -> None:
    together = bm.predict(fit, n=20, profile={"regimen": "b"}, seed=1).of("CR")
    alone = bm.predict(fit, n=20, outcome="CR", profile={"regimen": "b"}, seed=1)
    pd.testing.assert_frame_equal(together.pmf, alone.pmf)
    further = bm.predict(fit, n=20, study="s1", seed=1).of("CR")
    again = bm.predict(fit, n=20, outcome="CR", study="s1", seed=1)
    pd.testing.assert_frame_equal(further.interval(0.9), again.interval(0.9))


def test_a_summary_has_the_heterogeneity_of_each_outcome(fit: bm.Fit) -> None:
    table = bm.summary(fit)
    rows = table[table["quantity"] == "i_squared"]
    assert rows["outcome"].tolist() == ["ORR", "CR_CRi", "CR"]
    assert rows["mean"].between(0, 1).all()


def test_what_each_coefficient_is_known_from_is_told_by_outcome(fit: bm.Fit) -> None:
    table = identifiability(fit).set_index(["outcome", "coefficient"])
    assert table["studies"].to_dict() == {
        ("ORR", "regimen[b]"): 2,
        ("ORR", "tau"): 4,
        ("CR_CRi", "regimen[b]"): 1,
        ("CR_CRi", "tau"): 3,
        ("CR", "regimen[b]"): 0,
        ("CR", "tau"): 2,
    }
    assert table.loc[("ORR", "regimen[b]"), "between_only"]
    assert np.isnan(table.loc[("CR", "regimen[b]"), "within_share"])


@pytest.mark.parametrize(
    "ask",
    [contrast, bm.shrinkage, forest_numbers, funnel_numbers, subgroup_numbers, bm.map_prior],
)
def test_an_outcome_must_be_named(ask: Callable[..., object], fit: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match=r"must be one of ORR, CR_CRi, CR, .* it is missing"):
        ask(fit)
    with pytest.raises(bm.SettingsError, match=r"must be one of ORR, CR_CRi, CR, .* got 'PR'"):
        ask(fit, outcome="PR")


@pytest.mark.parametrize(
    "ask",
    [
        lambda fit, **of: contrast(fit, **of).table,
        bm.shrinkage,
        lambda fit, **of: forest_numbers(fit, **of).table,
        lambda fit, **of: bm.predict(fit, n=10, seed=1, **of).interval(0.9),
        bm.prior_sensitivity,
        bm.power_scaling,
        lambda fit, **of: repr(bm.map_prior(fit, force=True, **of)),
        lambda fit, **of: bm.plots.forest(fit, **of).table,
        lambda fit, **of: bm.plots.trace(fit, **of).table,
        lambda fit, **of: bm.plots.prior_posterior(fit, **of).table,
    ],
)
def test_the_only_outcome_may_be_named_and_no_other(
    ask: Callable[..., object], alone: bm.Fit
) -> None:
    named, unnamed = ask(alone, outcome="ORR"), ask(alone)
    if isinstance(named, pd.DataFrame):
        pd.testing.assert_frame_equal(named, unnamed)
    else:
        assert named == unnamed
    match = "`outcome` must be 'ORR', the only outcome of the fit; got 'CR'. Leave it out"
    with pytest.raises(bm.SettingsError, match=match):
        ask(alone, outcome="CR")
