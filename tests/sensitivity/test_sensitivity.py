"""The three means together: the same tables as each by itself, and arguments that have no effect."""

from collections.abc import Callable

import pandas as pd
import pytest

import bayesmeta as bm


@pytest.mark.slow
def test_it_is_the_three_in_one(make_arms: Callable[..., bm.Arms]) -> None:
    arms = make_arms([(12, 26), (9, 22), (14, 31), (15, 25)])
    effects = bm.NormalEffects(bm.HalfNormal(0.5))
    spec = bm.ModelSpec("pooled", mu=bm.Normal(0, 1.5), study_effects=effects)
    fit = bm.fit(spec, arms, seed=1)
    tried = {"tau": [bm.HalfNormal(1)]}
    found = bm.sensitivity(fit, priors=tried, rate_above=0.3, certainty=0.95)
    pd.testing.assert_frame_equal(found.scaling, bm.power_scaling(fit))
    alone = bm.prior_grid(fit, priors=tried, rate_above=0.3)
    pd.testing.assert_frame_equal(found.priors, alone)
    assert [one.parameter for one in found.tipping_points] == ["tau", "mu"]
    alone = bm.tipping_point(fit, rate_above=0.3, certainty=0.95)
    pd.testing.assert_frame_equal(found.tipping_points[0].trials, alone.trials)
    assert found.ok
    assert repr(found) == (
        "Sensitivity(all studies: 1 of 5 estimates with a diagnosis, 2 priors tried, 1 tipping point)"
    )


def test_an_argument_that_would_have_no_effect_is_refused(
    make_arms: Callable[..., bm.Arms],
) -> None:
    few = bm.SamplerSettings(chains=2, warmup=100, draws=100)
    fit = bm.fit(bm.ModelSpec(), make_arms([(4, 20), (9, 22), (5, 25)]), seed=1, settings=few)
    with pytest.raises(bm.SettingsError, match="`certainty` has no effect without a question"):
        bm.sensitivity(fit, certainty=0.9)
    with pytest.raises(bm.SettingsError, match=r"`certainty` must lie above 0\.5"):
        bm.sensitivity(fit, certainty=0.2, rate_above=0.3)
    with pytest.raises(bm.SettingsError, match="no prior of 'nu'"):
        bm.sensitivity(fit, priors={"nu": [bm.Gamma(2, 0.1)]})
