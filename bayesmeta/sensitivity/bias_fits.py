"""A fit made again with studies at risk of bias shifted, counting for less, or left out."""

from collections.abc import Collection, Mapping
from hashlib import sha256
from math import inf
from typing import Any

from bayesmeta.errors import InapplicableError, SettingsError, counted, listed
from bayesmeta.estimates.posterior import AnyFit, has_draws
from bayesmeta.evidence.columns import STUDY
from bayesmeta.evidence.risk_groups import RiskGroups, check_label
from bayesmeta.model import model_hash
from bayesmeta.model.effects.base import check_scale
from bayesmeta.model.spec import ModelSpec
from bayesmeta.model.weights import check_weights
from bayesmeta.numeric import is_number
from bayesmeta.priors import Prior
from bayesmeta.sensitivity.bias_models import design_without, high_risk_design, weighted_design
from bayesmeta.sensitivity.changed_priors import fit_of_design

FEWEST_LOW = 3
"""Studies at low risk without which a bias of those at high risk is not told from heterogeneity."""


def informed_studies(fit: AnyFit) -> tuple[str, ...]:
    """Return the studies that have patients."""
    frame = fit.arms.frame
    return tuple(dict.fromkeys(map(str, frame.loc[fit.arms.informed, STUDY])))


def fit_at_high_risk(
    fit: AnyFit, groups: RiskGroups, bias_prior: Prior, spread_prior: Prior
) -> AnyFit:
    """Return the fit in which studies at high risk have biases about a mean of their own.

    InapplicableError is raised, with the reason, if it cannot be fitted.
    """
    high = _some_at_risk(fit, groups)
    if reason := _why_not(fit, groups):
        raise InapplicableError(reason)
    design = high_risk_design(fit.design, high, bias_prior, spread_prior)
    return fit_of_design(fit, design, model_hash(design.spec))


def _why_not(fit: AnyFit, groups: RiskGroups) -> str:
    """Return why a bias of studies at high risk cannot be modelled; empty if it can."""
    low = [study for study in informed_studies(fit) if groups.labels[study] in groups.low]
    if len(low) < FEWEST_LOW:
        return (
            f"{counted(len(low), 'study', 'studies')} at low risk ({' or '.join(groups.low)}), and fewer than "
            f"{FEWEST_LOW} do not tell a bias of others from heterogeneity"
        )
    if not has_draws(fit):
        return "it has four parameters, and quadrature takes two; give a fit with draws"
    return _why_no_slopes(fit.spec)


def _why_no_slopes(spec: ModelSpec) -> str:
    if spec.study_effects.is_normal and spec.study_effects.pools:
        return ""
    return f"biases are normal, as effects of studies must be beside them; the model has {spec.study_effects.name} ones"


def fit_weighted(fit: AnyFit, powers: Mapping[str, float]) -> AnyFit:
    """Return the fit in which the likelihood of each study is to a power."""
    return fit_of_design(fit, weighted_design(fit.design, powers), _digest(sorted(powers.items())))


def fit_without(fit: AnyFit, groups: RiskGroups) -> AnyFit:
    """Return the fit without the studies at high risk; InapplicableError if none or all are."""
    high = _some_at_risk(fit, groups)
    if len(high) == len(informed_studies(fit)):
        raise InapplicableError("all studies are at high risk")
    return fit_of_design(fit, design_without(fit.design, high), _digest(high))


def _some_at_risk(fit: AnyFit, groups: RiskGroups) -> Collection[str]:
    """Return the studies with patients at high risk, of which there must be one."""
    high = [study for study in informed_studies(fit) if groups.labels[study] in groups.high]
    if not high:
        raise InapplicableError(f"no study is at high risk ({listed(groups.high)})")
    return high


def _digest(value: object) -> str:
    return sha256(repr(value).encode()).hexdigest()


def check_priors(bias_prior: object, spread_prior: object) -> None:
    """Raise unless these may be priors of b0 and of kappa."""
    if not isinstance(bias_prior, Prior) or bias_prior.support != (-inf, inf):
        raise SettingsError(
            f"`bias_prior` must be a prior of every number, such as Normal(0, 0.5); got {bias_prior!r}."
        )
    check_scale("spread_prior", spread_prior)


def checked_weights(
    weights: Any, tool: str, fit: AnyFit, groups: RiskGroups
) -> Mapping[str, float]:
    """Return the powers by judgement, after checking that they leave a study."""
    if not isinstance(weights, Mapping) or not weights:
        raise SettingsError(
            f"`weights` must map overall judgements to powers, such as {{'High': 0.5}}; got {weights!r}."
        )
    check_weights(fit.design, "`weights`")
    for label, power in weights.items():
        check_label("weights", label, tool)
        if not is_number(power) or not 0 <= power <= 1:
            raise SettingsError(
                f"`weights` of {label!r} must lie within 0 (left out) and 1 (as it is); got {power!r}."
            )
    if not any(weights.get(groups.labels[study], 1.0) > 0 for study in informed_studies(fit)):
        raise SettingsError("`weights` leave no study that counts. Give one judgement more than 0.")
    return {str(label): float(power) for label, power in weights.items()}
