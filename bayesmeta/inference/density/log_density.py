"""The log density of the model family and its gradient, as C functions put together from its parts.

Data, design, priors and parts are arguments, so that another covariate set, prior, distribution or
selection of studies costs no compilation. The PyMC model of `bayesmeta.model.build` is the definition; a
contract test holds this to it.

The sampler's coordinates differ from the model's, for geometry alone: covariate columns are centred,
scalars stand on an unbounded scale and mu on one without heavy tails (`kernels`), and effects are
replaced by where they lie within what is expected of them given tau and their own data (`effects`).

Compiling the whole family takes twice as long as compiling what most models need. So one text makes
two functions: what constants exclude, numba leaves out. Parts are copied into the text, and hold no
large parts themselves: what numba takes for a copy grows with the square of its size.
"""

from typing import Any

import numpy as np
from numba import carray

from bayesmeta.arrays import Array
from bayesmeta.inference.compiled import Callback
from bayesmeta.inference.density.callbacks import LOG_DENSITY, state, value_and_gradient, zeros_at
from bayesmeta.inference.density.data import DensityData, Parts, pack, parts_of, unpack
from bayesmeta.inference.density.effects import NORMAL
from bayesmeta.inference.density.levels import coefficients_at, log_levels
from bayesmeta.inference.density.likelihoods import BINOMIAL, LOGIT
from bayesmeta.inference.density.scalars import (
    add_missing,
    log_coefficients,
    log_known,
    log_missing,
    log_scalars,
    new_scalars,
    pull_scalars,
)
from bayesmeta.inference.density.studies import (
    arm_means,
    log_arms,
    log_arms_and_effects,
    log_effects,
    pull_arms,
    pull_studies,
    studies_at,
)
from bayesmeta.inference.density.totals import log_totals
from bayesmeta.inference.kernels import located

NONE = -1
"""Place of a parameter that there is not."""
POOLED = 1
"""What `Parts.pools` of usual models is."""


def log_density(point: Array, data: DensityData, gradient: Array) -> float:
    """Return the log posterior density (normalised likelihood and priors); write its gradient."""
    value, gradient[:] = value_and_gradient(point, pack(data), density_of(data))
    return value


def density_of(data: DensityData) -> Callback:
    """Return the C function that is compiled for models like this one."""
    usual = _is_usual(Parts(*data.parts)) and not data.totals.size
    return usual_density if usual else family_density


def _is_usual(parts: Parts) -> bool:
    """Return whether study effects are normal or none, and all else is as in most models."""
    return (
        (parts.distribution, parts.pools) == (NORMAL, POOLED)
        and (parts.likelihood, parts.link) == (BINOMIAL, LOGIT)
        and {parts.own, parts.tau_arm, parts.rho, parts.imputed} == {NONE}
    )


def _compiled(*, usual: bool) -> Callback:  # noqa: PLR0915
    """Return the C function of usual models alone, or of the whole family."""

    def density(dim: int, point: Any, slope: Any, value: Any, pointers: Any) -> int:  # noqa: PLR0915, PLR0917
        q, gradient, d = carray(point, (dim,)), zeros_at(slope, dim), unpack(pointers)
        scalars = new_scalars(d)
        mu, slope_of_mu, log_slope, bend = located(d.priors[0], q[0])
        prior_of_scalars = log_scalars(q, d, scalars, gradient)
        found = coefficients_at(q, d, scalars.values)
        coefficients = found.values
        prior = log_slope + log_coefficients(q, mu, d, coefficients, gradient)
        prior += prior_of_scalars
        pools = POOLED
        if not usual:
            link, likelihood, distribution, own, tau_arm, rho, imputed, constant, pools = parts_of(
                d.parts
            )
            prior += log_known(d, imputed, scalars)
        studies = studies_at(q, mu, d, pools, scalars.values, coefficients)
        theta, by_arm = arm_means(d, studies.level, coefficients), np.empty(d.events.size)
        if usual:
            rest = log_arms(d, BINOMIAL, LOGIT, NONE, scalars, theta, by_arm)
            by_level = pull_arms(d, by_arm, gradient)
            rest = log_effects(
                q, d, studies, POOLED, NORMAL, NONE, 0.0, scalars, by_level, gradient, rest
            )
        else:
            place = 1 + d.centre.size + scalars.values.size + studies.tau.size
            add_missing(q, d, place, imputed, scalars, coefficients, theta)
            if tau_arm >= 0:
                rest = log_arms_and_effects(
                    q, d, place, link, tau_arm, scalars, theta, by_arm, gradient
                )
            else:
                rest = log_arms(d, likelihood, link, rho, scalars, theta, by_arm)
            rest += log_totals(d, coefficients, theta, by_arm, gradient)
            by_level = pull_arms(d, by_arm, gradient)
            rest += log_missing(q, d, place, imputed, scalars, coefficients, by_arm, gradient)
            rest = log_effects(
                q, d, studies, pools, distribution, own, constant, scalars, by_level, gradient, rest
            )
        pull_studies(d, pools, by_level, gradient)
        rest += log_levels(d, found, scalars, gradient)
        pull_scalars(d, scalars, gradient)
        gradient[0] = gradient[0] * slope_of_mu + bend
        value[0] = prior + rest
        return state(value[0], gradient)

    return Callback(density, LOG_DENSITY)


usual_density = _compiled(usual=True)
family_density = _compiled(usual=False)
