"""What a terminal shows of the sensitivity to priors."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

from bayesmeta.layout import table_text
from bayesmeta.rounding import error_text, number_texts, probability_text
from bayesmeta.sensitivity.power_scaling import APART, SENSITIVE
from bayesmeta.sensitivity.sensitivity import Sensitivity
from bayesmeta.sensitivity.tipping_point import TippingPoint
from bayesmeta.wording import PLAIN, Wording

__all__ = [
    "nested_prior_lines",
    "prior_cells",
    "prior_lines",
    "scaling_cells",
    "scaling_lines",
    "sensitivity_lines",
    "tipping_point_lines",
]

Row = Mapping[Hashable, Any]

RATES = {"typical": "typical", "mean": "mean", "new study": "new_study"}


def sensitivity_lines(found: Sensitivity, words: Wording = PLAIN) -> list[str]:
    """Return all three parts of a sensitivity analysis, those that there are."""
    lines = [*scaling_lines(found.scaling, words), "", *prior_lines(found, words)]
    for one in found.tipping_points:
        lines += ["", *tipping_point_lines(one)]
    return lines


def scaling_lines(table: pd.DataFrame, words: Wording = PLAIN) -> list[str]:
    """Return how sensitive each estimate is to prior and likelihood, one a line."""
    where = words.text(table["profile"].iloc[-1])
    return [
        f"Power-scaling: how fast estimates move with the priors and the likelihood (rates: {where})",
        *table_text(scaling_cells(table, words), indent=2).splitlines(),
        f"  From {SENSITIVE:g} on an estimate counts as sensitive. Prior: all together; then each by itself.",
        f"  Sensitive to both is a potential conflict only: told where prior and posterior overlap by less than {100 * APART:g}%.",
    ]


def scaling_cells(table: pd.DataFrame, words: Wording = PLAIN) -> pd.DataFrame:
    """Return how sensitive each estimate is, one row each, as people read it."""
    each = [name for name in table.columns if name.startswith("prior_")]
    cells = pd.DataFrame({"estimate": [words.parameter(str(one)) for one in table["quantity"]]})
    for name in ("prior", "likelihood", *each):
        cells[name.removeprefix("prior_")] = [f"{value:.3f}" for value in table[name]]
    return cells.assign(**{"": list(table["diagnosis"])})


def prior_lines(found: Sensitivity, words: Wording = PLAIN) -> list[str]:
    """Return the estimates under each prior that was tried, one a line; the model's own is marked."""
    table = found.priors
    return [
        f"Refits under other priors: median and {100 * found.ci_prob:g}% interval"
        f"{words.rates.note} ({words.text(found.profile)})",
        *table_text(prior_cells(table, found.question, words), indent=2).splitlines(),
        f"  {_errors(table, words)}",
    ]


def nested_prior_lines(
    table: pd.DataFrame, profile: str, ci_prob: float, words: Wording = PLAIN
) -> list[str]:
    """Return the estimates of each nested outcome under each prior that was tried, one a line."""
    lines = [
        f"Joint refits under other priors: median and {100 * ci_prob:g}% interval"
        f"{words.rates.note} ({words.text(profile)})"
    ]
    for outcome, rows in table.groupby("outcome", sort=False):
        lines += [
            f"  {words.outcome(str(outcome))}: rates of all patients, tau of its conditional probability",
            *table_text(prior_cells(rows, words=words), indent=4).splitlines(),
        ]
    return [*lines, f"  {_errors(table, words)}"]


def _errors(table: pd.DataFrame, words: Wording) -> str:
    rates = table[
        [f"mcse_{name}{end}" for name in RATES.values() for end in ("", "_lower", "_upper")]
    ]
    errors = f"of rates at most {words.rates.error(rates.max().max())} {words.rates.points_short}"
    if "probability" in table:
        errors += f", of P {error_text(table['mcse_probability'].max(), 4)}"
    return f"Monte-Carlo standard errors: {errors}."


def prior_cells(
    table: pd.DataFrame, question: object = None, words: Wording = PLAIN
) -> pd.DataFrame:
    """Return the estimates under each prior, one row each, as people read them.

    The probability stands under its question.
    """
    rows = table.to_dict("records")
    cells = pd.DataFrame({"prior": [words.text(_changed(row)) for row in rows]})
    if table["tau"].notna().any():
        cells["tau"] = [_interval(row, "tau", number_texts) for row in rows]
    for label, name in RATES.items():
        cells[label] = [_interval(row, name, words.rates.texts) for row in rows]
    if "probability" in table:
        cells[str(question or "P")] = [_probability(row["probability"]) for row in rows]
    if not table["ok"].all():
        cells["draws"] = ["ok" if row["ok"] else "NOT RELIABLE" for row in rows]
    return cells


def tipping_point_lines(found: TippingPoint) -> list[str]:
    """Return at which scale of a prior a decision changes, or that it does not."""
    rows = found.trials.to_dict("records")
    [own] = [row for row in rows if row["factor"] == 1]
    demand = f"{found.question} of {found.certainty:g} demanded"
    lines = [
        f"Tipping point in the prior of {found.parameter}: {demand}, {_answer(own)} with the model's own."
    ]
    if found.open_at_own:
        lines.append(
            "  That is within Monte-Carlo error of the demand: the decision is open. Sample longer."
        )
    failed = int((~found.trials["ok"].astype(bool)).sum())
    if failed:
        lines.append(
            f"  NOT RELIABLE: {failed} of {len(rows)} fits with the prior wider or narrower failed their diagnostics."
        )
    if not found.exists:
        probabilities = found.trials["probability"]
        low, high = probabilities.min(), probabilities.max()
        lines.append(
            f"  The decision does not change between {rows[0]['factor']:g} and {rows[-1]['factor']:g} times the prior's scale: "
            f"P stays from {_probability(low)} to {_probability(high)}."
        )
        if low < found.certainty < high:
            lines.append(
                f"  It comes so near {found.certainty:g} that Monte-Carlo error can't tell on which side it lies. Sample longer."
            )
        return lines
    low, high = found.factor_interval
    below, above = (
        f"{row['factor']:.2f} times, {_answer(row)}" for row in found.bracket.to_dict("records")
    )
    return [
        *lines,
        f"  It changes where the prior is {found.factor:.2f} times as wide (95% {low:.2f} to {high:.2f} from "
        "Monte-Carlo error, within which fits can't be told apart).",
        f"  The nearest fits on either side: {below}; {above}.",
    ]


def _answer(row: Row) -> str:
    unreliable = "" if row["ok"] else ", NOT RELIABLE"
    return f"P = {_probability(row['probability'])} (MCSE {error_text(row['mcse'], 4)}{unreliable})"


def _probability(value: float) -> str:
    return "" if pd.isna(value) else probability_text(value)


def _changed(row: Row) -> str:
    """Return which priors are other than the model's own."""
    if row["own"]:
        return "the model's own"
    return ", ".join(f"{name} ~ {row[f'prior_{name}']}" for name in row["changed"].split(", "))


def _interval(row: Row, name: str, written: Callable[..., list[str]]) -> str:
    if pd.isna(row[name]):
        return ""
    median, low, high = written(*(row[f"{name}{end}"] for end in ("", "_lower", "_upper")))
    return f"{median} ({low} to {high})"
