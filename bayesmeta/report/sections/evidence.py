"""What was observed: every arm with where its count stands, and every row left out with the rule."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesmeta.errors import counted, listed
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import OVERLAP_GROUP
from bayesmeta.model.values import value_text
from bayesmeta.report.document import Block, Items, Section, Table, Text
from bayesmeta.report.sections.titles import EVIDENCE
from bayesmeta.wording import PLAIN, Wording

__all__ = [
    "DEFINITION",
    "DERIVATION",
    "evidence_section",
    "evidence_sentence",
    "excluded_blocks",
    "words_of",
]


ORIGIN = ("derivation", "source", "ref", "locator", "note")
"""Columns that say how the count was derived and where it stands, as far as a table has them."""

DEFINITION = "_definition"
"""How columns end that say how studies define an outcome."""

DERIVATION = "derivation"

PARTS = {
    "parts": "the parts are used where every one of them reports what the whole does, they add up to it and "
    "are derived no worse, or else the whole",
    "whole": "the whole is used",
}


def evidence_section(arms: Arms, covariates: Sequence[str] = (), words: Wording = PLAIN) -> Section:
    """Return the arms that were used, with their covariates and origins, and the rows that were not."""
    return Section(
        EVIDENCE,
        (
            Items(tuple(_facts(arms, words))),
            _arms_table(arms, covariates, words),
            *excluded_blocks(arms.excluded),
        ),
    )


def evidence_sentence(arms: Arms) -> str:
    """Return how much evidence there is."""
    told = f"The evidence is {counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}"
    if len(arms.outcomes) > 1:
        return f"{told}, {arms.n.sum():,} patients."
    return f"{told}; {arms.events.sum():,} of {arms.n.sum():,} patients responded."


def excluded_blocks(excluded: pd.DataFrame) -> list[Block]:
    """Return every row left out, each with the rule that left it out."""
    if excluded.empty:
        return [Text("No row of the table was left out.")]
    kinds = excluded["rule"].str.split(":").str[0].value_counts()
    counts = ", ".join(f"{kind} {rows}" for kind, rows in kinds.items())
    shown = [
        name
        for name in ("study", "arm", "stratum", "outcome", "events", "n", "rule")
        if name in excluded.columns
    ]
    return [
        Text(f"Left out: {len(excluded)} rows ({counts})."),
        Table("Rows left out, and the rule that left each out", excluded[shown].astype(object)),
    ]


def _facts(arms: Arms, words: Wording) -> Iterator[str]:
    selection = arms.selection
    table = selection.get("table") or "a user-supplied table"
    head = (
        f"{counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}, "
        f"{counted(int(arms.n.sum()), 'patient')}, from {table}"
    )
    if len(arms.outcomes) == 1:
        head += f"; {arms.events.sum():,} responded{_share(arms, words)}"
    yield f"{head}."
    yield from _wanted(selection.get("where"), selection.get("columns") or {})
    if selection.get("parts") in PARTS:
        yield (
            f"Of an arm that is reported whole and in parts, {PARTS[selection['parts']]}, never both; strata of an arm "
            "are never pooled with it."
        )
    yield from _parts_left(arms.excluded)
    yield from (f"To be checked: {finding}" for finding in arms.findings)
    if OVERLAP_GROUP in arms.frame.columns:
        yield (
            "Of cohorts marked as plausibly sharing patients, one is used."
            if selection.get("overlaps", "resolve") == "resolve"
            else "Cohorts marked as plausibly sharing patients are all kept, so that patients may count twice."
        )
    if DERIVATION in arms.frame.columns:
        ways = words_of(arms.frame, DERIVATION).replace("", "not stated").value_counts()
        yield f"How counts were derived: {', '.join(f'{way} {k}' for way, k in ways.items())}."
    elif len(arms.outcomes) > 1:
        yield "How each count was derived, and how each study defines its outcomes, is not kept where outcomes are joined."
    else:
        yield "The table does not say how its counts were derived."
    if arms.without_patients:
        yield f"Without patients, so without information: {', '.join(arms.without_patients)}."


def _share(arms: Arms, words: Wording) -> str:
    """Return the rate over all arms in brackets; nothing without patients."""
    found = words.rates.observed(int(arms.events.sum()), int(arms.n.sum()))
    return f" ({found}{words.rates.per_text})" if found else ""


def _parts_left(excluded: pd.DataFrame) -> Iterator[str]:
    """Yield whose parts are not used, which may have had levels of a covariate of their own."""
    if excluded.empty:
        return
    parts = excluded[excluded["rule"].str.startswith("part: ")]
    if len(parts):
        names = listed(dict.fromkeys(map(str, parts["study"])))
        yield f"Used whole, though reported in parts, too: {names}."


def _wanted(where: str | Mapping[str, Any] | None, columns: Mapping[str, Any]) -> Iterator[str]:
    """Yield which rows were asked for, by a condition and by the values of columns."""
    if isinstance(where, str) and where:
        yield f"Only rows with {where}."
    named = {**(where if isinstance(where, Mapping) else {}), **columns}
    if named:
        parts = [f"{name} {' or '.join(map(str, values))}" for name, values in named.items()]
        yield f"Only rows with {', '.join(parts)}."


def _arms_table(arms: Arms, covariates: Sequence[str], words: Wording) -> Table:
    frame = arms.frame
    cells = pd.DataFrame({"study": list(_labels(arms))})
    cells["arm"] = [label.partition("/")[2] for label in arms.labels]
    if len(arms.outcomes) == 1:
        cells["responders / n"] = [f"{y} / {n}" for y, n in zip(arms.events, arms.n, strict=True)]
        observed = [
            words.rates.observed(int(y), int(n)) for y, n in zip(arms.events, arms.n, strict=True)
        ]
        cells[f"observed{words.rates.per_text or ' %'}"] = [text.rstrip("%") for text in observed]
    else:
        cells["n"] = arms.n.astype(str)
        for outcome in arms.outcomes:
            cells[words.outcome(outcome)] = [
                "" if pd.isna(k) else f"{k:.0f}" for k in frame[outcome]
            ]
    extra = [name for name in frame.columns if str(name).endswith(DEFINITION)]
    for name in dict.fromkeys((*covariates, *ORIGIN, *extra)):
        if name in frame.columns and words_of(frame, name).any():
            heading = words.labels.column(str(name)).replace("_", " ")
            cells[heading] = [words.level(str(name), text) for text in words_of(frame, name)]
    if not cells["arm"].str.strip().any():
        cells = cells.drop(columns="arm")
    return Table("Arms that were used", cells)


def _labels(arms: Arms) -> Iterator[str]:
    """Yield each arm's study as people write it."""
    frame = arms.frame
    shown = words_of(frame, "label") if "label" in frame.columns else [""] * len(frame)
    for label, study in zip(shown, frame["study"], strict=True):
        yield label or str(study)


def words_of(frame: pd.DataFrame, column: str) -> "pd.Series[str]":
    """Return a column as text, empty where nothing is known."""
    values: pd.Series[str] = frame[column].astype(object).fillna("").map(value_text).str.strip()
    return values
