"""The plan of a trial of one arm or two, and its sample sizes, as tables and sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from bayesmeta.planning.interim import Interim
from bayesmeta.planning.plan import Plan
from bayesmeta.planning.plan_priors import ROBUST
from bayesmeta.planning.success import NULL, Success
from bayesmeta.planning.trial_size import SampleSize
from bayesmeta.planning.two_arm_plan import TwoArmPlan
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import records
from bayesmeta.report.plan_borrowing import (
    averaged,
    named_rates,
    one_arm_borrowing,
    two_arm_borrowing,
)
from bayesmeta.report.plan_words import (
    NAMES,
    AnyPlan,
    certainty_tables,
    conflict_line,
    exact_percent,
    largest_error,
    level,
    prior_lines,
    rate,
    runs,
    warnings_of,
    weight_table,
)
from bayesmeta.wording import PLAIN, Wording

ALIKE = "The robust and the MAP prior lead to the same decision at every number of responders."


@dataclass(frozen=True, eq=False)
class Sizes:
    """The patients that a trial needs, with each prior, and what they are needed for."""

    success: Success
    alternative: float
    alpha: float
    power: float
    found: Mapping[str, SampleSize]

    @property
    def n(self) -> int | None:
        """Patients with the robust prior; None where no number will do."""
        return self.found[ROBUST].n

    @property
    def n_max(self) -> int:
        """Largest number of patients tried."""
        return int(self.found[ROBUST].table["n"].iloc[-1])

    @property
    def table(self) -> pd.DataFrame:
        """All numbers tried, with each prior: `prior` and the columns of `SampleSize.table`."""
        tables = {name: each.table for name, each in self.found.items()}
        return pd.concat(tables, names=["prior", None]).reset_index("prior").reset_index(drop=True)

    def blocks(self) -> Iterator[Block]:
        """Yield the patients with each prior; where none will do with the robust one, what to do."""
        yield Table(
            f"Patients   for a type-I error of at most {level(self.alpha)} (one-sided) at a true rate of "
            f"{rate(self.success.null_value)} and a power of at least {level(self.power)} at {rate(self.alternative)}",
            pd.DataFrame([self._row(name, each) for name, each in self.found.items()]),
        )
        told = (
            f"Of 1 to {self.n_max} patients. Both follow a saw-tooth pattern over the sample size, because responders are whole "
            "numbers."
        )
        yield Items((told,))
        yield Text("")
        if self.n is None:
            yield Text(
                f"No plan: with the robust prior, no sample size up to {self.n_max} has both the type-I error and the "
                "power. Require a greater certainty in --success, borrow less (--weight), try more patients (--n-max), or "
                "give --n."
            )

    def _row(self, name: str, size: SampleSize) -> dict[str, str]:
        if size.n is None:
            return {"": NAMES[name], "smallest": "none"}
        [row] = size.table[size.table["n"] == size.n].to_dict("records")
        beyond = "fewer" if self.success.direction == "<" else "more"
        return {
            "": NAMES[name],
            "smallest": str(size.n),
            "and all from": "none" if size.n_from is None else str(size.n_from),
            "succeed": f"{row['boundary']} or {beyond}",
            "type-I error": exact_percent(row["type_one_error"]),
            "power": exact_percent(row["power"]),
        }

    def json(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "null": self.success.null_value,
            "alternative": self.alternative,
            "alpha": self.alpha,
            "power": self.power,
            "n_max": self.n_max,
            "smallest": {name: each.n for name, each in self.found.items()},
            "all_from": {name: each.n_from for name, each in self.found.items()},
            "table": records(self.table),
        }


def plan_blocks(
    plan: AnyPlan | None, *, sizes: Sizes | None = None, words: Wording = PLAIN
) -> Iterator[Block]:
    """Yield sample sizes where asked for, then what a plan says: priors, success, errors, looks."""
    if sizes is not None:
        yield from sizes.blocks()
    if plan is not None:
        yield from _one_arm(plan, words) if isinstance(plan, Plan) else _two_arms(plan, words)


def _one_arm(plan: Plan, words: Wording) -> Iterator[Block]:
    yield from map(Text, prior_lines(plan, rate="a new study's rate", words=words))
    yield from map(Text, ["", *_success(plan), "", *_errors(plan)])
    yield from certainty_tables(plan)
    yield Text("")
    yield from one_arm_borrowing(plan)
    errors = {
        f"{name} {value:g}": f"{'type-I error, ' * (name == NULL)}{name} {rate(value)}"
        for name, value in plan.trial.success.thresholds
    }
    yield from weight_table(plan, errors | {"expected_success": f"averaged over {averaged(plan)}"})
    if plan.interim is not None:
        yield Text("")
        yield from _interim(plan, plan.interim)


def _success(plan: Plan) -> Iterator[str]:
    """Yield which counts succeed with the robust prior, how probably, and which conflict."""
    trial = plan.trial
    expected = exact_percent(trial.probability_of_success(plan.design))
    yield f"Success    {trial.success}"
    yield f"           With the robust prior {trial.words} responders succeed."
    if plan.decides_alike:
        yield f"           {ALIKE}"
    yield f"           Probability of success before the trial, averaged over {averaged(plan)}: {expected}."
    yield conflict_line(plan.conflict, "responders")


def _errors(plan: Plan) -> Iterator[str]:
    """Yield the error at every threshold, and a warning where it is high."""
    null, *decisions = plan.trial.threshold_errors.to_dict("records")
    yield (
        f"Type-I     error {exact_percent(null['success'])} (one-sided), the probability of success at the null, a true rate "
        f"of {rate(null['rate'])}."
    )
    for row in decisions:
        yield (
            f"           Success at the decision value, a true rate of {rate(row['rate'])}: {exact_percent(row['success'])}."
        )
    yield from (f"WARNING    {text}" for text in warnings_of(plan))


def _interim(plan: Plan, interim: Interim) -> Iterator[Block]:
    """Yield what an interim look finds, and what it does to the trial."""
    look, named = interim.look, named_rates(plan)
    found = ", ".join(
        f"{NAMES[name]} {exact_percent(value)}" for name, value in interim.success.items()
    )
    stops = [int(count) for count in np.flatnonzero(look.stops)]
    stopping = (
        f"{runs(stops, look.n)} of {look.n} responders stop it" if stops else "nothing stops it"
    )
    decision = "STOP for futility" if look.stops[interim.events] else "go on"
    yield Text(f"Interim    {interim.events} responders of {interim.n}: {decision}.")
    yield Text(f"           Predictive probability of success at the end: {found}.")
    yield Text(f"           {interim.conflict.words}")
    table = look.operating_characteristics(np.array(list(named)))
    cells = pd.DataFrame(
        {
            "": named.values(),
            "success": table["success"].map(exact_percent),
            "stopped": table["stop"].map(exact_percent),
            "mean patients": [f"{value:.1f}" for value in table["expected_n"]],
        }
    )
    yield Table(
        f"  If the trial stops where it is below {level(look.stop_below)} with the robust prior, {stopping}:",
        cells,
    )


def _two_arms(plan: TwoArmPlan, words: Wording) -> Iterator[Block]:
    yield from map(Text, prior_lines(plan, rate="the control rate", words=words))
    yield from map(Text, ["", *_success_of_two(plan), "", *_errors_of_two(plan)])
    yield from certainty_tables(
        plan, " over control rates within the 95% interval of the MAP prior"
    )
    names = [NAMES[name] for name in plan.trials]
    for name, value in plan.trial.success.thresholds:
        title = "Type-I error at the null" if name == NULL else "Success at the decision value"
        table = plan.threshold_errors
        rows = table[(table["threshold"] == name) & (table["difference"] == value)]
        head = f"{title}, a true difference of {rate(value)}, by true control rate and prior"
        yield Text("")
        yield Table(head, _by_control(rows.assign(column=rows["prior"].map(NAMES)), names))
    table = plan.operating_characteristics
    rows = table[table["prior"] == ROBUST]
    rows = rows.assign(column=rows["rate"].map(rate))
    yield Text("")
    yield Table(
        "Probability of success with the robust prior, by true rate of the control arm (rows) and of the treated arm",
        _by_control(rows, list(rows["column"].unique())),
    )
    yield Items(("Exact, by enumeration of the responders of both arms.",))
    yield Text("")
    yield from two_arm_borrowing(plan)
    yield from weight_table(
        plan,
        {
            "expected": "largest error within the MAP interval",
            "listed": "at the rates listed",
        },
    )


def _success_of_two(plan: TwoArmPlan) -> Iterator[str]:
    """Yield which counts succeed with the robust prior, and which of control conflict."""
    trial = plan.trial
    yield f"Success    {trial.success}"
    control = f"{trial.n_control} in the control arm" if trial.n_control else "no control arm"
    yield (
        f"           {trial.n_treated} patients in the treated arm, {control}. The prior of the treated rate is uniform, that "
        "of the control rate robust."
    )
    yield f"           Treated responders that succeed, by control responders: {_boundaries(plan)}."
    if plan.decides_alike:
        yield f"           {ALIKE}"
    if plan.conflict is not None:
        yield conflict_line(plan.conflict, "control responders")


def _boundaries(plan: TwoArmPlan) -> str:
    """Return the treated responders that succeed, by responders of control with the same ones."""
    trial, found = plan.trial, []
    treated = [runs(map(int, met.nonzero()[0]), trial.n_treated) for met in trial.successes]
    for words, own in groupby(range(len(treated)), treated.__getitem__):
        first, *others = own
        control = f"{first} to {others[-1]}" if others else f"{first}"
        found.append(f"{control}: {words or 'none'}")
    return "; ".join(found)


def _errors_of_two(plan: TwoArmPlan) -> Iterator[str]:
    """Yield the largest errors, and a warning where they are high."""
    low, high = plan.compared.history.interval(0.95)
    (expected, there), (listed, where) = (
        largest_error(plan, name) for name in ("expected", "listed")
    )
    yield (
        "Type-I     error (one-sided), the probability of success at the null, a true difference of "
        f"{rate(plan.trial.success.null.threshold)}. It depends on the true control rate."
    )
    yield (
        f"           Over control rates within the 95% interval of the MAP prior, {low:.2g} to {high:.2g}, at most "
        f"{exact_percent(expected)}, at {there:.2g}."
    )
    yield f"           Over the control rates listed below, at most {exact_percent(listed)}, at {rate(where)}."
    yield from (f"WARNING    {text}" for text in warnings_of(plan))


def _by_control(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return successes as text, with a row for each true control rate."""
    cells = rows.assign(text=rows["success"].map(exact_percent)).pivot_table(
        index="control", columns="column", values="text", aggfunc="first"
    )
    cells = cells[columns].reset_index(names="true control rate")
    return cells.assign(**{"true control rate": cells["true control rate"].map(rate)})
