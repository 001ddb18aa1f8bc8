"""What a plan answers about its errors and operating characteristics."""

from collections.abc import Callable, Mapping

import pandas as pd

from bayesmeta.planning.plan_priors import ROBUST, SAM
from bayesmeta.planning.success import DECISION, NULL
from bayesmeta.report.dossier.answering import Found, NotApplicable
from bayesmeta.report.dossier.plan_facts import NO_SAM, PlanFacts
from bayesmeta.report.plan_borrowing import averaged, hypotheses
from bayesmeta.report.plan_words import NAMES, exact_percent, level, rate, runs, warnings_of

EXACT = "Exact, by enumeration; nothing is simulated."


def type_one_error(facts: PlanFacts) -> Found:
    """Return the type-I error, and a warning where it is high."""
    null = rate(facts.plan.trial.success.null_value)
    warned = " ".join(f"WARNING: {text}" for text in warnings_of(facts.plan))
    if facts.one_arm is not None:
        [row] = [{"prior": ROBUST, "threshold": NULL}]
        number = facts.tables.number("type-I error", "threshold_errors", "success", **row)
        text = f"Type-I error (one-sided) {exact_percent(number.value)}, at a true rate of {null}."
        return facts.tables.answer(f"{text} {warned}".rstrip(), "threshold_errors", number)
    numbers = [
        facts.tables.number(
            f"largest, {which}", "largest_errors", "success", prior=ROBUST, controls=which
        )
        for which in ("expected", "listed")
    ]
    text = (
        f"Type-I error (one-sided) at a true difference of {null}: at most {exact_percent(numbers[0].value)} over control rates "
        f"within the MAP prior's 95% interval, at most {exact_percent(numbers[1].value)} over those listed."
    )
    return facts.tables.answer(f"{text} {warned}".rstrip(), "largest_errors", *numbers)


def calibration(facts: PlanFacts) -> Found:
    """Return the certainty that keeps each usual type-I error."""
    table, null = facts.plan.certainties, facts.plan.trial.success.null
    rows = table[table["prior"] == ROBUST]
    numbers, told = [], []
    for row in rows.to_dict("records"):
        key = {"prior": ROBUST, "alpha": row["alpha"]}
        if pd.isna(row["rounded"]):
            told.append(f"none keeps {level(row['alpha'])}")
            continue
        own = [
            facts.tables.number(f"{column}, {level(row['alpha'])}", "certainties", column, **key)
            for column in ("rounded", "type_one_error")
        ]
        needed = "any" if row["always"] else f"{own[0].value:.12g}"
        told.append(f"{needed} for {level(row['alpha'])} (error {exact_percent(own[1].value)})")
        numbers += own
    if not numbers:
        return NotApplicable("No certainty keeps any of the usual type-I errors with this prior.")
    inner = f"P({null.subject} {null.direction} {rate(null.threshold)})"
    text = f"Smallest certainty of {inner} that keeps a one-sided type-I error: {'; '.join(told)}. The plan has {null.certainty:g}."
    return facts.tables.answer(text, "certainties", *numbers)


def operating_characteristics(facts: PlanFacts) -> Found:
    """Return the probability of success over true rates, with the prior of the analysis."""
    return _over_rates(facts, ROBUST)


def sam_characteristics(facts: PlanFacts) -> Found:
    """Return the probability of success over true rates, with the SAM prior."""
    return _over_rates(facts, SAM) if SAM in facts.plan.trials else NO_SAM


def _over_rates(facts: PlanFacts, prior: str) -> Found:
    plan = facts.one_arm
    if plan is not None:
        numbers = [
            facts.tables.number(
                f"true rate {rate(true)}", "borrowing", "success", prior=prior, rate=true
            )
            for true in plan.rates
        ]
        told = ", ".join(
            f"{exact_percent(one.value)} at {rate(one.row['rate'])}" for one in numbers
        )
        text = (
            f"Probability of success with the {NAMES[prior]} prior, by true rate: {told}. {EXACT}"
        )
        return facts.tables.answer(text, "borrowing", *numbers)
    table = facts.plan.operating_characteristics
    rows = table[table["prior"] == prior].to_dict("records")
    numbers = [
        facts.tables.number(
            f"true rates {rate(row['rate'])} and {rate(row['control'])}",
            "operating_characteristics",
            "success",
            prior=prior,
            rate=row["rate"],
            control=row["control"],
        )
        for row in rows
    ]
    ends = [exact_percent(find(one.value for one in numbers)) for find in (min, max)]
    text = f"Probability of success with the {NAMES[prior]} prior at {len(numbers)} pairs of true rates, from {' to '.join(ends)}. {EXACT}"
    return facts.tables.answer(text, "operating_characteristics", *numbers)


def decision_values(facts: PlanFacts) -> Found:
    """Return the probability of success at the decision values."""
    table = facts.plan.threshold_errors
    rows = table[(table["prior"] == ROBUST) & (table["threshold"] == DECISION)]
    if rows.empty:
        return NotApplicable("The success rule has one threshold, the null, and no decision value.")
    names = ["rate"] if facts.one_arm is not None else ["difference", "rate", "control"]
    numbers = [
        facts.tables.number(
            ", ".join(f"{name} {rate(row[name])}" for name in names),
            "threshold_errors",
            "success",
            prior=ROBUST,
            threshold=DECISION,
            **{name: row[name] for name in names},
        )
        for row in rows.to_dict("records")
    ]
    least, most = min(one.value for one in numbers), max(one.value for one in numbers)
    span = (
        exact_percent(least)
        if least == most
        else f"{exact_percent(least)} to {exact_percent(most)}"
    )
    found = {
        row["rate" if facts.one_arm is not None else "difference"]
        for row in rows.to_dict("records")
    }
    what = "true rates" if facts.one_arm is not None else "true differences"
    text = f"Probability of success at the decision values ({what} of {', '.join(map(rate, sorted(found)))}): {span}."
    return facts.tables.answer(text, "threshold_errors", *numbers)


def expected_success(facts: PlanFacts) -> Found:
    """Return the probability of success before the trial."""
    number = facts.tables.number(
        "probability of success", "bayesian_characteristics", "success", prior=ROBUST
    )
    text = f"Probability of success averaged over {averaged(facts.plan)}: {exact_percent(number.value)}."
    return facts.tables.answer(text, "bayesian_characteristics", number)


def bayesian_characteristics(facts: PlanFacts) -> Found:
    """Return how probably a success is false, and a failure misses an effect, with each prior."""
    at_null, beyond = hypotheses(facts.plan)
    labels = {"false_success": f"P({at_null} | success)", "missed": f"P({beyond} | failure)"}
    numbers, told = [], []
    for column, label in labels.items():
        own = [
            facts.tables.number(
                f"{label}, {NAMES[name]}", "bayesian_characteristics", column, prior=name
            )
            for name in facts.plan.trials
        ]
        values = ("none" if one.value is None else exact_percent(one.value) for one in own)
        shown = (
            f"{NAMES[name]} {value}" for name, value in zip(facts.plan.trials, values, strict=True)
        )
        told.append(f"{label}: {', '.join(shown)}")
        numbers += own
    text = f"Averaged over {averaged(facts.plan)}, with each prior of the analysis, {'; '.join(told)}. {EXACT}"
    return facts.tables.answer(text, "bayesian_characteristics", *numbers)


def interim(facts: PlanFacts) -> Found:
    """Return the rule of an interim look, and what it does to the trial."""
    plan = facts.one_arm
    if plan is None:
        return NotApplicable("The plan of two arms has no interim analysis.")
    if plan.interim is None:
        return NotApplicable("The plan has no interim analysis.")
    look, table = plan.interim.look, "interim_operating_characteristics"
    numbers = [
        facts.tables.number(f"{column}, true rate {rate(true)}", table, column, rate=true)
        for true in plan.rates
        for column in ("success", "stop", "expected_n")
    ]
    stops = [int(count) for count in look.stops.nonzero()[0]]
    rule = f"{runs(stops, look.n)} responders stop it" if stops else "no count stops it"
    told = "; ".join(
        f"{exact_percent(stop.value)}, {exact_percent(success.value)} and {size.value:.1f} at {rate(stop.row['rate'])}"
        for success, stop, size in zip(*(numbers[i::3] for i in range(3)), strict=True)
    )
    text = (
        f"After {look.n} patients the trial stops for futility if the predictive probability of success is below "
        f"{level(look.stop_below)}: {rule}. Probability of stopping, of success with this look, and mean number of patients, by true "
        f"rate: {told}. It does not raise the type-I error. All other characteristics in this dossier are without it."
    )
    return facts.tables.answer(text, table, *numbers)


CHARACTERISTICS: Mapping[str, Callable[[PlanFacts], Found]] = {
    one.__name__: one
    for one in (
        *(type_one_error, calibration, operating_characteristics, decision_values),
        *(expected_success, interim, sam_characteristics, bayesian_characteristics),
    )
}
"""By the names that the files of guidelines give them."""
