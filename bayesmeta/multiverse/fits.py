"""One fit of a grid: sampled, diagnosed and asked, and of it only numbers kept."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from bayesmeta.estimates.known_rates import KnownRates
from bayesmeta.estimates.precision import Draws, mean_of
from bayesmeta.estimates.rates import DrawnRates
from bayesmeta.inference.careful import settled
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.light_fits import light_fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.multiverse.answer import GridAnswer
from bayesmeta.multiverse.combinations import PlannedFit

__all__ = ["fit_values"]

Array = npt.NDArray[np.float64]


def fit_values(
    planned: PlannedFit, answer: GridAnswer, settings: SamplerSettings, seed: int
) -> dict[str, Any]:
    """Return the answers and the diagnosis of one fit, by column of the table of results.

    A fit that fails its diagnostics is done again, once, with more draws.

    Parameters
    ----------
    planned : PlannedFit
        Model, arms and profile.
    answer : GridAnswer
        What is asked.
    settings : SamplerSettings
        Chains, warm-up, draws.
    seed : int
        Random seed: the fit is ``bm.refit(first, stream=planned.stream, ...)`` of any
        fit made with `seed`.

    Raises
    ------
    SamplingError
        If the sampler can't start or stops.
    """
    make = partial(light_fit, planned.design, seed, stream=(planned.stream,))
    fit, diagnostics = settled(make, settings)
    # The plan has told what lies outside the evidence.
    coding = planned.design.coding
    row, level = coding.row(planned.profile), coding.tau_level(planned.profile)
    rates = KnownRates(fit).at(row, level)
    new_study = rates.new_study()
    distributions = {
        "typical": rates.typical,
        "mean": rates.mean,
        "new_study": expit(new_study.theta),
    }
    found = _diagnosis(diagnostics) | {
        name: getattr(fit.settings, name) for name in ("warmup", "draws", "target_accept")
    }
    for name, draws in distributions.items():
        found |= _numbers(name, Draws(draws), answer.ci_prob)
        if answer.rate_above is not None:
            found |= _above(name, draws, answer.rate_above)
    found |= _cohort(new_study, answer)
    if fit.spec.study_effects.tau is not None:
        found |= _numbers("tau", Draws(rates.tau), answer.ci_prob)
    return found


def _diagnosis(diagnostics: Diagnostics) -> dict[str, Any]:
    table = diagnostics.table
    return {
        "ok": diagnostics.ok,
        "problems": " ".join(problem.message for problem in diagnostics.problems),
        "r_hat": float(table["r_hat"].max()),
        "ess": float(table[["ess_bulk", "ess_tail"]].to_numpy().min()),
        "divergences": diagnostics.divergences,
    }


def _numbers(name: str, distribution: Draws, ci_prob: float) -> dict[str, float]:
    """Return the median and the interval of a quantity, each with its Monte-Carlo error."""
    bounds = {"median": 0.5, "lower": (1 - ci_prob) / 2, "upper": (1 + ci_prob) / 2}
    found = {key: distribution.quantile(probability) for key, probability in bounds.items()}
    values = {f"{name}_{key}": one.value for key, one in found.items()}
    return values | {f"{name}_mcse_{key}": one.mcse for key, one in found.items()}


def _above(name: str, draws: Array, rate: float) -> dict[str, float]:
    """Return the probability that a rate lies above `rate`, with its Monte-Carlo error."""
    found = mean_of((draws > rate).astype(np.float64))
    return {f"{name}_above": found.value, f"{name}_mcse_above": found.mcse}


def _cohort(distribution: DrawnRates, answer: GridAnswer) -> dict[str, int]:
    """Return the median and the interval of the responders of a new cohort."""
    bounds = (0.5, (1 - answer.ci_prob) / 2, (1 + answer.ci_prob) / 2)
    counts = distribution.counts(answer.cohort).quantiles(bounds)
    return {
        f"cohort_{key}": int(one)
        for key, one in zip(("median", "lower", "upper"), counts, strict=True)
    }
