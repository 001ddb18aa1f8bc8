"""What a terminal says of the type-I error of a trial, and of the certainty that keeps it."""

import pandas as pd

from bayesmeta.planning.plan import Plan
from bayesmeta.planning.plan_priors import MOST_ERROR, ROBUST
from bayesmeta.planning.success import Condition
from bayesmeta.planning.two_arm_plan import TwoArmPlan
from bayesmeta.report.plan_words import Row, exact_percent, level, rate, table_lines

__all__ = ["error_lines", "two_arm_error_lines", "warnings_of"]

TWO_SIDED = {0.025: "2.5% (two-sided 5%)"}
"""A one-sided level that is known by its two-sided one."""

USUAL = (
    "Single-arm trials of phase II usually keep 5% or 10% (one-sided), confirmatory ones 2.5%, which is "
    "two-sided 5%."
)


def warnings_of(plan: Plan | TwoArmPlan) -> list[str]:
    """Return what to be warned of: a type-I error above 10%."""
    error, where = _highest(plan)
    if error <= MOST_ERROR:
        return []
    found = f"The type-I error is {exact_percent(error)} {where}, above {level(MOST_ERROR)}."
    return [f"{found} {USUAL} Demand a greater certainty, or borrow less."]


def _highest(plan: Plan | TwoArmPlan) -> tuple[float, str]:
    """Return the type-I error to be judged, and where it is."""
    if isinstance(plan, Plan):
        null = rate(plan.trial.success.null_value)
        return plan.trial.type_one_error(), f"at the null, a true rate of {null}"
    row = _largest(plan, "expected")
    return row["success"], f"where the true rate of control is {row['control']:.2g}"


def _largest(plan: TwoArmPlan, controls: str) -> dict[str, float]:
    table = plan.largest_errors
    chosen = (table["prior"] == ROBUST) & (table["controls"] == controls)
    [row] = table.loc[chosen, ["control", "success"]].to_dict("records")
    return {str(name): float(value) for name, value in row.items()}


def error_lines(plan: Plan) -> list[str]:
    """Return the error at every threshold, a warning where it is high, and what keeps it."""
    null, *decisions = plan.trial.threshold_errors.to_dict("records")
    lines = [
        f"Type-I     error {exact_percent(null['success'])} (one-sided), the probability of success at the null, a true rate "
        f"of {rate(null['rate'])}.",
        *(
            f"           Success at the decision value, a true rate of {rate(row['rate'])}: {exact_percent(row['success'])}."
            for row in decisions
        ),
        *(f"WARNING    {text}" for text in warnings_of(plan)),
    ]
    certainties = plan.certainties[plan.certainties["prior"] == ROBUST]
    return [*lines, *_certainty_lines(certainties, plan.trial.success.null)]


def two_arm_error_lines(plan: TwoArmPlan) -> list[str]:
    """Return the largest errors, a warning where they are high, and what keeps them."""
    low, high = plan.compared.history.interval(0.95)
    expected, listed = (_largest(plan, name) for name in ("expected", "listed"))
    null = plan.trial.success.null
    lines = [
        f"Type-I     error, one-sided: success at the null, a true difference of {rate(null.threshold)}.",
        f"           Up to {exact_percent(expected['success'])} where the true rate of control is as the MAP prior expects, "
        f"{low:.2g} to {high:.2g} (95%): at {expected['control']:.2g}.",
        f"           Up to {exact_percent(listed['success'])} at the rates of control listed below: at {rate(listed['control'])}.",
        *(f"WARNING    {text}" for text in warnings_of(plan)),
    ]
    certainties = plan.certainties[plan.certainties["prior"] == ROBUST]
    where = " at all rates of control that the MAP prior expects"
    return [*lines, *_certainty_lines(certainties, null, where)]


def _certainty_lines(certainties: pd.DataFrame, null: Condition, where: str = "") -> list[str]:
    """Return the certainty that keeps each usual level, with the prior of the analysis."""
    inner = f"P({null.subject} {null.direction} {rate(null.threshold)})"
    cells = [_certainty(row) for row in certainties.to_dict("records")]
    return [
        f"  Smallest certainty of {inner} that keeps a type-I error{where}",
        *table_lines(cells),
    ]


def _certainty(row: Row) -> dict[str, str]:
    cells = {"at most": TWO_SIDED.get(row["alpha"], level(row["alpha"]))}
    if pd.isna(row["rounded"]):
        found = {"certainty": "none", "error": "", "succeed": "none would"}
    else:
        found = {
            "certainty": "any" if row["always"] else f"{row['rounded']:.12g}",
            "error": exact_percent(row["type_one_error"]),
            "succeed": str(row.get("succeed")),
        }
    return cells | {
        name: found[name]
        for name in ("certainty", "error", "succeed")
        if name in row or name != "succeed"
    }
