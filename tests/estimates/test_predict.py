"""Predictions that agree with each other and with simulation."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import bayesmeta as bm
from bayesmeta.estimates.events import Probability, cohort_event, parse_event
from bayesmeta.estimates.precision import Estimate

HMA = {"regimen_class": "ven_hma"}


def test_draws_agree_with_the_interval_and_the_pmf(regimen_fit: bm.Fit) -> None:
    prediction = bm.predict(regimen_fit, n=40, profile=HMA, seed=2)
    draws = prediction.draws
    assert set(draws.data_vars) == {"rate", "events"}
    low, high = np.quantile(draws["rate"], [0.025, 0.975])
    interval = prediction.interval(0.95)
    assert interval.loc["rate", "lower"] == pytest.approx(low, abs=0.01)
    assert interval.loc["rate", "upper"] == pytest.approx(high, abs=0.01)
    observed = np.bincount(draws["events"].to_numpy().ravel(), minlength=41) / draws["events"].size
    # 12,000 multinomial draws over 41 counts differ from their distribution by about 0.02.
    assert np.abs(observed - prediction.pmf["probability"]).sum() / 2 < 0.04


def test_the_summary_and_the_prediction_print_the_same(regimen_fit: bm.Fit) -> None:
    rows = bm.summary(regimen_fit, profiles=[HMA]).set_index("quantity")
    interval = bm.predict(regimen_fit, n=40, profile=HMA, seed=9).interval(0.95)
    assert rows.loc["new study", "lower"] == pytest.approx(interval.loc["rate", "lower"])
    assert rows.loc["new cohort", "upper"] == interval.loc["events", "upper"]


def test_probabilities_are_sums_of_the_pmf(pooled_fit: bm.Fit) -> None:
    prediction = bm.predict(pooled_fit, n=30, seed=1)
    pmf = prediction.pmf
    assert pmf["probability"].sum() == pytest.approx(1)
    assert (pmf["mcse"] > 0).all()
    for r in (0, 1, 15, 30):
        assert prediction.probability(events_at_least=r) == pytest.approx(pmf["at_least"][r])
        assert prediction.probability(events_at_most=r) == pytest.approx(
            pmf["probability"][: r + 1].sum()
        )
    above, below = prediction.probability(rate_above=0.5), prediction.probability(rate_below=0.5)
    assert above + below == pytest.approx(1)
    assert 0 < above.mcse < 0.01


def test_an_event_is_text_or_an_argument(pooled_fit: bm.Fit) -> None:
    prediction = bm.predict(pooled_fit, n=30, seed=1)
    alike: list[tuple[str, dict[str, Any]]] = [
        ("rate > 0.5", {"rate_above": 0.5}),
        ("rate <= 0.5", {"rate_below": 0.5}),
        ("responders >= 15", {"events_at_least": 15}),
        ("responders > 14", {"events_at_least": 15}),
        ("responders < 16", {"events_at_most": 15}),
        ("responders <= 30", {"events_at_most": 30}),
    ]
    for text, argument in alike:
        named = prediction.probability(**argument)
        assert prediction.probability(text) == named
        assert prediction.probability(text).mcse == named.mcse


def test_an_event_is_a_value(pooled_fit: bm.Fit) -> None:
    event = cohort_event(30, {"events_at_least": 15})
    assert (event, event.text) == (parse_event("responders > 14", n=30), "responders >= 15")
    assert (event.name, event.at) == ("events_at_least", 15)
    prediction = bm.predict(pooled_fit, n=30, seed=1)
    assert prediction.probability(event) == prediction.probability(events_at_least=15)
    with pytest.raises(bm.SettingsError, match=r"must be of the 20 patients .* got one of 30"):
        bm.predict(pooled_fit, n=20, seed=1).probability(event)


def test_terms_of_one_outcome_hold_together(pooled_fit: bm.Fit) -> None:
    prediction = bm.predict(pooled_fit, n=30, seed=1)
    mass = prediction.pmf["probability"]
    between = prediction.probability("responders >= 10 and responders < 20")
    assert between == pytest.approx(mass[10:20].sum())
    assert prediction.probability("responders == 12") == pytest.approx(mass[12])
    rates = prediction.probability("rate > 0.3 and rate < 0.6")
    above = prediction.probability(rate_above=0.3) - prediction.probability(rate_above=0.6)
    assert rates == pytest.approx(above)
    assert 0 < rates.mcse < 0.02
    assert prediction.probability("rate > 0.6 and rate < 0.3") == 0
    with pytest.raises(bm.SettingsError, match="on its rate alone or its responders alone; got P"):
        prediction.probability("rate > 0.3 and responders >= 12")


def test_a_probability_is_a_number(pooled_fit: bm.Fit) -> None:
    probability = bm.predict(pooled_fit, n=30, seed=1).probability(rate_above=0.3)
    assert probability > 0.5
    assert isinstance(probability, float)


def test_the_same_seed_gives_the_same_draws(pooled_fit: bm.Fit) -> None:
    one, again, other = (bm.predict(pooled_fit, n=30, seed=seed).draws for seed in (1, 1, 2))
    assert one.identical(again)
    assert not one.identical(other)


def test_a_further_cohort_of_a_known_study_uses_its_own_effect(pooled_fit: bm.Fit) -> None:
    theta = pooled_fit.posterior["theta"].sel(arm="hu2023/ven_mvho")
    known = bm.predict(pooled_fit, n=40, study="hu2023", seed=1)
    assert known.interval(0.9).loc["rate", "median"] == pytest.approx(
        float((1 / (1 + np.exp(-theta))).median()), abs=1e-6
    )
    new = bm.predict(pooled_fit, n=40, seed=1)
    width = [
        p.interval(0.9).loc["rate"].pipe(lambda row: row["upper"] - row["lower"])
        for p in (known, new)
    ]
    assert width[0] < width[1]
    assert "study hu2023" in repr(known)


def test_a_known_study_has_the_profile_of_its_arms(parts_fit: bm.Fit) -> None:
    assert (
        bm.predict(parts_fit, n=10, study="hu2023", seed=1).profile == "regimen_class=ven_intensive"
    )
    with pytest.raises(
        bm.ProfileError, match="must give regimen_class: the arms of 'stahl2021' differ there"
    ):
        bm.predict(parts_fit, n=10, study="stahl2021", seed=1)
    named = bm.predict(
        parts_fit, n=10, study="stahl2021", profile={"regimen_class": "ven_ldac"}, seed=1
    )
    assert named.profile == "regimen_class=ven_ldac"


def test_without_a_profile_it_is_the_reference(regimen_fit: bm.Fit) -> None:
    for profile in (None, {}):
        found = bm.predict(regimen_fit, n=10, profile=profile, seed=1)
        assert found.profile == "regimen_class=ven_hma (reference)"


@pytest.mark.slow
def test_the_deterministic_posterior_predicts_too(pooled_fit: bm.Fit, orr: bm.Arms) -> None:
    exact = bm.predict(bm.fit(bm.load_model("pooled"), orr, method="quadrature"), n=40, seed=1)
    drawn = bm.predict(pooled_fit, n=40, seed=1)
    assert np.abs(exact.pmf["probability"] - drawn.pmf["probability"]).sum() / 2 < 0.01
    assert exact.probability(rate_above=0.5).mcse == 0
    assert exact.probability(events_at_least=20) == pytest.approx(
        drawn.probability(events_at_least=20), abs=0.02
    )
    assert float(exact.draws["rate"].mean()) == pytest.approx(
        float(drawn.draws["rate"].mean()), abs=0.02
    )


@pytest.mark.parametrize("n", [1, 2, 500])
def test_cohorts_of_any_size(pooled_fit: bm.Fit, n: int) -> None:
    prediction = bm.predict(pooled_fit, n=n, seed=1)
    assert len(prediction.pmf) == n + 1
    low, high = prediction.interval(0.95).loc["events", ["lower", "upper"]]
    assert 0 <= low <= high <= n


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"n": 0},
            bm.SettingsError,
            "`n` must be a whole number of patients from 1 to 10,000,000; got 0",
        ),
        ({"n": -3}, bm.SettingsError, "`n` must be"),
        ({"n": 2.5}, bm.SettingsError, "`n` must be"),
        ({"n": float("nan")}, bm.SettingsError, "`n` must be"),
        ({"n": True}, bm.SettingsError, "`n` must be"),
        ({"seed": -1}, bm.SettingsError, "`seed` must be a whole number of at least 0; got -1"),
        (
            {"study": "dinardo2022"},
            bm.EvidenceError,
            "no study 'dinardo2022'. Did you mean 'dinardo20",
        ),
        (
            {"profile": {"regimen": "x"}},
            bm.ProfileError,
            "'regimen', which is not a covariate of the model",
        ),
        (
            {"profile": {"regimen_class": "ven"}},
            bm.ProfileError,
            "no level 'ven' of 'regimen_class'",
        ),
    ],
)
def test_bad_arguments(
    regimen_fit: bm.Fit, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        bm.predict(regimen_fit, **({"n": 40, "seed": 1} | arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "takes exactly one of rate_above, .*; got none"),
        ({"rate_above": 0.5, "events_at_least": 3}, "takes exactly one"),
        ({"rate_above": 1.5}, "`rate_above` must be a probability from 0 to 1; got 1.5"),
        ({"rate_above": 50}, "`rate_above` must be a probability"),
        (
            {"events_at_least": 41},
            "`events_at_least` must be a whole number from 0 to n = 40; got 41",
        ),
        ({"events_at_most": 2.5}, "`events_at_most` must be a whole number"),
        ({"event": "CR >= 3"}, "expected `rate` or `responders`, got `CR`"),
        ({"event": "rate > 0.3", "rate_above": 0.3}, "takes exactly one of"),
    ],
)
def test_bad_questions(pooled_fit: bm.Fit, asked: dict[str, float], message: str) -> None:
    with pytest.raises(bm.SettingsError, match=message):
        bm.predict(pooled_fit, n=40, seed=1).probability(**asked)  # type: ignore[arg-type]


def test_a_quadrature_fit_predicts_a_new_study_only(orr: bm.Arms) -> None:
    posterior = bm.fit(bm.load_model("pooled"), orr, method="quadrature")
    with pytest.raises(bm.SettingsError, match="`study` has no effect on a QuadratureFit"):
        bm.predict(posterior, n=40, study="hu2023", seed=1)


def test_a_probability_survives_copies_and_processes() -> None:
    one = Probability(Estimate(0.25, 0.01))
    again = pickle.loads(pickle.dumps(one))  # noqa: S301
    for other in (again, copy.copy(one), copy.deepcopy(one)):
        assert (float(other), other.mcse) == (0.25, 0.01)
