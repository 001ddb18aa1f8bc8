"""Exchangeable levels against rstanarm, and against brms what rstanarm cannot fit.

`rstanarm::stan_glmer` fits normal levels; brms fits levels that follow Student's t, and nested ones. The
same models and priors. Means, standard deviations and quantiles must lie within 4 joint Monte-Carlo
standard errors.
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


def stored(name: str) -> dict[str, Any]:
    return dict(json.loads((REFERENCE / name).read_text())["results"])


NORMAL = stored("level_reference.json")
BRMS = stored("brms_level_reference.json")
STUDENT = [name for name in BRMS if name.endswith("_student")]
NESTED = [name for name in BRMS if name.endswith("_nested")]
SCALE = bm.Gamma(2, 4)

pytestmark = [pytest.mark.slow, pytest.mark.stored("tests/reference/r")]


def result_of(name: str) -> dict[str, Any]:
    return dict((NORMAL | BRMS)[name])


def columns_of(name: str) -> list[str]:
    """Columns whose levels are exchangeable, outer first."""
    result = result_of(name)
    return list(result["levels"]) if name in BRMS else [result["level"]]


@cache
def fitted(name: str) -> bm.Fit:
    levels = bm.StudentTLevels(SCALE, nu=4) if name in STUDENT else bm.NormalLevels(SCALE)
    spec = bm.ModelSpec(
        name,
        mu=bm.StudentT(3, 0, 1.5),
        study_effects=bm.NormalEffects(SCALE),
        covariates=f"(1 | {' / '.join(columns_of(name))})",
        levels=levels,
    )
    arms = bm.read_evidence(REFERENCE / result_of(name)["file"]).select()
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


@pytest.mark.parametrize("name", [*NORMAL, *BRMS])
def test_parameters(name: str) -> None:
    fit, theirs = fitted(name), result_of(name)["posterior"]
    assert bm.diagnose(fit).ok
    assert_same(fit.posterior["mu"].to_numpy(), theirs["mu"], "mu")
    assert_same(fit.posterior["tau"].to_numpy(), theirs["tau"], "tau")
    sigma = fit.posterior["sigma"].to_numpy()
    assert_same(sigma[..., 0], theirs["sigma"], "sigma")
    if name in NESTED:
        assert_same(sigma[..., 1], theirs["sigma_inside"], "sigma_inside")


@pytest.mark.parametrize("name", [*NORMAL, *BRMS])
def test_effects_of_levels(name: str) -> None:
    fit, column = fitted(name), columns_of(name)[0]
    theirs = result_of(name)["effects"]
    ours = {one for one in fit.coding.level_names if one.startswith(f"{column}[")}
    assert ours == {f"{column}[{one}]" for one in theirs}
    for one, own in theirs.items():
        drawn = fit.posterior["b"].sel(level_effect=f"{column}[{one}]").to_numpy()
        assert_same(drawn, own, one)


@pytest.mark.parametrize("name", [*NORMAL, *STUDENT])
def test_a_new_level(name: str) -> None:
    theirs = result_of(name)["new_level"]
    rates = profile_rates(fitted(name), {columns_of(name)[0]: bm.NEW})
    assert_same(rates.typical_log_odds, theirs["new"] if name in BRMS else theirs, "new level")


@pytest.mark.parametrize("name", NESTED)
def test_a_new_level_inside_each_outer_level_and_inside_a_new_one(name: str) -> None:
    outer, inner = columns_of(name)
    for level, theirs in result_of(name)["new_level"].items():
        profile = {outer: bm.NEW if level == "new" else level, inner: bm.NEW}
        assert_same(profile_rates(fitted(name), profile).typical_log_odds, theirs, level)


def test_the_evidence_is_the_bundled_one(orr: bm.Arms) -> None:
    columns = ["study", "arm", "events", "n", "regimen_class"]
    kept = pd.read_csv(REFERENCE / "orr.csv")
    assert kept.to_dict("records") == orr.frame[columns].to_dict("records")
