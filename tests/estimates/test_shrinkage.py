"""Shrinkage: exact intervals of what was observed, posterior rates, weights that add up."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.estimates.shrinkage import exact_interval


def test_exact_intervals_are_clopper_pearson() -> None:
    events, n = np.array([0, 3, 10, 0, 6]), np.array([10, 10, 10, 0, 21])
    low, high = exact_interval(events, n, 0.95)
    for i, (y, m) in enumerate(zip(events, n, strict=True)):
        if m:
            expected = stats.binomtest(int(y), int(m)).proportion_ci(0.95, method="exact")
            assert (low[i], high[i]) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert (low[3], high[3]) == (0, 1)
    # The source prints 11.3 to 52.2 for 6 of 21.
    assert (round(100 * low[4], 1), round(100 * high[4], 1)) == (11.3, 52.2)


def test_posterior_rates_lie_between_the_observed_and_the_typical(pooled_fit: bm.Fit) -> None:
    table = bm.shrinkage(pooled_fit)
    typical = bm.summary(pooled_fit).set_index("quantity").loc["typical rate", "mean"]
    inner, outer = np.minimum(table["observed"], typical), np.maximum(table["observed"], typical)
    # Single-arm studies only: arms of one study also lean on each other.
    alone = ~table["study"].duplicated(keep=False)
    assert ((table["rate"] > inner - 0.01) & (table["rate"] < outer + 0.01))[alone].all()


def test_weights_add_up_and_shrinkage_falls_with_size(pooled_fit: bm.Fit) -> None:
    table = bm.shrinkage(pooled_fit)
    assert table["weight"].sum() == pytest.approx(1)
    assert table["shrinkage"].between(0, 1).all()
    big, small = table["n"].idxmax(), table["n"].idxmin()
    assert table.loc[big, "shrinkage"] < table.loc[small, "shrinkage"]
    assert table.loc[big, "weight"] > table.loc[small, "weight"]


def test_splitting_an_arm_keeps_the_weight_of_its_study() -> None:
    whole = pd.DataFrame(
        {"study": ["a", "b", "c"], "arm": "1", "events": [8, 5, 12], "n": [20, 16, 30]}
    )
    split = pd.concat(
        [whole.iloc[1:], pd.DataFrame({"study": "a", "arm": ["1", "2"], "events": 4, "n": 10})]
    )
    tables = [
        bm.shrinkage(bm.fit(bm.ModelSpec(), bm.read_evidence(frame).select(), seed=1))
        for frame in (whole, split)
    ]
    weights = [table.groupby("study")["weight"].sum() for table in tables]
    assert weights[0].to_numpy() == pytest.approx(weights[1].to_numpy(), abs=0.01)


def test_an_arm_without_patients_has_no_weight() -> None:
    frame = pd.DataFrame({"study": ["a", "b", "empty"], "events": [3, 4, 0], "n": [10, 12, 0]})
    table = bm.shrinkage(
        bm.fit(bm.ModelSpec(), bm.read_evidence(frame).select(), seed=1)
    ).set_index("study")
    assert table.loc["empty", "weight"] == 0
    assert table.loc["empty", "shrinkage"] == 1
    assert np.isnan(table.loc["empty", "observed"])


def test_only_arms_without_patients() -> None:
    frame = pd.DataFrame({"study": ["a", "b"], "events": [0, 0], "n": [0, 0]})
    fit = bm.fit(bm.ModelSpec(), bm.read_evidence(frame).select(), seed=1)
    assert (bm.shrinkage(fit)["weight"] == 0).all()
    assert bm.summary(fit).set_index("quantity").loc["i_squared", "mean"] == 0


def test_bad_interval(pooled_fit: bm.Fit) -> None:
    with pytest.raises(bm.SettingsError, match="`ci_prob` must lie between 0 and 1"):
        bm.shrinkage(pooled_fit, ci_prob=1.0)
