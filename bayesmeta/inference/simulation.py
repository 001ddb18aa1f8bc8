"""Draws before the evidence: parameters from their priors, and responders from parameters."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bayesmeta.inference.density.coordinates import named_scalars
from bayesmeta.model import Design

__all__ = ["draw_events", "likelihood_parameters", "prior_draws"]

Array = npt.NDArray[np.float64]
Shape = tuple[int, ...]


def prior_draws(design: Design, rng: np.random.Generator, shape: Shape) -> dict[str, Array]:
    """Return draws of every variable from its prior, shape `shape` and the variable's own dims."""
    spec = design.spec
    drawn = {"mu": spec.mu.draw(rng, shape)}
    if design.beta:
        drawn["beta"] = np.stack([prior.draw(rng, shape) for prior in design.beta], axis=-1)
    if design.scalars:
        scalars = np.stack([one.prior.draw(rng, shape) for one in design.scalars], axis=-1)
        drawn |= named_scalars(design, scalars)
    drawn |= _missing(design, drawn, rng, shape)
    theta = _predictor(design, drawn, shape)
    if spec.study_effects.name != "common":
        drawn["u"] = _study_effects(design, drawn, rng, shape)
        theta = theta + drawn["u"][..., design.arms.study_index]
    if spec.arm_effects is not None:
        drawn["w"] = drawn["tau_arm"][..., None] * rng.standard_normal((*shape, len(design.arms)))
        theta = theta + drawn["w"]
    return drawn | {"theta": theta}


def draw_events(
    design: Design, variables: Mapping[str, Array], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return responders of each arm, of the shape of ``variables["theta"]``."""
    own = likelihood_parameters(design, variables)
    return design.spec.likelihood.draw(rng, design.arms.n, variables["theta"], **own)


def likelihood_parameters(design: Design, variables: Mapping[str, Array]) -> dict[str, Array]:
    """Return the likelihood's own parameters, with a last axis for arms."""
    return {name: variables[name][..., None] for name in design.spec.likelihood.parameters}


def _predictor(design: Design, drawn: Mapping[str, Array], shape: Shape) -> Array:
    """Return the linear predictor of each arm without effects."""
    mu = np.broadcast_to(drawn["mu"][..., None], (*shape, len(design.arms)))
    if "beta" not in drawn:
        return np.array(mu)
    theta = mu + drawn["beta"] @ design.matrix.T
    for i, one in enumerate(design.imputed):
        standard = (drawn["x"][..., one.missing, i] - one.centre) / one.spread
        theta[..., one.missing] += standard * (drawn["beta"] @ one.slope.T)
    return theta


def _study_effects(
    design: Design, drawn: Mapping[str, Array], rng: np.random.Generator, shape: Shape
) -> Array:
    law, studies = design.spec.study_effects, (*shape, len(design.arms.studies))
    if law.tau is None:
        return design.spec.mu.draw(rng, studies) - drawn["mu"][..., None]
    tau = drawn["tau"] if law.by else drawn["tau"][..., None]
    own = {name: drawn[name][..., None] for name in law.parameters}
    return law.quantile(rng.random(studies), tau[..., design.tau_of_study], **own)


def _missing(
    design: Design, drawn: Mapping[str, Array], rng: np.random.Generator, shape: Shape
) -> dict[str, Array]:
    """Return values of imputed covariates, dims (arm, imputed), in their own units."""
    if not design.imputed:
        return {}
    x = np.empty((*shape, len(design.arms), len(design.imputed)))
    for i, one in enumerate(design.imputed):
        x[..., i] = design.arms.frame[one.name].to_numpy(dtype=np.float64)
        z = rng.standard_normal((*shape, one.missing.size))
        x[..., one.missing, i] = drawn["x_mean"][..., i, None] + drawn["x_sd"][..., i, None] * z
    return {"x": x}
