"""Why a report that is given judgements of the risk of bias has no models of it."""

from bayesmeta.errors import EvidenceError, SettingsError
from bayesmeta.estimates.posterior import is_survival, outcomes_of
from bayesmeta.evidence.risk_groups import risk_groups
from bayesmeta.evidence.risk_of_bias import RiskOfBias
from bayesmeta.inference.result import Fit


def why_no_bias(fit: Fit, judgements: RiskOfBias, *, refits: bool) -> str:
    """Return why models of the risk of bias are not fitted; empty if they are."""
    if outcomes_of(fit) or is_survival(fit):
        return "they are of the rate of one outcome"
    if fit.spec.covariates.elicited:
        return "the fit has elicited biases already"
    if not refits:
        return "the model was not fitted again; `bayesmeta bias` does, and a report without --quick"
    try:
        risk_groups(judgements, fit.arms)
    except (EvidenceError, SettingsError) as error:
        return str(error).removesuffix(".")
    return ""
