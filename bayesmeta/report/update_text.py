"""A fit that was made again on newer evidence, as tables and sentences, and as JSON."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from bayesmeta.comparison.left_out import coverage_of
from bayesmeta.comparison.updated import Update
from bayesmeta.errors import counted
from bayesmeta.estimates.survival_summary import conditional_note
from bayesmeta.estimates.survival_words import months_texts
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.inference.diagnosis import diagnose
from bayesmeta.inference.result import Fit
from bayesmeta.report.difference_text import SHOWN, changed_cells, row_cells
from bayesmeta.report.document import Block, Items, Table, Text
from bayesmeta.report.machine import records
from bayesmeta.report.predicted_text import (
    MONTHS,
    TAILS,
    TAILS_OF_REPORTS,
    coverage_sentence,
    is_of_reports,
    predicted_cells,
)
from bayesmeta.report.survival_text import told_of
from bayesmeta.report.text import diagnosis_lines, failure_lines
from bayesmeta.rounding import (
    error_text,
    fixed_text,
    interval_text,
    number_texts,
    places,
    probability_text,
)
from bayesmeta.sensitivity.crossing import CLEAR
from bayesmeta.wording import PLAIN, Wording

Row = Mapping[Hashable, Any]

ENDS = ("", "_lower", "_upper")

LOOKS = "Intervals and probabilities are Bayesian: conditional on the evidence at hand, and not adjusted for repeated looks."

RATES = "probability"
"""Scale of a rate."""


def update_blocks(found: Update, words: Wording = PLAIN) -> Iterator[Block]:
    """Yield what is new in the evidence, what moved, what was predicted, and what is decided."""
    yield from map(Text, _failures(found))
    yield from map(Text, _evidence(found))
    yield from map(Text, diagnosis_lines(diagnose(found.after), found.after))
    yield from _rows(found)
    yield Text("")
    yield Table(
        f"What moved: median and {100 * found.ci_prob:g}% interval{words.rates.note} ({words.text(found.profile)})",
        _move_cells(found, words),
    )
    yield Items((_error_sentence(found),))
    yield from _new_studies(found, words)
    yield from _decisions(found, words)
    told = (*found.notes, *filter(None, [conditional_note(found.after.arms)]))
    notes = [f"{'' if i else 'Notes':<11}{words.text(note)}" for i, note in enumerate(told)]
    yield Text("")
    yield from map(Text, notes)
    yield Text(LOOKS)


def _failures(found: Update) -> Iterator[str]:
    yield from failure_lines(diagnose(found.after))
    if failure_lines(diagnose(found.before)):
        yield "NOT RELIABLE: the diagnostics of the first fit failed; do not use what is compared with it."


def _evidence(found: Update) -> Iterator[str]:
    old, new = found.before.arms, found.after.arms
    added, removed = (
        len(set(one.studies) - set(other.studies)) for one, other in ((new, old), (old, new))
    )
    yield f"Evidence   {_told(new)}; before, {_told(old)}."
    yield f"           {counted(added, 'study', 'studies')} added, {removed} removed."


def _told(arms: Arms) -> str:
    head = f"{counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}"
    if isinstance(arms, SurvivalArms):
        return f"{head}, {told_of(arms)}"
    if len(arms.outcomes) > 1:
        return f"{head}, {arms.n.sum()} patients"
    return f"{head}, {arms.events.sum()} of {arms.n.sum()} patients responded"


def _rows(found: Update) -> Iterator[Block]:
    arms = found.after.arms
    what = "Reports" if isinstance(arms, SurvivalArms) else "Arms"
    for word, rows in {"added": found.rows.added, "removed": found.rows.removed}.items():
        if len(rows):
            cells = row_cells(rows, (*SHOWN, *arms.outcomes))
            if word == "removed":
                cells["why"] = rows["rule"].replace("", "not in the table").to_list()
            yield Table(f"{what} {word}", cells)
    if len(found.rows.changed):
        caption = f"Values changed in {what.lower()} of both fits"
        yield Table(caption, changed_cells(found.rows.changed))


def _move_cells(found: Update, words: Wording) -> pd.DataFrame:
    cells = []
    for row in found.moves.to_dict("records"):
        outcome = {"outcome": words.outcome(row["outcome"])} if "outcome" in row else {}
        cells.append(
            {
                **outcome,
                "quantity": row["quantity"],
                **_estimates(row, words),
                "change": _change(row, words),
                "": "" if row["clear"] else "within Monte-Carlo error",
            }
        )
    return pd.DataFrame(cells)


def _estimates(row: Row, words: Wording) -> dict[str, str]:
    """Return both estimates with their intervals, as finely as the narrower one supports."""
    values = [[row[f"{name}{end}"] for end in ENDS] for name in ("before", "after")]
    narrower = min(values, key=lambda one: one[2] - one[1])[1:]
    written = {RATES: words.rates.texts, MONTHS: months_texts}.get(row["scale"], number_texts)
    before, after = (written(*one, *narrower)[: len(ENDS)] for one in values)
    return {"before": interval_text(*before), "after": interval_text(*after)}


def _change(row: Row, words: Wording) -> str:
    """Return a change with its Monte-Carlo error, and the unit of rates or months."""
    per, unit = 1, ""
    if row["scale"] == RATES:
        per, unit = words.rates.per, f" {words.rates.points_short}"
    elif row["scale"] == MONTHS:
        unit = f" {MONTHS}"
    change, error = per * row["change"], per * row["mcse_change"]
    decimals = max(places(error), 0) if error else 3
    return f"{fixed_text(change, decimals, '+')}{unit} (MCSE {error_text(error)})"


def _error_sentence(found: Update) -> str:
    clear = found.moves["clear"]
    if clear.all():
        return f"Every change is more than {CLEAR:g} times its Monte-Carlo standard error (MCSE)."
    return (
        f"A change of less than {CLEAR:g} times its Monte-Carlo standard error (MCSE) is within Monte-Carlo error: longer "
        "chains may show none."
    )


def _new_studies(found: Update, words: Wording) -> Iterator[Block]:
    table = found.new_studies
    yield Text("")
    if table.empty:
        yield Text("No new study that the first fit could have predicted.")
        return
    yield Table(
        "Each new study as the first fit predicts it, at its covariates and size",
        predicted_cells(table, words),
    )
    tails = TAILS_OF_REPORTS if is_of_reports(table) else TAILS
    yield Items((tails, coverage_sentence(coverage_of(table))))


def _decisions(found: Update, words: Wording) -> Iterator[Block]:
    if found.decisions.empty:
        return
    yield Text("")
    required = (
        "" if found.certainty is None else f": a probability of {found.certainty:g} is required"
    )
    yield Table(f"Decisions{required} ({words.text(found.profile)})", _decision_cells(found, words))
    if found.certainty is not None and (found.decisions["result"] == "open").any():
        yield Items(
            (
                f"open: P lies within {CLEAR:g} times its MCSE of the required probability. Sample longer.",
            )
        )


def _decision_cells(found: Update, words: Wording) -> pd.DataFrame:
    cells = []
    for row in found.decisions.to_dict("records"):
        outcome = {"outcome": words.outcome(row["outcome"])} if "outcome" in row else {}
        cell = {**outcome, "event": row["event"]}
        for name in ("before", "after"):
            error = error_text(row[f"mcse_{name}"], 4)
            decided = f": {row[f'decision_{name}']}" if "result" in row else ""
            cell[name] = f"{probability_text(row[name])} (MCSE {error}){decided}"
        if "result" in row:
            cell["decision"] = row["result"].upper() if row["result"] == "flipped" else row["result"]  # fmt: skip
        cells.append(cell)
    return pd.DataFrame(cells)


def update_json(found: Update) -> dict[str, Any]:
    """Return what is new, what moved, what was predicted and what is decided."""
    return {
        "model": found.after.spec.name,
        "seed": found.after.provenance.seed,
        "before": _fit_json(found.before),
        "after": _fit_json(found.after),
        "added": records(found.rows.added),
        "removed": records(found.rows.removed),
        "changed": records(found.rows.changed),
        "profile": found.profile,
        "ci_prob": found.ci_prob,
        "moves": records(found.moves),
        "new_studies": records(found.new_studies),
        "certainty": found.certainty,
        "decisions": records(found.decisions),
        "notes": list(found.notes),
    }


def _fit_json(fit: Fit) -> dict[str, Any]:
    arms = fit.arms
    events = {}
    if len(arms.outcomes) == 1 and not isinstance(arms, SurvivalArms):
        events = {"events": int(arms.events.sum())}
    return {
        "diagnostics_ok": diagnose(fit).ok,
        "table": arms.selection.get("table"),
        "table_hash": arms.selection.get("table_hash"),
        "arms_hash": fit.provenance.arms_hash,
        "arms": len(arms),
        "studies": len(arms.studies),
        **events,
        "n": int(arms.n.sum()),
    }
