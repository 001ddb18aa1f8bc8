"""Priors with another scale, and what a marginal likelihood would be with them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from bayesmeta.model import ArmEffects, Design, ModelSpec
from bayesmeta.model.effects.base import ScaledEffects
from bayesmeta.priors import (
    Cauchy,
    Exponential,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    LogNormal,
    Normal,
    Prior,
    StudentT,
)

__all__ = ["FACTORS", "rescaled", "rescaled_specs"]

FACTORS = (0.5, 2.0)
"""Scales over those of the model: half as wide and twice as wide."""

_RESCALED: dict[type[Prior], Callable[[Any, float], dict[str, float]]] = {
    **dict.fromkeys(
        (Normal, StudentT, Cauchy, HalfNormal, HalfStudentT, HalfCauchy, InverseGamma),
        lambda prior, factor: {"scale": prior.scale * factor},
    ),
    **dict.fromkeys((Exponential, Gamma), lambda prior, factor: {"rate": prior.rate / factor}),
    LogNormal: lambda prior, factor: {"log_mean": prior.log_mean + np.log(factor)},
}
"""What changes; of priors with fixed bounds, nothing can."""


def rescaled(prior: Prior, factor: float) -> Prior | None:
    """Return the prior with `factor` times its scale, None if it has none: it has fixed bounds."""
    change = _RESCALED.get(type(prior))
    return None if change is None else replace(prior, **change(prior, factor))  # type: ignore[type-var]


def rescaled_specs(design: Design) -> Iterator[tuple[str, Prior, float, ModelSpec]]:
    """Yield a parameter, its prior, a factor and the model with that prior rescaled."""
    for name, prior, put in _scaled_parts(design):
        for factor in FACTORS:
            other = rescaled(prior, factor)
            if other is not None:
                yield name, prior, factor, put(other)


def _scaled_parts(design: Design) -> Iterator[tuple[str, Prior, Callable[[Prior], ModelSpec]]]:
    """Yield the parameters that may have a scale, with their priors and how to replace those."""
    spec = design.spec
    yield "mu", spec.mu, lambda prior: replace(spec, mu=prior)
    for label in dict.fromkeys(
        name if name in spec.beta_priors else "default" for name in design.coding.names
    ):
        name = "beta" if label == "default" else f"beta[{label}]"
        yield name, spec.beta_priors[label], _with_beta(spec, label)
    distribution, arms = spec.study_effects, spec.arm_effects
    if isinstance(distribution, ScaledEffects):
        yield (
            "tau",
            distribution.tau,
            lambda prior: replace(spec, study_effects=replace(distribution, tau=prior)),
        )
    if arms is not None:
        yield "tau_arm", arms.tau_arm, lambda prior: replace(spec, arm_effects=ArmEffects(prior))


def _with_beta(spec: ModelSpec, label: str) -> Callable[[Prior], ModelSpec]:
    return lambda prior: replace(spec, beta={**spec.beta_priors, label: prior})
