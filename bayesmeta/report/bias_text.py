"""Models of the risk of bias as a table and sentences, and as JSON."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from bayesmeta.errors import counted, listed
from bayesmeta.report.document import Block, Items, Table
from bayesmeta.report.machine import records
from bayesmeta.report.refit_text import RATES, rates_error, with_estimates
from bayesmeta.rounding import interval_of
from bayesmeta.sensitivity.bias_sensitivity import (
    AS_FITTED,
    ELICITED,
    HIGH_RISK,
    WEIGHTED,
    WITHOUT,
    BiasSensitivity,
)
from bayesmeta.wording import PLAIN, Wording

Row = Mapping[Hashable, Any]

UNBIASED = (
    "All rates are those without bias. Counts hardly tell how large biases are: what these models assume of them is assumed, "
    "not estimated."
)


def bias_blocks(found: BiasSensitivity, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield the rates under each model, what each assumes, and which were refused."""
    yield Table(
        f"If studies were biased: median and {100 * found.ci_prob:g}% interval{words.rates.note} "
        f"({words.text(found.profile)})",
        _cells(found, words),
    )
    error = rates_error(found.table, RATES, words)
    refused = (f"Not fitted, {model}: {reason}." for model, reason in found.refused.items())
    yield Items(
        (
            judged_sentence(found),
            *_assumed(found),
            *refused,
            UNBIASED,
            f"Monte-Carlo standard errors of rates: at most {error}.",
        )
    )


def _cells(found: BiasSensitivity, words: Wording) -> pd.DataFrame:
    rows = found.table.to_dict("records")
    cells = pd.DataFrame({"model": found.table["model"]})
    cells["studies"] = found.table["studies"].astype(str)
    if "tau" in found.table:
        cells["tau"] = [interval_of(row, "tau") for row in rows]
    return with_estimates(cells, found.table, RATES, words, question=found.question)


def judged_sentence(found: BiasSensitivity) -> str:
    """Return by which judgements studies are at high and at low risk, and which these are."""
    groups = found.groups
    high, low = (groups.studies(labels) for labels in (groups.high, groups.low))
    others = len(groups.labels) - len(high) - len(low)
    named = f": {listed(high)}" if high else ""
    rest = f"; neither: {others}" if others else ""
    return (
        f"Judged by {found.tool}. High risk ({' or '.join(groups.high)}): {counted(len(high), 'study', 'studies')}{named}. "
        f"Low risk ({' or '.join(groups.low)}): {counted(len(low), 'study', 'studies')}{rest}."
    )


def _assumed(found: BiasSensitivity) -> Iterator[str]:
    """Yield what each model of the table assumes."""
    told = {
        ELICITED: f"biases of {counted(len(found.elicited), 'study', 'studies')} elicited from experts, Normal(mean, sd) "
        f"on the scale of the link: {listed(_elicited(found))}",
        HIGH_RISK: f"biases of studies at high risk are Normal(b0, kappa) on the scale of the link, with "
        f"b0 ~ {found.bias_prior!r} and kappa ~ {found.spread_prior!r}; those of others are 0",
        WEIGHTED: f"the likelihood of a study to a power by its judgement: {_powers(found)}",
        WITHOUT: "studies at high risk left out",
    }
    for model in found.table["model"]:
        if model != AS_FITTED:
            text = told[model]
            yield f"{model[0].upper()}{model[1:]}: {text}."


def _elicited(found: BiasSensitivity) -> Iterator[str]:
    return (f"{study} ({mean:g}, {sd:g})" for study, (mean, sd) in found.elicited.items())


def _powers(found: BiasSensitivity) -> str:
    return ", ".join(f"{label} {power:g}" for label, power in found.weights.items())


def bias_sentence(found: BiasSensitivity, words: Wording = PLAIN) -> str:
    """Return how far the model that moves the typical rate the most would; empty without one."""
    own, *others = found.table.to_dict("records")
    if not others:
        return ""
    most = max(others, key=lambda row: abs(row["typical"] - own["typical"]))
    was, now = (
        words.rates.interval(row["typical"], row["typical_lower"], row["typical_upper"])
        for row in (own, most)
    )
    return (
        f"Of the models of the risk of bias ({found.tool}), '{most['model']}' moves the typical rate the most: it would be "
        f"{now}{words.rates.per_text} instead of {was}{words.rates.per_text}. Counts hardly tell how large biases are; "
        "`bayesmeta bias` shows other assumptions."
    )


def bias_json(found: BiasSensitivity) -> dict[str, Any]:
    """Return the table of models with what they assume."""
    return {
        "profile": found.profile,
        "ci_prob": found.ci_prob,
        "tool": found.tool,
        "high": list(found.groups.high),
        "low": list(found.groups.low),
        "judgements": dict(found.groups.labels),
        "bias_prior": repr(found.bias_prior),
        "spread_prior": repr(found.spread_prior),
        "elicited": {study: list(pair) for study, pair in found.elicited.items()},
        "weights": dict(found.weights),
        "question": None if found.question is None else str(found.question),
        "refits_ok": found.ok,
        "models": records(found.table),
        "refused": dict(found.refused),
    }
