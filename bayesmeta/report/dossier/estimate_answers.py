"""What a plan answers about its estimates: bias, error and coverage over true rates."""

from collections.abc import Callable, Iterator, Mapping

from bayesmeta.planning.plan_priors import ROBUST, SAM
from bayesmeta.report.dossier.answering import Found, NotApplicable, Number
from bayesmeta.report.dossier.characteristics import EXACT
from bayesmeta.report.dossier.plan_facts import CI_PROB, PlanFacts
from bayesmeta.report.plan_borrowing import points
from bayesmeta.report.plan_words import NAMES, exact_percent, rate


def estimation(facts: PlanFacts) -> Found:
    """Return bias and error of the posterior mean over true rates, with the priors that borrow."""
    numbers, told = [], []
    for name in _borrowing(facts):
        cells = []
        for bias, mse in _by_rate(facts, "borrowing", name, "bias", "mse"):
            numbers += [bias, mse]
            cells.append(f"{_error(bias, mse)} at {rate(_true(facts, bias))}")
        told.append(f"with the {NAMES[name]} prior {', '.join(cells)}")
    text = (
        f"Bias and root mean squared error (percentage points) of the posterior mean of {_what(facts)}, by true rate: "
        f"{'; '.join(told)}. {EXACT}"
    )
    return facts.tables.answer(text, "borrowing", *numbers)


def coverage(facts: PlanFacts) -> Found:
    """Return how often the posterior's interval holds the true rate, with the priors that borrow."""
    numbers, told = [], []
    for name in _borrowing(facts):
        own = [one for [one] in _by_rate(facts, "coverage", name, "coverage")]
        numbers += own
        cells = (f"{exact_percent(one.value)} at {rate(_true(facts, one))}" for one in own)
        told.append(f"with the {NAMES[name]} prior {', '.join(cells)}")
    text = (
        f"Probability that the {100 * CI_PROB:g}% interval of {_what(facts)}, equal-tailed, holds it, by true rate: "
        f"{'; '.join(told)}. Its mean width is in the file. {EXACT}"
    )
    return facts.tables.answer(text, "coverage", *numbers)


def effect_estimation(facts: PlanFacts) -> Found:
    """Return bias and error of the posterior mean of the difference, with the prior of the analysis."""
    if facts.one_arm is not None:
        return NotApplicable("The trial has one arm: its estimate is that of the rate.")
    table, numbers = facts.tables.frames["difference_estimates"], []
    for row in table[table["prior"] == ROBUST].to_dict("records"):
        at = {"prior": ROBUST, "rate": row["rate"], "control": row["control"]}
        numbers += [
            facts.tables.number(
                f"{of}, true rates {rate(at['rate'])} and {rate(at['control'])}",
                "difference_estimates",
                of,
                **at,
            )
            for of in ("bias", "mse")
        ]
    biases, errors = [one.value for one in numbers[::2]], [one.value for one in numbers[1::2]]
    least, most = (f"{100 * find(errors) ** 0.5:.1f}" for find in (min, max))
    text = (
        f"Posterior mean of the difference of the rates with the robust prior, at {len(biases)} pairs of true rates: bias from "
        f"{points(min(biases))} to {points(max(biases))}, root mean squared error from {least} to {most} percentage points. {EXACT}"
    )
    return facts.tables.answer(text, "difference_estimates", *numbers)


def _borrowing(facts: PlanFacts) -> list[str]:
    return [name for name in (ROBUST, SAM) if name in facts.plan.trials]


def _what(facts: PlanFacts) -> str:
    return "the rate" if facts.one_arm is not None else "the control rate"


def _true(facts: PlanFacts, number: Number) -> float:
    return float(number.row[facts.arm_column])


def _error(bias: Number, mse: Number) -> str:
    return f"{points(bias.value)} and {100 * mse.value**0.5:.1f}"


def _by_rate(facts: PlanFacts, table: str, name: str, *columns: str) -> Iterator[list[Number]]:
    """Yield numbers of these columns with a prior, true rate by true rate of the arm that borrows."""
    what = "true rate" if facts.one_arm is not None else "true control rate"
    for true in facts.arm_rates:
        yield [
            facts.tables.number(
                f"{column}, {NAMES[name]}, {what} {rate(true)}",
                table,
                column,
                prior=name,
                **{facts.arm_column: true},
            )
            for column in columns
        ]


ESTIMATES: Mapping[str, Callable[[PlanFacts], Found]] = {
    one.__name__: one for one in (estimation, coverage, effect_estimation)
}
"""By the names that the files of guidelines give them."""
