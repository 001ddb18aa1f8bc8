"""Contrasts: what they are of the draws, where their information comes from, what is refused."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import bayesmeta as bm
from bayesmeta.estimates.contrast_table import Contrasts
from bayesmeta.estimates.contrasts import contrast
from bayesmeta.estimates.precision import mean_of, quantile_of

ESTIMATES = [
    "odds_ratio",
    "odds_ratio_lower",
    "odds_ratio_upper",
    "log_odds_ratio",
    "log_odds_ratio_sd",
    "rate_difference",
    "rate_difference_lower",
    "rate_difference_upper",
    "probability_higher",
]
BASIS = ["within_share", "between_only", "studies_level", "studies_versus", "studies_both"]
BASIS += ["arms_level", "arms_versus", "inferred_level", "inferred_versus"]

Make = Callable[..., bm.Arms]


@pytest.fixture(scope="module")
def found(regimen_fit: bm.Fit) -> Contrasts:
    return contrast(regimen_fit)


@pytest.fixture(scope="module")
def crossed_fit(make_arms: Make, quick: bm.SamplerSettings) -> bm.Fit:
    """A factor whose effect depends on a number; one arm has no patients."""
    arms = make_arms(
        [(4, 20), (9, 21), (6, 15), (3, 18), (12, 30), (8, 16), (5, 19), (0, 0)],
        ["a", "a", "b", "c", "d", "e", "f", "g"],
        dose=["low", "high", "high", "low", "low", "high", "low", "high"],
        age=[60, 61, 70, 66, 72, 58, 64, 65],
    )
    covariates = bm.Covariates("dose * age", {"dose": "low"}, centre={"age": 65})
    return bm.fit(bm.ModelSpec(covariates=covariates), arms, seed=1, settings=quick)


def test_every_pair_once_with_its_columns(found: Contrasts) -> None:
    expected = ["level", "versus", "profile", *ESTIMATES, *(f"mcse_{name}" for name in ESTIMATES)]
    assert list(found.table.columns) == [*expected, *BASIS]
    pairs = {frozenset(pair) for pair in found.table[["level", "versus"]].to_numpy()}
    assert len(found.table) == len(pairs) == 28
    assert not (found.table["level"] == "ven_hma").any()
    assert (
        repr(found)
        == "Contrasts(regimen_class: 28 pairs of 8 levels, 28 only from differences between studies)"
    )


def test_numbers_are_those_of_the_draws(regimen_fit: bm.Fit, found: Contrasts) -> None:
    posterior = regimen_fit.posterior
    mu = posterior["mu"].to_numpy()
    beta = {
        level: posterior["beta"].sel(covariate=f"regimen_class[{level}]").to_numpy()
        for level in ("ven_ldac", "ven_various")
    }
    row = found.table.set_index(["level", "versus"]).loc["ven_various", "ven_ldac"]
    difference = beta["ven_various"] - beta["ven_ldac"]
    assert row["odds_ratio"] == pytest.approx(np.median(np.exp(difference)), rel=1e-4)
    assert row["odds_ratio_lower"] == pytest.approx(
        np.quantile(np.exp(difference), 0.025), rel=1e-3
    )
    assert row["log_odds_ratio"] == pytest.approx(difference.mean())
    assert row["log_odds_ratio_sd"] == pytest.approx(difference.std())
    rates = expit(mu + beta["ven_various"]) - expit(mu + beta["ven_ldac"])
    low, median, high = np.quantile(rates, [0.025, 0.5, 0.975])
    assert row["rate_difference"] == pytest.approx(median)
    assert row["rate_difference_lower"] == pytest.approx(low)
    assert row["rate_difference_upper"] == pytest.approx(high)
    assert row["probability_higher"] == pytest.approx((difference > 0).mean())
    assert row["mcse_log_odds_ratio"] == pytest.approx(mean_of(difference).mcse)
    assert row["mcse_odds_ratio_upper"] == pytest.approx(
        quantile_of(np.exp(difference), 0.975).mcse, rel=0.05
    )


def test_large_trials_give_the_odds_ratio_of_their_counts(make_arms: Make) -> None:
    """With one rate a level and much evidence: log(ad/bc), variance the sum of 1/count (Woolf)."""
    arms = make_arms([(300, 1000), (450, 1000)], ["a", "b"], dose=["low", "high"])
    spec = bm.ModelSpec(
        study_effects=bm.CommonEffect(),
        covariates=bm.Covariates("dose", {"dose": "low"}),
        beta=bm.Normal(0, 100),
        mu=bm.Normal(0, 100),
    )
    found = contrast(bm.fit(spec, arms, seed=1)).table.iloc[0]
    error = np.sqrt(1 / 300 + 1 / 700 + 1 / 450 + 1 / 550)
    truth = np.log(450 / 550 / (300 / 700))
    assert abs(found["log_odds_ratio"] - truth) < 4 * found["mcse_log_odds_ratio"] + 0.01 * error
    assert found["log_odds_ratio_sd"] == pytest.approx(error, rel=0.05)
    assert abs(found["rate_difference"] - 0.15) < 0.002
    assert found["between_only"]


def test_against_one_level(regimen_fit: bm.Fit, found: Contrasts) -> None:
    against = contrast(regimen_fit, "regimen_class", against="ven_ldac")
    assert len(against.table) == 7
    assert set(against.table["versus"]) == {"ven_ldac"}
    turned = against.table.set_index("level").loc["ven_hma"]
    row = found.table.set_index(["level", "versus"]).loc["ven_ldac", "ven_hma"]
    assert turned["odds_ratio"] == pytest.approx(1 / row["odds_ratio"])
    assert turned["odds_ratio_lower"] == pytest.approx(1 / row["odds_ratio_upper"])
    assert turned["rate_difference"] == pytest.approx(-row["rate_difference"])
    assert turned["probability_higher"] == pytest.approx(1 - row["probability_higher"])
    assert turned["within_share"] == pytest.approx(row["within_share"])
    # Ranks are among all levels, whatever they are compared with.
    pd.testing.assert_frame_equal(against.ranks, found.ranks, rtol=1e-12)


def test_only_one_pair_was_ever_compared_within_a_study(parts_fit: bm.Fit) -> None:
    found = contrast(parts_fit)
    inside = found.table[~found.table["between_only"]]
    assert inside[["level", "versus"]].to_numpy().tolist() == [["ven_ldac", "ven_hma"]]
    assert inside[["studies_level", "studies_versus", "studies_both"]].to_numpy().tolist() == [
        [3, 12, 2]
    ]
    assert inside[["inferred_level", "inferred_versus"]].to_numpy().tolist() == [[2, 4]]
    others = found.table[found.table["between_only"]]
    assert (others["within_share"] == 0).all()
    assert (others["studies_both"] == 0).all()


def test_ranks_are_those_of_the_draws(regimen_fit: bm.Fit, found: Contrasts) -> None:
    posterior = regimen_fit.posterior
    beta = posterior["beta"].to_numpy().reshape(-1, 7)
    theta = np.column_stack([np.zeros(len(beta)), beta])
    ranks = stats.rankdata(-theta, axis=1)
    names = [f"rank_{rank}" for rank in range(1, 9)]
    shares = np.array([(ranks == rank).mean(axis=0) for rank in range(1, 9)]).T
    assert found.ranks["level"].tolist()[0] == "ven_hma"
    assert found.ranks[names].to_numpy() == pytest.approx(shares)
    assert found.ranks[names].sum(axis=1).to_numpy() == pytest.approx(np.ones(8))
    assert found.ranks[names].sum(axis=0).to_numpy() == pytest.approx(np.ones(8))
    assert found.ranks["mean_rank"].to_numpy() == pytest.approx(ranks.mean(axis=0))
    # Salanti 2011: the mean of the cumulative rank probabilities but the last.
    assert found.ranks["sucra"].to_numpy() == pytest.approx(
        np.cumsum(shares, axis=1)[:, :-1].mean(axis=1)
    )
    assert found.ranks["sucra"].mean() == pytest.approx(0.5)
    assert found.ranks["mcse_sucra"].between(0, 0.01).all()


def test_wider_intervals_for_more_probability(regimen_fit: bm.Fit, found: Contrasts) -> None:
    wide = contrast(regimen_fit, ci_prob=0.99)
    assert (wide.table["odds_ratio_lower"] < found.table["odds_ratio_lower"]).all()
    assert (wide.table["rate_difference_upper"] > found.table["rate_difference_upper"]).all()
    assert wide.ci_prob == 0.99


def test_an_interaction_counts_where_the_profile_stands(crossed_fit: bm.Fit) -> None:
    beta = crossed_fit.posterior["beta"].to_dataset("covariate")
    for age in (60, 70):
        row = contrast(crossed_fit, profile={"age": age}).table.iloc[0]
        expected = beta["dose[high]"] + (age - 65) * beta["dose[high]:age"]
        assert row["log_odds_ratio"] == pytest.approx(float(expected.mean()))
        assert row["profile"] == f"age={age}"
    # The reference profile is the default.
    plain = contrast(crossed_fit).table.iloc[0]
    assert plain["profile"] == "age=65 (centre)"
    assert plain["log_odds_ratio"] == pytest.approx(float(beta["dose[high]"].mean()))


def test_an_arm_without_patients_is_no_study(crossed_fit: bm.Fit) -> None:
    row = contrast(crossed_fit).table.iloc[0]
    assert row[["studies_level", "studies_versus", "studies_both"]].tolist() == [3, 4, 1]
    assert 0 <= row["within_share"] < 1


def test_trials_of_equal_arms_tell_all_within(make_arms: Make, quick: bm.SamplerSettings) -> None:
    arms = make_arms(
        [(20, 40), (24, 40), (15, 30), (18, 30)], ["a", "a", "b", "b"], dose=["low", "high"] * 2
    )
    spec = bm.ModelSpec(covariates=bm.Covariates("dose", {"dose": "low"}))
    row = contrast(bm.fit(spec, arms, seed=1, settings=quick)).table.iloc[0]
    assert row["within_share"] == pytest.approx(1, abs=0.01)
    assert not row["between_only"]


def test_a_level_without_patients_has_no_share(make_arms: Make, quick: bm.SamplerSettings) -> None:
    arms = make_arms([(20, 40), (24, 40), (0, 0)], dose=["low", "mid", "high"])
    spec = bm.ModelSpec(covariates=bm.Covariates("dose", {"dose": "low"}))
    table = contrast(bm.fit(spec, arms, seed=1, settings=quick), against="low").table
    high, mid = (table.set_index("level").loc[level] for level in ("high", "mid"))
    assert np.isnan(high["within_share"])
    assert not high["between_only"]
    assert high["studies_level"] == 0
    assert mid["within_share"] == 0
    assert mid["between_only"]


def test_levels_that_were_grouped_are_one(make_arms: Make, quick: bm.SamplerSettings) -> None:
    arms = make_arms(
        [(4, 20), (9, 21), (6, 15), (3, 18)], design=["phase1", "phase2", "series", "cohort"]
    )
    groups = {"planned": ["phase1", "phase2"], "later": ["series", "cohort"]}
    covariates = bm.Covariates("design", {"design": "later"}, {"design": groups})
    fit = bm.fit(bm.ModelSpec(covariates=covariates), arms, seed=1, settings=quick)
    found = contrast(fit, against="phase2").table
    assert found[["level", "versus"]].to_numpy().tolist() == [["later", "planned"]]
    assert found[["studies_level", "studies_versus"]].to_numpy().tolist() == [[2, 2]]


def test_huge_odds_ratios_are_infinite_and_rates_stay(regimen_fit: bm.Fit) -> None:
    draws = regimen_fit.draws.copy()
    draws["posterior/beta"] = 3000 * draws["posterior/beta"]
    found = contrast(replace(regimen_fit, draws=draws))
    assert np.isinf(found.table["odds_ratio_upper"]).any()
    assert found.table["rate_difference"].between(-1, 1).all()
    assert found.ranks["sucra"].mean() == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"factor": "regimen"},
            bm.SettingsError,
            "`factor` names 'regimen', which is not a factor of the model. Did you mean 'regimen_class'",
        ),
        ({"factor": ["regimen_class"]}, bm.SettingsError, "`factor` names"),
        (
            {"against": "ven_hmas"},
            bm.SettingsError,
            "`against` names 'ven_hmas', which is not a level of 'regimen_class'. Did you mean 'ven_hma'",
        ),
        (
            {"profile": {"age": 3}},
            bm.ProfileError,
            "`profile` names 'age', which is not a covariate of the model",
        ),
        ({"profile": "ven_hma"}, bm.ProfileError, "`profile` must map covariates to values"),
        ({"ci_prob": 95}, bm.SettingsError, "`ci_prob` must lie between 0 and 1"),
    ],
)
def test_bad_arguments(
    regimen_fit: bm.Fit, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        contrast(regimen_fit, **arguments)  # type: ignore[arg-type]


def test_a_profile_may_be_partial_and_may_give_the_factor(crossed_fit: bm.Fit) -> None:
    plain = contrast(crossed_fit)
    for profile in ({}, {"dose": "high"}):
        pd.testing.assert_frame_equal(contrast(crossed_fit, profile=profile).table, plain.table)
    with pytest.raises(bm.SettingsError, match="'age', which is not a factor of the model"):
        contrast(crossed_fit, "age")


def test_a_model_without_factors(pooled_fit: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match="a model without factors"):
        contrast(pooled_fit)


def test_a_quadrature_fit_has_no_factors(orr: bm.Arms) -> None:
    with pytest.raises(
        bm.SettingsError, match="`fit` must be a Fit, which has draws; got QuadratureFit"
    ):
        contrast(bm.fit(bm.load_model("pooled"), orr, method="quadrature"))  # type: ignore[arg-type]


def test_where_the_model_has_one_rate_for_all_levels(
    make_arms: Make, quick: bm.SamplerSettings
) -> None:
    arms = make_arms(
        [(4, 20), (9, 21), (6, 15), (3, 18), (12, 30), (8, 16)],
        dose=["low", "high"] * 3,
        age=[60, 61, 70, 66, 72, 58],
    )
    covariates = bm.Covariates("age:dose", {"dose": "low"}, centre={"age": 65})
    fit = bm.fit(bm.ModelSpec(covariates=covariates), arms, seed=1, settings=quick)
    with pytest.raises(
        bm.ProfileError, match=r"at age=65 \(centre\) the model has one rate for 'high' and 'low'"
    ):
        contrast(fit)
    assert len(contrast(fit, profile={"age": 60}).table) == 1
