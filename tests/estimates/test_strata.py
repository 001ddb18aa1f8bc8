"""Answers by the levels of a stratum: contrasts, the share within studies, slopes by study."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import binom

import bayesmeta as bm
from bayesmeta.comparison.held_out import lean, log_predictive, only
from bayesmeta.estimates.heterogeneity import arm_information, sampling_variance
from bayesmeta.estimates.level_table import has_level_rates
from bayesmeta.estimates.outcome_draws import draws_of
from bayesmeta.estimates.profile_rates import profile_rates
from bayesmeta.inference.integrated.likelihood import study_log_likelihood


def test_a_contrast_is_that_of_the_median_study(divided_fit: bm.Fit) -> None:
    found = bm.contrast(divided_fit, "prior").table.iloc[0]
    assert found["log_odds_ratio"] == pytest.approx(
        float(divided_fit.posterior["beta"].mean()), rel=1e-9
    )
    # A total informs on both levels, a study of one level on that one.
    assert (found["studies_level"], found["studies_versus"], found["studies_both"]) == (4, 5, 4)


def test_the_share_within_studies_by_generalised_least_squares(divided_fit: bm.Fit) -> None:
    drawn = draws_of(divided_fit)
    variance = 1 / arm_information(sampling_variance(drawn))
    tau = float(np.sqrt(drawn.between).mean())
    sigma = float(divided_fit.posterior["sigma"].mean())
    column = divided_fit.design.matrix[:, 0]
    same = divided_fit.arms.study_index[:, None] == divided_fit.arms.study_index
    slopes = sigma**2 * np.outer(column, column) * same

    def information(between: float) -> float:
        whole = np.diag(variance) + slopes + between**2 * same
        design = np.column_stack([np.ones(len(column)), column])
        return float(1 / np.linalg.inv(design.T @ np.linalg.solve(whole, design))[1, 1])

    share = bm.contrast(divided_fit, "prior").table["within_share"].iloc[0]
    assert share == pytest.approx(information(1e4) / information(tau), rel=1e-4)
    assert 0 < share < 1


def test_new_studies_differ_by_their_effects_and_slopes_together(divided_fit: bm.Fit) -> None:
    rng = np.random.default_rng(2)
    tau, sigma, mu = (
        np.asarray(divided_fit.posterior[name]).ravel() for name in ("tau", "sigma", "mu")
    )
    beta, z = (
        np.asarray(divided_fit.posterior["beta"]).ravel(),
        rng.standard_normal((2, 400, tau.size)),
    )
    for level, slope in (("no", 0.0), ("yes", 1.0)):
        theta = mu + slope * beta + tau * z[0] + slope * sigma * z[1]
        rates = profile_rates(divided_fit, {"prior": level})
        found = rates.cohort().rate
        for p in (0.05, 0.5, 0.95):
            expected = np.quantile(expit(theta), p)
            assert logit(found.quantile(p).value) == pytest.approx(logit(expected), abs=0.03)
        assert rates.mean.mean() == pytest.approx(expit(theta).mean(), abs=0.003)


def test_rates_of_totals_are_those_of_all_patients(divided_fit: bm.Fit) -> None:
    table = bm.shrinkage(divided_fit).set_index(divided_fit.arms.labels)
    u, b = (np.asarray(divided_fit.posterior[name]) for name in ("u", "b"))
    place = list(divided_fit.arms.studies).index("s4")
    low = np.asarray(divided_fit.posterior["mu"]) + u[..., place]
    high = low + np.asarray(divided_fit.posterior["beta"])[..., 0] + b[..., place]
    rate = (60 * expit(low) + 30 * expit(high)) / 90
    assert table.loc["s4", "rate"] == pytest.approx(np.median(rate), rel=1e-9)


def test_further_cohorts_of_a_study_have_its_slope(divided_fit: bm.Fit) -> None:
    place = list(divided_fit.arms.studies).index("s1")
    theta = (
        np.asarray(divided_fit.posterior["mu"]) + np.asarray(divided_fit.posterior["u"])[..., place]
    )
    theta = theta + np.asarray(divided_fit.posterior["beta"])[..., 0]
    theta = theta + np.asarray(divided_fit.posterior["b"])[..., place]
    found = bm.predict(divided_fit, n=40, study="s1", profile={"prior": "yes"}, seed=3)
    middle = found.interval(0.95).loc["rate", "median"]
    assert middle == pytest.approx(np.median(expit(theta)), abs=1e-3)


def test_refits_and_saved_runs_keep_totals(divided_fit: bm.Fit, tmp_path: Path) -> None:
    whole = divided_fit.design.totals
    alone = only(lean(divided_fit.design), "s4").totals
    assert [divided_fit.arms.labels[place] for place in whole.arm] == ["s2", "s4"]
    assert (alone.arm.tolist(), alone.first.tolist(), alone.second.tolist()) == ([0], [60], [30])
    assert only(lean(divided_fit.design), "s5").totals.arm.size == 0
    divided_fit.save(tmp_path / "run")
    again = bm.load_fit(tmp_path / "run").design.totals
    assert all(np.array_equal(one, other) for one, other in zip(again, whole, strict=True))


def test_a_study_left_out_is_predicted_with_its_totals(divided_fit: bm.Fit) -> None:
    new = only(lean(divided_fit.design), "s4")
    names = ("mu", "beta", "tau", "sigma", "b")
    drawn = {name: np.asarray(divided_fit.posterior[name])[:, :50] for name in names}
    difference = drawn["beta"][..., 0] + drawn["b"][..., list(divided_fit.arms.studies).index("s4")]
    grid, k = np.linspace(-9, 9, 601), np.arange(31)
    density = np.exp(-(grid**2) / 2) / np.exp(-(grid**2) / 2).sum()
    exact = np.zeros_like(drawn["mu"])
    for node, weight in zip(grid, density, strict=True):
        low = expit(drawn["mu"] + drawn["tau"] * node)[..., None]
        high = expit(logit(low) + difference[..., None])
        exact += weight * (binom.pmf(41 - k, 60, low) * binom.pmf(k, 30, high)).sum(axis=-1)
    found = np.exp(study_log_likelihood(new, drawn)[..., 0])
    assert np.allclose(found, exact, rtol=1e-6)
    whole = log_predictive(divided_fit, new)[:, :50, 0]
    assert np.allclose(np.exp(whole), found, rtol=1e-12)


def test_replicated_totals_have_the_rates_of_their_levels(divided_fit: bm.Fit) -> None:
    found = bm.posterior_predictive_check(divided_fit, seed=4)
    place = list(divided_fit.arms.labels[divided_fit.arms.n > 0]).index("s4")
    rate = bm.shrinkage(divided_fit).set_index(divided_fit.arms.labels).loc["s4", "rate"]
    assert found.events[:, place].mean() == pytest.approx(90 * rate, abs=1)


def test_slopes_alone_give_levels_no_rates(divided_fit: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match="a model without exchangeable levels"):
        bm.level_effects(divided_fit)
    assert not has_level_rates(divided_fit.coding)
