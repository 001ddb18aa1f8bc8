"""The default prior of the coefficient of a number, on the scale of its column, and priors far wider."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from bayesmeta.model.coding import Coding
from bayesmeta.model.links import Link, Scale
from bayesmeta.priors import Prior
from bayesmeta.rounding import PERCENT

DEFAULT = "default"
"""Label of the prior of all coefficients that have none of their own."""

DIGITS = 4
"""Significant digits of a default prior: what is printed is what is used."""

WIDE = 2.0
"""Standard deviation of a prior, over one of the column, above which it is told; scale of the link."""

NORMAL_95 = float(ndtri(0.975))
MIDDLE = 0.5
"""Typical rate from which a coefficient is told to move it."""


def default_beta(scale: Scale, spread: float) -> Prior:
    """Return the default prior of the coefficient of a number, per unit of its coded column.

    It is the scale's own, Normal(0, 1) of the logit, per standard deviation of the column over the arms,
    so that it does not depend on the column's unit. The standard deviation takes nothing from the
    responses (Gelman, Jakulin, Pittau & Su 2008, doi:10.1214/08-AOAS191).
    """
    return per_spread(scale.beta, spread)


def per_spread(prior: Prior, spread: float) -> Prior:
    """Return a prior per standard deviation of a column, of that spread, as one per unit of it."""
    own = prior.scaled(1 / spread)
    return replace(own, scale=float(f"{own.scale:.{DIGITS}g}"))  # type: ignore[type-var, attr-defined]


def completed_beta(
    given: Prior | Mapping[str, Prior] | None, scale: Scale, coding: Coding
) -> Prior | dict[str, Prior]:
    """Return the priors of coefficients, with default ones of numbers as on these arms."""
    if isinstance(given, Prior):
        return given
    own = {} if given is None else dict(given)
    numbers = {name: one for name, one in coding.spreads.items() if name not in own and one > 0}
    if DEFAULT in own or not numbers:
        return scale.beta if given is None else own
    found = own | {name: default_beta(scale, spread) for name, spread in numbers.items()}
    return {DEFAULT: scale.beta, **found} if set(coding.names) - set(found) else found


def priors_of(beta: Mapping[str, Prior], names: Iterable[str]) -> tuple[Prior, ...]:
    """Return the prior of each coefficient from priors by label, those of the others under `DEFAULT`."""
    return tuple(beta.get(name, beta[DEFAULT]) for name in names)


def over_a_spread(prior: Prior, link: Link, spread: float) -> tuple[float, float]:
    """Return the rates between which one standard deviation of a column takes 50%, in 95% of a prior."""
    low, high = (
        float(link.rate(link.theta(MIDDLE) + end * spread)) for end in prior.interval(0.95)
    )
    return low, high


def wide_priors(priors: Sequence[Prior], scale: Scale, coding: Coding) -> Iterator[str]:
    """Yield which priors of coefficients of numbers are far wider than the evidence could ask for."""
    for name, prior in zip(coding.names, priors, strict=True):
        spread = coding.spreads.get(name, 0.0)
        low, high = prior.interval(0.95)
        if (high - low) / 2 / NORMAL_95 * spread > WIDE:
            yield (
                f"`beta` of {name} ~ {prior!r} is per unit: over one standard deviation of {name} ({spread:.3g}) it "
                f"{_reach(prior, scale, spread)}. The default is {default_beta(scale, spread)!r}."
            )


def _reach(prior: Prior, scale: Scale, spread: float) -> str:
    """Return what one standard deviation of a column does to what is typical, in 95% of a prior."""
    if isinstance(scale, Link):
        rates = " and ".join(PERCENT.texts(*over_a_spread(prior, scale, spread)))
        return f"takes a typical rate of 50% to between {rates}"
    ratios = " and ".join(f"{np.exp(end * spread):.2g}" for end in prior.interval(0.95))
    return f"multiplies the typical median by between {ratios}"
