"""Exchangeable levels against `rstanarm::stan_glmer`: means, standard deviations and quantiles.

The same model and priors. Numbers must lie within 4 joint Monte-Carlo standard errors.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import bayesmeta as bm
from bayesmeta.estimates.precision import Draws
from bayesmeta.estimates.profile_rates import profile_rates

REFERENCE = Path(__file__).parents[1] / "reference" / "r"
RESULTS = json.loads((REFERENCE / "level_reference.json").read_text())["results"]
SCALE = bm.Gamma(2, 4)

pytestmark = [pytest.mark.slow, pytest.mark.stored("tests/reference/r")]


@cache
def fitted(name: str) -> bm.Fit:
    result = RESULTS[name]
    spec = bm.ModelSpec(
        name,
        mu=bm.StudentT(3, 0, 1.5),
        study_effects=bm.NormalEffects(SCALE),
        covariates=f"(1 | {result['level']})",
        levels=bm.NormalLevels(SCALE),
    )
    arms = bm.read_evidence(REFERENCE / result["file"]).select()
    return bm.fit(spec, arms, seed=12, settings=bm.SamplerSettings(draws=2000))


def assert_same(draws: npt.NDArray[np.float64], theirs: dict[str, Any], name: str) -> None:
    ours = Draws(draws)
    compare = {
        "mean": (ours.mean(), theirs["mean"], theirs["mcse_mean"]),
        "sd": (ours.sd(), theirs["sd"], theirs["mcse_sd"]),
    }
    for label, value in theirs["quantiles"].items():
        own = ours.quantile(float(label.removeprefix("q")) / 100)
        compare[label] = (own, value, theirs["mcse_quantiles"][label])
    for label, (own, value, mcse) in compare.items():
        assert abs(own.value - value) <= 4 * np.hypot(own.mcse, mcse), (name, label)


@pytest.mark.parametrize("name", RESULTS)
def test_parameters(name: str) -> None:
    fit, theirs = fitted(name), RESULTS[name]["posterior"]
    assert bm.diagnose(fit).ok
    assert_same(fit.posterior["mu"].to_numpy(), theirs["mu"], "mu")
    assert_same(fit.posterior["tau"].to_numpy(), theirs["tau"], "tau")
    assert_same(fit.posterior["sigma"].to_numpy()[..., 0], theirs["sigma"], "sigma")


@pytest.mark.parametrize("name", RESULTS)
def test_effects_of_levels(name: str) -> None:
    fit, level = fitted(name), RESULTS[name]["level"]
    theirs = RESULTS[name]["effects"]
    assert set(fit.coding.level_names) == {f"{level}[{one}]" for one in theirs}
    for one, own in theirs.items():
        drawn = fit.posterior["b"].sel(level_effect=f"{level}[{one}]").to_numpy()
        assert_same(drawn, own, one)


@pytest.mark.parametrize("name", RESULTS)
def test_a_new_level(name: str) -> None:
    rates = profile_rates(fitted(name), {RESULTS[name]["level"]: bm.NEW})
    assert_same(rates.typical_log_odds, RESULTS[name]["new_level"], "new level")


def test_the_evidence_is_the_bundled_one(orr: bm.Arms) -> None:
    columns = ["study", "arm", "events", "n", "regimen_class"]
    stored = pd.read_csv(REFERENCE / "orr.csv")
    assert stored.to_dict("records") == orr.frame[columns].to_dict("records")
