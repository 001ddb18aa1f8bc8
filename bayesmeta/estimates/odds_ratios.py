"""Odds ratios of numeric covariates: per unit of the coded column, and per a unit that is chosen."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from bayesmeta.errors import SettingsError, nearest
from bayesmeta.estimates.outcome_draws import OutcomeDraws
from bayesmeta.model.coding import Coding
from bayesmeta.model.links import Link, Logit
from bayesmeta.numeric import is_number

__all__ = ["ODDS_RATIO", "checked_units", "odds_ratio_draws"]

Array = npt.NDArray[np.float64]

ODDS_RATIO = "odds_ratio"
"""How the quantities begin, and with a blank their scales."""

FARTHEST = 300.0
"""Log odds ratio beyond which nothing is told apart; its square is still a number."""


def checked_units(per: object, coding: Coding, link: Link) -> dict[str, float]:
    """Return the units that odds ratios are asked for, by coefficient, after checking them."""
    if per is None:
        return {}
    if not isinstance(per, Mapping):
        raise SettingsError(
            f"`per` must map covariates to units, such as {{'age': 10}}; got {per!r}."
        )
    valid = _slopes(coding, link)
    for name, unit in per.items():
        if name not in valid:
            hint = nearest(str(name), valid) if valid else "The model has none: leave `per` out."
            raise SettingsError(
                f"`per` names '{name}', of which there is no odds ratio per unit. {hint}"
            )
        if not is_number(unit) or not 0 < unit < math.inf:
            raise SettingsError(f"`per` of '{name}' must be a positive number; got {unit!r}.")
    return {str(name): float(unit) for name, unit in per.items()}


def odds_ratio_draws(
    drawn: OutcomeDraws, per: Mapping[str, float]
) -> Iterator[tuple[str, str, Array]]:
    """Yield label, scale and draws, dims (chain, draw), of odds ratios."""
    coefficients = {one.label: one.draws for one in drawn.coefficients()}
    for name in _slopes(drawn.coding, drawn.link):
        draws = coefficients[name]
        for unit in dict.fromkeys((1.0, per.get(name, 1.0))):
            label = name if unit == 1 else f"{name}, per {unit:g}"
            ratio = np.exp(np.clip(unit * draws, -FARTHEST, FARTHEST))
            yield f"{ODDS_RATIO}[{label}]", f"odds ratio per {unit:g}", ratio


def _slopes(coding: Coding, link: Link) -> tuple[str, ...]:
    """Return the coefficients of a number by itself, as it is or a function of it."""
    if not isinstance(link, Logit):
        return ()
    alone = [term[0] for term in coding.covariates.parsed.terms if len(term) == 1]
    names = [factor.column or factor.text for factor in alone if not factor.spline]
    return tuple(name for name in names if name in coding.spreads)
