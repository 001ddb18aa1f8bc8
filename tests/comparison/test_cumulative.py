"""Cumulative meta-analysis is the same model fitted to the studies known up to each year."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

YEARS = [2018.0, 2016, 2016, 2020, np.nan, 2020, 2018]
COUNTS = [(12, 30), (9, 24), (4, 21), (30, 61), (7, 19), (0, 8), (25, 44)]
FAR = 5
"""Monte-Carlo standard errors that two computations may be apart."""


@pytest.fixture(scope="module")
def arms(make_arms) -> bm.Arms:
    return make_arms(COUNTS, year=YEARS, kind=["a", "a", "a", "b", "a", "b", "a"])


@pytest.fixture(scope="module")
def whole(arms) -> bm.Fit:
    return bm.fit(bm.load_model("pooled"), arms, seed=1)


@pytest.fixture(scope="module")
def found(whole) -> bm.Cumulative:
    return bm.cumulative(whole, seed=3)


def test_rows_hold_the_studies_known_up_to_each_year(found):
    table = found.table
    assert table["year"].iloc[:3].tolist() == [2016, 2018, 2020]
    assert np.isnan(table["year"].iloc[3])
    assert table["studies"].tolist() == [2, 4, 6, 7]
    assert table["events"].tolist() == [13, 50, 80, 87]
    assert table["patients"].tolist() == [45, 119, 188, 207]
    assert found.undated == ("study04",)
    assert found.ok
    assert repr(found) == "Cumulative(all studies: year 2016 to 2020, 7 studies)"


@pytest.mark.slow
def test_each_year_agrees_with_the_deterministic_posterior_of_its_studies(found, arms):
    years = np.array(YEARS)
    for row in found.table.to_dict("records"):
        later = np.isnan(years) | (years > row["year"])
        some = arms if np.isnan(row["year"]) else arms.drop(later, "later")
        exact = bm.fit(bm.load_model("pooled"), some, method="quadrature").posterior
        for name in ("typical", "new_study", "tau"):
            distribution = exact.marginal(name)
            for end, probability in (("", 0.5), ("_lower", 0.025), ("_upper", 0.975)):
                got, error = row[f"{name}{end}"], row[f"mcse_{name}{end}"]
                assert 0 < error < 0.05
                assert abs(got - float(distribution.quantile(probability))) < FAR * error, (
                    name,
                    end,
                    row,
                )


def test_the_last_row_is_the_whole_fit(found, whole):
    rows = bm.summary(whole).set_index("quantity")
    last = found.table.iloc[-1]
    for name, quantity in (("typical", "typical rate"), ("new_study", "new study"), ("tau", "tau")):
        for end in ("", "_lower", "_upper"):
            other = end.removeprefix("_") or "median"
            error = np.hypot(last[f"mcse_{name}{end}"], rows.loc[quantity, f"mcse_{other}"])
            assert abs(last[f"{name}{end}"] - rows.loc[quantity, other]) < FAR * error


@pytest.mark.slow
def test_the_same_seed_gives_the_same_result_and_another_not(whole, found):
    pd.testing.assert_frame_equal(bm.cumulative(whole, seed=3).table, found.table)
    assert bm.cumulative(whole, seed=4).table["typical"].iloc[0] != found.table["typical"].iloc[0]


def test_a_level_that_is_not_yet_seen_has_its_prior(arms):
    spec = bm.ModelSpec(
        "kind", covariates=bm.Covariates("kind", {"kind": "a"}), mu=bm.Normal(0, 0.01),
        study_effects=bm.CommonEffect(),
    )  # fmt: skip
    fit = bm.fit(spec, arms, seed=1)
    table = bm.cumulative(fit, seed=2, profile={"kind": "b"}, ci_prob=0.5).table
    # The coefficient of b has the prior Normal(0, 1) until the first study of b in 2020.
    quartiles = 1 / (1 + np.exp([0.6745, -0.6745]))
    for year in (0, 1):
        for end, expected in zip(("_lower", "_upper"), quartiles, strict=True):
            error = table[f"mcse_typical{end}"].iloc[year]
            assert abs(table[f"typical{end}"].iloc[year] - expected) < FAR * error
    assert table["typical_upper"].iloc[2] < 0.5
    assert table["tau"].isna().all()


def test_another_column_may_order_the_arms(whole):
    table = bm.cumulative(whole, by="n", seed=1).table
    assert table["year"].tolist() == sorted(n for _, n in COUNTS)
    assert table["arms"].tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("yera", "`by`: the evidence has no column 'yera'. Did you mean 'year'"),
        ("kind", "`by` must name a numeric column; 'kind' holds a, b. Name one of numbers"),
        (3, "`by`: the evidence has no column '3'"),
    ],
)
def test_a_column_that_orders_nothing_is_refused(whole, by, message):
    with pytest.raises(bm.EvidenceError, match=message):
        bm.cumulative(whole, by=by, seed=1)


def test_arguments_out_of_range_are_refused(whole):
    with pytest.raises(bm.SettingsError, match="`seed`"):
        bm.cumulative(whole, seed=-1)
    with pytest.raises(bm.SettingsError, match="`ci_prob` must lie between 0 and 1"):
        bm.cumulative(whole, seed=1, ci_prob=95)
    with pytest.raises(bm.SettingsError, match="`fit` must be a Fit, which has draws; got Arms"):
        bm.cumulative(whole.arms, seed=1)
    with pytest.raises(bm.ProfileError, match="kind"):
        bm.cumulative(whole, seed=1, profile={"kind": "a"})
