"""Odds ratios of numbers: per one, and per a unit that is chosen."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.estimates.summary_text import odds_ratio_table, parameter_table
from bayesmeta.labels import Labels
from bayesmeta.wording import Wording

TINY = bm.SamplerSettings(chains=2, warmup=200, draws=200)
COUNTS = [(4, 20), (6, 22), (9, 25), (15, 30), (14, 24), (11, 31)]
DOSE = [100, 200, 400, 600, 800, 400]


@pytest.fixture(scope="module")
def fit(make_arms):
    arms = make_arms(COUNTS, dose=DOSE, regimen=["a", "b"] * 3)
    covariates = bm.Covariates("regimen + dose", {"regimen": "a"})
    # Digits follow the standard deviation, and that the priors.
    priors = {"mu": bm.Normal(0, 1.5), "study_effects": bm.NormalEffects(bm.HalfNormal(0.5))}
    return bm.fit(bm.ModelSpec(covariates=covariates, **priors), arms, seed=1, settings=TINY)


def test_they_are_those_of_the_draws(fit):
    table = bm.summary(fit, per={"dose": 100}).set_index("quantity")
    beta = fit.posterior["beta"].sel(covariate="dose").to_numpy()
    for label, unit in (("odds_ratio[dose]", 1), ("odds_ratio[dose, per 100]", 100)):
        row = table.loc[label]
        assert row["scale"] == f"odds ratio per {unit}"
        wanted = np.quantile(np.exp(unit * beta), [0.5, 0.025, 0.975])
        assert row[["median", "lower", "upper"]].tolist() == pytest.approx(wanted, rel=1e-12)


def test_levels_have_none(fit):
    found = bm.summary(fit)["quantity"]
    assert found[found.str.startswith("odds_ratio")].tolist() == ["odds_ratio[dose]"]


def test_they_are_shown_apart_with_digits_that_tell_them_from_one(fit):
    table = bm.summary(fit, per={"dose": 100})
    shown = odds_ratio_table(table)
    assert shown[["odds ratio", "per"]].to_numpy().tolist() == [["dose", "1"], ["dose", "100"]]
    assert [len(text.partition(".")[2]) for text in shown["median"]] == [5, 2]
    named = Wording(labels=Labels({"dose": {"": "Dose (mg)"}}))
    assert odds_ratio_table(table, named)["odds ratio"].unique().tolist() == ["Dose (mg)"]
    parameters = parameter_table(table).set_index("quantity")
    assert "odds_ratio[dose]" not in parameters.index
    # A standard deviation of 0.0009: not 0.00.
    assert len(parameters.loc["beta[dose]", "mean"].partition(".")[2]) == 5
    assert len(parameters.loc["mu", "mean"].partition(".")[2]) == 2


def test_other_links_have_none(make_arms):
    spec = bm.ModelSpec(covariates="dose", likelihood=bm.Binomial(bm.Probit()))
    other = bm.fit(spec, make_arms(COUNTS, dose=DOSE), seed=1, settings=TINY)
    assert not bm.summary(other)["quantity"].str.startswith("odds_ratio").any()
    with pytest.raises(bm.SettingsError, match="The model has none: leave `per` out"):
        bm.summary(other, per={"dose": 100})


@pytest.mark.parametrize(
    ("per", "message"),
    [
        ({"doses": 10}, "'doses', of which there is no odds ratio per unit. Did you mean 'dose'"),
        ({"regimen": 1}, "'regimen', of which there is no odds ratio per unit. Valid: dose"),
        ({"dose": 0}, "must be a positive number; got 0"),
        ({"dose": float("inf")}, "must be a positive number; got inf"),
        ({"dose": "ten"}, "must be a positive number; got 'ten'"),
        (10, "must map covariates to units"),
    ],
)
def test_units_that_are_refused(fit, per, message):
    with pytest.raises(bm.SettingsError, match=message):
        bm.summary(fit, per=per)


def test_nested_outcomes_have_one_of_each_ratio():
    rows = {"study": list("abcd") * 2, "outcome": ["ORR"] * 4 + ["CR"] * 4}
    rows |= {"events": [21, 9, 24, 12, 13, 2, 14, 6], "n": [45, 43, 55, 30] * 2}
    rows |= {"year": [2018, 2019, 2021, 2022] * 2}
    arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])
    fit = bm.fit(bm.ModelSpec(covariates="year"), arms, seed=1, settings=TINY)
    found = bm.summary(fit, per={"year": 5})
    rows = found[found["quantity"].str.startswith("odds_ratio")]
    assert rows["outcome"].tolist() == ["ORR", "ORR", "CR", "CR"]
    beta = fit.posterior["beta"].sel(outcome="CR", covariate="year").to_numpy()
    assert rows["median"].iloc[-1] == pytest.approx(np.median(np.exp(5 * beta)))
