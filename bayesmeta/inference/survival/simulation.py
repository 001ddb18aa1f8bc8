"""Draws of survival before the evidence, reports drawn given curves, and their log likelihood."""

from collections.abc import Mapping

import numpy as np

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
    kept = np.broadcast_to(variables.get(PRECISION, 1.0), theta.shape[:-1]).reshape(len(flat))
    found = log_reports_at(
        design.reports.rows,
        design.curve.code,
        flat,
        np.ascontiguousarray(shapes),
        np.ascontiguousarray(kept),
    )
    return found.reshape(theta.shape)
