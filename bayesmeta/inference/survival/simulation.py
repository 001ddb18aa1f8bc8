"""Draws of survival before the evidence, reports drawn given curves, and their log likelihood."""

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtri

from bayesmeta.arrays import Array
from bayesmeta.inference.survival.reports import log_reports_at
from bayesmeta.model import Design
from bayesmeta.model.curves import LOG_SHAPE, PRECISION, TAU_SHAPE


def log_shapes(design: Design, drawn: Mapping[str, Array], rng: np.random.Generator) -> Array:
    """Return random log shapes of arms given their mean and standard deviation, dims (..., arm)."""
    kappa, tau = (drawn[name][..., None] for name in (LOG_SHAPE, TAU_SHAPE))
    shape = (*drawn["mu"].shape, len(design.arms))
    return np.asarray(kappa + tau * rng.standard_normal(shape))


def survival_log_likelihood(design: Design, variables: Mapping[str, Array]) -> Array:
    """Return the log density of each arm's reports given its curve, dims (..., arm)."""
    theta = variables["theta"]
    flat = np.ascontiguousarray(theta).reshape(-1, theta.shape[-1])
    shapes = np.broadcast_to(variables.get("log_shape", 0.0), theta.shape).reshape(flat.shape)
    others = [
        np.broadcast_to(variables.get(name, usual), theta.shape[:-1]).ravel()
        for name, usual in ((LOG_SHAPE, 0.0), (PRECISION, 1.0))
    ]
    found = log_reports_at(
        design.reports.rows,
        design.curve.code,
        flat,
        np.ascontiguousarray(shapes),
        np.stack(others, axis=-1),
    )
    return found.reshape(theta.shape)


def new_study_survival(
    design: Design,
    variables: Mapping[str, Array],
    points: Mapping[str, Array],
    shift: Array | float,
    *,
    time: float,
) -> Array:
    """Return the survival (probability) at a time in months in an arm of a new study.

    `shift` and `points` are those of `new_study_rates`; the shape enters at that of ``"w"``.
    """
    effects, curve = design.spec.study_effects, design.curve
    tau = variables.get("tau", np.zeros(()))
    tau = tau[..., 0] if effects.by else tau
    own = {name: variables[name] for name in effects.parameters}
    theta = variables["mu"] + shift + effects.quantile(points["u"], tau, **own)
    log_shape: Array | float = 0.0
    if curve.has_shape:
        log_shape = variables[LOG_SHAPE] + variables[TAU_SHAPE] * ndtri(points["w"])
    with np.errstate(over="ignore"):
        return curve.survival(time, np.exp(theta), np.exp(log_shape))
