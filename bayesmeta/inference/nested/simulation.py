"""Nested outcomes before the evidence: parameters from their priors, counts from parameters."""

from collections.abc import Mapping

import numpy as np
from scipy.special import gammaln

from bayesmeta.arrays import Array, Integers
from bayesmeta.inference.nested.coordinates import correlation_priors, correlations_of
from bayesmeta.inference.nested.studies import cholesky_rows
from bayesmeta.model import Design

Shape = tuple[int, ...]


def nested_prior_parameters(
    design: Design, rng: np.random.Generator, shape: Shape
) -> dict[str, Array]:
    """Return draws of mu, tau, beta and the correlations from their priors, shape `shape` and own.

    `cholesky`, their factor, is among them: near -1 and 1 the correlations have not its digits.
    """
    levels = len(design.arms.outcomes)
    drawn = {
        "mu": np.stack([prior.draw(rng, shape) for prior in design.mu], axis=-1),
        "tau": np.stack([prior.draw(rng, shape) for prior in design.tau], axis=-1),
    }
    if design.beta:
        own = [prior.draw(rng, (*shape, levels)) for prior in design.beta]
        drawn["beta"] = np.stack(own, axis=-1)
    priors = correlation_priors(design)
    if priors:
        share = np.stack([prior.draw(rng, shape) for prior in priors], axis=-1)
        drawn["cholesky"] = cholesky_rows(2 * share - 1, 2 * np.sqrt(share * (1 - share)), levels)
        drawn["correlation"] = correlations_of(drawn["cholesky"])
    return drawn


def nested_prior_effects(
    design: Design, parameters: Mapping[str, Array], rng: np.random.Generator, shape: Shape
) -> dict[str, Array]:
    """Return draws of u and theta given those of `nested_prior_parameters`."""
    u = rng.standard_normal((*shape, len(design.arms.studies), len(design.outcomes)))
    if "cholesky" in parameters:
        u = u @ np.swapaxes(parameters["cholesky"], -1, -2)
    u = u * parameters["tau"][..., None, :]
    theta = parameters["mu"][..., None, :] + u[..., design.arms.study_index, :]
    if "beta" in parameters:
        theta = theta + np.einsum("ak,...jk->...aj", design.matrix, parameters["beta"])
    return {"u": u, "theta": theta}


def draw_counts(design: Design, theta: Array, rng: np.random.Generator) -> Integers:
    """Return nested counts of each arm, dims (..., arm, outcome)."""
    ratios = design.spec.link.rate(theta)
    around = np.broadcast_to(design.arms.n, theta.shape[:-1])
    counts = np.empty(theta.shape, dtype=np.int64)
    for level in range(theta.shape[-1]):
        counts[..., level] = around = rng.binomial(around, ratios[..., level])
    return counts


def rates_of(design: Design, theta: Array) -> Array:
    """Return the rate (probability) of each outcome among all patients, of the shape of `theta`."""
    return np.asarray(np.cumprod(design.spec.link.rate(theta), axis=-1))


def nested_log_likelihood(design: Design, variables: Mapping[str, Array]) -> Array:
    """Return the log probability of each count reported, dims (..., count)."""
    seen = design.conditional_counts
    log_ratio, log_miss = design.spec.link.log_rates(variables["theta"])
    found = np.empty((*log_ratio.shape[:-2], seen.arm.size))
    for g, (arm, first, last) in enumerate(zip(seen.arm, seen.first, seen.last, strict=True)):
        log_rate, log_rest = np.zeros(log_ratio.shape[:-2]), np.full(log_ratio.shape[:-2], -np.inf)
        for level in range(first, last + 1):
            log_rest = np.logaddexp(log_rest, log_rate + log_miss[..., arm, level])
            log_rate = log_rate + log_ratio[..., arm, level]
        events, others = seen.events[g], seen.trials[g] - seen.events[g]
        coefficient = gammaln(seen.trials[g] + 1) - gammaln(events + 1) - gammaln(others + 1)
        found[..., g] = coefficient
        # Nothing is added for no patients with the outcome, or none without, whatever the logarithm.
        if events:
            found[..., g] += events * log_rate
        if others:
            found[..., g] += others * log_rest
    return found
