"""What priors mean for response rates, before any evidence."""

import math
from collections.abc import Iterator

import pandas as pd
from scipy.special import ndtri

from bayesmeta.estimates.precision import Row
from bayesmeta.estimates.survival_prior_meanings import survival_meanings
from bayesmeta.model import Design
from bayesmeta.model.default_priors import over_a_spread
from bayesmeta.model.links import Link, Logit
from bayesmeta.priors import Prior
from bayesmeta.rounding import PERCENT, number_texts

MIDDLE = 0.5
"""Typical rate about which the spread of studies is told."""

SCALES = {"tau": "studies", "tau_arm": "arms", "sigma": "levels"}
"""Standard deviations, or scales, of effects, with what these belong to."""

NORMAL_95 = float(ndtri(0.975))


def prior_meanings(design: Design) -> pd.DataFrame:
    """Return each prior of a model with its 95% range and what that means for rates or survival.

    Returns
    -------
    DataFrame
        One row per prior: `parameter`, `prior`, `lower` and `upper` (2.5% and 97.5% points, on the scale
        of the link for mu, beta and tau), and `meaning`, in words.
    """
    return pd.DataFrame(list(_rows(design)))


def _rows(design: Design) -> Iterator[Row]:
    if design.spec.curve is not None:
        yield from (_row(*named) for named in survival_meanings(design))
        return
    link = design.spec.link
    yield _row("mu", design.mu[0], _typical(link, design.mu[0]))
    yield from _coefficients(design)
    seen = set()
    for scalar, place in design.placed_scalars:
        units = SCALES.get(scalar.name, "")
        if scalar.name == "sigma" and design.coding.exchangeable[place].term.walk:
            units = "typical rates a year later"
        if (scalar.name, scalar.prior, units) not in seen:
            seen.add((scalar.name, scalar.prior, units))
            yield _row(scalar.name, scalar.prior, _spread(link, scalar.prior, units))


def _coefficients(design: Design) -> Iterator[Row]:
    """Yield the priors of levels, those that are alike in one row, and that of each number."""
    link, spreads = design.spec.link, design.coding.spreads
    named = list(zip(design.coding.names, design.beta, strict=True))
    priors: dict[Prior, list[str]] = {}
    for name, prior in named:
        if name not in spreads:
            priors.setdefault(prior, []).append(name)
    for prior, names in priors.items():
        label = "beta" if len(priors) == 1 and not spreads else f"beta of {', '.join(names)}"
        yield _row(label, prior, _difference(link, prior))
    for name, prior in named:
        if name in spreads:
            yield _row(f"beta of {name}", prior, _slope(link, prior, spreads[name]))


def _row(parameter: str, prior: Prior, meaning: str) -> Row:
    lower, upper = prior.interval(0.95)
    return {
        "parameter": parameter,
        "prior": repr(prior),
        "lower": lower,
        "upper": upper,
        "meaning": meaning,
    }


def _typical(link: Link, prior: Prior) -> str:
    return f"typical rate {PERCENT.range(*link.rate(prior.interval(0.95)))}"


def _difference(link: Link, prior: Prior) -> str:
    """Return what a coefficient makes of a typical rate of one half."""
    ends = [float(link.rate(link.theta(MIDDLE) + end)) for end in prior.interval(0.95)]
    reached = " and ".join(PERCENT.texts(*ends))
    text = f"one unit of the coded column takes a typical rate of 50% to between {reached}"
    if not isinstance(link, Logit):
        return text
    ratios = number_texts(*map(math.exp, prior.interval(0.95)))
    return f"odds ratio {' to '.join(ratios)}: {text}"


def _slope(link: Link, prior: Prior, spread: float) -> str:
    """Return what a coefficient of a number makes of a typical rate of one half."""
    reached = " and ".join(PERCENT.texts(*over_a_spread(prior, link, spread)))
    return (
        f"per unit; one standard deviation of the column ({spread:.3g}) takes a typical rate of 50% to between "
        f"{reached}"
    )


def _spread(link: Link, prior: Prior, units: str) -> str:
    """Return where the middle 95% of units lie about a typical rate of one half, if normal."""
    if not units:
        return ""
    parts = []
    for words, probability in (("middling", 0.5), ("large (97.5%)", 0.975)):
        reach = NORMAL_95 * float(prior.quantile(probability))
        ends = (float(link.rate(link.theta(MIDDLE) + sign * reach)) for sign in (-1, 1))
        parts.append(f"{PERCENT.range(*ends)} at a {words} value")
    return f"95% of {units} about a typical rate of 50%: {'; '.join(parts)}"
