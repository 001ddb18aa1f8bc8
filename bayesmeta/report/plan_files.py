"""The files of a plan: tables as CSV, priors as JSON, figures."""

from os import PathLike
from pathlib import Path

import pandas as pd

from bayesmeta import plots
from bayesmeta.inference.folders import whole_folder
from bayesmeta.planning.json_text import to_json
from bayesmeta.planning.plan import MAP, ROBUST, Plan

__all__ = ["save_plan"]

SMALLEST = 5
"""Patients from which on the boundary is drawn."""


def save_plan(plan: Plan, folder: str | PathLike[str]) -> None:
    """Write the tables, priors and figures of a plan into a new folder, whole or not at all."""
    note = "" if plan.map_prior.reliable else "NOT RELIABLE: the fit failed its diagnostics."
    with whole_folder(folder, force=False) as partial:
        for name, table in _tables(plan).items():
            marked = table if plan.map_prior.reliable else table.assign(reliable="no")
            marked.to_csv(partial / f"{name}.csv", index=False, lineterminator="\n")
        # What is made from a prior is no more reliable than the prior.
        robust = to_json(plan.priors[ROBUST], plan.map_prior.about)
        written = {"prior": plan.map_prior.to_json(), "robust_prior": robust}
        for name, text in written.items():
            (partial / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        _save_figures(plan, partial, [note] if note else [])


def _tables(plan: Plan) -> dict[str, pd.DataFrame]:
    tables = {
        "decisions": plan.trial.decisions.reset_index(),
        "borrowing": plan.borrowing,
        "conflict": plan.conflict.reset_index(),
        "effective_sample_size": plan.effective_sizes.reset_index(),
    }
    if plan.interim is not None:
        look = plan.interim.look
        tables["interim"] = look.table.reset_index()
        tables["interim_operating_characteristics"] = look.operating_characteristics(plan.rates)
    return tables


def _save_figures(plan: Plan, folder: Path, notes: list[str]) -> None:
    robust = plan.priors[ROBUST]
    plots.map_prior(plan.map_prior, robust=robust).save(folder / "map_prior.png")
    plots.power(plan.trials, notes=notes).save(folder / "power.png")
    law = plan.priors[MAP]
    plots.responders(plan.trial, law=law, notes=notes).save(folder / "responders.png")
    if plan.trial.success.direction is not None:
        sizes = range(min(SMALLEST, plan.trial.n), plan.trial.n + 1)
        found = plots.boundary(plan.priors, plan.trial.success, n=sizes, notes=notes)
        found.save(folder / "boundary.png")
