"""The numbers of a forest plot are those of `shrinkage` and `summary`, and nothing else."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.estimates.arm_labels import arm_labels
from bayesmeta.estimates.forest_table import ARM, NEW_STUDY, TYPICAL, forest_numbers

TINY = bm.SamplerSettings(chains=2, warmup=200, draws=200)


def arms_of(**columns):
    return bm.read_evidence(pd.DataFrame(columns)).select()


@pytest.fixture(scope="module")
def two_factors():
    arms = arms_of(
        study=["a", "a", "b", "c", "d", "e", "f"],
        arm=["low", "high", "", "", "", "", ""],
        label=["A 2019", "A 2019", "B 2020", "C 2021", "C 2021", "E 2022", "F 2022"],
        regimen=["aza", "dec", "aza", "dec", "aza", "dli", "aza"],
        phase=[1.0, 1.0, 2.0, 2.0, 3.0, 2.0, 1.0],
        year=[2019, 2019, 2020, 2021, 2021, 2022, 2022],
        events=[3, 5, 20, 9, 4, 8, 0],
        n=[10, 12, 40, 9, 11, 17, 0],
    )
    covariates = bm.Covariates(
        "regimen + C(phase) + year",
        reference={"regimen": "aza", "phase": "early"},
        groups={"phase": {"early": ["1", "2"], "late": ["3"]}},
    )
    return bm.fit(bm.ModelSpec("two", covariates=covariates), arms, seed=1, settings=TINY)


@pytest.fixture(scope="module")
def common():
    arms = arms_of(study=["a", "b"], events=[0, 0], n=[4, 9])
    spec = bm.ModelSpec("common", study_effects=bm.CommonEffect())
    return bm.fit(spec, arms, seed=1, settings=TINY)


def rows(table, kind):
    return table[table["kind"] == kind].reset_index(drop=True)


def test_arms_are_those_of_shrinkage(two_factors):
    drawn = rows(forest_numbers(two_factors, ci_prob=0.8).table, ARM)
    expected = bm.shrinkage(two_factors, ci_prob=0.8)
    columns = ["events", "n", "observed", "observed_lower", "observed_upper", "rate", "lower"]
    columns += ["upper", "mcse_rate", "mcse_lower", "mcse_upper", "weight"]
    key = ["study", "arm"]
    both = drawn.merge(expected, on=key, suffixes=("", "_expected"), validate="one_to_one")
    assert len(both) == len(expected)
    for column in columns:
        np.testing.assert_allclose(both[column], both[f"{column}_expected"], rtol=1e-12)


def test_pooled_rows_are_those_of_summary(two_factors):
    numbers = forest_numbers(two_factors, ci_prob=0.8)
    reference = two_factors.design.coding.reference
    for level in ("aza", "dec", "dli"):
        profile = {**reference, "regimen": level}
        expected = bm.summary(two_factors, profiles=[profile], ci_prob=0.8).set_index("quantity")
        for kind in (TYPICAL, NEW_STUDY):
            [row] = numbers.table.query("kind == @kind and group == @level").to_dict("records")
            wanted = expected.loc[kind]
            found = [row["rate"], row["lower"], row["upper"], row["mcse_rate"]]
            columns = ["median", "lower", "upper", "mcse_median"]
            assert found == pytest.approx(wanted[columns].tolist(), rel=1e-12)
    tau = expected.loc["tau", ["median", "lower", "upper"]].tolist()
    assert numbers.tau == {"tau": pytest.approx(tau, rel=1e-12)}


def test_groups_have_their_arms_then_their_rates_and_the_reference_comes_first(two_factors):
    table = forest_numbers(two_factors).table
    assert list(table["group"].unique()) == ["aza", "dec", "dli"]
    first = table[table["group"] == "aza"]
    assert list(first["kind"]) == [ARM, ARM, ARM, ARM, TYPICAL, NEW_STUDY]
    assert list(first["study"]) == ["a", "b", "d", "f", "", ""]


def test_pooled_rows_say_what_they_rest_on(two_factors):
    typical = rows(forest_numbers(two_factors).table, TYPICAL)
    assert list(typical["studies"]) == [3, 2, 1]
    assert list(typical["events"]) == [27, 14, 8]
    assert list(typical["n"]) == [61, 21, 17]
    assert typical["observed"].isna().all()


def test_weights_are_shares_within_the_group(common):
    arms = arms_of(
        study=list("abcd"), regimen=["x", "x", "x", "y"], events=[3, 6, 9, 4], n=[10, 40, 25, 30]
    )
    spec = bm.ModelSpec("regimen", covariates=bm.Covariates("regimen", {"regimen": "x"}))
    numbers = forest_numbers(bm.fit(spec, arms, seed=1, settings=TINY))
    assert numbers.weighed
    typical = rows(numbers.table, TYPICAL).set_index("group")["weight"]
    assert typical.to_dict() == {"x": pytest.approx(1), "y": pytest.approx(1)}
    weights = rows(numbers.table, ARM).set_index("study")["weight"]
    assert weights["d"] == pytest.approx(1)
    assert weights["a"] < weights["c"]
    # Markers of different groups cannot be compared by them.
    assert numbers.sizes == "n"
    assert forest_numbers(common).sizes == "weight"


def test_weights_have_no_meaning_under_further_covariates(two_factors):
    numbers = forest_numbers(two_factors)
    assert not numbers.weighed
    assert numbers.table["weight"].isna().all()
    assert bm.shrinkage(two_factors)["weight"].isna().all()


def test_rates_of_arms_are_medians(two_factors):
    rates = 1 / (1 + np.exp(-two_factors.posterior["theta"].to_numpy()))
    expected = np.median(rates.reshape(-1, rates.shape[-1]), axis=0)
    drawn = rows(forest_numbers(two_factors).table, ARM).set_index(["study", "arm"])["rate"]
    keys = zip(two_factors.arms.frame["study"], two_factors.arms.frame["arm"], strict=True)
    np.testing.assert_allclose([drawn[key] for key in keys], expected, rtol=1e-12)


def test_arms_are_ordered_by_a_column_within_their_group(two_factors):
    table = forest_numbers(two_factors, order="-n", more=["year"]).table
    first = rows(table[table["group"] == "aza"], ARM)
    assert first["n"].tolist() == [40, 11, 10, 0]
    assert first["year"].tolist() == [2020, 2021, 2019, 2022]
    table = forest_numbers(two_factors, order="year").table
    assert rows(table[table["group"] == "dec"], ARM)["study"].tolist() == ["a", "c"]
    with pytest.raises(bm.SettingsError, match=r"`order` names 'yaer'.* Did you mean 'year'"):
        forest_numbers(two_factors, order="yaer")
    with pytest.raises(bm.SettingsError, match="`columns` names 'colour', which is not a column"):
        forest_numbers(two_factors, more=["colour"])


def test_another_factor_with_joined_numeric_levels(two_factors):
    numbers = forest_numbers(two_factors, by="phase")
    assert numbers.factor == "phase"
    assert rows(numbers.table, TYPICAL)["group"].tolist() == ["early", "late"]
    assert numbers.table.query("kind == 'arm' and group == 'late'")["study"].tolist() == ["d"]
    assert numbers.held == "regimen=aza (reference), year=2021 (centre)"


def test_labels_tell_arms_apart(two_factors):
    assert arm_labels(two_factors.arms) == [
        "A 2019, low",
        "A 2019, high",
        "B 2020",
        "C 2021 [c]",
        "C 2021 [d]",
        "E 2022",
        "F 2022",
    ]


def test_without_covariates_there_is_one_group(common):
    numbers = forest_numbers(common)
    assert numbers.factor is None
    assert numbers.held == ""
    assert numbers.tau == {}
    assert list(numbers.table["group"].unique()) == ["all studies"]
    typical, new = (rows(numbers.table, kind).iloc[0] for kind in (TYPICAL, NEW_STUDY))
    # Without heterogeneity a new study has the typical rate.
    assert new["lower"] == pytest.approx(typical["lower"], abs=0.01)
    assert new["upper"] == pytest.approx(typical["upper"], abs=0.01)


def test_a_wrong_factor_is_refused_with_the_valid_ones(two_factors, common):
    with pytest.raises(
        bm.SettingsError, match=r"'regimes'.*Did you mean 'regimen'.*phase, regimen"
    ):
        forest_numbers(two_factors, by="regimes")
    with pytest.raises(bm.SettingsError, match="'year', which is not a factor"):
        forest_numbers(two_factors, by="year")
    with pytest.raises(bm.SettingsError, match="no factors: leave `by` out"):
        forest_numbers(common, by="regimen")


def test_a_wrong_probability_is_refused(common):
    with pytest.raises(bm.SettingsError, match="`ci_prob` must lie between 0 and 1"):
        forest_numbers(common, ci_prob=95)


def test_a_fit_without_arm_rates_is_refused(common):
    grid = bm.fit(bm.load_model("pooled"), common.arms, method="quadrature")
    with pytest.raises(bm.SettingsError, match=r"`fit` must be a Fit.*got QuadratureFit"):
        forest_numbers(grid)
