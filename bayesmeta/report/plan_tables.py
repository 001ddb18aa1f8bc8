"""Plans of trials for machines: as JSON, and as files (tables as CSV, priors as JSON, figures)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayesmeta import plots
from bayesmeta.planning.analysis_priors import AnalysisPrior
from bayesmeta.planning.interim import Interim
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixture_text import to_json
from bayesmeta.planning.plan import Plan
from bayesmeta.report.machine import records
from bayesmeta.report.plan_text import Sizes
from bayesmeta.report.plan_words import NAMES, AnyPlan, mixture_warnings, warnings_of
from bayesmeta.wording import PLAIN, Wording

if TYPE_CHECKING:
    from bayesmeta.plots.pages import Plot

DPI = 300

SMALLEST = 5
"""Patients from which on the boundary is drawn."""

FILES = (
    *("sample_size.csv", "threshold_errors.csv", "certainties.csv", "by_weight.csv"),
    *("effective_sample_size.csv", "decisions.csv", "borrowing.csv", "conflict.csv", "interim.csv"),
    *("interim_operating_characteristics.csv", "largest_errors.csv", "sam_weights.csv"),
    *("operating_characteristics.csv", "prior.json", "robust_prior.json"),
    *("map_prior.png", "power.png", "responders.png", "boundary.png"),
)
"""All that a plan may write."""


def _tables(plan: AnyPlan) -> dict[str, pd.DataFrame]:
    """Return the tables of a plan by name."""
    found = {
        "threshold_errors": plan.threshold_errors,
        "certainties": plan.certainties,
        "by_weight": plan.by_weight,
        "effective_sample_size": plan.effective_sizes.reset_index(),
    }
    if plan.sam_weights is not None:
        found["sam_weights"] = plan.sam_weights
    if plan.conflict is not None:
        found["conflict"] = plan.conflict.reset_index()
    if isinstance(plan, Plan):
        own = {"decisions": plan.trial.decisions.reset_index(), "borrowing": plan.borrowing}
        return found | own
    return found | {
        "decisions": plan.trial.boundary.reset_index(),
        "borrowing": plan.borrowing,
        "largest_errors": plan.largest_errors,
        "operating_characteristics": plan.operating_characteristics,
    }


def plan_json(plan: AnyPlan | None, *, prior: MapPrior, sizes: Sizes | None) -> dict[str, Any]:
    """Return priors, boundary, operating characteristics and the rest of a plan.

    There is no plan where only sample sizes were asked for, and none will do.
    """
    found = {
        "reliable": prior.reliable,
        "profile": prior.profile,
        "ecdf_difference": prior.ecdf_difference,
        "kl": prior.kl,
        "n": None,
    }
    if plan is not None:
        found |= _common(plan) | _of_trial(plan)
    return found | {"sample_size": None if sizes is None else sizes.json()}


def _common(plan: AnyPlan) -> dict[str, Any]:
    tables = _tables(plan) | {"operating_characteristics": plan.operating_characteristics}
    return {
        "conflict": None,
        **{name: records(table) for name, table in tables.items()},
        "success": str(plan.trial.success),
        "robust": plan.robust,
        "weights": list(plan.compared.weights),
        "vague": _prior_json(plan.compared.vague),
        "priors": {name: _prior_json(prior) for name, prior in plan.priors.items()},
        "design": _prior_json(plan.compared.design),
        "bayesian_characteristics": {
            name: asdict(found) for name, found in plan.characteristics.items()
        },
        "decides_alike": plan.decides_alike,
        "warnings": [*mixture_warnings(plan.map_prior), *warnings_of(plan)],
    }


def _prior_json(prior: AnalysisPrior | None) -> Any:
    return None if prior is None else _lists(asdict(prior))


def _lists(value: Any) -> Any:
    """Return a value with lists in place of tuples, at every depth."""
    if isinstance(value, dict):
        return {name: _lists(each) for name, each in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _of_trial(plan: AnyPlan) -> dict[str, Any]:
    if not isinstance(plan, Plan):
        two = plan.trial
        boundary = records(two.boundary.reset_index())
        return {"n": two.n_treated, "n_control": two.n_control, "boundary": boundary}
    trial = plan.trial
    return {
        "n": trial.n,
        "boundary": trial.boundary,
        "largest": trial.largest,
        "probability_of_success": trial.probability_of_success(plan.design),
        "alternative": plan.alternative,
        "type_one_error": trial.type_one_error(),
        "interim": None if plan.interim is None else _interim(plan, plan.interim),
    }


def _interim(plan: Plan, interim: Interim) -> dict[str, Any]:
    look, conflict = interim.look, interim.conflict
    return {
        "events": interim.events,
        "n": interim.n,
        "predictive_probability_of_success": interim.success,
        "conflict": {
            name: getattr(conflict, name) for name in ("two_sided", "mid_p", "box", "words")
        },
        "stop_below": look.stop_below,
        "stop": bool(look.stops[interim.events]),
        "table": records(look.table.reset_index()),
        "operating_characteristics": records(look.operating_characteristics(plan.rates)),
    }


def plan_frames(plan: AnyPlan | None, sizes: Sizes | None) -> dict[str, pd.DataFrame]:
    """Return the tables that a plan writes, by name; without a plan, of the sizes."""
    found = {} if sizes is None else {"sample_size": sizes.table}
    if plan is not None:
        found |= _tables(plan)
    if isinstance(plan, Plan) and plan.interim is not None:
        look = plan.interim.look
        found["interim"] = look.table.reset_index()
        found["interim_operating_characteristics"] = look.operating_characteristics(plan.rates)
    return found


def plan_files(
    plan: AnyPlan | None, *, prior: MapPrior, sizes: Sizes | None, words: Wording = PLAIN
) -> dict[str, bytes]:
    """Return the tables, priors and figures of a plan, by name of file; without a plan, of the sizes."""
    tables = plan_frames(plan, sizes)
    found = {
        f"{name}.csv": csv_of(table, reliable=prior.reliable) for name, table in tables.items()
    }
    if plan is None:
        return found
    return found | priors_json(plan) | drawn_files(plan_plots(plan, words))


def priors_json(plan: AnyPlan) -> dict[str, bytes]:
    """Return the files of the two priors that borrow."""
    robust = to_json(plan.compared.robust, plan.map_prior.about)
    written = {"prior": plan.map_prior.to_json(), "robust_prior": robust}
    return {f"{name}.json": f"{text}\n".encode() for name, text in written.items()}


def drawn_files(drawn: Mapping[str, "Plot"]) -> dict[str, bytes]:
    """Return the files of figures."""
    return {f"{name}.png": plot.png(dpi=DPI) for name, plot in drawn.items()}


def csv_of(table: pd.DataFrame, *, reliable: bool) -> bytes:
    """Return a table as CSV, marked where what it is made from is not reliable."""
    marked = table if reliable else table.assign(reliable="no")
    return marked.to_csv(index=False, lineterminator="\n").encode()


def plan_plots(plan: AnyPlan, words: Wording = PLAIN) -> dict[str, "Plot"]:
    """Return the figures of a plan by name."""
    robust, reliable = plan.compared.robust, plan.map_prior.reliable
    notes = [] if reliable else ["NOT RELIABLE: the fit failed its diagnostics."]
    scale = plots.RateScale(per=words.rates.per)
    prior = plots.map_prior(plan.map_prior, robust=robust, scale=scale, labels=words.labels)
    drawn: dict[str, Plot] = {"map_prior": prior}
    if isinstance(plan, Plan):
        trial = plan.trial
        trials = {NAMES[name]: one for name, one in plan.trials.items()}
        drawn["power"] = plots.power(trials, notes=notes)
        drawn["responders"] = plots.responders(trial, distribution=plan.design, notes=notes)
        if trial.success.direction is not None:
            sizes = range(min(SMALLEST, trial.n), trial.n + 1)
            priors = {NAMES[name]: each for name, each in plan.compared.fixed.items()}
            drawn["boundary"] = plots.boundary(priors, trial.success, n=sizes, notes=notes)
    return drawn
