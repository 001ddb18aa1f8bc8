"""What each prior of a plan does to its trial: decisions, their worth by design prior, estimates."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayesmeta.planning.design_prior import BayesianCharacteristics
from bayesmeta.planning.plan import Plan
from bayesmeta.planning.success import NULL
from bayesmeta.planning.two_arm_plan import TwoArmPlan
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.plan_words import NAMES, AnyPlan, exact_percent, rate
from bayesmeta.rounding import fixed_text

ESTIMATES = (
    "bias and root mean squared error (percentage points) of the posterior mean, and effective sample size of the prior "
    "after the data"
)
"""What the cells of a table of estimates are."""

SIZE = (
    "The effective sample size is the mean of the posterior's (moments) less the patients of the arm. It is below 0 where prior and "
    "data disagree so much that the posterior is wider than that of the data alone."
)


def one_arm_borrowing(plan: Plan) -> Iterator[Block]:
    """Yield the operating characteristics, Bayesian ones and estimates of a single arm."""
    named, where = named_rates(plan), averaged(plan)
    cells = {"": [*named.values(), f"averaged over {where}"]}
    for name, trial in plan.trials.items():
        success = trial.operating_characteristics(np.array(list(named)))["success"]
        expected = plan.characteristics[name].success
        cells[NAMES[name]] = list(map(exact_percent, [*success, expected]))
    yield Table(
        "Operating characteristics: probability of success, with each prior of the analysis",
        pd.DataFrame(cells),
    )
    words = "; ".join(f"{NAMES[name]} {trial.words}" for name, trial in plan.trials.items())
    yield Items((f"Succeed: {words}.", "Exact, by enumeration of all numbers of responders."))
    yield Text("")
    yield from _bayesian(plan, where)
    yield Text("")
    rates = np.array(list(named))
    tables = {name: trial.estimation(rates) for name, trial in plan.trials.items()}
    yield estimates_table("by true rate", [f"true rate {rate(each)}" for each in rates], tables)
    yield Items((SIZE,))


def two_arm_borrowing(plan: TwoArmPlan) -> Iterator[Block]:
    """Yield the Bayesian operating characteristics of two arms, and estimates of the control rate."""
    yield from _bayesian(plan, averaged(plan))
    yield Text("")
    tables = {str(name): own for name, own in plan.borrowing.groupby("prior", sort=False)}
    rows = [f"true control rate {rate(each)}" for each in plan.controls]
    yield estimates_table("of the control rate, by true control rate", rows, tables)
    yield Items((SIZE,))


def averaged(plan: AnyPlan) -> str:
    """Return what decisions are averaged over."""
    given = plan.compared.design is not None
    if isinstance(plan, Plan):
        return "the design prior" if given else "the MAP prior"
    treated = "the design prior of the treated rate" if given else "a uniform treated rate"
    return f"{treated} and the MAP prior of the control rate"


def named_rates(plan: Plan) -> dict[float, str]:
    """Return the true rates that are shown, each with its name where it has one."""
    told = {plan.alternative: ", alternative"} | {
        each.value: ", null: type-I error" if each.name == NULL else ", decision value"
        for each in plan.trial.success.thresholds
    }
    rates = np.unique([*plan.rates, *told])
    return {true: f"true rate {rate(true)}{told.get(true, '')}" for true in rates}


def _bayesian(plan: AnyPlan, where: str) -> Iterator[Block]:
    """Yield how probably a success is false, and a failure misses an effect, with each prior."""
    found = plan.characteristics
    first = next(iter(found.values()))
    at_null, beyond = hypotheses(plan)
    rows = {"": ["P(success)", f"P({at_null} | success)", f"P({beyond} | failure)"]}
    yield Table(
        f"Bayesian operating characteristics, averaged over {where}",
        pd.DataFrame(rows | {NAMES[name]: _cells(each) for name, each in found.items()}),
    )
    yield Items(
        (
            f"Before the trial P({at_null}) is {exact_percent(first.true_null)}, and P({beyond}) "
            f"{exact_percent(first.true_alternative)}.",
        )
    )


def hypotheses(plan: AnyPlan) -> tuple[str, str]:
    """Return what a false success is about, and what a failure should not miss."""
    null = plan.trial.success.null
    first = next(iter(plan.characteristics.values()))
    opposite = "<=" if null.direction == ">" else ">="
    return (
        f"{null.subject} {opposite} {rate(first.null)}",
        f"{null.subject} {null.direction} {rate(first.alternative)}",
    )


def _cells(found: BayesianCharacteristics) -> list[str]:
    values = (found.success, found.false_success, found.missed)
    return ["none" if value is None else exact_percent(value) for value in values]


def estimates_table(where: str, rows: list[str], tables: dict[str, pd.DataFrame]) -> Table:
    """Return bias, error and worth with each prior, in one cell each."""
    cells = {
        NAMES[name]: [
            f"{points(bias)}, {100 * mse**0.5:.1f}, {fixed_text(size, 1)}"
            for bias, mse, size in own[["bias", "mse", "ess"]].to_numpy()
        ]
        for name, own in tables.items()
    }
    return Table(f"Estimates {where}: {ESTIMATES}", pd.DataFrame({"": rows, **cells}))


def points(bias: float) -> str:
    """Return a bias in percentage points with its sign; none where it rounds to 0."""
    return fixed_text(100 * bias, 1, "+")
