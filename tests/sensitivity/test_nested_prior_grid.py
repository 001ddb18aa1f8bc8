"""Rates of nested outcomes under other priors, against exact posteriors of the outermost outcome."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.sensitivity import prior_grid
from bayesmeta.sensitivity.prior_grid import usual_priors

pytestmark = pytest.mark.stored

TRIED = [bm.HalfNormal(0.25), bm.HalfCauchy(0.5)]


@pytest.fixture(scope="module")
def fit(table: bm.EvidenceTable) -> bm.Fit:
    arms = table.select(outcomes=["ORR", "CR_CRi"], venetoclax="yes", by_definition="keep")
    reported = arms.drop(np.isnan(arms.counts[:, 0]), "ORR is not reported")
    return bm.fit(bm.ModelSpec(correlation=None), reported, seed=1)


@pytest.fixture(scope="module")
def found(fit: bm.Fit) -> pd.DataFrame:
    return bm.prior_grid(fit, priors={"tau": TRIED, "correlation": [bm.LKJ(1)]})


@pytest.mark.slow
def test_the_outermost_outcome_is_as_by_itself(found: pd.DataFrame, fit: bm.Fit) -> None:
    # Its ratio has effects of its own, and every arm reports it: the other outcome says nothing of it.
    alone = bm.fit(bm.ModelSpec(), fit.arms.of("ORR"), method="quadrature")
    exact = bm.prior_grid(alone, priors={"tau": TRIED})
    own = found[(found["outcome"] == "ORR") & (found["changed"] != "correlation")]
    assert own["ok"].all()
    assert own["prior_tau"].tolist() == exact["prior_tau"].tolist()
    for name in ("tau", "typical", "mean", "new_study"):
        for column in (name, f"{name}_lower", f"{name}_upper"):
            distance = np.abs(own[column].to_numpy() - exact[column].to_numpy())
            assert (distance < 4 * own[f"mcse_{column}"].to_numpy() + 0.002).all(), column


@pytest.mark.slow
def test_the_first_rows_are_of_the_fit_itself(found: pd.DataFrame, fit: bm.Fit) -> None:
    own = bm.summary(fit).set_index(["outcome", "quantity"])
    assert found["own"].tolist() == [True] * 2 + [False] * 6
    for row in found[found["own"]].to_dict("records"):
        for column, quantity in (("tau", "tau"), ("typical", "typical rate"), ("mean", "mean rate"), ("new_study", "new study")):  # fmt: skip
            of = own.loc[(row["outcome"], quantity)]
            numbers = [row[f"{column}{end}"] for end in ("", "_lower", "_upper")]
            assert numbers == pytest.approx(of[["median", "lower", "upper"]].tolist(), rel=1e-12)
    correlated = found[found["changed"] == "correlation"]
    assert set(correlated["prior_correlation"]) == {"LKJ(1)"}
    assert set(found[found["own"]]["prior_correlation"]) == {"none"}


@pytest.mark.slow
def test_a_prior_has_the_same_draws_in_every_table(found: pd.DataFrame, fit: bm.Fit) -> None:
    again = bm.prior_grid(fit, priors={"tau": TRIED[1:]})
    mine = found[found["prior_tau"] == "HalfCauchy(0.5)"].reset_index(drop=True)
    theirs = again[again["prior_tau"] == "HalfCauchy(0.5)"].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, theirs)


@pytest.mark.slow
def test_one_outcome_is_asked_about_by_every_means(fit: bm.Fit) -> None:
    tried: Any = {"tau": TRIED[:1], "correlation": [bm.LKJ(1)]}
    found = bm.sensitivity(fit, outcome="CR_CRi", priors=tried, rate_above=0.3)
    assert found.profile == "CR_CRi, all studies"
    assert set(found.priors["outcome"]) == {"CR_CRi"}
    assert found.changes["change"].iloc[0] == 0
    assert found.scaling["quantity"].tolist() == [
        "mu",
        "tau",
        "typical rate",
        "mean rate",
        "new study",
    ]
    assert found.scaling["overlap"].drop(index=3).between(0, 1).all()
    with pytest.raises(bm.SettingsError, match="`outcome` must be one of ORR, CR_CRi"):
        bm.power_scaling(fit)


@pytest.mark.slow
def test_the_outermost_outcome_is_scaled_as_by_itself(fit: bm.Fit) -> None:
    # Without correlation the other outcome tells nothing of it, nor do its priors.
    alone = bm.fit(bm.ModelSpec(), fit.arms.of("ORR"), seed=2)
    exact = bm.power_scaling(alone).set_index("quantity")
    found = bm.power_scaling(fit, outcome="ORR").set_index("quantity")
    for column in ("prior_mu", "prior_tau", "overlap"):
        gap = (found[column] - exact[column]).abs().drop("mean rate")
        assert (gap < 0.02).all(), column
    assert found["profile"].tolist() == ["", "", *["ORR, all studies"] * 3]


def test_the_usual_priors_are_of_every_part(small_nest: bm.Arms) -> None:
    assert set(usual_priors(bm.ModelSpec(), small_nest)) == {"mu", "tau", "correlation"}
    regimen = bm.load_model("regimen")
    assert set(usual_priors(regimen, small_nest)) == {"mu", "beta", "tau", "correlation"}


@pytest.mark.slow
def test_a_sampler_that_stops_leaves_a_row_without_numbers(
    fit: bm.Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(*arguments: Any) -> None:
        raise bm.SamplingError("The sampler stopped.")

    monkeypatch.setattr(prior_grid, "refitted", stops)
    found = bm.prior_grid(fit, priors={"tau": [bm.HalfNormal(0.5)]})
    assert found["typical"].notna().tolist() == [True, True, False, False]
    assert found["ok"].tolist()[2:] == [False, False]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"priors": {"sigma": [bm.HalfNormal(1)]}}, "The model has no prior of 'sigma'. Valid: "),
        ({"priors": {"beta": [bm.Normal(0, 1)]}}, "The model has no prior of 'beta'"),
        ({"priors": {}}, "`priors` must give a list of priors for each parameter"),
        ({"priors": {"tau": bm.HalfNormal(1)}}, "`priors` must give a list of priors"),
        ({"priors": {"tau": []}}, "`priors` must give a list of priors"),
        ({"priors": {"tau": [3]}}, "`priors` must give a list of priors"),
        ({"priors": {"correlation": [bm.HalfNormal(1)]}}, "`correlation` must be LKJ(eta) or None"),
        ({"rate_above": 3}, "`rate_above` must be a probability from 0 to 1; got 3"),
        ({"profile": {"regimen": "a"}}, "`profile`"),
    ],
)
def test_what_can_not_be_is_refused_before_any_fit(
    made_up: bm.Fit, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(bm.BayesmetaError, match=re.escape(message)):
        bm.prior_grid(made_up, **arguments)
