"""The priors that are tried where none are named."""

from collections.abc import Mapping
from typing import Any

from bayesmeta.evidence import Arms
from bayesmeta.model import LKJ, ModelSpec
from bayesmeta.priors import HalfCauchy, HalfNormal, HalfStudentT, LogNormal, Prior
from bayesmeta.sensitivity.changed_priors import own_priors

__all__ = ["usual_priors"]

USUAL = {
    "tau": (
        HalfNormal(0.25),
        HalfNormal(0.5),
        HalfNormal(1),
        HalfCauchy(0.5),
        HalfStudentT(3, 0.5),
        LogNormal(-1, 1),
    ),
    "correlation": (None, LKJ(1), LKJ(10)),
}
"""Of tau, from moderate to large heterogeneity, light and heavy tails, and one that excludes none at
all; of correlations, independent effects, any correlation as likely, and correlations near to none."""

USUAL_FACTORS = {"mu": (2 / 3, 1, 5 / 3), "beta": (1 / 2, 1, 2)}
"""Scales as multiples of the link's own: of the logit, scales of 1, 1.5 and 2.5 for mu."""


def usual_priors(spec: ModelSpec, arms: Arms) -> dict[str, tuple[Any, ...]]:
    """Return the priors that are tried where none are named, of those that the model has.

    Families and scales of tau; of mu and beta, the link's own prior, narrower and wider; of coefficients
    that have priors of their own, as those of numbers have, these.
    """
    beta = spec.beta if isinstance(spec.beta, Mapping) else spec.link.beta
    found: dict[str, tuple[Any, ...]] = {
        name: tuple(_scaled(prior, factor) for factor in USUAL_FACTORS[name])
        for name, prior in (("mu", spec.link.mu), ("beta", beta))
    }
    own = own_priors(spec, arms)
    return {name: priors for name, priors in (found | USUAL).items() if name in own}


def _scaled(prior: "Prior | Mapping[str, Prior]", factor: float) -> Any:
    if isinstance(prior, Prior):
        return prior.scaled(factor)
    return {label: one.scaled(factor) for label, one in prior.items()}
