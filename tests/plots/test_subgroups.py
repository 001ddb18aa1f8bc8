"""Subgroups have the rates of each level, those of all studies by the levels' shares, and tau."""

import numpy as np
import pytest
from scipy.special import expit

import bayesmeta as bm
from bayesmeta.estimates.subgroup_numbers import subgroup_numbers


@pytest.fixture(scope="module")
def fit(make_arms, quick):
    arms = make_arms(
        [(3, 10), (5, 14), (8, 20), (2, 9)], regimen=["a", "b", "a", "a"], age=[60, 62, 66, 71]
    )
    covariates = bm.Covariates("regimen + age", {"regimen": "a"})
    return bm.fit(bm.ModelSpec("both", covariates=covariates), arms, seed=1, settings=quick)


def test_rows_are_those_of_predict_and_of_the_mixture_of_levels(fit):
    numbers = subgroup_numbers(fit, profile={"age": 65})
    table = numbers.table.set_index("label")
    assert table.index.tolist() == ["a", "b", "all studies"]
    assert table["studies"].tolist() == [3, 1, 4]
    assert table["n"].tolist() == [39, 14, 53]
    for level in ("a", "b"):
        profile = {"regimen": level, "age": 65}
        found = bm.predict(fit, n=1, profile=profile, seed=1).interval(0.95).loc["rate"]
        ends = table.loc[level, ["new_study_lower", "new_study_upper"]].astype(float)
        np.testing.assert_allclose(ends, found[["lower", "upper"]].astype(float))
    mu, beta = (fit.posterior[name].to_numpy() for name in ("mu", "beta"))
    names = fit.design.coding.names
    at = mu + beta[..., names.index("age")] * (65 - fit.design.coding.centres["age"])
    levels = at, at + beta[..., names.index("regimen[b]")]
    typical = 0.75 * expit(levels[0]) + 0.25 * expit(levels[1])
    whole = table.loc["all studies"]
    assert whole["typical"] == pytest.approx(np.median(typical), rel=1e-6)
    rng = np.random.default_rng(1)
    tau = fit.posterior["tau"].to_numpy()
    z = rng.standard_normal((300, *tau.shape))
    chosen = np.where(rng.random(z.shape) < 0.75, levels[0], levels[1])
    expected = np.quantile(expit(chosen + tau * z), [0.025, 0.975])
    ends = whole[["new_study_lower", "new_study_upper"]].astype(float)
    np.testing.assert_allclose(ends, expected, atol=3e-3)
    assert whole["tau"] == pytest.approx(np.median(tau))
    assert table.loc[["a", "b"], "tau"].isna().all()
    assert numbers.held == "age=65"


def test_the_figure_has_every_row_and_number(fit, collisions):
    plot = bm.plots.subgroups(fit)
    assert collisions(plot.figure) == ([], [])
    assert repr(plot) == "Plot(subgroups: 2 levels)"
    texts = [text.get_text() for text in plot.figure.axes[0].texts]
    whole = plot.table.iloc[-1]
    assert {"a", "b", "All studies", "18/53"} <= set(texts)
    assert f"{whole['tau']:.2f} ({whole['tau_lower']:.2f} to {whole['tau_upper']:.2f})" in texts
    *_, others, last = plot.figure.axes[1].collections
    np.testing.assert_allclose(others.get_offsets()[:, 0], 100 * plot.table["typical"].iloc[:2])
    np.testing.assert_allclose(last.get_offsets()[:, 0], 100 * plot.table["typical"].iloc[2:])


def test_a_model_without_factors_is_refused(pooled_fits):
    with pytest.raises(bm.SettingsError, match="model without factors"):
        bm.plots.subgroups(pooled_fits["one"])
