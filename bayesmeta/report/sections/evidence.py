"""What was observed: every arm, every row left out with the rule, and what that leaves open."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bayesmeta.errors import counted, listed
from bayesmeta.evidence import Arms
from bayesmeta.evidence.columns import OVERLAP_GROUP, SPLIT_BY
from bayesmeta.evidence.splits import of_unknown_sizes
from bayesmeta.model.values import value_text
from bayesmeta.report.document import Block, Items, Section, Table, Text
from bayesmeta.report.sections import titles
from bayesmeta.report.text import rule_counts
from bayesmeta.wording import PLAIN, Wording

ORIGIN = ("derivation", "source", "ref", "locator", "note")
"""Columns that say how the count was derived and where it stands, as far as a table has them."""

DEFINITION = "_definition"
"""How columns end that say how studies define an outcome."""

DERIVATION = "derivation"

DERIVED = {
    "from_percent": "calculated from a percentage",
    "from_sum": "added up",
    "from_parts": "added up from parts",
    "from_total": "subtracted from a total",
    "inferred": "inferred from other figures",
    "adjudicated": "chosen where the source is ambiguous",
}
"""Ways in which counts are derived that do not stand in their source as counts, in words."""

FEW_STUDIES, SHOWN = 5, 8

PARTS = {
    "parts": "the parts are used where every one of them reports what the whole does, they add up to it and "
    "are derived no worse, or else the whole",
    "whole": "the whole is used",
}


ALWAYS = (
    "Unpublished studies are missing, and no correction is made for them.",
    "Risk of bias of the studies is not part of the model.",
    "Intervals are valid if the model is. The credible interval of the typical rate does not say where the next "
    "study will lie: the prediction interval does.",
    "Nothing here is meant for decisions on the treatment of a patient.",
)
"""Limits of every result."""


def evidence_section(arms: Arms, covariates: Sequence[str] = (), words: Wording = PLAIN) -> Section:
    """Return the arms that were used, with their covariates and origins, and the rows that were not."""
    return Section(
        titles.EVIDENCE,
        (
            Items(tuple(_facts(arms, words))),
            _arms_table(arms, covariates, words),
            *_excluded_blocks(arms.excluded),
        ),
    )


def evidence_sentence(arms: Arms) -> str:
    """Return how much evidence there is."""
    told = f"The evidence is {counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}"
    if len(arms.outcomes) > 1:
        return f"{told}, {arms.n.sum():,} patients."
    return f"{told}; {arms.events.sum():,} of {arms.n.sum():,} patients responded."


def _excluded_blocks(excluded: pd.DataFrame) -> list[Block]:
    """Return every row left out, each with the rule that left it out."""
    if excluded.empty:
        return [Text("No row of the table was left out.")]
    names = ("study", "arm", "stratum", "outcome", "events", "n", "rule")
    shown = [name for name in names if name in excluded.columns]
    return [
        Text(f"Left out: {len(excluded)} rows ({rule_counts(excluded)})."),
        Table("Rows left out, and the rule that left each out", excluded[shown].astype(object)),
    ]


def _divided(arms: Arms) -> Iterator[str]:
    """Yield by which stratum arms are divided, and how many are totals."""
    stratum = arms.selection.get("strata")
    if not stratum:
        return
    totals = sum(arms.frame[SPLIT_BY] == stratum) if SPLIT_BY in arms.frame.columns else 0
    yield (
        f"Arms are divided by the levels of {stratum}: {counted(len(arms) - totals, 'row')} of one level and "
        f"{counted(totals, 'total')} over two, which are sums of two counts where the model has the stratum."
    )
    unknown = int(of_unknown_sizes(arms.frame).sum())
    if unknown:
        yield (
            f"Of {counted(unknown, 'total')} the sizes of the levels are unknown: any share of patients at a level is as "
            "probable."
        )


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
    yield from _divided(arms)
    yield from _parts_left(arms.excluded)
    yield from (f"To be checked: {finding}" for finding in arms.findings)
    if OVERLAP_GROUP in arms.frame.columns:
        yield (
            "Of cohorts that plausibly share patients, one is used."
            if selection.get("overlaps", "resolve") == "resolve"
            else "Cohorts that plausibly share patients are all kept, so that patients may count twice."
        )
    if DERIVATION in arms.frame.columns:
        ways = _texts(arms.frame, DERIVATION).replace("", "not stated").value_counts()
        told = ", ".join(f"{DERIVED.get(str(way), way)} {k}" for way, k in ways.items())
        yield f"How counts were derived: {told}."
    elif len(arms.outcomes) > 1:
        yield "How each count was derived, and how each study defines its outcomes, is not kept where outcomes are joined."
    else:
        yield "The table does not state how its counts were derived."
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
    cells = pd.DataFrame({"study": arms.display_labels})
    cells["arm"] = [label.partition("/")[2] for label in arms.labels]
    if len(arms.outcomes) == 1:
        counts = list(zip(map(int, arms.events), map(int, arms.n), strict=True))
        cells["responders / n"] = [f"{events} / {n}" for events, n in counts]
        observed = [words.rates.observed(*pair) for pair in counts]
        cells[f"observed{words.rates.per_text or ' %'}"] = [text.rstrip("%") for text in observed]
    else:
        cells["n"] = arms.n.astype(str)
        for outcome in arms.outcomes:
            cells[words.outcome(outcome)] = [
                "" if pd.isna(k) else f"{k:.0f}" for k in frame[outcome]
            ]
    extra = [name for name in frame.columns if str(name).endswith(DEFINITION)]
    for name in dict.fromkeys((*covariates, *ORIGIN, *extra)):
        if name in frame.columns and _texts(frame, name).any():
            heading = words.labels.column(str(name)).replace("_", " ")
            cells[heading] = [words.level(str(name), text) for text in _texts(frame, name)]
    if not cells["arm"].str.strip().any():
        cells = cells.drop(columns="arm")
    return Table("Arms that were used", cells)


def _texts(frame: pd.DataFrame, column: str) -> "pd.Series[str]":
    """Return a column as text, empty where nothing is known."""
    values: pd.Series[str] = frame[column].astype(object).fillna("").map(value_text).str.strip()
    return values


def limits_section(arms: Arms, notes: Sequence[str], *, covariates: bool, tau: bool) -> Section:
    """Return the limits of a result: notes of the fit, and what the evidence itself leaves open."""
    own = list(about_frame(arms.frame, covariates=covariates))
    studies = len(arms.studies)
    if tau and studies < FEW_STUDIES:
        own.append(
            f"With {counted(studies, 'study', 'studies')}, how much studies differ rests largely on the prior of tau."
        )
    return section_of_limits([*notes, *own])


def section_of_limits(found: Sequence[str]) -> Section:
    """Return the limits found, and those that always hold."""
    return Section(titles.LIMITS, (Items((*found, *ALWAYS)),))


def about_frame(frame: pd.DataFrame, *, covariates: bool) -> Iterator[str]:
    """Yield what rows of evidence leave open, by the columns that they have."""
    if covariates:
        yield (
            "Covariates are those of studies and arms, not of patients: differences between studies need not hold "
            "between patients (ecological bias)."
        )
    yield from _about_overlap(frame)
    for name in frame.columns:
        if str(name).endswith(DEFINITION):
            yield from _about_definition(frame, str(name))
    if DERIVATION in frame.columns:
        ways = _texts(frame, DERIVATION).value_counts()
        parts = [f"{DERIVED[way]} {count}" for way, count in ways.items() if way in DERIVED]
        if parts:
            yield f"Of {len(frame)} counts, these do not stand in their source as counts: {', '.join(parts)}."


def inferred_sentence(frame: pd.DataFrame) -> str:
    """Return how many counts are inferred; empty where the table does not say."""
    if DERIVATION not in frame.columns:
        return ""
    inferred = int((_texts(frame, DERIVATION) == "inferred").sum())
    if not inferred:
        return "No count is inferred from other figures."
    return f"{inferred} of the {len(frame)} counts {'is' if inferred == 1 else 'are'} inferred from other figures."


def _about_overlap(frame: pd.DataFrame) -> Iterator[str]:
    if "overlap_risk" not in frame.columns:
        yield "Whether cohorts share patients is not known: the table does not state it."
        return
    risky = frame[_texts(frame, "overlap_risk") != ""]
    if len(risky):
        named = risky["label"] if "label" in risky.columns else risky["study"]
        names = list(dict.fromkeys(map(str, named)))
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield (
            f"Patients of these studies may be counted in others, too, though nothing proves it: "
            f"{', '.join(names[:SHOWN])}{more}."
        )


def _about_definition(frame: pd.DataFrame, column: str) -> Iterator[str]:
    what = column.removesuffix(DEFINITION).upper()
    if "outcome" in frame.columns:
        outcome = _texts(frame, "outcome").str.upper()
        # Rows of other outcomes do not define this one.
        frame = frame[(outcome == what) | (outcome == "")]
    found = _texts(frame, column).replace("", "left blank").value_counts()
    if len(found) > 1:
        parts = "; ".join(
            f"'{definition}' ({counted(arms, 'arm')})" for definition, arms in found.items()
        )
        yield f"Studies define {what} differently, and their counts are pooled as they are: {parts}."
