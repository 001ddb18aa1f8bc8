"""What tables of other priors share: the priors that are usually tried, and the numbers of a fit."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from bayesmeta.estimates.precision import Distribution, Estimate
from bayesmeta.model.links import Link
from bayesmeta.priors import HalfCauchy, HalfNormal, HalfStudentT, LogNormal, Prior

__all__ = ["NOTHING", "NO_FIT", "QUANTITIES", "USUAL_OF_TAU", "numbers_of", "scaled_priors"]

QUANTITIES = ("tau", "typical", "mean", "new_study")

NOTHING = Estimate(np.nan, np.nan)

NO_FIT: Mapping[str, Distribution | None] = MappingProxyType(dict.fromkeys(QUANTITIES))
"""The distributions where a fit could not be made."""

USUAL_OF_TAU = (
    HalfNormal(0.25),
    HalfNormal(0.5),
    HalfNormal(1),
    HalfCauchy(0.5),
    HalfStudentT(3, 0.5),
    LogNormal(-1, 1),
)
"""From moderate to large heterogeneity, light and heavy tails, and one that excludes none at all."""

USUAL_FACTORS = {"mu": (2 / 3, 1, 5 / 3), "beta": (1 / 2, 1, 2)}
"""Scales as multiples of the link's own: of the logit, scales of 1, 1.5 and 2.5 for mu."""


def scaled_priors(link: Link, beta: object) -> dict[str, tuple[Any, ...]]:
    """Return the link's own priors of mu and beta, narrower and wider.

    Where coefficients have priors of their own, as those of numbers have, it is these that are scaled.
    """
    own = {"mu": link.mu, "beta": beta if isinstance(beta, Mapping) else link.beta}
    return {
        name: tuple(_scaled(own[name], factor) for factor in factors)
        for name, factors in USUAL_FACTORS.items()
    }


def _scaled(prior: "Prior | Mapping[str, Prior]", factor: float) -> Any:
    if isinstance(prior, Prior):
        return prior.scaled(factor)
    return {label: one.scaled(factor) for label, one in prior.items()}


def numbers_of(
    distributions: Mapping[str, Distribution | None],
    ci_prob: float,
    more: Mapping[str, Estimate] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return medians and bounds of each, `more` numbers, and the Monte-Carlo errors of all."""
    bounds = {"": 0.5, "_lower": (1 - ci_prob) / 2, "_upper": (1 + ci_prob) / 2}
    found = {
        f"{name}{end}": NOTHING if distribution is None else distribution.quantile(probability)
        for name, distribution in distributions.items()
        for end, probability in bounds.items()
    } | dict(more)
    return {name: one.value for name, one in found.items()} | {
        f"mcse_{name}": one.mcse for name, one in found.items()
    }
