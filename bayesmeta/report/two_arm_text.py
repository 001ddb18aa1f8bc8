"""What a terminal shows of the plan of a two-arm trial."""

import pandas as pd

from bayesmeta.planning.plan_priors import ROBUST
from bayesmeta.planning.success import NULL
from bayesmeta.planning.two_arm_plan import TwoArmPlan
from bayesmeta.report.plan_errors import two_arm_error_lines
from bayesmeta.report.plan_text import conflict_line
from bayesmeta.report.plan_words import (
    NAMES,
    exact_percent,
    prior_lines,
    rate,
    runs,
    size_text,
    table_lines,
)
from bayesmeta.wording import PLAIN, Wording

__all__ = ["two_arm_lines"]


def two_arm_lines(plan: TwoArmPlan, words: Wording = PLAIN) -> list[str]:
    """Return all that a plan says, block by block: priors, success, errors, characteristics."""
    fitted = plan.map_prior
    blocks = [
        prior_lines(
            plan.compared, plan.effective_sizes, fitted, rate="the control's rate", words=words
        ),
        _success_lines(plan),
        two_arm_error_lines(plan),
        *(_threshold_lines(plan, name, value) for name, value in plan.trial.success.thresholds),
        _characteristic_lines(plan),
        _weight_lines(plan),
    ]
    told = [line for block in blocks if block for line in ["", *block]]
    return told[1:]


def _success_lines(plan: TwoArmPlan) -> list[str]:
    """Return which counts succeed with the robust prior, and which of control conflict."""
    trial = plan.trial
    lines = [
        f"Success    {trial.success}",
        f"           {trial.n_treated} patients are treated, with a uniform prior; {trial.n_control} are controls.",
        f"           Responders of control, and treated ones that then succeed with the robust prior: {_boundaries(plan)}.",
    ]
    if plan.decides_alike:
        lines.append(
            "           The robust and the MAP prior decide alike: the vague share changes no decision."
        )
    if plan.conflict is not None:
        lines.append(conflict_line(plan.conflict, "responders of control,"))
    return lines


def _boundaries(plan: TwoArmPlan) -> str:
    """Return the treated responders that succeed, by responders of control with the same ones."""
    trial = plan.trial
    same: list[tuple[str, list[int]]] = []
    for control, met in enumerate(trial.successes):
        words = runs([int(count) for count in met.nonzero()[0]], trial.n_treated) or "none"
        if not same or same[-1][0] != words:
            same.append((words, []))
        same[-1][1].append(control)
    return "; ".join(f"{_from_to(rows)}: {words}" for words, rows in same)


def _from_to(rows: list[int]) -> str:
    return f"{rows[0]}" if len(rows) == 1 else f"{rows[0]} to {rows[-1]}"


def _threshold_lines(plan: TwoArmPlan, name: str, difference: float) -> list[str]:
    """Return the probability of success by true rate of control, at a true difference."""
    title = "Type-I error at the null" if name == NULL else "Success at the decision value"
    table = plan.threshold_errors
    rows = table[(table["threshold"] == name) & (table["difference"] == difference)]
    named = rows.assign(column=rows["prior"].map(NAMES))
    head = f"{title}, a true difference of {rate(difference)}, with each prior of the control"
    return [head, *_by_control(named, list(NAMES.values()))]


def _characteristic_lines(plan: TwoArmPlan) -> list[str]:
    """Return the probability of success by true rates of both arms, with the robust prior."""
    table = plan.operating_characteristics
    rows = table[table["prior"] == ROBUST]
    named = rows.assign(column=rows["rate"].map(rate))
    return [
        "Probability of success with the robust prior, by the true rate of the treated arm (across)",
        *_by_control(named, list(named["column"].unique())),
        "  Exact, by enumeration of the responders of both arms.",
    ]


def _by_control(rows: pd.DataFrame, columns: list[str]) -> list[str]:
    """Return successes as a table with a row for each true rate of control."""
    cells = []
    for control, same in rows.groupby("control"):
        found = dict(zip(same["column"], same["success"].map(exact_percent), strict=True))
        cells.append(
            {"true rate of control": f"{control:.4g}"} | {name: found[name] for name in columns}
        )
    return table_lines(cells)


def _weight_lines(plan: TwoArmPlan) -> list[str]:
    """Return the trial by weight of the vague component, where several were asked for."""
    if len(plan.compared.weights) == 1:
        return []
    vague, ends = plan.compared.vague, {0.0: "0 (MAP)", 1.0: "1 (vague alone)"}
    cells = [
        {
            "weight": ends.get(row["weight"], f"{row['weight']:g}"),
            "largest error, as expected": exact_percent(row["expected"]),
            "of all rates": exact_percent(row["listed"]),
            "ELIR": size_text(row["elir"]),
        }
        for row in plan.by_weight.to_dict("records")
    ]
    return [
        f"By the weight of the vague component, Beta({vague.a[0]:.4g}, {vague.b[0]:.4g}); the plan is for {plan.robust:g}",
        *table_lines(cells),
    ]
