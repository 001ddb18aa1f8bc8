"""What a plan answers to the items of guidelines, but for its operating characteristics."""

from collections.abc import Callable, Mapping

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.planning.borrowing import NO_BORROWING
from bayesmeta.planning.mixtures import BetaMixture
from bayesmeta.planning.plan_priors import MAP, ROBUST
from bayesmeta.report.dossier.answering import Found, NotApplicable, Number
from bayesmeta.report.dossier.plan_facts import DESIGN, NO_SAM, PlanFacts
from bayesmeta.report.plan_borrowing import averaged
from bayesmeta.report.plan_words import (
    METHODS,
    NAMES,
    conflict_line,
    exact_percent,
    rate,
    sam_words,
)

PREFIX = "Conflict   "
"""How a line of a plan begins that says which counts conflict."""


def endpoint(facts: PlanFacts) -> Found:
    """Return which rate the plan is about."""
    subject = facts.plan.trial.success.null.subject
    what = "the response rate" if subject == "rate" else "the difference of the response rates"
    named = ["outcome"] if facts.outcome else []
    numbers = facts.tables.quantities("design", *named, "success rule")
    profile = facts.words.text(facts.plan.map_prior.profile)
    endpoint = f"Outcome {facts.outcome}. " if facts.outcome else ""
    text = f"{endpoint}The criterion is on {what}; the prior is for {profile}."
    return facts.tables.answer(text, "design", *numbers)


def prior(facts: PlanFacts) -> Found:
    """Return the prior of the analysis, component by component."""
    robust = facts.plan.compared.robust
    numbers = facts.components(ROBUST, robust)
    of = (
        "the rate"
        if facts.one_arm is not None
        else "the control rate; that of the treated rate is uniform"
    )
    text = f"{_written(robust)}, as prior of {of}. priors.csv has all digits; robust_prior.json can be read by software."
    return facts.tables.answer(text, "priors", *numbers)


def _written(mixture: BetaMixture) -> str:
    return repr(mixture).removeprefix("BetaMixture(").removesuffix(")")


def design_prior(facts: PlanFacts) -> Found:
    """Return the design prior, over which decisions are averaged."""
    plan = facts.plan
    if plan.compared.design is None:
        return NotApplicable(
            f"No design prior was given: decisions are averaged over {averaged(plan)}."
        )
    of = "the rate" if facts.one_arm is not None else "the treated rate"
    text = (
        f"Design prior of {of}, which the analysis does not use: {_written(plan.compared.design)}."
    )
    return facts.tables.answer(text, "priors", *facts.components(DESIGN, plan.compared.design))


def sam_prior(facts: PlanFacts) -> Found:
    """Return what the SAM prior is, and where it borrows."""
    table = facts.plan.sam_weights
    if table is None:
        return NO_SAM
    numbers = [
        facts.tables.number(
            f"weight of history, {events} responders", "sam_weights", "weight", events=events
        )
        for events in table["events"]
    ]
    [told] = sam_words(facts.plan)
    text = f"Compared with the prior of the analysis: a self-adapting mixture (SAM) prior, {told}"
    return facts.tables.answer(text, "sam_weights", *numbers)


def prior_summary(facts: PlanFacts) -> Found:
    """Return mean and interval of the priors."""
    rates, numbers, told = facts.words.rates, [], []
    for name in (ROBUST, MAP):
        own = [
            facts.tables.number(f"{NAMES[name]} {column}", "prior_summary", column, prior=name)
            for column in ("mean", "lower", "upper")
        ]
        told.append(f"{NAMES[name]} {rates.sentence(*(one.value for one in own))}")
        numbers += own
    return facts.tables.answer(
        f"Mean and 95% interval: {'; '.join(told)}.", "prior_summary", *numbers
    )


def mixture_fit(facts: PlanFacts) -> Found:
    """Return how near the mixture is to the draws."""
    count = len(facts.plan.compared.history.weights)
    numbers = [
        facts.tables.number(column, "mixture_fit", column, components=count)
        for column in ("ecdf_difference", "kl")
    ]
    text = (
        f"A mixture of {counted(count, 'component')} represents the predictive distribution with a Kolmogorov distance of "
        f"{numbers[0].value:.4f}."
    )
    return facts.tables.answer(text, "mixture_fit", *numbers)


def vague_component(facts: PlanFacts) -> Found:
    """Return the vague component, which discounts the history."""
    names = ("weight", "mean", "size")
    numbers = facts.tables.quantities(
        "design", *(f"{name} of the vague component" for name in names)
    )
    weight, mean, size = (one.value for one in numbers)
    text = (
        f"Robust MAP prior: a vague component of weight {weight:g}, mean {rate(mean)} and {size:g} patients, whose weight "
        "rises with the conflict between trial and history."
    )
    return facts.tables.answer(text, "design", *numbers)


def effective_sample_size(facts: PlanFacts) -> Found:
    """Return what the priors are worth, beside the size of the trial."""
    table = facts.plan.effective_sizes
    numbers = [
        facts.tables.number(
            f"{METHODS[method]}, {NAMES[name]}", "effective_sample_size", name, method=method
        )
        for name in (ROBUST, MAP)
        for method in table.index
        if pd.notna(table.loc[method, name])
    ]
    if not numbers:
        return NotApplicable("No measure of the effective sample size exists for this prior.")
    told = "; ".join(f"{NAMES[name]} {_sizes(numbers, name)}" for name in (ROBUST, MAP))
    trial = facts.plan.trial
    n = trial.n if facts.one_arm is not None else trial.n_control  # type: ignore[union-attr]
    where = "in the trial" if facts.one_arm is not None else "in the control arm"
    text = f"Effective sample size in patients, beside {n} {where}: {told}."
    return facts.tables.answer(text, "effective_sample_size", *numbers)


def _sizes(numbers: list[Number], name: str) -> str:
    own = (one for one in numbers if one.column == name)
    return ", ".join(f"{METHODS[one.row['method']]} {one.value:.1f}" for one in own) or "not known"


def conflict(facts: PlanFacts) -> Found:
    """Return which counts would conflict with the MAP prior."""
    table = facts.plan.conflict
    if table is None:
        return NotApplicable(
            "There is no control arm, so that no data can conflict with the prior."
        )
    within = table.index[~table["conflict"]]
    numbers = [
        facts.tables.number(
            f"two-sided, {events} responders", "conflict", "two_sided", events=events
        )
        for events in dict.fromkeys((int(within[0]), int(within[-1])))
    ]
    who = "responders" if facts.one_arm is not None else "control responders"
    return facts.tables.answer(conflict_line(table, who).removeprefix(PREFIX), "conflict", *numbers)


def success_rule(facts: PlanFacts) -> Found:
    """Return the criterion of success."""
    numbers = facts.tables.quantities("design", "success rule")
    text = f"Success if {numbers[0].value}, with the robust prior."
    return facts.tables.answer(text, "design", *numbers)


def decision_rule(facts: PlanFacts) -> Found:
    """Return which counts succeed."""
    plan = facts.one_arm
    if plan is not None:
        numbers = [facts.tables.number("succeed", "by_weight", "succeed", weight=plan.robust)]
        text = f"{plan.trial.words} responders succeed; decisions.csv has the posterior probability of each number."
        return facts.tables.answer(f"{text[0].upper()}{text[1:]}", "by_weight", *numbers)
    counts = range(facts.plan.trial.n_control + 1)  # type: ignore[union-attr]
    numbers = [
        facts.tables.number(
            f"{events} control responders", "decisions", "smallest", control_events=events
        )
        for events in counts
    ]
    least, most = numbers[0].value, numbers[-1].value
    text = (
        f"Smallest number of treated responders that succeeds, by control responders: {_or_none(least)} at {counts[0]}, "
        f"{_or_none(most)} at {counts[-1]}; all between in the table."
    )
    return facts.tables.answer(text, "decisions", *numbers)


def weight_sensitivity(facts: PlanFacts) -> Found:
    """Return the type-I error by weight of the vague component."""
    if facts.one_arm is not None:
        column, what = f"null {facts.plan.trial.success.null_value:g}", "Type-I error"
    else:
        column, what = "expected", "Largest type-I error within the MAP prior's interval"
    numbers = [
        facts.tables.number(f"weight {weight:g}", "by_weight", column, weight=weight)
        for weight in facts.plan.compared.by_weight
    ]
    told = ", ".join(f"{exact_percent(one.value)} at {one.row['weight']:g}" for one in numbers)
    text = f"{what} by the weight of the vague component, 0 for the MAP prior: {told}."
    return facts.tables.answer(text, "by_weight", *numbers)


def sample_size(facts: PlanFacts) -> Found:
    """Return the patients that were looked for."""
    found = facts.sizes
    if found is None:
        return NotApplicable("The number of patients was given, not looked for.")
    if found.n is None:
        return NotApplicable(
            f"Up to {found.n_max} patients, no number has the type-I error and the power."
        )
    numbers = [
        facts.tables.number(column, "sample_size", column, prior=ROBUST, n=found.n)
        for column in ("n", "type_one_error", "power")
    ]
    text = (
        f"{found.n} patients are the fewest with a type-I error of at most {100 * found.alpha:g}% and a power of at least "
        f"{100 * found.power:g}% at a true rate of {rate(found.alternative)}: {exact_percent(numbers[1].value)} and "
        f"{exact_percent(numbers[2].value)}."
    )
    return facts.tables.answer(text, "sample_size", *numbers)


def no_borrowing(facts: PlanFacts) -> Found:
    """Return the type-I error without borrowing, beside that of the analysis."""
    numbers = [_error(facts, name) for name in (ROBUST, NO_BORROWING)]
    robust, none = (exact_percent(one.value) for one in numbers)
    table = "threshold_errors" if facts.one_arm is not None else "largest_errors"
    text = f"Type-I error with the robust prior {robust}, without borrowing (uniform prior) {none}."
    return facts.tables.answer(text, table, *numbers)


def _error(facts: PlanFacts, name: str) -> Number:
    if facts.one_arm is not None:
        return facts.tables.number(
            NAMES[name], "threshold_errors", "success", prior=name, threshold="null"
        )
    return facts.tables.number(
        NAMES[name], "largest_errors", "success", prior=name, controls="expected"
    )


def _or_none(count: int | None) -> str:
    return "none" if count is None else str(count)


PLAN_ANSWERS: Mapping[str, Callable[[PlanFacts], Found]] = {
    one.__name__: one
    for one in (
        *(endpoint, prior, prior_summary, mixture_fit, vague_component, effective_sample_size),
        *(conflict, success_rule, decision_rule, weight_sensitivity, sample_size, no_borrowing),
        *(design_prior, sam_prior),
    )
}
"""By the names that the files of guidelines give them."""
