"""Posteriors of public data sets against the figures that their sources print, or that R gives.

`tests/reference/published` names the sources, their priors and their figures. A printed figure has
two errors: its rounding, and the Monte-Carlo error of the sampler behind it, of which 4 are allowed.
Quantiles are compared as probabilities, where that error needs no density.
"""

import json
from collections.abc import Callable
from math import floor, log10, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

import bayesmeta as bm
from bayesmeta.estimates.outcome_draws import draws_of
from bayesmeta.estimates.precision import Estimate, mean_of

REFERENCE = Path(__file__).parents[1] / "reference" / "published"
PRINTED = json.loads((REFERENCE / "published.json").read_text())
LEFT_MAIN = json.loads((REFERENCE / "left_main.json").read_text())
EFFICIENCY = 0.5
"""Effective draws per draw where a source prints none."""

Array = npt.NDArray[np.float64]


def arms_of(data: dict[str, Any]) -> bm.Arms:
    return bm.read_evidence(pd.DataFrame({c: data[c] for c in ("study", "events", "n")})).select()


def rounding(value: float, digits: int) -> float:
    """Half a unit of the last of `digits` significant digits."""
    return 0.5 * 10.0 ** (floor(log10(abs(value))) - digits + 1)


def check_quantile(
    cdf: Callable[[float], Estimate],
    printed: float,
    probability: float,
    *,
    draws: float,
    digits: int = 3,
) -> None:
    """The printed quantile has its probability below it, to rounding and Monte-Carlo error."""
    half = rounding(printed, digits)
    theirs = sqrt(probability * (1 - probability) / draws)
    below, above = cdf(printed - half), cdf(printed + half)
    assert below.value <= probability + 4 * np.hypot(theirs, below.mcse), (printed, probability)
    assert above.value >= probability - 4 * np.hypot(theirs, above.mcse), (printed, probability)


def of_draws(draws: Array) -> Callable[[float], Estimate]:
    return lambda x: mean_of((draws <= x).astype(float))


@pytest.mark.parametrize("quantity", ["tau", "new_study"])
def test_placebo_response_in_migraine(quantity: str) -> None:
    """Pain freedom after placebo in three trials: `gMAP` of RBesT, as its users print it."""
    data = PRINTED["migraine"]
    spec = bm.ModelSpec(
        mu=bm.Normal(0, 1 / sqrt(0.1 * 0.9)), study_effects=bm.NormalEffects(bm.HalfNormal(0.5))
    )
    exact = bm.fit(spec, arms_of(data), method="quadrature").posterior.marginal(quantity)
    printed, draws = data[quantity], EFFICIENCY * data["draws"]
    for moment in ("mean", "sd"):
        margin = 4 * exact.sd / sqrt(draws) + rounding(printed[moment], 3)
        assert getattr(exact, moment) == pytest.approx(printed[moment], abs=margin)
    for probability, value in printed["quantiles"].items():
        check_quantile(
            lambda x: Estimate(float(exact.cdf(x)), 0), value, float(probability), draws=draws
        )


BASEBALL = PRINTED["baseball"]
BATTING_MU = bm.Normal(-1, 1)


def test_batting_averages_pooled_completely() -> None:
    """18 players of Efron and Morris (1975), one rate: `stan_glm` of rstanarm."""
    spec = bm.ModelSpec(mu=BATTING_MU, study_effects=bm.CommonEffect())
    exact = bm.fit(spec, arms_of(BASEBALL), method="quadrature").posterior.marginal("typical")
    for probability, value in BASEBALL["complete_pooling"].items():
        check_quantile(
            lambda x: Estimate(float(exact.cdf(x)), 0),
            value,
            float(probability),
            draws=EFFICIENCY * BASEBALL["draws"],
        )


def test_batting_averages_pooled_partially() -> None:
    """The same players, each with a rate: `stan_glmer`, and the density of the rest of the season."""
    spec = bm.ModelSpec(mu=BATTING_MU, study_effects=bm.NormalEffects(bm.Exponential(1)))
    rates = draws_of(bm.fit(spec, arms_of(BASEBALL), seed=11)).arm_rates()
    for probability, values in BASEBALL["partial_pooling"].items():
        for player, value in enumerate(values):
            check_quantile(
                of_draws(rates[..., player]),
                value,
                float(probability),
                draws=EFFICIENCY * BASEBALL["draws"],
            )
    later = np.asarray(stats.binom.pmf(BASEBALL["later_events"], BASEBALL["later_n"], rates))
    expected = later.mean(axis=(0, 1))
    # To first order, the error of a sum of log means is that of the mean of this sum.
    relative = (later / expected).sum(axis=-1)
    theirs = relative.std() / sqrt(EFFICIENCY * BASEBALL["draws"])
    assert np.log(expected).sum() == pytest.approx(
        BASEBALL["later_log_density"],
        abs=0.05 + 4 * np.hypot(theirs, mean_of(relative).mcse),
    )


def test_three_trials_of_left_main_revascularisation() -> None:
    """Death, infarction or stroke after bypass surgery in three trials: R's quadrature."""
    spec = bm.ModelSpec(mu=bm.Normal(0, 1.5), study_effects=bm.NormalEffects(bm.Exponential(1)))
    posterior = bm.fit(spec, arms_of(LEFT_MAIN["arms"]), method="quadrature").posterior
    assert posterior.log_marginal_likelihood == pytest.approx(LEFT_MAIN["log_evidence"], abs=1e-7)
    for quantity, truth in LEFT_MAIN["posterior"].items():
        exact = posterior.marginal(quantity)
        assert exact.mean == pytest.approx(truth["mean"], abs=1e-7)
        assert exact.sd == pytest.approx(truth["sd"], abs=1e-7)
        for label, value in truth["quantiles"].items():
            probability = float(label.removeprefix("q")) / 100
            assert float(exact.quantile(probability)) == pytest.approx(value, abs=1e-6)


SURGICAL = PRINTED["surgical"]


def weights_of_bugs(tau: Array) -> Array:
    """Prior density of tau where 1 / tau^2 ~ Gamma(0.001, 0.001), over that of HalfCauchy(1)."""
    weights = tau**-1.002 * np.exp(-0.001 / tau**2) * (1 + tau**2)
    return np.asarray(weights / weights.mean())


class Weighted:
    """Expectations over draws of weights whose mean is 1."""

    def __init__(self, weights: Array) -> None:
        self.weights = weights

    def mean(self, values: Array) -> Estimate:
        mean = float((self.weights * values).mean())
        return Estimate(mean, mean_of(self.weights * (values - mean)).mcse)

    def below(self, values: Array) -> Callable[[float], Estimate]:
        return lambda x: self.mean((values <= x).astype(float))


def test_mortality_of_cardiac_surgery_in_twelve_hospitals() -> None:
    """Example "Surgical" of BUGS, whose prior of tau is not on offer: draws weighted to it."""
    spec = bm.ModelSpec(mu=bm.Normal(0, 1000), study_effects=bm.NormalEffects(bm.HalfCauchy(1)))
    fit = bm.fit(spec, arms_of(SURGICAL), seed=12)
    drawn = Weighted(weights_of_bugs(fit.posterior["tau"].to_numpy()))
    for hospital, rates in enumerate(np.moveaxis(draws_of(fit).arm_rates(), -1, 0)):
        draws, mean, sd = (SURGICAL[c][hospital] for c in ("effective_draws", "mean", "sd"))
        ours = drawn.mean(rates)
        square = drawn.mean((rates - ours.value) ** 2)
        for value, mcse, printed in (
            (ours.value, ours.mcse, mean),
            (sqrt(square.value), square.mcse / (2 * sd), sd),
        ):
            margin = 4 * np.hypot(sd / sqrt(draws), mcse) + rounding(printed, 4)
            assert value == pytest.approx(printed, abs=margin), hospital
        for probability, values in SURGICAL["quantiles"].items():
            below, printed = drawn.below(rates), values[hospital]
            check_quantile(below, printed, float(probability), draws=draws, digits=4)
