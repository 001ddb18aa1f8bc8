"""What priors of a model of survival mean for medians and curves, before any evidence."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from bayesmeta.model import Design
from bayesmeta.model.curves import LOG_SHAPE, PRECISION, TAU_SHAPE
from bayesmeta.priors import Prior
from bayesmeta.rounding import number_texts

NORMAL_95 = 1.96
"""Standard deviations on either side that make 95% of a normal distribution."""

Named = tuple[str, Prior, str]
"""Parameter, prior and meaning."""


def survival_meanings(design: Design) -> Iterator[Named]:
    """Yield each prior of a model of survival with what it means, once each."""
    yield "mu", design.mu[0], f"typical median {exp_range(design.mu[0])} months"
    yield from _coefficients(design)
    seen = set()
    for scalar, place in design.placed_scalars:
        is_walk = scalar.name == "sigma" and design.coding.exchangeable[place].term.walk
        meaning = _step if is_walk else _MEANINGS.get(scalar.name, _nothing)
        if (scalar.name, scalar.prior, is_walk) not in seen:
            seen.add((scalar.name, scalar.prior, is_walk))
            yield scalar.name, scalar.prior, meaning(scalar.prior)


def _coefficients(design: Design) -> Iterator[Named]:
    spreads = design.coding.spreads
    priors: dict[Prior, list[str]] = {}
    for name, prior in zip(design.coding.names, design.beta, strict=True):
        if name in spreads:
            ends = number_texts(*np.exp(spreads[name] * np.array(prior.interval(0.95))))
            yield (
                f"beta of {name}",
                prior,
                f"per unit; one standard deviation of the column ({spreads[name]:.3g}) multiplies the typical median by "
                f"{' to '.join(ends)}",
            )
        else:
            priors.setdefault(prior, []).append(name)
    for prior, names in priors.items():
        label = "beta" if len(priors) == 1 and not spreads else f"beta of {', '.join(names)}"
        yield label, prior, f"ratio of medians {exp_range(prior)}"


def exp_range(prior: Prior) -> str:
    """Return the exponentials of the ends of the middle 95% of a prior."""
    low, high = np.exp(prior.interval(0.95))
    return f"{low:.2g} to {high:.3g}"


def _spread(units: str) -> Callable[[Prior], str]:
    """Return what tells where the middle 95% of the medians of units lie about the typical one."""

    def told(prior: Prior) -> str:
        parts = []
        for words, probability in (("middling", 0.5), ("large (97.5%)", 0.975)):
            reach = float(np.exp(NORMAL_95 * prior.quantile(probability)))
            parts.append(f"{1 / reach:.2g} to {reach:.2g} times the typical one at a {words} value")
        return f"95% of {units} have medians of {'; '.join(parts)}"

    return told


def _step(prior: Prior) -> str:
    reach = float(np.exp(NORMAL_95 * prior.quantile(0.975)))
    return (
        f"95% of steps from a year to the next multiply the typical median by {1 / reach:.2g} to {reach:.2g} at a large "
        "(97.5%) value"
    )


def _shape(prior: Prior) -> str:
    return f"typical shape k {exp_range(prior)}; at 1 the hazard of a Weibull curve is constant"


def _shapes(prior: Prior) -> str:
    reach = float(np.exp(NORMAL_95 * prior.quantile(0.975)))
    return f"95% of arms have shapes of {1 / reach:.2g} to {reach:.2g} times the typical one at a large (97.5%) value"


def _retention(prior: Prior) -> str:
    low, high = (f"{100 * end:.0f}%" for end in prior.interval(0.95))
    return f"an estimate without an interval is worth {low} to {high} of its patients"


def _nothing(prior: Prior) -> str:
    return ""


_MEANINGS: Mapping[str, Callable[[Prior], str]] = {
    "tau": _spread("studies"),
    "tau_arm": _spread("arms"),
    "sigma": _spread("levels"),
    LOG_SHAPE: _shape,
    TAU_SHAPE: _shapes,
    PRECISION: _retention,
}
