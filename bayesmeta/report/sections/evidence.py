"""What was observed: every arm, every row left out with the rule, and what that leaves open."""

from collections.abc import Iterator, Sequence

import pandas as pd

from bayesmeta.errors import counted
from bayesmeta.evidence import Arms, SurvivalArms
from bayesmeta.evidence.columns import DERIVATION, SPLIT_BY
from bayesmeta.evidence.splits import of_unknown_sizes
from bayesmeta.report.document import Block, Items, Section, Table, Text
from bayesmeta.report.sections import titles
from bayesmeta.report.sections.selection import (
    ORIGIN,
    derived_rows,
    overlap_rule,
    parts_left,
    parts_rule,
    texts_of,
    wanted_rows,
    ways_told,
    with_columns,
)
from bayesmeta.report.sections.survival_evidence import (
    excluded_cells,
    reports_table,
    survival_facts,
)
from bayesmeta.report.survival_text import told_of
from bayesmeta.report.text import rule_counts
from bayesmeta.wording import PLAIN, Wording

DEFINITION = "_definition"
"""How columns end that say how studies define an outcome."""

FEW_STUDIES, SHOWN = 5, 8

PARTS = {
    "parts": "the parts are used where every one of them reports what the whole does, they add up to it and "
    "are derived no worse, or else the whole",
    "whole": "the whole is used",
}


RATE, MEDIAN = "rate", "median"
"""What is typical, and has an interval."""


def evidence_section(arms: Arms, covariates: Sequence[str] = (), words: Wording = PLAIN) -> Section:
    """Return the arms that were used, with their covariates and origins, and the rows that were not."""
    return Section(
        titles.EVIDENCE,
        (
            *_used(arms, covariates, words),
            *_excluded_blocks(arms),
        ),
    )


def _used(arms: Arms, covariates: Sequence[str], words: Wording) -> tuple[Block, ...]:
    """Return what was selected; of survival each landmark and median."""
    if isinstance(arms, SurvivalArms):
        return Items(tuple(survival_facts(arms))), reports_table(arms, covariates, words)
    return Items(tuple(_facts(arms, words))), _arms_table(arms, covariates, words)


def evidence_sentence(arms: Arms) -> str:
    """Return how much evidence there is."""
    told = f"The evidence is {counted(len(arms), 'arm')} of {counted(len(arms.studies), 'study', 'studies')}"
    if isinstance(arms, SurvivalArms):
        return f"{told}; they report {told_of(arms)}."
    if len(arms.outcomes) > 1:
        return f"{told}, {arms.n.sum():,} patients."
    return f"{told}; {arms.events.sum():,} of {arms.n.sum():,} patients responded."


def _excluded_blocks(arms: Arms) -> list[Block]:
    """Return every row left out, each with the rule that left it out."""
    excluded = arms.excluded
    if excluded.empty:
        return [Text("No row of the table was left out.")]
    if isinstance(arms, SurvivalArms):
        excluded = excluded_cells(excluded)
    names = ("study", "arm", "stratum", "outcome", "report", "events", "n", "rule")
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
    yield from wanted_rows(selection)
    yield from parts_rule(selection, PARTS)
    yield from _divided(arms)
    yield from parts_left(arms.excluded)
    yield from (f"To be checked: {finding}" for finding in arms.findings)
    yield from overlap_rule(arms)
    if DERIVATION in arms.frame.columns:
        yield f"How counts were derived: {ways_told(arms.frame)}."
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
    names = (*covariates, *ORIGIN, *extra)
    return Table("Arms that were used", with_columns(cells, frame, names, words))


def limits_section(arms: Arms, notes: Sequence[str], *, covariates: bool, tau: bool) -> Section:
    """Return the limits of a result: notes of the fit, and what the evidence itself leaves open."""
    survival, frame = isinstance(arms, SurvivalArms), arms.frame
    own: list[str] = []
    if isinstance(arms, SurvivalArms):
        # How numbers were derived is known of each report, not of each arm.
        frame = frame.drop(columns=DERIVATION, errors="ignore")
        own += derived_rows(arms.reports, "number")
    own += about_frame(frame, covariates=covariates)
    studies = len(arms.studies)
    if tau and studies < FEW_STUDIES:
        own.append(
            f"With {counted(studies, 'study', 'studies')}, how much studies differ rests largely on the prior of tau."
        )
    return section_of_limits([*notes, *own], MEDIAN if survival else RATE)


def section_of_limits(found: Sequence[str], typical: str = RATE) -> Section:
    """Return the limits found, and those that always hold; `typical` is what a study has."""
    always = (
        "Unpublished studies are missing; the fitted model does not correct for them.",
        "The fitted model does not account for the risk of bias of studies.",
        f"Intervals are valid if the model is. The credible interval of the typical {typical} does not say where the next "
        "study will lie: the prediction interval does.",
        "Nothing here is meant for decisions on the treatment of a patient.",
    )
    return Section(titles.LIMITS, (Items((*found, *always)),))


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
    yield from derived_rows(frame, "count")


def _about_overlap(frame: pd.DataFrame) -> Iterator[str]:
    if "overlap_risk" not in frame.columns:
        yield "Whether cohorts share patients is not known: the table does not state it."
        return
    risky = frame[texts_of(frame, "overlap_risk") != ""]
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
        outcome = texts_of(frame, "outcome").str.upper()
        # Rows of other outcomes do not define this one.
        frame = frame[(outcome == what) | (outcome == "")]
    found = texts_of(frame, column).replace("", "left blank").value_counts()
    if len(found) > 1:
        parts = "; ".join(
            f"'{definition}' ({counted(arms, 'arm')})" for definition, arms in found.items()
        )
        yield f"Studies define {what} differently, and are pooled as they are: {parts}."
