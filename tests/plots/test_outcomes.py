"""Figures of one of several outcomes name it, say of what their rates are, and refuse others."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm

pytestmark = pytest.mark.stored

QUICK = bm.SamplerSettings(chains=2, warmup=200, draws=200)

FIGURES = {
    "forest": {},
    "funnel": {},
    "heterogeneity": {},
    "prior_posterior": {},
    "subgroups": {},
    "regression": {"covariate": "year"},
}


@pytest.fixture(scope="module")
def fit() -> bm.Fit:
    rows = [
        {"study": study, "outcome": outcome, "events": events, "n": 40} | own
        for place, study in enumerate("abcdef")
        for outcome, events in (("ORR", 20 + place), ("CR", 10 - place))
        for own in [{"kind": "xy"[place % 2], "year": 2015 + place}]
    ]
    arms = bm.read_evidence(pd.DataFrame(rows)).select(outcomes=["ORR", "CR"])
    spec = bm.ModelSpec("nested", covariates=bm.Covariates("kind + year", {"kind": "x"}))
    return bm.fit(spec, arms, seed=1, settings=QUICK)


def texts(plot: bm.plots.Plot) -> list[str]:
    return [text.get_text() for text in plot.figure.axes[0].texts]


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_the_title_names_the_outcome_which_is_required(fit, name, collisions):
    draw = getattr(bm.plots, name)
    for outcome in ("ORR", "CR"):
        plot = draw(fit, outcome=outcome, **FIGURES[name])
        assert any(f"{outcome}, model 'nested'" in text for text in texts(plot))
        assert collisions(plot.figure) == ([], [])
    with pytest.raises(bm.SettingsError, match="`outcome` must be one of ORR, CR"):
        draw(fit, **FIGURES[name])


def test_rates_within_an_enclosing_outcome_are_told_to_be_conditional(fit):
    inner, outer = (bm.plots.heterogeneity(fit, outcome=name) for name in ("CR", "ORR"))
    assert inner.figure.axes[1].get_ylabel() == "Conditional rate of a study, CR given ORR (%)"
    assert any(text.startswith("Conditional rates of 95% of studies") for text in texts(inner))
    assert outer.figure.axes[1].get_ylabel() == "True rate of a study (%)"
    assert not any("onditional" in text for text in texts(outer))


def test_priors_that_all_coefficients_share_are_told_once(fit):
    shown = " ".join(texts(bm.plots.forest(fit, outcome="CR")))
    assert shown.count("~ Normal(0, 1)") == 1


def test_chains_are_those_of_one_outcome_or_of_all(fit):
    plot = bm.plots.trace(fit, outcome="CR")
    assert any(text.startswith("Chains: CR, model") for text in texts(plot))
    names = ["mu[CR]", "tau[CR]", "beta[CR, kind[y]]", "beta[CR, year]", "correlation[ORR, CR]"]
    assert sorted(plot.table["quantity"]) == sorted(names)
    assert len(bm.plots.trace(fit).table) == 9
    with pytest.raises(bm.SettingsError, match="`quantities` names no parameter of 'CR'"):
        bm.plots.trace(fit, outcome="CR", quantities=["mu[ORR]"])
    with pytest.raises(bm.SettingsError, match="`outcome` must be one of ORR, CR"):
        bm.plots.trace(fit, outcome="PR")


def test_a_prediction_is_of_one_outcome(fit):
    found = bm.predict(fit, n=20, seed=1)
    plot = bm.plots.prediction(found, outcome="CR")
    assert any(text.startswith("Predicted CR of 20 patients") for text in texts(plot))
    pd.testing.assert_frame_equal(plot.table, bm.plots.prediction(found.of("CR")).table)
    with pytest.raises(bm.SettingsError, match="`outcome`"):
        bm.plots.prediction(found)


def test_tables_of_several_outcomes_are_drawn_by_outcome():
    rows = {"estimate": [0.2, 0.3], "lower": 0.1, "upper": 0.4, "ok": True, "tau": ["a", "b"]}
    curve = pd.concat([pd.DataFrame(rows).assign(outcome=name) for name in ("ORR", "CR")])
    plot = bm.plots.specification_curve(curve, outcome="CR", choices=["tau"])
    assert set(plot.table["outcome"]) == {"CR"}
    assert "CR: Typical rate: 2 fits" in texts(plot)
    with pytest.raises(bm.SettingsError, match=r"`outcome` must be one of ORR, CR.*; got 'PR'"):
        bm.plots.specification_curve(curve, outcome="PR")

    influence = pd.DataFrame({"study": ["", "a"], "label": "A", "estimate": 0.3, "outcome": "CR"})
    plot = bm.plots.leave_one_out(influence.assign(lower=0.2, upper=0.4))
    assert "CR: Typical rate, each study left out in turn" in texts(plot)


def test_years_and_held_out_arms_are_drawn_by_outcome(fit):
    interval = {"": 0.3, "_lower": 0.2, "_upper": 0.4}
    numbers = {
        f"{name}{end}": x for name in ("typical", "new_study") for end, x in interval.items()
    }
    row = {"year": 2020.0, "studies": 3, "patients": 9, "ok": True, "tau": np.nan} | numbers
    table = pd.DataFrame([row | {"outcome": name, "tau_lower": np.nan, "tau_upper": np.nan} for name in ("ORR", "CR")])  # fmt: skip
    result = bm.Cumulative("year", "all studies", 0.95, table)
    assert "CR: Cumulative meta-analysis by year: all studies" in texts(
        bm.plots.cumulative(result, outcome="CR")
    )
    with pytest.raises(bm.SettingsError, match="`outcome` must be one of ORR, CR"):
        bm.plots.cumulative(result)
    one = replace(result, table=table[table["outcome"] == "CR"].drop(columns="outcome"))
    with pytest.raises(bm.SettingsError, match="`outcome` must be left out: there is one"):
        bm.plots.cumulative(one, outcome="CR")
