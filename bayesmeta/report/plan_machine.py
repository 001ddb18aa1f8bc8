"""Plans of trials as JSON for machines."""

from typing import Any

from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan import Interim, Plan
from bayesmeta.report.machine import records

__all__ = ["plan_json"]


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return priors, boundary, operating characteristics and the rest of a plan."""
    fitted, trial = plan.map_prior, plan.trial
    return {
        "reliable": fitted.reliable,
        "profile": fitted.profile,
        "n": trial.n,
        "success": str(trial.success),
        "robust": plan.robust,
        "priors": {name: _mixture_json(prior) for name, prior in plan.priors.items()},
        "ecdf_difference": fitted.ecdf_difference,
        "kl": fitted.kl,
        "effective_sample_size": records(plan.effective_sizes.reset_index()),
        "boundary": trial.boundary,
        "largest": trial.largest,
        "decisions": records(trial.decisions.reset_index()),
        "probability_of_success": trial.probability_of_success(fitted.mixture),
        "type_one_error": trial.type_one_error(),
        "operating_characteristics": records(plan.operating_characteristics),
        "conflict": records(plan.conflict.reset_index()),
        "borrowing": records(plan.borrowing),
        "interim": None if plan.interim is None else _interim_json(plan, plan.interim),
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
