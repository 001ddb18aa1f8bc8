"""The files of a plan: tables as CSV, priors as JSON, figures."""

import pandas as pd

from bayesmeta import plots
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixture_text import to_json
from bayesmeta.planning.plan import Plan
from bayesmeta.planning.plan_priors import MAP, ROBUST
from bayesmeta.planning.two_arm_plan import TwoArmPlan
from bayesmeta.plots.pages import Plot
from bayesmeta.report.plan_sizes import Sizes
from bayesmeta.wording import PLAIN, Wording

__all__ = ["FILES", "plan_files"]

DPI = 300

SMALLEST = 5
"""Patients from which on the boundary is drawn."""

FILES = (
    *("sample_size.csv", "threshold_errors.csv", "certainties.csv", "by_weight.csv"),
    *("effective_sample_size.csv", "decisions.csv", "borrowing.csv", "conflict.csv", "interim.csv"),
    *("interim_operating_characteristics.csv", "largest_errors.csv"),
    *("operating_characteristics.csv", "prior.json", "robust_prior.json"),
    *("map_prior.png", "power.png", "responders.png", "boundary.png"),
)
"""All that a plan may write."""


def plan_files(
    plan: Plan | TwoArmPlan | None, *, prior: MapPrior, sizes: Sizes | None, words: Wording = PLAIN
) -> dict[str, bytes]:
    """Return the tables, priors and figures of a plan, by name of file.

    There is no plan where only sample sizes were asked for, and none will do.
    """
    tables = {} if sizes is None else {"sample_size": sizes.table}
    found: dict[str, bytes] = {}
    if plan is not None:
        tables |= _one_arm(plan) if isinstance(plan, Plan) else _two_arms(plan)
        found = _priors(plan) | _figures(plan, words)
    return found | {f"{name}.csv": _csv(table, prior) for name, table in tables.items()}


def _csv(table: pd.DataFrame, prior: MapPrior) -> bytes:
    # What is made from a prior is no more reliable than the prior.
    marked = table if prior.reliable else table.assign(reliable="no")
    return marked.to_csv(index=False, lineterminator="\n").encode()


def _priors(plan: Plan | TwoArmPlan) -> dict[str, bytes]:
    robust = to_json(plan.priors[ROBUST], plan.map_prior.about)
    written = {"prior": plan.map_prior.to_json(), "robust_prior": robust}
    return {f"{name}.json": f"{text}\n".encode() for name, text in written.items()}


def _common(plan: Plan | TwoArmPlan) -> dict[str, pd.DataFrame]:
    return {
        "threshold_errors": plan.threshold_errors,
        "certainties": plan.certainties,
        "by_weight": plan.by_weight,
        "effective_sample_size": plan.effective_sizes.reset_index(),
    }


def _one_arm(plan: Plan) -> dict[str, pd.DataFrame]:
    tables = _common(plan) | {
        "decisions": plan.trial.decisions.reset_index(),
        "borrowing": plan.borrowing,
        "conflict": plan.conflict.reset_index(),
    }
    if plan.interim is not None:
        look = plan.interim.look
        tables["interim"] = look.table.reset_index()
        tables["interim_operating_characteristics"] = look.operating_characteristics(plan.rates)
    return tables


def _two_arms(plan: TwoArmPlan) -> dict[str, pd.DataFrame]:
    tables = _common(plan) | {
        "decisions": plan.trial.boundary.reset_index(),
        "largest_errors": plan.largest_errors,
        "operating_characteristics": plan.operating_characteristics,
    }
    conflict = {} if plan.conflict is None else {"conflict": plan.conflict.reset_index()}
    return tables | conflict


def _figures(plan: Plan | TwoArmPlan, words: Wording) -> dict[str, bytes]:
    robust, reliable = plan.priors[ROBUST], plan.map_prior.reliable
    notes = [] if reliable else ["NOT RELIABLE: the fit failed its diagnostics."]
    scale = plots.RateScale(per=words.rates.per)
    prior = plots.map_prior(plan.map_prior, robust=robust, scale=scale, labels=words.labels)
    drawn: dict[str, Plot] = {"map_prior": prior}
    if isinstance(plan, Plan):
        drawn["power"] = plots.power(plan.trials, notes=notes)
        drawn["responders"] = plots.responders(
            plan.trial, distribution=plan.priors[MAP], notes=notes
        )
        if plan.trial.success.direction is not None:
            sizes = range(min(SMALLEST, plan.trial.n), plan.trial.n + 1)
            drawn["boundary"] = plots.boundary(
                plan.priors, plan.trial.success, n=sizes, notes=notes
            )
    return {f"{name}.png": plot.png(dpi=DPI) for name, plot in drawn.items()}
