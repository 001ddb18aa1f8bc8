"""What `--json` prints of the sensitivity to priors."""

from typing import Any

from bayesmeta.report.machine import plain_value, records
from bayesmeta.sensitivity.changed_priors import prior_text
from bayesmeta.sensitivity.sensitivity import Sensitivity
from bayesmeta.sensitivity.tipping_point import TippingPoint

__all__ = ["sensitivity_json"]


def sensitivity_json(found: Sensitivity) -> dict[str, Any]:
    """Return the three tables of a sensitivity analysis; what there is not is null."""
    return {
        "profile": found.profile,
        "ci_prob": found.ci_prob,
        "refits_ok": found.ok,
        "scaling": records(found.scaling),
        "priors": records(found.priors),
        "tipping_points": [_tipping_point(one) for one in found.tipping_points],
    }


def _tipping_point(found: TippingPoint) -> dict[str, Any]:
    low, high = found.factor_interval
    return {
        "question": str(found.question),
        "certainty": found.certainty,
        "parameter": found.parameter,
        "prior": prior_text(found.prior),
        "exists": found.exists,
        "factor": plain_value(found.factor),
        "factor_lower": plain_value(low),
        "factor_upper": plain_value(high),
        "bracket": records(found.bracket),
        "trials": records(found.trials),
    }
