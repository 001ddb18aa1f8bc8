"""Answers about arms that are known mixtures, or whose covariates are imputed, and of other models."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

pytestmark = pytest.mark.slow

QUICK = bm.SamplerSettings(chains=4, warmup=300, draws=500)
FRAME = pd.DataFrame(
    {
        "study": ["a", "b", "c", "d", "e", "f", "g", "mix"],
        "events": [2, 3, 1, 14, 15, 13, 16, 8],
        "n": [20] * 8,
        "regimen": ["low", "low", "low", "high", "high", "high", "high", "mixed"],
        "in_low": [None] * 7 + [0.3],
        "in_high": [None] * 7 + [0.7],
        "age": [60.0, 62, 58, 66, 61, None, 63, 64],
    }
)
COVARIATES = bm.Covariates(
    "regimen",
    {"regimen": "low"},
    level_proportions={"regimen": {"low": "in_low", "high": "in_high"}},
)


@pytest.fixture(scope="module")
def mixed() -> bm.Fit:
    arms = bm.read_evidence(FRAME).select()
    return bm.fit(bm.ModelSpec(covariates=COVARIATES), arms, seed=1, settings=QUICK)


def test_a_mixed_arm_is_predicted_as_the_mixture(mixed: bm.Fit) -> None:
    found = bm.predict(mixed, n=20, study="mix", seed=1)
    theta = mixed.posterior["theta"].isel(arm=-1).to_numpy()
    rate = 1 / (1 + np.exp(-theta))
    assert found.interval(0.95).loc["rate", "median"] == pytest.approx(np.median(rate))
    assert found.profile == "regimen=low:0.3+high:0.7"


def test_a_mixed_arm_stands_where_most_of_it_belongs(mixed: bm.Fit) -> None:
    table = bm.plots.forest(mixed).table
    [row] = table[table["study"] == "mix"].to_dict("records")
    assert row["group"] == "high"
    assert row["label"] == "mix (mixed regimen)"


def test_an_imputed_value_tells_nothing_of_its_coefficient() -> None:
    """Ages are known for one arm a study: whatever they tell is between studies."""
    frame = FRAME.drop(columns=["in_low", "in_high"]).assign(
        study=["a", "a", "b", "b", "c", "c", "d", "d"],
        arm=list("xyxyxyxy"),
        age=[60.0, None, 58, None, 61, None, 63, None],
    )
    spec = bm.ModelSpec(covariates=bm.Covariates("age", impute=["age"]))
    fit = bm.fit(spec, bm.read_evidence(frame).select(), seed=1, settings=QUICK)
    table = bm.identifiability(fit).set_index("coefficient")
    assert table.loc["age", "within_share"] == 0
    assert table.loc["age", "between_only"]
    assert any(
        "Estimated only from differences between studies: age" in note for note in bm.notes(fit)
    )
    with pytest.raises(bm.ProfileError, match="must give age: the arms of 'a' differ there"):
        bm.predict(fit, n=10, study="a", seed=1)


def test_a_contrast_of_a_beta_binomial_is_its_coefficient(orr: bm.Arms) -> None:
    fit = bm.fit(bm.load_model("overdispersed"), orr, seed=1, settings=QUICK)
    table = bm.contrast(fit, against="ven_hma").table.set_index("level")
    beta = fit.posterior["beta"].sel(covariate="regimen_class[ven_ldac]")
    assert table.loc["ven_ldac", "log_odds_ratio"] == pytest.approx(float(beta.mean()))


def test_without_pooling_a_note_says_what_a_new_study_is(orr: bm.Arms) -> None:
    fit = bm.fit(bm.load_model("independent"), orr, seed=1, settings=QUICK)
    assert bm.notes(fit)[0].startswith(
        "Without pooling, mu and the rates of a new study have their priors"
    )
