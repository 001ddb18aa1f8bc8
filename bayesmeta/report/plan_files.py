"""The files of a plan: tables as CSV, priors as JSON, figures."""

from os import PathLike
from pathlib import Path

import pandas as pd

from bayesmeta import plots
from bayesmeta.inference.folders import whole_folder
from bayesmeta.planning.json_text import to_json
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.plan import Plan
from bayesmeta.planning.plan_priors import MAP, ROBUST
from bayesmeta.planning.two_arm_plan import TwoArmPlan
from bayesmeta.report.plan_sizes import Sizes

__all__ = ["save_plan"]

SMALLEST = 5
"""Patients from which on the boundary is drawn."""

Folder = str | PathLike[str]


def save_plan(
    plan: Plan | TwoArmPlan | None, folder: Folder, *, prior: MapPrior, sizes: Sizes | None
) -> None:
    """Write the tables, priors and figures of a plan into a new folder, whole or not at all.

    There is no plan where only sample sizes were asked for, and none will do.
    """
    tables = {} if sizes is None else {"sample_size": sizes.table}
    with whole_folder(folder, force=False) as partial:
        if plan is not None:
            tables |= _one_arm(plan) if isinstance(plan, Plan) else _two_arms(plan)
            _save_priors(plan, partial)
            _save_figures(plan, partial)
        for name, table in tables.items():
            marked = table if prior.reliable else table.assign(reliable="no")
            marked.to_csv(partial / f"{name}.csv", index=False, lineterminator="\n")


def _save_priors(plan: Plan | TwoArmPlan, folder: Path) -> None:
    # What is made from a prior is no more reliable than the prior.
    robust = to_json(plan.priors[ROBUST], plan.map_prior.about)
    written = {"prior": plan.map_prior.to_json(), "robust_prior": robust}
    for name, text in written.items():
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


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


def _save_figures(plan: Plan | TwoArmPlan, folder: Path) -> None:
    robust, reliable = plan.priors[ROBUST], plan.map_prior.reliable
    notes = [] if reliable else ["NOT RELIABLE: the fit failed its diagnostics."]
    plots.map_prior(plan.map_prior, robust=robust).save(folder / "map_prior.png")
    if isinstance(plan, TwoArmPlan):
        return
    plots.power(plan.trials, notes=notes).save(folder / "power.png")
    law = plan.priors[MAP]
    plots.responders(plan.trial, law=law, notes=notes).save(folder / "responders.png")
    if plan.trial.success.direction is not None:
        sizes = range(min(SMALLEST, plan.trial.n), plan.trial.n + 1)
        found = plots.boundary(plan.priors, plan.trial.success, n=sizes, notes=notes)
        found.save(folder / "boundary.png")
