"""What `--json` prints of the sensitivity to priors."""

from typing import Any

from bayesmeta.report.machine import plain_value, records
from bayesmeta.sensitivity.changed_priors import prior_text
from bayesmeta.sensitivity.sensitivity import Sensitivity
from bayesmeta.sensitivity.tipping_point import FlipPoint

__all__ = ["sensitivity_json"]


def sensitivity_json(found: Sensitivity) -> dict[str, Any]:
    """Return the three tables of a sensitivity analysis; what there is not is null."""
    return {
        "profile": found.profile,
        "ci_prob": found.ci_prob,
        "refits_ok": found.ok,
        "scaling": records(found.scaling),
        "priors": records(found.priors),
        "flips": [_flip(flip) for flip in found.flips],
    }


def _flip(flip: FlipPoint) -> dict[str, Any]:
    low, high = flip.factor_interval
    return {
        "question": str(flip.question),
        "certainty": flip.certainty,
        "parameter": flip.parameter,
        "prior": prior_text(flip.prior),
        "flips": flip.flips,
        "factor": plain_value(flip.factor),
        "factor_lower": plain_value(low),
        "factor_upper": plain_value(high),
        "bracket": records(flip.bracket),
        "trials": records(flip.trials),
    }
