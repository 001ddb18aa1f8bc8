"""Sensitivity to priors of fits of survival: reweighting, refits, overlaps, tipping points."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import gaussian_kde, norm
from survival_examples import example_arms, survival_model

import bayesmeta as bm
from bayesmeta.sensitivity.changed_priors import own_priors
from bayesmeta.sensitivity.prior_grid import usual_priors

pytestmark = pytest.mark.filterwarnings(
    "ignore::bayesmeta.EvidenceWarning", "ignore::bayesmeta.ModelWarning"
)

ENDS = ("", "_lower", "_upper")
FEW = bm.SamplerSettings(chains=2, warmup=500, draws=1500)


@pytest.fixture(scope="module")
def arms() -> bm.SurvivalArms:
    return example_arms()


@pytest.fixture(scope="module")
def fit(arms: bm.SurvivalArms) -> bm.Fit:
    return bm.fit(survival_model(), arms, seed=1, settings=FEW)


def test_a_stronger_prior_of_tau_is_that_of_a_refit(fit: bm.Fit, arms: bm.SurvivalArms) -> None:
    """The square of a half-normal density is one of a scale smaller by the root of 2.

    Both are draws, one of them reweighted, so that their joint error is 1.5 times that of either: six
    numbers all lie within 4 of these in all but 1 of 2,000 runs.
    """
    found = bm.prior_sensitivity(fit, time=12).set_index("power").loc[2.0]
    effects = bm.NormalEffects(tau=bm.HalfNormal(1 / np.sqrt(2)))
    again = bm.fit(replace(fit.spec, study_effects=effects), arms, seed=2, settings=FEW)
    own = bm.summary(again).set_index(["quantity", "profile", "time"]).sort_index()
    for name, key in (
        ("new_study_median", ("new study median", "regimen=a", np.nan)),
        ("new_study_survival", ("new study survival", "regimen=a", 12.0)),
    ):
        row = own.loc[key] if name.endswith("survival") else own.xs(key[:2]).iloc[0]
        row = row.squeeze()
        for end, quantile in (("", "median"), ("_lower", "lower"), ("_upper", "upper")):
            error = float(row[f"mcse_{quantile}"])
            assert found[f"{name}{end}"] == pytest.approx(float(row[quantile]), abs=4 * 1.5 * error)


def test_the_model_s_own_row_is_its_summary_and_another_that_of_a_refit(
    fit: bm.Fit, arms: bm.SurvivalArms
) -> None:
    priors = {"kappa": [bm.Normal(0.5, 0.05)]}
    found = bm.prior_grid(fit, priors=priors, time=6, rate_above=0.5)
    assert found["time"].tolist() == [6.0, 6.0]
    own = bm.summary(fit, times=6).query("profile == 'regimen=a'").set_index("quantity")
    names = ["typical median", "new study median", "typical survival", "mean survival", "new study survival"]  # fmt: skip
    for name in names:
        shown = [found.loc[0, f"{name.replace(' ', '_')}{end}"] for end in ENDS]
        assert shown == pytest.approx(own.loc[name, ["median", "lower", "upper"]].tolist())
    predicted = bm.predict(fit, n=1, time=6, seed=1)
    assert found.loc[0, "probability"] == pytest.approx(predicted.probability(rate_above=0.5))
    assert found.loc[1, "prior_kappa"] == "Normal(0.5, 0.05)"
    # The greater the shape, the later deaths come: more are alive before the median, which stays.
    assert found.loc[1, "typical_survival"] > found.loc[0, "typical_survival"] + 0.03
    assert found.loc[1, "typical_median"] == pytest.approx(found.loc[0, "typical_median"], rel=0.15)


def test_overlaps_are_those_of_log_medians(fit: bm.Fit) -> None:
    found = bm.power_scaling(fit, time=24).set_index("quantity")
    theta = np.asarray(fit.posterior["mu"]).ravel()
    x = np.linspace(-3, 8, 4000)
    expected = np.minimum(gaussian_kde(theta)(x), norm(2.5, 1.5).pdf(x)).sum() * (x[1] - x[0])
    assert found.loc["typical median", "overlap"] == pytest.approx(expected, abs=0.01)
    assert found.loc["mu", "overlap"] == pytest.approx(expected, abs=0.01)
    assert found.loc["new study survival", "time"] == 24
    assert np.isnan(found.loc["new study median", "time"])
    assert np.isnan(found.loc["typical survival", "overlap"])
    assert found.loc["tau", "likelihood"] > 0.05
    assert found.loc["mu", "prior_kappa"] < 0.05


def test_a_prior_that_decides_is_told(arms: bm.SurvivalArms) -> None:
    curve = bm.WeibullSurvival(kappa=bm.Normal(0.7, 0.02))
    fixed = bm.fit(replace(survival_model(), curve=curve), arms, seed=1, settings=FEW)
    found = bm.power_scaling(fixed).set_index("quantity")
    assert found.loc["kappa", "diagnosis"] == "strong prior / weak likelihood"
    assert found.loc["kappa", "overlap"] > 0.9


def test_priors_of_curves_are_among_those_tried(fit: bm.Fit, arms: bm.SurvivalArms) -> None:
    assert list(own_priors(fit.spec, arms)) == ["mu", "beta", "tau", "kappa", "tau_k", "retention"]
    tried = usual_priors(fit.spec, arms)
    assert tried["mu"] == (bm.Normal(2.5, 1.0), bm.Normal(2.5, 1.5), bm.Normal(2.5, 2.5))
    assert tried["kappa"] == (bm.Normal(0, 0.15), bm.Normal(0, 0.3), bm.Normal(0, 0.6))
    told = arms.rows(np.isin(arms.labels, ["s1/y", "s4/x", "s6/x"]))
    assert "retention" not in own_priors(fit.spec, told)
    plain = replace(fit.spec, curve=bm.ExponentialSurvival())
    assert "kappa" not in usual_priors(plain, arms)


def test_a_sensitivity_is_told_in_months(fit: bm.Fit) -> None:
    found = bm.sensitivity(fit, priors={"tau": [bm.HalfNormal(0.2)]}, time=12, rate_above=0.3)
    assert found.time == 12
    assert str(found.question) == "P(survival at 12 months of a new study > 0.3)"
    changes = found.changes
    assert changes["change"].tolist() == pytest.approx(
        (found.priors["typical_median"] - found.priors["typical_median"].iloc[0]).tolist()
    )
    assert 0 < changes["overlap"].iloc[1] < changes["overlap"].iloc[0] == 1
    plot = bm.plots.sensitivity(found)
    texts = " ".join(text.get_text() for text in plot.figure.findobj(lambda one: hasattr(one, "get_text")))  # fmt: skip
    assert "median of a new study (months)" in texts
    assert "typical rate" not in texts.replace("\n", " ")


def test_a_decision_about_survival_tips(fit: bm.Fit) -> None:
    found = bm.tipping_point(fit, certainty=0.6, time=36, rate_above=0.2, parameter="kappa")
    assert "survival at 36 months of a new study > 0.2" in repr(found)
    own = bm.predict(fit, n=1, time=36, seed=1).probability(rate_above=0.2)
    [row] = found.trials[found.trials["factor"] == 1].to_dict("records")
    assert row["probability"] == pytest.approx(own)


@pytest.mark.parametrize(
    "name", ["prior_sensitivity", "power_scaling", "prior_grid", "sensitivity"]
)
def test_times_are_of_survival_and_above_0(name: str, fit: bm.Fit, pooled_fit: bm.Fit) -> None:
    asked = getattr(bm, name)
    with pytest.raises(bm.SettingsError, match=r"`time` has no effect on response rates"):
        asked(pooled_fit, time=12)
    with pytest.raises(bm.SettingsError, match=r"`time` must be months above 0, .* got -1"):
        asked(fit, time=-1)
