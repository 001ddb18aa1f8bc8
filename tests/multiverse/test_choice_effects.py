"""What moves an estimate: by hand, and where combinations are missing."""

import pandas as pd
import pytest

from bayesmeta.multiverse.results import choice_effects, outcome_ranges

COVARIATES = {"none": 0.0, "age": 0.02}
DISTRIBUTIONS = {"normal": 0.0, "common": 0.01, "student": -0.005}
OUTCOMES = {"ORR": 0.5, "CR": 0.2}


def curve() -> pd.DataFrame:
    rows = [
        {
            "outcome": outcome,
            "covariates": covariates,
            "distribution": distribution,
            "priors": "default",
            "estimate": at + own + shift,
            "lower": at + own + shift - 0.1,
            "upper": at + own + shift + 0.1,
        }
        for outcome, at in OUTCOMES.items()
        for covariates, own in COVARIATES.items()
        for distribution, shift in DISTRIBUTIONS.items()
    ]
    return pd.DataFrame(rows)


def test_ranges_by_hand() -> None:
    found = outcome_ranges(curve()).set_index("outcome")
    assert list(found.index) == ["ORR", "CR"]
    assert found.loc["ORR", "rows"] == 6
    expected = {"least": 0.495, "middle": 0.5125, "greatest": 0.53, "lower": 0.395, "upper": 0.63}
    for name, value in expected.items():
        assert found.loc["ORR", name] == pytest.approx(value)


def test_effects_by_hand() -> None:
    found = choice_effects(curve(), ["covariates", "distribution", "priors"])
    assert found[["outcome", "axis"]].to_numpy().tolist() == [
        ["ORR", "covariates"],
        ["ORR", "distribution"],
        ["CR", "covariates"],
        ["CR", "distribution"],
    ]
    first, second = found.iloc[0], found.iloc[1]
    assert (first["typical"], first["largest"]) == pytest.approx((0.02, 0.02))
    assert (first["lowest"], first["highest"]) == ("none", "age")
    assert (second["typical"], second["largest"]) == pytest.approx((0.015, 0.015))
    assert (second["lowest"], second["highest"]) == ("student", "common")


def test_missing_combinations_do_not_mix_effects() -> None:
    whole = curve()
    # Without these, means over all rows would lay the effect of covariates at the distribution's door.
    part = whole[~((whole["covariates"] == "age") & (whole["distribution"] != "common"))]
    found = choice_effects(part, ["covariates", "distribution", "priors"]).set_index(
        ["outcome", "axis"]
    )
    assert found.loc[("ORR", "covariates"), "typical"] == pytest.approx(0.02)
    assert found.loc[("ORR", "distribution"), "typical"] == pytest.approx(0.015)


def test_choices_that_never_stand_beside_each_other_have_no_effect() -> None:
    whole = curve()
    pairs = [("none", "normal"), ("age", "common")]
    apart = whole[
        [one in pairs for one in zip(whole["covariates"], whole["distribution"], strict=True)]
    ]
    assert choice_effects(apart, ["covariates", "distribution"]).empty
    assert choice_effects(whole.iloc[:0], ["covariates", "distribution"]).empty
    assert outcome_ranges(whole.iloc[:0]).empty


def test_choices_whose_order_differs_are_not_named() -> None:
    rows = curve()
    # The other way round under one of the distributions.
    turned = (rows["distribution"] == "student") & (rows["covariates"] == "age")
    rows.loc[turned, "estimate"] -= 0.03
    found = choice_effects(rows, ["covariates", "distribution", "priors"]).set_index(
        ["outcome", "axis"]
    )
    assert found.loc[("ORR", "covariates"), ["lowest", "highest"]].tolist() == ["differs"] * 2
    assert found.loc[("ORR", "distribution"), ["lowest", "highest"]].tolist() == [
        "student",
        "common",
    ]
