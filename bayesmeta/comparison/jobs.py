"""The fits of a comparison as jobs, and their outcomes gathered by model."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import ceil, hypot
from typing import Any

import numpy as np

from bayesmeta.comparison.approximation import approximated, is_usable
from bayesmeta.comparison.held_out import lean, without
from bayesmeta.comparison.plan import Plan, number_of, pit_stream
from bayesmeta.comparison.predictions import answers, predictions_of, predictive
from bayesmeta.comparison.questions import asked_of, studies_of
from bayesmeta.comparison.scores import arm_scores, study_scores
from bayesmeta.estimates.precision import Row
from bayesmeta.inference.diagnosis import Diagnostics
from bayesmeta.inference.refits import refit_with_retry
from bayesmeta.inference.result import Fit
from bayesmeta.marginal_likelihood.marginal_likelihood import (
    bridge_of,
    log_marginal_likelihood,
    why_no_marginal_likelihood,
)
from bayesmeta.model import Design, model_hash
from bayesmeta.runs import Finished, Job, Outcome, Runner, job_key

Outcomes = dict[str, Outcome]
"""What became of each fit of one model, by the study left out; of the whole evidence by ``""``."""


def fitted(designs: Mapping[str, Design], plan: Plan, runner: Runner) -> dict[str, Outcomes]:
    """Return what became of every fit of every model, by study; those weighted are in the whole's."""
    plan = plan.adapted(runner.cores(plan.settings.cores))
    asked = {name: ("", *(studies_of(one) if plan.exact else ())) for name, one in designs.items()}
    found = _run(designs, plan, runner, asked)
    if plan.exact:
        return found
    again = _run(designs, plan, runner, {name: _unreliable(one[""]) for name, one in found.items()})
    return {name: own | again[name] for name, own in found.items()}


def _run(
    designs: Mapping[str, Design],
    plan: Plan,
    runner: Runner,
    asked: Mapping[str, tuple[str, ...]],
) -> dict[str, Outcomes]:
    """Return the outcomes of the fits asked for: of each model, without each of these studies."""
    jobs = {name: dict(_jobs(name, one, plan, asked[name])) for name, one in designs.items()}
    each = [(study, job) for own in jobs.values() for study, job in own.items()]
    # Fits of the whole evidence take longest, and go first, lest one of them end alone.
    done = runner.run([job for _, job in sorted(each, key=lambda one: one[0] != "")])
    return {
        name: {study: done[job.name] for study, job in own.items()} for name, own in jobs.items()
    }


def _jobs(
    name: str, design: Design, plan: Plan, studies: tuple[str, ...]
) -> Iterator[tuple[str, Job]]:
    """Yield each study with the job that fits the evidence without it, or the whole for ``""``."""
    model, arms = model_hash(design.spec), design.arms.hash
    key = partial(job_key, model=model, arms=arms, plan=plan.as_json())
    small = lean(design)
    for study in studies:
        if study:
            own = key(left_out=study)
            yield study, Job(f"{name} without {study}", own, fit_without, (small, study, plan))
        else:
            whole = key(left_out=study, exact=plan.exact, marginal=plan.marginal)
            yield study, Job(name, whole, fit_whole, (small, plan))


def _unreliable(whole: Outcome) -> tuple[str, ...]:
    """Return the studies that weighting cannot leave out."""
    if not isinstance(whole, Finished):
        return ()
    scores = [one["study"] for one in whole.value["approximated"]]
    return tuple(str(score["study"]) for score in scores if not is_usable(score))


TOLERATED, WANTED = 0.025, 0.02
"""Monte-Carlo error of a score above which a fit is done again with more draws, and what for: the
square of the error falls with their number."""

MOST_TIMES = 10

FAR_OFF = 0.05
"""Error that is left after that above which a score is had from marginal likelihoods."""

BRIDGED = "bridged"
"""How such a score is marked among those of refits."""

WEIGHTED_TIMES = 4
"""How many times as many draws are made where those of the whole evidence are weighted."""


def fit_without(design: Design, study: str, plan: Plan) -> dict[str, Any]:
    """Return `fit` (its diagnostics), `study` (its row of `study_scores`), `arms` and `answers`."""
    rest, new = without(design, study)
    stream = (number_of("left out"), number_of(study))
    fit, found, row = scored(
        rest, plan, stream, lambda fit: study_scores(predictions_of(fit), new)[0]
    )
    if row["mcse_elpd"] > FAR_OFF:
        row |= _bridged(design, fit, plan, number_of(study))
    predictions = predictions_of(fit)
    asked = asked_of(design.coding, plan.question)
    return {
        "fit": found,
        "study": row,
        "arms": arm_scores(predictions, new, pit_stream(plan.seed, study)),
        "answers": answers(predictions, asked),
    }


def fit_whole(design: Design, plan: Plan) -> dict[str, Any]:
    """Return `fit`, `answers`, `predictive`, `marginal`, and by study `approximated`, if asked for."""
    # One set of draws for all studies: its error does not average out over them.
    fit, found = _fitted(design, plan if plan.exact else plan.longer(WEIGHTED_TIMES), ())
    predictions, asked = predictions_of(fit), asked_of(design.coding, plan.question)
    return {
        "fit": found,
        "answers": answers(predictions, asked),
        "predictive": predictive(predictions, asked),
        "marginal": _marginal(fit, plan.seed) if plan.marginal else None,
        "approximated": [] if plan.exact else approximated(predictions, plan.seed, asked),
    }


def scored(
    rest: Design, plan: Plan, stream: tuple[int, ...], score: Callable[[Fit], Row]
) -> tuple[Fit, Row, Row]:
    """Return a fit, its diagnostics and its score, with more draws where the score is not known well."""
    fit, found = _fitted(rest, plan, stream)
    row = score(fit)
    if row["mcse_elpd"] > TOLERATED:
        times = min(MOST_TIMES, ceil((row["mcse_elpd"] / WANTED) ** 2))
        fit, found = _fitted(rest, plan.longer(times), (*stream, number_of("longer")))
        row = score(fit)
    return fit, found, row


def _fitted(design: Design, plan: Plan, stream: tuple[int, ...]) -> tuple[Fit, Row]:
    """Return a fit and its diagnostics, done again once if they fail."""
    fit, diagnostics = refit_with_retry(design, plan.seed, plan.settings, stream)
    return fit, _row(diagnostics, retried=fit.settings != plan.settings)


def _marginal(fit: Fit, seed: int) -> Row:
    """Return the log marginal likelihood, and how far it depends on the priors; empty if none."""
    if why_no_marginal_likelihood(fit):
        return {}
    found = log_marginal_likelihood(fit, seed=seed)
    return {
        "log_marginal_likelihood": found.value,
        "mcse_log_marginal_likelihood": found.error,
        "prior_change": found.prior_change,
        "prior_changed": found.most_changed,
    }


def _bridged(design: Design, rest: Fit, plan: Plan, number: int) -> Row:
    """Return the score of a study as the difference of log marginal likelihoods.

    For a study so far off that hardly a draw without it comes near: then the mean of its density over
    draws is not to be had, but both marginal likelihoods are.
    """
    if why_no_marginal_likelihood(rest):
        return {}
    whole, _ = _fitted(design, plan, ())
    seeds = np.random.SeedSequence(plan.seed, spawn_key=(number,)).generate_state(2)
    found = [bridge_of(fit, seed=int(seed)) for fit, seed in zip((whole, rest), seeds, strict=True)]
    return {
        "elpd": found[0].value - found[1].value,
        "mcse_elpd": hypot(found[0].error, found[1].error),
        "method": BRIDGED,
    }


def _row(diagnostics: Diagnostics, *, retried: bool) -> Row:
    table = diagnostics.table
    return {
        "ok": diagnostics.ok,
        "r_hat": float(table["r_hat"].max()),
        "ess_bulk": float(table["ess_bulk"].min()),
        "ess_tail": float(table["ess_tail"].min()),
        "e_bfmi": float(min(diagnostics.e_bfmi)),
        "divergences": diagnostics.divergences,
        "retried": retried,
        "problems": "; ".join(problem.message for problem in diagnostics.problems),
    }
