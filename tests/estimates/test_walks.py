"""What a fit with a random walk over calendar years answers: later years, curves, and its text."""

import functools

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.comparison.new_studies import predicted_studies
from bayesmeta.estimates.profile_rates import predictors_of
from bayesmeta.estimates.regression_numbers import regression_numbers
from bayesmeta.report.fit_text import head_blocks
from bayesmeta.report.sections.formulas import model_formulas

YEARS = [2017, 2017, 2018, 2020, 2021, 2021]


def arms_of(years: list[int], first: int = 1) -> bm.Arms:
    frame = pd.DataFrame(
        {
            "study": [f"s{first + i}" for i in range(len(years))],
            "events": [5, 9, 14, 12, 21, 8][: len(years)],
            "n": [20, 21, 30, 22, 30, 15][: len(years)],
            "kind": ["x", "y", "z", "x", "y", "z"][: len(years)],
            "year": years,
        }
    )
    return bm.read_evidence(frame).select()


@functools.cache
def fitted(formula: str = "walk(year)") -> bm.Fit:
    covariates = bm.Covariates(formula, {"kind": "x"} if formula.startswith("kind") else {})
    spec = bm.ModelSpec("drift", covariates=covariates)
    return bm.fit(spec, arms_of(YEARS), seed=1, settings=bm.SamplerSettings(chains=2, draws=1000))


def drift_after(fit: bm.Fit, year: int) -> np.ndarray:
    """Drawn difference of the predictor of a later year from that of the last one."""
    mu = np.asarray(fit.posterior["mu"])
    return predictors_of(fit, fit.coding.row({"year": year})) - mu


def test_the_variance_grows_by_that_of_a_step_with_each_year() -> None:
    fit = fitted()
    sigma = np.asarray(fit.posterior["sigma"])[..., 0]
    for later in (1, 2, 6):
        standard = drift_after(fit, 2021 + later) / (sigma * np.sqrt(later))
        # Points evenly spread in probability, not random ones: 2,000 have hardly any error.
        assert standard.mean() == pytest.approx(0, abs=0.01)
        assert standard.var() == pytest.approx(1, abs=0.02)
        assert abs(np.corrcoef(standard.ravel(), sigma.ravel())[0, 1]) < 0.07
    assert not drift_after(fit, 2021).any()


def test_mu_and_the_default_profile_stand_at_the_last_year() -> None:
    fit = fitted()
    table = bm.summary(fit, profiles=[{}, {"year": 2021}])
    rates = table[table["quantity"] == "typical rate"]
    assert rates["profile"].tolist() == ["year=2021 (last year)", "year=2021"]
    assert rates["median"].iloc[0] == rates["median"].iloc[1]
    expected = 1 / (1 + np.exp(-np.median(np.asarray(fit.posterior["mu"]))))
    assert rates["median"].iloc[0] == pytest.approx(expected, rel=1e-6)


def test_a_later_year_does_not_lie_outside_the_evidence(recwarn: pytest.WarningsRecorder) -> None:
    bm.predict(fitted(), n=40, profile={"year": 2030}, seed=1)
    assert not [one for one in recwarn if "lies outside the evidence" in str(one.message)]


def test_contrasts_of_a_later_year_are_those_of_the_last_one() -> None:
    fit = fitted("kind + walk(year)")
    found = [
        bm.contrast(fit, "kind", profile={"year": year}).table["odds_ratio"].iloc[0]
        for year in (2021, 2028)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_the_curve_of_a_walk_has_a_point_at_each_year() -> None:
    fit = fitted()
    table = regression_numbers(fit, "year").table.query("kind == 'curve'")
    assert table["x"].tolist() == [2017, 2018, 2019, 2020, 2021]
    summary = bm.summary(fit, profiles=[{"year": year} for year in (2017, 2018, 2019, 2020, 2021)])
    expected = summary.loc[summary["quantity"] == "typical rate", "median"]
    assert table["rate"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-12)


def test_steps_are_no_levels_with_rates() -> None:
    with pytest.raises(bm.SettingsError, match="a model without exchangeable levels"):
        bm.level_effects(fitted())
    table = bm.level_effects(fitted("(1 | kind) + walk(year)"))
    assert set(table["term"]) == {"kind"}
    quantities = bm.summary(fitted("(1 | kind) + walk(year)"))["quantity"]
    assert [one for one in quantities if one.startswith("level_share")] == ["level_share[kind]"]


def test_new_studies_of_a_later_year_are_predicted_there() -> None:
    fit = fitted()
    arms = arms_of([2021, 2026], first=7)
    # Of one size and count, so that they differ by their years alone.
    same = bm.Arms(arms.frame.assign(events=8, n=40), arms.excluded)
    table, notes = predicted_studies(fit, same)
    assert [note for note in notes if "s8" in note] == [
        "s8 is predicted in a later year, year=2026."
    ]
    now, later = (table["upper_95"] - table["lower_95"]).tolist()
    assert later > now


def test_later_cohorts_of_a_later_year_are_refused() -> None:
    train, test = arms_of(YEARS), arms_of([2026], first=7)
    few = bm.SamplerSettings(chains=2, draws=200)
    message = r"cannot predict s7.*year=2026 lies after 2021, the last year of walk\(year\)"
    with pytest.raises(bm.ProfileError, match=message):
        bm.validate(bm.load_model("drift"), train=train, test=test, seed=1, settings=few)


def test_a_walk_is_written_as_one() -> None:
    fit = fitted("(1 | kind) + walk(year)")
    text = "\n".join(line for block in head_blocks(fit, bm.diagnose(fit)) for line in block)
    assert "mu + b(kind) + d(year) + u(study)" in text
    assert "d(year) - d(year - 1) ~ Normal(0, sigma), sigma ~ HalfNormal(0.25)" in text
    formulas = model_formulas(fit.spec)
    assert any(r"\mu + b_{1, r(i)} + d_{t(i)} + u_{s(i)}" in one for one in formulas)
    assert r"d_t - d_{t - 1}\ \sim\ \text{Normal}(0,\ \sigma_{2})" in formulas


def test_a_map_prior_of_a_later_year_is_wider() -> None:
    now, later = (bm.map_prior(fitted(), profile={"year": year}) for year in (2021, 2027))
    widths = [np.diff(one.mixture.interval(0.95))[0] for one in (now, later)]
    assert widths[1] > widths[0] + 0.03
