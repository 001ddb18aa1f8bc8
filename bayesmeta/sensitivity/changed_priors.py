"""A model with another prior of one of its parameters, and a fit made again with it."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

from bayesmeta.errors import ModelWarning, SettingsError, nearest
from bayesmeta.estimates.posterior import has_draws
from bayesmeta.inference.careful import settled
from bayesmeta.inference.exact import QuadratureFit, quadrature_fit
from bayesmeta.inference.light_fits import light_fit
from bayesmeta.inference.result import Fit
from bayesmeta.inference.settings import SamplerSettings
from bayesmeta.model import ModelSpec, make_design, model_hash
from bayesmeta.priors import Prior

__all__ = [
    "STREAM_BYTES",
    "changes_of",
    "check_parameter",
    "checked_lists",
    "fitted_again",
    "not_lists",
    "own_priors",
    "prior_text",
    "with_prior",
    "with_scaled_prior",
]

STREAM_BYTES = 12
"""Hexadecimal digits of a model's hash that number the stream of its refit."""


def own_priors(spec: ModelSpec) -> dict[str, "Prior | Mapping[str, Prior]"]:
    """Return the priors of a model by parameter: those of each part, as far as it has them."""
    found: dict[str, Prior | Mapping[str, Prior]] = {"mu": spec.mu}
    if spec.covariates.parsed.terms:
        found["beta"] = spec.link.beta if spec.beta is None else spec.beta
    if spec.study_effects.tau is not None:
        found["tau"] = spec.study_effects.tau
    # A distribution may cut its own prior off: what it was given is what can be given anew.
    found |= {name: getattr(spec.study_effects, name) for name in spec.study_effects.parameters}
    if spec.arm_effects is not None:
        found["tau_arm"] = spec.arm_effects.tau_arm
    return found | {name: getattr(spec.likelihood, name) for name in spec.likelihood.parameters}


def changes_of[P](
    own: Mapping[str, object], tried: Mapping[str, Sequence[P]], *, together: bool
) -> list[dict[str, P]]:
    """Return the priors that are not the model's own, once each; one at a time, or all `together`."""
    if together:
        combinations = [dict(zip(tried, each, strict=True)) for each in product(*tried.values())]
    else:
        combinations = [{name: prior} for name, priors in tried.items() for prior in priors]
    found: list[dict[str, P]] = []
    for each in combinations:
        changed = {name: prior for name, prior in each.items() if own.get(name) != prior}
        if changed and changed not in found:
            found.append(changed)
    return found


def checked_lists(priors: object) -> Mapping[str, Sequence[Any]]:
    """Return what is to be tried, after checking that it gives a list for each parameter named.

    Raises
    ------
    SettingsError
        If it does not.
    """
    if not isinstance(priors, Mapping) or not priors:
        raise not_lists(priors)
    for each in priors.values():
        if not isinstance(each, Sequence) or isinstance(each, str) or not each:
            raise not_lists(priors)
    return priors


def not_lists(priors: object) -> SettingsError:
    """Return the error that something gives no lists of priors."""
    return SettingsError(
        f"`priors` must give a list of priors for each parameter, such as {{'tau': [HalfNormal(1)]}}; got {priors!r}."
    )


def prior_text(prior: "Prior | Mapping[str, Prior]") -> str:
    """Return a prior as it is written; of coefficients with priors of their own, each."""
    if isinstance(prior, Prior):
        return repr(prior)
    return "; ".join(f"{label} {each!r}" for label, each in prior.items())


def with_prior(spec: ModelSpec, parameter: str, prior: "Prior | Mapping[str, Prior]") -> ModelSpec:
    """Return the model with another prior of a parameter; of `beta`, that of all coefficients.

    Raises
    ------
    SettingsError
        If the model has no such parameter.
    SpecError
        If the parameter can't have this prior.
    """
    check_parameter(spec, parameter)
    if parameter in ("mu", "beta"):
        return replace(spec, **{parameter: prior})  # type: ignore[arg-type]
    part = next(
        name
        for name in ("study_effects", "arm_effects", "likelihood")
        if hasattr(getattr(spec, name), parameter)
    )
    return replace(spec, **{part: replace(getattr(spec, part), **{parameter: prior})})


def with_scaled_prior(spec: ModelSpec, parameter: str, factor: float) -> ModelSpec:
    """Return the model with the prior of a parameter `factor` times as wide about its centre.

    Raises
    ------
    SettingsError
        If the model has no such parameter.
    SpecError
        If its prior has no scale.
    """
    check_parameter(spec, parameter)
    own = own_priors(spec)[parameter]
    if isinstance(own, Prior):
        return with_prior(spec, parameter, own.scaled(factor))
    each = {label: prior.scaled(factor) for label, prior in spec.beta_priors.items()}
    return with_prior(spec, parameter, each)


def check_parameter(spec: ModelSpec, parameter: str) -> None:
    """Raise unless the model has a prior of `parameter`."""
    valid = own_priors(spec)
    if parameter not in valid:
        raise SettingsError(
            f"The model has no prior of '{parameter}'. {nearest(str(parameter), valid)}"
        )


def fitted_again(fit: Fit | QuadratureFit, spec: ModelSpec) -> Fit | QuadratureFit:
    """Return the fit of another model to the same arms, by the same engine.

    The stream of random numbers follows from the model alone, so that the same model has the same
    draws in every table. Draws of studies and arms are not kept, and none are added for the limits of
    mu. A fit that fails its diagnostics is
    done again with more care, once.
    """
    with warnings.catch_warnings():
        # The fit itself has said it.
        warnings.simplefilter("ignore", ModelWarning)
        if not has_draws(fit):
            return quadrature_fit(make_design(spec, fit.arms))
        stream = int(model_hash(spec)[:STREAM_BYTES], 16)
        make = partial(_refitted, fit, spec, stream)
        return settled(make, replace(fit.settings, arm_draws=False))[0]


def _refitted(fit: Fit, spec: ModelSpec, stream: int, settings: SamplerSettings) -> Fit:
    design, streams = make_design(spec, fit.arms), (*fit.provenance.stream, stream)
    return light_fit(design, fit.provenance.seed, settings, stream=streams)
