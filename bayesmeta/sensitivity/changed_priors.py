"""A model with other priors of its parameters, and a fit made again with them."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import product
from typing import Any

from bayesmeta.errors import ModelWarning, SettingsError, nearest
from bayesmeta.estimates.posterior import AnyFit, has_draws
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.inference.exact import quadrature_fit
from bayesmeta.inference.refits import refit_with_retry
from bayesmeta.model import LKJ, Design, ModelSpec, make_design, model_hash
from bayesmeta.model.curves import PRECISION
from bayesmeta.model.survival_reports import reports_of
from bayesmeta.priors import Prior

STREAM_DIGITS = 12
"""Hexadecimal digits of a model's hash that number the stream of its refit."""


def own_priors(spec: ModelSpec, arms: Arms) -> dict[str, Any]:
    """Return the priors of a model of some arms by parameter: of each part, as far as it has them."""
    found: dict[str, Any] = {"mu": spec.mu}
    if spec.covariates.parsed.terms:
        found["beta"] = spec.scale.beta if spec.beta is None else spec.beta
    if spec.study_effects.tau is not None:
        found["tau"] = spec.study_effects.tau
    # A distribution may cut its own prior off: what it was given is what can be given anew.
    found |= {name: getattr(spec.study_effects, name) for name in spec.study_effects.parameters}
    if spec.arm_effects is not None:
        found["tau_arm"] = spec.arm_effects.tau_arm
    found |= {name: getattr(spec.likelihood, name) for name in spec.likelihood.parameters}
    if spec.curve is not None and isinstance(arms, SurvivalArms):
        own = dict(spec.curve.parameters)
        if not reports_of(arms).discounts:
            del own[PRECISION]
        found |= own
    return found | ({"correlation": spec.correlation} if len(arms.outcomes) > 1 else {})


def changes_of(
    own: Mapping[str, object], tried: Mapping[str, Sequence[Any]], *, together: bool
) -> list[dict[str, Any]]:
    """Return the priors that are not the model's own, once each; one at a time, or all `together`."""
    if together:
        combinations = [dict(zip(tried, each, strict=True)) for each in product(*tried.values())]
    else:
        combinations = [{name: prior} for name, priors in tried.items() for prior in priors]
    found: list[dict[str, Any]] = []
    for each in combinations:
        changed = {name: prior for name, prior in each.items() if own.get(name) != prior}
        if changed and changed not in found:
            found.append(changed)
    return found


def checked_lists(spec: ModelSpec, arms: Arms, priors: object) -> Mapping[str, Sequence[Any]]:
    """Return what is to be tried, checked to give a list of priors for parameters of the model."""
    if not isinstance(priors, Mapping) or not priors or not all(map(_is_list, priors.values())):
        raise SettingsError(
            "`priors` must give a list of priors for each parameter, such as {'tau': [HalfNormal(1)]}; "
            f"got {priors!r}."
        )
    for name in priors:
        check_parameter(spec, arms, name)
    return priors


def _is_list(each: object) -> bool:
    """Return whether this is a list of priors that is not empty."""
    if not isinstance(each, Sequence) or isinstance(each, str) or not each:
        return False
    return all(isinstance(one, Prior | LKJ | Mapping | None) for one in each)


def prior_text(prior: object) -> str:
    """Return a prior as it is written; of several, each; of correlations there are none of, so."""
    if isinstance(prior, Mapping):
        return "; ".join(f"{label} {each!r}" for label, each in prior.items())
    return "none" if prior is None else repr(prior)


def with_prior(spec: ModelSpec, parameter: str, prior: Any) -> ModelSpec:
    """Return the model with another prior of a parameter; of `beta`, that of all coefficients."""
    if parameter in {one.name for one in fields(spec)}:
        return replace(spec, **{parameter: prior})
    part = next(
        name
        for name in ("study_effects", "arm_effects", "likelihood", "curve")
        if hasattr(getattr(spec, name), parameter)
    )
    return replace(spec, **{part: replace(getattr(spec, part), **{parameter: prior})})


def with_scaled_prior(spec: ModelSpec, parameter: str, own: Any, factor: float) -> ModelSpec:
    """Return the model with the prior of a parameter, `own`, `factor` times as wide about its centre."""
    if isinstance(own, Prior):
        return with_prior(spec, parameter, own.scaled(factor))
    if not isinstance(own, Mapping):
        raise SettingsError(f"The prior of '{parameter}' has no scale. Name another parameter.")
    scaled = {label: prior.scaled(factor) for label, prior in spec.priors(parameter).items()}
    return with_prior(spec, parameter, scaled)


def check_parameter(spec: ModelSpec, arms: Arms, parameter: str) -> None:
    """Raise unless the model has a prior of `parameter`."""
    valid = own_priors(spec, arms)
    if parameter not in valid:
        raise SettingsError(
            f"The model has no prior of '{parameter}'. {nearest(str(parameter), valid)}"
        )


def refitted(fit: AnyFit, spec: ModelSpec) -> AnyFit:
    """Return the fit of another model, whose random stream follows from the model alone."""
    with warnings.catch_warnings():
        # The fit itself has said it.
        warnings.simplefilter("ignore", ModelWarning)
        return fit_of_design(fit, make_design(spec, fit.arms), model_hash(spec))


def fit_of_design(fit: AnyFit, design: Design, digest: str) -> AnyFit:
    """Return the fit of another design of the same arms; `digest` numbers its random stream."""
    if not has_draws(fit):
        return quadrature_fit(design, fit.bias)
    origin, settings = fit.provenance, replace(fit.settings, arm_draws=False)
    stream = (*origin.stream, int(digest[:STREAM_DIGITS], 16))
    return refit_with_retry(design, origin.seed, settings, stream)[0]
