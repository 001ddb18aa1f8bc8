"""Sensitivity to the prior of tau, held to the deterministic posterior under the other prior."""

import numpy as np
import pandas as pd
import pytest

import bayesmeta as bm


@pytest.fixture(scope="module")
def found(pooled_fit: bm.Fit) -> pd.DataFrame:
    return bm.prior_sensitivity(pooled_fit).set_index("power")


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_it_is_the_posterior_under_the_other_prior(
    found: pd.DataFrame, orr: bm.Arms, power: float
) -> None:
    """A half-normal density to a power is that of another scale; its posterior is had exactly."""
    spec = bm.ModelSpec(study_effects=bm.NormalEffects(bm.HalfNormal(1 / np.sqrt(power))))
    exact = bm.summary(bm.fit(spec, orr, method="quadrature")).set_index("quantity")
    row = found.loc[power]
    for name, quantity in (("tau", "tau"), ("new_study", "new study")):
        # Reweighting leaves some 7,000 of 12,000 draws; their quantiles are good to 0.1 sd.
        near = 0.1 * exact.loc[quantity, "sd"]
        assert row[name] == pytest.approx(exact.loc[quantity, "median"], abs=near)
        assert row[f"{name}_lower"] == pytest.approx(exact.loc[quantity, "lower"], abs=near)
        assert row[f"{name}_upper"] == pytest.approx(exact.loc[quantity, "upper"], abs=near)


def test_a_weaker_prior_gives_a_wider_interval(found: pd.DataFrame) -> None:
    width = found["new_study_upper"] - found["new_study_lower"]
    assert width.is_monotonic_decreasing
    assert found.loc[1.0, "ess"] == pytest.approx(12_000)
    assert (found["ess"] > 400).all()


@pytest.mark.slow
def test_bounds_that_few_draws_carry_are_not_given(make_arms: object) -> None:
    arms = make_arms([(0, 30), (30, 30), (1, 30)])  # type: ignore[operator]
    spec = bm.ModelSpec(study_effects=bm.NormalEffects(bm.HalfNormal(0.1)))
    fit = bm.fit(spec, arms, seed=1, settings=bm.SamplerSettings(draws=500))
    weak = bm.prior_sensitivity(fit).set_index("power").loc[0.5]
    assert weak["ess"] < 400
    assert np.isnan(weak["new_study_upper"])


@pytest.mark.slow
def test_without_tau_there_is_nothing_to_say(orr: bm.Arms, quick: bm.SamplerSettings) -> None:
    fit = bm.fit(bm.load_model("common_effect"), orr, seed=1, settings=quick)
    with pytest.raises(bm.SettingsError, match="the prior of tau, which this model lacks"):
        bm.prior_sensitivity(fit)


def test_of_nested_outcomes_it_is_a_fit_under_the_other_priors() -> None:
    """A half-normal density to a power is that of another scale, to which the model is fitted."""
    rows = [("a", 12, 5, 20), ("b", 8, 2, 25), ("c", 20, 11, 30), ("d", 9, 6, 22), ("e", 16, 4, 28)]
    frame = pd.DataFrame(
        {"study": study, "n": n, "outcome": outcome, "events": events}
        for study, outer, inner, n in rows
        for outcome, events in (("ORR", outer), ("CR", inner))
    )
    arms = bm.read_evidence(frame).select(outcomes=["ORR", "CR"])
    settings = bm.SamplerSettings(chains=4, draws=2000)

    def fitted(scale: float) -> bm.Fit:
        effects = bm.NormalEffects(bm.HalfNormal(scale))
        return bm.fit(bm.ModelSpec(study_effects=effects), arms, seed=1, settings=settings)

    fit, stronger = fitted(1.0), bm.summary(fitted(np.sqrt(0.5)))
    for outcome in ("ORR", "CR"):
        row = bm.prior_sensitivity(fit, outcome=outcome).set_index("power").loc[2.0]
        exact = stronger[stronger["outcome"] == outcome].set_index("quantity")
        for name, quantity in (("tau", "tau"), ("new_study", "new study")):
            # Both are known from some thousand independent draws: to 0.1 sd.
            near = 0.15 * exact.loc[quantity, "sd"]
            assert row[name] == pytest.approx(exact.loc[quantity, "median"], abs=near)
            assert row[f"{name}_upper"] == pytest.approx(exact.loc[quantity, "upper"], abs=2 * near)
    with pytest.raises(bm.SettingsError, match="`outcome` must be one of ORR, CR"):
        bm.prior_sensitivity(fit)
