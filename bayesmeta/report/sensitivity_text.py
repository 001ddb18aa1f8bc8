"""The sensitivity to priors as tables and sentences, and as JSON."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from bayesmeta.estimates.log_priors import SENSITIVE
from bayesmeta.estimates.survival_words import months_texts
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import plain_value, records
from bayesmeta.report.refit_text import (
    largest_error,
    probability_cell,
    rates_error,
    with_estimates,
)
from bayesmeta.rounding import error_text, interval_of
from bayesmeta.sensitivity.changed_priors import prior_text
from bayesmeta.sensitivity.power_scaling import APART
from bayesmeta.sensitivity.sensitivity import Sensitivity
from bayesmeta.sensitivity.tipping_point import TippingPoint
from bayesmeta.wording import PLAIN, Wording

Row = Mapping[Hashable, Any]

RATES = {"typical": "typical", "mean": "mean", "new study": "new_study"}
MEDIANS = {
    "typical median, months": "typical_median",
    "new study median, months": "new_study_median",
}
SURVIVAL = {
    "typical survival at {time:g} months": "typical_survival",
    "new study survival at {time:g} months": "new_study_survival",
}
"""Of each heading, the column of a table of `prior_grid`."""


def sensitivity_blocks(found: Sensitivity, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield all three parts of a sensitivity analysis, those that there are."""
    yield from scaling_blocks(found.scaling, words)
    yield Text("")
    yield from prior_blocks(found, words)
    for one in found.tipping_points:
        yield Text("")
        yield from tipping_point_blocks(one)


def scaling_blocks(table: pd.DataFrame, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield how sensitive each estimate is to prior and likelihood, one a row."""
    cells = pd.DataFrame({"estimate": [words.parameter(str(one)) for one in table["quantity"]]})
    each = [name for name in table.columns if name.startswith("prior_")]
    for name in ("prior", "likelihood", *each):
        cells[name.removeprefix("prior_")] = [f"{value:.3f}" for value in table[name]]
    where = words.text(table["profile"].iloc[-1])
    what, at = "rates", ""
    if "time" in table:
        what, at = "medians and survival", f", survival at {table['time'].iloc[-1]:g} months"
    yield Table(
        f"Power-scaling: how fast estimates move with the priors and the likelihood ({what}: {where}{at})",
        cells.assign(**{"": list(table["diagnosis"])}),
    )
    yield Items(
        (
            f"From {SENSITIVE:g} on an estimate counts as sensitive (doi:10.1007/s11222-023-10366-5). Prior: all together; "
            "then each by itself.",
            "Sensitivity to both is a potential conflict; it is reported where prior and posterior overlap by less than "
            f"{100 * APART:g}%.",
        )
    )


def prior_blocks(found: Sensitivity, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield the estimates under each prior that was tried, one a row; the model's own is marked."""
    yield Table(
        f"Refits under other priors: median and {100 * found.ci_prob:g}% interval"
        f"{words.rates.note} ({words.text(found.profile)})",
        prior_cells(found.priors, found.question, words),
    )
    yield Items((_errors(found.priors, words),))


def nested_prior_blocks(
    table: pd.DataFrame,
    profile: str,
    ci_prob: float,
    words: Wording = PLAIN,
    *,
    question: object = None,
) -> Iterator[Block]:
    """Yield the estimates of each nested outcome under each prior that was tried, one a row."""
    told = f"median and {100 * ci_prob:g}% interval{words.rates.note} ({words.text(profile)})"
    for outcome, rows in table.groupby("outcome", sort=False):
        yield Table(
            words.labels.about(str(outcome), f"joint refits under other priors: {told}", ", "),
            prior_cells(rows, question, words),
        )
    yield Items(
        (
            "Rates are of all patients; tau is that of the conditional probability.",
            _errors(table, words),
        )
    )


def _errors(table: pd.DataFrame, words: Wording) -> str:
    if "time" in table:
        errors = (
            f"of medians at most {error_text(largest_error(table, MEDIANS))} months, of survival "
            f"{rates_error(table, SURVIVAL, words)}"
        )
    else:
        errors = f"of rates at most {rates_error(table, RATES, words)}"
    if "probability" in table:
        errors += f", of P {error_text(table['mcse_probability'].max(), 4)}"
    return f"Monte-Carlo standard errors: {errors}."


def prior_cells(
    table: pd.DataFrame, question: object = None, words: Wording = PLAIN
) -> pd.DataFrame:
    """Return the estimates under each prior, one row each; the probability stands under its question."""
    rows = table.to_dict("records")
    cells = pd.DataFrame({"prior": [words.text(_changed(row)) for row in rows]})
    if table["tau"].notna().any():
        cells["tau"] = [interval_of(row, "tau") for row in rows]
    if "time" in table:
        for label, name in MEDIANS.items():
            cells[label] = [interval_of(row, name, months_texts) for row in rows]
        time = table["time"].iloc[0]
        named = {label.format(time=time): name for label, name in SURVIVAL.items()}
    else:
        named = RATES
    return with_estimates(cells, table, named, words, question=question)


def tipping_point_blocks(found: TippingPoint) -> Iterator[Block]:
    """Yield at which scale of a prior a decision changes, or that it does not."""
    trials = found.trials
    [own] = trials[trials["factor"] == 1].to_dict("records")
    yield Text(
        f"Tipping point in the prior of {found.parameter}: {found.question} of {found.certainty:g} required, "
        f"{_answer(own)} with the model's own."
    )
    told = []
    if found.open_at_own:
        told.append(
            "That is within Monte-Carlo error of the certainty required: the decision is open. Sample longer."
        )
    failed = int((~trials["ok"].astype(bool)).sum())
    if failed:
        told.append(
            f"NOT RELIABLE: {failed} of {len(trials)} fits with the prior wider or narrower failed their diagnostics."
        )
    yield Items((*told, *(_changes(found) if found.exists else _stays(found))))


def _stays(found: TippingPoint) -> Iterator[str]:
    trials = found.trials
    low, high = trials["probability"].min(), trials["probability"].max()
    yield (
        f"The decision does not change between {trials['factor'].iloc[0]:g} and {trials['factor'].iloc[-1]:g} times the "
        f"prior's scale: P stays from {probability_cell(low)} to {probability_cell(high)}."
    )
    if low < found.certainty < high:
        yield (
            f"It comes so near {found.certainty:g} that it cannot be placed on either side within Monte-Carlo error. Sample longer."
        )


def _changes(found: TippingPoint) -> Iterator[str]:
    low, high = found.factor_interval
    below, above = (
        f"{row['factor']:.2f} times, {_answer(row)}" for row in found.bracket.to_dict("records")
    )
    yield (
        f"It changes where the prior is {found.factor:.2f} times as wide (95% {low:.2f} to {high:.2f} from "
        "Monte-Carlo error, within which fits cannot be distinguished)."
    )
    yield f"The nearest fits on either side: {below}; {above}."


def _answer(row: Row) -> str:
    unreliable = "" if row["ok"] else ", NOT RELIABLE"
    return f"P = {probability_cell(row['probability'])} (MCSE {error_text(row['mcse'], 4)}{unreliable})"


def _changed(row: Row) -> str:
    """Return which priors are other than the model's own."""
    if row["own"]:
        return "the model's own"
    return ", ".join(f"{name} ~ {row[f'prior_{name}']}" for name in row["changed"].split(", "))


def tau_prior_line(table: pd.DataFrame, words: Wording = PLAIN, *, outcome: str = "") -> str:
    """Return how the interval of a new study moves with the prior of tau; see `prior_sensitivity`.

    It goes on after the heading of a line: it does not begin with a capital.
    """
    rows = table.set_index("power")
    of = f"{words.outcome(outcome)}: " if outcome else ""
    name, whose, written = "new_study", "a new study", words.rates.range
    if "new_study_median" in rows:
        name, whose, written = "new_study_median", "the median of a new study", _months_range
    if rows[f"{name}_lower"].isna().any():
        return f"{of}the prior of tau determines the interval of {whose}: too few draws have weight under another."
    half, own, twice = map(written, rows[f"{name}_lower"], rows[f"{name}_upper"])
    profile = rows["profile"].iloc[0]
    where = f" ({words.text(profile)})" if profile != "all studies" else ""
    return (
        f"{of}interval of {whose}{where} with the prior of tau half as strong {half}, as it is {own}, "
        f"twice as strong {twice}."
    )


def _months_range(low: float, high: float) -> str:
    return f"{' to '.join(months_texts(low, high))} months"


def sensitivity_json(found: Sensitivity) -> dict[str, Any]:
    """Return the three tables of a sensitivity analysis; what there is not is null."""
    return {
        "profile": found.profile,
        "ci_prob": found.ci_prob,
        **({} if found.time is None else {"time": found.time}),
        "refits_ok": found.ok,
        "scaling": records(found.scaling),
        "priors": records(found.priors),
        "tipping_points": [_tipping_point(one) for one in found.tipping_points],
    }


def _tipping_point(found: TippingPoint) -> dict[str, Any]:
    low, high = found.factor_interval
    return {
        "question": str(found.question),
        "certainty": found.certainty,
        "parameter": found.parameter,
        "prior": prior_text(found.prior),
        "exists": found.exists,
        "factor": plain_value(found.factor),
        "factor_lower": plain_value(low),
        "factor_upper": plain_value(high),
        "bracket": records(found.bracket),
        "trials": records(found.trials),
    }
