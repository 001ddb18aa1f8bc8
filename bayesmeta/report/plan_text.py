"""What a terminal shows of the plan of a single-arm trial."""

import numpy as np
import pandas as pd

from bayesmeta.planning.conflict import CONFLICT
from bayesmeta.planning.plan import Plan
from bayesmeta.planning.plan_interim import Interim
from bayesmeta.planning.plan_priors import MAP
from bayesmeta.planning.success import NULL, Threshold
from bayesmeta.report.plan_errors import error_lines
from bayesmeta.report.plan_words import (
    NAMES,
    Row,
    exact_percent,
    level,
    prior_lines,
    rate,
    runs,
    size_text,
    table_lines,
)
from bayesmeta.wording import PLAIN, Wording

__all__ = ["conflict_line", "plan_lines"]


def plan_lines(plan: Plan, words: Wording = PLAIN) -> list[str]:
    """Return all that a plan says, block by block: priors, success, errors, characteristics, looks."""
    fitted = plan.map_prior
    blocks = [
        prior_lines(
            plan.compared, plan.effective_sizes, fitted, rate="a new study's rate", words=words
        ),
        _success_lines(plan),
        error_lines(plan),
        _borrowing_lines(plan),
        _weight_lines(plan),
        [] if plan.interim is None else _interim_lines(plan, plan.interim),
    ]
    told = [line for block in blocks if block for line in ["", *block]]
    return told[1:]


def _success_lines(plan: Plan) -> list[str]:
    """Return which counts succeed with the robust prior, how probably, and which conflict."""
    trial = plan.trial
    expected = exact_percent(trial.probability_of_success(plan.priors[MAP]))
    return [
        f"Success    {trial.success}",
        f"           With the robust prior {trial.words} responders succeed.",
        *_alike(plan),
        f"           Probability of success before the trial, the rate as the MAP prior says: {expected}.",
        conflict_line(plan.conflict, "responders"),
    ]


def _alike(plan: Plan) -> list[str]:
    if not plan.decides_alike:
        return []
    return [
        "           The robust and the MAP prior decide alike: the vague share changes no decision."
    ]


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


def _borrowing_lines(plan: Plan) -> list[str]:
    """Return the operating characteristics with either prior, and without borrowing."""
    thresholds = {each.value: each for each in plan.trial.success.thresholds}
    rates = np.unique([*plan.rates, *thresholds])
    tables = {
        NAMES[name]: trial.operating_characteristics(rates)["success"]
        for name, trial in plan.trials.items()
    }
    cells = [
        {"": _named(true, thresholds.get(true))}
        | {name: exact_percent(column[i]) for name, column in tables.items()}
        for i, true in enumerate(rates)
    ]
    history = plan.priors[MAP]
    expected = {
        NAMES[name]: exact_percent(trial.probability_of_success(history))
        for name, trial in plan.trials.items()
    }
    words = "; ".join(f"{NAMES[name]} {trial.words}" for name, trial in plan.trials.items())
    return [
        "Operating characteristics: probability of success, with each prior of the analysis",
        *table_lines([*cells, {"": "expected, rate as MAP"} | expected]),
        f"  Succeed: {words}.",
        "  Exact, by enumeration of all numbers of responders.",
    ]


def _named(true: float, threshold: Threshold | None) -> str:
    """Return a true rate, with its name where it is a threshold."""
    words = f"true rate {rate(true)}"
    if threshold is None:
        return words
    return f"{words}, null: type-I error" if threshold.name == NULL else f"{words}, decision value"


def _weight_lines(plan: Plan) -> list[str]:
    """Return the trial by weight of the vague component, where several were asked for."""
    if len(plan.compared.weights) == 1:
        return []
    vague = plan.compared.vague
    cells = [_weighed(row, plan) for row in plan.by_weight.to_dict("records")]
    return [
        f"By the weight of the vague component, Beta({vague.a[0]:.4g}, {vague.b[0]:.4g}); the plan is for {plan.robust:g}",
        *table_lines(cells),
    ]


def _weighed(row: Row, plan: Plan) -> dict[str, str]:
    errors = {
        f"{'type-I error, ' * (name == NULL)}{name} {rate(value)}": exact_percent(
            row[f"{name} {value:g}"]
        )
        for name, value in plan.trial.success.thresholds
    }
    ends = {0.0: "0 (MAP)", 1.0: "1 (vague alone)"}
    return {
        "weight": ends.get(row["weight"], f"{row['weight']:g}"),
        "succeed": str(row["succeed"]),
        **errors,
        "expected, rate as MAP": exact_percent(row["expected_success"]),
        "ELIR": size_text(row["elir"]),
    }


def _interim_lines(plan: Plan, interim: Interim) -> list[str]:
    """Return what an interim look finds, and what it does to the trial."""
    look = interim.look
    found = ", ".join(
        f"{NAMES[name]} {exact_percent(value)}" for name, value in interim.success.items()
    )
    stops = [int(count) for count in np.flatnonzero(look.stops)]
    stopping = (
        f"{runs(stops, look.n)} of {look.n} responders stop it" if stops else "nothing stops it"
    )
    decision = "STOP for futility" if look.stops[interim.events] else "go on"
    return [
        f"Interim    {interim.events} responders of {interim.n}: {decision}.",
        f"           Predictive probability of success at the end: {found}.",
        f"           {interim.conflict.words}",
        f"  If the trial stops where it is below {level(look.stop_below)} with the robust prior, {stopping}:",
        *table_lines(_interim_cells(plan, interim)),
    ]


def _interim_cells(plan: Plan, interim: Interim) -> list[dict[str, str]]:
    thresholds = {each.value: each for each in plan.trial.success.thresholds}
    rates = np.unique([*plan.rates, *thresholds])
    table = interim.look.operating_characteristics(rates)
    return [
        {
            "": _named(row["rate"], thresholds.get(row["rate"])),
            "success": exact_percent(row["success"]),
            "stopped": exact_percent(row["stop"]),
            "mean patients": f"{row['expected_n']:.1f}",
        }
        for row in table.to_dict("records")
    ]
