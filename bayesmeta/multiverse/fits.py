"""One fit of a specification grid: sampled, diagnosed and asked, and of it only numbers kept."""

from typing import Any

import numpy as np
from scipy.special import expit

from bayesmeta.comparison.joint_predictions import JointPredictions
from bayesmeta.estimates.nested_rates import OutcomeRates
from bayesmeta.estimates.precision import Draws, interval_of, mean_of
from bayesmeta.estimates.profile_rates import KnownRates, PredictedRates
from bayesmeta.estimates.questions import Question
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.refits import refit_with_retry
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model.coding import Profile
from bayesmeta.multiverse.combinations import PlannedFit

__all__ = ["fit_values"]


def fit_values(
    planned: PlannedFit, question: Question, settings: SamplerSettings, seed: int
) -> dict[str, Any]:
    """Return the answers and the diagnosis of one fit, by column of the table of results.

    It is ``bm.refit(first, stream=planned.stream, ...)`` of any fit made with `seed`. One that fails its
    diagnostics is done again, once, with more draws.

    Raises
    ------
    SamplingError
        If the sampler can't start or stops.
    """
    fit, diagnostics = refit_with_retry(planned.design, seed, settings, (planned.stream,))
    rates = _rates(fit, planned.profile, str(question.outcome))
    new_study = rates.new_study()
    drawn = {"typical": rates.typical, "mean": rates.mean, "new_study": expit(new_study.theta)}
    found = _diagnosis(diagnostics) | {
        name: getattr(fit.settings, name) for name in ("warmup", "draws", "target_accept")
    }
    for name, draws in drawn.items():
        found |= _numbers(name, Draws(draws), question.ci_prob)
        if question.rate_above is not None:
            above = mean_of((draws > question.rate_above).astype(np.float64))
            found |= {f"{name}_above": above.value, f"{name}_mcse_above": above.mcse}
    tails = (0.5, (1 - question.ci_prob) / 2, (1 + question.ci_prob) / 2)
    counts = new_study.counts(question.cohort).quantiles(tails)
    for key, one in zip(("median", "lower", "upper"), counts, strict=True):
        found[f"cohort_{key}"] = int(one)
    if fit.spec.study_effects.tau is not None:
        found |= _numbers("tau", Draws(rates.tau), question.ci_prob)
    return found


def _rates(fit: Fit, profile: Profile | None, outcome: str) -> PredictedRates | OutcomeRates:
    """Return the rates of a profile; the plan has told what of it lies outside the evidence."""
    row = fit.coding.row(profile)
    if fit.design.several:
        return OutcomeRates(JointPredictions(fit).at(row), outcome)
    return KnownRates(fit).at(row, fit.coding.tau_level(profile))


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
    return {f"{name}_{key}": one for key, one in interval_of(distribution, ci_prob).items()}
