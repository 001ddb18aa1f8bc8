"""Plans of trials as JSON for machines."""

from typing import Any

from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan import Plan
from bayesmeta.planning.plan_interim import Interim
from bayesmeta.planning.two_arm_plan import TwoArmPlan
from bayesmeta.report.machine import records
from bayesmeta.report.plan_errors import warnings_of
from bayesmeta.report.plan_words import mixture_warnings

__all__ = ["plan_json", "prior_json", "two_arm_json"]


def prior_json(fitted: MapPrior) -> dict[str, Any]:
    """Return what a MAP prior is for, and how near it is to its draws."""
    return {
        "reliable": fitted.reliable,
        "profile": fitted.profile,
        "ecdf_difference": fitted.ecdf_difference,
        "kl": fitted.kl,
    }


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return priors, boundary, operating characteristics and the rest of a plan."""
    fitted, trial = plan.map_prior, plan.trial
    return _common(plan) | {
        "n": trial.n,
        "boundary": trial.boundary,
        "largest": trial.largest,
        "decisions": records(trial.decisions.reset_index()),
        "probability_of_success": trial.probability_of_success(fitted.mixture),
        "type_one_error": trial.type_one_error(),
        "conflict": records(plan.conflict.reset_index()),
        "borrowing": records(plan.borrowing),
        "interim": None if plan.interim is None else _interim_json(plan, plan.interim),
    }


def two_arm_json(plan: TwoArmPlan) -> dict[str, Any]:
    """Return priors, boundaries, operating characteristics and the rest of a plan."""
    trial, conflict = plan.trial, plan.conflict
    return _common(plan) | {
        "n": trial.n_treated,
        "n_control": trial.n_control,
        "boundary": records(trial.boundary.reset_index()),
        "largest_errors": records(plan.largest_errors),
        "conflict": None if conflict is None else records(conflict.reset_index()),
    }


def _common(plan: Plan | TwoArmPlan) -> dict[str, Any]:
    """Return what plans of one arm and of two have in common."""
    vague = plan.compared.vague
    return prior_json(plan.map_prior) | {
        "success": str(plan.trial.success),
        "robust": plan.robust,
        "weights": list(plan.compared.weights),
        "vague": _mixture_json(vague),
        "priors": {name: _mixture_json(prior) for name, prior in plan.priors.items()},
        "effective_sample_size": records(plan.effective_sizes.reset_index()),
        "decides_alike": plan.decides_alike,
        "threshold_errors": records(plan.threshold_errors),
        "certainties": records(plan.certainties),
        "warnings": [*mixture_warnings(plan.map_prior), *warnings_of(plan)],
        "operating_characteristics": records(plan.operating_characteristics),
        "by_weight": records(plan.by_weight),
    }


def _mixture_json(mixture: BetaMixture) -> dict[str, Any]:
    """Return the parameters of a mixture."""
    return {"weights": list(mixture.weights), "a": list(mixture.a), "b": list(mixture.b)}


def _interim_json(plan: Plan, interim: Interim) -> dict[str, Any]:
    look, conflict = interim.look, interim.conflict
    return {
        "events": interim.events,
        "n": interim.n,
        "predictive_probability_of_success": interim.success,
        "conflict": {
            "two_sided": conflict.two_sided,
            "mid_p": conflict.mid_p,
            "box": conflict.box,
            "words": conflict.words,
        },
        "stop_below": look.stop_below,
        "stop": bool(look.stops[interim.events]),
        "table": records(look.table.reset_index()),
        "operating_characteristics": records(look.operating_characteristics(plan.rates)),
    }
