"""What plans of one arm and of two say alike: numbers, priors, type-I errors."""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import numpy as np
import pandas as pd

from bayesmeta.estimates.inferred import inferred_words, marked
from bayesmeta.planning.borrowing import NO_BORROWING
from bayesmeta.planning.conflict import CONFLICT
from bayesmeta.planning.map_prior import MapPrior
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan import Plan
from bayesmeta.planning.plan_priors import MAP, MOST_ERROR, ROBUST, SAM
from bayesmeta.planning.two_arm_plan import TwoArmPlan
from bayesmeta.report.document import Block, Table, Text
from bayesmeta.rounding import Rates
from bayesmeta.wording import Wording

AnyPlan = Plan | TwoArmPlan

MOST_DIFFERENCE = 0.02
"""Difference of the distribution functions of mixture and draws above which a plan warns."""

METHODS = {"elir": "ELIR", "moment": "moments", "morita": "Morita"}
NAMES = {MAP: "MAP", ROBUST: "robust", SAM: "SAM", NO_BORROWING: "no borrowing"}
ENDS = {0.0: "0 (MAP)", 1.0: "1 (vague alone)"}

TWO_SIDED = {0.025: "2.5% (two-sided 5%)"}
"""A one-sided level that is known by its two-sided one."""

USUAL = {
    1: "Single-arm trials of phase II usually use 5% or 10% (one-sided)",
    2: "Randomised trials of phase II usually use 5% to 20% (one-sided)",
}
"""Type-I errors of trials of one arm, and of two (Rubinstein 2005, doi:10.1200/JCO.2005.01.149)."""

CONFIRMATORY = "confirmatory ones 2.5%, which is two-sided 5%"

HALF = 0.5
"""Weight from which on history counts more than the vague component."""

PRINTED, LEAST, DECIMALS = 0.0005, 0.00001, 3
"""Distance from 0 or 1 that one decimal of a percentage shows, the least that is shown, and decimals."""


def exact_percent(probability: float) -> str:
    """Return a probability, which is exact, in percent: a decimal, or two digits near 0 and 1.

    Only what cannot happen is 0%. Nothing is 100%: a float of 1 may be a sum that was rounded to it.
    """
    if probability == 0:
        return "0%"
    near = min(probability, 1 - probability)
    if near >= PRINTED:
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
    # Neighbours have the same difference to their places.
    groups = groupby(enumerate(counts), lambda pair: pair[1] - pair[0])
    found = [[count for _, count in own] for _, own in groups]
    return ", ".join(_run(own[0], own[-1], n) for own in found)


def _run(first: int, last: int, n: int) -> str:
    if first == 0:
        return f"{last} or fewer" if last else "0"
    if last == n:
        return f"{first} or more"
    return f"{first}" if first == last else f"{first} to {last}"


def prior_lines(plan: AnyPlan, *, rate: str, words: Wording) -> list[str]:
    """Return the two priors that borrow, and what each is worth."""
    fitted, sizes, found = plan.map_prior, plan.effective_sizes, plan.map_prior.inferred
    history, worth = mixture_lines(plan.compared.history, sizes[MAP], words.rates)
    robust, robust_worth = mixture_lines(plan.compared.robust, sizes[ROBUST], words.rates)
    profile = marked(words.text(fitted.profile), 0 if found is None else found.inferred)
    return [
        f"MAP prior  of {rate} ({profile}): {history}",
        worth,
        f"           Kolmogorov distance between mixture and draws: {fitted.ecdf_difference:.4f}.",
        *(f"WARNING    {text}" for text in mixture_warnings(fitted)),
        *(f"           {line}" for line in inferred_words([] if found is None else [found])),
        f"Robust     {100 * plan.compared.weights[0]:.3g}% of it vague: {robust}",
        robust_worth,
        *(f"           {line}" for line in _no_elir(sizes)),
        *(f"SAM        {text}" for text in sam_words(plan)),
    ]


def sam_words(plan: AnyPlan) -> Iterator[str]:
    """Yield what the SAM prior is, and where it borrows; nothing without one."""
    sam, table = plan.compared.sam, plan.sam_weights
    if sam is None or table is None:
        return
    weights, n = table["weight"].to_numpy(), len(table) - 1
    who = "responders" if isinstance(plan, Plan) else "control responders"
    most = np.flatnonzero(weights >= HALF)
    where = (
        f"at least 50% at {runs(map(int, most), n)}" if most.size else "below 50% at every number"
    )
    top = int(weights.argmax())
    yield (
        f"difference {rate(sam.delta)}, prior odds {sam.prior_odds:.3g}: history has weight {where} of {n} {who}, "
        f"at most {exact_percent(weights[top])}, at {top}."
    )


def mixture_warnings(fitted: MapPrior) -> list[str]:
    """Return what to be warned of: a mixture that does not follow the draws."""
    if fitted.ecdf_difference <= MOST_DIFFERENCE:
        return []
    return [
        "The mixture does not fit the draws, whose rates lie close to 0 or 1: the Kolmogorov distance is "
        f"{fitted.ecdf_difference:.2f}. Do not plan with it. Ask for a profile within the range of the evidence."
    ]


def _no_elir(sizes: pd.DataFrame) -> Iterator[str]:
    """Yield why a prior has no ELIR, or one that is not a size, where that is so."""
    elir = sizes.loc["elir"]
    if elir.isna().any():
        yield (
            "No ELIR: components differ in a, or b, where it is at most 1, so that the information near a rate of 0, "
            "or 1, has no mean."
        )
    if (elir < 0).any():
        yield (
            "ELIR below 0 is not a sample size: near a rate of 0, or 1, the components differ too much. "
            "Use the other measures."
        )


def mixture_lines(mixture: BetaMixture, sizes: "pd.Series[float]", rates: Rates) -> list[str]:
    """Return the components of a prior, then its mean, interval and effective sample sizes."""
    mean, low, high = rates.texts(mixture.mean, *mixture.interval(0.95))
    found = [f"{METHODS[str(name)]} {_size(value)}" for name, value in sizes.dropna().items()]
    return [
        repr(mixture).removeprefix("BetaMixture(").removesuffix(")"),
        f"           mean {mean}, 95% interval {low} to {high}{rates.per_text}; "
        f"effective sample size (ESS): {', '.join(found) or 'not known'}.",
    ]


def _size(patients: float) -> str:
    """Return what a prior is worth; a size below 0 counts no patients."""
    if np.isnan(patients):
        return "none"
    return "below 0" if patients < 0 else f"{patients:.1f}"


def weight_table(plan: AnyPlan, columns: Mapping[str, str]) -> Iterator[Block]:
    """Yield the trial by weight of the vague component, with headings of its probabilities."""
    if len(plan.compared.weights) == 1:
        return
    vague = plan.compared.vague
    cells = [
        {
            "weight": ENDS.get(row["weight"], f"{row['weight']:g}"),
            **({"succeed": str(row["succeed"])} if "succeed" in row else {}),
            **{heading: exact_percent(row[name]) for name, heading in columns.items()},
            "ELIR": _size(row["elir"]),
        }
        for row in plan.by_weight.to_dict("records")
    ]
    yield Text("")
    yield Table(
        f"By the weight of the vague component, Beta({vague.a[0]:.4g}, {vague.b[0]:.4g}); the plan is for {plan.robust:g}",
        pd.DataFrame(cells),
    )


def conflict_line(table: pd.DataFrame, who: str) -> str:
    """Return which numbers of responders lie outside of what the MAP prior predicts."""
    n, within = len(table) - 1, table.index[~table["conflict"]]
    least, most = int(within[0]), int(within[-1])
    outside = [f"fewer than {least}"] * (least > 0) + [f"more than {most}"] * (most < n)
    if not outside:
        return f"Conflict   No number of {who} of {n} would conflict with the MAP prior."
    return (
        f"Conflict   {' or '.join(outside).capitalize()} {who} of {n} would conflict with the MAP prior "
        f"(two-sided predictive probability below {level(CONFLICT)})."
    )


def warnings_of(plan: AnyPlan) -> list[str]:
    """Return what to be warned of: a type-I error above 10%, and success that comes and goes."""
    return [*_high_error(plan), *_erratic(plan)]


def _erratic(plan: AnyPlan) -> Iterator[str]:
    """Yield that counts that succeed with the SAM prior are no neighbours, where that is so."""
    if SAM not in plan.trials or plan.trial.success.direction is None:
        return
    steps = np.diff(plan.trials[SAM].successes.astype(int), axis=0)
    if (steps > 0).any() and (steps < 0).any():
        who = "responders" if isinstance(plan, Plan) else "control responders"
        yield (
            f"With the SAM prior success comes and goes as {who} increase, since its weight of history falls beyond "
            "a number of them. Give another difference, or do not use it."
        )


def _high_error(plan: AnyPlan) -> list[str]:
    """Return that the type-I error with the robust prior is above 10%, where it is."""
    if isinstance(plan, Plan):
        error = plan.trial.type_one_error()
        where = f"at the null, a true rate of {rate(plan.trial.success.null_value)}"
    else:
        error, control = largest_error(plan, "expected")
        where = f"where the true control rate is {control:.2g}"
    if error <= MOST_ERROR:
        return []
    found = f"The type-I error is {exact_percent(error)} {where}, above {level(MOST_ERROR)}."
    usual = f"{USUAL[1 if isinstance(plan, Plan) else 2]}, {CONFIRMATORY}."
    return [f"{found} {usual} Require a greater certainty, or borrow less."]


def largest_error(plan: TwoArmPlan, controls: str) -> tuple[float, float]:
    """Return the largest type-I error with the robust prior, and at which true control rate."""
    table = plan.largest_errors
    rows = table[(table["prior"] == ROBUST) & (table["controls"] == controls)]
    return float(rows["success"].item()), float(rows["control"].item())


def certainty_tables(plan: AnyPlan, where: str = "") -> Iterator[Table]:
    """Yield the certainty that keeps each usual level, with the prior of the analysis and with SAM."""
    yield _certainties(plan, ROBUST, where)
    if plan.compared.sam is not None:
        yield _certainties(plan, SAM, f"{where}, with the SAM prior")


def _certainties(plan: AnyPlan, prior: str, where: str) -> Table:
    null, table = plan.trial.success.null, plan.certainties
    inner = f"P({null.subject} {null.direction} {rate(null.threshold)})"
    cells = []
    for row in table[table["prior"] == prior].to_dict("records"):
        exists, certainty = pd.notna(row["rounded"]), "none"
        if exists:
            certainty = "any" if row["always"] else f"{row['rounded']:.12g}"
        cell = {
            "at most": TWO_SIDED.get(row["alpha"], level(row["alpha"])),
            "certainty": certainty,
            "error": exact_percent(row["type_one_error"]) if exists else "",
        }
        if "succeed" in row:
            cell["succeed"] = str(row["succeed"]) if exists else "none would"
        cells.append(cell)
    caption = f"  Smallest certainty of {inner} that keeps a type-I error{where}"
    return Table(caption, pd.DataFrame(cells))
