"""Words and numbers that all plans of trials print."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.estimates.inferred import inferred_words, marked
from bayesmeta.layout import table_text
from bayesmeta.planning.borrowing import NO_BORROWING
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan_priors import MAP, ROBUST, PlanPriors
from bayesmeta.rounding import Rates
from bayesmeta.wording import Wording

__all__ = [
    "NAMES",
    "Row",
    "exact_percent",
    "level",
    "mixture_warnings",
    "prior_lines",
    "rate",
    "runs",
    "size_text",
    "table_lines",
]

Row = Mapping[Any, Any]
"""A row of a table."""

MOST_DIFFERENCE = 0.02
"""Difference of the distribution functions of mixture and draws above which a plan warns."""

METHODS = {"elir": "ELIR", "moment": "moments", "morita": "Morita"}
NAMES = {MAP: "MAP", ROBUST: "robust", NO_BORROWING: "no borrowing"}

PRINTED, LEAST, DECIMALS = 0.0005, 0.00001, 3
"""Distance from 0 or 1 that one decimal of a percentage shows, the least that is shown, and decimals."""


def exact_percent(probability: float) -> str:
    """Return a probability, which is exact, in percent: a decimal, or two digits near 0 and 1."""
    near = min(probability, 1 - probability)
    if near >= PRINTED or near <= 0:
        return f"{100 * probability:.1f}%"
    if near < LEAST:
        return "<0.001%" if probability < LEAST else ">99.999%"
    decimals = 1 - math.floor(math.log10(100 * near))
    return f"{100 * probability:.{min(decimals, DECIMALS)}f}%"


def level(alpha: float) -> str:
    """Return a type-I error to keep, such as 5%."""
    return f"{100 * alpha:g}%"


def rate(value: float) -> str:
    """Return a true rate, or difference."""
    return f"{value:.4g}"


def runs(counts: Iterable[int], n: int) -> str:
    """Return counts from 0 to n as text, neighbours together: ``3 or fewer, 17 to 20``."""
    found: list[list[int]] = []
    for count in counts:
        if found and count == found[-1][1] + 1:
            found[-1][1] = count
        else:
            found.append([count, count])
    return ", ".join(_run(first, last, n) for first, last in found)


def _run(first: int, last: int, n: int) -> str:
    if first == 0:
        return f"{last} or fewer" if last else "0"
    if last == n:
        return f"{first} or more"
    return f"{first}" if first == last else f"{first} to {last}"


def prior_lines(
    compared: PlanPriors, sizes: pd.DataFrame, fitted: MapPrior, *, rate: str, words: Wording
) -> list[str]:
    """Return the two priors that borrow, and what each is worth."""
    history, robust = compared.history, compared.named[ROBUST]
    found = fitted.inferred
    profile = marked(words.text(fitted.profile), 0 if found is None else found.inferred)
    return [
        f"MAP prior  of {rate} ({profile}): {_terms(history)}",
        f"           {_summary(history, words.rates)}; {_worth(sizes[MAP])}.",
        f"           Kolmogorov distance between mixture and draws: {fitted.ecdf_difference:.4f}.",
        *(f"WARNING    {text}" for text in mixture_warnings(fitted)),
        *(f"           {line}" for line in inferred_words([] if found is None else [found])),
        f"Robust     {100 * compared.weights[0]:.3g}% of it vague: {_terms(robust)}",
        f"           {_summary(robust, words.rates)}; {_worth(sizes[ROBUST])}.",
        *_no_elir(sizes),
    ]


def mixture_warnings(fitted: MapPrior) -> list[str]:
    """Return what to be warned of: a mixture that does not follow the draws."""
    if fitted.ecdf_difference <= MOST_DIFFERENCE:
        return []
    return [
        "The mixture does not follow the draws, whose rates lie close to 0 or 1: the Kolmogorov distance is "
        f"{fitted.ecdf_difference:.2f}. Do not plan with it. Ask for a profile within the range of the evidence."
    ]


def _no_elir(sizes: pd.DataFrame) -> list[str]:
    """Return why a prior has no ELIR, or one that is no size, where that is so."""
    missing = (
        "           No ELIR: components differ in a, or b, where it is at most 1, so that the information near a rate of 0, "
        "or 1, has no mean."
    )
    negative = (
        "           ELIR below 0 is no size: components disagree near a rate of 0, or 1, by more than they know. "
        "Go by the others."
    )
    elir = sizes.loc["elir"]
    return [missing] * bool(elir.isna().any()) + [negative] * bool((elir < 0).any())


def _terms(mixture: BetaMixture) -> str:
    return repr(mixture).removeprefix("BetaMixture(").removesuffix(")")


def _summary(mixture: BetaMixture, rates: Rates) -> str:
    mean, low, high = rates.texts(mixture.mean, *mixture.interval(0.95))
    return f"mean {mean}, 95% interval {low} to {high}{rates.per_text}"


def _worth(sizes: "pd.Series[float]") -> str:
    """Return how many patients a prior is worth, by each method."""
    found = [f"{METHODS[str(name)]} {size_text(value)}" for name, value in sizes.dropna().items()]
    return f"effective sample size (ESS): {', '.join(found) or 'not known'}"


def size_text(patients: float) -> str:
    """Return what a prior is worth; a size below 0 counts no patients."""
    if np.isnan(patients):
        return "none"
    return "below 0" if patients < 0 else f"{patients:.1f}"


def table_lines(cells: list[dict[str, str]]) -> list[str]:
    """Return rows of text as the lines of a table."""
    return table_text(pd.DataFrame(cells), indent=2).splitlines()
