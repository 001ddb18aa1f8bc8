"""Draws before the evidence: parameters from their priors, and responders from parameters."""

from collections.abc import Mapping

import numpy as np
from scipy.special import expit, ndtri

from bayesmeta.arrays import Array, Integers
from bayesmeta.inference.coefficients import coefficients_of
from bayesmeta.inference.density.coordinates import named_scalars
from bayesmeta.inference.density.totals import log_totals_at
from bayesmeta.inference.nested.simulation import (
    draw_counts,
    nested_log_likelihood,
    nested_prior_effects,
    nested_prior_parameters,
)
from bayesmeta.inference.survival.simulation import log_shapes
from bayesmeta.model import Design
from bayesmeta.model.imputation import Imputation
from bayesmeta.model.totals import Totals

RESAMPLED = 4000
"""Candidates from which the mean and standard deviation of a covariate are resampled, at least."""

Shape = tuple[int, ...]


def prior_draws(design: Design, rng: np.random.Generator, shape: Shape) -> dict[str, Array]:
    """Return draws of every variable before responders are seen, shape `shape` and its own dims.

    All are from their priors, but the mean and standard deviation of an imputed covariate, which
    are given its known values.
    """
    drawn = prior_parameters(design, rng, shape)
    found = drawn | prior_effects(design, drawn, rng, shape)
    return {name: values for name, values in found.items() if name != "cholesky"}


def prior_parameters(design: Design, rng: np.random.Generator, shape: Shape) -> dict[str, Array]:
    """Return the draws of `prior_draws` that belong to no study and no arm."""
    if design.several:
        return nested_prior_parameters(design, rng, shape)
    drawn = {"mu": np.asarray(design.mu[0].draw(rng, shape))}
    if design.beta:
        drawn["beta"] = np.stack([prior.draw(rng, shape) for prior in design.beta], axis=-1)
    if design.scalars:
        scalars = np.stack([one.prior.draw(rng, shape) for one in design.scalars], axis=-1)
        for one, place in zip(design.imputed, design.places("x_mean"), strict=True):
            scalars[..., place : place + 2] = given_known(one, rng, shape)
        drawn |= named_scalars(design, scalars)
    if design.level_effects:
        drawn["b"] = _level_effects(design, drawn["sigma"], rng, shape)
    return drawn


def _level_effects(design: Design, sigma: Array, rng: np.random.Generator, shape: Shape) -> Array:
    """Return random effects of exchangeable levels given their scales, dims (..., level)."""
    points = np.stack([rng.random(shape) for _ in design.term_of_level], axis=-1)
    found = np.empty(points.shape)
    # All levels of a term together: quantiles of a mixture cost the same for one and for many.
    for term, distribution in enumerate(design.level_effects):
        own = design.term_of_level == term
        scale = np.broadcast_to(sigma[..., term, None], points[..., own].shape)
        found[..., own] = distribution.quantile(points[..., own], scale)
    return found


def effects_of_new_levels(design: Design, sigma: Array, points: Array) -> Array:
    """Return the effect of a level never seen, of each term of exchangeable levels.

    `points` say where it lies among those there could be, from 0 to 1; all have dims (..., term).
    """
    each = [
        distribution.quantile(points[..., term], sigma[..., term])
        for term, distribution in enumerate(design.level_effects)
    ]
    return np.stack(each, axis=-1)


def prior_effects(
    design: Design, parameters: Mapping[str, Array], rng: np.random.Generator, shape: Shape
) -> dict[str, Array]:
    """Return the draws of `prior_draws` of each study and arm, given those of the parameters."""
    if design.several:
        return nested_prior_effects(design, parameters, rng, shape)
    spec, drawn = design.spec, dict(parameters)
    found = _missing(design, drawn, rng, shape)
    drawn |= found
    theta = _predictor(design, drawn, shape)
    if spec.study_effects.has_effects:
        found["u"] = _study_effects(design, drawn, rng, shape)
        theta += found["u"][..., design.arms.study_index]
    if spec.arm_effects is not None:
        found["w"] = drawn["tau_arm"][..., None] * rng.standard_normal((*shape, len(design.arms)))
        theta += found["w"]
    if spec.curve is not None and spec.curve.has_shape:
        found["log_shape"] = log_shapes(design, drawn, rng)
    return found | {"theta": theta}


def draw_events(
    design: Design, variables: Mapping[str, Array], rng: np.random.Generator
) -> Integers:
    """Return responders of each arm, of the shape of ``variables["theta"]``."""
    if design.several:
        return draw_counts(design, variables["theta"], rng)
    own = _likelihood_parameters(design, variables)
    found = design.spec.likelihood.draw(rng, design.arms.n, variables["theta"], **own)
    totals = design.totals
    if totals.arm.size:
        each = totals.predictors(variables["theta"], coefficients_of(variables))
        sizes = _sizes(totals, rng, each[0].shape)
        found[..., totals.arm] = sum(
            rng.binomial(n, expit(theta)) for n, theta in zip(sizes, each, strict=True)
        )
    return found


def _sizes(
    totals: Totals, rng: np.random.Generator, shape: tuple[int, ...]
) -> tuple[Integers, Integers]:
    """Return patients at both levels of totals; those that are not known are drawn."""
    n, second = (one.astype(np.int64) for one in (totals.first + totals.second, totals.second))
    if totals.unknown.any():
        second = np.where(totals.unknown, rng.binomial(n, rng.random(shape)), second)
    return n - second, second


def log_likelihood(design: Design, variables: Mapping[str, Array]) -> Array:
    """Return each arm's log probability given its own effects, dims (..., arm).

    Of several outcomes, that of each count reported, dims (..., count).
    """
    if design.several:
        return nested_log_likelihood(design, variables)
    found = design.spec.likelihood.log_probability(
        design.arms.events.astype(np.float64),
        design.arms.n.astype(np.float64),
        variables["theta"],
        **_likelihood_parameters(design, variables),
    )
    totals = design.totals
    if totals.arm.size:
        each = totals.predictors(variables["theta"], coefficients_of(variables))
        first, second = (np.ascontiguousarray(one).reshape(-1, totals.arm.size) for one in each)
        value = log_totals_at(totals.rows, first, second)
        found[..., totals.arm] = value.reshape(each[0].shape)
    return found


def new_study_rates(
    design: Design,
    variables: Mapping[str, Array],
    points: Mapping[str, Array],
    shift: Array | float = 0.0,
) -> Array:
    """Return the rate (probability) of a new study at a profile.

    The profile moves the linear predictor from that of the reference by `shift`. `points` say where the
    new study, its arm and its rate lie among those there could be, from 0 to 1, by the names of
    `lattice.SOURCES`; uniform numbers for random ones, of the shape of `mu`.
    """
    spec = design.spec
    tau = variables.get("tau", np.zeros(()))
    tau = tau[..., 0] if spec.study_effects.by else tau
    own = {name: variables[name] for name in spec.study_effects.parameters}
    theta = variables["mu"] + shift + spec.study_effects.quantile(points["u"], tau, **own)
    if spec.arm_effects is not None:
        theta = theta + variables["tau_arm"] * ndtri(points["w"])
    own = {name: variables[name] for name in spec.likelihood.parameters}
    return spec.likelihood.rate(theta, points["rate"], **own)


def _likelihood_parameters(design: Design, variables: Mapping[str, Array]) -> dict[str, Array]:
    """Return the likelihood's own parameters, with a last axis for arms."""
    return {name: variables[name][..., None] for name in design.spec.likelihood.parameters}


def given_known(one: Imputation, rng: np.random.Generator, shape: Shape) -> Array:
    """Return means and standard deviations of an imputed covariate given its known values.

    By resampling from the posterior under flat priors, which is known, with weights for the priors
    that there are (Smith & Gelfand 1992, doi:10.2307/2684170).
    """
    number, tries = one.known.size, RESAMPLED + 20 * int(np.prod(shape))
    squares = ((one.known - one.known.mean()) ** 2).sum()
    sd = np.sqrt(squares / rng.chisquare(number - 1, tries))
    mean = one.known.mean() + sd / np.sqrt(number) * rng.standard_normal(tries)
    # The flat prior that the chi-square stands for is that of log sd.
    log_weight = one.mean.logpdf(mean) + one.sd.logpdf(sd) + np.log(sd)
    weight = np.exp(log_weight - log_weight.max())
    chosen = rng.choice(tries, size=shape, p=weight / weight.sum())
    return np.stack([mean[chosen], sd[chosen]], axis=-1)


def _predictor(design: Design, drawn: Mapping[str, Array], shape: Shape) -> Array:
    """Return the linear predictor of each arm without effects."""
    mu = np.broadcast_to(drawn["mu"][..., None], (*shape, len(design.arms)))
    coefficients = coefficients_of(drawn)
    if not coefficients.shape[-1]:
        return np.array(mu)
    theta = mu + coefficients @ design.matrix.T
    for i, one in enumerate(design.imputed):
        standard = (drawn["x"][..., one.missing, i] - one.centre) / one.spread
        theta[..., one.missing] += standard * (coefficients @ one.slope.T)
    return theta


def _study_effects(
    design: Design, drawn: Mapping[str, Array], rng: np.random.Generator, shape: Shape
) -> Array:
    distribution, studies = design.spec.study_effects, (*shape, len(design.arms.studies))
    if not distribution.pools:
        return design.mu[0].draw(rng, studies) - drawn["mu"][..., None]
    tau = drawn["tau"] if distribution.by else drawn["tau"][..., None]
    own = {name: drawn[name][..., None] for name in distribution.parameters}
    return distribution.quantile(rng.random(studies), tau[..., design.tau_of_study], **own)


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
